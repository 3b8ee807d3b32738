# SPDX-License-Identifier: Apache-2.0
"""What is done, to whom, for how long and when: all of it drawn from one seed before it begins.

A deck holds each kind of fault at least once beside its kills, in random order; one with fewer
kills holds fewer of the rest. A run plays as many decks as its kills need. What can't be played at
once (a second fault of the broker while it is away) is played as soon as it can.
"""
import math
import random

KILLS_IN_DECK = 34
BESIDE = {  # in each whole deck
    "end_asked": 4,
    "stop": 6,
    "stop_past_timeout": 1,
    "stop_all_past_timeout": 1,
    "cut": 6,
    "cut_past_timeout": 1,
    "broker_kill": 1,
    "broker_restart": 1,
    "broker_pause": 1,
    "broker_pause_past_timeout": 1,
}
# On a cluster: brokers that come back, that an empty one takes the place of, and at last one that
# never comes back. What past_timeout means is tried enough on a single one.
BESIDE_CLUSTER = {
    "end_asked": 6,
    "stop": 3,
    "stop_past_timeout": 1,
    "cut": 5,
    "broker_kill": 8,
    "broker_lost": 2,
    "broker_restart": 1,
    "broker_pause": 1,
}
# A kill as it comes, and what goes with some: again while it recovers, its folder lost or old.
KILLS = {"kill": 20, "kill_in_recovery": 4, "folder_lost": 3, "folder_old": 3}
CUTS = [
    ("refuse", "pass"),
    ("silent", "pass"),
    ("silent", "drop"),
    ("requests", "pass"),
    ("requests", "drop"),
    ("answers", "pass"),
    ("answers", "drop"),
]
GAP_S, GAP_CLUSTER_S = 0.5, 1.5  # a broker needs some seconds until the next one may go


class Card:
    def __init__(self, choice, kind, options):
        processors, timeout_s = options.processors, options.transaction_timeout_s
        self.kind, self.processor = kind, choice.randrange(processors)
        self.wants_live = choice.random() < 0.75  # else whoever is next, also in recovery
        self.gap_s = choice.expovariate(1 / (GAP_CLUSTER_S if options.cluster else GAP_S))
        self.seconds, self.how, self.broker = 0.0, (), choice.randrange(6)
        self.is_whole = not options.cluster or choice.random() < 0.5  # a cut from all brokers
        # A broker's end is seen, or its machine is just silent.
        self.is_silent = bool(options.cluster) and choice.random() < 0.5
        # Nothing else befalls anyone until every shard goes on without that broker.
        self.is_alone = kind == "broker_gone" or (self.is_silent and kind == "broker_kill")
        if kind.endswith("past_timeout"):
            # The broker looks once a second which Kafka transactions are too old.
            self.seconds = timeout_s + choice.uniform(1.5, 4)
        elif kind == "stop":
            self.seconds = choice.uniform(0.1, 4)
        elif kind == "cut":
            self.seconds = choice.uniform(0.2, 8)
        elif kind == "broker_pause":
            self.seconds = choice.uniform(0.5, 8)
        elif kind == "broker_lost" or (kind == "broker_kill" and options.cluster):
            self.seconds = choice.uniform(0, 10)
        elif kind in ("broker_kill", "broker_restart"):
            self.seconds = choice.uniform(0, 3)
        elif kind == "kill_in_recovery":
            self.seconds = choice.random()  # of a usual recovery
        if kind.startswith("cut"):
            self.how = choice.choice(CUTS)
        # Most are started again at once, some so late that another one takes over.
        self.restart_s = choice.choice([0, 0, 0, choice.uniform(0.5, 4)])

    def __str__(self):
        said = [self.kind.replace("_", " "), *self.how]
        if self.kind.startswith("cut") and not self.is_whole:
            said.append(f"from broker {self.broker % 3 + 1}")
        if self.kind in ("broker_kill", "broker_lost", "broker_gone") and self.is_silent:
            said.append("silent")
        if self.is_alone:
            said.append("alone")
        return " ".join(said + ([f"{self.seconds:.1f} s"] if self.seconds else []))


def draw(options):
    """The cards of a run, in order."""
    choice = random.Random(options.seed)
    cards, left = [], options.kills
    while left > 0:
        kinds, first = [], list(KILLS)  # each once, then by their weights
        while sum(map(kills_of, kinds)) < min(left, KILLS_IN_DECK):
            kinds.append(
                first.pop() if first else choice.choices(list(KILLS), list(KILLS.values()))[0]
            )
        part = sum(map(kills_of, kinds)) / KILLS_IN_DECK
        left -= sum(map(kills_of, kinds))
        beside = BESIDE_CLUSTER if options.cluster else BESIDE
        for kind, times in beside.items():
            kinds += [kind] * math.ceil(times * min(part, 1))
        choice.shuffle(kinds)
        if options.cluster and left <= 0:
            kinds = with_one_gone(kinds)
        cards += [Card(choice, kind, options) for kind in kinds]
    return cards


def with_one_gone(kinds):
    """One broker is gone for good before the last third; no other one fails after it."""
    early, late = kinds[: len(kinds) * 2 // 3], kinds[len(kinds) * 2 // 3 :]
    moved = [kind for kind in late if kind.startswith("broker")]
    return early + moved + ["broker_gone"] + [kind for kind in late if kind not in moved]


def kills_of(kind):
    return 2 if kind == "kill_in_recovery" else 1
