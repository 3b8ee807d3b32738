# SPDX-License-Identifier: Apache-2.0
"""Money between shards, kept a second time from the events: what each shard sent, received and answered, and whether it all adds up.

Finds: a number given or taken twice or left out, money that left without a debit or arrived without a credit, an answer that is not
the other shard's, a payment that ended twice or not at all, accounts of @transit that hold something else than what is under way.
"""
import collections

from contract import event_pb2
from harness import check

Sent = collections.namedtuple("Sent", "payment_id group_id from_account to_account currency minor purpose")


def transit(currency, other):
    return f"@transit/{currency}.{other}"


class Home:
    """What a shard knows of what it sent to another one."""

    def __init__(self):
        self.sent, self.outbox = {}, {}  # number -> Sent
        self.ends = {}  # number -> "settled", or the reject that it was returned with


class Away:
    """What a shard knows of what it received from another one."""

    def __init__(self):
        self.answers = {}  # number -> (None or the reject, Sent without group_id)
        self.confirmed = 0


class Routes:
    def __init__(self):
        self.homes, self.aways = collections.defaultdict(Home), collections.defaultdict(Away)  # (its shard, the other)

    def take(self, event, kind, where):
        """An event whose balances were checked already."""
        if event.input.dry_run:
            return
        for place, effect in enumerate(event.effects):
            if effect.HasField("remittance"):
                self._sent(event, place, effect.remittance, where)
        own = getattr(self, f"_{kind}", None)
        if own:
            own(event, getattr(event, kind), where)
        else:
            check(not any(effect.HasField("settlement") for effect in event.effects), f"{where}: it settles something")

    def _sent(self, event, place, remittance, where):
        home = self.homes[event.shard, remittance.shard]
        check(remittance.shard != event.shard, f"{where}: a remittance to itself")
        check(remittance.number == len(home.sent) + 1, f"{where}: number {remittance.number} after {len(home.sent)}")
        payer = event.balances[remittance.from_place - 1]
        check(place > 0, f"{where}: a remittance before its debit")
        posting = event.effects[place - 1].posting
        check(
            (posting.debit_place, posting.amount_minor, posting.layer)
            == (remittance.from_place, remittance.amount_minor, event_pb2.LAYER_POSTED)
            and event.balances[posting.credit_place - 1].account == transit(payer.currency, remittance.shard),
            f"{where}: number {remittance.number} was not debited",
        )
        sent = Sent(
            event.input.command_id,
            event.input.group_id,
            payer.account,
            remittance.to_account,
            payer.currency,
            remittance.amount_minor,
            remittance.purpose.WhichOneof("purpose"),
        )
        home.sent[remittance.number] = home.outbox[remittance.number] = sent

    def _received(self, event, said, reject, sent, where):
        away = self.aways[event.shard, said.home_shard]
        check(said.number == len(away.answers) + 1, f"{where}: number {said.number} after {len(away.answers)}")
        away.answers[said.number] = reject, sent

    def _payment_received(self, event, said, where):
        (posting,) = (effect.posting for effect in event.effects)
        debited, credited = (event.balances[place - 1] for place in (posting.debit_place, posting.credit_place))
        check(
            debited.account == transit(debited.currency, said.home_shard) and posting.layer == event_pb2.LAYER_POSTED,
            f"{where}: the money does not come from shard {said.home_shard}",
        )
        sent = (said.payment_id, said.from_account, credited.account, debited.currency, posting.amount_minor)
        self._received(event, said, None, (*sent, said.purpose.WhichOneof("purpose")), where)

    def _remittance_refused(self, event, said, where):
        sent = (said.payment_id, said.from_account, said.to_account, said.amount.currency, said.amount.minor)
        check(said.reason and not event.effects, f"{where}: refused for no reason, or with effects")
        self._received(event, said, said.reason, (*sent, said.purpose.WhichOneof("purpose")), where)

    def _end(self, home, number, how, where):
        check(number == len(home.ends) + 1, f"{where}: an answer to number {number} after {len(home.ends)}")
        check(number in home.outbox, f"{where}: an answer to number {number}, which is not under way")
        home.ends[number] = how
        return home.outbox.pop(number)

    def _remittance_settled(self, event, said, where):
        home = self.homes[event.shard, said.away_shard]
        numbers = [effect.settlement.number for effect in event.effects]
        check(numbers == list(range(said.first_number, said.last_number + 1)), f"{where}: it settles {numbers}")
        for effect in event.effects:
            sent = self._end(home, effect.settlement.number, "settled", where)
            check(
                (effect.settlement.payment_id, effect.settlement.group_id) == (sent.payment_id, sent.group_id),
                f"{where}: it settles another payment",
            )

    def _remittance_returned(self, event, said, where):
        sent = self._end(self.homes[event.shard, said.away_shard], said.number, said.reason, where)
        (posting,) = (effect.posting for effect in event.effects)
        debited, credited = (event.balances[place - 1].account for place in (posting.debit_place, posting.credit_place))
        check(
            (debited, credited, posting.amount_minor, posting.layer)
            == (transit(sent.currency, said.away_shard), sent.from_account, sent.minor, event_pb2.LAYER_POSTED)
            and (said.payment_id, said.to_account) == (sent.payment_id, sent.to_account),
            f"{where}: not what was sent is given back",
        )

    def _remittance_confirmed(self, event, said, where):
        away = self.aways[event.shard, said.home_shard]
        check(away.confirmed < said.number <= len(away.answers), f"{where}: of {len(away.answers)} answers")
        away.confirmed = said.number

    def _remittance_repeated(self, event, said, where):
        check(not event.effects, f"{where}: something was done again")
        known = self.homes[event.shard, said.shard].ends if said.was_answer else self.aways[event.shard, said.shard].answers
        check(said.number in known, f"{where}: a repeat of number {said.number}, which never came")

    # --- both sides of each pair ---

    def pairs(self):
        return sorted({(home, away) for home, away in self.homes} | {(home, away) for away, home in self.aways})

    def behind(self):
        """Shards whose events are to be read further: what another one knows of them is not there yet."""
        for home_shard, away_shard in self.pairs():
            home, away = self.homes[home_shard, away_shard], self.aways[away_shard, home_shard]
            if len(away.answers) > len(home.sent) or away.confirmed > len(home.ends):
                yield home_shard
            if len(home.ends) > len(away.answers):
                yield away_shard

    def _ends_check(self, pair, home, away):
        for number, (reject, answered) in away.answers.items():
            sent = home.sent[number]
            check(answered == sent[:1] + sent[2:], f"{pair} number {number}: sent was {sent}, received {answered}")
            check(number not in home.ends or home.ends[number] == (reject or "settled"), f"{pair} number {number}: it ended otherwise")

    def under_way(self):
        """{(home, away, currency): minor units that are debited at home, and neither credited away nor given back}"""
        found = collections.Counter()
        for home, away in self.pairs():
            answers = self.aways[away, home].answers
            for number, sent in self.homes[home, away].outbox.items():
                if number not in answers or answers[number][0]:
                    found[home, away, sent.currency] += sent.minor
        return found

    def close(self, totals):
        """totals: {(shard, account): [debits, credits, ...]} of all shards."""
        check(not list(self.behind()), f"shards {sorted(set(self.behind()))} are not read far enough")
        for pair in self.pairs():
            self._ends_check(pair, self.homes[pair], self.aways[pair[::-1]])
        on_transit = collections.Counter()
        for (shard, account), (debits, credits, *_) in totals.items():
            if account.startswith("@transit/"):
                currency, other = account.removeprefix("@transit/").split(".")
                on_transit[min(shard, int(other)), max(shard, int(other)), currency] += credits - debits
        wanted = collections.Counter()
        for (home, away, currency), minor in self.under_way().items():
            wanted[min(home, away), max(home, away), currency] += minor
        check(
            +on_transit == +wanted and not -on_transit,
            f"on @transit are {dict(on_transit)}, under way {dict(wanted)}",
        )
