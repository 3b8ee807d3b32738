# SPDX-License-Identifier: Apache-2.0
"""--refuse-input answers one record before it is decided; --accept-clock takes the same places."""
import json

from audit import audit
from contract import reject_pb2
from gates import KafkaGate, command, json_of, partition_of
from harness import BROKER, Room, check, embedded, wait_for

PLACES_WRONG = [
    "commands",
    "commands:0",
    "events:0:1",
    "commands:x:1",
    "commands:0:-1",
    "commands:0:1x",
    ":0:1",
    "",
]


def options_check(ledger):
    for option in ("--refuse-input", "--accept-clock"):
        for place in PLACES_WRONG:
            refused = ledger.call("run", option, place, wanted=2)
            check(refused.says("TOPIC:PARTITION:OFFSET"), f"{option} {place}: {refused.said()}")


def refuse_input_embedded(_):
    with Room("refuse") as room:
        ledger = embedded(room).init(1)
        options_check(ledger)
        run = ledger.run(
            "--refuse-input",
            "commands:0:1",
            "--refuse-input",
            "commands:0:99",
            "--accept-clock",
            "rails:0:5",
        )
        parties = [command(f"p{n}", "party_open", kind=1) for n in range(3)]
        # submit finds outcomes by id, and a record that nobody looks at has none: it waits in vain.
        submit = ledger.start(
            "submit", text="".join(json.dumps(json_of(one)) + "\n" for one in parties)
        )
        events = wait_for("three outcomes", lambda: (events := ledger.events())[3:] and events, 30)
        submit.end()
        check(
            "party_opened" in events[1] and "party_opened" in events[3],
            f"the others are decided: {events}",
        )
        refused_check(events[2])
        check(
            "party_opened" in ledger.submit(json_of(parties[1]))[0],
            "its id is free, the same may come again",
        )
        check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
        audit(ledger)
        return f"{len(PLACES_WRONG)} wrong places"


def refused_check(answer):
    rejected = answer.get("command_rejected", {})
    check(
        rejected.get("reject") == "refused_by_operator" and rejected.get("retry_hint") == "new_id",
        f"{answer}",
    )


def refuse_input_kafka(options):
    """A shard that was stopped before a record refuses it when started so."""
    with Room("refuse-kafka") as room:
        shards = options.shards or 2
        ledger = BROKER.ledger(room, "refuse").init(shards)
        gate = KafkaGate(ledger)
        poison, good = command("poison", "party_open", kind=1), command(
            "poison", "party_open", kind=2
        )
        partition = partition_of("poison", shards)
        gate.send(poison)
        check(gate.producer.flush(30) == 0, "the broker took no command")
        run = ledger.run("--refuse-input", f"commands:{partition}:0")
        event = gate.ask([(good, 1)], 60)[good.id][0]
        check(event.WhichOneof("outcome") == "party_opened", f"the record after it: {event}")
        refused = gate.by_place[f"commands:{partition}:0"]
        check(refused.command_rejected.reject == reject_pb2.REJECT_REFUSED_BY_OPERATOR, f"{refused}")
        check(
            refused.input.command_id == poison.id and refused.input.party == "poison",
            f"its sender can't find it: {refused}",
        )
        check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
        gate.close()
        audit(ledger)
        return "refused before it was decided"
