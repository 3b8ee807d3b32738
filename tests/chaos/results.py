# SPDX-License-Identifier: Apache-2.0
"""What runs came to, in words, and the sums of those that were recorded."""
import datetime
import json
import os
import pathlib
import subprocess

FILE = pathlib.Path(__file__).with_name("results.jsonl")
WORDS = {
    "kills": "kills of a processor (SIGKILL)",
    "kills_in_recovery": "  while it recovered",
    "kills_stopped": "  while it was stopped",
    "kills_broker_away": "  while the broker was away",
    "folders_lost": "  and its state folder deleted",
    "folders_old": "  and its state folder rolled back to an old copy",
    "stops": "SIGSTOP, SIGCONT of a processor",
    "stops_past_timeout": "  past the transaction time-out",
    "stops_all_past_timeout": "  of all processors at once, past the transaction time-out",
    "cuts": "network cuts between a processor and the broker",
    "cuts_past_timeout": "  past the transaction time-out",
    "ends_asked": "SIGTERM to a processor, which must end within 10 s",
    "ends_asked_broker_away": "  while a broker was away",
    "broker_kills": "broker killed (SIGKILL)",
    "brokers_lost": "  for good, and an empty one in its place (clusters)",
    "brokers_gone": "  for good, and none in its place (clusters)",
    "broker_restarts": "broker restarted (SIGTERM)",
    "broker_pauses": "broker paused (SIGSTOP)",
    "broker_pauses_past_timeout": "  past the transaction time-out",
    "aborts_by_timeout": "Kafka transactions that the broker's time-out ended",
    "starts": "starts of a processor",
    "ends_usurped": "  after it was usurped",
    "ends_broker_away": "  after it found no broker at its start",
    "usurpations": "usurpations of a shard",
    "fenced": "fences met by a shard's owner",
    "recoveries": "recoveries of a shard in the same process",
    "rebuilt": "stores unreadable, rebuilt from the log",
    "commands": "commands answered",
    "between": "  payments to other shards",
    "came_back": "    that came back",
    "repeats": "repeats answered",
    "events": "events",
    "voids": "void records seen by a plain reader",
    "live_again_s_median": "live again after, s (median)",
    "slowest_end_s": "slowest end after SIGTERM, s",
    "longest_s_median": "longest time without an outcome on a shard, s (median of the shards)",
    "longest_well_s_median": "  the absence of the broker, or of too many, left out, s",
    "slowest_s": "slowest time without an outcome on a shard, s",
    "slowest_well_s": "  the absence of the broker, or of too many, left out, s",
    "moved_s": "slowest time until all shards gave outcomes without a lost broker, s",
    "back_s": "slowest time until all shards gave outcomes with the broker back, s",
    "calm_s": "all answered after calm, s",
    "seconds": "seconds in all",
}
OPTIONS = ("kills", "minutes", "cluster", "shards", "processors", "group", "transaction_timeout_s")
GREATEST = {
    "live_again_s_median",
    "slowest_end_s",
    "longest_s_median",
    "longest_well_s_median",
    "slowest_s",
    "slowest_well_s",
    "moved_s",
    "back_s",
    "calm_s",
}


def table(totals):
    return "\n".join(f"{totals.get(name, 0):>12,}  {words}" for name, words in WORDS.items())


def git(*arguments):
    done = subprocess.run(
        ["git", "-C", FILE.parent, *arguments], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


def version():
    """PINION_COMMIT, or the commit of this tree; of one that was changed it says so."""
    if os.environ.get("PINION_COMMIT"):
        return os.environ["PINION_COMMIT"]
    is_changed = git("status", "--porcelain", ":/", ":!" + FILE.name)
    return git("rev-parse", "--short", "HEAD") + ("-changed" if is_changed else "")


def record(options):
    """A line for one run, also for one that failed."""
    line = {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "commit": version(),
        "seed": options.seed,
        "options": {name: getattr(options, name) for name in OPTIONS},
        "verdict": options.verdict,
        "totals": options.totals,
    }
    with open(FILE, "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def sums():
    """All recorded runs together; those that failed are named and not counted."""
    lines = [json.loads(line) for line in FILE.read_text().splitlines()] if FILE.exists() else []
    total, failed = {}, [line for line in lines if line["verdict"] != "ok"]
    for line in lines:
        if line["verdict"] != "ok":
            continue
        for name, value in line["totals"].items():
            before = total.get(name, 0)
            total[name] = max(before, value) if name in GREATEST else before + value
    for line in failed:
        print(f"failed: --seed {line['seed']}, {line['date']}: {line['verdict']}")
    print(table(total))
    for size in (2, 3):
        on_cluster = [line["totals"] for line in lines if is_on(line, size)]
        if on_cluster:
            print(cluster_said(size, on_cluster))
    print(f"{len(lines) - len(failed)} runs (of a time the greatest), {len(failed)} failed")


def is_on(line, size):
    return line["verdict"] == "ok" and line["options"].get("cluster") == size


def cluster_said(size, runs):
    def count(*names):
        return sum(totals[name] for totals in runs for name in names)

    return (
        f"of these on clusters of {size}: {len(runs)} runs, {count('kills')} kills of a processor, "
        f"{count('ends_asked')} stops, {count('broker_kills')} kills of a broker, "
        f"{count('brokers_lost', 'brokers_gone')} of them for good"
    )
