# SPDX-License-Identifier: Apache-2.0
"""A clock that is ten days ahead is not believed; an engine time that ran ahead is set back by the operator."""
import re

from audit import audit
from harness import BINARY, Room, check, embedded


def party(name):
    return {"party": name, "party_open": {"kind": "person"}}


def ahead(ledger, *, wanted, name):
    """One `submit` whose clock is ten days ahead, and what it is told."""
    submit = ledger.room.start(
        "submit", "faketime", "-f", "+10d", BINARY, "submit", "--ledger", ledger.url,
        text='{"party":"%s","party_open":{"kind":"person"}}\n' % name,
    )
    code = submit.exit_code()
    check(code == wanted, f"a clock ten days ahead: exit {code}: {submit.said()}")
    return submit


def clock_embedded(_):
    with Room("clock") as room:
        ledger = embedded(room).init(1)
        clock = room.folder / "ledger" / "clock"
        ledger.submit(party("alice"))
        refused = ahead(ledger, wanted=3, name="early")
        check(refused.says("clock is not believed"), refused.said())
        check(len(ledger.events()) == 2, "nothing was decided under the wrong clock")
        check("party_opened" in ledger.submit(party("bob"))[0], "under the right one it goes on")

        # Without what remembers the last look, as in an older version: engine time runs ahead.
        clock.unlink()
        ahead(ledger, wanted=0, name="early")
        clock.unlink(missing_ok=True)
        count = len(ledger.events())
        stopped = ledger.call("submit", text='{"party":"carl","party_open":{"kind":"person"}}\n', wanted=3)
        found = re.search(r"--restart-clock (0:\d+)", stopped.said())
        check(found, f"the way out is not told: {stopped.said()}")
        check(len(ledger.events()) == count, "nothing is decided while engine time is ahead")
        ledger.call("run", "--restart-clock", "0", wanted=2)
        wrong = ledger.call("run", "--restart-clock", "0:1234", wanted=3)
        check(wrong.says("does nothing"), wrong.said())

        for i in range(2):  # the second time the option is left over
            run = ledger.run("--restart-clock", found[1])
            opened = ledger.submit(party(f"dora{i}"))[0]
            check("party_opened" in opened, f"after the restart: {opened}")
            check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
        kinds = [event for event in ledger.events() if "clock_restarted" in event]
        check(len(kinds) == 1, f"one restart wanted: {kinds}")
        audit(ledger)
        return "refused, and set back"
