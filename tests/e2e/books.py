# SPDX-License-Identifier: Apache-2.0
"""The books, kept a second time from the events alone, sharing no code with the binary.

Finds: a broken chain, effects that are not the balances told, debits that are not credits, pending
totals that are not the open holds, an account below its floor, an input with no outcome or two, a
command done twice; and what routes.py finds, of money between shards.
"""
import collections
import hashlib

from contract import event_pb2, reject_pb2
from harness import check, id_text
from routes import Routes

Totals = collections.namedtuple("Totals", "debits credits debits_pending credits_pending")
LAYERS = {
    event_pb2.LAYER_POSTED: (0, 1, 1),
    event_pb2.LAYER_PENDING: (2, 3, 1),
    event_pb2.LAYER_PENDING_LIFTED: (2, 3, -1),
}
REJECTS_WITHOUT_ROW = 41  # those up to here leave the id free


class Chain:
    """One shard's records in offset order; takes() says which are valid events."""

    def __init__(self):
        self.term = self.sequence = self.marks = self.voids = 0
        self.hash, self.mark = bytes(32), b""

    def takes(self, record, value):
        digest = hashlib.blake2b(value, digest_size=32).digest()
        if record.WhichOneof("record") == "shard_opened":
            if record.shard_opened.term > self.term:
                self.term, self.mark, self.marks = record.shard_opened.term, digest, self.marks + 1
            return False
        event = record.event
        if (
            (event.term, event.sequence) != (self.term, self.sequence + 1)
            or event.previous_hash != self.hash
            or event.opened_hash != self.mark
        ):
            self.voids += 1
            return False
        self.sequence, self.hash, self.mark = event.sequence, digest, b""
        return True


def accounts_of(event, posting):
    """Named once, in the balances."""
    return event.balances[posting.debit_place - 1].account, event.balances[posting.credit_place - 1].account


class Hold:
    def __init__(self, event):
        posting = event.effects[0].posting
        self.debit, self.credit = accounts_of(event, posting)
        self.minor, self.expires_at_ms = posting.amount_minor, event.hold_created.expires_at_ms


class Books:
    """All shards together: an account stands on one shard, but platform accounts on each."""

    def __init__(self):
        self.totals = collections.defaultdict(lambda: [0, 0, 0, 0])  # (shard, account)
        self.currency, self.class_of = {}, {}
        self.holds = collections.defaultdict(dict)  # shard -> id -> Hold
        self.inputs = collections.defaultdict(
            collections.Counter
        )  # (shard, topic) -> offset -> outcomes
        self.first, self.repeats = {}, collections.Counter()  # by command id
        self.kinds, self.sequences = collections.Counter(), {}
        self.last_inputs = {}  # (shard, topic) -> offset, digest, command id of the last one decided
        self.ledger_ids, self.times = set(), collections.defaultdict(int)
        self.routes = Routes()

    def take(self, event):
        shard, kind = event.shard, event.WhichOneof("outcome")
        where = f"shard {shard} sequence {event.sequence} ({kind})"
        check(kind, f"{where}: an event of an unknown kind")
        check(
            event.sequence == self.sequences.get(shard, 0) + 1,
            f"{where}: the sequence is not dense",
        )
        self.sequences[shard] = event.sequence
        if kind == "clock_restarted":
            check(
                event.engine_time_ms < event.clock_restarted.left_ms == self.times[shard],
                f"{where}: engine time was not set back from where it stood",
            )
        else:
            check(event.engine_time_ms >= self.times[shard], f"{where}: engine time went back")
        self.times[shard] = event.engine_time_ms
        self.kinds[kind] += 1
        if kind == "ledger_opened":
            self.ledger_ids.add(event.ledger_opened.ledger_id)
        elif kind == "inputs_restarted":
            self._restart(event, where)
        elif kind != "clock_restarted" and not event.HasField("timer"):
            self._outcome(event, kind, where)
        self._effects(event, where)
        self._hold(event, kind, where)
        self.routes.take(event, kind, where)

    def _outcome(self, event, kind, where):
        of_stream = self.inputs[event.shard, event.input.topic]
        self.last_inputs[event.shard, event.input.topic] = (
            event.input.offset,
            event.input.digest,
            event.input.command_id,
        )
        of_stream[event.input.offset] += 1
        check(of_stream[event.input.offset] == 1, f"{where}: a second outcome of one input")
        if event.input.dry_run:
            check(not event.effects and not event.balances, f"{where}: a trial with effects")
            return
        if not event.input.command_id:
            return  # what shards send each other is known by its number
        key = event.shard, event.input.command_id
        if kind == "command_repeated":
            self.repeats[key] += 1
            check(key in self.first, f"{where}: a repeat of what never came")
            check(
                event.command_repeated.first_sequence == self.first[key].sequence,
                f"{where}: it points to another outcome than the first",
            )
        elif kind != "command_rejected" or event.command_rejected.reject > REJECTS_WITHOUT_ROW:
            if (
                kind == "command_rejected"
                and event.command_rejected.reject == reject_pb2.REJECT_ID_REUSED
            ):
                return
            check(key not in self.first, f"{where}: command {id_text(key[1])} was done twice")
            self.first[key] = event

    def _restart(self, event, where):
        """What stood there from its offset on is no matter any more; other records stand there."""
        restarted = event.inputs_restarted
        key = event.shard, restarted.topic
        check(
            (
                restarted.expected_offset - 1,
                restarted.expected_digest,
                restarted.expected_command_id,
            )
            == self.last_inputs.get(key, (-1, b"", b"")),
            f"{where}: it names another record than the last one decided",
        )
        self.last_inputs[key] = restarted.offset - 1, restarted.digest, restarted.command_id
        for offset in [o for o in self.inputs[key] if o >= restarted.offset]:
            del self.inputs[key][offset]

    def _effects(self, event, where):
        shard, touched = event.shard, set()
        for effect in event.effects:
            check(effect.WhichOneof("effect"), f"{where}: an unknown effect")
            if not effect.HasField("posting"):
                continue  # it moves nothing by itself
            posting = effect.posting
            debit, credit, sign = LAYERS[posting.layer]
            check(posting.amount_minor > 0, f"{where}: a posting of nothing")
            places = posting.debit_place, posting.credit_place
            check(
                all(0 < place <= len(event.balances) for place in places),
                f"{where}: a posting on no account",
            )
            currency = event.balances[posting.debit_place - 1].currency
            for account, column in zip(accounts_of(event, posting), (debit, credit)):
                key = shard, account
                check(
                    self.currency.setdefault(key, currency) == currency,
                    f"{where}: {account} is in another currency",
                )
                self.totals[key][column] += sign * posting.amount_minor
                touched.add(account)
        told = {balance.account: balance for balance in event.balances}
        check(
            set(told) == touched,
            f"{where}: balances of {sorted(told)}, effects on {sorted(touched)}",
        )
        for account, balance in told.items():
            check(
                [
                    balance.debits_posted_minor,
                    balance.credits_posted_minor,
                    balance.debits_pending_minor,
                    balance.credits_pending_minor,
                ]
                == self.totals[shard, account],
                f"{where}: the balances told of {account} are not what the effects come to",
            )
            check(
                account.startswith("@") or self.available(shard, account) >= 0,
                f"{where}: {account} is below its floor",
            )

    def _hold(self, event, kind, where):
        if event.input.dry_run:
            return
        open_holds = self.holds[event.shard]
        if kind == "account_opened":
            key = event.shard, event.account_opened.account
            check(key not in self.class_of, f"{where}: opened twice")
            self.class_of[key], self.currency[key] = (
                event.account_opened.account_class,
                event.account_opened.currency,
            )
            self.totals[key] = [0, 0, 0, 0]
        elif kind == "hold_created":
            check(
                event.hold_created.hold_id not in open_holds, f"{where}: the hold is there already"
            )
            open_holds[event.hold_created.hold_id] = Hold(event)
        elif kind in ("hold_captured", "hold_released", "hold_expired"):
            ended = getattr(event, kind)
            hold = open_holds.pop(ended.hold_id, None)
            check(hold, f"{where}: no such hold is open")
            lifted, *taken = (effect.posting.amount_minor for effect in event.effects)
            check(lifted == hold.minor, f"{where}: not all of the hold is lifted")
            if kind == "hold_captured":
                check(
                    taken[0] + ended.released.minor == hold.minor,
                    f"{where}: not all of the hold is accounted for",
                )
            is_over = event.engine_time_ms >= hold.expires_at_ms
            check(
                is_over == (kind == "hold_expired"),
                f"{where}: at {event.engine_time_ms}, " f"expiry {hold.expires_at_ms}",
            )

    def available(self, shard, account):
        debits, credits, pending, _ = self.totals[shard, account]
        return credits - debits - pending

    def close(self):
        """What must hold at any end of the log."""
        check(len(self.ledger_ids) <= 1, "shards of several ledgers")
        pending = collections.defaultdict(lambda: [0, 0])
        for shard, holds in self.holds.items():
            for hold in holds.values():
                pending[shard, hold.debit][0] += hold.minor
                pending[shard, hold.credit][1] += hold.minor
        sums = collections.defaultdict(lambda: [0, 0, 0, 0])
        for key, totals in self.totals.items():
            check(
                totals[2:] == pending[key],
                f"{key}: pending {totals[2:]}, open holds {pending[key]}",
            )
            for column in range(4):
                sums[key[0], self.currency[key]][column] += totals[column]
        for key, (debits, credits, debits_pending, credits_pending) in sums.items():
            check(
                debits == credits and debits_pending == credits_pending,
                f"{key}: debits are not credits",
            )
        self.routes.close(self.totals)
        return self

    def inputs_compare(self, offsets):
        """{(shard, topic number): offsets of all records there}: each has one outcome, no more."""
        for key, wanted in offsets.items():
            answered = set(self.inputs[key])
            check(
                answered == set(wanted),
                f"inputs (shard, topic) {key}: {len(set(wanted) - answered)} of "
                f"{len(wanted)} records have no outcome, "
                f"{len(answered - set(wanted))} outcomes no record",
            )

    def inputs_dense(self):
        """Where the inputs can't be read: the embedded log numbers them from 0 without gaps."""
        for key, answered in self.inputs.items():
            check(
                set(answered) == set(range(len(answered))),
                f"inputs (shard, topic) {key}: some have no outcome",
            )
