#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An upstream service: publishes commands to Pinion on Kafka and finds their outcomes.

    docs/examples/upstream.py --brokers HOST:PORT [--prefix pinion]

plays a small day of payments between people who are made for it, and prints one line per outcome.
Class Upstream is what a service of your own would take over. What matters is said where it is done:

  - where a command goes:            Upstream.publish
  - which event is its outcome:      Upstream.answers_read, Upstream.outcomes_read, Chain
  - what to do when none comes:      Upstream.ask

Needs the Debian packages python3-confluent-kafka, python3-protobuf and protobuf-compiler.
"""
import argparse
import hashlib
import secrets
import sys
import time
import uuid

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from contract import command_pb2, engine_pb2, event_pb2, reject_pb2, types_pb2

# The topic of each body is named in its comment in proto/. Only a gateway may write to .rails.
TOPICS = {"funds_receive": "rails"}


def uuid7():
    """A command's id: the time in milliseconds, then random bits (RFC 9562, version 7)."""
    value = int(time.time() * 1000) << 80 | 7 << 76 | secrets.randbits(12) << 64
    return (value | 2 << 62 | secrets.randbits(62)).to_bytes(16, "big")


def command(party, body, reference="", **fields):
    """command("alice", "party_open", kind=...): one thing to be done, under an id of its own."""
    made = command_pb2.Command(
        id=uuid7(), party=party, reference=reference, initiator=types_pb2.INITIATOR_SYSTEM
    )
    getattr(made, body).SetInParent()
    getattr(made, body).MergeFrom(type(getattr(made, body))(**fields))
    return made


def usd(cents):
    """Money is integer minor units, and its currency."""
    return types_pb2.Amount(minor=cents, currency="USD")


class Chain:
    """One partition's chain rule, begun in the middle.

    We don't know the chain before the place where we begin to read, so the first event is taken as
    it is. Should that one be void (written late by an owner that had lost the shard), the next
    event of a higher term puts it right: only the present owner writes in that term. reader.py
    begins at the beginning and needs no such care.
    """

    def __init__(self):
        self.term = self.sequence = 0
        self.hash = self.mark = b""

    def takes(self, record, value):
        """Whether the record is a valid event."""
        digest = hashlib.blake2b(value, digest_size=32).digest()
        if record.WhichOneof("record") == "shard_opened":
            if record.shard_opened.term > self.term and self.sequence > 0:
                self.term, self.mark = record.shard_opened.term, digest
            return False
        event = record.event
        follows = (
            event.term == self.term
            and event.sequence == self.sequence + 1
            and event.previous_hash == self.hash
            and event.opened_hash == self.mark
        )
        begins = self.sequence == 0 or event.term > self.term
        if not follows and not begins:
            return False
        self.term, self.sequence, self.hash, self.mark = event.term, event.sequence, digest, b""
        return True


class Upstream:
    """Publishes commands, finds their outcomes. The client library rides out Kafka's troubles."""

    def __init__(self, brokers, prefix="pinion", resend_s=5.0):
        self.prefix, self.resend_s = prefix, resend_s
        self.producer = Producer(
            {
                "bootstrap.servers": brokers,
                "partitioner": "murmur2",  # not librdkafka's default: commands would be misrouted
                "acks": "all",  # a command that was taken is not lost
                "enable.idempotence": True,  # none is doubled by the network, and their order stays
                "linger.ms": 2,
            }
        )
        self.consumer = Consumer(
            {
                "bootstrap.servers": brokers,
                "group.id": "unused",  # needed by the library; partitions are assigned by hand
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "auto.offset.reset": "error",
                "fetch.wait.max.ms": 20,  # no commit wakes a waiting fetch: the default costs 0.5 s
            }
        )
        events = f"{prefix}.events"
        topic = self.consumer.list_topics(events, timeout=10).topics[events]
        if topic.error:
            raise KafkaException(topic.error)
        self.shards = len(topic.partitions)
        # Note the ends before anything is published: every outcome of ours stands behind them.
        places = []
        for shard in range(self.shards):
            _, end = self.consumer.get_watermark_offsets(TopicPartition(events, shard), timeout=10)
            places.append(TopicPartition(events, shard, end))
        self.consumer.assign(places)
        self.chains = [Chain() for _ in range(self.shards)]
        self.places = {}  # of what was published and has no outcome yet: (topic, partition, offset) -> id
        self.nameless = []  # outcomes without an id, whose records are not known to be ours

    def publish(self, asked):
        """Key = party: all commands of a party go to its shard, in this order."""
        topic = f"{self.prefix}.{TOPICS.get(asked.WhichOneof('body'), 'commands')}"
        self.producer.produce(
            topic,
            key=asked.party.encode(),
            value=asked.SerializeToString(),
            on_delivery=lambda error, message: self._delivered(asked.id, error, message),
        )

    def _delivered(self, command_id, error, message):
        if error:
            print(f"upstream: not delivered, will be sent again: {error}", file=sys.stderr)
            return
        self.places[message.topic(), message.partition(), message.offset()] = command_id

    def answers_read(self, timeout_s):
        """(command id, event) of what comes within the time: not only of our own commands.

        An outcome names its command by id. One of a record that could not be decoded has none: it names the record's place,
        which the broker's acknowledgement tells us. Without that we would send it again and again. The outcome may be here
        before the acknowledgement is: it is kept for the next look.
        """
        events = self.nameless + list(self.outcomes_read(timeout_s))
        self.producer.poll(0)
        self.nameless, found = [], []
        for event in events:
            topic = types_pb2.Topic.Name(event.input.topic)[len("TOPIC_") :].lower()
            at_place = self.places.pop((f"{self.prefix}.{topic}", event.shard, event.input.offset), None)
            if event.input.command_id or at_place:
                found.append((event.input.command_id or at_place, event))
            else:
                self.nameless.append(event)
        self.nameless = self.nameless[-1000:]  # most are others'
        return found

    def outcomes_read(self, timeout_s):
        """The outcomes that come within the time: not only those of our own commands."""
        for message in self.consumer.consume(num_messages=500, timeout=timeout_s):
            if message.error():
                if (
                    message.error().retriable()
                    or message.error().code() == KafkaError._ALL_BROKERS_DOWN
                ):
                    continue
                raise KafkaException(message.error())
            record = event_pb2.EventRecord.FromString(message.value())
            if not self.chains[message.partition()].takes(record, message.value()):
                continue
            # A timer's event names the input that let time pass, but it is no answer to it.
            if not record.event.HasField("timer") and record.event.HasField("input"):
                yield record.event

    def ask(self, commands, deadline_s=120.0):
        """The outcome of each command, in order.

        Any silence has the same answer: send the very same bytes again, under the same id. Pinion
        does a command once, and answers each arrival; that of a later one is `command_repeated`,
        which points to the first outcome (that is all we see if we crashed and read from a later
        place).
        """
        waiting = {asked.id: asked for asked in commands}
        found = {}
        until, resend_at = time.monotonic() + deadline_s, 0.0
        while waiting:
            now = time.monotonic()
            if now > until:
                raise TimeoutError(
                    f"{len(waiting)} of {len(commands)} commands have no outcome: is Pinion"
                    " running? They may still be done; ask again with the same ids"
                )
            if now >= resend_at:
                for asked in waiting.values():
                    self.publish(asked)
                resend_at = now + self.resend_s
            for command_id, event in self.answers_read(0.05):
                if waiting.pop(command_id, None):
                    found[command_id] = event
        self.places.clear()  # acknowledged after their outcomes were read
        return [found[asked.id] for asked in commands]

    def partition_of(self, party):
        """Where a party lives, as the producer works it out; murmur2 is Kafka's own."""
        data = party.encode()
        h, m, mask = 0x9747B28C ^ len(data), 0x5BD1E995, 0xFFFFFFFF
        for at in range(0, len(data) & ~3, 4):
            k = int.from_bytes(data[at : at + 4], "little") * m & mask
            h = h * m & mask ^ (k ^ k >> 24) * m & mask
        if len(data) & 3:
            h = (h ^ int.from_bytes(data[len(data) & ~3 :], "little")) * m & mask
        h = (h ^ h >> 13) * m & mask
        return ((h ^ h >> 15) & 0x7FFFFFFF) % self.shards

    def close(self):
        self.producer.flush(10)
        self.consumer.close()


def describe(event):
    kind = event.WhichOneof("outcome")
    text = f"shard {event.shard} sequence {event.sequence:<5} {kind}"
    if kind == "command_rejected":
        rejected = event.command_rejected
        text += " " + reject_pb2.Reject.Name(rejected.reject)[len("REJECT_") :].lower()
        text += ", retry " + engine_pb2.Retry.Name(rejected.retry_hint)[len("RETRY_") :].lower()
        if rejected.required_minor:
            text += f" (needed {rejected.required_minor}, had {rejected.available_minor}"
            text += f" {rejected.currency})"
    if kind == "command_repeated":
        text += f": first outcome at sequence {event.command_repeated.first_sequence}"
    return text


def day_of_payments(upstream):
    """Steps of commands that don't depend on each other; each step waits for the one before."""
    # Until money can cross shards, payer and payee must live on the same one: look for such names.
    tag = secrets.token_hex(3)
    home = upstream.partition_of(f"alice-{tag}")
    alice = f"alice-{tag}"
    bob, cafe = (
        next(
            name
            for name in (f"{who}-{tag}.{n}" for n in range(10000))
            if upstream.partition_of(name) == home
        )
        for who in ("bob", "cafe")
    )
    yield [
        command(alice, "party_open", kind=types_pb2.PARTY_KIND_PERSON),
        command(bob, "party_open", kind=types_pb2.PARTY_KIND_PERSON),
        command(cafe, "party_open", kind=types_pb2.PARTY_KIND_BUSINESS),
    ]
    yield [
        command(who, "account_open", account=f"{who}/main", currency="USD")
        for who in (alice, bob, cafe)
    ]
    # 100.00 USD arrive for Alice by ACH. The bank's own reference is sent, so it can't count twice.
    arrived = {
        "to_account": f"{alice}/main",
        "amount": usd(10000),
        "rail": types_pb2.RAIL_ACH,
        "rail_reference": f"trace-{tag}",
    }
    yield [command(alice, "funds_receive", **arrived)]
    yield [command(alice, "funds_receive", **arrived)]  # under another id, and no second receipt
    tip = command(
        alice,
        "transfer_create",
        "tip-17",
        from_account=f"{alice}/main",
        to_account=f"{bob}/main",
        amount=usd(1250),
    )
    yield [tip]
    yield [tip]  # in doubt: the same again, and no second tip
    yield [
        command(
            bob,
            "transfer_create",
            "order-18",
            from_account=f"{bob}/main",
            to_account=f"{cafe}/main",
            amount=usd(9900),
        )
    ]  # he has 12.50
    breakfast = command(
        alice,
        "hold_create",
        "table-4",
        from_account=f"{alice}/main",
        to_account=f"{cafe}/main",
        amount=usd(3000),
        reason="restaurant",
        expires_in_s=3600,
    )
    yield [breakfast]
    # A hold's id is its command's. The bill is lower than what was held; the rest is free again.
    yield [command(alice, "hold_capture", "table-4", hold_id=breakfast.id, amount=usd(2140))]
    yield [command(alice, "hold_release", "table-4", hold_id=breakfast.id)]  # too late


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--brokers", required=True, metavar="HOST:PORT")
    options.add_argument("--prefix", default="pinion")
    options = options.parse_args()
    upstream = Upstream(options.brokers, options.prefix)
    for step in day_of_payments(upstream):
        for asked, event in zip(step, upstream.ask(step)):
            print(
                f"{uuid.UUID(bytes=asked.id)} {asked.WhichOneof('body'):<15} {describe(event)}",
                flush=True,
            )
    upstream.close()


if __name__ == "__main__":
    main()
