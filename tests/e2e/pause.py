# SPDX-License-Identifier: Apache-2.0
"""The broker goes away and comes back: the only owner comes back by itself, in the same process."""
import signal
import time

from audit import audit
from gates import KafkaGate
from harness import BROKER, Room, check
from load import answers_again, clients_finish, clients_start, load_await, models_compare

PAUSE_S = 15
PATIENCE_S = 9
BACK_S_MAX = 120


def ridden_out(options, name, trouble):
    """Load before, during and after; trouble() takes the broker away and brings it back."""
    BROKER.need_ours()
    with Room(name) as room:
        ledger = BROKER.ledger(room, name).init(options.shards or 2)
        gate = KafkaGate(ledger)
        run = ledger.run()
        clients = clients_start(gate, options.seed, deadline_s=BACK_S_MAX + PAUSE_S)
        load_await(clients)
        trouble()
        back_s = answers_again(clients, run, BACK_S_MAX)
        clients_finish(clients)
        check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
        gate.close()
        models_compare(clients, audit(ledger))
        return f"all shards answer again {back_s:.1f} s after the broker came back"


def pause_kafka(options):
    def pause():
        BROKER.signal(signal.SIGSTOP)
        try:
            time.sleep(PAUSE_S)
        finally:
            BROKER.signal(signal.SIGCONT)

    return ridden_out(options, "pause", pause)


def crash_kafka(options):
    def crash():
        BROKER.stop("--kill")
        BROKER.start()
        BROKER.need()

    return ridden_out(options, "crash", crash)


def patience_kafka(options):
    """With `socket.timeout.ms` raised above a pause it is waited for; as it is, the shard recovers."""
    BROKER.need_ours()
    with Room("patience") as room:
        config = room.folder / "properties"
        config.write_text("socket.timeout.ms=20000\n")
        ledgers = [BROKER.ledger(room, name).init(1) for name in ("patient", "usual")]
        runs = [ledgers[0].run("--kafka-config", config), ledgers[1].run()]
        gates = [KafkaGate(ledger) for ledger in ledgers]
        clients = [
            clients_start(gate, options.seed, deadline_s=BACK_S_MAX + PAUSE_S) for gate in gates
        ]
        for of_one in clients:
            load_await(of_one)
        BROKER.signal(signal.SIGSTOP)
        try:
            time.sleep(PATIENCE_S)
        finally:
            BROKER.signal(signal.SIGCONT)
        for of_one, run in zip(clients, runs):
            answers_again(of_one, run, BACK_S_MAX)
        recovered = [run.says("recovers from: ") for run in runs]
        check(recovered == [False, True], f"recovered: {recovered}; {runs[0].said()}; {runs[1].said()}")
        for of_one, run, gate, ledger in zip(clients, runs, gates, ledgers):
            clients_finish(of_one)
            check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
            gate.close()
            models_compare(of_one, audit(ledger))
        return f"a pause of {PATIENCE_S} s"
