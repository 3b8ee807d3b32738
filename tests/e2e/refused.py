# SPDX-License-Identifier: Apache-2.0
"""The broker takes the shard's mark and refuses its events: the owner is live for an instant, again and again.

It must not spin: each try waits longer than the one before, an alarm says so, and the log does not grow by
what comes to nothing. Once the events are let in again it goes on by itself.
"""
import datetime
import time

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

from audit import audit, servers_and_prefix
from gates import KafkaGate
from harness import BROKER, Room, check, wait_for
from load import answers_again, clients_finish, clients_start, load_await, models_compare
from settings import topic_alter

ENOUGH, TOO_FEW = "4194304", "512"  # bytes: a mark fits into the latter, a batch of events does not
WATCHED_S = 12
RECOVERIES_MAX, OFFSETS_PER_S_MAX = 4, 2.5
LOOK_S = 60  # then the processor looks at the topics, and stops for a setting that is wrong
BACK_S_MAX = 60


def recoveries(run):
    """When each began, seconds."""
    return [
        datetime.datetime.fromisoformat(line.split()[0].replace("Z", "+00:00")).timestamp()
        for line in run.err.read_text(errors="replace").splitlines()
        if "recovers from:" in line
    ]


class Ends:
    def __init__(self, servers, topic):
        self.place = TopicPartition(topic, 0)
        self.consumer = Consumer({"bootstrap.servers": servers, "group.id": topic, "log_level": 2})

    def offset(self):
        return self.consumer.get_watermark_offsets(self.place, timeout=30)[1]


def refused_events_kafka(options):
    with Room("refused") as room:
        ledger = BROKER.ledger(room, "refused").init(1)
        servers, prefix = servers_and_prefix(ledger)
        topic, admin = f"{prefix}.events", AdminClient({"bootstrap.servers": servers})
        ends, gate = Ends(servers, topic), KafkaGate(ledger)
        began = time.monotonic()
        run = ledger.run()
        clients = clients_start(gate, options.seed, deadline_s=180)
        load_await(clients)

        topic_alter(admin, topic, "max.message.bytes", TOO_FEW)
        wait_for("the alarm", lambda: run.says("ALARM, again not live"), 40)
        before, known = ends.offset(), len(recoveries(run))
        time.sleep(WATCHED_S)  # the time over which both are counted
        grown, tries = ends.offset() - before, len(recoveries(run)) - known
        topic_alter(admin, topic, "max.message.bytes", ENOUGH)
        took = time.monotonic() - began
        check(took < LOOK_S, f"this machine is too slow: {took:.0f} s, then all shards are stopped")
        check(tries <= RECOVERIES_MAX, f"{tries} recoveries in {WATCHED_S} s: {run.said()}")
        check(
            grown <= OFFSETS_PER_S_MAX * WATCHED_S, f"the log grew by {grown} in {WATCHED_S} s"
        )
        times = recoveries(run)
        first, last = times[1] - times[0], times[-1] - times[-2]
        check(last > first, f"it waited for {first:.1f} s at first, for {last:.1f} s at last")

        back_s = answers_again(clients, run, BACK_S_MAX)
        clients_finish(clients)
        check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
        gate.close()
        models_compare(clients, audit(ledger))
        return (
            f"{len(times)} recoveries, {first:.1f} s apart at first, {last:.1f} s at last; "
            f"{grown} offsets in {WATCHED_S} s; answers {back_s:.1f} s after it was put right"
        )
