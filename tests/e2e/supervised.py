# SPDX-License-Identifier: Apache-2.0
"""What an operator and a supervisor see of `pinion run`: signals, log lines, readiness, watchdog, exit codes."""
import ctypes
import datetime
import json
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import subprocess

from harness import BINARY, BROKER, ROOT, Ledger, Room, check, embedded, wait_for

LINE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (info|warning|error) +(\S.*)")
PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT, WALL = 17, 0x4206, 0x4207, 0x40000000


def is_now(text):
    then = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=datetime.timezone.utc)
    return abs((datetime.datetime.now(datetime.timezone.utc) - then).total_seconds()) < 3600


def signals_embedded(_):
    """SIGTERM, SIGINT and SIGHUP drain, are said, and end with 0; under nohup a hang-up is nothing."""
    with Room("signals") as room:
        ledger = embedded(room).init(1)
        for name in ("TERM", "INT", "HUP"):
            run = ledger.run()
            run.child.send_signal(getattr(signal, f"SIG{name}"))
            check(run.exit_code() == 0, f"SIG{name}: {run.child.returncode}, {run.said()}")
            check(run.says(f"stops: SIG{name}\n"), f"SIG{name}: {run.said()}")
        run = room.start("run", "sh", "-c", f"trap '' HUP; exec {BINARY} run --ledger {ledger.url}")
        wait_for("live", lambda: run.says("live: "), 60)
        run.child.send_signal(signal.SIGHUP)
        run.child.send_signal(signal.SIGUSR1)
        wait_for("a status line after the hang-up", lambda: run.says("status: "), 30)
        check(run.ask_to_stop() == 0 and run.says("stops: SIGTERM"), f"nohup: {run.said()}")
        return "drained, and said"


def log_lines_embedded(_):
    """Each line of run has time and level, as text or as JSON."""
    with Room("log-lines") as room:
        ledger = embedded(room).init(2)
        run = ledger.run()
        run.child.send_signal(signal.SIGUSR1)
        wait_for("status", lambda: run.says("status: 2 of 2 shards live"), 30)
        held = ledger.call("run", wanted=3).said()
        check(run.ask_to_stop() == 0, f"run: {run.said()}")
        lines = (run.said() + "\n" + held).splitlines()
        for line in lines:
            found = LINE.fullmatch(line)
            check(found and is_now(found[1]), f"a line without time and level: {line}")
        check(any(" error " in line and "another process holds" in line for line in lines), f"{lines}")

        run = ledger.run("--log-format", "json")
        run.child.send_signal(signal.SIGUSR1)
        wait_for("status", lambda: run.says("status: 2 of 2 shards live"), 30)
        check(run.ask_to_stop() == 0, f"run: {run.said()}")
        said = [json.loads(line) for line in run.said().splitlines()]
        for line in said:
            check(is_now(line["time"]) and line["level"] in ("info", "warning", "error"), f"{line}")
            check(set(line) <= {"time", "level", "shard", "text"}, f"{line}")
        live = [line["shard"] for line in said if line["text"].startswith("live, term ")]
        check(sorted(live) == [0, 1], f"lines of shards: {said}")
        check(said[-1]["text"] == "stops: SIGTERM", f"{said[-1]}")
        wrong = ledger.call("run", "--log-format", "xml", wanted=2).said()
        check("text or json" in wrong, wrong)
        nowhere = os.fsdecode(b"embedded:/nowhere/\xc3\xa9\n\"\xff")
        for form in ("text", "json"):
            call = [BINARY, "run", "--ledger", nowhere, "--log-format", form]
            done = subprocess.run(call, capture_output=True, timeout=60, check=False)
            line = done.stderr.decode().rstrip("\n")
            text = json.loads(line)["text"] if form == "json" else LINE.fullmatch(line)[3]
            check(done.returncode == 3 and "/nowhere/???\"?" in text, f"a name of odd bytes: {done}")
        return f"{len(lines) + len(said)} lines"


def heard(listener, seconds):
    """The next datagram; None where none comes in that time."""
    ready, _, _ = select.select([listener], [], [], seconds)
    return listener.recv(4096).decode() if ready else None


def thread_of(process, name):
    for task in pathlib.Path(f"/proc/{process.child.pid}/task").iterdir():
        if (task / "comm").read_text().strip() == name:
            return int(task.name)
    return 0


def notify_embedded(_):
    """READY=1 after live, WATCHDOG=1 while shards come round and not while one is stuck, STOPPING=1."""
    with Room("notify") as room:
        ledger, path = embedded(room).init(1), f"{room.folder}/notify"
        for address in (path, f"\0pinion-{os.getpid()}"):
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            listener.bind(address)
            os.environ.update(NOTIFY_SOCKET=address.replace("\0", "@"), WATCHDOG_USEC="300000")
            try:
                run = ledger.start("run")
            finally:
                del os.environ["NOTIFY_SOCKET"], os.environ["WATCHDOG_USEC"]
            said = heard(listener, 60)
            while said == "WATCHDOG=1":  # before it is live there is nothing to be stuck in
                said = heard(listener, 60)
            check(said == "READY=1" and run.says("live: "), f"first heard: {said}; {run.said()}")
            for _ in range(5):
                check(heard(listener, 30) == "WATCHDOG=1", "no watchdog while all is well")
            if address == path:
                stuck(listener, thread_of(run, "decide-0"))
            check(run.ask_to_stop() == 0, f"run: {run.said()}")
            rest = [said for said in iter(lambda: heard(listener, 0), None) if said != "WATCHDOG=1"]
            check(rest == ["STOPPING=1"], f"at the end: {rest}")
            listener.close()
        follower_notifies(room, ledger)
        return "READY, WATCHDOG, STOPPING"


def follower_notifies(room, ledger):
    """`pinion follow` tells the same; while its one thread is held it falls silent."""
    path = f"{room.folder}/notify-follow"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(path)
        os.environ.update(NOTIFY_SOCKET=path, WATCHDOG_USEC="300000")
        try:
            follow = ledger.start("follow", "--state", room.folder / "followed")
        finally:
            del os.environ["NOTIFY_SOCKET"], os.environ["WATCHDOG_USEC"]
        said = heard(listener, 60)
        while said == "WATCHDOG=1":
            said = heard(listener, 60)
        check(said == "READY=1" and follow.says("follows: 1 shard"), f"first heard: {said}; {follow.said()}")
        for _ in range(3):
            check(heard(listener, 30) == "WATCHDOG=1", "no watchdog while it follows")
        stuck(listener, thread_of(follow, "decide-0"))
        check(follow.ask_to_stop() == 0, f"follow: {follow.said()}")
        rest = [said for said in iter(lambda: heard(listener, 0), None) if said != "WATCHDOG=1"]
        check(rest == ["STOPPING=1"], f"at the end: {rest}")


def stuck(listener, thread):
    """One thread is held by ptrace: the main thread goes on, and must fall silent."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
    check(libc.ptrace(PTRACE_SEIZE, thread, None, None) == 0, f"ptrace: {os.strerror(ctypes.get_errno())}")
    libc.ptrace(PTRACE_INTERRUPT, thread, None, None)
    os.waitpid(thread, WALL)
    wait_for("silence of 1.5 s, 15 times what it sends in", lambda: heard(listener, 1.5) is None, 30)
    libc.ptrace(PTRACE_DETACH, thread, None, None)
    check(heard(listener, 30) == "WATCHDOG=1", "no watchdog after the shard goes on")


def other_owner_kafka(_):
    """One shard of two is taken: which, why and since when is in log and status, and the exit code is 4."""
    BROKER.need()
    with Room("other-owner") as room:
        ledger = BROKER.ledger(room, "other").init(2)
        twin = Ledger(room, ledger.url, state=room.folder / "state-of-the-twin")
        older = ledger.run("--log-format", "json", "--shard", "0", "--shard", "1")
        newer = twin.run("--shard", "1")
        wait_for("the older one notices", lambda: older.says("STOPPED") or not older.is_alive(), 60)
        check(older.is_alive(), f"the other shard was stopped too: {older.said()}")
        older.child.send_signal(signal.SIGUSR1)
        wait_for("status", lambda: older.says("1 of 2 shards live"), 30)
        said = [json.loads(line) for line in older.said().splitlines()]
        stopped = [line for line in said if line["text"].startswith("STOPPED")]
        check(len(stopped) == 1 and stopped[0]["shard"] == 1 and stopped[0]["level"] == "error", f"{stopped}")
        status = next(line for line in said if "1 of 2 shards live" in line["text"])
        found = re.search(r"stopped: shard 1 since (\S+Z) \((.*)\)$", status["text"])
        check(found and is_now(found[1]) and "another owner took it" in found[2], f"{status}")
        check(older.ask_to_stop() == 4, f"exit {older.child.returncode}: {older.said()}")
        last = older.said().splitlines()[-1]
        check("another owner took it" in last and "shard 1" in last, f"at the end: {last}")
        check(newer.is_alive() and newer.ask_to_stop() == 0, f"the newer one: {newer.said()}")
        return "shard, reason, time; exit 4"


def unit_file(_):
    """The unit is one that systemd takes, and the page shows it as it stands."""
    path = ROOT / "deploy/pinion.service"
    unit = path.read_text()
    check(unit.rstrip() in (ROOT / "docs/operating.md").read_text(), "operating.md shows another unit")
    for line in ("Type=notify", "RestartPreventExitStatus=2 4", "User=pinion", "WantedBy=multi-user.target"):
        check(f"\n{line}\n" in unit, f"the unit lacks {line}")
    check(re.search(r"\nLimitNOFILE=\d+\n", unit) and re.search(r"\nWatchdogSec=\d+\n", unit), "limits")
    if not shutil.which("systemd-analyze"):
        return "not verified by systemd-analyze, which is not installed"
    with Room("unit") as room:
        copy = room.folder / "pinion.service"
        copy.write_text(unit.replace("/usr/local/bin/pinion", BINARY))
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", copy], capture_output=True, text=True, check=False, timeout=60
        )
        said = [line for line in (done.stdout + done.stderr).splitlines() if "pinion.service" in line]
        check(done.returncode == 0 and not said, f"systemd-analyze: {done.stderr}")
    return "verified by systemd-analyze"


TESTS = [signals_embedded, log_lines_embedded, notify_embedded, other_owner_kafka, unit_file]
