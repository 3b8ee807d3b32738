# SPDX-License-Identifier: Apache-2.0
"""The procedures of docs/operating.md, as they stand there: backup, restore, moving, a lost disk, upgrades."""
import re
import shutil
import sys
import tarfile

from audit import audit, servers_and_prefix
from harness import BINARY, BROKER, ROOT, Broker, Ledger, Room, check, embedded, wait_for
from inputs import WAY_ON
from rebuild import digests, played

COPY = ROOT / "docs/examples/backup.py"
# An embedded ledger of one shard, written in November 2023 by its host's clock, with a store of format 6: 18 commands of every kind, a
# repeat, two rejects, a trial, an expired hold and an open one.
OLD_LEDGER = ROOT / "tests/golden/ledger_rows_6.tar.xz"
OLD_HEAD = "0:21:ce509f126ff68c0c916534dd9a26993e8e4d3fbb5aa48359f4231a976efb346d"
# One whose events have another form: postings named their accounts (the ledger's format 1).
OLDER_LEDGER = ROOT / "tests/golden/ledger_format_1.tar.xz"


def heads_of(printed):
    heads = re.findall(r"head (\d+:\d+:[0-9a-f]{64})", printed)
    check(heads, f"no head is told: {printed}")
    return sorted(set(heads))


def heads_shown(ledger):
    """Of each shard, as `pinion show` of a party there tells it."""
    shown = {}
    for event in ledger.events():
        if "account_opened" in event and event.get("shard", 0) not in shown:
            party = event["account_opened"]["account"].split("/")[0]
            shown[event.get("shard", 0)] = heads_of(ledger.call("show", party).printed())
    return [head for heads in shown.values() for head in heads]


def head_options(heads):
    return [option for head in heads for option in ("--head", head)]


def copy(room, what, ledger, file, wanted=0):
    servers, prefix = servers_and_prefix(ledger)
    process = room.start(
        f"backup-{what}", sys.executable, "-B", COPY, what,
        "--brokers", servers, "--prefix", prefix, file,
    )
    code = process.exit_code(120)
    check(code == wanted, f"backup.py {what}: {code}: {process.said()}")
    return process


def pays(ledger, party, sequences):
    """One more command is decided, on the old sequence."""
    outcome = ledger.submit({"party": party, "party_open": {"kind": "person"}})[0]
    check("party_opened" in outcome, f"{outcome}")
    shard = outcome.get("shard", 0)
    check(outcome["sequence"] > sequences[shard], f"{outcome}: it was at {sequences[shard]}")


def restore_kafka(options):
    """To another cluster, from the copy alone."""
    with Broker() as other, Room("restore-kafka") as room:
        shards = options.shards or 2
        ledger = BROKER.ledger(room, "copied").init(shards)
        played(ledger, shards, options.seed)
        books = audit(ledger)
        file = room.folder / "events"
        saved = heads_of(copy(room, "save", ledger, file).printed())

        prefix = servers_and_prefix(ledger)[1]
        restored = Ledger(
            room, f"kafka://{other.address}/{prefix}", state=room.folder / "state-restored"
        )
        got = heads_of(copy(room, "restore", restored, file).printed())
        check(got == saved, f"the heads restored are {got}, those saved {saved}")
        copy(room, "restore", restored, file, wanted=1)  # not over what is there
        restored.call("init", "--shards", shards)
        restored.verify(*head_options(saved))
        run = restored.start("run")
        check(run.exit_code(120) == 3, f"it went on: {run.said()}")
        way_on = [
            option
            for place in sorted(set(WAY_ON.findall(run.said())))
            for option in ("--restart-inputs", place)
        ]
        check(len(way_on) == 2 * shards, f"each shard says its way on: {run.said()}")
        run = restored.run(*way_on)
        for number in range(8):
            pays(restored, f"after-{number}", books.sequences)
        check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
        after = audit(restored)
        check(after.kinds["inputs_restarted"] >= shards, f"{after.kinds}")
        restored.verify(*head_options(saved))
        return f"{sum(books.sequences.values())} events, then {sum(after.sequences.values())}"


def restore_embedded(options):
    """DIR/log is copied while nobody holds it, and put into an empty DIR; also the way on from a loss."""
    with Room("restore-embedded") as room:
        shards = options.shards or 2
        ledger = embedded(room).init(shards)
        played(ledger, shards, options.seed)
        wanted = digests(ledger, shards)
        heads = heads_shown(ledger)
        kept = room.folder / "kept"
        shutil.copytree(room.folder / "ledger/log", kept)
        played(ledger, shards, options.seed + 1)

        # The disk is lost.
        shutil.rmtree(room.folder / "ledger")
        (room.folder / "ledger").mkdir()
        shutil.copytree(kept, room.folder / "ledger/log")
        run = ledger.run()
        check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
        check(digests(ledger, shards) == wanted, "the restored state is another one")
        ledger.verify(*head_options(heads))
        run = ledger.run()
        sequences = {shard: sequence for shard, (sequence, _) in wanted.items()}
        pays(ledger, "after", sequences)
        check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
        return f"{sum(sequences.values())} events"


def moving_kafka(options):
    """A shard goes to another machine: with an empty state folder, and with a copied one; and its disk is lost."""
    with Room("moving") as room:
        shards = options.shards or 2
        ledger = BROKER.ledger(room, "moved").init(shards)
        played(ledger, shards, options.seed)
        wanted = digests(ledger, shards)
        here = ledger.start("run", "--shard", 0)
        wait_for("shard 0 is live here", lambda: here.says("live: "), 60)
        check(here.ask_to_stop() == 0, f"SIGTERM: {here.said()}")
        for name, is_copied in (("empty", False), ("copied", True)):
            there = Ledger(room, ledger.url, state=room.folder / f"state-{name}")
            if is_copied:
                shutil.copytree(ledger.state, there.state)
            run = there.run()
            check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
            got = digests(there, shards)
            check(got == wanted, f"on the other machine: {got}, it was {wanted}")
        shutil.rmtree(ledger.state)
        run = ledger.run()
        check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
        check(digests(ledger, shards) == wanted, "after the disk was lost it is another one")
        return "twice, and back"


def upgrade_embedded(options):
    """Stop, replace the binary, start, and back."""
    with Room("upgrade") as room:
        shards = options.shards or 2
        ledger = embedded(room).init(shards)
        played(ledger, shards, options.seed)
        wanted = digests(ledger, shards)
        for turn in range(2):
            binary = room.folder / f"pinion-{turn}"
            shutil.copy2(BINARY, binary)
            run = room.start("replaced", binary, "run", "--ledger", ledger.url)
            wait_for("the new one is live", lambda: run.says("live: ") or not run.is_alive(), 60)
            check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
            check(digests(ledger, shards) == wanted, "the new one has another state")
        return "there and back"


def upgrade_old_embedded(options):
    """A ledger of a version whose stores had another format: its events are read, its store is made anew from them."""
    del options
    with Room("upgrade-old") as room:
        ledger = embedded(room)
        with tarfile.open(OLD_LEDGER) as packed:
            packed.extractall(room.folder / "ledger")
        said = ledger.call("verify", wanted=3).said()
        check("the store is of another format than" in said, f"it is not told apart: {said}")
        kinds = {name for event in ledger.events() for name in event}
        wanted = {"account_closed", "command_rejected", "command_repeated", "funds_received", "hold_captured", "hold_expired", "hold_released"}
        check(wanted <= kinds, f"these are no events of it: {wanted - kinds}")
        run = ledger.run()
        check(run.says("is rebuilt from the log: the store is of another format than"), f"it was not rebuilt: {run.said()}")
        # Its open hold is due by now.
        wait_for("the hold expires", lambda: ledger.show("alice")["alice/main"][1] == "0.00 USD", 60)
        check(ledger.show("alice")["alice/main"][0] == "73.00 USD", f"{ledger.show('alice')}")
        check(ledger.show("bob")["bob/main"] == ("27.00 USD", "0.00 USD", "0.00 USD", "27.00 USD"), f"{ledger.show('bob')}")
        pays(ledger, "carol", {0: 20})
        check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
        printed = ledger.verify("--head", OLD_HEAD)
        check("stored checkpoint of every shard" in printed, f"no checkpoint was compared: {printed}")
        return f"on from {OLD_HEAD[:20]}"


def upgrade_older_format_embedded(options):
    """A ledger of another format is refused by a word that says what to do, and stays as it is."""
    del options
    with Room("upgrade-older") as room:
        ledger = embedded(room)
        with tarfile.open(OLDER_LEDGER) as packed:
            packed.extractall(room.folder / "ledger")
        for command in (["run"], ["verify"], ["show", "alice"]):
            said = ledger.call(*command, wanted=3).said()
            check("the ledger's format is 1, this pinion reads 2: use the older one that made it" in said, f"{command}: {said}")
        return "refused"


def upgrade_kafka(options):
    """Two processes, each with a shard of its own, one at a time: the other one goes on."""
    with Room("upgrade-kafka") as room:
        ledger = BROKER.ledger(room, "upgraded").init(2)
        played(ledger, 2, options.seed)
        wanted = digests(ledger, 2)

        def start(shard, binary):
            run = room.start(
                f"shard-{shard}", binary, "run", "--ledger", ledger.url, "--state", ledger.state, "--shard", shard
            )
            wait_for("it is live", lambda: run.says("live: ") or not run.is_alive(), 60)
            check(run.is_alive(), f"shard {shard}: {run.said()}")
            return run

        runs = [start(shard, BINARY) for shard in range(2)]
        for shard in range(2):
            binary = room.folder / f"pinion-{shard}"
            shutil.copy2(BINARY, binary)
            check(runs[shard].ask_to_stop() == 0, f"SIGTERM: {runs[shard].said()}")
            runs[shard] = start(shard, binary)
        sequences = {shard: sequence for shard, (sequence, _) in wanted.items()}
        for number in range(8):
            pays(ledger, f"after-{number}", sequences)
        for run in runs:
            check(not run.says("recovers from"), f"one was disturbed: {run.said()}")
            check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
        ledger.verify()
        return "one after the other"
