# SPDX-License-Identifier: Apache-2.0
"""The command line's manners: what can't be meant is refused at once, what can't be written is said."""
import os
import re
import signal
import subprocess

from harness import BINARY, BROKER, Room, check, embedded, wait_for

SUBCOMMANDS = ("init", "run", "follow", "submit", "tail", "show", "verify", "snapshot", "bench")
NO_LEDGER = (
    "", "/path", "embedded", "embedded:", "http://x/y", "kafka:", "kafka://", "kafka:///p", "kafka://h/p",
    "kafka://h:/p", "kafka://h:0/p", "kafka://h:99999/p", "kafka://h:65536/p", "kafka://h:x/p", "kafka://h:1",
    "kafka://h:1/", "kafka://h:1,/p", "kafka://h:1/a/b", " embedded:/x",
)  # fmt: skip
PARTY = '{"party":"a","party_open":{"kind":"person"}}\n'


def ended(arguments, seconds=60, **how):
    """A call to its end, with pipes: its exit code and words."""
    how = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **how}
    return subprocess.run([BINARY, *map(str, arguments)], timeout=seconds, check=False, text=True, **how)


def arguments_embedded(_):
    """Surplus words and URLs that are none: exit 2, and nothing is made or asked."""
    with Room("arguments") as room:
        ledger, count = embedded(room).init(1), 0
        new = f"embedded:{room.folder}/new"
        surplus = [[name, "--ledger", ledger.url, "one", "two"] for name in SUBCOMMANDS]
        surplus += [[name, "--ledger", ledger.url, "4"] for name in ("run", "follow", "tail", "verify", "bench")]
        surplus += [["init", "--ledger", new, "4"], ["init", "4", "--ledger", new]]
        surplus += [["verify", "--ledger", ledger.url, "--", "--head"], ["show", "--ledger", ledger.url, "a", ""]]
        surplus += [["--version", "x"], ["--help", "run"], ["help", "run"]]
        for call in surplus:
            done, count = ended(call), count + 1
            check(done.returncode == 2 and "does not take" in done.stderr, f"{call}: {done}")
        for url in NO_LEDGER:
            for name in SUBCOMMANDS:
                done, count = ended([name, "--ledger", url, *(["a"] if name == "show" else [])]), count + 1
                check(done.returncode == 2 and "names no ledger" in done.stderr, f"{name} on {url}: {done}")
                check("kafka://HOST:PORT[,HOST:PORT]/PREFIX" in done.stderr, f"{name} on {url}: {done}")
            done = ended(["tail"], env={**os.environ, "PINION_LEDGER": url})
            check(done.returncode == 2 and "names no ledger" in done.stderr, f"PINION_LEDGER={url}: {done}")
        for call, text in (
            (["run", "--ledger", "kafka://127.0.0.1:1/p"], "--state"),
            (["bench", "--ledger", "kafka://127.0.0.1:1/p"], "--state"),
            (["snapshot", "--ledger", "kafka://127.0.0.1:1/p", "s"], "--state"),
            (["follow", "--ledger", "kafka://127.0.0.1:1/p"], "Give --state DIR"),
            (["follow", "--ledger", ledger.url], "Give --state DIR"),
            (["follow", "--ledger", ledger.url, "--state", f"{room.folder}/ledger/state"], "where the processor has"),
            (["snapshot", "--ledger", ledger.url], "wants one DIR"),
            (["snapshot", "--ledger", ledger.url, ""], "wants one DIR"),
            (["run", "--ledger", ledger.url, "--from-snapshot", ""], "--from-snapshot wants a folder"),
            (["run", "--ledger", ledger.url, "--shard", "0", "--shard", "0"], "each shard once"),
            (["run", "--ledger", ledger.url, "--state", ""], "--state wants"),
            (["run", "--ledger", ledger.url, "--memory", "99999999"], "from 8 to 1048576"),
            (["run", "--ledger", ledger.url, "--memory", "7"], "from 8 to 1048576"),
            (["bench", "--ledger", ledger.url, "--clients", "1", "--raw"], "--raw and --restarts"),
        ):
            done, count = ended(call), count + 1
            check(done.returncode == 2 and text in done.stderr, f"{call}: {done}")
        check(not os.path.exists(room.folder / "new"), "a refused init made a folder")
        return f"{count} calls that can't be meant"


def descriptors_embedded(_):
    """Closed standard descriptors: no file of ours gets their numbers."""
    with Room("descriptors") as room:
        ledger = embedded(room).init(1)
        lock = room.folder / "ledger" / "lock"
        before = lock.read_bytes()
        line = f"printf '%s' '{PARTY.strip()}' | {BINARY} submit --ledger {ledger.url}"
        for closed in ("2>&-", ">&-", ">&- 2>&-"):
            subprocess.run(["sh", "-c", f"({line} {closed}) >/dev/null"], timeout=60, check=False)
            check(lock.read_bytes() == before, f"submit {closed} wrote into the lock file: {lock.read_bytes()}")
        done = subprocess.run(
            ["sh", "-c", f"{BINARY} submit --ledger {ledger.url} <&-"],
            timeout=60, check=False, capture_output=True, text=True,
        )  # fmt: skip
        check(done.returncode == 3 and "can't read standard input" in done.stderr, f"submit <&-: {done}")
        run = room.start("run", "sh", "-c", f"exec {BINARY} run --ledger {ledger.url} <&- >&- 2>&-")
        held = f"/proc/{run.child.pid}/fd"

        def targets():
            return [os.readlink(f"{held}/{n}") if os.path.exists(f"{held}/{n}") else "" for n in range(3)]

        wait_for("run opens its files", lambda: len(os.listdir(held)) > 12 or not run.is_alive(), 30)
        check(targets() == ["/dev/null"] * 3, f"run's first descriptors are {targets()}")
        check(run.ask_to_stop() == 0, "run without descriptors did not end well")
        ledger.verify()
        return "0, 1 and 2 are nobody's"


def output_embedded(_):
    """Output that can't be written is said, exit 3; a closed pipe ends quietly, as by SIGPIPE."""
    with Room("output") as room:
        ledger = embedded(room).init(1)
        ledger.submit(PARTY.strip(), {"account_open": {"account": "a/b", "currency": "USD"}})
        ledger.call("submit", text="".join(PARTY.replace('"a"', f'"p{n}"') for n in range(2000)))
        at = ["--ledger", ledger.url]
        calls = [
            ["--help"], ["--version"], ["init", *at], ["submit", *at], ["tail", *at], ["show", "a", *at],
            ["verify", *at], *([name, "--help"] for name in SUBCOMMANDS),
        ]  # fmt: skip
        fresh = embedded(room, "for-bench").init(1)
        calls.append(["bench", "--ledger", fresh.url, "--accounts", 10, "--transfers", 100, "--seconds", 0])
        for call in calls:
            given = {"stdin": None, "input": PARTY} if call[0] == "submit" else {}
            if given:
                del given["stdin"]
            with open("/dev/full", "w", encoding="ascii") as full:
                how = {"stdout": full, "stderr": subprocess.PIPE, "timeout": 60, "check": False, "text": True}
                how.update(given or {"stdin": subprocess.DEVNULL})
                done = subprocess.run([BINARY, *map(str, call)], **how)
            check(done.returncode == 3, f"{call} >/dev/full: {done}")
            text = "pinion: can't write to standard output: No space left on device\n"
            check(done.stderr.count(text) == 1, f"{call} >/dev/full: {done}")
            if call[0] not in ("submit", "bench"):
                check(done.stderr == text, f"{call} >/dev/full says more: {done}")
        for call in calls[:-1]:
            reader, writer = os.pipe()
            os.close(reader)
            how = {"stdout": writer, "stderr": subprocess.PIPE, "timeout": 60, "check": False, "text": True}
            how.update({"input": PARTY} if call[0] == "submit" else {"stdin": subprocess.DEVNULL})
            done = subprocess.run([BINARY, *map(str, call)], **how)
            os.close(writer)
            check(done.returncode == -signal.SIGPIPE and "pinion: " not in done.stderr, f"{call} into a closed pipe: {done}")
        done = subprocess.run(
            ["bash", "-c", f"{BINARY} tail --ledger {ledger.url} | head -1"],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        check(done.returncode == 0 and not done.stderr and done.stdout.count("\n") == 1, f"| head -1: {done}")
        return f"{len(calls)} calls"


def compare_embedded(_):
    """Nothing to compare with is an error where a folder was named, and is said where none was."""
    with Room("compare") as room:
        ledger = embedded(room).init(2)
        at = ["--ledger", ledger.url]
        ledger.submit(PARTY.strip(), {"account_open": {"account": "a/b", "currency": "USD"}})
        check("stored checkpoint of every shard" in ledger.verify().splitlines()[-1], "verify compares")
        for name in (["verify"], ["show", "a"]):
            for state in ("/nowhere/there", room.folder):
                done = ended([*name, *at, "--state", state])
                check(done.returncode == 3 and "holds no shard's state" in done.stderr, f"{name} {state}: {done}")
                check("verified" not in done.stdout, f"{name} --state {state}: {done}")
        os.makedirs(room.folder / "empty" / "0")
        said = ended(["verify", *at, "--state", room.folder / "empty"])
        check(said.returncode == 0 and "no stored checkpoint was compared" in said.stdout, f"empty: {said}")
        os.rename(room.folder / "ledger/state/1", room.folder / "away")
        said = ended(["verify", *at, "--state", room.folder / "ledger/state"])
        check(said.returncode == 0 and "1 of 2 shards" in said.stdout.splitlines()[-1], f"one of two: {said}")
        return "a typing error compares nothing, and says so"


def bench_refuses(ledger, other):
    """Whatever was used, or is owned, is refused and left as it was."""
    small = ["--accounts", 10, "--transfers", 100, "--seconds", 0, "--memory", 64]
    ledger.init(1)
    run = ledger.run()
    bench = ledger.start("bench", *small)
    check(bench.exit_code() != 0, f"bench on an owned ledger: {bench.said()}")
    check(run.is_alive() and not run.says("another owner"), f"bench disturbed the owner: {run.said()}")
    ledger.submit(PARTY.strip())
    before = ledger.events()
    bench = ledger.start("bench", *small)
    check(bench.exit_code() != 0 and run.is_alive(), f"bench on an owned ledger: {bench.said()}")
    check(run.ask_to_stop() == 0, f"run: {run.said()}")
    said = ledger.call("bench", *small, wanted=1).said()
    check("--leave-made-up-money" in said and "for ever" in said, f"bench on a used ledger says {said}")
    check(ledger.events() == before, "a refused bench wrote something")
    said = ledger.call("bench", *small, "--leave-made-up-money")
    check("stays in" in said.printed() and "for ever" in said.said(), f"{said.printed()} {said.said()}")
    other.init(1)
    other.init(1)  # changes nothing: still fresh
    printed = other.call("bench", "--accounts", 10, "--transfers", 3, *small[4:]).printed()
    rates = [float(rate) for rate in re.findall(r"(\d+) (?:transfers|events)/s", printed)]
    check(rates and max(rates) < 1e8, f"a rate by a division by nothing: {printed}")
    return "used and owned ledgers are left alone"


def bench_refuses_embedded(_):
    with Room("bench-refuses") as room:
        return bench_refuses(embedded(room), embedded(room, "other"))


def bench_refuses_kafka(_):
    BROKER.need()
    with Room("bench-refuses") as room:
        return bench_refuses(BROKER.ledger(room, "used"), BROKER.ledger(room, "other"))


def made_or_found(ledger):
    """init says which, and does not take a shard from its owner."""
    check("made now" in ledger.call("init", "--shards", 2).printed(), "init of a new ledger")
    run = ledger.run() if ledger.is_kafka else None
    said = ledger.call("init", "--shards", 2).printed()
    check("found as it was" in said, f"init of an existing one says {said}")
    if run:
        ledger.submit(PARTY.strip())
        check(run.is_alive() and run.ask_to_stop() == 0, f"init took the shards: {run.said()}")


def init_embedded(_):
    with Room("init") as room:
        made_or_found(embedded(room))
        (room.folder / "file").write_text("")
        done = ended(["init", "--ledger", f"embedded:{room.folder}/file"])
        check(done.returncode == 1 and "not a folder" in done.stderr, f"init on a file: {done}")
        done = ended(["init", "--ledger", "kafka://127.0.0.1:1/p"])
        check(done.returncode == 2 and "Give --shards N" in done.stderr, f"advice of shards: {done}")
        return "made, found, refused"


def init_kafka(_):
    BROKER.need()
    with Room("init") as room:
        made_or_found(BROKER.ledger(room, "init"))
        return "made, found beside an owner"


TESTS = [
    arguments_embedded, descriptors_embedded, output_embedded, compare_embedded, bench_refuses_embedded,
    bench_refuses_kafka, init_embedded, init_kafka,
]  # fmt: skip
