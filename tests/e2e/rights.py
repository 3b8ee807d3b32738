# SPDX-License-Identifier: Apache-2.0
"""The table of ACLs in docs/operating.md: each role works with exactly its rights, and with any one of
them taken away it says at once which. Nobody may write where the table does not say so."""
import json
import os
import re
import secrets
import time
from concurrent import futures

from confluent_kafka import Consumer, KafkaError, Producer

import guarded
from gates import partition_of
from harness import BINARY, ROOT, Ledger, Room, check, wait_for

SECONDS = 9  # of a few: a machine at full load takes its time
SHARDS = 2
TOPICS = ("commands", "rails", "control", "internal", "events")
SMALL = ["--accounts", 10, "--transfers", 100, "--seconds", 0, "--memory", 64]  # of bench
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
        elif cells[2].startswith("group "):
            resource, names = "Group", re.findall(r"`(PREFIX[\w.]+)`", cells[2])
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
        {runs for _, runs in found} == {"run", "follow", "init", "bench", "submit", "tail", "show", "verify"},
        f"the table has no role for some subcommand: {sorted(found)}",
    )
    return found


class Case:
    """One call by a principal of its own: a role's rights, less one or none."""

    def __init__(self, who, subcommand, rights, lacking, user, prefix):
        self.subcommand, self.lacking, self.user, self.prefix = subcommand, lacking, user, prefix
        self.is_of_all = False  # else it owns just the shard whose transactional id is lacking
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
        if self.subcommand in ("run", "follow", "init", "bench"):
            options += ["--state", room.folder / f"state-{self.user}"]
        options += {"init": ["--shards", SHARDS], "show": ["p"], "bench": SMALL}.get(
            self.subcommand, []
        )
        if self.subcommand == "bench" and not self.lacking:
            options += ["--raw"]
        if self.subcommand == "run" and self.lacks_id() and not self.is_of_all:
            options += ["--shard", self.lacking[2].rsplit("-", 1)[1]]
        return room.start(self.user, BINARY, self.subcommand, *options, text=self.text)

    def lacks_id(self):
        return self.lacking and self.lacking[1] == "TransactionalId"

    def is_owner(self):
        return self.subcommand == "run" and self.lacks_id()

    def words(self):
        """What is said about the one right."""
        operation, resource, name = self.lacking
        kind = {"Topic": "topic", "TransactionalId": "transactional id", "Group": "group"}[resource]
        name = name.replace("PREFIX", self.prefix)
        return f"denies us the operation {operation} on the {kind} {name}:"

    def refused(self, room, broker):
        began = time.monotonic()
        process = self.start(room, broker)
        code, seconds, words = process.exit_code(60), time.monotonic() - began, self.words()
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

        all_at = f"{prefix}-bench" if subcommand == "bench" else prefix
        whole[who, subcommand] = case(None, all_at)
        for number, right in enumerate(rights):
            lacking.append(case(right, place_of(subcommand, right, number, prefix)))
    raw = Case("the founder", "init", roles()["the founder", "init"], None, "", f"{prefix}-bench-raw")
    measurer = whole["whoever measures", "bench"]
    measurer.rights += [(measurer.user, *right[1:]) for right in raw.rights]
    processor = "the processor", "run"
    later = [Case(*processor, roles()[processor], None, next(users), prefix) for _ in range(2)]
    upstream = next(role for role in roles() if role[1] == "submit")
    later.append(Case(*upstream, roles()[upstream], None, next(users), prefix))
    return whole, lacking, later


def place_of(subcommand, right, number, prefix):
    """What makes a ledger is tried where there is none; what needs a fresh one, where nothing was made up."""
    if subcommand == "init":
        return f"{prefix}-{number}"
    if subcommand == "bench":
        # Where a transactional id is lacking the other shard has had an owner then.
        return f"{prefix}-bench" + (f"-{right[2][-1]}" if right[1] == "TransactionalId" else "")
    return prefix


def rights_kafka(_):
    broker = guarded.broker()
    prefix = f"rights-{secrets.token_hex(3)}"
    whole, lacking, later = cases_make(prefix)
    broker.allow([right for case in (*whole.values(), *lacking, *later) for right in case.rights])
    with Room("rights") as room:

        def well(who, subcommand):
            process = whole[who, subcommand].start(room, broker)
            if subcommand == "follow":
                wait_for("it follows", lambda: process.says("follows: ") or not process.is_alive(), 60)
                process.child.terminate()
            code = process.exit_code(60)
            check(code == 0, f"{who}, {subcommand}: exit {code}: {process.said()}")

        nobody = room.start("nobody", BINARY, "tail", "--ledger", admin(broker, room, "none").url)
        check(nobody.exit_code() == 3 and nobody.says("pinion init"), nobody.said())
        well("the founder", "init")
        run = whole["the processor", "run"].start(room, broker)
        wait_for("run is live", lambda: run.says("live: ") or not run.is_alive(), 60)
        check(run.is_alive(), f"the processor: {run.said()}")
        for role in whole:
            if role[1] not in ("init", "run", "bench"):
                well(*role)
        with futures.ThreadPoolExecutor(4) as pool:
            places = {case.prefix for case in lacking if case.subcommand == "bench"}
            list(pool.map(lambda place: admin(broker, room, place).init(SHARDS), places))
            seconds = list(pool.map(lambda case: case.refused(room, broker), lacking))
            refusals = sum(pool.map(lambda case: writes_try(broker, case), whole.values()))
        well("whoever measures", "bench")  # those that lacked a right made nothing up there
        check(run.is_alive(), f"the processor ended meanwhile: {run.said()}")
        ledger = admin(broker, room, prefix)
        ledger.submit({"party": "q", "party_open": {}})
        group_try(broker, whole["members' services", "submit"])
        check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
        check("none." not in " ".join(ledger_topics(broker)), "a look made a topic")
        shard_alone(room, broker, next(case for case in reversed(lacking) if case.is_owner()))
        found_without_create(room, broker, lacking)
        taken = [
            revoked(room, broker, case, right)
            for case, right in zip(later[:2], (("Write", "events"), ("Read", "commands")))
        ]
        revoked_while_asking(room, broker, later[2])
    return (
        f"{len(whole)} calls with exactly their rights, {len(lacking)} without one of them, the slowest "
        f"{max(seconds):.1f} s; {len(taken)} taken away later; {refusals} writes of others refused"
    )


def client_of(broker, case, **properties):
    return {
        "bootstrap.servers": f"localhost:{broker.ports['SASL']}",
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "PLAIN",
        "sasl.username": case.user,
        "sasl.password": guarded.PASSWORD,
        "ssl.ca.location": str(broker.certificates.authority),
        "log_level": 0,
        **properties,
    }


def writes_try(broker, case):
    """Each topic is closed to whoever the table does not let write there, `control` to all."""
    may = {name for _, operation, _, name in case.rights if operation == "Write"}
    producer, answers = Producer(client_of(broker, case, **{"message.timeout.ms": 20000})), {}
    closed = {f"{case.prefix}.{topic}" for topic in TOPICS} - may
    check(f"{case.prefix}.control" in closed, f"{case.name} may write control")
    for name in closed:
        producer.produce(
            name, b"x", partition=0,
            on_delivery=lambda error, message: answers.update({message.topic(): error}),
        )
    producer.flush(30)
    for name in closed:
        error = answers.get(name)
        check(
            error and error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED,
            f"{case.name} writes {name}: {error}",
        )
    return len(closed)


def group_try(broker, case):
    """A client of one's own that uses a consumer group needs a right to it, as the page says."""
    group = secrets.token_hex(4)

    def heard():
        consumer = Consumer(client_of(broker, case, **{"group.id": group, "auto.offset.reset": "earliest"}))
        try:
            consumer.subscribe([f"{case.prefix}.events"])
            return wait_for("a group is refused or hears an event", lambda: consumer.poll(1), 60)
        finally:
            consumer.close()

    error = heard().error()
    check(error and error.code() == KafkaError.GROUP_AUTHORIZATION_FAILED, f"without the right: {error}")
    broker.allow([(case.user, "Read", "Group", group)])
    error = heard().error()
    check(not error, f"with the right: {error}")


def shard_alone(room, broker, case):
    """A transactional id that is lacking stops its own shard; the others go on."""
    case.is_of_all = True
    run, shard = case.start(room, broker), int(case.lacking[2][-1])
    wait_for(f"shard {shard} stops", lambda: run.says(f"shard {shard}: STOPPED: not allowed"), 60)
    wait_for("the other one is live", lambda: run.says(f"shard {1 - shard}: live"), 60)
    check(run.is_alive() and run.says(case.words()), f"{case.name}: {run.said()}")
    check(run.ask_to_stop() == 3, f"one shard of two had stopped: {run.said()}")


def found_without_create(room, broker, lacking):
    """init needs to create only what is missing."""
    for case in lacking:
        if case.subcommand == "init" and case.lacking[0] == "Create":
            admin(broker, room, case.prefix).init(SHARDS)
            found = case.start(room, broker)
            code = found.exit_code(60)
            check(code == 0 and "found as it was" in found.printed(), f"{case.name}: {code}: {found.said()}")
            return


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


def revoked_while_asking(room, broker, case):
    """Taken away before a submit asks where the events of a second shard end: it says so at once."""
    run = admin(broker, room, case.prefix).run()
    names = [next(name for name in map(str, range(1000)) if partition_of(name, SHARDS) == shard) for shard in range(SHARDS)]
    first = {"party": names[0], "party_open": {"kind": "person"}}
    received = {"to_account": f"{names[1]}/a", "amount": "1.00 USD", "rail": "ach", "rail_reference": "late"}
    fifo = room.folder / "lines"
    os.mkfifo(fifo)
    options = ["--ledger", broker.url("SASL", case.prefix), "--kafka-config", broker.client(case.user)]
    submit = room.start(case.user, BINARY, "submit", *options, fifo)
    with open(fifo, "w", encoding="ascii") as lines:
        # What belongs on another topic is only sent when the outcome of the line before is printed.
        for line in (first, {"funds_receive": received}):
            print(json.dumps(line), file=lines, flush=True)
        wait_for("the first outcome", lambda: submit.printed() or not submit.is_alive(), 60)
        check(submit.is_alive(), f"submit ended: {submit.said()}")
        broker.forbid((case.user, "Read", "Topic", f"{case.prefix}.events"))
    began = time.monotonic()
    code, seconds = submit.exit_code(60), time.monotonic() - began
    words = f"denies us the operation Read on the topic {case.prefix}.events:"
    check(
        code == 3 and submit.says(words) and seconds < SECONDS,
        f"Read of events was taken away from a submit: exit {code} after {seconds:.1f} s: {submit.said()}",
    )
    check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
