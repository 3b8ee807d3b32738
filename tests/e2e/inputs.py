# SPDX-License-Identifier: Apache-2.0
"""Inputs that lose records on a real broker: the end of a topic that its disk had not, a topic made anew.

The processor stops, says from where on, and goes on at the operator's word. Nothing that stands there is
left out, nothing is done twice, and both are compared by the readers that share no code with it.
"""
import os
import pathlib
import re
import struct

from confluent_kafka.admin import AdminClient, NewTopic

from audit import audit, kafka_records, servers_and_prefix
from backup import SETTINGS
from gates import KafkaGate, command
from harness import BROKER, Broker, Room, check, wait_for

WAY_ON = re.compile(r"--restart-inputs (\d+:\d+)")


def parties(numbers):
    return [command(f"p{number}", "party_open", kind=1) for number in numbers]


def ask_one_by_one(gate, asked):
    """Each in a batch of its own, and answered."""
    for one in asked:
        answer = gate.ask([(one, 1)], 60)[one.id][0]
        check(answer.WhichOneof("outcome") == "party_opened", f"{answer}")


def send_one_by_one(ledger, asked):
    gate = KafkaGate(ledger)
    try:
        for one in asked:
            gate.send(one)
            check(gate.producer.flush(60) == 0, "the broker took no command")
    finally:
        gate.close()


def segment_cut(broker, topic, records):
    """As if the disk had only so many of its records when the power failed."""
    folder = pathlib.Path(broker.folder, "data", f"{topic}-0")
    segments = sorted(folder.glob("*.log"))
    check(len(segments) == 1, f"{folder} has {len(segments)} segments")
    data, at = segments[0].read_bytes(), 0
    while at < len(data) and struct.unpack_from(">q", data, at)[0] < records:
        at += 12 + struct.unpack_from(">i", data, at + 8)[0]
    check(0 < at < len(data), f"{topic} is not cut at record {records}")
    os.truncate(segments[0], at)
    for kind in ("*.index", "*.timeindex", "*.snapshot"):
        for path in folder.glob(kind):
            path.unlink()


def topic_make_anew(servers, topic):
    client = AdminClient({"bootstrap.servers": servers, "log_level": 2})
    client.delete_topics([topic], operation_timeout=30)[topic].result(60)
    wait_for(
        f"{topic} is deleted", lambda: topic not in client.list_topics(timeout=30).topics, 60, 0.2
    )
    fresh = NewTopic(topic, num_partitions=1, replication_factor=1, config=SETTINGS)
    client.create_topics([fresh], operation_timeout=30)[topic].result(60)
    wait_for(
        f"{topic} is made",
        lambda: client.list_topics(timeout=30).topics.get(topic)
        and client.list_topics(timeout=30).topics[topic].partitions,
        60,
        0.2,
    )


def stops_saying(ledger, text, *arguments):
    """The option that it names."""
    run = ledger.start("run", *arguments)
    check(run.exit_code(120) == 3, f"it went on: {run.said()}")
    said = run.said()
    found = WAY_ON.search(said)
    check(text in said and found, f"it does not say \"{text}\" and the way on: {said}")
    return found[1]


def goes_on(ledger, way_on, records, repeats=0):
    """Started as the operator was told; again with the option left in place; and without it."""
    for arguments in (("--restart-inputs", way_on), ("--restart-inputs", way_on), ()):
        run = ledger.run(*arguments)

        def answered():
            return sum("input" in event for event in ledger.events()) >= records

        wait_for("what stands on the inputs is answered", answered, 60, 0.2)
        check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
    books = audit(ledger)
    check(books.kinds["inputs_restarted"] == 1, f"{books.kinds}")
    check(books.kinds["party_opened"] == records - repeats, f"{books.kinds}")
    check(books.kinds["command_repeated"] == repeats, f"{books.kinds}")


def decided_ten(ledger, asked=None):
    ledger.init(1)
    run, gate = ledger.run(), KafkaGate(ledger)
    ask_one_by_one(gate, asked or parties(range(10)))
    gate.close()
    return run


def inputs_lost_kafka(_):
    """A broker of its own, since its disk loses something."""
    with Broker() as broker, Room("inputs-lost") as room:
        ledger = broker.ledger(room, "lost")
        prefix = servers_and_prefix(ledger)[1]
        run = decided_ten(ledger)
        check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
        broker.stop("--kill")
        segment_cut(broker, f"{prefix}.commands", 6)
        broker.start()
        check(
            len(kafka_records(ledger, "commands")[0]) == 6, "the broker has the lost ones still"
        )
        stops_saying(ledger, "commands from offset 6 on (next was 10)")
        send_one_by_one(ledger, parties(range(10, 16)))
        way_on = stops_saying(ledger, "commands from offset 6 on (next was 10)")
        stops_saying(ledger, f"--restart-inputs {way_on}", "--restart-inputs", "0:3")
        goes_on(ledger, way_on, 16)
        return f"{way_on}: 6 of 6 that came to stand in place of 4 lost ones were decided"


def inputs_lost_live_kafka(_):
    """The same while the processor lives, and is idle: its readers come back to another topic, whose tenth record
    is the old one."""
    with Broker() as broker, Room("inputs-live") as room:
        ledger = broker.ledger(room, "live")
        prefix = servers_and_prefix(ledger)[1]
        asked = parties(range(10))
        run = decided_ten(ledger, asked)
        # Frozen, so that it is not the first one back.
        run.child.send_signal(19)
        broker.stop("--kill")
        segment_cut(broker, f"{prefix}.commands", 6)
        broker.start()
        send_one_by_one(ledger, parties(range(10, 13)) + asked[9:] + parties([13]))
        run.child.send_signal(18)
        check(run.exit_code(90) == 3, f"it went on: {run.said()}")
        found = WAY_ON.search(run.said())
        check(found and "commands from offset 6 on (next was 10)" in run.said(), run.said())
        goes_on(ledger, found[1], 15, repeats=1)
        return "an idle owner found it when it read on"


def inputs_anew_kafka(_):
    """`commands` is deleted and made again."""
    with Room("inputs-anew") as room:
        ledger = BROKER.ledger(room, "anew")
        servers, prefix = servers_and_prefix(ledger)
        run = decided_ten(ledger)
        check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
        topic_make_anew(servers, f"{prefix}.commands")
        stops_saying(ledger, "commands from offset 0 on (next was 10)")
        send_one_by_one(ledger, parties(range(10, 30)))
        goes_on(ledger, stops_saying(ledger, "commands from offset 0 on (next was 10)"), 30)
        return "all 20 records of the new topic were decided"
