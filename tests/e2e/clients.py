# SPDX-License-Identifier: Apache-2.0
"""The clients of docs/examples, as they stand, against a real broker with four shards."""
import re
import sys
import time

from audit import audit, servers_and_prefix
from harness import BROKER, ROOT, Room, check

EXAMPLES = ROOT / "docs/examples"
DAY = (
    ["party_opened"] * 3
    + ["account_opened"] * 3
    + [
        "funds_received",
        "command_rejected rail_reference_used, retry never",
        "transfer_posted",
        "command_repeated: first outcome at sequence",
        "command_rejected balance_too_low, retry new_id (needed 9900, " "had 1250 USD)",
        "hold_created",
        "hold_captured",
        "command_rejected hold_is_captured, retry never",
    ]
)
BALANCES = {"@bank/USD": (-10000, 0), "alice": (6610, 0), "bob": (1250, 0), "cafe": (2140, 0)}
DAYS = 3


def example(room, ledger, name):
    servers, prefix = servers_and_prefix(ledger)
    process = room.start(
        name,
        sys.executable,
        "-B",
        EXAMPLES / f"{name}.py",
        "--brokers",
        servers,
        "--prefix",
        prefix,
    )
    code = process.exit_code(120)
    check(code == 0, f"{name}.py ended with {code}: {process.said()}")
    return process.printed().splitlines()


def day_check(lines):
    check(
        len(lines) == len(DAY),
        f"upstream.py printed {len(lines)} outcomes, wanted {len(DAY)}: {lines}",
    )
    for line, wanted in zip(lines, DAY):
        found = re.match(r"[0-9a-f-]{36} \w+ +shard \d sequence \d+ +(.*)", line)
        check(found and found[1].startswith(wanted), f"upstream.py: {line}, wanted {wanted}")


class Garbage:
    """What can't be decoded, with the id that its sender believes it has."""

    def __init__(self, party, value):
        self.id, self.party, self.value = b"garbage-%09d" % len(value), party, value

    def WhichOneof(self, _):
        return "transfer_create"

    def SerializeToString(self):
        return self.value


def undecodable_kafka(options):
    """A service finds the outcome of a record that names no id, at once, and does not send it for ever."""
    import upstream

    with Room("undecodable") as room:
        ledger = BROKER.ledger(room, "undecodable").init(options.shards or 4)
        run = ledger.run()
        servers, prefix = servers_and_prefix(ledger)
        service = upstream.Upstream(servers, prefix)
        asked = [Garbage("alice", b"\xff"), Garbage("bob", b"\xff\xff"), Garbage("alice", bytes(5000))]
        began = time.monotonic()
        events = service.ask(asked, deadline_s=60)
        took_s = time.monotonic() - began
        service.close()
        names = [upstream.describe(event).split(" command_rejected ")[1] for event in events]
        check(names == ["undecodable, retry never"] * 2 + ["too_large, retry never"], f"outcomes: {names}")
        check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
        audit(ledger)
        return f"{len(asked)} records, found in {took_s:.1f} s"


def clients_kafka(options):
    with Room("clients") as room:
        ledger = BROKER.ledger(room, "clients").init(options.shards or 4)
        run = ledger.run()
        for _ in range(DAYS):
            day_check(example(room, ledger, "upstream"))
        balances = {}
        lines = example(room, ledger, "reader")
        for line in lines[:-1]:
            account, minor, currency, held = re.fullmatch(
                r"(\S+) +(-?\d+) (\S+)  held +(-?\d+)", line
            ).groups()
            check(currency == "USD", line)
            name = account if account.startswith("@") else account.split("-")[0]
            balances.setdefault(name, []).append((int(minor), int(held)))
        for name, wanted in BALANCES.items():
            got = balances.get(name, [])
            fine = (
                sum(minor for minor, _ in got) == DAYS * wanted[0]
                if name.startswith("@")
                else got == [wanted] * DAYS
            )
            check(fine, f"reader.py: {name} has {got}, wanted {DAYS} times {wanted}")
        check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
        books = audit(ledger)
        check(lines[-1] == f"{sum(books.sequences.values())} events", f"reader.py: {lines[-1]}")
        return f"{DAYS} days of {len(DAY)} commands"
