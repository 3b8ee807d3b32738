# SPDX-License-Identifier: Apache-2.0
"""What a ledger rests on is changed under a running processor: it stops within the minute, and says what."""
import shutil

from confluent_kafka.admin import AdminClient, ConfigResource

from harness import BROKER, Room, check, embedded, wait_for

WITHIN_S = 150


def party(name):
    return {"party": name, "party_open": {"kind": "person"}}


def stopped(run, *words):
    wait_for("the processor stops", lambda: not run.is_alive(), WITHIN_S)
    check(run.exit_code() == 3, f"exit {run.exit_code()}: {run.said()}")
    for word in ("ALARM", *words):
        check(run.says(word), f"{word} is not told: {run.said()}")


def topic_alter(admin, topic, name, value):
    """All that init sets is said again: what is left out would fall back to the broker's own."""
    settings = {
        "retention.ms": "-1",
        "retention.bytes": "-1",
        "cleanup.policy": "delete",
        "message.timestamp.type": "LogAppendTime",
        "max.message.bytes": "4194304",
        name: value,
    }
    changed = admin.alter_configs([ConfigResource("topic", topic, set_config=settings)])
    for future in changed.values():
        future.result(30)


def settings_kafka(_):
    with Room("settings") as room:
        ledger = BROKER.ledger(room, "settings").init(1)
        admin = AdminClient({"bootstrap.servers": BROKER.address})
        events = ledger.url.rsplit("/", 1)[1] + ".events"
        run = ledger.run()
        ledger.submit(party("alice"))
        topic_alter(admin, events, "retention.ms", "600000000")
        stopped(run, events, "retention.ms=600000000")
        topic_alter(admin, events, "retention.ms", "-1")

        def is_live_again():
            again = ledger.start("run")
            wait_for("it is live or refuses", lambda: again.says("live: ") or not again.is_alive())
            return again if again.is_alive() else None

        run = wait_for("the topic is as it was", is_live_again, every=0.5)
        check("party_opened" in ledger.submit(party("bob"))[0], "it goes on where it stopped")
        check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
        return "stopped, put back, gone on"


def folder_embedded(_):
    with Room("folder") as room:
        ledger = embedded(room).init(1)
        run = ledger.run()
        ledger.submit(party("alice"))
        shutil.move(room.folder / "ledger", room.folder / "elsewhere")
        stopped(run, "was removed or replaced")
        shutil.move(room.folder / "elsewhere", room.folder / "ledger")
        ledger.verify()
        return "moved away under it"
