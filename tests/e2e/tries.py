# SPDX-License-Identifier: Apache-2.0
"""A command with `dry_run` tells what its outcome would be; nothing else is different afterwards, on both logs, whatever happens."""
import json

from audit import audit
from gates import command, json_of
from harness import BROKER, Room, check, embedded

FUNDS = {"to_account": "alice/main", "amount": (10000, "USD"), "rail": 1, "rail_reference": "dep-1"}


def line(made, tries):
    """As upstream writes it; the same id whether it is tried or meant."""
    shape = json_of(made)
    if tries:
        shape["dry_run"] = True
    return shape


def day():
    pay = {"from_account": "alice/main", "to_account": "alice/save", "amount": (2500, "USD")}
    too_much = {**pay, "amount": (99900, "USD")}
    hold = {**pay, "reason": "dinner", "expires_in_s": 3600}
    yield command("alice", "party_open", kind=1), "party_opened"
    yield command("alice", "account_open", account="alice/main", currency="USD"), "account_opened"
    yield command("alice", "account_open", account="alice/save", currency="USD"), "account_opened"
    yield command("alice", "funds_receive", **FUNDS), "funds_received"
    yield command("alice", "transfer_create", **pay), "transfer_posted"
    yield command("alice", "transfer_create", **too_much), "command_rejected"
    yield command("alice", "hold_create", **hold), "hold_created"


def tries_check(ledger):
    run = ledger.run()
    steps = list(day())
    for number, (made, outcome) in enumerate(steps):
        for _ in range(2):  # its id is not used up
            tried = ledger.submit(line(made, True))[0]
            check(tried["input"].get("dry_run") is True, f"not marked: {tried}")
            check(outcome in tried, f"tried {outcome}: {tried}")
            check("effects" not in tried and "balances" not in tried, f"a trial moves nothing: {tried}")
            trial = tried.get("trial", {})
        if number == 2:  # what was decided comes again after a kill, and what was tried leaves no trace
            run.kill()
            run = ledger.run()
        meant = ledger.submit(line(made, False))[0]
        check("dry_run" not in meant["input"], f"it was meant: {meant}")
        for part in ("effects", "balances"):
            check(trial.get(part) == meant.get(part), f"tried {part} {trial}, and came {meant}")
        said, came = ({**one.get(outcome, {}), "expires_at_ms": None} for one in (tried, meant))  # time goes on between them
        check(said == came, f"tried {said}, and came {came}")
    again = ledger.submit(line(steps[4][0], True))[0]
    check(again["command_rejected"]["reject"] == "id_reused", f"the id was used in earnest: {again}")
    text = "".join(json.dumps(line(made, True)) + "\n" for made, _ in list(day())[:2])
    words = ledger.call("submit", "--format", "words", text=text)
    said = words.printed()
    check("only tried" in said, f"for people: {said}")
    check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
    audit(ledger)
    return f"{len(steps)} commands, each tried twice, then meant"


def tries_embedded(_):
    with Room("tries") as room:
        return tries_check(embedded(room).init(1))


def tries_kafka(options):
    with Room("tries-kafka") as room:
        return tries_check(BROKER.ledger(room, "tries").init(options.shards or 2))
