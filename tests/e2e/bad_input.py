# SPDX-License-Identifier: Apache-2.0
"""Input that is no good is answered, each kind with its own reject, and what follows it goes on."""
import collections
import time

from audit import audit
from contract import command_pb2, reject_pb2, types_pb2
from gates import KafkaGate, command, partition_of, uuid7
from harness import BROKER, Room, check, embedded, wait_for

MINOR_MAX = (1 << 62) - 1
Case = collections.namedtuple("Case", "name stream party value reject detail")


def bytes_of(one, **changes):
    """A command's record, with fields of the envelope changed."""
    for name, value in changes.items():
        setattr(one, name, value)
    return one.SerializeToString()


def transfer(party, **fields):
    fields = {
        "from_account": f"{party}/a",
        "to_account": f"{party}/b",
        "amount": (1, "USD"),
        **fields,
    }
    return command(party, "transfer_create", **fields)


def funds(party, minor, currency="USD", **fields):
    fields = {
        "to_account": f"{party}/a",
        "amount": (minor, currency),
        "rail": types_pb2.RAIL_ACH,
        "rail_reference": uuid7().hex(),
        **fields,
    }
    return command(party, "funds_receive", **fields)


def tag(number, payload):
    """A length-delimited field."""
    head = number << 3 | 2
    return (
        (bytes([head & 0x7F | 0x80, head >> 7]) if head > 0x7F else bytes([head]))
        + bytes([len(payload)])
        + payload
    )


def shape_cases(party):
    """What is refused by its shape alone, whatever it asks for."""
    unknown_inside = bytes_of(command(party, "party_open", kind=1))
    at = unknown_inside.index(tag(20, b"\x08\x01"))
    unknown_inside = unknown_inside[:at] + tag(20, b"\x08\x01\x78\x01")
    bad_utf8 = bytes_of(transfer(party)).replace(
        f"{party}/a".encode(), f"{party}/\xff".encode("latin-1")
    )
    make = lambda name, value, reject, detail="", stream="commands": Case(
        name, stream, party, value, reject, detail
    )
    return [
        *(
            make(f"undecodable on {stream}", b"\xff\xff\xff", "undecodable", "byte 0", stream)
            for stream in ("commands", "rails", "control", "internal")
        ),
        make("cut off", bytes_of(transfer(party))[:-3], "undecodable"),
        make("JSON", b'{"transfer_create":{}}', "undecodable"),
        make("bad UTF-8", bad_utf8, "undecodable"),
        make(
            "a NUL in a text", bytes_of(transfer(party, from_account=f"{party}/\0")), "undecodable"
        ),
        make("too large", bytes_of(transfer(party, from_account="a" * 5000)), "too_large"),
        make("unknown field", bytes_of(transfer(party)) + tag(1000, b"x"), "unknown_field"),
        make("unknown field inside", unknown_inside, "unknown_field", "party_open"),
        make(
            "no body",
            command_pb2.Command(id=uuid7(), party=party).SerializeToString(),
            "unknown_command",
        ),
        make("empty", b"", "unknown_command"),
        make("transfer on rails", bytes_of(transfer(party)), "wrong_topic", stream="rails"),
        make("funds on commands", bytes_of(funds(party, 1)), "wrong_topic"),
        make("tick on commands", bytes_of(command(party, "tick")), "wrong_topic"),
        make("short id", bytes_of(transfer(party), id=b"x" * 15), "id_malformed"),
        make(
            "UUIDv4",
            bytes_of(transfer(party), id=uuid7()[:6] + b"\x40" + uuid7()[7:]),
            "id_malformed",
        ),
        make("no party", bytes_of(transfer(party), party=""), "party_malformed"),
        make("oversized party", bytes_of(transfer(party), party="p" * 65), "party_malformed"),
        make("platform's party", bytes_of(transfer(party), party="@bank"), "party_malformed"),
        make("unknown initiator", bytes_of(transfer(party), initiator=77), "initiator_unknown"),
        make("only tried", bytes_of(transfer(party), dry_run=True), "account_not_found"),
        make(
            "oversized reference",
            bytes_of(transfer(party), reference="r" * 65),
            "reference_malformed",
        ),
        make(
            "oversized account",
            bytes_of(transfer(party, from_account=f"{party}/" + "a" * 33)),
            "account_malformed",
        ),
        make(
            "platform account",
            bytes_of(transfer(party, from_account="@bank/USD")),
            "account_malformed",
        ),
        make(
            "payee's platform account",
            bytes_of(transfer(party, to_account="@bank/USD")),
            "payee_account_malformed",
        ),
        make("no currency", bytes_of(transfer(party, amount=(1, ""))), "currency_unknown"),
        make("zero", bytes_of(transfer(party, amount=(0, "USD"))), "amount_not_positive"),
        make("negative", bytes_of(transfer(party, amount=(-5, "USD"))), "amount_not_positive"),
        make(
            "too old",
            bytes_of(transfer(party), id=uuid7(int((time.time() - 8 * 86400) * 1000))),
            "id_too_old",
        ),
        make(
            "too new",
            bytes_of(transfer(party), id=uuid7(int((time.time() + 600) * 1000))),
            "id_too_new",
        ),
    ]


def cases_ask(gate, cases):
    """Sends each record and finds the answer by its place; {name: event}."""
    places = {}
    for case in cases:

        def delivered(error, message, case=case):
            check(not error, f"{case.name}: {error}")
            places[f"{case.stream}:{message.partition()}:{message.offset()}"] = case

        gate.raw(
            case.stream,
            case.party.encode(),
            case.value,
            on_delivery=delivered,
            partition=partition_of(case.party, gate.shards),
        )
    wait_for("delivery", lambda: len(places) == len(cases), 30)

    def answers():
        with gate.changed:
            return all(place in gate.by_place for place in places)

    wait_for(f"an answer to each of {len(cases)} bad records", answers, 30)
    return {case.name: gate.by_place[place] for place, case in places.items()}


def reject_check(case, event):
    kind = event.WhichOneof("outcome")
    check(kind == "command_rejected", f"{case.name}: {kind}, wanted {case.reject}")
    rejected = event.command_rejected
    name = reject_pb2.Reject.Name(rejected.reject)[len("REJECT_") :].lower()
    check(
        name == case.reject,
        f"{case.name}: rejected as {name} ({rejected.detail}), wanted {case.reject}",
    )
    check(
        case.detail in rejected.detail,
        f'{case.name}: the detail is "{rejected.detail}", wanted {case.detail}',
    )
    if case.reject in ("undecodable", "unknown_field"):
        check(rejected.detail, f"{case.name}: no detail says where")
    check(
        len(event.input.digest) == 16 and not event.effects and not event.balances,
        f"{case.name}: {event}",
    )


def overflow(gate, party):
    """A total stops before 2^62, and the refusal changes nothing."""
    for one in (
        command(party, "party_open", kind=1),
        command(party, "account_open", account=f"{party}/a", currency="USD"),
    ):
        gate.ask([(one, 1)], 30)
    wanted = [
        (funds(party, MINOR_MAX), "funds_received"),
        (funds(party, 1), "balance_overflow"),
        (funds(party, MINOR_MAX), "balance_overflow"),
    ]
    for one, answer in wanted:
        event = gate.ask([(one, 1)], 30)[one.id][0]
        kind = event.WhichOneof("outcome")
        got = (
            reject_pb2.Reject.Name(event.command_rejected.reject)[7:].lower()
            if kind == "command_rejected"
            else kind
        )
        check(got == answer, f"{one.funds_receive.amount.minor} more: {got}, wanted {answer}")


def records_kafka(options):
    with Room("records") as room:
        shards = options.shards or 4
        ledger = BROKER.ledger(room, "records").init(shards)
        gate, run = KafkaGate(ledger), ledger.run()
        party = "bad-input"
        elsewhere = next(
            f"q{n}"
            for n in range(100)
            if partition_of(f"q{n}", shards) != partition_of(party, shards)
        )
        cases = shape_cases(party) + [
            Case("misrouted", "commands", party, bytes_of(transfer(elsewhere)), "misrouted", ""),
            Case(
                "too large an amount",
                "rails",
                party,
                bytes_of(funds(party, (1 << 63) - 1)),
                "amount_not_positive",
                "",
            ),
        ]
        answers = cases_ask(gate, cases)
        for case in cases:
            if case.name != "too large an amount":
                reject_check(case, answers[case.name])
        check(
            answers["too large an amount"].WhichOneof("outcome") == "command_rejected",
            "2^63 - 1 was taken",
        )
        overflow(gate, party)
        check(
            run.is_alive() and not run.says("recovers from"),
            f"the owner was disturbed: {run.said()}",
        )
        check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
        gate.close()
        audit(ledger)
        return f"{len(cases)} bad records, each answered"


LINES = [
    ("{", "the line ends before its object does"),
    ("[]", "a JSON object is expected"),
    ('{"transfer_create":{}} x', "near x: something follows the object: one command a line"),
    ('{"party":"a"}', "no command"),
    ('{"pay":{}}', "pay: no command and no field of this name"),
    ('{"party_open":{"kind":"person"}}', "party: must be given"),
    ('{"party":"a","party_open":{"kind":"robot"}}', "one of these is expected"),
    ('{"party":"a","party_open":{},"tick":{}}', "a command has one body"),
    ('{"id":"7","party":"a","party_open":{}}', "a UUID is expected"),
    (
        '{"transfer_create":{"from_account":"a/b","to_account":"c/d","amount":12}}',
        "amount: a text like",
    ),
    (
        '{"transfer_create":{"from_account":"a/b","to_account":"c/d","amount":"1.234 USD"}}',
        "amount",
    ),
    ('{"transfer_create":{"from_account":"a/b","amount":"99999999999999999999 USD"}}', "amount"),
    ('{"transfer_create":{"from_account":"a/b","to_account":"c/d","amount":"1 XXQ"}}', "amount"),
    ('{"transfer_create":{"from":"a/b"}}', "from: no field of this name"),
    ('{"party":"a","party":"b","party_open":{}}', "this name stands twice in one object"),
    ('{"party":"' + "a" * 5000 + '","party_open":{}}', "too long|at most 4096"),
    ('{"tick":{}}', "tick is the processor's own"),
    (b'{"party":"\xff","party_open":{}}', "is not UTF-8: save the file as UTF-8"),
    (
        b'\xef\xbb\xbf{"party":"a","party_open":{}}',
        "byte order mark: save the file as UTF-8 without it",
    ),
    (r'{"party":"a\u0000","party_open":{}}', r"no text holds the character \\u0000: leave it out"),
    (b'{\0"\0', "as UTF-16 has: save the file as UTF-8"),
    ('{"party":' * 3000, "stand too deep in one another"),
]


def lines_embedded(_):
    """Bad lines get their number and the reason; the good ones between them are done."""
    with Room("lines") as room:
        ledger = embedded(room).init(1)
        text, good = b"", '{"party":"good%d","party_open":{"kind":"person"}}'
        for number, (line, _) in enumerate(LINES):
            text += (
                (line if isinstance(line, bytes) else line.encode())
                + b"\n"
                + (good % number).encode()
                + b"\n\n"
            )
        process = ledger.call("submit", text=text, wanted=1)
        lines = process.printed().splitlines()
        check(len(lines) == 2 * len(LINES), f"{len(lines)} lines for {2 * len(LINES)} commands")
        for number, (line, reason) in enumerate(LINES):
            said = lines[2 * number]
            check(
                said.startswith(f'{{"line":{3 * number + 1},"error":')
                and any(one in said for one in reason.split("|")),
                f"{line[:80]!r}: {said[:300]}, wanted {reason}",
            )
            check(
                '"party_opened"' in lines[2 * number + 1],
                f"the line after {line[:80]!r}: {lines[2 * number + 1]}",
            )
        audit(ledger)
        return f"{len(LINES)} bad lines"
