# SPDX-License-Identifier: Apache-2.0
"""64 shards in one process: all live soon, each takes payments, and those with nothing to do cost little."""
import os
import pathlib
import time

from audit import audit
from gates import partition_of
from harness import BINARY, BROKER, Room, check, embedded, wait_for

SHARDS = 64
PAYING = 4
LIVE_S = 120  # on a busy machine; docs/operating.md has what it takes on a quiet one, and what idle shards cost
WINDOW_S = 3
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def run_within(ledger, files):
    """An owner of all shards, in a process that may open so many files."""
    state = ("--state", ledger.state) if ledger.is_kafka else ()
    shell = f'ulimit -n {files}; exec "$0" "$@"'
    run = ledger.room.start("run", "sh", "-c", shell, BINARY, "run", "--ledger", ledger.url, *state)
    wait_for("all are live", lambda: run.says(f"live: {SHARDS} shards") or not run.is_alive(), LIVE_S)
    check(run.is_alive(), f"pinion run ended: {run.said()}")
    return run


def percent_of_a_core(run):
    def ticks():
        fields = pathlib.Path(f"/proc/{run.child.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    began, before = time.monotonic(), ticks()
    time.sleep(WINDOW_S)
    return (ticks() - before) / TICKS_PER_S / (time.monotonic() - began) * 100


def idle_within(run, percent):
    """Once what follows a start or a payment is done."""
    seen = []

    def is_little():
        seen.append(percent_of_a_core(run))
        return seen[-1] < percent

    wait_for(f"{SHARDS} idle shards take less than {percent} % of a core, not {seen}", is_little, 90)
    return seen[-1]


def parties(count):
    """Of as many different shards, the first and the last one among them."""
    found = {}
    for number in range(10000):
        found.setdefault(partition_of(f"p{number}", SHARDS), f"p{number}")
    shards = [0, SHARDS - 1, *range(7, SHARDS, SHARDS // count)][:count]
    return [found[shard] for shard in shards]


def pay(ledger, paying, number):
    """One payment on each of their shards; the first ones open what they need."""
    lines = []
    for party in paying:
        if number == 0:
            lines.append({"party": party, "party_open": {"kind": "person"}})
            for name in ("a", "b"):
                lines.append({"party": party, "account_open": {"account": f"{party}/{name}", "currency": "USD"}})
        funds = {"to_account": f"{party}/a", "amount": "5.00 USD", "rail": "ach", "rail_reference": f"r{number}"}
        payment = {"from_account": f"{party}/a", "to_account": f"{party}/b", "amount": "1.25 USD"}
        lines += [{"funds_receive": funds}, {"transfer_create": payment}]
    answers = ledger.submit(*lines)
    posted = sum("transfer_posted" in answer for answer in answers)
    check(posted == len(paying), f"{answers}")


def sixty_four_shards(ledger, files, percent):
    ledger.init(SHARDS)
    paying = parties(PAYING)
    for number in range(2):
        run = run_within(ledger, files)
        if number == 0:
            idle = idle_within(run, percent)
        pay(ledger, paying, number)
        threads = len(os.listdir(f"/proc/{run.child.pid}/task"))
        check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
        check(not run.says("recovers from"), f"a shard recovered: {run.said()}")
    check(len(ledger.digests()) == SHARDS, "not all shards left a checkpoint that is what the log says")
    totals = audit(ledger).totals
    paid = [totals[partition_of(party, SHARDS), f"{party}/b"][:2] for party in paying]
    check(paid == [[0, 250]] * PAYING, f"money is missing: {totals}")
    return f"idle they took {idle:.1f} % of a core; {threads} threads"


def sixty_four_shards_embedded(_):
    with Room("many") as room:
        return sixty_four_shards(embedded(room), 64 * 40 + 64, 3)


def sixty_four_shards_kafka(_):
    with Room("many") as room:
        return sixty_four_shards(BROKER.ledger(room), 64 * (40 + 15) + 40 + 95, 20)


TESTS = [sixty_four_shards_embedded, sixty_four_shards_kafka]
