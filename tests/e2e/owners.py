# SPDX-License-Identifier: Apache-2.0
"""Two owners at once, to whom an operator gave the same shards: the older one stops by itself, the newer one stays, nothing is doubled."""
import time

from audit import audit
from gates import KafkaGate
from harness import BROKER, Ledger, Room, check, wait_for
from load import clients_finish, clients_start, models_compare, trouble_of

STAY_S = 12


def owners_kafka(options):
    with Room("owners") as room:
        shards = options.shards or 4
        ledger = BROKER.ledger(room, "owners").init(shards)
        twin = Ledger(room, ledger.url, state=room.folder / "state-of-the-twin")
        gate = KafkaGate(ledger)
        named = [part for shard in range(shards) for part in ("--shard", shard)]
        older = ledger.run(*named)
        clients = clients_start(gate, options.seed)
        wait_for(
            "load", lambda: trouble_of(clients) or all(client.rounds > 2 for client in clients), 60
        )
        began = time.monotonic()
        newer = twin.run(*named)
        code = older.exit_code(60)
        stopped_s = time.monotonic() - began
        check(code == 4, f"the older owner ended with {code}: {older.said()}")
        check(
            older.says("another owner took it"), f"the older owner does not say why: {older.said()}"
        )

        until, answered = time.monotonic() + STAY_S, sum(client.answered for client in clients)
        while time.monotonic() < until:
            trouble_of(clients)
            check(newer.is_alive(), f"the newer owner ended too: {newer.said()}")
            time.sleep(0.05)
        more = sum(client.answered for client in clients) - answered
        check(more > 0, "no command was answered after the older owner had stopped")
        check(not newer.says("recovers from"), f"the newer owner was disturbed: {newer.said()}")
        clients_finish(clients)
        check(newer.ask_to_stop() == 0, f"SIGTERM: {newer.said()}")
        gate.close()
        books = audit(twin)
        models_compare(clients, books)
        marks = sorted(chain.marks for chain in books.chains.values())
        check(
            marks[-1] <= 4,
            f"the owners took the shards from each other: {marks} marks on the shards",
        )
        audit(ledger, is_stopped=False)  # what the older one had stored is a prefix of the log
        return (
            f"the older one stopped {stopped_s:.1f} s after the newer one started, "
            f"{more} commands answered since"
        )
