# SPDX-License-Identifier: Apache-2.0
"""Brokers, the network to them, processors that compete, an upstream at load; what befalls them."""
import collections
import re
import signal
import statistics
import threading
import time

from audit import audit
from brokers import Brokers
from gates import KafkaGate
from harness import Ledger, check, wait_for
from kills import probe_all
from load import between_count, clients_finish, clients_start, models_compare, trouble_of
from network import Network
from processors import STOP_S, Processor

SETTLE_S = 40  # at most so long after the broker is back it goes away again
PATIENCE_S = 5  # at most so long a card that is for a live processor waits for one
FENCED_S = 2  # the cluster gives up a broker that does not answer after that
STUCK_S, STUCK_CLUSTER_S = 120, 60  # without an outcome on a shard, an absence of too many brokers left out
CALM_S = 120  # after all is well again: everything is answered by then, and has arrived or come back
AHEAD_CLUSTER = 8  # so many cards at most come before one that can't be played yet
LONG_MIN = 15  # a longer run is paced, so that who reads along has room for all of its events
PACED = {"round_size": 8, "rest_s": 0.5}
AWAY_SLOWER = 8  # while the broker is away, kills come so much slower: most are to hit live ones
ABORTED_BY_TIMEOUT = re.compile(r"Completed rollback of ongoing transaction .* due to timeout")


class World:
    def __init__(self, room, options):
        self.room, self.options = room, options
        self.began = time.monotonic()
        self.tally, self.timeout_s = collections.Counter(), options.transaction_timeout_s
        self.brokers = Brokers(room.folder / "kafka", options.cluster, options.processors)
        self.outage, self.outage_trouble, self.broker_well_at = None, None, 0.0
        self.taken_at, self.moved_s = None, []  # a broker; until all went on without it
        self.is_settled, self.back_s = True, []  # every shard gave an outcome since it was back
        self.gate, self.clients, self.processors = None, [], []
        self.cuts = {}  # by processor: when it ends, how, and to which brokers it was cut off
        self.silent = set()  # brokers from which nothing comes, not even their end
        self.moved, self.sequences, self.seen_at = {}, {}, 0.0
        self.slowest = self.slowest_well = (0.0, "")
        self.longest_s, self.longest_well_s = {}, {}  # without an outcome, by shard

    def start(self):
        self.brokers.start()
        self.ledger = self.brokers.whole.ledger(self.room, "chaos").init(self.options.shards)
        ways = self.brokers.ways()
        self.network = Network(
            self.room,
            self.timeout_s * 1000 if self.timeout_s < 45 else 0,
            [way for ways_of_one in ways for way in ways_of_one],
        )
        prefix = self.ledger.url.split("/")[-1]
        self.brokers.replication_check(prefix)
        for number, ways_of_one in enumerate(ways):
            places = ",".join(f"127.0.0.1:{proxy}" for proxy, _ in ways_of_one)
            ledger = Ledger(
                self.room, f"kafka://{places}/{prefix}", self.room.folder / f"state-{number}"
            )
            processor = Processor(
                number,
                ledger,
                self.shards_of(number),
                self.options.group,
                f"{self.options.seed} {number}",
            )
            processor.start()
            self.processors.append(processor)
        self.gate = KafkaGate(self.ledger)
        self.clients = clients_start(
            self.gate,
            self.options.seed,
            deadline_s=self.options.minutes * 60 + 600,
            **(PACED if self.options.minutes > LONG_MIN else {}),
        )
        self.supervise("load", 60, lambda: all(client.rounds > 0 for client in self.clients))

    def shards_of(self, number):
        """The last one competes for all shards, the others for one half or the other."""
        every = list(range(self.options.shards))
        if self.options.processors < 3 or number == self.options.processors - 1:
            return every
        return every[number % 2 :: 2] or every

    def end(self):
        """Nothing is left running; also after a failure."""
        for client in self.clients:
            client.is_over.set()
        if self.outage:
            self.outage.join()
        self.brokers.stop()

    # --- looking after them ---

    def look(self):
        """Starts what is to be started, ends what is to be ended, and finds what is wrong."""
        now = time.monotonic()
        trouble_of(self.clients)
        check(not self.outage_trouble, f"the broker: {self.outage_trouble}")
        trouble = self.brokers.trouble()
        check(not trouble, f"the broker did not come back: {trouble}")
        self.network.look()
        if self.outage and not self.outage.is_alive():
            self.outage, self.broker_well_at, self.is_settled = None, now, False
        for number, (until, _, _) in list(self.cuts.items()):
            if now >= until:
                self.cut_end(number)
        for processor in self.processors:
            is_cut = processor.number in self.cuts
            if self.outage or self.brokers.away or is_cut or processor.continue_at:
                processor.trouble_at = now
            processor.look()
        if self.gate and not self.clients_are_over():
            self.progress_look(now)

    def clients_are_over(self):
        return not self.clients or self.clients[0].is_over.is_set()

    def progress_look(self, now):
        """How long each shard gave no outcome, though the upstream waits for some."""
        step, self.seen_at = now - (self.seen_at or now), now
        for shard, chain in enumerate(self.gate.chains):
            if chain.sequence != self.sequences.get(shard) or shard not in self.moved:
                self.sequences[shard], self.moved[shard] = chain.sequence, [now, 0.0]
            moved = self.moved[shard]
            moved[1] += 0 if self.brokers.is_down() else step
            self.longest_s[shard] = max(self.longest_s.get(shard, 0), now - moved[0])
            self.longest_well_s[shard] = max(self.longest_well_s.get(shard, 0), moved[1])
            where = f"shard {shard} up to {now - self.began:.1f} s"
            self.slowest = max(self.slowest, (now - moved[0], where))
            self.slowest_well = max(self.slowest_well, (moved[1], where))
            check(
                moved[1] < (STUCK_CLUSTER_S if self.brokers.is_cluster else STUCK_S),
                f"shard {shard} gave no outcome for {moved[1]:.0f} s: {self.said()}",
            )

        if self.taken_at and self.have_all_moved(self.taken_at + FENCED_S):
            self.moved_s.append(now - self.taken_at)
            self.taken_at = None
        if not self.is_settled and not self.outage:
            back_s = now - self.broker_well_at
            self.is_settled = self.have_all_moved(self.broker_well_at) or back_s > SETTLE_S
            self.back_s += [back_s] if self.is_settled else []

    def have_all_moved(self, since):
        return all(moved[0] > since for moved in self.moved.values())

    def said(self):
        return "; ".join(
            f"{processor} says {processor.run.said()[-600:] if processor.run else ''}"
            for processor in self.processors
        )

    def supervise(self, what, seconds, condition):
        """Looks after them until the condition is true; fails after the deadline."""
        began = time.monotonic()
        while not condition():
            self.look()
            check(time.monotonic() < began + seconds, f"{what}: not in {seconds} s: {self.said()}")
            time.sleep(0.01)
        return time.monotonic() - began

    # --- faults ---

    def play(self, cards, until):
        """All cards, or as many as come until then."""
        queue, gap_s, before = list(cards), 0.0, time.monotonic()
        while (queue or self.is_any_spared()) and time.monotonic() < until:
            self.look()
            time.sleep(0.01)
            now = time.monotonic()
            gap_s -= (now - before) / (AWAY_SLOWER if self.brokers.is_down() else 1)
            before = now
            if gap_s > 0 or self.taken_at:
                continue
            place, target = self.next_card(queue, patience_s=PATIENCE_S + gap_s)
            if place is None:
                continue
            card = queue.pop(place)
            whom = str(target) if isinstance(target, Processor) else f"broker {target + 1}"
            self.say(f"{card}: {whom}" + self.away_said())
            self.tally[card.kind] += 1
            getattr(self, card.kind)(card, target)
            gap_s = card.gap_s
        return len(queue)

    def next_card(self, queue, patience_s):
        """The first that can be played now, and whom it befalls. (None, None): none yet."""
        ahead = AHEAD_CLUSTER if self.brokers.is_cluster else len(queue)
        for place, card in enumerate(queue[:ahead]):
            target = self.target_of(card)
            if target is not None:
                is_waited_for = (
                    card.wants_live and isinstance(target, Processor) and patience_s > 0
                )
                return (None, None) if is_waited_for and not target.is_live else (place, target)
            if card.kind == "broker_gone":
                break  # what comes after it is for those that live without it
        return None, None

    def away_said(self):
        away = " and ".join(str(node + 1) for node in sorted(self.brokers.away))
        return f", broker {away} away" if away else ""

    def say(self, text):
        print(f"{time.monotonic() - self.began:7.1f} s  {text}", flush=True)

    def target_of(self, card):
        """Whom it can befall now; None: nobody, it must wait."""
        if card.kind.startswith("broker"):
            is_well = not self.outage and self.is_settled and not self.are_all_stopped()
            return self.brokers.target(card.broker) if is_well else None
        ring = self.processors[card.processor :] + self.processors[: card.processor]
        if card.kind == "stop_all_past_timeout":
            is_well = not self.outage and not self.is_any_spared() and ring[0].is_live
            return ring[0] if is_well else None
        able = [processor for processor in ring if self.can_befall(card, processor)]
        live = [one for one in able if one.is_live and not one.continue_at]
        return next(iter(live + able if card.wants_live else able), None)

    def can_befall(self, card, processor):
        return (
            processor.is_alive()
            and time.monotonic() > processor.spared_until
            and (not processor.ends_at or card.kind.startswith("cut"))
            and not (card.kind.startswith(("stop", "end")) and processor.continue_at)
            and not (card.kind.startswith("cut") and processor.number in self.cuts)
            and not (card.kind == "folder_old" and not processor.old.exists())
        )

    def are_all_stopped(self):
        return not any(one.is_alive() and not one.continue_at for one in self.processors)

    def is_any_spared(self):
        return any(time.monotonic() < processor.spared_until for processor in self.processors)

    def kill(self, card, processor):
        self.kill_count(processor)
        processor.kill(card.restart_s)

    def kill_in_recovery(self, card, processor):
        self.kill_count(processor)
        processor.kill_in_recovery(card.seconds)

    def folder_lost(self, card, processor):
        self.kill_count(processor)
        processor.kill(card.restart_s, processor.lose_folder)

    def folder_old(self, card, processor):
        self.kill_count(processor)
        processor.kill(card.restart_s, processor.roll_back_folder)

    def kill_count(self, processor):
        self.tally["kills_broker_away"] += len(self.brokers.away) > 0
        self.tally["kills_stopped"] += processor.continue_at is not None

    def end_asked(self, card, processor):
        self.tally["ends_asked_broker_away"] += len(self.brokers.away) > 0
        processor.ask_to_end(card.restart_s)

    def stop(self, card, processor):
        processor.stop(card.seconds)

    def stop_past_timeout(self, card, processor):
        processor.stop(card.seconds)
        processor.spare(card.seconds)

    def stop_all_past_timeout(self, card, _):
        """The broker's time-out then ends Kafka transactions that no other owner has fenced. What
        was on its way gets lost, so that some are open."""
        numbers = [one.number for one in self.processors if one.number not in self.cuts]
        for number in numbers:
            self.way_set(number, "silent")
        time.sleep(0.2)
        for processor in self.processors:
            if processor.is_alive() and not processor.ends_at:
                processor.stop(card.seconds)
            processor.spare(card.seconds)
        for number in numbers:
            self.way_set(number, "drop")

    def way_set(self, number, how, nodes=None):
        """Of a processor to all brokers, or to some."""
        for node in range(self.brokers.count) if nodes is None else nodes:
            self.network.set(number * self.brokers.count + node, how)
            if node in self.silent:
                self.network.set(number * self.brokers.count + node, "silent")

    def cut(self, card, processor):
        how, end = card.how
        nodes = None if card.is_whole else [self.brokers.target(card.broker)]
        self.cuts[processor.number] = time.monotonic() + card.seconds, end, nodes
        self.way_set(processor.number, how, nodes)

    def cut_end(self, number):
        _, how, nodes = self.cuts.pop(number)
        self.way_set(number, how, nodes)

    def cut_past_timeout(self, card, processor):
        self.cut(card, processor)
        processor.spare(card.seconds)

    def broker_kill(self, card, node):
        self.broker_away(card, node, lambda one: one.stop("--kill"), lambda one: one.start())

    def broker_lost(self, card, node):
        """For good, with all it had; later an empty one takes its place."""

        def replace(one):
            one.flags = ("--empty",)
            one.start()
            one.flags = ()

        self.broker_away(card, node, lambda one: one.stop("--kill"), replace)

    def broker_gone(self, card, node):
        """For good, and nothing takes its place."""

        def begin(one):
            one.stop("--kill")
            self.brokers.gone.add(node)

        self.broker_away(card, node, begin, None)

    def broker_restart(self, card, node):
        self.broker_away(card, node, lambda one: one.stop(), lambda one: one.start())

    def broker_pause(self, card, node):
        self.broker_away(
            card,
            node,
            lambda one: one.signal(signal.SIGSTOP),
            lambda one: one.signal(signal.SIGCONT),
        )

    broker_pause_past_timeout = broker_pause

    def broker_away(self, card, node, begin, end):
        """Beside all else: a start takes some seconds. None is taken before all others have what it
        has: what is lost then is not the processor's fault."""

        def outage():
            try:
                self.brokers.heal_wait()
                self.brokers.away.add(node)
                if card.is_silent:
                    self.node_silent(node)
                begin(self.brokers.nodes[node])
                self.taken_at = time.monotonic() if card.is_alone else None
                time.sleep(card.seconds)
                if end:
                    end(self.brokers.nodes[node])
                    self.node_heard(node)
                    self.brokers.away.discard(node)
                self.brokers.heal_wait()
            except Exception as trouble:
                self.outage_trouble = trouble

        self.outage = threading.Thread(target=outage)
        self.outage.start()

    def node_silent(self, node):
        """As a machine without power: connections to it do not even end."""
        self.silent.add(node)
        for processor in self.processors:
            self.way_set(processor.number, "silent", [node])

    def node_heard(self, node):
        if node in self.silent:
            self.silent.discard(node)
            for processor in self.processors:
                self.way_set(processor.number, "drop", [node])

    # --- the end ---

    def calm(self):
        """All is well again; what was asked must be answered, and each shard answers now."""
        self.supervise("the broker is back", 200, lambda: not self.outage)
        for number in list(self.cuts):
            self.cut_end(number)
        for processor in self.processors:
            processor.kill_after = None
            if processor.continue_at:
                processor.go_on()
        for seconds, where in self.slowest, self.slowest_well:
            self.say(f"slowest: {seconds:.1f} s without an outcome of {where}")
        self.say("calm")
        for client in self.clients:
            client.is_over.set()
        self.tally["calm_s"] = self.supervise(
            "every command is answered",
            CALM_S,
            lambda: not any(client.is_alive() for client in self.clients),
        )
        clients_finish(self.clients)
        for processor in self.processors:
            processor.finish()
        named = [part for shard in range(self.options.shards) for part in ("--shard", shard)]
        keeper = self.processors[-1].ledger.run("--memory", 64, *named)
        probe_all(self.gate, self.clients)
        check(keeper.ask_to_stop(STOP_S) == 0, f"SIGTERM: {keeper.said()}")

    def audit(self):
        """The books of the independent reader; all that was told agrees with them."""
        self.say("audit")
        keeper = self.processors[-1].ledger
        whole = Ledger(self.room, self.ledger.url, keeper.state)
        books = audit(whole)
        models_compare(self.clients, books)
        under_way, between = books.routes.under_way(), between_count(self.clients)[0]
        check(not under_way, f"still under way: {under_way}")
        check((between > 0) == (self.options.shards > 1), f"{between} payments between shards")
        printed = whole.verify()
        is_whole = "all shards: 0 payments under way between them" in printed
        check(is_whole or self.options.shards == 1, f"verify: {printed[-600:]}")
        for processor in self.processors:
            if processor.ledger is not keeper:
                Ledger(self.room, self.ledger.url, processor.ledger.state).verify()
        wait_for(
            "the reader that read along is at the end",
            lambda: [chain.sequence for chain in self.gate.chains]
            == [books.sequences[shard] for shard in range(self.options.shards)],
        )
        self.gate.close()
        for shard, chain in enumerate(self.gate.chains):
            check(
                chain.hash == books.chains[shard].hash,
                f"shard {shard}: who read along saw other events than who reads now",
            )
        return books

    def totals(self, books=None):
        """Also after a failure; then there are no books."""
        count = collections.Counter(self.tally)
        for processor in self.processors:
            count.update(processor.tally)
            count["kills"] += processor.kills
            count["kills_in_recovery"] += processor.kills_in_recovery
        ends_s = [one for processor in self.processors for one in processor.ends_s]
        chains = self.gate.chains if self.gate else []
        restarts = [one for processor in self.processors for one in processor.restart_s]
        logs = [*self.room.folder.glob("kafka/log"), *self.room.folder.glob("kafka/*/log")]
        aborts = sum(
            len(ABORTED_BY_TIMEOUT.findall(log.read_text(errors="replace"))) for log in logs
        )
        return {
            "kills": count["kills"],
            "kills_in_recovery": count["kills_in_recovery"],
            "kills_stopped": count["kills_stopped"],
            "kills_broker_away": count["kills_broker_away"],
            "folders_lost": count["folder_lost"],
            "folders_old": count["folder_old"],
            "stops": count["stop"] + count["stop_past_timeout"] + count["stop_all_past_timeout"],
            "stops_past_timeout": count["stop_past_timeout"],
            "stops_all_past_timeout": count["stop_all_past_timeout"],
            "cuts": count["cut"] + count["cut_past_timeout"],
            "cuts_past_timeout": count["cut_past_timeout"],
            "ends_asked": count["end_asked"],
            "ends_asked_broker_away": count["ends_asked_broker_away"],
            "broker_kills": count["broker_kill"] + count["broker_lost"] + count["broker_gone"],
            "brokers_lost": count["broker_lost"],
            "brokers_gone": count["broker_gone"],
            "broker_restarts": count["broker_restart"],
            "broker_pauses": count["broker_pause"] + count["broker_pause_past_timeout"],
            "broker_pauses_past_timeout": count["broker_pause_past_timeout"],
            "aborts_by_timeout": aborts,
            "starts": count["starts"],
            "ends_usurped": count["ends_usurped"],
            "ends_broker_away": count["ends_broker_away"],
            "usurpations": count["usurpations"],
            "fenced": count["fenced"],
            "recoveries": count["recoveries"],
            "rebuilt": count["rebuilt"],
            "commands": sum(client.answered for client in self.clients),
            "between": between_count(self.clients)[0],
            "came_back": between_count(self.clients)[1],
            "repeats": sum(books.repeats.values()) if books else 0,
            "events": sum(chain.sequence for chain in chains),
            "voids": sum(chain.voids for chain in chains),
            "live_again_s_median": round(statistics.median(restarts or [0]), 2),
            "slowest_end_s": round(max(ends_s, default=0), 1),
            "longest_s_median": round(statistics.median(self.longest_s.values() or [0]), 1),
            "longest_well_s_median": round(statistics.median(self.longest_well_s.values() or [0]), 1),
            "slowest_s": round(self.slowest[0], 1),
            "slowest_well_s": round(self.slowest_well[0], 1),
            "moved_s": round(max(self.moved_s, default=0), 1),
            "back_s": round(max(self.back_s or [0]), 1),
            "calm_s": round(self.tally["calm_s"], 1),
            "seconds": round(time.monotonic() - self.began),
        }
