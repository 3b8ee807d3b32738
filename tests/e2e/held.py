# SPDX-License-Identifier: Apache-2.0
"""An upstream leaves a Kafka transaction open: what stands behind it waits, and the processor says so."""
import json
import re
import secrets
import signal

from confluent_kafka import Producer

from audit import audit, servers_and_prefix
from gates import KafkaGate, command, partition_of
from harness import BROKER, Room, check, wait_for

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
SHARDS = 2


class Upstream:
    """One that publishes in a Kafka transaction, and leaves it open."""

    def __init__(self, gate, servers, stream, asked):
        self.producer = Producer(
            {
                "bootstrap.servers": servers,
                "transactional.id": f"upstream-{secrets.token_hex(4)}",
                "transaction.timeout.ms": 600000,
                "partitioner": "murmur2",
                "log_level": 2,
            }
        )
        self.producer.init_transactions(60)
        self.producer.begin_transaction()
        for one in asked:
            topic = f"{gate.prefix}.{stream}"
            self.producer.produce(topic, key=one.party.encode(), value=one.SerializeToString())
        check(self.producer.flush(60) == 0, "the broker did not take what is in the Kafka transaction")


class Seen:
    """What a processor says of itself from now on."""

    def __init__(self, run, at=None):
        self.run = run
        self.at = len(self._all()) if at is None else at

    def _all(self):
        return self.run.err.read_text(errors="replace")

    def status(self, what, wanted):
        """Waits for a status line that is as wanted; the match."""

        def look():
            self.run.child.send_signal(signal.SIGUSR1)
            lines = [line for line in self._all()[self.at :].splitlines() if "status: " in line]
            return re.search(wanted, lines[-1]) if lines else None

        return wait_for(f"{what} in the status", look, 60, every=0.3)

    def line(self, what, wanted):
        return wait_for(what, lambda: re.search(wanted, self._all()[self.at :]), 60)


def parties_of(shard, count):
    """Names that this shard decides."""
    names = (f"p{secrets.token_hex(4)}" for _ in range(10000))
    return [name for name in names if partition_of(name, SHARDS) == shard][:count]


def openings(shard, count):
    return [command(name, "party_open", kind=1) for name in parties_of(shard, count)]


def answered(gate, asked):
    """Those that were sent already."""
    with gate.changed:
        return all(gate.answers[one.id] for one in asked)


def held_then_committed(ledger, gate, run):
    servers, _ = servers_and_prefix(ledger)
    inside, behind, beside = openings(1, 3), openings(1, 2), openings(0, 1)
    seen = Seen(run)
    upstream = Upstream(gate, servers, "commands", inside)
    for one in behind:
        gate.send(one)
    gate.ask([(beside[0], 1)], 60)  # the other shard goes on
    seen.status("the lag", r"lag commands 5 rails 0 control 0 internal 0,")
    held = rf"commands of shard 1 held by an open Kafka transaction since ({TIME}) from offset 0 on"
    said = seen.status("what is held", held)
    seen.line(
        "a warning",
        rf"warning shard 1: commands is held by an open Kafka transaction since {said[1]}: nothing from offset 0 on"
        r" \(5 behind\) can be read until the upstream",
    )
    check(not answered(gate, [*inside[:1]]) and not answered(gate, behind[:1]), "what is held was decided")
    upstream.producer.commit_transaction(60)
    seen.line("its end", rf"info +shard 1: commands is read again from offset 0 on: .* since {said[1]} has ended")
    wait_for("all are answered", lambda: answered(gate, inside + behind), 60)
    line = seen.status("that nothing is held", r"lag commands 0 rails 0 .* engine time ahead .*").string
    check("held" not in line, f"after the commit: {line}")


def funds(party):
    asked = command(
        party, "funds_receive", to_account=f"{party}/a", amount=(1, "USD"), rail=1, rail_reference=party
    )
    return asked


def held_then_aborted(ledger, gate, run):
    """Of rails, seen by a processor that starts only then; commands go on meanwhile."""
    servers, _ = servers_and_prefix(ledger)
    names = parties_of(0, 3)
    upstream = Upstream(gate, servers, "rails", [funds(name) for name in names[:2]])
    check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
    run = ledger.run("--log-format", "json")
    seen, behind = Seen(run), funds(names[2])
    gate.send(behind)
    said = seen.status("what is held", rf"rails of shard 0 held by an open Kafka transaction since ({TIME}) from offset 0")
    check(" lag commands 0 rails 3 " in said.string, f"the lag of rails: {said.string}")
    gate.ask([(openings(0, 1)[0], 1)], 60)
    upstream.producer.abort_transaction(60)
    seen.line("its end", r"rails is read again from offset 0 on")
    wait_for("what stood behind is answered", lambda: answered(gate, [behind]), 60)
    line = seen.status("that nothing is held", r"lag commands 0 rails 0 ").string
    check("held" not in json.loads(line)["text"], f"after the abort: {line}")
    return run


def held_events(ledger, gate):
    """A stranger's, on the events: no owner can live, and it says why."""
    servers, _ = servers_and_prefix(ledger)
    stranger = Upstream(gate, servers, "events", openings(0, 1))
    run = ledger.start("run", "--shard", "0")
    seen = Seen(run, 0)
    seen.line("what holds the events", r"shard 0: recovers from: .*not read back in 10000 ms: a Kafka transaction is open on")
    stranger.producer.abort_transaction(60)
    seen.line("life", r"live: 1 shard")
    check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")


def held_kafka(_):
    with Room("held") as room:
        ledger = BROKER.ledger(room, "held").init(SHARDS)
        gate, run = KafkaGate(ledger), ledger.run()
        held_then_committed(ledger, gate, run)
        run = held_then_aborted(ledger, gate, run)
        check(not run.says("recovers from"), f"it recovered: {run.said()}")
        check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
        held_events(ledger, gate)
        gate.close()
        audit(ledger)
        return "a commit and an abort, both told"
