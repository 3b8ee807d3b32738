# SPDX-License-Identifier: Apache-2.0
"""`pinion follow` beside an owner: under load, killed, from a snapshot, through other owners; and where the log is not its own."""
import os
import pathlib
import re
import shutil
import signal

from gates import KafkaGate, SubmitGate
from harness import BROKER, Ledger, Room, check, embedded, wait_for
from load import clients_finish, clients_start, load_await, trouble_of
from procedures import pays
from rebuild import digests

KILLS = 4
IDLE_S = 2


class Follower:
    """A state folder of its own, and who keeps it."""

    def __init__(self, ledger, name):
        self.ledger, self.state, self.process = ledger, ledger.room.folder / name, None

    def start(self, *arguments):
        at = ["--state", self.state, "--checkpoint-ms", 50, *arguments]
        self.process = self.ledger.start("follow", *at)
        return self

    def follows(self, *arguments):
        self.start(*arguments)
        wait_for("pinion follow follows", lambda: self.process.says("follows: ") or not self.process.is_alive(), 60)
        check(self.process.is_alive(), f"pinion follow ended: {self.process.said()}")
        return self

    def stop(self):
        code = self.process.ask_to_stop()
        check(code == 0, f"SIGTERM to follow: {code}, {self.process.said()}")
        check(not self.process.says("recovers from"), self.process.said())

    def stops(self, *arguments, saying):
        code = self.start(*arguments).process.exit_code(60)
        check(code == 3 and self.process.says(saying), f"exit {code}, wanted 3 and {saying!r}: {self.process.said()}")

    def show(self, party):
        """What `show` prints by its checkpoint, not by all events."""
        shown = self.ledger.call("show", "--state", self.state, party, state=False)
        check("left out" not in shown.said(), f"its state was not used: {shown.said()}")
        return shown.printed()

    def digests(self, shards):
        """As `verify` compares them with the log."""
        printed = self.ledger.call("verify", "--state", self.state, state=False).printed()
        found = re.findall(
            r"stored checkpoint at sequence (\d+) is what the log says, digest (\w+)\nshard (\d+):", printed
        )
        got = {int(shard): (int(sequence), digest) for sequence, digest, shard in found}
        check(sorted(got) == list(range(shards)), f"verify compared shards {sorted(got)}: {printed}")
        return got


def followed(text):
    found = re.search(r"status: (\d+) of (\d+) shards followed, at event (\d+), \d+/s, lag events (\d+)", text)
    check(found, f"no status: {text}")
    return [int(number) for number in found.groups()]


def status_of(process):
    before = process.said().count("status: ")
    process.child.send_signal(signal.SIGUSR1)
    wait_for("a status line", lambda: process.said().count("status: ") > before, 30)
    return followed(process.said().splitlines()[-1])


def shows_the_same(ledger, follower, parties):
    """Beside each other, while nothing is decided."""
    for party in parties:
        check("as of sequence" in ledger.call("show", party).printed(), f"show {party}")
        # Holds may still expire.
        same = lambda party=party: follower.show(party) == ledger.call("show", party).printed()
        wait_for(f"the same of {party}", same, 60)


def killed_under_load(ledger, follower, clients):
    for number in range(KILLS):
        rounds = [client.rounds for client in clients]
        follower.follows()
        wait_for(
            "load",
            lambda: trouble_of(clients) or all(c.rounds > before for c, before in zip(clients, rounds)),
            90,
        )
        check("as of sequence" in follower.show(clients[number % len(clients)].parties[0]), "no sequence")
        follower.process.kill()
    return follower.follows()


def seconds_of(process):
    """Processor time so far."""
    fields = pathlib.Path(f"/proc/{process.child.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rests(follower):
    """Waiting at the end of the log takes no processor: measured over a while in which nothing comes."""
    before = seconds_of(follower.process)
    wait_for("the while", lambda timer=[0]: timer.__setitem__(0, timer[0] + 1) or timer[0] > IDLE_S * 10, 60, 0.1)
    used = seconds_of(follower.process) - before
    check(used < IDLE_S / 4, f"{used:.2f} s of processor in {IDLE_S} s of rest")
    return used / IDLE_S


def refusals(ledger, other, follower, shards):
    """Another ledger's folder, one that is held, the owner's own, none."""
    said = ledger.call("follow", state=False, wanted=2).said()
    check("Give --state DIR" in said, said)
    own = follower.state if ledger.is_kafka else ledger.state
    if not ledger.is_kafka:
        said = ledger.call("follow", "--state", own, state=False, wanted=2).said()
        check("is where the processor has its state" in said, said)
    again = Follower(ledger, follower.state.name)
    again.stops(saying="another process holds it")
    foreign = Follower(ledger, "foreign")
    Follower(other, "foreign").follows().stop()
    foreign.stops("--shard", 0, saying="of another ledger, or this log was made anew")


def from_snapshots(ledger, follower, shards):
    """The owner's, and one of a follower's state; each begins where it stands, and comes to the same."""
    folder = ledger.room.folder / "of-the-owner"
    ledger.call("snapshot", folder)
    follower.stops("--from-snapshot", folder, saying="holds something already")
    fresh = Follower(ledger, "from-the-owner").follows("--from-snapshot", folder)
    check(fresh.process.says("starts from the snapshot in"), fresh.process.said())
    fresh.stop()
    beside = ledger.room.folder / "of-the-follower"
    ledger.call("snapshot", "--state", fresh.state, beside, state=False)
    last = Follower(ledger, "from-the-follower").follows("--from-snapshot", beside)
    last.stop()
    return fresh, last


def drill(room, ledger, other, shards, seed):
    gate = KafkaGate(ledger) if ledger.is_kafka else SubmitGate(ledger, shards)
    owner = ledger.run("--checkpoint-ms", 50)
    clients = clients_start(gate, seed, accounts=10)
    load_await(clients)
    follower = killed_under_load(ledger, Follower(ledger, "follower"), clients)
    clients_finish(clients)
    gate.close()
    parties = [client.parties[0] for client in clients] + ["@bank/USD"]
    shows_the_same(ledger, follower, parties)
    share = rests(follower)
    got, wanted, events, lag = status_of(follower.process)
    check((got, wanted, lag) == (shards, shards, 0) and events > 0, f"status: {follower.process.said()}")

    # Another owner of the same folder: the follower goes on.
    owner.kill()
    owner = ledger.run()
    for number in range(4):
        pays(ledger, f"after-{number}", dict.fromkeys(range(shards), 0))
    shows_the_same(ledger, follower, parties)
    refusals(ledger, other, Follower(ledger, "follower"), shards)
    check(owner.ask_to_stop() == 0, f"SIGTERM: {owner.said()}")
    shows_the_same(ledger, follower, parties)
    follower.stop()
    wanted = digests(ledger, shards)
    check(follower.digests(shards) == wanted, f"it has {follower.digests(shards)}, the owner {wanted}")
    for one in from_snapshots(ledger, follower, shards):
        check(one.digests(shards) == wanted, f"from a snapshot: {one.digests(shards)}, the owner {wanted}")

    left = list(room.folder.glob("pinion-temporary-*"))
    check(not left, f"they left {left}")

    # Its folder is one that an owner starts from.
    taken = Ledger(room, ledger.url, state=follower.state)
    run = taken.run() if ledger.is_kafka else ledger.run("--state", follower.state)
    pays(ledger, "taken", {shard: sequence for shard, (sequence, _) in wanted.items()})
    check(not run.says("is rebuilt") and run.ask_to_stop() == 0, run.said())
    return f"{events} events, {KILLS} kills, at rest {share:.1%} of a processor"


def followers_embedded(options):
    with Room("followers-embedded") as room:
        shards = options.shards or 2
        ledger, other = embedded(room).init(shards), embedded(room, "other").init(shards)
        return drill(room, ledger, other, shards, options.seed)


def followers_kafka(options):
    with Room("followers-kafka") as room:
        shards = options.shards or 2
        ledger = BROKER.ledger(room, "followed").init(shards)
        other = BROKER.ledger(room, "other").init(shards)
        return drill(room, ledger, other, shards, options.seed)


def follower_changed_log_embedded(_):
    """The log that an older copy was put in place of is not the one that it followed: said, and nothing is changed."""
    with Room("follower-log") as room:
        ledger = embedded(room).init(1)
        log, copy = room.folder / "ledger/log", room.folder / "older"
        for number in range(3):
            ledger.run()
            pays(ledger, f"p{number}", {0: 0})
            for process in room.processes:
                if process.is_alive():
                    check(process.ask_to_stop() == 0, process.said())
            if number == 0:
                shutil.copytree(log, copy)
        # Nobody holds the log: what is there is read.
        follower = Follower(ledger, "follower").follows()
        run = ledger.run()
        pays(ledger, "beside", {0: 0})
        check(run.ask_to_stop() == 0, run.said())
        follower.stop()
        wanted = follower.digests(1)
        kept = log.with_name("kept")
        log.rename(kept)
        shutil.copytree(copy, log)
        follower.stops(saying="this is not the log, or not all of it")
        # It grows past that place, with other events.
        run = ledger.run("--state", room.folder / "unknowing")
        for number in range(40):
            pays(ledger, f"other{number}", {0: 0})
        check(run.ask_to_stop() == 0, run.said())
        follower.stops(saying="the log does not hold event")
        shutil.rmtree(log)
        kept.rename(log)
        check(follower.digests(1) == wanted, "a log that it refused changed its state")
        return f"{wanted}"


TESTS = [followers_embedded, followers_kafka, follower_changed_log_embedded]
