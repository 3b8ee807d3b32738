# SPDX-License-Identifier: Apache-2.0
"""How a client reaches the ledger: Kafka's topics or `pinion submit`; both ask until answered."""
import collections
import json
import random
import secrets
import threading
import time

from confluent_kafka import Producer, TopicPartition

from audit import TOPICS, kafka_consumer, message_from, servers_and_prefix
from books import Chain
from contract import command_pb2, event_pb2, reject_pb2, types_pb2
from harness import Failure, check, id_text
from neighbours import how_of

RESEND_S = 2.5


def uuid7(now_ms=None):
    now_ms = int(time.time() * 1000) if now_ms is None else now_ms
    value = now_ms << 80 | 7 << 76 | secrets.randbits(12) << 64 | 2 << 62 | secrets.randbits(62)
    return value.to_bytes(16, "big")


def partition_of(party, partitions):
    """murmur2 as Kafka's Java client has it, from its published description."""
    data, m, mask = party.encode(), 0x5BD1E995, 0xFFFFFFFF
    h = 0x9747B28C ^ len(data)
    whole = len(data) - len(data) % 4
    for at in range(0, whole, 4):
        k = int.from_bytes(data[at : at + 4], "little") * m & mask
        k = (k ^ k >> 24) * m & mask
        h = (h * m & mask) ^ k
    if whole < len(data):
        h = (h ^ int.from_bytes(data[whole:], "little")) * m & mask
    h = (h ^ h >> 13) * m & mask
    return ((h ^ h >> 15) & 0x7FFFFFFF) % partitions


def command(party, body, command_id=None, **fields):
    made = command_pb2.Command(id=command_id or uuid7(), party=party)
    getattr(made, body).SetInParent()
    for name, value in fields.items():
        if isinstance(value, tuple):
            value = types_pb2.Amount(minor=value[0], currency=value[1])
            getattr(getattr(made, body), name).CopyFrom(value)
        else:
            setattr(getattr(made, body), name, value)
    return made


def stream_of(asked):
    return "rails" if asked.WhichOneof("body") == "funds_receive" else "commands"


def answer_of(event):
    """ "transfer_posted", or the name of a reject."""
    kind = event.WhichOneof("outcome")
    if kind == "command_rejected":
        return reject_pb2.Reject.Name(event.command_rejected.reject)[len("REJECT_") :].lower()
    return kind


def ended_note(ended, event):
    for payment_id, how in how_of(event).items():
        check(payment_id not in ended, f"payment {payment_id.hex()} ended twice: {event}")
        ended[payment_id] = event.shard, how


class KafkaGate:
    """One producer and one reader of all events, shared by all clients of a test."""

    def __init__(self, ledger, resend_s=RESEND_S):
        servers, self.prefix = servers_and_prefix(ledger)
        self.resend_s = resend_s
        self.producer = Producer(
            {
                "bootstrap.servers": servers,
                "partitioner": "murmur2",
                "acks": "all",
                "enable.idempotence": True,
                "linger.ms": 1,
                "log_level": 2,
            }
        )
        self.consumer = kafka_consumer(servers)
        topic = f"{self.prefix}.events"
        self.shards = len(self.consumer.list_topics(topic, timeout=30).topics[topic].partitions)
        self.chains = [Chain() for _ in range(self.shards)]
        self.consumer.assign([TopicPartition(topic, shard, 0) for shard in range(self.shards)])
        self.answers = collections.defaultdict(list)
        self.ended = {}  # payment id -> shard, how: of those to other shards
        self.by_place = {}  # "commands:0:17" -> event
        self.changed, self.is_over, self.trouble = threading.Condition(), False, None
        self.thread = threading.Thread(target=self._follow, daemon=True)
        self.thread.start()

    def _follow(self):
        try:
            while not self.is_over:
                self.producer.poll(0)
                self._take(self.consumer.consume(num_messages=1000, timeout=0.02))
        except Exception as trouble:
            self.trouble = trouble

    def _take(self, messages):
        with self.changed:
            for message in messages:
                if message.error():
                    continue  # the broker is away: the library goes on by itself
                record = event_pb2.EventRecord.FromString(message.value())
                if self.chains[message.partition()].takes(record, message.value()):
                    self._outcome(record.event)
            self.changed.notify_all()

    def _outcome(self, event):
        if event.HasField("timer") or not event.HasField("input"):
            return
        self.by_place[f"{TOPICS[event.input.topic]}:{event.shard}:{event.input.offset}"] = event
        if event.input.command_id:
            self.answers[event.input.command_id].append(event)
        ended_note(self.ended, event)

    def ends(self, ids):
        """{id: (shard, how)} of those of these payments that ended."""
        with self.changed:
            return {one: self.ended[one] for one in ids if one in self.ended}

    def send(self, asked):
        self.raw(stream_of(asked), asked.party.encode(), asked.SerializeToString())

    def raw(self, stream, key, value, **where):
        self.producer.produce(f"{self.prefix}.{stream}", key=key, value=value, **where)

    def ask(self, asked, seconds):
        """[(command, how many answers)] -> {id: all its answers so far}"""
        before = {one.id: len(self.answers[one.id]) for one, _ in asked}
        deadline, resend_at = time.monotonic() + seconds, time.monotonic() + self.resend_s
        for one, times in asked:
            for _ in range(times):
                self.send(one)
        while True:
            with self.changed:
                waiting = [
                    one
                    for one, times in asked
                    if len(self.answers[one.id]) - before[one.id] < times
                ]
                if not waiting:
                    return {one.id: list(self.answers[one.id]) for one, _ in asked}
                self.changed.wait(0.1)
            check(not self.trouble, f"the reader of events failed: {self.trouble!r}")
            if time.monotonic() > deadline:
                raise Failure(
                    f"{len(waiting)} of {len(asked)} commands have no answer in {seconds:g} s, "
                    "on shards "
                    f"{sorted({partition_of(one.party, self.shards) for one in waiting})}"
                )
            if time.monotonic() > resend_at:
                for one in waiting:
                    self.send(one)
                resend_at = time.monotonic() + self.resend_s

    def close(self):
        self.is_over = True
        self.thread.join(10)
        self.producer.flush(5)
        self.consumer.close()


class SubmitGate:
    """A `pinion submit` for each question, and after it was killed for what is unanswered."""

    def __init__(self, ledger, shards):
        self.ledger, self.shards = ledger, shards
        self.lock, self.tail_lock, self.alive = threading.Lock(), threading.Lock(), []
        self.answers = collections.defaultdict(list)
        self.failures = collections.Counter()
        self.tail, self.tail_read, self.ended = None, 0, {}

    def kill_one(self):
        """True if there was one to kill."""
        with self.lock:
            alive = [process for process in self.alive if process.is_alive()]
        if alive:
            random.choice(alive).kill()
        return bool(alive)

    def ask(self, asked, seconds):
        deadline = time.monotonic() + seconds
        before = {one.id: len(self.answers[one.id]) for one, _ in asked}
        while True:
            waiting = [
                (one, times - len(self.answers[one.id]) + before[one.id]) for one, times in asked
            ]
            lines = [
                one
                for stream in ("rails", "commands")
                for one, left in waiting
                for _ in range(left)
                if stream_of(one) == stream
            ]
            if not lines:
                return {one.id: list(self.answers[one.id]) for one, _ in asked}
            if time.monotonic() > deadline:
                raise Failure(
                    f"{len(lines)} of {len(asked)} commands have no answer in {seconds:g} s; "
                    "submits ended "
                    f"like this: {dict(self.failures)}"
                )
            self._submit(lines)

    def _submit(self, lines):
        process = self.ledger.start(
            "submit", text="".join(json.dumps(json_of(one)) + "\n" for one in lines)
        )
        with self.lock:
            self.alive = [other for other in self.alive if other.is_alive()] + [process]
        code = process.exit_code(180)
        if code != 0:
            self.failures[code if code == -9 else f"{code}: {process.said()[-300:]}"] += 1
            time.sleep(0.02)
        for line in process.printed().splitlines(keepends=True):
            if line.endswith("\n"):  # the last one may be cut
                shape = json.loads(line)
                check("error" not in shape, f"submit refused a line of ours: {line}")
                shape.pop("offset")
                event = message_from(shape, event_pb2.Event())
                self.answers[event.input.command_id].append(event)

    def ends(self, ids):
        """{id: (shard, how)} of those of these payments that ended, as `pinion tail` says."""
        if not ids:
            return {}
        with self.tail_lock:
            self._tail_take()
            return {one: self.ended[one] for one in ids if one in self.ended}

    def _tail_take(self):
        if not self.tail or not self.tail.is_alive():
            self.tail, self.tail_read, self.ended = self.ledger.start("tail", "--follow"), 0, {}
        with open(self.tail.out, "rb") as file:
            file.seek(self.tail_read)
            text = file.read()
        text = text[: text.rfind(b"\n") + 1]  # the last one may be cut
        self.tail_read += len(text)
        for line in text.splitlines():
            if b'"remittance_settled":' in line or b'"remittance_returned":' in line:
                shape = json.loads(line)
                shape.pop("offset")
                ended_note(self.ended, message_from(shape, event_pb2.Event()))

    def close(self):
        if self.tail:
            self.tail.end()


def json_of(asked):
    """A command as `pinion submit` reads it."""
    body = asked.WhichOneof("body")
    fields = {}
    for field, value in getattr(asked, body).ListFields():
        if field.type == field.TYPE_BYTES:
            value = id_text(value)
        elif field.type == field.TYPE_ENUM:
            value = field.enum_type.values_by_number[value].name
        elif field.message_type is types_pb2.Amount.DESCRIPTOR:
            value = amount_text(value)
        fields[field.name] = value
    return {"id": id_text(asked.id), "party": asked.party, body: fields}


def amount_text(amount):
    check(amount.currency == "USD", "the load is in dollars")
    return f"{amount.minor // 100}.{amount.minor % 100:02} USD"
