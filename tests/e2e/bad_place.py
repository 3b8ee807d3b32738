# SPDX-License-Identifier: Apache-2.0
"""Wrong options, ledgers that are not there or not as they must be: an exit code and what to do."""
import json
import os

from confluent_kafka.admin import AdminClient, NewTopic

from audit import audit, servers_and_prefix
from backup import SETTINGS
from harness import BINARY, BROKER, Ledger, Room, check, disk_fill, embedded, small_disk, wait_for

STREAMS = ("commands", "rails", "control", "internal", "events")
OPTIONS_WRONG = [
    ([], "usage"),
    (["pay"], "no subcommand"),
    (["run", "--what"], "see `pinion run --help`"),
    (["init", "--shards", "0"], "--shards wants"),
    (["init", "--shards", "1025"], "--shards wants"),
    (["init", "--shards", "4x"], "--shards wants"),
    (["run", "--shard", "-1"], "--shard wants"),
    (["run", "--shard", "7"], "there is no shard 7"),
    (["run", "--memory", "1"], "--memory wants"),
    (["tail", "--shard", "7"], "there is no shard 7"),
    (["tail", "--from", "x"], "--from wants"),
    (["verify", "--shard", "7"], "there is no shard 7"),
    (["verify", "--head", "0:1:abc"], "--head wants"),
    (["verify", "--head", f"7:1:{'a' * 64}"], "there is no shard 7"),
    (["verify", "--head", f"0:1:{'A' * 64}"], "in lower case"),
    (["verify", "--shard", "0", "--head", f"1:1:{'a' * 64}"], "which --shard leaves out"),
    (["run", "--refuse-input", "commands:7:1"], "there is no shard 7"),
    (["run", "--accept-clock", "rails:7:1"], "there is no shard 7"),
    (["run", "--restart-inputs", "7:1"], "there is no shard 7"),
    (["run", "--restart-clock", "7:1"], "there is no shard 7"),
    (["show"], "show wants one PARTY"),
    *(
        (["show", name], "is 1 to 64 of [a-z0-9._-]")
        for name in (
            "", "BOB!!", "bob/", "/main", "bob/main/x", "bob/MAIN", "b" * 65, "bob/" + "m" * 33,
            "@", "@BANK", "@bank/usd", "@bank/",
        )
    ),
    (["submit", "a", "b"], "does not take"),
    (["submit", "/nowhere/there"], "can't open"),
    (["submit", "--follow"], "see `pinion submit --help`"),
]


def said_by(room, *arguments, wanted, text, seconds=60, ledger=None):
    """A call whose exit code and words are wanted."""
    process = room.start(
        "call", BINARY, *arguments, *(["--ledger", ledger.url] if ledger else []), text=""
    )
    code = process.exit_code(seconds)
    what = f"pinion {' '.join(map(str, arguments))}"
    check(code == wanted, f"{what}: exit {code}, wanted {wanted}: {process.said()}")
    for one in [text] if isinstance(text, str) else text:
        check(process.says(one), f"{what}: says {process.said()}, wanted {one}")
    return process


def options_embedded(_):
    with Room("options") as room:
        ledger = embedded(room).init(2)
        for arguments, text in OPTIONS_WRONG:
            said_by(room, *arguments, wanted=2, text=text, ledger=ledger if arguments else None)
        said_by(room, "run", "--ledger", "ftp://x", wanted=2, text="embedded:DIR")
        for name in ("init", "run", "submit", "tail", "show", "verify", "bench"):
            process = room.start("help", BINARY, name, "--help")
            check(
                process.exit_code() == 0 and f"usage: pinion {name}" in process.printed(),
                f"{name} --help",
            )
        said_by(
            room,
            "verify",
            "--head",
            "0:1:" + "0" * 64,
            wanted=1,
            text="its history was changed",
            ledger=ledger,
        )
        said_by(
            room,
            "verify",
            "--head",
            "0:9:" + "0" * 64,
            wanted=1,
            text="it lost events",
            ledger=ledger,
        )
        said_by(room, "show", "nobody", wanted=1, text="nobody has no account", ledger=ledger)
        return f"{len(OPTIONS_WRONG)} wrong calls"


def places_embedded(_):
    with Room("places") as room:
        nowhere = embedded(room, "nowhere")
        for call in (["run"], ["submit"], ["tail"], ["show", "a"], ["verify"]):
            said_by(room, *call, wanted=3, text="pinion init", ledger=nowhere)
        check(not os.path.exists(room.folder / "nowhere"), "a look made a folder")

        ledger = embedded(room).init(2)
        ledger.init(2)  # again: nothing changes
        said_by(room, "init", "--shards", "3", wanted=1, text="can't change", ledger=ledger)
        run = ledger.run()
        said_by(room, "run", wanted=3, text="another process holds", ledger=ledger)
        check(run.is_alive(), f"the holder ended: {run.said()}")
        ledger.submit({"party": "a", "party_open": {}})  # through the holder
        check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
        audit(ledger)

        for path in (room.folder / "ledger" / "log").glob("*"):
            if path.name == "CURRENT":
                path.write_text("damaged")
        said_by(room, "run", wanted=3, text="log", ledger=ledger)
        return "missing, held, other number of shards, damaged log"


def topics_make(ledger, partitions=2, changed=None, missing=()):
    """The five topics as they must be, but for `changed`: {stream: (partitions, settings)}."""
    servers, prefix = servers_and_prefix(ledger)
    topics = []
    for stream in STREAMS:
        count, settings = (changed or {}).get(stream, (partitions, {}))
        if stream not in missing:
            topics.append(
                NewTopic(
                    f"{prefix}.{stream}",
                    num_partitions=count,
                    replication_factor=1,
                    config={**SETTINGS, **settings},
                )
            )
    admin = AdminClient({"bootstrap.servers": servers})
    for name, done in admin.create_topics(topics).items():
        check(done.result(30) is None, name)
    wait_for(
        "topics",
        lambda: {topic.topic for topic in topics} <= set(admin.list_topics(timeout=10).topics),
        30,
    )


def places_kafka(_):
    BROKER.need()
    with Room("places-kafka") as room:

        def refuse(name, text, shards=2, init_says=None, **how):
            ledger = BROKER.ledger(room, name)
            topics_make(ledger, **how)
            said_by(room, "run", "--state", ledger.state, wanted=3, text=text, ledger=ledger)
            said_by(
                room, "init", "--shards", shards, wanted=1, text=init_says or text, ledger=ledger
            )

        nowhere = BROKER.ledger(room, "nowhere")
        for call in (
            ["run", "--state", nowhere.state],
            ["submit"],
            ["tail"],
            ["show", "a"],
            ["verify"],
        ):
            said_by(room, *call, wanted=3, text="pinion init", ledger=nowhere)
        said_by(room, "init", wanted=2, text="how many shards", ledger=nowhere)
        for name, value in (
            ("message.timestamp.type", "CreateTime"),
            ("retention.ms", "604800000"),
            ("retention.bytes", "1000000"),
            ("cleanup.policy", "compact"),
        ):
            refuse("settings", ["events", name], changed={"events": (2, {name: value})})
        refuse("partitions", "partitions", changed={"rails": (3, {})})
        refuse(
            "shards",
            "pinion init",
            init_says="not 4, one for each shard",
            shards=4,
            partitions=2,
            missing=("x",),
        )

        ledger = BROKER.ledger(room, "state").init(2)
        said_by(room, "run", wanted=2, text="--state", ledger=ledger)
        gone = Ledger(room, "kafka://127.0.0.1:1/pinion")
        said_by(room, "run", "--state", gone.state, wanted=3, text="127.0.0.1:1", ledger=gone)
        said_by(room, "init", "--shards", "1", wanted=3, text="127.0.0.1:1", ledger=gone)
        config = room.folder / "kafka.properties"
        for line, text in (
            ("acks=0", "acks is set by Pinion itself"),
            ("colour=red", "colour"),
            ("x", "name=value"),
        ):
            config.write_text(line + "\n")
            said_by(room, "tail", "--kafka-config", config, wanted=3, text=text, ledger=ledger)
        return "missing, settings, partitions, unknown broker, properties"


def disk_full_embedded(_):
    """A folder on a small disk of its own."""
    with Room("disk") as room, small_disk(room, 24) as disk:
        return disk_filled(embedded(room, "disk/ledger").init(1), disk)


def disk_filled(ledger, disk):
    ledger.submit(
        {"party": "a", "party_open": {"kind": "person"}},
        {"account_open": {"account": "a/b", "currency": "USD"}},
    )
    run, asked, count = ledger.run(), None, 0
    filler = disk_fill(disk)

    def is_said():
        nonlocal asked, count
        if "No space left" in run.said() + (asked.said() if asked else ""):
            return True
        if not asked or not asked.is_alive():
            count += 4000
            asked = ledger.start(
                "submit", text="".join(f"{json.dumps(funds(n))}\n" for n in range(count))
            )
        return False

    wait_for("the full disk is said", is_said, 90)
    said = (run.said() + asked.said())[-1500:]
    asked.end()
    filler.unlink()
    wait_for("the owner goes on or has ended", lambda: not run.is_alive() or run.says("live: "), 60)
    run.end()
    answers = ledger.submit(*map(funds, range(count)))
    good = [
        answer
        for answer in answers
        if "funds_received" in answer
        or answer.get("command_rejected", {}).get("reject") == "rail_reference_used"
    ]
    check(
        len(good) == count,
        f"after the disk had room again: {len(good)} of {count} answered; it had said {said}",
    )
    books = audit(ledger)
    check(books.totals[0, "a/b"][:2] == [0, 100 * count], f"{books.totals}")
    return f"said, and nothing of {count} payments lost when there was room again"


def funds(number):
    return {
        "funds_receive": {
            "to_account": "a/b",
            "amount": "1.00 USD",
            "rail": "ach",
            "rail_reference": f"r{number}",
        }
    }
