#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An analyst's reader: folds all events of a ledger on Kafka into balances, by the chain rule.

    docs/examples/reader.py --brokers HOST:PORT [--prefix pinion]
"""
import argparse
import collections
import hashlib

from confluent_kafka import Consumer, TopicPartition

from contract import event_pb2

HOLD_SIGNS = {event_pb2.LAYER_PENDING: 1, event_pb2.LAYER_PENDING_LIFTED: -1}


def known(message):
    """A new kind of event, or a new field anywhere in one, could move money: stop, don't guess."""
    without = type(message).FromString(message.SerializeToString())
    without.DiscardUnknownFields()
    if without.ByteSize() != message.ByteSize():
        raise SystemExit(f"reader: this contract does not know all of: {message}")


def consumer_of(brokers):
    """Takes partitions by hand, keeps no place in the broker, and sees only what is committed."""
    return Consumer(
        {
            "bootstrap.servers": brokers,
            "group.id": "unused",
            "auto.offset.reset": "error",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
        }
    )


def events(brokers, prefix):
    """All valid events, a shard after the other, up to where each ends now."""
    consumer = consumer_of(brokers)
    topic = f"{prefix}.events"
    for shard in sorted(consumer.list_topics(topic, timeout=10).topics[topic].partitions):
        _, end = consumer.get_watermark_offsets(TopicPartition(topic, shard), timeout=10)
        consumer.assign([TopicPartition(topic, shard, 0)])
        term, sequence, last, mark = 0, 0, bytes(32), b""
        while max(0, consumer.position([TopicPartition(topic, shard)])[0].offset) < end:
            for message in consumer.consume(num_messages=500, timeout=0.2):
                assert not message.error(), message.error()
                record = event_pb2.EventRecord.FromString(message.value())
                known(record)
                digest = hashlib.blake2b(message.value(), digest_size=32).digest()
                if record.WhichOneof("record") == "shard_opened":
                    if record.shard_opened.term > term:
                        term, mark = record.shard_opened.term, digest
                elif (
                    record.event.term == term
                    and record.event.sequence == sequence + 1
                    and record.event.previous_hash == last
                    and record.event.opened_hash == mark
                ):
                    sequence, last, mark = record.event.sequence, digest, b""
                    yield record.event


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--brokers", required=True, metavar="HOST:PORT")
    options.add_argument("--prefix", default="pinion")
    options = options.parse_args()
    balances = collections.Counter()  # (account, currency) -> credits - debits, in minor units
    held = collections.Counter()  # of which set aside by holds
    under_way = {}  # (payment's command id) -> minor, currency; until its second event, on the payer's shard
    count = 0
    for event in events(options.brokers, options.prefix):
        assert event.WhichOneof("outcome"), f"reader: an event of an unknown kind: {event}"
        count += 1
        if event.WhichOneof("outcome") == "remittance_returned":
            del under_way[event.remittance_returned.payment_id]
        for effect in event.effects:
            if effect.HasField("remittance"):
                currency = event.balances[effect.remittance.from_place - 1].currency
                under_way[event.input.command_id] = effect.remittance.amount_minor, currency
            elif effect.HasField("settlement"):
                del under_way[effect.settlement.payment_id]
            if not effect.HasField("posting"):
                continue  # it moves nothing by itself
            posting = effect.posting
            for place, sign in ((posting.debit_place, -1), (posting.credit_place, 1)):
                balance = event.balances[place - 1]
                key = balance.account, balance.currency
                if posting.layer == event_pb2.LAYER_POSTED:
                    balances[key] += sign * posting.amount_minor
                elif sign < 0:
                    held[key] += HOLD_SIGNS[posting.layer] * posting.amount_minor
    for (account, currency), minor in sorted(balances.items()):
        print(f"{account:<40} {minor:>15} {currency}  held {held[account, currency]:>12}")
    for currency in sorted({currency for _, currency in under_way.values()}):
        amounts = [minor for minor, its in under_way.values() if its == currency]
        print(f"{len(amounts)} payments to other shards, {sum(amounts)} {currency}, have no second event yet")
    print(f"{count} events")


if __name__ == "__main__":
    main()
