# SPDX-License-Identifier: Apache-2.0
"""What all tests share: processes that surely end, waiting with a deadline, ledgers, the broker."""
import contextlib
import json
import os
import pathlib
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("PINION_BINARY", "")


class Failure(Exception):
    """What a test found; its text is the line that is printed."""


class Skip(Exception):
    """Why a test can't be made here."""


class NoBroker(Skip):
    """With PINION_REQUIRE_KAFKA=1 that is a failure."""


def check(truth, text):
    if not truth:
        raise Failure(text)


def wait_for(what, condition, seconds=30.0, every=0.02):
    """The first true answer of condition(); a Failure after the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        got = condition()
        if got:
            return got
        if time.monotonic() > deadline:
            raise Failure(f"{what}: not within {seconds:g} s")
        time.sleep(every)


def id_text(raw):
    text = raw.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


class Room:
    """A test's own temporary folder and the processes that it started; leaving it ends them all."""

    def __init__(self, name):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"pinion-e2e-{name}-"))
        self.processes, self.lock, self.count = [], threading.Lock(), 0

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        for process in self.processes:
            process.end()
        if kind is None or issubclass(kind, Skip):
            shutil.rmtree(self.folder, ignore_errors=True)
        else:
            print(f"    what it left: {self.folder}", flush=True)

    def start(self, name, *arguments, text=None):
        with self.lock:
            self.count += 1
            process = Process(self.folder / f"{self.count:03d}-{name}", arguments, text)
            self.processes = [p for p in self.processes if p.is_alive()] + [process]
            return process


class Process:
    """A child with its output in files. `text` is its standard input."""

    def __init__(self, path, arguments, text):
        self.arguments = [str(argument) for argument in arguments]
        self.out, self.err = pathlib.Path(f"{path}.out"), pathlib.Path(f"{path}.err")
        with tempfile.TemporaryFile() as given, open(self.out, "wb") as out, open(
            self.err, "wb"
        ) as err:
            if text is not None:
                given.write(text if isinstance(text, bytes) else text.encode())
                given.seek(0)
            # What a killed one leaves behind is then removed with the test's folder.
            self.child = subprocess.Popen(
                self.arguments,
                stdin=given,
                stdout=out,
                stderr=err,
                env={**os.environ, "TMPDIR": str(self.out.parent)},
            )

    def is_alive(self):
        return self.child.poll() is None

    def kill(self):
        self.child.kill()
        self.child.wait()

    def end(self):
        if self.is_alive():
            self.kill()

    def ask_to_stop(self, seconds=60):
        self.child.send_signal(signal.SIGTERM)
        return self.exit_code(seconds)

    def exit_code(self, seconds=60):
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failure(
                f"{' '.join(self.arguments[:2])} did not end in {seconds} s; it says: "
                f"{self.said()}"
            ) from None

    def said(self):
        return self.err.read_text(errors="replace")[-2000:].strip()

    def printed(self):
        return self.out.read_text(errors="replace")

    def says(self, text):
        return text in self.err.read_text(errors="replace")


class Ledger:
    """A ledger of the binary under test, on either log."""

    def __init__(self, room, url, state=None):
        self.room, self.url = room, url
        self.is_kafka = url.startswith("kafka:")
        self.state = (
            pathlib.Path(state)
            if state
            else (room.folder / "state" if self.is_kafka else pathlib.Path(url[9:]) / "state")
        )

    def start(self, subcommand, *arguments, text=None, state=True):
        options = ["--ledger", self.url]
        if state and self.is_kafka and subcommand in (
            "init", "run", "show", "verify", "snapshot", "bench",
        ):
            options += ["--state", self.state]
        return self.room.start(subcommand, BINARY, subcommand, *options, *arguments, text=text)

    def call(self, subcommand, *arguments, text=None, wanted=0, seconds=120, state=True):
        """Runs it to its end; its Process, whose exit code is the wanted one."""
        process = self.start(subcommand, *arguments, text=text, state=state)
        code = process.exit_code(seconds)
        check(
            code == wanted,
            f"pinion {subcommand} {' '.join(map(str, arguments))}: exit {code}, wanted "
            f"{wanted}; it says: {process.said()}",
        )
        return process

    def init(self, shards):
        self.call("init", "--shards", shards)
        return self

    def run(self, *arguments, seconds=60):
        """An owner that is live."""
        run = self.start("run", *arguments)
        wait_for(
            "pinion run becomes live", lambda: run.says("live: ") or not run.is_alive(), seconds
        )
        check(run.is_alive(), f"pinion run ended: {run.said()}")
        return run

    def submit(self, *lines, wanted=0):
        """JSON commands in, JSON outcomes out."""
        text = "".join(
            (line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines
        )
        return [
            json.loads(line)
            for line in self.call("submit", text=text, wanted=wanted).printed().splitlines()
        ]

    def events(self):
        """All events as `pinion tail` prints them."""
        return [json.loads(line) for line in self.call("tail").printed().splitlines()]

    def show(self, party):
        """{account: (posted, pending debits, pending credits, available) as text}"""
        printed = self.call("show", party).printed()
        pattern = (
            r"(\S+) +posted +(\S+ \S+) +pending debits +(\S+ \S+) +pending credits +(\S+ \S+)"
            r" +available +(\S+ \S+)"
        )
        return {found[1]: found.groups()[1:] for found in re.finditer(pattern, printed)}

    def verify(self, *arguments, wanted=0):
        return self.call("verify", *arguments, wanted=wanted).printed()

    def digests(self):
        """{shard: (sequence, digest)} of the stored checkpoints, as compared with the log."""
        found = re.findall(
            r"stored checkpoint at sequence (\d+) is what the log says, digest (\w+)\nshard (\d+):",
            self.verify(),
        )
        return {int(shard): (int(sequence), digest) for sequence, digest, shard in found}


@contextlib.contextmanager
def small_disk(room, mib):
    """A folder on a disk of so many MiB; the processes that use it are ended with it."""
    disk = room.folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={mib}m", "pinion-e2e", disk]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Skip(f"no small disk can be mounted: {done.stderr.strip()}")
    try:
        yield disk
    finally:
        for process in room.processes:
            process.end()
        subprocess.run(["umount", disk], check=False)


def disk_fill(disk):
    """The file that takes all its room."""
    filler = disk / "filler"
    with open(filler, "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return filler


def embedded(room, name="ledger"):
    return Ledger(room, f"embedded:{room.folder}/{name}")


class Broker:
    """A Kafka broker: our own, or the one at the address, which is never paused or killed."""

    def __init__(self, address="", folder=None, flags=()):
        self.address, self.folder, self.flags = address, folder, flags  # of deploy/kafka/start
        self.is_ours, self.trouble = not address, ""

    def __enter__(self):
        self.need()
        return self

    def __exit__(self, *_):
        self.end()

    def need(self):
        """Its address; a Skip where there is none."""
        if not self.address and not self.trouble:
            self.folder = self.folder or tempfile.mkdtemp(prefix="pinion-e2e-kafka-")
            self.start()
        if self.trouble:
            raise NoBroker(f"no Kafka broker: {self.trouble}")
        return self.address

    def need_ours(self):
        self.need()
        if not self.is_ours:
            raise Skip("the broker of PINION_KAFKA is not to be paused or killed")

    def start(self):
        done = subprocess.run(
            [ROOT / "deploy/kafka/start", self.folder, *self.flags],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        if done.returncode != 0:
            self.trouble = (
                done.stderr.strip().replace("\n", "; ")[-500:] or "deploy/kafka/start failed"
            )
        self.address = done.stdout.strip()

    def stop(self, *how):
        if self.folder:
            subprocess.run([ROOT / "deploy/kafka/stop", self.folder, *how], timeout=60, check=False)

    def signal(self, number):
        os.kill(int(pathlib.Path(self.folder, "pid").read_text()), number)

    def end(self):
        self.stop("--kill")
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def ledger(self, room, name="ledger"):
        """A ledger under a prefix of its own."""
        return Ledger(
            room,
            f"kafka://{self.need()}/e2e-{name}-{secrets.token_hex(4)}",
            state=room.folder / f"state-{name}",
        )


BROKER = Broker(os.environ.get("PINION_KAFKA", ""))


def one(test, options):
    """Its result, said on a line: ok, failed or skipped."""
    name, began = test.__name__, time.monotonic()
    try:
        said = test(options)
    except Skip as skip:
        is_wanted = os.environ.get("PINION_REQUIRE_KAFKA") == "1" and isinstance(skip, NoBroker)
        result = "FAILED" if is_wanted else "SKIPPED"
        print(f"{result} {name}: {skip}", flush=True)
        return result.lower()
    except Exception as trouble:
        if not isinstance(trouble, Failure):
            traceback.print_exc()
        seconds, text = time.monotonic() - began, " ".join(str(trouble).split())[:2000]
        print(f"FAILED {name} ({seconds:.1f} s, --seed {options.seed}): {text}", flush=True)
        return "failed"
    print(f"ok {name} ({time.monotonic() - began:.1f} s){': ' + said if said else ''}", flush=True)
    return "ok"
