# SPDX-License-Identifier: Apache-2.0
"""kill -9 of `pinion run` at random moments under load: no cent lost, none doubled, no id twice."""
import random
import statistics
import time

from audit import audit
from gates import KafkaGate, SubmitGate, command
from harness import BROKER, Failure, Room, check, embedded, wait_for
from load import between_count, clients_finish, clients_start, models_compare, trouble_of
from supervisor import Supervisor

RESTART_S_MAX = 90


class Killer(Supervisor):
    """Of the only `pinion run` there is."""

    def __init__(self, ledger, clients, choice):
        super().__init__(ledger)
        self.clients, self.random = clients, choice

    def ended(self, code):
        """Starts it again where a submit held the folder; any other end is a failure."""
        if code != 3 or not self.run.says("another process holds"):
            super().ended(code)
        self.start()

    def look(self):
        trouble_of(self.clients)
        check(
            super().look() or time.monotonic() - self.started < RESTART_S_MAX,
            f"pinion run is not live after {RESTART_S_MAX} s: {self.run.said()}",
        )
        return self.is_live

    def watch(self, seconds):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.look()
            time.sleep(0.01)

    def kill(self):
        super().kill()
        self.start()

    def kill_at_random(self):
        """Mostly under load, some while it recovers."""
        if self.random.random() < 0.25:
            recovery_s = statistics.median(self.restart_s or [0.5])
            self.watch(self.random.uniform(0, recovery_s))
        else:
            wait_for("pinion run is live", self.look, RESTART_S_MAX, every=0.01)
            self.watch(self.random.expovariate(1 / 0.8))
        self.kill()


def probe_all(gate, clients):
    """No shard is stuck: each answers, now."""
    for client in clients:
        one = command(
            client.parties[0], "account_open", account=f"{client.parties[0]}/probe", currency="EUR"
        )
        gate.ask([(one, 1)], 30)
        client.final[one.id] = "account_opened"
        client.asked_times[one.id] += 1


def kills(ledger, count, shards, seed, submit_kills=False):
    choice = random.Random(seed)
    began = time.monotonic()
    gate = KafkaGate(ledger) if ledger.is_kafka else SubmitGate(ledger, shards)
    clients = clients_start(gate, seed, count=max(shards, 2))
    supervisor = Killer(ledger, clients, choice)
    supervisor.start()
    submits_killed = 0
    try:
        while supervisor.kills < count:
            supervisor.kill_at_random()
            if submit_kills and choice.random() < 0.5:
                submits_killed += gate.kill_one()
        wait_for("pinion run is live", supervisor.look, RESTART_S_MAX)
        while any(client.is_alive() and not client.rounds for client in clients):
            supervisor.watch(0.1)  # each client is beyond its opening
        for client in clients:
            client.is_over.set()
        while any(client.is_alive() for client in clients):
            supervisor.watch(0.05)
        clients_finish(clients)
        probe_all(gate, clients)
        check(supervisor.run.ask_to_stop() == 0, f"SIGTERM: {supervisor.run.said()}")
    finally:
        gate.close()
    books = audit(ledger)
    models_compare(clients, books)
    answered, repeats = sum(client.answered for client in clients), sum(books.repeats.values())
    killed = f"{supervisor.kills} kills ({supervisor.kills_in_recovery} in recovery"
    killed += f", {submits_killed} more of submit)" if submit_kills else ")"
    slowest, between = max(supervisor.restart_s), between_count(clients)
    return (
        f"{killed}, {answered} commands answered, {between[0]} payments between "
        f"shards ({between[1]} came back), {repeats} repeats, "
        f"{sum(books.sequences.values())} events, live again in "
        f"{statistics.median(supervisor.restart_s):.2f} s (median), "
        f"{slowest:.2f} s (slowest), {time.monotonic() - began:.0f} s in all"
    )


def kills_embedded(options):
    with Room("kills-embedded") as room:
        shards = options.shards or 2
        return kills(embedded(room).init(shards), options.kills, shards, options.seed)


def kills_embedded_submit(options):
    """Submits are killed too; with no `run` beside them they are the processor themselves."""
    with Room("kills-submit") as room:
        ledger = embedded(room).init(1)
        choice = random.Random(options.seed)
        gate = SubmitGate(ledger, 1)
        clients = clients_start(gate, options.seed, count=2)
        count, done, until = max(5, options.kills // 2), 0, time.monotonic() + 240
        while done < count:
            trouble_of(clients)
            if time.monotonic() > until:
                raise Failure(f"only {done} of {count} submits could be killed")
            time.sleep(choice.expovariate(1 / 0.3))
            done += gate.kill_one()
        clients_finish(clients)
        books = audit(ledger)
        models_compare(clients, books)
        return f"{done} kills of the submit that decides, {sum(books.sequences.values())} events"


def kills_kafka(options):
    with Room("kills-kafka") as room:
        shards = options.shards or 4
        return kills(BROKER.ledger(room, "kills").init(shards), options.kills, shards, options.seed)
