# SPDX-License-Identifier: Apache-2.0
"""Upstream services with books of their own: each knows before it asks what the answer must be.

A client asks in rounds. The commands of one round touch different accounts, so what each must be
answered does not depend on the order in which they arrive, on repeats, or on what dies meanwhile.
Only a hold with a short expiry may have ended by itself; until that is known the model counts its
money as neither free nor held. A third of the payments go to other shards; some of those must come
back. What is under way is nobody's until its end was told on the payer's shard.
"""
import collections
import random
import threading
import time

from contract import event_pb2, reject_pb2, types_pb2
from gates import answer_of, command, partition_of, uuid7
from harness import Failure, check, wait_for
from neighbours import ARRIVES, Neighbours, Payment, payments_compare

CURRENCY = "USD"
SHORT_S, LONG_S = (1, 2, 3), 3600
UNDER_WAY_S_MAX = 150  # after the last one was sent: what was lost is sent again within a minute


class Account:
    def __init__(self, name):
        self.name, self.party = name, name.split("/")[0]
        self.posted = 0
        self.held = 0  # by holds that are surely open
        self.unsure = 0  # by those that may have expired
        self.coming = 0  # what may have arrived from other shards, or come back
        self.is_watched = False  # free_max is being tried

    @property
    def free_min(self):
        return self.posted - self.held - self.unsure

    @property
    def free_max(self):
        return self.posted - self.held + self.coming


class Hold:
    def __init__(self, hold_id, payer, payee, minor, is_short):
        self.id, self.payer, self.payee, self.minor, self.is_short = (
            hold_id,
            payer,
            payee,
            minor,
            is_short,
        )
        self.end = ""  # "captured", "released", "expired"


class Client(threading.Thread):
    """One upstream service; all its parties live on one shard."""

    def __init__(
        self,
        gate,
        neighbours,
        shard,
        seed,
        parties=3,
        accounts=40,
        round_size=120,
        rest_s=0.0,
        deadline_s=120,
    ):
        super().__init__(daemon=True)
        self.gate, self.shard, self.deadline_s = gate, shard, deadline_s
        self.neighbours = neighbours
        self.random = random.Random(seed)
        self.tag = f"{seed % 0xffffff:x}.{shard}"
        names = (f"p{n}-{self.tag}" for n in range(100000))
        self.parties = [
            name
            for _, name in zip(
                range(parties), (name for name in names if partition_of(name, gate.shards) == shard)
            )
        ]
        self.elsewhere = next(
            (f"q{n}" for n in range(100) if partition_of(f"q{n}", gate.shards) != shard), None
        )
        self.accounts = [
            Account(f"{party}/a{n}") for party in self.parties for n in range(accounts)
        ]
        self.holds, self.round_size, self.rest_s = {}, round_size, rest_s
        self.references, self.received, self.rounds = [], 0, 0
        self.final, self.asked_times = {}, collections.Counter()  # by command id
        self.old = []  # commands answered before, to be repeated
        self.trouble, self.is_over, self.answered = None, threading.Event(), 0
        self.tally = collections.Counter()
        self.payments, self.under_way = {}, {}  # to other shards, by id: all, and those that did not end

    def run(self):
        try:
            self.open_all()
            while not self.is_over.is_set():
                self.round()
                self.is_over.wait(self.rest_s)
            self.settle()
            self.arrivals_await()
        except Exception as trouble:
            self.trouble = trouble

    def finish(self, seconds=180 + UNDER_WAY_S_MAX):
        self.is_over.set()
        self.join(seconds)
        if self.trouble:
            raise Failure(f"client of shard {self.shard}: {self.trouble}") from self.trouble
        check(not self.is_alive(), f"client of shard {self.shard} is stuck")

    # --- asking ---

    def ask(self, wanted):
        """wanted: [(command, times, allowed answers, what follows)]"""
        answers = self.gate.ask([(one, times) for one, times, _, _ in wanted], self.deadline_s)
        for one, times, allowed, follow in wanted:
            self.asked_times[one.id] += times
            finals = [
                event
                for event in answers[one.id]
                if answer_of(event) not in ("command_repeated", "id_reused")
            ]
            # An answer that was lost with a killed submit is known from its repeat.
            answer = answer_of(finals[0]) if finals else first_answer_of(answers[one.id][0])
            check(
                answer in allowed,
                f"{one.WhichOneof('body')} was answered {answer}, not {allowed}: {one} "
                f"{answers[one.id]}",
            )
            check(len({event.sequence for event in finals}) <= 1, f"two first outcomes: {finals}")
            check(
                self.final.setdefault(one.id, answer) == answer,
                f"answered {self.final[one.id]}, now {answer}: {one}",
            )
            self.tally[answer] += 1
            with self.neighbours.lock:
                follow(answer)
            self.old.append(one)
        self.answered += len(wanted)
        del self.old[:-200]

    def open_all(self):
        def opens(account, currency=CURRENCY):
            party = account.split("/")[0]
            one = command(party, "account_open", account=account, currency=currency)
            return one, 1, ["account_opened"], ignore

        kind = types_pb2.PARTY_KIND_PERSON
        self.ask(
            [
                (command(party, "party_open", kind=kind), 1, ["party_opened"], ignore)
                for party in self.parties
            ]
        )
        self.ask(
            [opens(account.name) for account in self.accounts]
            + [opens(f"{party}/euros", "EUR") for party in self.parties]
            + [opens(f"{party}/closed") for party in self.parties]
        )
        self.ask(
            [
                (
                    command(party, "account_close", account=f"{party}/closed"),
                    1,
                    ["account_closed"],
                    ignore,
                )
                for party in self.parties
            ]
        )
        self.ask([self.funds(account) for account in self.accounts])
        with self.neighbours.lock:
            self.neighbours.accounts[self.shard] += self.accounts
            self.neighbours.parties[self.shard] += self.parties

    def round(self):
        self.rounds += 1
        self.arrivals_look()
        with self.neighbours.lock:
            wanted = self.round_make()
        self.ask(wanted)

    def round_make(self):
        self.random.shuffle(self.accounts)
        busy, wanted = set(), []
        holds = [hold for hold in self.holds.values() if self.random.random() < 0.3]
        for hold in holds[: self.round_size // 3]:
            if not {hold.payer, hold.payee} & busy:
                busy |= {hold.payer, hold.payee}
                wanted.append(self.hold_end(hold))
        free = [account for account in self.accounts if account not in busy][: self.round_size * 2]
        for payer, payee in zip(free[::2], free[1::2]):
            wanted.append(self.something(payer, payee))
        wanted += [self.again(one) for one in self.random.sample(self.old, min(3, len(self.old)))]
        return wanted

    def settle(self):
        """Ends what is unsure, so that the model says one thing only."""
        self.ask(
            [self.hold_end(hold, "release") for hold in list(self.holds.values()) if hold.is_short]
        )

    # --- what is under way to other shards ---

    def arrivals_look(self):
        """Ends what was told to have arrived or come back."""
        ends = self.gate.ends(self.under_way)
        with self.neighbours.lock:
            for payment_id, (shard, how) in ends.items():
                payment = self.under_way.pop(payment_id)
                check(
                    (shard, how) == (self.shard, payment.how),
                    f"payment {payment_id.hex()} to shard {payment.away} ended with {how} on shard {shard}, "
                    f"not with {payment.how} on shard {self.shard}",
                )
                payment.gainer.coming -= payment.minor
                payment.gainer.posted += payment.minor

    def arrivals_await(self):
        deadline = time.monotonic() + UNDER_WAY_S_MAX
        while self.under_way:
            if time.monotonic() > deadline:
                away = sorted({payment.away for payment in self.under_way.values()})
                raise Failure(
                    f"{len(self.under_way)} payments to shards {away} are under way after {UNDER_WAY_S_MAX} s"
                )
            time.sleep(0.1)
            self.arrivals_look()

    # --- what to ask, what must come back, what it does to the model ---

    def something(self, payer, payee):
        make = self.random.choices(
            [
                self.transfer,
                self.transfer_too_much,
                self.transfer_elsewhere,
                self.transfer_comes_back,
                self.transfer_to_nobody,
                self.funds,
                self.funds_again,
                self.hold,
                self.hold_too_much,
                self.hold_elsewhere,
            ],
            [25, 5, 30, 6, 3, 10, 3, 30, 3, 2],
        )[0]
        one, _, allowed, follow = make(payer, payee)
        return one, self.random.choices([1, 2, 3], [85, 10, 5])[0], allowed, follow

    @staticmethod
    def receipt(account, minor, reference, *wanted):
        one = command(
            account.party,
            "funds_receive",
            to_account=account.name,
            amount=(minor, CURRENCY),
            rail=types_pb2.RAIL_ACH,
            rail_reference=reference,
        )
        return (one, 1, *wanted)

    def funds(self, account, _=None):
        minor, reference = self.random.randint(1, 100000), f"r-{uuid7().hex()}"

        def follow(_):
            account.posted += minor
            self.received += minor
            self.references.append((reference, account, minor))

        return self.receipt(account, minor, reference, ["funds_received"], follow)

    def funds_again(self, account, payee):
        if not self.references:
            return self.funds(account, payee)
        reference, account, minor = self.random.choice(self.references[-50:])
        return self.receipt(account, minor, reference, ["rail_reference_used"], ignore)

    def transfer(self, payer, payee):
        if payer.free_min <= 0:
            return self.funds(payer, payee)
        minor = self.random.randint(1, payer.free_min)

        def follow(_):
            payer.posted -= minor
            payee.posted += minor

        return self.transfer_command(payer, payee.name, minor), 1, ["transfer_posted"], follow

    def transfer_command(self, payer, payee, minor):
        return command(
            payer.party,
            "transfer_create",
            from_account=payer.name,
            to_account=payee,
            amount=(minor, CURRENCY),
        )

    def transfer_too_much(self, payer, payee):
        one = self.transfer_command(payer, payee.name, payer.free_max + 1)
        return self.too_much(payer, one)

    @staticmethod
    def too_much(payer, one):
        payer.is_watched = True

        def follow(_):
            payer.is_watched = False

        return one, 1, ["balance_too_low"], follow

    def transfer_elsewhere(self, payer, payee):
        found = self.neighbours.payee(self.shard, self.random)
        if not found or payer.free_min <= 0:
            return self.transfer(payer, payee)
        away, account = found
        return self.sent(payer, account.name, away, account, ARRIVES)

    def transfer_comes_back(self, payer, payee):
        found = self.neighbours.wrong_payee(self.shard, self.random)
        if not found or payer.free_min <= 0:
            return self.transfer(payer, payee)
        away, name, reason = found
        return self.sent(payer, name, away, None, reason)

    def sent(self, payer, name, away, payee, how):
        minor = self.random.randint(1, payer.free_min)
        payment = Payment(self.shard, away, payer, payee, minor, how)
        payment.gainer.coming += minor  # it may arrive before this client knows that it was sent
        one = self.transfer_command(payer, name, minor)

        def follow(_):
            payer.posted -= minor
            self.payments[one.id] = self.under_way[one.id] = payment

        return one, 1, ["transfer_sent"], follow

    def transfer_to_nobody(self, payer, payee):
        return (
            self.transfer_command(payer, f"{payee.party}/none", 1),
            1,
            ["payee_account_not_found"],
            ignore,
        )

    @staticmethod
    def hold_command(payer, payee, minor, seconds):
        return command(
            payer.party,
            "hold_create",
            from_account=payer.name,
            to_account=payee,
            amount=(minor, CURRENCY),
            reason="order",
            expires_in_s=seconds,
        )

    def hold(self, payer, payee):
        if payer.free_min <= 0:
            return self.funds(payer, payee)
        minor, is_short = self.random.randint(1, payer.free_min), self.random.random() < 0.5
        seconds = self.random.choice(SHORT_S) if is_short else LONG_S
        one = self.hold_command(payer, payee.name, minor, seconds)

        def follow(_):
            self.holds[one.id] = Hold(one.id, payer, payee, minor, is_short)
            if is_short:
                payer.unsure += minor
            else:
                payer.held += minor

        return one, 1, ["hold_created"], follow

    def hold_too_much(self, payer, payee):
        return self.too_much(payer, self.hold_command(payer, payee.name, payer.free_max + 1, LONG_S))

    def hold_elsewhere(self, payer, payee):
        if not self.elsewhere:
            return self.hold_too_much(payer, payee)
        one = self.hold_command(payer, f"{self.elsewhere}/main", 1, LONG_S)
        return one, 1, ["payee_on_another_shard"], ignore

    def hold_end(self, hold, how=None):
        how = how or self.random.choice(["capture", "capture_all", "capture_too_much", "release"])
        expiry = ["hold_is_expired"] if hold.is_short else []
        captured = 0
        if how == "release":
            one, fine = command(hold.payer.party, "hold_release", hold_id=hold.id), "hold_released"
        elif how == "capture_all":
            one, fine, captured = (
                command(hold.payer.party, "hold_capture", hold_id=hold.id),
                "hold_captured",
                hold.minor,
            )
        else:
            is_fine = how == "capture"
            asked = self.random.randint(1, hold.minor) if is_fine else hold.minor + 1
            one = command(
                hold.payer.party, "hold_capture", hold_id=hold.id, amount=(asked, CURRENCY)
            )
            fine, captured = ("hold_captured", asked) if is_fine else ("capture_above_hold", 0)

        def follow(answer):
            if answer == "capture_above_hold":
                return
            del self.holds[hold.id]
            if hold.is_short:
                hold.payer.unsure -= hold.minor
            else:
                hold.payer.held -= hold.minor
            if answer == "hold_captured":
                hold.payer.posted -= captured
                hold.payee.posted += captured

        return one, self.random.choices([1, 2], [90, 10])[0], [fine] + expiry, follow

    def again(self, one):
        return one, 1, [self.final[one.id]], ignore


def ignore(_):
    """A refusal changes nothing."""


def first_answer_of(event):
    """What a repeat says that the first outcome was."""
    if answer_of(event) != "command_repeated":
        return answer_of(event)
    repeated = event.command_repeated
    if repeated.first_reject:
        return reject_pb2.Reject.Name(repeated.first_reject)[len("REJECT_") :].lower()
    return event_pb2.Event.DESCRIPTOR.fields_by_number[repeated.first_outcome].name


def clients_start(gate, seed, count=None, **options):
    neighbours = Neighbours()
    clients = [
        Client(gate, neighbours, n % gate.shards, seed + n, **options)
        for n in range(count or gate.shards)
    ]
    for client in clients:
        client.start()
    return clients


def clients_finish(clients):
    for client in clients:
        client.is_over.set()
    for client in clients:
        client.finish()
    return clients


def trouble_of(clients):
    """Raises what a client has met, without waiting for its end."""
    for client in clients:
        if client.trouble:
            client.finish()


def load_await(clients):
    wait_for("load", lambda: trouble_of(clients) or all(client.rounds > 2 for client in clients), 60)


def answers_again(clients, run, seconds):
    """Every client, and so every shard, has had answers since now; how long that took."""
    began = time.monotonic()
    rounds = {client: client.rounds for client in clients}

    def answered():
        trouble_of(clients)
        check(run.is_alive(), f"the owner ended: {run.said()}")
        return all(client.rounds > rounds[client] + 2 for client in clients)

    wait_for("every shard answers again", answered, seconds)
    return time.monotonic() - began


def between_count(clients):
    """(payments to other shards, those of them that came back)"""
    payments = [payment for client in clients for payment in client.payments.values()]
    return len(payments), sum(payment.how != ARRIVES for payment in payments)


def models_compare(clients, books):
    """What upstream was told is what the events say: balances, holds, one outcome for each id, one end
    for each payment between shards."""
    payments_compare(
        {key: payment for client in clients for key, payment in client.payments.items()},
        {party for client in clients for party in client.parties},
        books.routes,
    )
    for client in clients:
        for account in client.accounts:
            key = client.shard, account.name
            debits, credits, pending, _ = books.totals[key]
            check(
                (credits - debits, pending) == (account.posted, account.held),
                f"{key}: the events say {credits - debits} posted, {pending} held; told was "
                f"{account.posted}, {account.held}",
            )
        wanted = {hold.id: hold.minor for hold in client.holds.values()}
        there = {
            hold_id: hold.minor
            for hold_id, hold in books.holds[client.shard].items()
            if hold.debit.split("/")[0] in client.parties
        }
        check(
            there == wanted,
            f"shard {client.shard}: {len(there)} open holds, upstream knows {len(wanted)}",
        )
        for command_id, answer in client.final.items():
            first = books.first.get((client.shard, command_id))
            check(
                first is not None and answer_of(first) == answer,
                f"{command_id.hex()} was answered {answer}, the " f"events say {first}",
            )
            arrivals = 1 + books.repeats[client.shard, command_id]
            check(
                arrivals >= client.asked_times[command_id],
                f"{command_id.hex()} has {arrivals} outcomes, and was "
                f"sent {client.asked_times[command_id]} times",
            )
        ours = {
            key
            for key, event in books.first.items()
            if key[0] == client.shard and event.input.party in client.parties
        }
        check(
            ours == {(client.shard, command_id) for command_id in client.final},
            "outcomes of commands not asked",
        )
    received = sum(client.received for client in clients)
    bank = sum(
        debits - credits
        for (_, account), (debits, credits, _, _) in books.totals.items()
        if account == "@bank/USD"
    )
    check(bank == received, f"{received} were received, the events say {bank}")
