#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A copy of a ledger's events on Kafka, kept apart from its cluster, and the way back.

    docs/examples/backup.py save    --brokers HOST:PORT [--prefix pinion] FILE
    docs/examples/backup.py restore --brokers HOST:PORT [--prefix pinion] FILE

save reads each partition of PREFIX.events from its beginning to its present end, proves the chain, and
writes the records as they stand, in their order. It prints each shard's head, to be kept elsewhere too.
restore makes PREFIX.events on a cluster where no topic of the ledger is, puts the records there, reads
them back and prints the heads again. What comes then is told in docs/operating.md, under Backup.

Needs the Debian packages python3-confluent-kafka, python3-protobuf and protobuf-compiler.
"""
import argparse
import collections
import hashlib
import json
import os
import struct

from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from contract import event_pb2
from reader import consumer_of

MAGIC = b"pinion events 1\n"
SETTINGS = {
    "cleanup.policy": "delete",
    "retention.ms": "-1",
    "retention.bytes": "-1",
    "message.timestamp.type": "LogAppendTime",
    "max.message.bytes": "4194304",
}


class Chain:
    """The chain rule (docs/reference/wire.md), from the beginning of a partition."""

    def __init__(self):
        self.term, self.sequence, self.hash, self.mark = 0, 0, bytes(32), b""

    def take(self, value):
        record = event_pb2.EventRecord.FromString(value)
        digest = hashlib.blake2b(value, digest_size=32).digest()
        if record.WhichOneof("record") == "shard_opened":
            if record.shard_opened.term > self.term:
                self.term, self.mark = record.shard_opened.term, digest
            return
        event = record.event
        if (event.term, event.sequence, event.previous_hash, event.opened_hash) == (
            self.term,
            self.sequence + 1,
            self.hash,
            self.mark,
        ):
            self.sequence, self.hash, self.mark = event.sequence, digest, b""
        elif event.term >= self.term and event.sequence > self.sequence:
            raise SystemExit(f"backup: a record is missing before event {event.sequence}: no copy")


def partitions_of(client, topic):
    found = client.list_topics(timeout=30).topics.get(topic)
    return sorted(found.partitions) if found else []


def records(brokers, topic):
    """(partition, key, value) of all committed records, a partition after the other."""
    consumer = consumer_of(brokers)
    for partition in partitions_of(consumer, topic):
        at = TopicPartition(topic, partition)
        first, end = consumer.get_watermark_offsets(at, timeout=30)
        if first != 0:
            raise SystemExit(f"backup: {topic}:{partition} begins at {first}: records were deleted")
        consumer.assign([TopicPartition(topic, partition, 0)])
        while max(0, consumer.position([at])[0].offset) < end:
            for message in consumer.consume(num_messages=500, timeout=0.2):
                if message.error():
                    raise SystemExit(f"backup: {topic}:{partition}: {message.error()}")
                if message.offset() < end:
                    yield partition, message.key() or b"", message.value()
    consumer.close()


def heads_print(chains):
    for shard, chain in sorted(chains.items()):
        print(f"head {shard}:{chain.sequence}:{chain.hash.hex()}")


def heads_of(brokers, topic):
    chains = collections.defaultdict(Chain)
    for partition, _, value in records(brokers, topic):
        chains[partition].take(value)
    return chains


def save(options, topic):
    count = len(partitions_of(AdminClient({"bootstrap.servers": options.brokers}), topic))
    if count == 0:
        raise SystemExit(f"backup: there is no topic {topic}")
    chains = collections.defaultdict(Chain)
    part = options.file + ".part"
    with open(part, "wb") as file:
        file.write(MAGIC + json.dumps({"partitions": count}).encode() + b"\n")
        for partition, key, value in records(options.brokers, topic):
            chains[partition].take(value)
            file.write(struct.pack(">III", partition, len(key), len(value)) + key + value)
        file.flush()
        os.fsync(file.fileno())
    os.rename(part, options.file)
    heads_print(chains)


def topic_make(options, topic, count):
    client = AdminClient({"bootstrap.servers": options.brokers})
    if any(name.startswith(f"{options.prefix}.") for name in client.list_topics(timeout=30).topics):
        raise SystemExit(f"backup: topics of {options.prefix} are there: restore where none is")
    replicas = min(3, len(client.list_topics(timeout=30).brokers))
    settings = {**SETTINGS, **({"min.insync.replicas": "2"} if replicas == 3 else {})}
    fresh = NewTopic(topic, num_partitions=count, replication_factor=replicas, config=settings)
    client.create_topics([fresh], operation_timeout=30)[topic].result(60)


def restore(options, topic):
    failures = []
    producer = Producer(
        {
            "bootstrap.servers": options.brokers,
            "acks": "all",
            "enable.idempotence": True,  # their order stays
            "compression.type": "lz4",
        }
    )
    with open(options.file, "rb") as file:
        if file.readline() != MAGIC:
            raise SystemExit(f"backup: {options.file} is no copy of events")
        topic_make(options, topic, json.loads(file.readline())["partitions"])
        while head := file.read(12):
            partition, key_size, value_size = struct.unpack(">III", head)
            key, value = file.read(key_size), file.read(value_size)
            if len(value) != value_size:
                raise SystemExit(f"backup: {options.file} is cut off")
            while True:
                try:
                    producer.produce(
                        topic,
                        key=key,
                        value=value,
                        partition=partition,
                        on_delivery=lambda error, _: error and failures.append(error),
                    )
                    break
                except BufferError:
                    producer.poll(1)
            producer.poll(0)
    if producer.flush(300) != 0 or failures:
        raise SystemExit(f"backup: not all was written: {failures[:1]}; delete {topic}, begin again")
    heads_print(heads_of(options.brokers, topic))


def main():
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("what", choices=["save", "restore"])
    options.add_argument("--brokers", required=True, metavar="HOST:PORT")
    options.add_argument("--prefix", default="pinion")
    options.add_argument("file", metavar="FILE")
    options = options.parse_args()
    (save if options.what == "save" else restore)(options, f"{options.prefix}.events")


if __name__ == "__main__":
    main()
