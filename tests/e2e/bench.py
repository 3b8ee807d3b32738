# SPDX-License-Identifier: Apache-2.0
"""pinion bench, small: all its steps end well, and its figures agree with each other."""
import json

from harness import BROKER, Room, check, embedded

ACCOUNTS, TRANSFERS, SHARDS, RESTARTS = 200, 20000, 2, 2


def progress_of(path):
    """{phase: verified in its last bucket}; each bucket holds at least what the one before did."""
    last = {}
    for line in path.read_text().splitlines():
        phase, _, verified = line.split("\t")
        check(int(verified) >= last.get(phase, 0), f"progress goes back: {line}")
        last[phase] = int(verified)
    return last


def bench(room, ledger):
    ledger.init(SHARDS)
    progress = room.folder / "progress"
    arguments = f"--accounts {ACCOUNTS} --transfers {TRANSFERS} --keys zipf --load 50 --load 20 "
    arguments += f"--seconds 1 --raw --restarts {RESTARTS} --memory 64 --json"
    process = ledger.call("bench", *arguments.split(), "--progress", progress, seconds=300)
    found = json.loads(process.printed())
    for name in ("transfers_per_s", "raw_per_s", "replay_per_s"):
        check(found[name] > 0, f"{name} is {found[name]}")
    # Of so few transfers the second half may be over before it is seen to have begun: then nothing is told.
    check(found.get("second_half_per_s", 1) > 0, f"second_half_per_s is {found.get('second_half_per_s')}")
    check(
        abs(found["rate_of_raw"] - found["transfers_per_s"] / found["raw_per_s"]) < 0.01,
        "rate_of_raw is not the ratio",
    )
    check([load["percent"] for load in found["loads"]] == [50, 20], f"loads: {found['loads']}")
    for load in found["loads"]:
        times = [load[name] for name in ("p50_ms", "p99_ms", "p999_ms", "max_ms")]
        check(0 < times[0] and times == sorted(times), f"latencies: {times}")
        check(0 < load["verified_per_s"] <= load["due_per_s"] * 1.05, f"rates: {load}")
        check(0 < load["sync_p50_ms"] <= load["sync_p99_ms"], f"sync: {load}")
    check(found["restarts"] == RESTARTS and found["restart_most_ms"] > 0, "restarts")
    check(found["transfers_posted"] >= TRANSFERS, f"{found['transfers_posted']} posted")
    check(found["events"] >= found["events_since_genesis"], "the log has fewer events than before")
    last = progress_of(progress)
    check(last.keys() == {"rate", "load 50", "load 20"}, f"progress has {last}")
    check(TRANSFERS <= last["rate"] <= TRANSFERS + 10, f"progress: {last['rate']} transfers")
    return f"{found['transfers_per_s']:.0f} transfers/s, {found['rate_of_raw']:.2f} of raw"


def clients(ledger_of):
    """From client to answer, one batch at a time and many; every outcome is awaited, and the books hold all."""
    said = []
    for count, batch in ((1, 500), (70, 1)):
        ledger = ledger_of(f"clients-{count}")
        ledger.init(SHARDS)
        arguments = f"--accounts {ACCOUNTS} --seconds 1 --clients {count} --batch {batch} --memory 64 --json"
        found = json.loads(ledger.call("bench", *arguments.split(), seconds=300).printed())
        check(found["clients"] == count and found["batch"] == batch, f"clients: {found}")
        check(0 < found["client_p50_ms"] <= found["client_p99_ms"] <= found["client_max_ms"], f"clients: {found}")
        check(found["transfers_posted"] >= max(count, batch), f"{found['transfers_posted']} posted")
        said.append(f"{found['answered_per_s']:.0f} transfers/s answered of {count} clients")
    return ", ".join(said)


def bench_clients_embedded(_):
    with Room("bench") as room:
        return clients(lambda name: embedded(room, name))


def bench_clients_kafka(_):
    with Room("bench") as room:
        return clients(lambda name: BROKER.ledger(room, name))


def bench_embedded(_):
    with Room("bench") as room:
        ledger = embedded(room)
        said = bench(room, ledger)
        check(not (room.folder / "ledger/raw").exists(), "the raw log was left behind")
        return said


def bench_kafka(_):
    with Room("bench") as room:
        return bench(room, BROKER.ledger(room, "bench"))
