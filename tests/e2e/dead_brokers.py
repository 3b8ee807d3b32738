# SPDX-License-Identifier: Apache-2.0
"""Brokers that die and never come back: others take over within seconds, or a stop ends all waiting."""
import pathlib
import signal
import subprocess
import tempfile
import time

from confluent_kafka.admin import AdminClient

from audit import servers_and_prefix
from gates import KafkaGate
from harness import ROOT, Broker, Room, check, wait_for
from load import answers_again, clients_start, load_await

STOP_S_MAX = 10
LIVE_S_MAX = 30


class Cluster(Broker):
    """Several brokers, each of which can be killed for good."""

    def __init__(self, count):
        super().__init__(
            folder=tempfile.mkdtemp(prefix="pinion-e2e-cluster-"), flags=["--brokers", str(count)]
        )

    def kill(self, number):
        stop = ROOT / "deploy/kafka/stop"
        folder = pathlib.Path(self.folder, f"broker-{number}")
        subprocess.run([stop, folder, "--kill"], timeout=60, check=True)

    def leader(self, topic):
        found = AdminClient({"bootstrap.servers": self.address}).list_topics(topic, timeout=30)
        return found.topics[topic].partitions[0].leader


def stop_within(run, codes):
    began = time.monotonic()
    run.child.send_signal(signal.SIGTERM)
    code = run.exit_code(60)
    took = time.monotonic() - began
    check(took < STOP_S_MAX, f"SIGTERM was obeyed after {took:.1f} s only: {run.said()}")
    check(code in codes, f"SIGTERM: exit {code}: {run.said()}")
    return took


def leader_killed_kafka(options):
    """Of two brokers the one that leads the events: the other one leads then."""
    cluster = Cluster(2)
    try:
        cluster.need()
        with Room("dead-leader") as room:
            ledger = cluster.ledger(room, "dead-leader").init(1)
            gate = KafkaGate(ledger)
            run = ledger.run()
            clients = clients_start(gate, options.seed, deadline_s=120)
            load_await(clients)
            _, prefix = servers_and_prefix(ledger)
            cluster.kill(cluster.leader(f"{prefix}.events"))
            live_s = answers_again(clients, run, LIVE_S_MAX)

            for number in (1, 2):
                cluster.kill(number)
            wait_for("the loss is noticed", lambda: run.says("recovers from"), 60)
            time.sleep(2)  # so that it waits in whatever asks the log
            took = stop_within(run, (0, 3))
            gate.close()
            return f"answers {live_s:.1f} s after its leader died; with none left ends in {took:.1f} s"
    finally:
        cluster.end()


def stop_without_broker_kafka(options):
    """The only broker dies for good: a stop ends at once what waits for it, wherever that is."""
    broker = Broker(folder=tempfile.mkdtemp(prefix="pinion-e2e-dead-"))
    try:
        broker.need()
        with Room("dead-broker") as room:
            ledger = broker.ledger(room, "dead-broker").init(2)
            runs = [ledger.run("--shard", 0), ledger.run("--shard", 1)]
            gate = KafkaGate(ledger)
            clients = clients_start(gate, options.seed, deadline_s=120)
            load_await(clients)
            broker.signal(signal.SIGSTOP)  # it answers nothing, and its connections stay
            wait_for("the loss is noticed", lambda: runs[0].says("recovers from"), 60)

            def tells():
                runs[0].child.send_signal(signal.SIGUSR1)
                return runs[0].says(", waits: shard 0 for ")

            wait_for("it says what it waits for", tells, 60, every=0.5)
            took = [stop_within(runs[0], (0, 3))]
            broker.signal(signal.SIGCONT)
            broker.stop("--kill")
            wait_for("the loss is noticed", lambda: runs[1].says("recovers from"), 60)
            took.append(stop_within(runs[1], (0, 3)))

            starting = ledger.start("run")
            time.sleep(1)
            took.append(stop_within(starting, (0,)))
            gate.close()
            return f"stopped in {', '.join(f'{s:.1f}' for s in took)} s"
    finally:
        broker.end()
