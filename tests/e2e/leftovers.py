# SPDX-License-Identifier: Apache-2.0
"""What is temporary is gone once its process is: at once after a signal or a closed pipe, else at the next start."""
import concurrent.futures
import os
import signal
import subprocess

from harness import BINARY, BROKER, Room, check, embedded, wait_for

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
EVENTS = 30000


def start(temporary, arguments, **how):
    temporary.mkdir(exist_ok=True)
    how = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, **how}
    # On a busy machine it is to wait for who looks at it, and not the other way round.
    return subprocess.Popen(["nice", "-n", "19", BINARY, *map(str, arguments)], env={**os.environ, "TMPDIR": str(temporary)}, **how)


def found(temporary, name="pinion-*"):
    try:
        return [str(path) for path in temporary.rglob(name)]
    except FileNotFoundError:  # removed while it was looked at
        return []


def ended(process):
    said = process.communicate(timeout=60)[1]
    return process.returncode, said.decode(errors="replace")


def caught(temporary, arguments, number, name, **how):
    """Sends the signal once `name` stands in the temporary folder; a call that ended before counts for nothing."""
    for _ in range(100):
        process = start(temporary, arguments, **how)
        try:
            wait_for(f"{name} of {arguments[0]}", lambda: found(temporary, name) or process.poll() is not None, 60, 0.0005)
            process.send_signal(number)
            code, said = ended(process)
        finally:
            process.kill()
            process.wait()
            if process.stdin:
                process.stdin.close()
        check(code >= 0 or code == -number, f"{arguments[0]}, {number.name}: {code}, {said}")
        if code == -number:
            if number != signal.SIGKILL:
                check("pinion: " not in said, f"{arguments[0]} says of {number.name}: {said}")
                check(not found(temporary), f"{arguments[0]} leaves after {number.name}: {found(temporary)}")
            return
        check(not found(temporary), f"{arguments[0]} ended with {code} and leaves {found(temporary)}")
    check(False, f"{arguments[0]} was never caught with {name}")


def long_ledger(room):
    """So long that `verify` and `show`, which knows of no checkpoint, take their time."""
    ledger = embedded(room).init(1)
    ledger.submit({"party": "p1", "party_open": {"kind": "person"}}, {"account_open": {"account": "p1/b", "currency": "USD"}})
    ledger.call("submit", text="".join(f'{{"party":"p{n}","party_open":{{"kind":"person"}}}}\n' for n in range(2, EVENTS)))
    return ledger


def signals_leave_nothing_embedded(_):
    """SIGINT, SIGTERM, SIGHUP and a closed pipe: each subcommand ends by it, in the middle of its work, and leaves nothing."""
    with Room("leftovers") as room:
        ledger = long_ledger(room)
        at, temporary = ["--ledger", ledger.url], room.folder / "temporary"
        for number in SIGNALS:
            caught(temporary, ["verify", *at], number, "CURRENT")
            caught(temporary, ["verify", *at], number, "pinion-*")
            caught(temporary, ["show", "p1", *at], number, "pinion-*")
            caught(temporary, ["tail", "--follow", *at], number, "pinion-reader-*")
        run = ledger.run()
        for number in SIGNALS:
            caught(temporary, ["submit", *at], number, "pinion-reader-*", stdin=subprocess.PIPE)
        check(run.ask_to_stop() == 0, f"run: {run.said()}")
        for number in SIGNALS:
            fresh = embedded(room, f"for-{number.name}").init(1)
            call = ["bench", "--ledger", fresh.url, "--accounts", 10, "--transfers", 100, "--seconds", 0]
            caught(temporary, call, number, "pinion-*")
        for call in (["verify", *at], ["show", "p1", *at], ["tail", *at], ["tail", "--follow", *at]):
            reader, writer = os.pipe()
            os.close(reader)
            code, said = ended(start(temporary, call, stdout=writer))
            os.close(writer)
            check(code == -signal.SIGPIPE, f"{call} into a closed pipe: {code}, {said}")
            check(not found(temporary), f"{call} into a closed pipe leaves {found(temporary)}")
        ignored(temporary, at)
        first_of_a_container(temporary, at)
        return f"{len(SIGNALS)} signals, a closed pipe"


def ignored(temporary, at):
    """A signal that is ignored, as under nohup, stays so."""
    follower = subprocess.Popen(
        ["sh", "-c", "trap '' HUP INT; exec \"$@\"", "sh", BINARY, "tail", "--follow", *at],
        env={**os.environ, "TMPDIR": str(temporary)}, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for("the follower reads", lambda: found(temporary, "pinion-reader-*"), 60)
        follower.send_signal(signal.SIGHUP)
        follower.send_signal(signal.SIGINT)
        follower.send_signal(signal.SIGTERM)
        check(follower.wait(60) == -signal.SIGTERM, f"it ended by {follower.returncode}, not SIGTERM")
        check(not found(temporary), f"it leaves {found(temporary)}")
    finally:
        follower.kill()
        follower.wait()


def first_of_a_container(temporary, at):
    """Process number 1, which no signal ends that it does not take care of."""
    into = ["unshare", "--map-root-user", "--pid", "--fork"]
    if subprocess.run([*into, "true"], capture_output=True, check=False).returncode != 0:
        return
    outer = subprocess.Popen(
        [*into, "--kill-child", BINARY, "tail", "--follow", *at],
        env={**os.environ, "TMPDIR": str(temporary)}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        wait_for("the follower reads", lambda: found(temporary, "pinion-reader-*"), 60)
        with open(f"/proc/{outer.pid}/task/{outer.pid}/children", encoding="ascii") as children:
            os.kill(int(children.read()), signal.SIGTERM)
        code, said = ended(outer)
        check(code == 128 + signal.SIGTERM and not said, f"number 1 ended with {code}: {said}")
        check(not found(temporary), f"number 1 leaves {found(temporary)}")
    finally:
        outer.kill()
        outer.wait()


def signals_leave_nothing_kafka(_):
    """The same on Kafka, where `init`, `show` and `verify` keep stores there."""
    BROKER.need()
    with Room("leftovers") as room:
        ledger, temporary = BROKER.ledger(room, "leftovers").init(2), room.folder / "temporary"
        at = ["--ledger", ledger.url]
        for number in SIGNALS:
            for call in (["verify", *at], ["show", "@bank/USD", *at]):
                caught(temporary, call, number, "CURRENT")
            anew = f"{ledger.url}-{number.name}"
            caught(temporary, ["init", "--ledger", anew, "--shards", 2], number, "CURRENT")
        return f"{len(SIGNALS)} signals"


def sweep_embedded(_):
    """What SIGKILL left goes at the next start of any subcommand; what a living process or a stranger has stays."""
    with Room("sweep") as room:
        ledger = long_ledger(room)
        at, temporary = ["--ledger", ledger.url], room.folder / "temporary"
        temporary.mkdir()
        strange = [temporary / name for name in ("pinion-backup", "pinion-temporary-abc", "pinion-temporary-abcdefg")]
        (room.folder / "elsewhere").mkdir()
        (room.folder / "elsewhere/kept").touch()
        (temporary / "pinion-temporary-linked").symlink_to(room.folder / "elsewhere")
        (temporary / "pinion-temporary-sixsix").touch()
        for path in strange:
            path.mkdir()
        before = set(os.listdir(temporary))
        living = start(temporary, ["tail", "--follow", *at])
        try:
            wait_for("the follower reads", lambda: found(temporary, "pinion-reader-*"), 60)
            kept = set(os.listdir(temporary))
            check(len(kept) == len(before) + 1, f"{kept}")
            nexts = (["verify", *at], ["show", "p1", *at], ["tail", *at], ["init", *at], ["submit", *at], ["--version"])
            for following in nexts:
                killed = start(temporary, ["tail", "--follow", *at])
                wait_for("another follower", lambda: len(found(temporary, "pinion-reader-*")) == 2, 60)
                killed.kill()
                ended(killed)
                check(len(set(os.listdir(temporary)) - kept) == 1, "SIGKILL left nothing: what is swept then?")
                ended(start(temporary, following))
                check(set(os.listdir(temporary)) == kept, f"after {following[0]}: {os.listdir(temporary)}, not {kept}")
            check(living.poll() is None and found(temporary, "pinion-reader-*"), "the living one was swept")
            crowd(temporary, at)
            check(set(os.listdir(temporary)) == kept, f"after a crowd: {os.listdir(temporary)}, not {kept}")
        finally:
            living.kill()
            ended(living)
        check((room.folder / "elsewhere/kept").exists(), "a link was followed")
        return f"by each of {len(nexts)}"


def crowd(temporary, at):
    """Many start at once, and sweep while others make their folder: none loses its own."""
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(lambda _: ended(start(temporary, ["tail", "--from", EVENTS, *at])), range(64)))
    check(all(code == 0 for code, _ in codes), f"{[said for code, said in codes if code != 0][:3]}")


TESTS = [signals_leave_nothing_embedded, signals_leave_nothing_kafka, sweep_embedded]
