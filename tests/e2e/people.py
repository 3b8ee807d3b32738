# SPDX-License-Identifier: Apache-2.0
"""What people see on a terminal: words and a summary; and for whom a submit waits."""
import json
import os
import re
import signal

import terminal
from harness import BINARY, BROKER, ROOT, Room, check, embedded, wait_for

DAY = ROOT / "docs/examples/day.jsonl"


def on_terminal(ledger, *arguments, wanted=0, seconds=60):
    """What a subcommand writes to the terminal that its standard output is."""
    arguments = [str(argument) for argument in arguments]
    code, text = terminal.on_terminal(
        [BINARY, arguments[0], "--ledger", ledger.url, *arguments[1:]], seconds, shows_errors=False,
        env={**os.environ, "TMPDIR": str(ledger.room.folder)},
    )
    check(code is not None, f"pinion {' '.join(arguments)} did not end in {seconds} s")
    check(code == wanted, f"pinion {' '.join(arguments)}: exit {code}, wanted {wanted}: {text}")
    return text


def says(text, *patterns):
    for pattern in patterns:
        check(re.search(pattern, text, re.M), f"no line like /{pattern}/ in: {text}")


def is_json(text):
    try:
        return [json.loads(line) for line in text.splitlines()] != []
    except ValueError:
        return False


def words_embedded(_):
    with Room("words") as room:
        ledger = embedded(room).init(1)
        printed = on_terminal(ledger, "submit", DAY)
        says(
            printed,
            r"^    1  posted    party alice, a person$",
            r"^   14  posted    transfer of 3\.50 USD from bob/main to cafe/main \(order-18\)$",
            r"^   13  repeated  transfer of 5\.00 USD from alice/main to bob/main \(tip-17\): .* event \d+ ",
            r"^   16  REJECTED  transfer of 99\.00 USD from bob/main to cafe/main \(order-19\): balance_too_low: "
            r".*\(needed 99\.00 USD, available 41\.50 USD\)\. Pay less, .* under a new id\.$",
            r"^   19  posted    capture of 24\.80 USD .* 5\.20 USD released, hold [0-9a-f-]{36} \(booking-4\)$",
        )
        said = re.search(
            r"^(\d+) posted, (\d+) repeated, (\d+) rejected \((.*)\), (\d+) that are no command$",
            printed.splitlines()[-1],
        )
        check(said, f"no summary at the end of: {printed}")
        lines = DAY.read_text().count("\n")
        check(sum(int(said[i]) for i in (1, 2, 3, 5)) == lines, f"not {lines} lines: {said[0]}")
        check(
            sum(int(n) for n in re.findall(r"(\d+) \w+", said[4])) == int(said[3]),
            f"reasons that don't add up: {said[0]}",
        )

        bad = room.folder / "bad.jsonl"
        bad.write_text('{"party":"dora","party_open":{"kind":"person"}}\n{"nothing":1}\n')
        printed = on_terminal(ledger, "submit", bad, wanted=1)
        says(printed, r"^    2  ERROR     nothing: no command", "^1 posted, .*, 1 that is no command$")
        check(is_json(on_terminal(ledger, "submit", "--json", DAY)), "--json is no JSON")
        check(is_json(ledger.call("submit", DAY).printed()), "a file is given no JSON")
        ledger.call("submit", "--strict", DAY, wanted=1)
        opening = json.dumps({"party": "eve", "party_open": {"kind": "person"}})
        ledger.call("submit", "--strict", text=opening + "\n")

        printed = on_terminal(ledger, "tail")
        says(
            printed,
            r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC +0:1  posted    ledger, shard 0 of 1, ",
            r" +0:\d+  posted    transfer of 3\.50 USD from bob/main to cafe/main \(order-18\)$",
            r" +0:\d+  REJECTED  command of bob \(order-19\): balance_too_low: ",
        )
        check(is_json(ledger.call("tail").printed()), "tail gives a file no JSON")
        check(is_json(on_terminal(ledger, "tail", "--json")), "tail --json is no JSON")
        rows = ledger.call("tail", "--format", "json-full").printed().splitlines()
        rows = [json.loads(row) for row in rows]
        check(all(row["shard"] == 0 for row in rows), "a full row without its shard")
        check(len({tuple(row) for row in rows}) == 1, "full rows differ in their columns")
        check(len(rows) == printed.count("\n"), "other rows than words")
        posted = [row["effects"] for row in rows if row["outcome"] == "transfer_posted"]
        check(
            [{"posting": {"debit_account": "bob/main", "credit_account": "cafe/main", "amount": "3.50 USD",
             "amount_minor": 350, "amount_currency": "USD", "layer": "posted", "rail": "book", "forced": False},
             "remittance": None, "settlement": None}] in posted,
            f"no such row among {posted}",
        )
        return f"{len(rows)} events in words and as rows"


def waiting_embedded(_):
    with Room("waiting") as room:
        ledger = embedded(room).init(1)
        run = ledger.run()
        run.child.send_signal(signal.SIGSTOP)
        submit = ledger.start("submit", text='{"party":"a","party_open":{"kind":"person"}}\n')
        wait_for(
            "submit says for whom it waits",
            lambda: submit.says(f"for the process that holds '{ledger.url[9:]}'"),
        )
        check(submit.is_alive(), "it did not wait")
        run.child.send_signal(signal.SIGCONT)
        check(submit.exit_code() == 0, f"submit: {submit.said()}")
        check("party_opened" in submit.printed(), submit.printed())
        check(submit.said().count("waiting ") == 1, f"said more than once: {submit.said()}")

        submit = ledger.start("submit", text='{"party":"b","party_open":{"kind":"person"}}\n')
        check(submit.exit_code() == 0 and submit.said() == "", f"no reason to say: {submit.said()}")
        return "said once, and nothing when it went well"


def waiting_kafka(_):
    with Room("waiting") as room:
        ledger = BROKER.ledger(room).init(1)
        submit = ledger.start("submit", text='{"party":"a","party_open":{"kind":"person"}}\n')
        wait_for(
            "submit says for whom it waits",
            lambda: submit.says(
                "waiting for the outcome of line 1 from shard 0, for a processor of "
                f"{ledger.url}: is `pinion run` running"
            ),
        )
        ledger.run()
        check(submit.exit_code() == 0, f"submit: {submit.said()}")
        check("party_opened" in submit.printed(), submit.printed())
        return "said, and then answered"
