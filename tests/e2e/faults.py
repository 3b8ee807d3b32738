# SPDX-License-Identifier: Apache-2.0
"""Faults of docs/operating.md that no other test makes: each is said as the page says it, and its way out works."""
import json
import pathlib
import re
import signal
import sys
import time

from confluent_kafka.admin import AdminClient

from audit import audit, servers_and_prefix
from gates import uuid7
from harness import (
    BINARY, BROKER, ROOT, Broker, Ledger, Room, Skip, check, disk_fill, embedded, id_text, small_disk, wait_for,
)

sys.path.insert(0, str(ROOT / "tests/simulator"))  # before the chaos tests, which have a planted.py too
from planted import Bug, Planter

BUILD = pathlib.Path(BINARY).resolve().parents[1]
POISON = Bug(
    "a_party_is_poison",
    (
        "src/shard/live.c",
        "	error = input_decide(shard, stream, &input, command);\n	is_deciding = false;\n",
        "	extern void abort(void);\n"
        "	if (command->refusal == REJECT_none && command->party.size == sizeof \"poison\" - 1)\n"
        "		abort();\n"
        "	error = input_decide(shard, stream, &input, command);\n	is_deciding = false;\n",
    ),
)
STOP_S = 11  # 10, and the time that starting a wait takes


def party(name):
    return {"party": name, "party_open": {"kind": "person"}}


def lines(*commands):
    return "".join(json.dumps(one) + "\n" for one in commands)


class Trouble:
    """With the machine of the programs that are started under it: tests/trouble.c."""

    def __init__(self, room):
        self.folder, self.library = room.folder / "trouble", BUILD / "tests/libtrouble.so"
        if not self.library.exists():
            raise Skip(f"there is no {self.library}")
        self.folder.mkdir()
        self.disk, self.asked = self.folder / "disk", self.folder / "disk.asked"

    def under(self, *arguments):
        return ("env", f"LD_PRELOAD={self.library}", f"TROUBLE={self.folder}", BINARY, *arguments)

    def clock(self, seconds):
        """So far the wall clock is ahead from now on; below zero: behind."""
        written = self.folder / "clock.part"
        written.write_text(str(seconds))
        written.rename(self.folder / "clock")


def ends(process, code, *texts, seconds=60):
    found = process.exit_code(seconds)
    check(found == code, f"exit {found}, wanted {code}: {process.said()}")
    for text in texts:
        check(process.says(text), f"says {process.said()}, wanted {text}")


def inputs_alone_kafka(_):
    """The events of a ledger were deleted, its inputs are there: no new ledger may decide them."""
    with Room("inputs-alone") as room:
        ledger = BROKER.ledger(room, "inputs-alone").init(1)
        run = ledger.run()
        ledger.submit(party("alice"))
        check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
        servers, prefix = servers_and_prefix(ledger)
        admin = AdminClient({"bootstrap.servers": servers})
        topic = f"{prefix}.events"
        admin.delete_topics([topic], operation_timeout=30)[topic].result(60)
        wait_for("it is gone", lambda: topic not in admin.list_topics(timeout=30).topics, 60, 0.2)
        ends(ledger.start("run"), 3, f"topic {topic} is missing beside others")
        refused = ledger.start("init", "--shards", 1)
        ends(refused, 1, "but no events: the events of an earlier ledger")
        return "refused"


def memory_embedded(_):
    """Too little memory for a shard is said with the numbers, and changes nothing."""
    with Room("memory") as room:
        ledger = embedded(room).init(2)
        ledger.submit(party("alice"))
        before = ledger.events()
        ends(ledger.start("run", "--memory", 8), 3, "bytes of memory are too few for a shard")
        check(ledger.events() == before, "a refused start wrote something")
        check(ledger.run("--memory", 16).ask_to_stop() == 0, "8 MiB a shard are not enough")
        return "8 MiB a shard"


def state_disk_full_kafka(_):
    """The disk of the state folder is full: no checkpoint, until there is room; the store stays."""
    with Room("state-disk") as room, small_disk(room, 16) as disk:
        ledger = Ledger(room, BROKER.ledger(room, "disk").url, state=disk / "state").init(1)
        run = ledger.run("--checkpoint-ms", 300)
        ledger.submit(party("before"))
        filler, number = disk_fill(disk), 0

        def is_said():
            nonlocal number
            number += 1
            ledger.submit(*(party(f"p{number}-{n}") for n in range(50)))
            return run.says("the disk or the quota is full: make room")

        wait_for("the full disk is said", is_said, 60)
        check(run.is_alive() and run.says("recovers from: "), f"it does not recover: {run.said()}")
        filler.unlink()
        outcome = ledger.submit(party("after"))[0]
        check("party_opened" in outcome, f"with room again: {outcome}")
        check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
        check(not run.says("is rebuilt"), f"the store was thrown away: {run.said()}")
        ledger.verify()
        return f"{number * 50} commands decided beside a full disk"


def clock_ahead_kafka(_):
    """The brokers' clock is ten minutes ahead of everybody else's: it stops, and --accept-clock goes on."""
    with Room("clock-ahead") as room:
        ledger, trouble = BROKER.ledger(room, "clock-ahead"), Trouble(room)

        def behind(subcommand, *arguments, text=None):
            place = ["--ledger", ledger.url] + (["--state", ledger.state] if text is None else [])
            return room.start(subcommand, *trouble.under(subcommand, *place), *arguments, text=text)

        trouble.clock(-600)
        ends(behind("init", "--shards", 1), 0)
        asked = behind("submit", text=lines(party("alice"), party("bob")))
        for _ in range(2):
            run = behind("run")
            code = run.exit_code(60)
            found = re.search(r"the record at (commands:0:\d+) is \d+ s ahead of this host's clock", run.said())
            check(code == 3 and found, f"exit {code}: {run.said()}")
            check(len(ledger.events()) == 1, f"decided under a clock that is not believed: {asked.printed()}")
        # What it took meanwhile is decided at the last engine time.
        run = behind("run", "--accept-clock", "commands:0:1")
        ends(asked, 0)
        check(asked.printed().count('"party_opened"') == 2, f"answers: {asked.printed()}")
        check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
        run = ledger.run()  # the clocks agree again, and the option is gone
        check("party_opened" in ledger.submit(party("carl"))[0], "under one clock")
        check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
        audit(ledger)
        return f"stopped at {found[1]}"


def poison_kafka(_):
    """A bug that one input meets ends the process, which names the input; refused, all others are decided."""
    if not (BUILD / "compile_commands.json").exists():
        raise Skip(f"no bug can be planted: {BUILD} is no build folder")
    with Room("poison") as room:
        ledger = BROKER.ledger(room, "poison").init(1)
        planted = Planter(str(BUILD), "src/pinion").plant(POISON, str(room.folder / "planted"))
        command = [planted, "run", "--ledger", ledger.url, "--state", ledger.state]

        def is_live(run):
            wait_for("it is live", lambda: run.says("live: ") or not run.is_alive(), 60)
            return run.is_alive()

        run = room.start("planted", *command)
        check(is_live(run), run.said())
        ledger.submit(party("alice"))
        check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
        asked = ledger.start("submit", text=lines(party("poison"), party("bob")))
        wait_for("both are on the log", lambda: asked.says("waiting for the outcome of line 1"), 60)
        asked.end()
        words = "a bug was met while deciding commands:0:1. To have that one input refused: pinion run "
        for _ in range(2):  # to start again does not help
            ends(room.start("planted", *command), -signal.SIGABRT, words + "--refuse-input commands:0:1 ...")
        run = room.start("planted", *command, "--refuse-input", "commands:0:1")
        check(is_live(run), run.said())
        wait_for("it is refused and bob is there", lambda: len(ledger.events()) == 4, 60)
        check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
        kinds = [next(kind for kind in event if kind.startswith(("party", "command"))) for event in ledger.events()[1:]]
        check(kinds == ["party_opened", "command_rejected", "party_opened"], f"{kinds}")
        run = room.start("planted", *command)  # without the option
        check(is_live(run) and run.ask_to_stop() == 0, run.said())
        audit(ledger)
        return "named, refused, gone on"


def unanswered_kafka(_):
    """Nobody decides: submit says so after its time; the same ids again, with a processor, are answered."""
    with Room("unanswered") as room:
        ledger, trouble = BROKER.ledger(room, "unanswered").init(1), Trouble(room)
        given = lines({**party("alice"), "id": id_text(uuid7())})
        asked = room.start("submit", *trouble.under("submit", "--ledger", ledger.url), text=given)
        wait_for("it says for whom it waits", lambda: asked.says("waiting for the outcome of line 1"), 60)
        trouble.clock(121)  # two minutes pass
        ends(asked, 3, "no outcome of line 1 in 120 s")
        run = ledger.run()
        again = ledger.call("submit", text=given).printed()
        check("party_opened" in again, f"the same again: {again}")
        check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
        return "said; then answered"


def disk_hangs_embedded(_):
    """A disk that gives no answer holds a stop up for no longer than 10 s; nothing that was answered is lost."""
    with Room("disk-hangs") as room:
        ledger, trouble = embedded(room).init(1), Trouble(room)
        run = room.start("run", *trouble.under("run", "--ledger", ledger.url))
        wait_for("it is live", lambda: run.says("live: ") or not run.is_alive(), 60)
        ledger.submit(party("alice"))
        trouble.disk.touch()
        asked = ledger.start("submit", text=lines(party("bob")))
        wait_for("the disk is asked", trouble.asked.exists, 60)
        began = time.monotonic()
        run.child.send_signal(signal.SIGTERM)
        ends(run, 3, "not drained 9 s after it was asked to stop", seconds=STOP_S)
        seconds = time.monotonic() - began
        asked.end()
        trouble.disk.unlink()
        names = [event["party_opened"]["party"] for event in ledger.events() if "party_opened" in event]
        check(names[:1] == ["alice"], f"what was answered is lost: {names}")
        run = ledger.run()
        check("party_opened" in ledger.submit(party("carl"))[0], "it does not go on")
        check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
        audit(ledger)
        return f"ended after {seconds:.1f} s"


def timeout_too_short_kafka(_):
    """Brokers that allow no Kafka transactions of 45 s: the processor stops, and says what to set."""
    with Room("timeout") as room:
        properties = room.folder / "properties"
        properties.write_text("transaction.max.timeout.ms=44999\n")
        broker = Broker(folder=room.folder / "broker", flags=["--properties", str(properties)])
        try:
            ledger = broker.ledger(room, "timeout")
            said = ledger.start("init", "--shards", 1)
            said.exit_code(60)
            check(said.says("set the brokers' transaction.max.timeout.ms to 45000 or more"), said.said())
            return "45 s are needed"
        finally:
            broker.end()


TESTS = [
    inputs_alone_kafka, memory_embedded, state_disk_full_kafka, clock_ahead_kafka, poison_kafka,
    unanswered_kafka, disk_hangs_embedded, timeout_too_short_kafka,
]  # fmt: skip
