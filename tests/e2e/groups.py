# SPDX-License-Identifier: Apache-2.0
"""Processes with one command line share a ledger's shards. The drills of docs/groups.md are made here."""
import itertools
import pathlib
import re
import shutil
import signal
import statistics
import tempfile
import threading
import time

from confluent_kafka import Consumer

from audit import audit
from contract import types_pb2
from gates import KafkaGate, command, partition_of
from harness import BROKER, Broker, Failure, Ledger, Room, check, wait_for
from load import clients_finish, clients_start, models_compare, trouble_of

SHARDS = 8
SECONDS = 60  # generous: a machine at full load takes its time
STATUS = re.compile(r"status: (\d+) of (\d+) shards live.* follows (\d+) \(.* behind\), (\d+) process")


class Host:
    """A place where a processor runs: it has a state folder, and the same command line as all others."""

    def __init__(self, ledger, name, *options):
        self.ledger = Ledger(ledger.room, ledger.url, state=ledger.room.folder / f"state-{name}")
        self.options, self.process = options, None

    def begin(self):
        self.process = self.ledger.start("run", *self.options)
        return self

    def signal(self, number):
        self.process.child.send_signal(number)

    def text(self):
        return self.process.err.read_text(errors="replace")

    def figures(self):
        """(live, owned, followed, processes) as the status line has them now."""
        # Earlier than that the signal ends it.
        wait_for("it is one of them", lambda: "shares: " in self.text() or not self.process.is_alive(), SECONDS)
        check(self.process.is_alive(), f"pinion run ended: {self.process.said()}")
        before = self.text().count("status:")
        self.signal(signal.SIGUSR1)
        wait_for("a status line", lambda: self.text().count("status:") > before, SECONDS)
        return tuple(map(int, STATUS.findall(self.text())[-1]))

    def rests(self):
        self.figures()
        status = [line for line in self.text().splitlines() if "status:" in line][-1]
        return re.search(r"lag commands 0 rails 0 control 0 internal 0,.*timer due (none|in \d{3,} s)", status)

    def stop(self):
        code = self.process.ask_to_stop()
        check(code == 0, f"SIGTERM: exit {code}: {self.process.said()}")

    def owns(self, live, followed, processes):
        return self.figures() == (live, live, followed, processes)


def shared_by(*hosts, standby=1):
    """All shards are live, each at one of these, evenly, and each is followed by so many others."""

    def is_so():
        figures = [host.figures() for host in hosts]
        lives = [live for live, _, _, _ in figures]
        return (
            all(live == owned and of == len(hosts) for live, owned, _, of in figures)
            and sum(lives) == SHARDS
            and max(lives) <= -(-SHARDS // len(hosts))
            and sum(followed for _, _, followed, _ in figures) == SHARDS * standby
        )

    try:
        wait_for("the shards are shared out", is_so, SECONDS, every=0.2)
    except Failure as failure:
        said = "; ".join(f"{host.figures()} {host.process.said()[-600:]}" for host in hosts)
        raise Failure(f"{failure}: {said}") from None


class Load:
    """Upstreams that know what they must be answered, on every shard."""

    def __init__(self, ledger, options):
        self.gate = KafkaGate(ledger)
        self.clients = clients_start(self.gate, options.seed, parties=1, accounts=6, round_size=4)
        self.answered()

    def answered(self):
        """Two rounds more of each: every shard has an owner that decides."""
        before = [client.rounds for client in self.clients]
        wait_for(
            "every shard answers",
            lambda: trouble_of(self.clients)
            or all(client.rounds > was + 1 for client, was in zip(self.clients, before)),
            120,
        )

    def end(self, *hosts):
        """The books are what the upstreams say, and every host's state is what the log says."""
        clients_finish(self.clients)
        # No hold ends by itself any more, so no tick is under way when they stop.
        wait_for("nothing is due", lambda: all(host.rests() for host in hosts), SECONDS, every=0.5)
        for host in hosts:
            host.stop()
        self.gate.close()
        models_compare(self.clients, audit(hosts[0].ledger))
        for host in hosts[1:]:
            audit(host.ledger, is_stopped=False)


def dies(host):
    host.process.kill()


def taken_over(survivor, count):
    """The survivor owns that many."""
    wait_for("taken over", lambda: survivor.owns(count, 0, 1), SECONDS, every=0.1)


# --- The drills ---


def group_kafka(options):
    """Two share, one is killed, comes back, is stopped in order, and a third one joins; under load."""
    with Room("group") as room:
        ledger = BROKER.ledger(room, "group").init(SHARDS)
        one, two, three = (Host(ledger, name) for name in ("one", "two", "three"))
        one.begin()
        wait_for("the first one is live", lambda: one.text().count("live: 8 shards") == 1, SECONDS)
        two.begin()
        shared_by(one, two)
        load = Load(ledger, options)
        check("recovers from" not in one.text() + two.text(), f"{one.text()} {two.text()}")

        dies(two)
        taken_over(one, SHARDS)
        load.answered()
        two.begin()
        shared_by(one, two)
        two.stop()  # exit 0: what others took is no fault
        check("gives what it owns to the others" in two.text(), two.text())
        taken_over(one, SHARDS)
        load.answered()
        two.begin()
        shared_by(one, two)
        three.begin()
        shared_by(one, two, three)
        load.answered()
        load.end(one, two, three)
        return "killed, back, stopped, back, a third one"


def group_frozen_kafka(options):
    """A process that stands still for long is overtaken. When it goes on it decides nothing more, follows, and
    gets its share back as one that comes anew."""
    with Room("frozen") as room:
        ledger = BROKER.ledger(room, "frozen").init(SHARDS)
        one, two = (Host(ledger, name).begin() for name in ("one", "two"))
        shared_by(one, two)
        load = Load(ledger, options)
        two.signal(signal.SIGSTOP)
        try:
            taken_over(one, SHARDS)
            load.answered()
        finally:
            two.signal(signal.SIGCONT)
        wait_for(
            "it finds that it was overtaken",
            lambda: two.text().count("goes on as a follower: ") >= SHARDS // 2,
            SECONDS,
        )
        shared_by(one, two)
        load.answered()
        load.end(one, two)
        return "overtaken, follows, and back"


def group_restart_kafka(_):
    """Killed and started again before anybody missed it, a process owns what it did, and no shard moves. Who else
    reads under the group's name owns nothing. A copy of a state folder is told."""
    with Room("group-restart") as room:
        ledger = BROKER.ledger(room, "restart").init(SHARDS)
        one, two = (Host(ledger, name).begin() for name in ("one", "two"))
        shared_by(one, two)
        moves = one.text().count("the owner is to be")
        dies(two)
        two.begin()
        shared_by(one, two)
        check(one.text().count("the owner is to be") == moves, f"shards moved: {one.text()}")

        servers, prefix = ledger.url[len("kafka://"):].split("/")
        stranger = Consumer(
            {"bootstrap.servers": servers, "group.id": f"{prefix}.owners", "partition.assignment.strategy": "range"}
        )
        stranger.subscribe([f"{prefix}.events"])
        wait_for("the stranger is let in", lambda: stranger.poll(0.1) is None and stranger.assignment(), SECONDS)
        shared_by(one, two)
        check(one.text().count("the owner is to be") == moves, f"shards moved to a stranger: {one.text()}")
        stranger.close()

        double = Host(ledger, "double")
        double.ledger.state.mkdir()
        shutil.copy2(two.ledger.state / "member", double.ledger.state / "member")
        double.begin()
        wait_for("it is told", lambda: "another process has this one's name" in two.text(), SECONDS)
        for host in (double, one, two):
            host.stop()
        return "nothing moved"


def group_standby_kafka(_):
    """As many follow each shard as the operator says; nobody, where that is so."""
    with Room("group-standby") as room:
        ledger = BROKER.ledger(room, "standby").init(SHARDS)
        hosts = [Host(ledger, name, "--standby", 2).begin() for name in ("one", "two", "three")]
        shared_by(*hosts, standby=2)
        for host in hosts:
            host.stop()
        one, two = (Host(ledger, name, "--standby", 0).begin() for name in ("one", "two"))
        shared_by(one, two, standby=0)
        dies(two)
        taken_over(one, SHARDS)
        one.stop()
        for options in (["--standby", 1, "--shard", 0], ["--standby", 5]):
            refused = Host(ledger, "refused", *options).begin()
            code = refused.process.exit_code()
            check(code == 2 and "--standby" in refused.text(), f"exit {code}: {refused.text()}")
        return "2, and none"


def group_session_kafka(_):
    """The shortest session that the brokers take, unless the operator says which; with Kafka's defaults."""
    with tempfile.TemporaryDirectory() as folder, Room("session") as room:
        properties = pathlib.Path(folder) / "properties"
        properties.write_text("group.min.session.timeout.ms=6000\ngroup.initial.rebalance.delay.ms=3000\n")
        with Broker(folder=f"{folder}/kafka", flags=["--properties", str(properties)]) as broker:
            ledger = broker.ledger(room, "session").init(SHARDS)
            config = pathlib.Path(folder) / "client"
            config.write_text("session.timeout.ms=1000\n")
            short = Host(ledger, "short", "--kafka-config", config).begin()
            check(short.process.exit_code() == 3, short.text())
            check("takes no session time-out of 1000 ms" in short.text(), short.text())
            one, two = (Host(ledger, name).begin() for name in ("one", "two"))
            shared_by(one, two)
            began = time.monotonic()
            dies(two)
            taken_over(one, SHARDS)
            seconds = time.monotonic() - began
            check(seconds > 4, f"a session of 6 s was over after {seconds:.1f} s")
            one.stop()
            return f"taken over after {seconds:.1f} s with the brokers' default"


def rolling_restart_kafka(options):
    """One after the other is stopped and started again: every shard is always owned."""
    with Room("rolling") as room:
        ledger = BROKER.ledger(room, "rolling").init(SHARDS)
        hosts = [Host(ledger, name).begin() for name in ("one", "two", "three")]
        shared_by(*hosts)
        load = Load(ledger, options)
        with Watch(load.gate) as watch:
            for host in hosts:
                host.stop()
                host.begin()
                shared_by(*hosts)
        load.end(*hosts)
        return f"longest time without an outcome {watch.longest():.2f} s"


def disk_replaced_kafka(options):
    """A disk is lost with its state folder; the empty folder in its place is filled from the log, and only then
    does its process own shards again."""
    with Room("disk") as room:
        ledger = BROKER.ledger(room, "disk").init(SHARDS)
        one, two = (Host(ledger, name).begin() for name in ("one", "two"))
        shared_by(one, two)
        load = Load(ledger, options)
        dies(two)
        shutil.rmtree(two.ledger.state)
        taken_over(one, SHARDS)
        two.begin()
        shared_by(one, two)
        check("shard" in two.text() and "follows" in two.text(), two.text())
        load.end(one, two)
        return "filled from the log"


# --- How long it takes ---


class Watch:
    """Asks every shard again and again, and notes how long it waited for each answer."""

    def __init__(self, gate):
        self.gate, self.is_over, self.waits = gate, threading.Event(), []
        self.threads = [threading.Thread(target=self.ask, args=(shard,), daemon=True) for shard in range(gate.shards)]

    def ask(self, shard):
        names = (name for name in (f"watch-{n}" for n in itertools.count()) if partition_of(name, self.gate.shards) == shard)
        while not self.is_over.is_set():
            one = command(next(names), "party_open", kind=types_pb2.PARTY_KIND_PERSON)
            began = time.monotonic()
            self.gate.ask([(one, 1)], SECONDS)
            self.waits.append(time.monotonic() - began)
            time.sleep(0.02)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        for thread in self.threads:
            thread.join(SECONDS)

    def longest(self):
        check(self.waits, "nothing was answered")
        return max(self.waits)


def group_takeovers_kafka(options):
    """By hand: how long it takes until all shards of a process that was killed are live at the other one (--kills
    times), and how long somebody who asks waits then, and while it is stopped in order."""
    with Room("takeovers") as room:
        ledger = BROKER.ledger(room, "takeovers").init(SHARDS)
        hosts = [Host(ledger, name).begin() for name in ("one", "two")]
        gate = KafkaGate(ledger, resend_s=60)
        found = {"kill -9": ([], []), "SIGTERM": ([], [])}
        for how, turn in itertools.product(found, range(options.kills)):
            victim, other = hosts[turn % 2], hosts[1 - turn % 2]
            shared_by(*hosts)
            before = other.text().count(": live, term")
            with Watch(gate) as watch:
                began = time.monotonic()
                victim.signal(signal.SIGKILL if how == "kill -9" else signal.SIGTERM)
                wait_for(
                    "taken over", lambda: other.text().count(": live, term") >= before + SHARDS // 2, SECONDS, 0.01
                )
                found[how][0].append(time.monotonic() - began)
            found[how][1].append(watch.longest())
            victim.process.exit_code()
            victim.begin()
        shared_by(*hosts)
        for host in hosts:
            host.stop()
        gate.close()
        return "; ".join(
            f"{how}: live elsewhere after {statistics.median(taken):.2f} s (worst {max(taken):.2f}), longest wait for an "
            f"answer {statistics.median(waits):.2f} s (worst {max(waits):.2f})"
            for how, (taken, waits) in found.items()
        )


TESTS = [group_kafka, group_frozen_kafka, group_restart_kafka, group_standby_kafka, group_session_kafka, rolling_restart_kafka, disk_replaced_kafka]
