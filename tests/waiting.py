#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""docs/reference/waiting.md names every call into librdkafka and RocksDB that can wait, and no other.

A call is taken for one that can wait unless it is named here as one that only touches memory."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
TABLE = ROOT / "docs/reference/waiting.md"

HARMLESS = re.compile(
    r"rd_kafka_(\w+_(new|destroy|destroy_array|add|set|name|value|error|string|code|configs)"
    r"|conf_\w+|error_\w+|event_\w+|message_\w+|\w+_result\w*|AdminOptions_\w+|NewTopic_\w+"
    r"|ConfigResource_\w+|ConfigEntry_\w+|err2str|err2name|last_error|fatal_error|version\w*"
    # Answers come by a queue.
    r"|CreateTopics|DescribeConfigs|consume_start_queue"
    # With 0 or a step; a full queue is an error; what is known without asking.
    r"|poll|poll_set_consumer|consumer_closed|produce_batch|get_watermark_offsets|queue_cb_event_enable)"
    r"|rocksdb_(?!checkpoint_create$)(\w+_(create\w*|destroy|delete)|\w*options_\w+|\w+_set_\w+|iter_(key|value|valid|get_error)"
    r"|livefiles\w*|pinnableslice_value|property_\w+|get_latest_sequence_number|free|cache_\w+"
    r"|create_\w+|writebatch_\w+|filterpolicy_\w+|slicetransform_\w+|ratelimiter_\w+)"
)
CALL = re.compile(r"\b((?:rd_kafka|rocksdb)_\w+)\(")
ROW = re.compile(r"^\| `(\w+)` \| ([^|]*) \| ([^|]+) \| ([^|]+) \|$", re.M)


def calls_of_sources():
    found = set()
    for path in sorted((ROOT / "src").rglob("*.c")):
        text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
        for name in CALL.findall(text):
            if not HARMLESS.fullmatch(name):
                found.add((name, path.relative_to(ROOT / "src").as_posix()))
    return found


def calls_of_table():
    found = set()
    for name, files, _, _ in ROW.findall(TABLE.read_text()):
        found.update((name, file) for file in re.findall(r"`([\w./]+)`", files))
    return found


def main():
    sources, table = calls_of_sources(), calls_of_table()
    assert len(sources) > 20, "the sources were not found"
    wrong = [
        f"{name} in {file} can wait: say in docs/reference/waiting.md what bounds it"
        for name, file in sorted(sources - table)
    ] + [
        f"docs/reference/waiting.md names {name} in {file}, which does not call it"
        for name, file in sorted(table - sources)
    ]
    # The one that ignores its time-out is not to come back.
    wrong += [f"{name}: ignores its time-out" for name, _ in sources if "query_watermark" in name]
    print("\n".join(wrong) or f"{len(sources)} calls that can wait, each with its bound")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
