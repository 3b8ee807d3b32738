# SPDX-License-Identifier: Apache-2.0
"""`pinion snapshot` and `run --from-snapshot`: the restore drill, beside an owner under load, and each refusal."""
import fcntl
import hashlib
import os
import re
import shutil

from audit import audit
from gates import KafkaGate, SubmitGate
from harness import BROKER, Room, check, disk_fill, embedded, small_disk, wait_for
from load import clients_finish, clients_start, models_compare, trouble_of
from procedures import pays
from rebuild import digests, lost, played

SNAPSHOTS = 6


def about_of(folder, shard):
    lines = (folder / str(shard) / "about").read_text().splitlines()
    return dict(line.rsplit(" ", 1) for line in lines)


def about_change(folder, shard, name, value):
    """Says something else, under a sum that is right."""
    file = folder / str(shard) / "about"
    body = file.read_text().rsplit("sum ", 1)[0]
    changed = re.sub(rf"(?m)^{name} .*$", f"{name} {value}", body)
    check(changed != body, f"about says no {name}: {body}")
    file.write_text(f"{changed}sum {hashlib.blake2b(changed.encode(), digest_size=32).hexdigest()}\n")


def taken_under_load(ledger, room, shards, seed):
    """Snapshots beside an owner at work, which is killed at last; the last one's folder, and the clients."""
    gate = KafkaGate(ledger) if ledger.is_kafka else SubmitGate(ledger, shards)
    run = ledger.run("--checkpoint-ms", 20)
    clients = clients_start(gate, seed, accounts=10)
    sequences = []
    for number in range(SNAPSHOTS):
        rounds = [client.rounds for client in clients]
        wait_for(
            "load",
            lambda: trouble_of(clients) or all(c.rounds > before for c, before in zip(clients, rounds)),
            90,
        )
        folder = room.folder / f"snapshot-{number}"
        said = ledger.call("snapshot", folder).printed()
        check(f"is whole: {shards} shard" in said, said)
        sequences.append([int(about_of(folder, shard)["sequence"]) for shard in range(shards)])
    clients_finish(clients)
    check(all(a <= b for a, b in zip(sequences, sequences[1:])), f"they go back: {sequences}")
    check(sequences[0] != sequences[-1], f"none was made under load: {sequences}")
    check(not run.says("recovers from"), f"the owner was disturbed: {run.said()}")
    gate.close()
    for number in range(8):
        pays(ledger, f"after-{number}", dict(enumerate(sequences[-1])))
    run.kill()
    return folder, clients, sequences[-1]


def restored(ledger, folder, shards, clients, sequences):
    """The drill: an empty state begins with the snapshot, reads on, and is what the log alone gives."""
    shutil.rmtree(ledger.state)
    run = ledger.run("--from-snapshot", folder)
    for shard, sequence in enumerate(sequences):
        told = f"shard {shard}: starts from the snapshot in {folder}/{shard}, at sequence {sequence}"
        check(run.says(told), f"not from the snapshot: {run.said()}")
    for number in range(8):
        pays(ledger, f"restored-{number}", dict(enumerate(sequences)))
    check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
    check(not run.says("is rebuilt"), f"it was thrown away: {run.said()}")
    wanted = digests(ledger, shards)
    lost(ledger, shards, wanted)
    models_compare(clients, audit(ledger))


def refused_run(ledger, folder, text):
    """It does not start, says why, and nothing comes to stand in the state folder."""
    shutil.rmtree(ledger.state, ignore_errors=True)
    said = ledger.call("run", "--from-snapshot", folder, wanted=3).said()
    check(text in said, f"wanted '{text}': {said}")
    left = [str(path) for path in ledger.state.rglob("*") if not path.is_dir() or path.name.endswith(".unfinished")]
    check(not left, f"{text}: it left {left}")


def copied(folder, change):
    """A copy of the snapshot, changed."""
    copy = folder.with_name("changed")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy)
    change(copy)
    return copy


def tables(folder):
    return sorted((folder / "0/store").glob("*.sst"), key=lambda file: file.stat().st_size)


def byte_change(file):
    data = bytearray(file.read_bytes())
    data[len(data) // 3] ^= 1
    file.write_bytes(data)


def cut(file):
    os.truncate(file, file.stat().st_size // 2)


def table_change(folder, name):
    """The rows of another snapshot under the words of this one."""
    shutil.rmtree(folder / "0/store")
    shutil.copytree(folder.with_name(name) / "0/store", folder / "0/store")


def refusals(ledger, other, folder, shards):
    about = about_of(folder, 0)
    for what, change in {
        "a table is missing": lambda copy: tables(copy)[-1].unlink(),
        "a table is cut": lambda copy: cut(tables(copy)[-1]),
        "a table has another byte": lambda copy: byte_change(tables(copy)[-1]),
        "the manifest is cut": lambda copy: cut(next((copy / "0/store").glob("MANIFEST-*"))),
        "there is no store": lambda copy: shutil.rmtree(copy / "0/store"),
        "the store is another": lambda copy: table_change(copy, "snapshot-0"),
        "about is cut": lambda copy: cut(copy / "0/about"),
        "about is empty": lambda copy: (copy / "0/about").write_text(""),
        "about has another byte": lambda copy: byte_change(copy / "0/about"),
        "about has more": lambda copy: (copy / "0/about").open("a").write("more\n"),
    }.items():
        try:
            refused_run(ledger, copied(folder, change), "is torn")
        except Exception as trouble:
            raise type(trouble)(f"{what}: {trouble}") from trouble
    for name, value, text in (
        ("store-format", int(about["store-format"]) - 1, "is of store format"),
        ("ledger-format", int(about["ledger-format"]) + 1, "and ledger format"),
        ("offset", int(about["offset"]) + 10**6, "the log does not hold event"),
        ("hash", "00" * 32, "the log does not hold event"),
    ):
        refused_run(ledger, copied(folder, lambda copy: about_change(copy, 0, name, value)), text)
    refused_run(ledger, folder.with_name("nowhere"), "no snapshot of shard 0")
    last = shards - 1
    refused_run(ledger, copied(folder, lambda copy: shutil.rmtree(copy / str(last))), f"no snapshot of shard {last}")
    if shards > 1:
        swap = lambda copy: (shutil.rmtree(copy / "0"), (copy / "1").rename(copy / "0"))
        refused_run(ledger, copied(folder, swap), "is of shard 1, not of shard 0")
    foreign = folder.with_name("foreign")
    other.call("snapshot", foreign)
    refused_run(ledger, foreign, "is of another ledger")


def places(ledger, folder):
    """What stands at DIR stays; what a killed one left goes; one at a time."""
    before = sorted(folder.rglob("*"))
    said = ledger.call("snapshot", folder, wanted=1).said()
    check("is there already" in said and sorted(folder.rglob("*")) == before, said)
    fresh = folder.with_name("fresh")
    unfinished = folder.with_name("fresh.unfinished")
    (unfinished / "whole/0").mkdir(parents=True)
    (unfinished / "whole/0/about").write_text("left behind")
    lock = os.open(unfinished, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    said = ledger.call("snapshot", fresh, wanted=3).said()
    check("another process is writing" in said and not fresh.exists(), said)
    os.close(lock)
    fresh.mkdir()
    ledger.call("snapshot", "--shard", 0, f"{fresh}/")
    check([path.name for path in fresh.iterdir()] == ["0"] and not unfinished.exists(), "one shard, whole")
    check(not list(ledger.state.glob("*.unfinished")), "links stayed beside the state")
    said = ledger.call("run", "--from-snapshot", folder, wanted=3).said()
    check("Leave the option out" in said, said)


def drill(room, ledger, other, shards, seed):
    played(other, shards, seed + 1)
    folder, clients, sequences = taken_under_load(ledger, room, shards, seed)
    restored(ledger, folder, shards, clients, sequences)
    places(ledger, folder)
    refusals(ledger, other, folder, shards)
    return f"at {sequences}"


def snapshot_embedded(options):
    with Room("snapshot-embedded") as room:
        shards = options.shards or 2
        ledger, other = embedded(room).init(shards), embedded(room, "other").init(shards)
        return drill(room, ledger, other, shards, options.seed)


def snapshot_kafka(options):
    with Room("snapshot-kafka") as room:
        shards = options.shards or 2
        ledger = BROKER.ledger(room, "snapshot").init(shards)
        other = BROKER.ledger(room, "other").init(shards)
        return drill(room, ledger, other, shards, options.seed)


def snapshot_disk_embedded(options):
    """To another disk, and to a full one."""
    with Room("snapshot-disk") as room, small_disk(room, 8) as disk:
        ledger = embedded(room).init(1)
        said = ledger.call("snapshot", disk / "none", wanted=1).said()
        check("there is nothing to copy yet" in said, said)
        played(ledger, 1, options.seed)
        wanted = digests(ledger, 1)
        filler = disk_fill(disk)
        said = ledger.call("snapshot", disk / "full", wanted=3).said()
        check("No space left on device" in said, said)
        check([path.name for path in disk.iterdir()] == [filler.name], f"it left {list(disk.iterdir())}")
        check(not list(ledger.state.glob("*.unfinished")), "links stayed beside the state")
        os.truncate(filler, filler.stat().st_size - 16384)
        said = ledger.call("snapshot", disk / "full", wanted=3).said()
        check("No space left on device" in said, said)
        check([path.name for path in disk.iterdir()] == [filler.name], f"it left {list(disk.iterdir())}")
        filler.unlink()
        ledger.call("snapshot", disk / "whole")
        shutil.rmtree(ledger.state)
        run = ledger.run("--from-snapshot", disk / "whole")
        check(run.ask_to_stop() == 0, f"SIGTERM: {run.said()}")
        got = digests(ledger, 1)
        check(got == wanted, f"from another disk: {got}, it was {wanted}")
        return f"{wanted}"


TESTS = [snapshot_embedded, snapshot_kafka, snapshot_disk_embedded]
