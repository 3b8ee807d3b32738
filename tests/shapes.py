#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Pinion's records and JSON lines, each command and event with all its fields set, against protobuf's own library.

usage: shapes.py SHAPES PROTO_FOLDER DESCRIPTOR_SET

SHAPES is tests/shapes.c. Of each record, every field of the contract, as tests/schema.py reads it, must hold what Pinion's struct
held under its name; and Pinion's JSON must be what protobuf's says, in the contract's own way of writing ids, money and enums.
"""
import base64
import json
import subprocess
import sys
import uuid

from google.protobuf import descriptor_pb2, descriptor_pool, json_format

import schema

try:
    from google.protobuf.message_factory import GetMessageClass as message_class
except ImportError:
    from google.protobuf import message_factory

    def message_class(descriptor):
        return message_factory.MessageFactory().GetPrototype(descriptor)

DECIMALS = {"USD": 2, "EUR": 2, "JPY": 0, "KWD": 3}  # ISO 4217's, of the currencies that tests/nouns.c draws from


class Library:
    """Protobuf's own classes of the contract's messages."""

    def __init__(self, path):
        pool = descriptor_pool.DescriptorPool()
        with open(path, "rb") as file:
            for described in descriptor_pb2.FileDescriptorSet.FromString(file.read()).file:
                pool.Add(described)
        self.command = message_class(pool.FindMessageTypeByName("pinion.v1.Command"))
        self.record = message_class(pool.FindMessageTypeByName("pinion.v1.EventRecord"))

    def read(self, what, record):
        return self.command.FromString(record) if what == "command" else self.record.FromString(record).event


def money(minor, currency):
    decimals = DECIMALS[currency]
    digits = str(abs(minor)).rjust(decimals + 1, "0")
    whole, rest = (digits[:-decimals], "." + digits[-decimals:]) if decimals else (digits, "")
    return f"{'-' if minor < 0 else ''}{whole}{rest} {currency}"


def value_said(contract, field, value):
    """A field as tests/shapes.c says its member."""
    if field.type in contract.choices:
        return str(next(arm.number for arm in contract.messages[field.type] if value.HasField(arm.name)))
    if field.type == "Amount":
        return f"{value.minor} {value.currency}"
    if isinstance(value, bytes):
        return value.hex()
    return str(int(value)) if isinstance(value, (bool, int)) else value


def fields_wanted(contract, what, message, arm, body):
    """The contract's fields of a body, by the names that tests/shapes.c gives them."""
    for field in contract.messages[message]:
        if "derived" in field.words:
            continue
        value = getattr(body, field.name)
        is_message = field.type == "Amount" or field.type in contract.choices
        if not (body.HasField(field.name) if is_message else value):
            sys.exit(f"{arm}.{field.name}: it was not set")
        if field.type != "Amount" or what == "command":
            yield f"{arm}.{field.name}", value_said(contract, field, value)
        else:
            yield f"{arm}.{field.name}", str(value.minor)
            yield f"{arm}.{field.name}.currency", value.currency


def enum_said(field, name):
    return name.removeprefix(schema.snake(field.enum_type.name).upper() + "_").lower()


def bytes_said(field, text):
    binary = base64.b64decode(text)
    is_id = len(binary) == 16 and (field.name == "id" or field.name.endswith("_id"))
    return str(uuid.UUID(bytes=binary)) if is_id else binary.hex()


def scalar_said(contract, field, value):
    if field.type == field.TYPE_ENUM:
        return enum_said(field, value)
    if field.type == field.TYPE_BYTES:
        return bytes_said(field, value)
    if field.name == "first_outcome":
        return next(arm for _, arm, number in contract.events if number == value)
    return int(value) if field.type == field.TYPE_INT64 else value


def posting_said(descriptor, posting, balances):
    """With its accounts' names, and its amount in their currency."""
    debited, credited = (balances[posting[f"{side}_place"] - 1] for side in ("debit", "credit"))
    said = {"debit_account": debited["account"], "credit_account": credited["account"]}
    said["amount"] = money(int(posting.get("amount_minor", 0)), debited["currency"])
    for name in ("layer", "rail"):
        if name in posting:
            said[name] = enum_said(descriptor.fields_by_name[name], posting[name])
    return said | ({"forced": True} if posting.get("forced") else {})


def remittance_said(parsed, balances):
    debited = balances[parsed["from_place"] - 1]
    said = {"from_account": debited["account"], "amount": money(int(parsed["amount_minor"]), debited["currency"])}
    said |= {name: parsed[name] for name in ("shard", "to_account") if name in parsed}
    return said | {"number": int(parsed["number"]), "purpose": next(iter(parsed["purpose"]))}


def message_said(contract, descriptor, parsed, balances=()):
    """What protobuf's JSON says, in the words of Pinion's."""
    if descriptor.name == "Amount":
        return money(int(parsed.get("minor", 0)), parsed["currency"])
    if descriptor.name == "Posting":
        return posting_said(descriptor, parsed, balances)
    if descriptor.name == "Remittance":
        return remittance_said(parsed, balances)
    if descriptor.name in contract.choices:
        return next(iter(parsed))
    balances = parsed.get("balances", balances)
    said = {}
    for field in descriptor.fields:
        is_minor = field.name.endswith("_minor")
        if is_minor and "currency" in parsed:
            said[field.name.removesuffix("_minor")] = money(int(parsed.get(field.name, 0)), parsed["currency"])
        elif field.name not in parsed:
            continue
        elif field.type != field.TYPE_MESSAGE:
            said[field.name] = scalar_said(contract, field, parsed[field.name])
        elif field.label == field.LABEL_REPEATED:
            said[field.name] = [message_said(contract, field.message_type, inner, balances) for inner in parsed[field.name]]
        else:
            said[field.name] = message_said(contract, field.message_type, parsed[field.name], balances)
    return said


def differences(wanted, came, place=""):
    if isinstance(wanted, dict) and isinstance(came, dict):
        for name in sorted(wanted.keys() | came.keys()):
            yield from differences(wanted.get(name), came.get(name), f"{place}.{name}" if place else name)
    elif isinstance(wanted, list) and isinstance(came, list) and len(wanted) == len(came):
        for at, (one, other) in enumerate(zip(wanted, came)):
            yield from differences(one, other, f"{place}[{at}]")
    elif wanted != came:
        yield f"{place}: wanted {wanted!r}, came {came!r}"


def record_check(contract, library, what, arm, record, line, fields):
    message = next(message for message, name, _ in (contract.commands if what == "command" else contract.events) if name == arm)
    read = library.read(what, bytes.fromhex(record))
    wanted = dict(fields_wanted(contract, what, message, arm, getattr(read, arm)))
    # Amounts of an event share one currency: the first one's.
    came = fields | {name: wanted[name] for name in wanted.keys() - fields.keys() if name.endswith(".currency")}
    yield from (f"record of {what} {arm}, {text}" for text in differences(wanted, came))
    parsed = json_format.MessageToDict(read, preserving_proto_field_name=True)
    said = json.loads(line)
    if what == "event":
        said.pop("offset")
    said_wanted = message_said(contract, read.DESCRIPTOR, parsed)
    yield from (f"JSON of {what} {arm}, {text}" for text in differences(said_wanted, said))


def rounds(lines):
    """(what, arm, record, JSON line, fields)"""
    at = 0
    while at < len(lines):
        what, arm, record = lines[at].split(" ")
        line, at, fields = lines[at + 1].removeprefix("json "), at + 2, {}
        while at < len(lines) and lines[at].startswith("field "):
            _, name, value = lines[at].split(" ", 2)
            fields[name] = value
            at += 1
        yield what, arm, record, line, fields


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    contract, library = schema.Contract(sys.argv[2]), Library(sys.argv[3])
    lines = subprocess.run([sys.argv[1]], check=True, capture_output=True, text=True).stdout.splitlines()
    seen, failed = set(), 0
    for what, arm, record, line, fields in rounds(lines):
        seen.add((what, arm))
        for difference in record_check(contract, library, what, arm, record, line, fields):
            print(difference)
            failed += 1
    all_arms = {("command", arm) for _, arm, _ in contract.commands} | {("event", arm) for _, arm, _ in contract.events}
    for what, arm in sorted(all_arms - seen):
        print(f"{what} {arm}: it did not come up")
        failed += 1
    print(f"{len(seen)} kinds, {failed} differences")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
