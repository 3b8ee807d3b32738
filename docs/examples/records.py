#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""All valid events of a ledger on Kafka, as length-delimited protobuf records: what ClickHouse calls the format Protobuf.

    docs/examples/records.py --brokers HOST:PORT [--prefix pinion] > events.bin
"""
import argparse
import sys

from contract import event_pb2
from reader import events


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes(out) + bytes([number])


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--brokers", required=True, metavar="HOST:PORT")
    options.add_argument("--prefix", default="pinion")
    options = options.parse_args()
    for event in events(options.brokers, options.prefix):
        record = event_pb2.EventRecord(event=event).SerializeToString()
        sys.stdout.buffer.write(varint(len(record)) + record)


if __name__ == "__main__":
    main()
