# SPDX-License-Identifier: Apache-2.0
"""Payments between shards over the real binary: they arrive or come back with the reason, whatever is killed in between; and
`pinion verify` over all shards agrees with the independent reader, while shards run too."""
import random
import re
import time

from audit import audit
from gates import SubmitGate, partition_of
from harness import Room, check, embedded, wait_for
from kills import Killer, RESTART_S_MAX
from load import clients_finish, clients_start, load_await, models_compare, trouble_of

UNDER_WAY = re.compile(r"^all shards: (\d+) payments under way between them$", re.M)
VERIFIED = 3  # how often, while shards run


def party_of(shard, shards, name="p"):
    return next(f"{name}{n}" for n in range(1000) if partition_of(f"{name}{n}", shards) == shard)


def opened(party, currency="USD", name="main"):
    return [
        {"party": party, "party_open": {"kind": "person"}},
        {"account_open": {"account": f"{party}/{name}", "currency": currency}},
    ]


def transfer(payer, payee, amount, **more):
    return {"transfer_create": {"from_account": payer, "to_account": payee, "amount": amount}, **more}


def settled(ledger):
    """Nothing is under way any more; what `pinion verify` printed."""

    def printed():
        said = ledger.verify()
        return said if UNDER_WAY.search(said)[1] == "0" else None

    return wait_for("all payments arrive or come back", printed, 60, every=0.2)


def reasons_embedded(options):
    """One that arrives, and one for each reason why it can't; told by the second event, on the payer's shard."""
    with Room("between-reasons") as room:
        ledger = embedded(room).init(2)
        payer, payee, closed, yen = (
            party_of(0, 2, "payer"),
            party_of(1, 2, "payee"),
            party_of(1, 2, "closed"),
            party_of(1, 2, "yen"),
        )
        run = ledger.run()
        ledger.submit(*opened(payer), *opened(payee), *opened(closed), *opened(yen, "JPY"))
        ledger.submit({"account_close": {"account": f"{closed}/main"}})
        ledger.submit(
            {
                "funds_receive": {
                    "to_account": f"{payer}/main",
                    "amount": "100 USD",
                    "rail": "ach",
                    "rail_reference": "r1",
                }
            }
        )
        wanted = {
            f"{payee}/main": None,
            f"{payee}/none": "payee_account_not_found",
            f"{party_of(1, 2, 'nobody')}/main": "payee_account_not_found",
            f"{closed}/main": "payee_account_is_closed",
            f"{yen}/main": "payee_currency_mismatch",
        }
        group = "0190b6f0-5c1e-7a3b-8f00-2b1d8c0e4a11"
        sent = ledger.submit(*(transfer(f"{payer}/main", to, "1.50 USD", group_id=group) for to in wanted))
        check(all("transfer_sent" in event for event in sent), f"sent: {sent}")
        payments = {event["input"]["command_id"]: to for event, to in zip(sent, wanted)}
        settled(ledger)
        ends, events = {}, ledger.events()
        for event in events:
            for effect in event.get("effects", []):
                if "settlement" in effect:
                    ends[effect["settlement"]["payment_id"]] = None
                    check(effect["settlement"]["group_id"] == group, f"{effect}")
            if "remittance_returned" in event:
                ends[event["remittance_returned"]["payment_id"]] = event["remittance_returned"]["reason"]
                check(event["input"]["group_id"] == group and event["input"]["party"] == payer, f"{event}")
        check({payments[payment]: reason for payment, reason in ends.items()} == wanted, f"{ends}, wanted {wanted}")
        check(ledger.show(payer)[f"{payer}/main"][0] == "98.50 USD", f"{ledger.show(payer)}")
        check(ledger.show(payee)[f"{payee}/main"][0] == "1.50 USD", f"{ledger.show(payee)}")
        by_hand = {"party": payee, "remittance_deliver": {"number": 2, "purpose": "transfer"}}
        (refused,) = ledger.submit(by_hand, wanted=1)
        check("only the owners of shards" in refused["error"], f"{refused}")
        check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
        audit(ledger)
        return f"{len(wanted)} payments"


def one_shard_down_embedded(options):
    """What goes to a shard without an owner is under way, and verify says how much; the owner comes, and it arrives."""
    with Room("between-down") as room:
        ledger = embedded(room).init(2)
        payer, payee = party_of(0, 2, "payer"), party_of(1, 2, "payee")
        run = ledger.run()
        ledger.submit(*opened(payer), *opened(payee))
        ledger.submit(
            {
                "funds_receive": {
                    "to_account": f"{payer}/main",
                    "amount": "100 USD",
                    "rail": "ach",
                    "rail_reference": "r1",
                }
            }
        )
        check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
        run = ledger.run("--shard", "0")
        ledger.submit(*(transfer(f"{payer}/main", f"{payee}/main", f"{n}.01 USD") for n in range(1, 4)))
        wait_for("the status line to tell it", lambda: "under way between shards 3" in run.said(), 60)
        said = ledger.verify()
        check(
            "all shards: 3 payments under way between them\n"
            "  USD  603 minor units under way from shard 0 to shard 1, in 3 payments, 0 of them refused there\n" in said,
            f"verify: {said}",
        )
        check("all shards" not in ledger.verify("--shard", "0"), "one shard alone is not the ledger")
        check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
        run = ledger.run()
        settled(ledger)
        check(ledger.show(payee)[f"{payee}/main"][0] == "6.03 USD", f"{ledger.show(payee)}")
        check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
        audit(ledger)
        return "3 payments wait for an owner"


def verified_under_load(ledger, shards, choice):
    """`pinion verify` again and again while all shards run and are killed: the most that it found under way, how often it read on."""
    gate = SubmitGate(ledger, shards)
    clients = clients_start(gate, choice.randrange(1 << 24), accounts=12, round_size=24)
    killer, most, read_on, count = Killer(ledger, clients, choice), 0, 0, 0
    killer.start()
    try:
        load_await(clients)
        while count < VERIFIED:
            said = ledger.verify()
            most, count = max(most, int(UNDER_WAY.search(said)[1])), count + 1
            read_on += said.count("which other shards know of already")
            if count == VERIFIED // 2:
                killer.kill_at_random()
        wait_for("pinion run is live", killer.look, RESTART_S_MAX)
        for client in clients:
            client.is_over.set()
        while any(client.is_alive() for client in clients):
            killer.watch(0.05)
        clients_finish(clients)
        trouble_of(clients)
        settled(ledger)
        check(killer.run.ask_to_stop() == 0, f"SIGTERM: {killer.run.said()}")
    finally:
        gate.close()
    return clients, most, read_on, count


def verify_running_embedded(options):
    began, said = time.monotonic(), []
    choice = random.Random(options.seed)
    for shards in (2, 8):
        with Room(f"between-{shards}") as room:
            ledger = embedded(room).init(shards)
            clients, most, read_on, count = verified_under_load(ledger, shards, choice)
            books = audit(ledger)
            models_compare(clients, books)
            check(not books.routes.under_way(), f"under way at the end: {books.routes.under_way()}")
            sent = sum(len(home.sent) for home in books.routes.homes.values())
            check(sent > 0, "nothing was sent between shards")
            said.append(f"{shards} shards: {sent} sent, up to {most} under way, verified {count} times, read on {read_on} times")
    return f"{'; '.join(said)}; {time.monotonic() - began:.0f} s"


TESTS = [reasons_embedded, one_shard_down_embedded, verify_running_embedded]
