# SPDX-License-Identifier: Apache-2.0
"""The status line has the parts that docs/operating.md explains, and each tells the truth."""
import datetime
import pathlib
import re
import signal

from faults import Trouble
from harness import ROOT, Room, check, embedded, wait_for

PARTS = re.compile(
    r"^(?P<time>\S+Z) +\w+ +status: (?P<live>\d+) of (?P<shards>\d+) shards live, (?P<rate>\d+)/s, "
    r"lag commands (?P<commands>\d+) rails (?P<rails>\d+) control (?P<control>\d+) internal (?P<internal>\d+), "
    r"verified - checkpoint (?P<behind>\d+), oldest timer due (?:in (?P<due>-?\d+) s|none), "
    r"level-0 files (?P<files>\d+), memory (?P<memory>\d+) MiB, recoveries (?P<recoveries>\d+), "
    r"engine time ahead (?P<ahead>-?\d+) s$",
    re.M,
)
HOLD_S = 3600


def lines_of(run):
    return [match.groupdict() for match in PARTS.finditer(run.err.read_text(errors="replace"))]


def asked(run):
    """The next one, on SIGUSR1."""
    count = len(lines_of(run))
    run.child.send_signal(signal.SIGUSR1)
    return wait_for("a status line", lambda: lines_of(run)[count:], 9)[0]


def decided_in(lines):
    """(inputs decided from the first line to the last one, how far that may be off)"""
    times = [datetime.datetime.fromisoformat(line["time"][:-1]).timestamp() for line in lines]
    gaps = [after - before for before, after in zip(times, times[1:])]
    return sum(gap * int(line["rate"]) for gap, line in zip(gaps, lines[1:])), sum(gaps) + 10


def status_embedded(_):
    page = (ROOT / "docs/operating.md").read_text()
    check(PARTS.search(page), "docs/operating.md shows another line")
    with Room("status") as room:
        ledger, trouble = embedded(room).init(1), Trouble(room)
        run = room.start(
            "run", *trouble.under("run", "--ledger", ledger.url, "--memory", 64, "--checkpoint-ms", 600000)
        )
        wait_for("it is live", lambda: run.says("live: ") or not run.is_alive(), 60)
        wait_for("a line comes by itself", lambda: lines_of(run), 30)
        asked(run)
        seen = len(lines_of(run)) - 1
        ledger.submit(
            {"party": "a", "party_open": {"kind": "person"}},
            {"party": "a", "account_open": {"account": "a/b", "currency": "USD"}},
            {"party": "a", "account_open": {"account": "a/c", "currency": "USD"}},
            *(
                {"funds_receive": {"to_account": "a/b", "amount": "1.00 USD", "rail": "ach", "rail_reference": f"r{n}"}}
                for n in range(97)
            ),
        )
        found = asked(run)
        decided, off = decided_in(lines_of(run)[seen:])
        check(abs(decided - 100) <= off, f"100 decided, said {decided:.1f}: {lines_of(run)[seen:]}")
        check(asked(run)["rate"] == "0", f"nothing came since: {lines_of(run)[seen:]}")
        check(found["live"] == found["shards"] == "1", f"{found}")
        check(found["behind"] >= "100" and len(found["behind"]) == 3, f"100 events and no checkpoint: {found}")
        check(found["commands"] == found["rails"] == found["control"] == "0", f"all is decided: {found}")
        check(found["recoveries"] == "0" and found["ahead"] == "0", f"{found}")
        resident = re.search(r"VmRSS:\s+(\d+) kB", pathlib.Path(f"/proc/{run.child.pid}/status").read_text())
        check(abs(int(found["memory"]) - int(resident[1]) / 1024) < 16, f"resident {resident[1]} kB: {found}")
        before = int(found["due"])
        check(HOLD_S < before <= 86400, f"the daily cut-off: {found}")
        ledger.submit(
            {"hold_create": {
                "from_account": "a/b", "to_account": "a/c", "amount": "1.00 USD", "reason": "card",
                "expires_in_s": HOLD_S,
            }}
        )
        found = asked(run)
        check(HOLD_S - 60 < int(found["due"]) <= HOLD_S, f"a hold that expires in an hour: {found}")
        trouble.clock(-100)
        found = asked(run)
        check(95 <= int(found["ahead"]) <= 101, f"a clock that is 100 s behind: {found}")
        trouble.clock(0)
        check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
        return f"{len(PARTS.groupindex)} numbers"
