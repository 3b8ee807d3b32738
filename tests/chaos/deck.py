# SPDX-License-Identifier: Apache-2.0
"""What is done, to whom, for how long and when: all of it drawn from one seed before it begins.

A deck holds each kind of fault at least once beside its kills, in random order. A run plays as many
decks as its kills need. What can't be played at once (a second fault of the broker while it is
away) is played as soon as it can.
"""
import random

KILLS_IN_DECK = 34
BESIDE = {  # in each deck
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
GAP_S = 0.5


class Card:
    def __init__(self, choice, kind, processors, timeout_s):
        self.kind, self.processor = kind, choice.randrange(processors)
        self.wants_live = choice.random() < 0.75  # else whoever is next, also in recovery
        self.gap_s = choice.expovariate(1 / GAP_S)
        self.seconds, self.how = 0.0, ()
        if kind.endswith("past_timeout"):
            # The broker looks once a second which Kafka transactions are too old.
            self.seconds = timeout_s + choice.uniform(1.5, 4)
        elif kind == "stop":
            self.seconds = choice.uniform(0.1, 4)
        elif kind == "cut":
            self.seconds = choice.uniform(0.2, 8)
        elif kind == "broker_pause":
            self.seconds = choice.uniform(0.5, 8)
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
        return " ".join(said + ([f"{self.seconds:.1f} s"] if self.seconds else []))


def draw(seed, kills, processors, timeout_s):
    """The cards of a run, in order."""
    choice = random.Random(seed)
    cards, left = [], kills
    while left > 0:
        kinds, first = [], list(KILLS)  # each once, then by their weights
        while sum(map(kills_of, kinds)) < min(left, KILLS_IN_DECK):
            kinds.append(
                first.pop() if first else choice.choices(list(KILLS), list(KILLS.values()))[0]
            )
        left -= sum(map(kills_of, kinds))
        kinds += [kind for kind, times in BESIDE.items() for _ in range(times)]
        choice.shuffle(kinds)
        cards += [Card(choice, kind, processors, timeout_s) for kind in kinds]
    return cards


def kills_of(kind):
    return 2 if kind == "kill_in_recovery" else 1
