# SPDX-License-Identifier: Apache-2.0
"""A broker far away: every answer takes a round trip, and nothing else is wrong."""
import contextlib
import json
import pathlib
import tempfile
import time

from audit import audit
from gates import KafkaGate, command, json_of
from harness import Broker, Ledger, Room, check, wait_for
from load import (
    clients_finish,
    clients_start,
    models_compare,
    trouble_of,
)
from network import Network

LIVE_S_MAX, ANSWER_S_MAX, STOP_S_MAX = 180, 90, 10
LINES, INITS = 50, 8


class Distant(Broker):
    """A broker that can be reached over a network with a round-trip time, too."""

    def __init__(self, properties=""):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="pinion-e2e-distant-"))
        (folder / "properties").write_text(properties)
        super().__init__(
            folder=folder, flags=["--proxied", "1", "--properties", folder / "properties"]
        )
        self.way = self.network = None

    def open(self, room):
        self.need()
        listener, self.way = pathlib.Path(self.folder, "proxied").read_text().split()
        self.network = Network(room, 0, [(port_of(self.way), port_of(listener))])

    def round_trip(self, milliseconds):
        self.network.set(0, f"delay {milliseconds // 2}")

    def far(self, near, state=None):
        """The same ledger, over that network."""
        return Ledger(near.room, near.url.replace(self.address, self.way), state or near.state)


def port_of(address):
    return int(address.rsplit(":", 1)[1])


@contextlib.contextmanager
def distant(name, properties=""):
    broker = Distant(properties)
    try:
        with Room(name) as room:
            broker.open(room)
            yield room, broker
    finally:
        broker.end()


def timed(function, *arguments, **options):
    began = time.monotonic()
    result = function(*arguments, **options)
    return result, time.monotonic() - began


def is_undisturbed(run):
    check(not run.says("recovers from"), f"it recovered, and was only far away: {run.said()}")


def stops(run, codes=(0,)):
    code, took = timed(run.ask_to_stop)
    check(took < STOP_S_MAX, f"SIGTERM was obeyed after {took:.1f} s only: {run.said()}")
    check(code in codes, f"SIGTERM: exit {code}: {run.said()}")
    return took


def openings():
    return "".join(
        json.dumps({"party": f"far-{n}", "party_open": {"kind": "person"}}) + "\n"
        for n in range(LINES)
    )


def all_answered(submit):
    code = submit.exit_code(ANSWER_S_MAX)
    check(code == 0, f"pinion submit: exit {code}: {submit.said()}")
    outcomes = [json.loads(line) for line in submit.printed().splitlines()]
    check(
        len(outcomes) == LINES and all("party_opened" in one for one in outcomes),
        f"not all were answered: {outcomes}",
    )


def round_await(clients):
    """One round more is begun and answered."""
    before = clients[0].rounds

    def is_over():
        trouble_of(clients)
        return clients[0].rounds > before + 1

    wait_for("a round is answered", is_over, ANSWER_S_MAX)


def distant_kafka(options):
    """Founded, run, asked and taken over from afar, with not one recovery."""
    with distant("distant") as (room, broker):
        near = broker.ledger(room, "distant").init(1)
        twin = broker.far(near, room.folder / "state-of-the-twin")
        broker.round_trip(options.round_trip)
        init = broker.far(broker.ledger(room, "founded")).start("init", "--shards", 1)
        submit = broker.far(near).start("submit", text=openings())
        run, live_s = timed(broker.far(near).run, "--shard", 0, seconds=LIVE_S_MAX)
        _, answer_s = timed(all_answered, submit)

        gate = KafkaGate(near, resend_s=ANSWER_S_MAX)  # answers come late, and nothing is lost
        clients = clients_start(gate, options.seed, deadline_s=ANSWER_S_MAX)
        round_await(clients)
        is_undisturbed(run)
        code = init.exit_code(LIVE_S_MAX)
        check(code == 0, f"pinion init: exit {code}: {init.said()}")
        newer, twin_s = timed(twin.run, "--shard", 0, seconds=LIVE_S_MAX)  # it has witnesses to compare
        code = run.exit_code()
        check(
            code == 4 and run.says("another owner took it"),
            f"the older owner ended with {code}: {run.said()}",
        )
        round_await(clients)
        clients_finish(clients)
        gate.close()
        is_undisturbed(newer)
        stop_s = stops(newer)
        broker.round_trip(0)
        # A tick that the stop overtook is decided before a command that comes after it.
        last = Ledger(room, near.url, twin.state)
        run = last.run()
        latecomer = last.submit(json_of(command("latecomer", "party_open", kind=1)))[0]
        check("party_opened" in latecomer, f"{latecomer}: {run.said()}")
        stops(run)
        books = audit(last)
        models_compare(clients, books)
        return (
            f"{options.round_trip} ms: live in {live_s:.1f} s, {LINES} answers {answer_s:.1f} s later, "
            f"taken over in {twin_s:.1f} s, stopped in {stop_s:.1f} s"
        )


def silent_kafka(options):
    """A broker that falls silent in the middle of a commit holds no stop up."""
    with distant("silent") as (room, broker):
        near = broker.ledger(room, "silent").init(1)
        gate = KafkaGate(near)
        run = broker.far(near).run()
        clients = clients_start(gate, options.seed, deadline_s=ANSWER_S_MAX)
        round_await(clients)
        broker.round_trip(options.round_trip)  # so that most of the time a commit is under way
        round_await(clients)
        broker.network.set(0, "answers")
        stop_s = stops(run, (0, 3))
        gate.close()
        return f"stopped in {stop_s:.1f} s"


def init_early_kafka(_):
    """A broker that the cluster does not count on for a moment is no reason to make no ledger. This
    one says that it lives every 4 s, and counts for 3 of them; from afar that moment is met."""
    properties = "broker.heartbeat.interval.ms=4000\nbroker.session.timeout.ms=2800\n"
    with distant("early", properties) as (room, broker):
        broker.round_trip(200)
        inits = []
        for n in range(INITS):  # over the whole of the 4 s
            near = broker.ledger(room, f"early-{n}")
            inits.append(broker.far(near).start("init", "--shards", 1))
            time.sleep(4 / INITS)
        for init in inits:
            code = init.exit_code(LIVE_S_MAX)
            check(code == 0, f"pinion init: exit {code}: {init.said()}")
