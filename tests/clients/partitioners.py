# SPDX-License-Identifier: Apache-2.0
"""Where kafka-python and aiokafka send keys, of 64 partitions: "client<TAB>key<TAB>partition" a line. With a broker as the first
argument also confluent-kafka, as it is and with partitioner=murmur2, into a topic that is made for it."""
import secrets
import sys

import aiokafka.partitioner
import kafka.partitioner.default
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

COUNT = 64


def confluent(brokers, keys):
    topic = f"partitioners-{secrets.token_hex(4)}"
    admin = AdminClient({"bootstrap.servers": brokers})
    admin.create_topics([NewTopic(topic, num_partitions=COUNT, replication_factor=1)])[topic].result(60)
    for client, settings in (("confluent-kafka", {}), ("confluent-kafka, partitioner=murmur2", {"partitioner": "murmur2"})):
        producer = Producer({"bootstrap.servers": brokers, **settings})

        def told(error, message, client=client):
            assert error is None, error
            print(f"{client}\t{message.key().decode()}\t{message.partition()}")

        for key in keys:
            producer.produce(topic, key=key.encode(), value=b"", on_delivery=told)
        assert producer.flush(60) == 0
    admin.delete_topics([topic])[topic].result(60)


class Cluster:
    """What kafka-python's partitioner asks of the cluster."""

    def topics(self):
        return {"commands"}

    def partitions_for_topic(self, _):
        return set(range(COUNT))

    available_partitions_for_topic = partitions_for_topic


def main():
    brokers, keys = sys.argv[1], sys.argv[2:]
    partitions = list(range(COUNT))
    kafka_python = kafka.partitioner.default.DefaultPartitioner()
    aio = aiokafka.partitioner.DefaultPartitioner()
    for key in keys:
        data = key.encode()
        print(f"kafka-python\t{key}\t{kafka_python.partition('commands', key, data, None, b'', Cluster())}")
        print(f"aiokafka\t{key}\t{aio(data, partitions, partitions)}")
    if brokers != "none":
        confluent(brokers, keys)


if __name__ == "__main__":
    main()
