# SPDX-License-Identifier: Apache-2.0
"""The broker, or a cluster of two or three: who is away, and when all of it is well again."""
import time

from confluent_kafka import Consumer, KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource

from harness import Broker, Failure, check

HEAL_S = 200  # a broker that is back has all it had missed by then
NEEDED = {1: 1, 2: 1, 3: 2}  # with fewer nothing can be written (min.insync.replicas)


class Brokers:
    def __init__(self, folder, count, processors):
        """count 0: a single one, which is its own controller."""
        self.is_cluster, self.count, self.folder = count > 0, count or 1, folder
        flags = ("--brokers", str(count)) if count else ()
        self.whole = Broker(folder=folder, flags=(*flags, "--proxied", str(processors)))
        self.nodes = [self.whole]
        if self.is_cluster:
            self.nodes = [Broker(folder=folder / f"broker-{n + 1}") for n in range(count)]
        self.away, self.gone = set(), set()  # nodes; the second never come back
        self.asker = None

    def start(self):
        self.whole.need()
        self.asker = Consumer(
            {"bootstrap.servers": self.whole.address, "group.id": "unused", "log_level": 0}
        )

    def stop(self):
        self.whole.stop("--kill")

    def ways(self):
        """[[(proxy's port, listener's port) for each node] for each processor]"""
        of_nodes = []
        for node in self.nodes:
            places = (node.folder / "proxied").read_text().split()
            ports = [int(place.split(":")[1]) for place in places]
            of_nodes.append(list(zip(ports[1::2], ports[::2])))
        return [list(ways) for ways in zip(*of_nodes)]

    def is_down(self):
        """Too few are there for anything to be decided."""
        return self.count - len(self.away) < NEEDED[self.count]

    def trouble(self):
        return "; ".join(node.trouble for node in [self.whole, *self.nodes] if node.trouble)

    def target(self, number):
        """The one that a card's number means, of those that did not go for good."""
        left = [node for node in range(self.count) if node not in self.gone]
        return left[number % len(left)]

    def heal_wait(self):
        """Every replica that is not gone for good has all records: any one more can be lost."""
        deadline, well = time.monotonic() + HEAL_S, 0
        while self.is_cluster and well < 3:
            said = self.lacking()
            well = 0 if said else well + 1
            if time.monotonic() > deadline:
                raise Failure(f"the cluster did not heal within {HEAL_S} s: {said}")
            time.sleep(0.3)

    def replication_check(self, prefix):
        """What init asks of a cluster of three, so that an answered write stands on two."""
        topics = self.asker.list_topics(timeout=20).topics
        ours = [topic for topic in topics.values() if topic.topic.startswith(prefix + ".")]
        replicas = {len(one.replicas) for topic in ours for one in topic.partitions.values()}
        check(len(ours) == 5 and replicas == {self.count}, f"{len(ours)} topics, replicas {replicas}")
        wanted = {
            "min.insync.replicas": "2" if self.count == 3 else "1",
            "unclean.leader.election.enable": "false",
        }
        asked = [ConfigResource("topic", topic.topic) for topic in ours]
        admin = AdminClient({"bootstrap.servers": self.whole.address})
        for resource, future in admin.describe_configs(asked).items():
            found = future.result(30)
            for name, value in wanted.items():
                check(found[name].value == value, f"{resource}: {name}={found[name].value}, wanted {value}")

    def lacking(self):
        """What is not in sync, in words; empty: nothing."""
        gone = {node + 1 for node in self.gone}
        try:
            topics = self.asker.list_topics(timeout=5).topics.values()
        except KafkaException as trouble:
            return str(trouble)
        return ", ".join(
            f"{topic.topic}:{one.id} led by {one.leader}, in sync {one.isrs} of {one.replicas}"
            for topic in topics
            for one in topic.partitions.values()
            if one.leader < 0 or one.leader in gone or set(one.replicas) - gone - set(one.isrs)
        )
