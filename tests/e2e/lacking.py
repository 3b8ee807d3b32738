# SPDX-License-Identifier: Apache-2.0
"""What the machine does not give is no damage: the store stays, and with it what it knows of the log."""
import os
import pathlib
import shutil
import tempfile

from audit import audit
from harness import BINARY, Room, check, embedded, wait_for

FUNDS = {
    "to_account": "a/b",
    "amount": "1.00 USD",
    "rail": "ach",
}


def limited(ledger, files, *arguments):
    """pinion run in a process that may open so many files."""
    shell = f'ulimit -n {files}; exec "$0" "$@"'
    return ledger.room.start("limited", "sh", "-c", shell, BINARY, "run", "--ledger", ledger.url, *arguments)


def refused(process, *texts):
    code = process.exit_code(60)
    check(code == 3, f"exit {code}, wanted 3: {process.said()}")
    for text in texts:
        check(process.says(text), f"says {process.said()}, wanted {text}")
    check(not process.says("is rebuilt"), f"a store was thrown away: {process.said()}")


def fund(ledger, numbers):
    answers = ledger.submit(
        *({"funds_receive": {**FUNDS, "rail_reference": f"r{number}"}} for number in numbers)
    )
    check(all("funds_received" in answer for answer in answers), f"{answers}")


def begun(room, name, shards=1):
    ledger = embedded(room, name).init(shards)
    ledger.submit(
        {"party": "a", "party_open": {"kind": "person"}},
        {"account_open": {"account": "a/b", "currency": "USD"}},
    )
    return ledger


def log_replace(ledger, copy):
    log = ledger.state.parent / "log"
    shutil.rmtree(log)
    shutil.copytree(copy, log)


def log_shortened(room):
    """The log is replaced by its shorter copy. Neither too few descriptors, nor a damaged store, nor
    both make that good."""
    ledger = begun(room, "shortened")
    copy, whole = room.folder / "copy", room.folder / "whole"
    fund(ledger, range(10))
    shutil.copytree(ledger.state.parent / "log", copy)
    fund(ledger, range(10, 30))
    shutil.copytree(ledger.state.parent / "log", whole)
    log_replace(ledger, copy)
    lost = "this is not the log, or not all of it"
    refused(ledger.start("run"), lost)
    refused(limited(ledger, 18), "needs at least", "may have 18", "LimitNOFILE")
    refused(ledger.start("run"), lost)
    for file in (ledger.state / "0").iterdir():
        if file.name.startswith("MANIFEST"):
            file.write_bytes(b"damaged")
    for _ in range(2):
        run = ledger.start("run")
        code = run.exit_code(60)
        check(code == 3 and run.says("the testament of a store"), f"a damaged store: exit {code}: {run.said()}")
    refused(limited(ledger, 18), "may have 18")
    # With the whole log it lives again.
    log_replace(ledger, whole)
    check(ledger.run().ask_to_stop() == 0, "it does not live on the whole log")
    check(audit(ledger).totals[0, "a/b"][:2] == [0, 3000], "money is missing")


def many_shards(room):
    ledger = embedded(room, "many").init(64)
    refused(limited(ledger, 512), "64 shards need at least 2624 open files", "may have 512")
    few = limited(ledger, 512, *(f"--shard={shard}" for shard in range(8)))
    wait_for("8 shards live at 512", lambda: few.says("live: 8") or not few.is_alive(), 60)
    check(few.is_alive() and few.ask_to_stop() == 0, f"8 shards at 512: {few.said()}")
    run = limited(ledger, 2624)
    wait_for("64 shards live", lambda: run.says("live: 64") or not run.is_alive(), 120)
    check(run.is_alive() and run.ask_to_stop() == 0, f"64 shards at 2624: {run.said()}")
    check(not run.says("recovers from"), f"64 shards at 2624: {run.said()}")


def threads_counted(room):
    """Another user, who may have few threads: RocksDB would abort of it."""
    if os.geteuid() != 0:
        return "threads not tried: not root"
    ledger = begun(room, "threads")
    user = 50000 + os.getpid() % 10000
    shell = 'ulimit -u 12; exec "$0" "$@"'
    as_user = ("setpriv", "--reuid", user, "--regid", user, "--clear-groups", "bash", "-c", shell)
    # Where ours may not be entered by others, the ledger and the binary are copied to where they may.
    with tempfile.TemporaryDirectory(prefix="pinion-e2e-threads-", dir="/tmp") as name:
        folder = pathlib.Path(name)
        shutil.copytree(ledger.url[len("embedded:") :], folder / "ledger")
        shutil.copy(BINARY, folder / "pinion")
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user, user)
        refused(
            room.start("threads", *as_user, folder / "pinion", "run", "--ledger", f"embedded:{folder}/ledger"),
            "1 shard needs up to 29 threads",
            "could be started",
            "TasksMax",
        )
    check(ledger.run().ask_to_stop() == 0, "it does not live with threads enough")
    return "threads too"


def lacking_embedded(_):
    with Room("lacking") as room:
        log_shortened(room)
        many_shards(room)
        said = threads_counted(room)
        return f"a shortened log is refused whatever is lacking; descriptors are counted; {said}"
