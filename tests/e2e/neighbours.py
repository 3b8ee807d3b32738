# SPDX-License-Identifier: Apache-2.0
"""What the clients of a test know of each other: whom they can pay on other shards, and what is under way.

A payment arrives at any time, so until it ended the balance of its payee is known within bounds only (Account.coming).
Who asks for too much on purpose must know the bound: to such an account nothing new is sent meanwhile (is_watched).
"""
import collections
import threading

from contract import reject_pb2
from harness import check, id_text

# The payee's account, and why a payment to it must come back. Each client has the second and the third one.
COMES_BACK = {
    "none": "payee_account_not_found",
    "euros": "payee_currency_mismatch",
    "closed": "payee_account_is_closed",
}
ARRIVES = "settled"


class Payment:
    """From one shard to another. how: as it must end, ARRIVES or a reject."""

    def __init__(self, home, away, payer, payee, minor, how):
        self.home, self.away, self.payer, self.payee, self.minor, self.how = home, away, payer, payee, minor, how

    @property
    def gainer(self):
        return self.payee if self.how == ARRIVES else self.payer


class Neighbours:
    def __init__(self):
        self.lock = threading.RLock()  # of the sums of all accounts: clients pay into each other's
        self.accounts = collections.defaultdict(list)  # by shard
        self.parties = collections.defaultdict(list)  # by shard; they have the accounts of COMES_BACK

    def _away(self, table, shard, choice):
        others = [other for other in table if other != shard]
        return choice.choice(others) if others else None

    def payee(self, shard, choice):
        """(another shard, an account there); None: there is none that can be paid now."""
        away = self._away(self.accounts, shard, choice)
        if away is None:
            return None
        account = choice.choice(self.accounts[away])
        return None if account.is_watched else (away, account)

    def wrong_payee(self, shard, choice):
        """(another shard, the name of an account, why a payment to it comes back); None: nobody is there yet."""
        away = self._away(self.parties, shard, choice)
        if away is None:
            return None
        name, reason = choice.choice(list(COMES_BACK.items()))
        return away, f"{choice.choice(self.parties[away])}/{name}", reason


def how_of(event):
    """{id: how it ended} of the payments that end with this event on the payer's shard."""
    kind = event.WhichOneof("outcome")
    if kind == "remittance_settled":
        return {effect.settlement.payment_id: ARRIVES for effect in event.effects}
    if kind == "remittance_returned":
        return {event.remittance_returned.payment_id: reject_name(event.remittance_returned.reason)}
    return {}


def reject_name(number):
    return reject_pb2.Reject.Name(number)[len("REJECT_") :].lower()


def payments_compare(payments, parties, routes):
    """{id: Payment} that these parties were told of: on either shard each ended once, as told; and there are no others."""
    found = {}
    for (home_shard, away_shard), home in routes.homes.items():
        answers = routes.aways[away_shard, home_shard].answers
        for number, sent in home.sent.items():
            if sent.from_account.split("/")[0] not in parties:
                continue
            payment_id, name = sent.payment_id, id_text(sent.payment_id)
            check(payment_id not in found, f"payment {name} was sent twice")
            check(number in answers and number in home.ends, f"payment {name} is still under way")
            reject, _ = answers[number]
            ends = {ARRIVES if end in (None, "settled") else reject_name(end) for end in (reject, home.ends[number])}
            found[payment_id] = home_shard, away_shard, sent.minor, ends
    told = {
        payment_id: (one.home, one.away, one.minor, {one.how}) for payment_id, one in payments.items()
    }
    wrong = [key for key in set(found) | set(told) if found.get(key) != told.get(key)]
    check(
        not wrong,
        f"{len(wrong)} payments between shards did not end as told, such as "
        f"{[(id_text(key), found.get(key), told.get(key)) for key in wrong[:3]]}",
    )
