# SPDX-License-Identifier: Apache-2.0
"""After anything: the books are recomputed from the log and compared with `show` and `verify`.

On Kafka the topics themselves are read, on the embedded log what `pinion tail` prints: its JSON is
encoded again, so that the hash chain is proved there too.
"""
import collections
import hashlib
import json
import re
import uuid

from confluent_kafka import Consumer, TopicPartition

from books import Books, Chain
from contract import event_pb2, types_pb2
from harness import check, wait_for

EXPONENTS = {"USD": 2, "EUR": 2, "JPY": 0, "BHD": 3}
TOPICS = {
    types_pb2.TOPIC_COMMANDS: "commands",
    types_pb2.TOPIC_RAILS: "rails",
    types_pb2.TOPIC_CONTROL: "control",
    types_pb2.TOPIC_INTERNAL: "internal",
}


def minor_of(text):
    """ "12.50 USD" -> (1250, "USD")"""
    number, currency = text.split(" ")
    whole, _, fraction = number.partition(".")
    check(len(fraction) == EXPONENTS[currency], f"{text}: not {EXPONENTS[currency]} decimals")
    return int(whole + fraction), currency


def text_of(minor, currency):
    exponent = EXPONENTS[currency]
    sign, digits = "-" if minor < 0 else "", str(abs(minor)).rjust(exponent + 1, "0")
    return f"{sign}{digits[:-exponent]}.{digits[-exponent:]} {currency}" if exponent else f"{minor} {currency}"


# --- Kafka ---


def servers_and_prefix(ledger):
    return ledger.url[len("kafka://") :].split("/")


def kafka_consumer(servers):
    return Consumer(
        {
            "bootstrap.servers": servers,
            "group.id": "unused",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "auto.offset.reset": "error",
            "fetch.wait.max.ms": 50,
            "log_level": 2,
        }
    )


def kafka_records(ledger, stream):
    """{partition: messages} of a stream, up to its end."""
    servers, prefix = servers_and_prefix(ledger)
    topic, found = f"{prefix}.{stream}", {}
    consumer = kafka_consumer(servers)
    try:
        for partition in sorted(consumer.list_topics(topic, timeout=30).topics[topic].partitions):
            at = TopicPartition(topic, partition)
            _, end = consumer.get_watermark_offsets(at, timeout=30)
            messages = found[partition] = []
            consumer.assign([TopicPartition(topic, partition, 0)])

            def is_read():
                messages.extend(consumer.consume(num_messages=2000, timeout=0.1))
                return end == 0 or consumer.position([at])[0].offset >= end

            wait_for(f"{topic}:{partition} is read up to {end}", is_read, 60, every=0)
            for message in messages:
                check(not message.error(), f"{topic}: {message.error()}")
    finally:
        consumer.close()
    return found


def kafka_books(ledger):
    books, chains = Books(), {}
    for partition, messages in kafka_records(ledger, "events").items():
        chain = chains[partition] = Chain()
        for message in messages:
            record = event_pb2.EventRecord.FromString(message.value())
            if chain.takes(record, message.value()):
                check(
                    record.event.shard == partition,
                    f"shard {record.event.shard} in partition {partition}",
                )
                books.take(record.event)
    books.close()
    books.chains = chains
    books.inputs_compare(
        {
            (partition, number): [message.offset() for message in messages]
            for number, stream in TOPICS.items()
            for partition, messages in kafka_records(ledger, stream).items()
        }
    )
    return books


# --- the embedded log ---


def bytes_of(text):
    return uuid.UUID(text).bytes if "-" in text else bytes.fromhex(text)


def enum_of(field, text):
    prefix = field.enum_type.values[0].name[: -len("UNSPECIFIED")]
    return field.enum_type.values_by_name[prefix + text.upper()].number


def value_of(field, value, message):
    if field.message_type is types_pb2.Amount.DESCRIPTOR:
        minor, currency = minor_of(value)
        message.MergeFrom(types_pb2.Amount(minor=minor, currency=currency))
        return None
    if field.type == field.TYPE_MESSAGE:  # one of several, printed as its name
        getattr(message, value).SetInParent()
        return None
    if field.type == field.TYPE_BYTES:
        return bytes_of(value)
    if field.type == field.TYPE_ENUM:
        return enum_of(field, value)
    if field.name == "first_outcome":
        return event_pb2.Event.DESCRIPTOR.fields_by_name[value].number
    return value


def beside_of(shape, name, value, message, balances):
    """What is printed under another name than the contract's: an account for its place, money for minor units."""
    if name.endswith("_account"):
        place = [balance["account"] for balance in balances].index(value) + 1
        setattr(message, name.removesuffix("_account") + "_place", place)
        return
    minor, currency = minor_of(value)
    if "currency" in shape:
        wanted = shape["currency"]
    else:  # an effect's: of the account debited
        place = message.debit_place if hasattr(message, "debit_place") else message.from_place
        wanted = balances[place - 1]["currency"]
    check(currency == wanted, f"{name}: {value}")
    setattr(message, name + "_minor", minor)


def message_from(shape, message, balances=()):
    """What `pinion tail` printed, as the message it was printed from."""
    fields = message.DESCRIPTOR.fields_by_name
    balances = shape.get("balances", balances)
    for name, value in shape.items():
        if name not in fields:
            beside_of(shape, name, value, message, balances)
            continue
        field = fields[name]
        if field.label == field.LABEL_REPEATED:
            for part in value:
                message_from(part, getattr(message, name).add(), balances)
        elif isinstance(value, dict):
            getattr(message, name).SetInParent()
            message_from(value, getattr(message, name), balances)
        else:
            value = value_of(field, value, getattr(message, name))
            if value is not None:
                setattr(message, name, value)
    return message


def embedded_books(ledger):
    books, hashes, terms = (
        Books(),
        collections.defaultdict(lambda: bytes(32)),
        collections.Counter(),
    )
    for shape in ledger.events():
        shape.pop("offset")
        record = event_pb2.EventRecord()
        event = message_from(shape, record.event)
        where = f"shard {event.shard} sequence {event.sequence}"
        check(
            event.previous_hash == hashes[event.shard],
            f"{where}: not the hash of the event before: {json.dumps(shape)}",
        )
        check(
            (event.term > terms[event.shard]) == bool(event.opened_hash)
            and event.term >= terms[event.shard],
            f"{where}: term {event.term} after {terms[event.shard]}",
        )
        hashes[event.shard] = hashlib.blake2b(record.SerializeToString(), digest_size=32).digest()
        terms[event.shard] = event.term
        books.take(event)
    books.close()
    books.inputs_dense()
    return books


# --- both ---


def books_of(ledger):
    return kafka_books(ledger) if ledger.is_kafka else embedded_books(ledger)


def shows_compare(ledger, books):
    """`pinion show` of every party says what the books say."""
    parties = sorted({account.split("/")[0] for _, account in books.totals})
    shown = collections.defaultdict(list)
    for party in parties:
        pattern = re.compile(
            r"(\S+) +posted +(\S+ \S+) +pending debits +(\S+ \S+) +pending credits +(\S+ \S+)"
            r" +available +(\S+ \S+)|as of sequence (\d+), head (\d+):"
        )
        lines = []
        for found in pattern.finditer(ledger.call("show", party).printed()):
            if found[1]:
                lines.append(found.groups()[:5])
                continue
            sequence, shard = int(found[6]), int(found[7])
            check(
                sequence == books.sequences[shard],
                f"show {party}: as of {sequence}, the log is at " f"{books.sequences[shard]}",
            )
            for line in lines:
                shown[shard, line[0]].append(line[1:])
            lines = []
    check(
        set(shown) == set(books.totals),
        f"show and the books know other accounts: " f"{set(shown) ^ set(books.totals)}",
    )
    for key, lines in shown.items():
        debits, credits, debits_pending, credits_pending = books.totals[key]
        is_asset = key[1].startswith("@bank/")
        posted = debits - credits if is_asset else credits - debits
        available = posted - (credits_pending if is_asset else debits_pending)
        wanted = tuple(
            text_of(minor, books.currency[key])
            for minor in (posted, debits_pending, credits_pending, available)
        )
        check(lines == [wanted], f"show {key}: {lines}, the books say {wanted}")


def audit(ledger, is_stopped=True):
    """The books, when all agree. is_stopped: no processor runs, so that show is as of the end."""
    books = books_of(ledger)
    if is_stopped:
        shows_compare(ledger, books)
    printed = ledger.verify()
    events = sum(books.sequences.values())
    check(
        not is_stopped or f"verified: {events} events" in printed,
        f"verify: {events} events wanted: {printed}",
    )
    return books
