# SPDX-License-Identifier: Apache-2.0
"""What is measured: each case a fresh ledger, several times over."""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    title: str  # in tables
    log: str  # "embedded" or "kafka"
    accounts: int
    transfers: int
    options: tuple = ("--raw",)  # of pinion bench
    seconds: int = 20  # of each load
    loads: tuple = (50, 70, 90)
    shards: int = 1
    restarts: int = 0
    runs: int = 5
    clients: int = 0  # instead of the rate and the loads
    batch: int = 1  # of a client, in transfers
    has_progress: bool = False  # keeps what was verified, every 100 ms

    def quick(self):
        """The same in small: whether it works, not how fast."""
        return dataclasses.replace(
            self,
            accounts=max(self.accounts // 100, 200),
            transfers=max(self.transfers // 200, 20000),
            seconds=min(self.seconds, 6) if self.has_progress else min(self.seconds, 1),
            restarts=min(self.restarts, 1),
            runs=1,
        )


@dataclasses.dataclass(frozen=True)
class Layers:
    name: str
    title: str
    log: str
    accounts: int
    blocks: int = 64
    runs: int = 5

    def quick(self):
        return dataclasses.replace(self, accounts=200, blocks=4, runs=1)


@dataclasses.dataclass(frozen=True)
class Peer:
    """TigerBeetle's own benchmark, where a binary of it is given."""

    name: str
    accounts: int
    transfers: int
    log: str = "embedded"
    runs: int = 5

    def quick(self):
        return dataclasses.replace(self, accounts=max(self.accounts // 100, 200), transfers=self.transfers // 100, runs=1)


def clients(log, accounts, title, count, batch):
    return Case(f"{log}-clients-{title.replace(' ', '')}-{count}x{batch}", title, log, accounts, 1, (), 5, (), clients=count,
                batch=batch, runs=3)


M = 1000000
SMALL = ("--raw", "--memory", "256")
CASES = [
    *[clients(log, 10000, "10 thousand", count, batch)
      for log in ("embedded", "kafka") for count, batch in ((1, 8189), (4, 8189), (1, 1), (8, 1), (64, 1), (1000, 1))],
    *[clients(log, M, "1 million", count, 8189) for log in ("embedded", "kafka") for count in (1, 4)],
    Case("embedded-10k", "10 thousand", "embedded", 10000, 10 * M, seconds=8),
    Peer("tigerbeetle-10k", 10000, 10 * M),
    Case("embedded-1m", "1 million", "embedded", M, 10 * M, seconds=8, loads=(50,)),
    Peer("tigerbeetle-1m", M, 10 * M),
    Case("kafka-10k", "10 thousand", "kafka", 10000, 3 * M, seconds=8),
    Case("kafka-1m", "1 million", "kafka", M, 3 * M, seconds=8, loads=(50,)),
    Case("embedded-3min", "10 thousand", "embedded", 10000, 5 * M, (), 180, (70,), runs=1, has_progress=True),
    Case("kafka-3min", "10 thousand", "kafka", 10000, 3 * M, (), 180, (70,), runs=1, has_progress=True),
    Case("embedded-restart", "10 thousand", "embedded", 10000, 10 * M, (), loads=(), restarts=5, runs=1),
    Case("kafka-restart", "10 thousand", "kafka", 10000, 10 * M, (), loads=(), restarts=5, runs=1),
    Layers("layers-10k", "10 thousand accounts", "embedded", 10000, runs=3),
    Layers("layers-1m", "1 million accounts", "embedded", M, runs=3),
    Layers("layers-kafka", "Kafka", "kafka", 10000, runs=3),
    Case("embedded-20m", "10 thousand, 20 million transfers", "embedded", 10000, 20 * M, (), 8, (50,), runs=1),
    Case("embedded-zipf", "1 million, Zipf 1.0", "embedded", M, 3 * M, ("--raw", "--keys", "zipf"), 5, (50,)),
    Case("embedded-hot", "1 million, one hot", "embedded", M, 3 * M, ("--raw", "--keys", "hot"), 5, (50,)),
    Case("embedded-4-shards", "10 thousand, 4 shards", "embedded", 10000, 4 * M, seconds=5, loads=(50,), shards=4),
    Case("kafka-4-shards", "10 thousand, 4 shards", "kafka", 10000, 3 * M, seconds=5, loads=(50,), shards=4),
    Case("embedded-10m", "10 million, 256 MiB for rows", "embedded", 10 * M, 2 * M, SMALL, 8, (50,)),
    Case("embedded-100m", "1 million, 100 million transfers", "embedded", M, 100 * M, (), 8, (50,), runs=1),
]
BY_NAME = {case.name: case for case in CASES}
