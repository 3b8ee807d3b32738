# SPDX-License-Identifier: Apache-2.0
"""The state comes from the log: lost, damaged or old, it is made again; a foreign one refused."""
import random
import shutil

from audit import audit
from gates import KafkaGate, SubmitGate
from harness import BROKER, Room, check, embedded, wait_for
from load import clients_finish, clients_start, models_compare, trouble_of

ROUNDS = 6


def played(ledger, shards, seed):
    """A run under load, stopped; the clients, whose parties are new each time."""
    gate = KafkaGate(ledger) if ledger.is_kafka else SubmitGate(ledger, shards)
    run = ledger.run("--checkpoint-ms", 200)
    clients = clients_start(gate, seed, accounts=10)
    wait_for(
        "load", lambda: trouble_of(clients) or all(client.rounds > ROUNDS for client in clients), 90
    )
    clients_finish(clients)
    check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
    gate.close()
    return clients


def run_and_stop(ledger):
    run = ledger.run()
    check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
    return run


def digests(ledger, shards):
    found = ledger.digests()
    check(
        sorted(found) == list(range(shards)),
        f"verify compared the stored state of shards {sorted(found)} only",
    )
    return found


def lost(ledger, shards, wanted):
    """No folder: rebuilt from the log alone, to the same rows."""
    shutil.rmtree(ledger.state)
    run_and_stop(ledger)
    got = digests(ledger, shards)
    check(got == wanted, f"rebuilt from the log: {got}, it was {wanted}")


def damaged(ledger, shards, wanted):
    """Unreadable files: said, and rebuilt."""
    for file in (ledger.state / "0").iterdir():
        if file.name == "CURRENT" or file.name.startswith("MANIFEST"):
            file.write_bytes(b"damaged")
    run = run_and_stop(ledger)
    check(
        run.says("the store is unreadable and is rebuilt from the log"),
        f"a damaged store: {run.said()}",
    )
    got = digests(ledger, shards)
    check(got == wanted, f"rebuilt after damage: {got}, it was {wanted}")


def foreign(ledger, other):
    """Another ledger's folder: refused, and left as it was."""
    before = digests(other, len(other.digests()))
    kept = ledger.state.with_name("kept")
    ledger.state.rename(kept)
    shutil.copytree(other.state, ledger.state)
    refused = ledger.start("run")
    code = refused.exit_code(60)
    check(code == 3, f"the state of another ledger: exit {code}: {refused.said()}")
    check(
        refused.says("another ledger") and refused.says("empty one, and it is rebuilt"),
        refused.said(),
    )
    shutil.rmtree(other.state)
    shutil.copytree(ledger.state, other.state)
    check(digests(other, len(before)) == before, "a refused folder was changed")
    shutil.rmtree(ledger.state)
    kept.rename(ledger.state)


def rebuild(ledger, other, shards, seed):
    clients = played(ledger, shards, seed)
    old = ledger.state.with_name("old")
    shutil.copytree(ledger.state, old)
    clients += played(ledger, shards, seed + 1000)
    wanted = digests(ledger, shards)
    lost(ledger, shards, wanted)
    shutil.rmtree(ledger.state)  # a copy that was kept: catches up
    old.rename(ledger.state)
    run_and_stop(ledger)
    got = digests(ledger, shards)
    check(got == wanted, f"caught up from an old copy: {got}, it was {wanted}")
    damaged(ledger, shards, wanted)

    play = random.Random(seed).randrange(1 << 20)
    played(other, shards, play)
    foreign(ledger, other)
    books = audit(ledger)
    models_compare(clients, books)
    return f"{sum(books.sequences.values())} events"


def rebuild_embedded(options):
    with Room("rebuild-embedded") as room:
        shards = options.shards or 2
        return rebuild(
            embedded(room).init(shards), embedded(room, "other").init(shards), shards, options.seed
        )


def rebuild_kafka(options):
    with Room("rebuild-kafka") as room:
        shards = options.shards or 2
        return rebuild(
            BROKER.ledger(room, "rebuild").init(shards),
            BROKER.ledger(room, "other").init(shards),
            shards,
            options.seed,
        )
