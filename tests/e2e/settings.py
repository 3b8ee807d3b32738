# SPDX-License-Identifier: Apache-2.0
"""What a ledger rests on is changed under a running processor: it stops within the minute, and says what."""
import shutil
import socket
import struct

from confluent_kafka.admin import AdminClient, ConfigResource

from audit import servers_and_prefix
from dead_brokers import Cluster
from harness import BROKER, Room, check, embedded, wait_for

WITHIN_S = 150


def party(name):
    return {"party": name, "party_open": {"kind": "person"}}


def stopped(run, *words):
    wait_for("the processor stops", lambda: not run.is_alive(), WITHIN_S)
    check(run.exit_code() == 3, f"exit {run.exit_code()}: {run.said()}")
    for word in ("ALARM", *words):
        check(run.says(word), f"{word} is not told: {run.said()}")


def setting_of(admin, topic, name):
    resource = ConfigResource("topic", topic)
    return admin.describe_configs([resource])[resource].result(30)[name].value


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
    wait_for("the broker takes it up", lambda: setting_of(admin, topic, name) == value, 60, 0.2)


def replicas_of(admin, topic):
    return len(admin.list_topics(topic, timeout=30).topics[topic].partitions[0].replicas)


def replicas_set(servers, topic, brokers):
    """AlterPartitionReassignments of partition 0; the Python client of Debian 12 does not know it."""
    host, port = servers.split(",")[0].rsplit(":", 1)
    name = topic.encode()
    partition = struct.pack(f">iB{len(brokers)}i", 0, len(brokers) + 1, *brokers) + b"\0"
    body = struct.pack(">iBB", 30000, 2, len(name) + 1) + name + b"\2" + partition + b"\0\0"
    request = struct.pack(">hhih", 45, 0, 1, -1) + b"\0" + body
    with socket.create_connection((host, int(port)), 30) as broker:
        broker.sendall(struct.pack(">i", len(request)) + request)
        answer = broker.makefile("rb")
        answer = answer.read(struct.unpack(">i", answer.read(4))[0])
    error = struct.unpack_from(">h", answer, 9)[0]  # after correlation, tags and throttling
    check(error == 0, f"the cluster does not move {topic}: error {error}")


def fewer_replicas(room, cluster):
    """A run on two replicas, of which one is taken away."""
    cluster.need()
    ledger = cluster.ledger(room, "replicas").init(1)
    run = ledger.run()
    servers, prefix = servers_and_prefix(ledger)
    replicas_set(servers, f"{prefix}.events", [cluster.leader(f"{prefix}.events")])
    return run


def settings_kafka(_):
    """Of two ledgers on one broker, and one on a cluster, at once: each takes a minute."""
    cluster = Cluster(2)
    try:
        with Room("settings") as room:
            moved = fewer_replicas(room, cluster)
            insync = BROKER.ledger(room, "insync").init(1)
            admin = AdminClient({"bootstrap.servers": BROKER.address})
            control = servers_and_prefix(insync)[1] + ".control"
            topic_alter(admin, control, "min.insync.replicas", "2")
            weakened = insync.run()
            ledger = BROKER.ledger(room, "settings").init(1)
            events = servers_and_prefix(ledger)[1] + ".events"
            run = ledger.run()
            ledger.submit(party("alice"))
            topic_alter(admin, events, "retention.ms", "600000000")
            topic_alter(admin, control, "min.insync.replicas", "1")
            stopped(moved, "1 replicas, and had 2")
            stopped(weakened, control, "min.insync.replicas=1, and had 2")
            stopped(run, events, "retention.ms=600000000")
            topic_alter(admin, events, "retention.ms", "-1")

            run = ledger.run()
            check("party_opened" in ledger.submit(party("bob"))[0], "it goes on where it stopped")
            check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
            return "stopped, put back, gone on; stopped for fewer replicas, in sync and at all"
    finally:
        cluster.end()


def made_with(ledger):
    opened = ledger.events()[0]["ledger_opened"]
    return opened["replicas"], opened["replicas_in_sync"]


def fewer_than_made_with(cluster, ledger, admin):
    """It keeps with how many it was made, so that any processor knows, also one that was never there."""
    check(made_with(ledger) == (3, 2), f"{ledger.events()[0]}")
    servers, prefix = servers_and_prefix(ledger)
    for name in ("rails", "events"):
        topic = f"{prefix}.{name}"
        first = cluster.leader(topic)
        others = [number for number in (1, 2, 3) if number != first]
        replicas_set(servers, topic, [first, others[0]])
        wait_for("they are fewer", lambda: replicas_of(admin, topic) == 2, 60, 0.2)
        said = ledger.call("run", wanted=3).said()
        wanted = f"topic {topic} has 2 replicas, and the ledger was made with 3: "
        check(wanted in said and "--accept-fewer-replicas" in said, said)
        run = ledger.run("--accept-fewer-replicas")
        check(run.says(f"warning accepted: topic {topic} has 2 replicas"), run.said())
        check("party_opened" in ledger.submit(party(f"{name}-two"))[0], "it goes on with fewer")
        check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
        replicas_set(servers, topic, [first, *others])
        wait_for("they are back", lambda: replicas_of(admin, topic) == 3, 60, 0.2)
    run = ledger.run()
    check(not run.says("accepted"), run.said())
    check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")


def two_are_made(cluster, room):
    """As many as asked for, though there are brokers for more; each time that is asked for."""
    ledger = cluster.ledger(room, "two")
    ledger.call("init", "--shards", 1, "--replication", 2)
    check(made_with(ledger) == (2, 1), f"{ledger.events()[0]}")
    said = ledger.call("init", "--shards", 1, "--replication", 3, wanted=1).said()
    check(".commands has 2 replicas, not 3" in said, said)
    ledger.call("init", "--shards", 1)
    run = ledger.run()
    check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")


def three_replicas_kafka(_):
    """With three replicas an answered write stands on two disks: a ledger whose topics say less does not start."""
    cluster = Cluster(3)
    try:
        with Room("three-replicas") as room:
            cluster.need()
            ledger = cluster.ledger(room, "three").init(1)
            servers, prefix = servers_and_prefix(ledger)
            admin = AdminClient({"bootstrap.servers": servers})
            for name in ("events", "commands"):
                topic = f"{prefix}.{name}"
                check(setting_of(admin, topic, "min.insync.replicas") == "2", f"{topic} is made with less")
                topic_alter(admin, topic, "min.insync.replicas", "1")
                said = ledger.call("run", wanted=3).said()
                check(f"topic {topic} has min.insync.replicas=1 with 3 replicas, but needs at least 2" in said, said)
                topic_alter(admin, topic, "min.insync.replicas", "2")
            run = ledger.run()
            check("party_opened" in ledger.submit(party("carol"))[0], "it goes on")
            check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
            fewer_than_made_with(cluster, ledger, admin)
            two_are_made(cluster, room)
            return "refused twice, put back, gone on; fewer than it was made with refused and accepted"
    finally:
        cluster.end()


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
