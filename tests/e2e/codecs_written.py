# SPDX-License-Identifier: Apache-2.0
"""In which codec events stand on the log, read from its files."""
import pathlib
import struct

from confluent_kafka.admin import AdminClient, ConfigResource

from audit import servers_and_prefix
from backup import SETTINGS
from harness import BROKER, Room, check, embedded

CODECS = {0: "none", 1: "gzip", 2: "snappy", 3: "lz4", 4: "zstd"}
LZ4_FRAME = b"\x04\x22\x4d\x18"
HEAD = 61  # bytes of a batch before its records
PARTIES = 300


def batches(topic):
    """(codec, bytes of records) of each batch, from the broker's own files."""
    found = []
    for path in sorted(pathlib.Path(BROKER.folder, "data", f"{topic}-0").glob("*.log")):
        data, at = path.read_bytes(), 0
        while at + HEAD <= len(data):
            (size,) = struct.unpack_from(">i", data, at + 8)
            if size <= 0:
                break  # room that the broker took ahead
            (attributes,) = struct.unpack_from(">h", data, at + 21)
            is_marker = attributes & 0x20
            if not is_marker:
                found.append((CODECS[attributes & 7], 12 + size - HEAD))
            at += 12 + size
    return found


def commands(name):
    return [
        {"party": f"{name}-{number}", "party_open": {"kind": "person"}} for number in range(PARTIES)
    ]


def topic_set(topic, name, value):
    # All of a topic's settings are written: what is left out falls back to the broker's own.
    settings = {**SETTINGS, name: value}
    admin = AdminClient({"bootstrap.servers": BROKER.address})
    for future in admin.alter_configs([ConfigResource("topic", topic, set_config=settings)]).values():
        future.result(30)


def codecs_kafka(_):
    BROKER.need_ours()
    with Room("codecs") as room:
        ledger = BROKER.ledger(room, "codecs").init(1)
        topic = f"{servers_and_prefix(ledger)[1]}.events"
        seen = len(batches(topic))
        for codec in (None, "zstd", "gzip", "none", "lz4"):
            config = room.folder / f"properties-{codec}"
            config.write_text(f"compression.type={codec}\n" if codec else "")
            run = ledger.run("--kafka-config", config)
            ledger.submit(*commands(f"with-{str(codec).lower()}"))
            check(run.ask_to_stop() == 0, run.said())
            now = batches(topic)
            # One that would only grow is left as it is.
            large = {name for name, size in now[seen:] if size > 2000 or name != "none"}
            check(large == {codec or "lz4"}, f"{codec} was chosen, batches are {now[seen:]}")
            seen = len(now)
        topic_set(topic, "compression.type", "gzip")
        run = ledger.run()
        ledger.submit(*commands("by-topic"))
        check(run.ask_to_stop() == 0, run.said())
        codecs = {name for name, size in batches(topic)[seen:] if size > 2000 or name != "none"}
        check(codecs == {"gzip"}, f"the topic's own codec is gzip, batches are {batches(topic)[seen:]}")
        ledger.verify()
        check(len(ledger.events()) == 6 * PARTIES + 1, "events of all codecs are read")
        return f"{seen} batches, in lz4 when nothing is said, zstd, gzip, none; and the topic's own"


def codecs_embedded(_):
    with Room("codecs") as room:
        ledger = embedded(room).init(1)
        ledger.submit(*commands("embedded"))
        held = b"".join(
            path.read_bytes() for path in (room.folder / "ledger" / "log").glob("*") if path.is_file()
        )
        check(held.count(LZ4_FRAME) >= 2, "no LZ4 frames in the files of the log")
        check(b"embedded-299" not in held or held.count(b"embedded-") < PARTIES, "not compressed")
        ledger.verify()
        return "LZ4"
