# SPDX-License-Identifier: Apache-2.0
"""The tables of README.md and docs/performance.md, between their marks, from results.jsonl.

A mark is a line <!-- table NAME: made by tests/bench/run --> and the line <!-- end --> after it.
"""
import pathlib
import re
import statistics

import cases

INSTRUCTIONS = pathlib.Path(__file__).with_name("core_instructions")
# Of layers, as callgrind counts them.
COUNTED = {
    "decode": "decode",
    "decide and apply": "process",
    "encode": "encode",
    "hash": "hash",
    "seal": "seal",
    "decode event": "replay_decode",
    "apply": "replay",
}
LOGS = {"embedded": "embedded, synced", "kafka": "Kafka, acks=all"}
# TigerBeetle 0.17.9 `benchmark`, single replica, 8,189 a batch, on a machine of the same kind: transfers/s.
TIGERBEETLE_10K = (261000, 317000)
TIGERBEETLE_1M = 125000
PEER_ACCOUNTS = {"tigerbeetle-10k": "10 thousand", "tigerbeetle-1m": "1 million"}


def rounded(value):
    """Three digits say all that is known."""
    if value >= 1000:
        digits = len(str(int(value))) - 3
        return f"{int(round(value / 10**digits) * 10**digits):,}"
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def spread(values, form=rounded):
    """Median and range: "412,000 (398,000 to 420,000)"."""
    if not values:
        return "–"
    if len(values) == 1:
        return form(values[0])
    return f"{form(statistics.median(values))} ({form(min(values))} to {form(max(values))})"


def two(value):
    return f"{value:.2f}"


class Results:
    def __init__(self, lines):
        self.lines = lines

    def runs(self, name):
        return [line for line in self.lines if line["case"] == name]

    def values(self, name, field):
        return [run[field] for run in self.runs(name) if field in run]

    def loads(self, name, percent, field):
        return [load[field] for run in self.runs(name) for load in run.get("loads", []) if load["percent"] == percent]

    def median(self, name, field):
        values = self.values(name, field)
        return statistics.median(values) if values else None


def table(heads, rows):
    """Nothing where there are no rows: then the docs stay as they are."""
    if not rows:
        return ""
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def measured(results):
    """The cases of pinion bench that have a rate worth telling."""
    return [case for case in cases.CASES
            if isinstance(case, cases.Case) and results.runs(case.name)
            and not case.restarts and not case.has_progress and not case.clients]


def clients(results):
    """From client to answer."""
    heads = ["log", "accounts", "clients", "transfers a batch", "transfers/s", "p50 ms", "p99 ms"]
    rows = []
    for case in cases.CASES:
        if isinstance(case, cases.Case) and case.clients and results.runs(case.name):
            figures = [spread(results.values(case.name, field))
                       for field in ("answered_per_s", "client_p50_ms", "client_p99_ms")]
            rows.append([LOGS[case.log], case.title, f"{case.clients:,}", f"{case.batch:,}", *figures])
        elif isinstance(case, cases.Peer) and results.values(case.name, "batch_p50_ms"):
            figures = [spread(results.values(case.name, field))
                       for field in ("transfers_per_s", "batch_p50_ms", "batch_p99_ms")]
            rows.append(["TigerBeetle, this machine", PEER_ACCOUNTS[case.name], "1", "8,189", *figures])
    return table(heads, rows)


def rates(results):
    heads = ["log", "accounts", "transfers/s", "of raw", "p50, p99 at 50 % load, ms", "replay/s",
             "bytes a transfer: log, state", "memory, MiB"]
    rows = []
    for case in measured(results):
        def all_of(field, form=rounded, name=case.name):
            return spread(results.values(name, field), form)
        def load_of(field, name=case.name):
            values = results.loads(name, 50, field)
            return rounded(statistics.median(values)) if values else "–"
        rows.append([
            LOGS[case.log],
            case.title,
            all_of("transfers_per_s"),
            all_of("rate_of_raw", two),
            f"{load_of('p50_ms')}, {load_of('p99_ms')}",
            all_of("replay_per_s"),
            f"{rounded(results.median(case.name, 'log_bytes_per_transfer') or 0)}, "
            f"{rounded(results.median(case.name, 'state_bytes_per_transfer') or 0)}",
            rounded(max(results.values(case.name, "resident_mib"))),
        ])
    return table(heads, rows)


def latencies(results):
    heads = ["log", "accounts", "load", "due/s", "p50 ms", "p99 ms", "p99.9 ms", "max ms", "disk sync p50, p99 ms",
             "longest pause ms"]
    rows = []
    for case in cases.CASES:
        if not isinstance(case, cases.Case):
            continue
        for percent in case.loads:
            def of(field, name=case.name, at=percent):
                return spread(results.loads(name, at, field))
            if results.loads(case.name, percent, "p99_ms"):
                title = case.title + (f", {case.seconds // 60} minutes" if case.seconds >= 60 else "")
                rows.append([LOGS[case.log], title, f"{percent} %", of("due_per_s"), of("p50_ms"), of("p99_ms"),
                             of("p999_ms"), of("max_ms"), f"{of('sync_p50_ms')}, {of('sync_p99_ms')}",
                             of("longest_pause_ms")])
    return table(heads, rows)


def sync_bounds(results):
    """Of each run, how far p99 at 50 % load is from 10 ms and twice the disk's own p99 in that run."""
    return [load["p99_ms"] / (10 + 2 * load["sync_p99_ms"])
            for run in results.runs("embedded-10k") for load in run["loads"] if load["percent"] == 50]


def aims(results):
    """(what, aim, measured, whether it is reached)"""
    rows = []

    def row(what, aim, values, form, is_reached, note=""):
        if values:
            reached = "yes" if is_reached(statistics.median(values)) else "**no**"
            rows.append([what, aim, spread(values, form) + note, reached])

    def peer_row(name, accounts, aim):
        rate = results.median(f"tigerbeetle-{name}", "transfers_per_s")
        if rate:
            row(f"the same, against the {spread(results.values(f'tigerbeetle-{name}', 'transfers_per_s'))}/s of TigerBeetle "
                f"on this machine, {accounts} accounts", f"{aim:.1f}",
                [ours / rate for ours in results.values(f"embedded-{name}", "transfers_per_s")], two, lambda x: x >= aim)

    rate_10k = results.median("embedded-10k", "transfers_per_s")
    tigers = sum(TIGERBEETLE_10K) / 2
    row("embedded, 10 thousand accounts, against TigerBeetle's "
        f"{TIGERBEETLE_10K[0]:,} to {TIGERBEETLE_10K[1]:,}/s (the middle)", "2.0",
        [rate / tigers for rate in results.values("embedded-10k", "transfers_per_s")], two, lambda x: x >= 2)
    peer_row("10k", "10 thousand", 2)
    row(f"embedded, 1 million accounts, against TigerBeetle's {TIGERBEETLE_1M:,}/s", "3.0",
        [rate / TIGERBEETLE_1M for rate in results.values("embedded-1m", "transfers_per_s")], two, lambda x: x >= 3)
    peer_row("1m", "1 million", 3)
    row("Kafka, 10 thousand accounts, of `--raw` in the same run", "0.5",
        results.values("kafka-10k", "rate_of_raw"), two, lambda x: x >= 0.5)
    row(f"Kafka, 1 million accounts, against TigerBeetle's {TIGERBEETLE_1M:,}/s without Kafka", "1.0",
        [rate / TIGERBEETLE_1M for rate in results.values("kafka-1m", "transfers_per_s")], two, lambda x: x > 1)
    row("embedded, p99 at 50 % load, of 10 ms + twice the disk's sync p99 in the same run", "1.0",
        sync_bounds(results), two, lambda x: x < 1)
    row("Kafka, p99 at 50 % load, ms", "60", results.loads("kafka-10k", 50, "p99_ms"), rounded, lambda x: x < 60)
    row("replay from the log, events/s", "1,000,000", results.values("embedded-10k", "replay_per_s"), rounded,
        lambda x: x >= 1000000)
    if rate_10k:
        row("10 million accounts and 256 MiB for rows, of the speed of 10 thousand", "0.5",
            [rate / rate_10k for rate in results.values("embedded-10m", "transfers_per_s")], two, lambda x: x >= 0.5)
    for log in LOGS:
        name = f"{log}-restart"
        events = results.median(name, "events_since_genesis")
        if events:
            row(f"{log}: restart after `kill -9` under load, until live, ms; {rounded(events)} events since genesis", "3,000",
                results.values(name, "restart_median_ms"), rounded, lambda x: x < 3000,
                f", at most {rounded(max(results.values(name, 'restart_most_ms')))}")
    return table(["", "aim", "measured", "reached"], rows)


def instructions():
    if not INSTRUCTIONS.exists():
        return {}
    lines = [line.split() for line in INSTRUCTIONS.read_text(encoding="utf-8").splitlines()]
    return {line[0]: line[1] for line in lines if len(line) == 2}


def layers(results):
    """A row for each layer, in the order of the tool."""
    columns = [case for case in cases.CASES if isinstance(case, cases.Layers) and results.runs(case.name)]
    if not columns:
        return ""
    order, ns = [], {}
    for case in columns:
        for run in results.runs(case.name):
            for one in run["layers"]:
                key = (one["part"], one["layer"])
                if key not in ns:
                    order.append(one)
                ns.setdefault(key, {}).setdefault(case.name, []).append(one["ns"])
    counted = instructions()
    # On Kafka only what touches the log differs.
    of_the_log = {"send", "read inputs", "append", "read back"}
    rows = []
    for one in order:
        row = [one["part"], one["layer"], one["what"], f"{one['bytes']:.0f}" if one["bytes"] else "–"]
        for case in columns:
            values = ns[one["part"], one["layer"]].get(case.name, [])
            row.append(spread(values) if case.log == "embedded" or one["layer"] in of_the_log else "–")
        row.append(f"{int(counted[COUNTED[one['layer']]]):,}" if COUNTED.get(one["layer"]) in counted else "–")
        rows.append(row)
    return table(["part", "layer", "what", "bytes"] + [f"ns, {case.title}" for case in columns] + ["instructions"], rows)


def machine(results):
    """One line that says where and when."""
    if not results.lines:
        return ""
    newest = max(results.lines, key=lambda line: line["date"])
    about = newest["machine"]
    return (f"Measured on {newest['date']} at {newest['commit']}: {about['cores']} cores of {about['cpu']}, "
            f"{about['memory_gib']} GiB, Linux {about['kernel']}; broker and processor share the cores. Median (range) of the "
            "runs of each case.")


MAKERS = {"clients": clients, "rates": rates, "latencies": latencies, "aims": aims, "layers": layers, "machine": machine}


def fill(path, lines):
    """Replaces what stands between marks, where there is something to put there."""
    results = Results(lines)

    def made(match):
        body = MAKERS[match[2]](results)
        return f"{match[1]}\n\n{body}\n\n{match[3]}" if body else match[0]

    text = path.read_text(encoding="utf-8")
    pattern = r"(<!-- table (\w+): made by tests/bench/run -->)\n.*?(<!-- end -->)"
    path.write_text(re.sub(pattern, made, text, flags=re.S), encoding="utf-8")
