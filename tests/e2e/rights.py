# SPDX-License-Identifier: Apache-2.0
"""The table of ACLs in docs/operating.md: each role works with exactly its rights, and with any one of
them taken away it says at once which."""
import json
import re
import secrets
import time
from concurrent import futures

import guarded
from harness import BINARY, ROOT, Ledger, Room, check, wait_for

SECONDS = 9  # of a few: a machine at full load takes its time
SHARDS = 2
LINES = {
    "commands": [
        {"party": "p", "party_open": {"kind": "person"}},
        {"account_open": {"account": "p/a", "currency": "USD"}},
    ],
    "rails": [
        {
            "funds_receive": {
                "to_account": "p/a", "amount": "1.00 USD", "rail": "ach", "rail_reference": "r"
            }
        }
    ],
}


def roles():
    """{(who, subcommand): [(operation, resource, name with PREFIX)]}, as the table says."""
    said = (ROOT / "docs/operating.md").read_text()
    table = said[said.index("| who | runs | on | may |"):].split("\n\n")[0]
    found, who, runs = {}, "", []
    for line in table.splitlines()[2:]:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0]:
            who, runs = cells[0], re.findall(r"`(\w+)`", cells[1])
        names = re.findall(r"`([\w-]+)`", cells[2])
        if cells[2].startswith("topic"):
            resource, names = "Topic", [f"PREFIX.{name}" for name in names]
        else:
            check(cells[2].startswith("transactional ids "), f"not understood: {line}")
            resource = "TransactionalId"
            names = [name.replace("-N", f"-{n}") for name in names for n in range(SHARDS)]
        for subcommand in runs:
            found.setdefault((who, subcommand), []).extend(
                (operation, resource, name)
                for name in names
                for operation in re.findall(r"`(\w+)`", cells[3])
            )
    check(
        {runs for _, runs in found} == {"run", "init", "submit", "tail", "show", "verify"},
        f"the table has no role for some subcommand: {sorted(found)}",
    )
    return found


class Case:
    """One call by a principal of its own: a role's rights, less one or none."""

    def __init__(self, who, subcommand, rights, lacking, user, prefix):
        self.subcommand, self.lacking, self.user, self.prefix = subcommand, lacking, user, prefix
        self.name = f"{who}, {subcommand}" + (f" without {lacking}" if lacking else "")
        self.rights = [
            (user, operation, resource, name.replace("PREFIX", prefix))
            for operation, resource, name in rights
            if (operation, resource, name) != lacking
        ]
        writes = [name for operation, _, name in rights if operation == "Write"]
        self.text = ""
        if subcommand == "submit":
            self.text = "".join(json.dumps(one) + "\n" for one in LINES[writes[0].split(".")[1]])

    def start(self, room, broker):
        options = ["--ledger", broker.url("SASL", self.prefix)]
        options += ["--kafka-config", broker.client(self.user)]
        if self.subcommand in ("run", "init"):
            options += ["--state", room.folder / f"state-{self.user}"]
        options += {"init": ["--shards", SHARDS], "show": ["p"]}.get(self.subcommand, [])
        if self.subcommand == "run" and self.lacking and self.lacking[1] == "TransactionalId":
            options += ["--shard", self.lacking[2].rsplit("-", 1)[1]]  # the others go on without it
        return room.start(self.user, BINARY, self.subcommand, *options, text=self.text)

    def refused(self, room, broker):
        began = time.monotonic()
        process = self.start(room, broker)
        code, seconds = process.exit_code(60), time.monotonic() - began
        operation, resource, name = self.lacking
        kind = {"Topic": "topic", "TransactionalId": "transactional id"}[resource]
        words = f"denies us the operation {operation} on the {kind} "
        words += name.replace("PREFIX", self.prefix) + ":"
        check(
            code == 3 and process.says(words) and seconds < SECONDS,
            f"{self.name}: exit {code} after {seconds:.1f} s, wanted 3 and {words!r}: "
            f"{process.said()}",
        )
        return seconds


def cases_make(prefix):
    """Those with all rights, by (who, subcommand), those that lack one, and two for later."""
    users = iter(guarded.USERS)
    whole, lacking = {}, []
    for (who, subcommand), rights in roles().items():
        def case(lack, at, role=(who, subcommand), of=tuple(rights)):
            return Case(*role, of, lack, next(users), at)

        whole[who, subcommand] = case(None, prefix)
        for number, right in enumerate(rights):
            # What makes a ledger is tried where there is none.
            lacking.append(case(right, f"{prefix}-{number}" if subcommand == "init" else prefix))
    processor = "the processor", "run"
    later = [Case(*processor, roles()[processor], None, next(users), prefix) for _ in range(2)]
    return whole, lacking, later


def rights_kafka(_):
    broker = guarded.broker()
    prefix = f"rights-{secrets.token_hex(3)}"
    whole, lacking, later = cases_make(prefix)
    broker.allow([right for case in (*whole.values(), *lacking, *later) for right in case.rights])
    with Room("rights") as room:

        def well(who, subcommand):
            process = whole[who, subcommand].start(room, broker)
            code = process.exit_code(60)
            check(code == 0, f"{who}, {subcommand}: exit {code}: {process.said()}")

        nobody = room.start("nobody", BINARY, "tail", "--ledger", admin(broker, room, "none").url)
        check(nobody.exit_code() == 3 and nobody.says("pinion init"), nobody.said())
        well("the founder", "init")
        run = whole["the processor", "run"].start(room, broker)
        wait_for("run is live", lambda: run.says("live: ") or not run.is_alive(), 60)
        check(run.is_alive(), f"the processor: {run.said()}")
        for role in whole:
            if role[1] not in ("init", "run"):
                well(*role)
        with futures.ThreadPoolExecutor(4) as pool:
            seconds = list(pool.map(lambda case: case.refused(room, broker), lacking))
        check(run.is_alive(), f"the processor ended meanwhile: {run.said()}")
        ledger = admin(broker, room, prefix)
        ledger.submit({"party": "q", "party_open": {}})
        check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
        check("none." not in " ".join(ledger_topics(broker)), "a look made a topic")
        taken = [
            revoked(room, broker, case, right)
            for case, right in zip(later, (("Write", "events"), ("Read", "commands")))
        ]
    return (
        f"{len(whole)} calls with exactly their rights, {len(lacking)} without one of them, the slowest "
        f"{max(seconds):.1f} s; {len(taken)} taken away later"
    )


def admin(broker, room, prefix):
    """By the administrator's way in."""
    return Ledger(
        room, f"kafka://{broker.broker.address}/{prefix}", state=room.folder / f"admin-{prefix}"
    )


def ledger_topics(broker):
    from confluent_kafka.admin import AdminClient

    return AdminClient({"bootstrap.servers": broker.broker.address}).list_topics(timeout=20).topics


def revoked(room, broker, case, right):
    """A right taken away while the processor runs stops it, in the same words."""
    operation, topic = right
    name = f"{case.prefix}.{topic}"
    run = case.start(room, broker)
    wait_for("run is live", lambda: run.says("live: ") or not run.is_alive(), 60)
    broker.allow([(case.user, operation, "Topic", name)], guarded.DENY)
    ledger = admin(broker, room, case.prefix)
    asked = ledger.start("submit", text=json.dumps({"party": secrets.token_hex(4), "party_open": {}}) + "\n")
    words = f"denies us the operation {operation} on the topic {name}:"
    wait_for(f"without {right} the shard stops", lambda: run.says("STOPPED: not allowed: ") and run.says(words), 30)
    asked.end()
    code = run.ask_to_stop()
    check(code == 3, f"{right} was taken away: exit {code}: {run.said()}")
    return right
