#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Shows that chaos can fail: a bug is planted in the processor, and chaos must say so in these words.

    tests/chaos/can_fail.py BUILD [NAME]...

BUILD is a Meson build folder with pinion; nothing in the tree is touched. The seed is the first one whose
first card is what shows the bug. Without Java it is SKIPPED. Ends with "N passed, N failed".
"""
import argparse
import itertools
import os
import pathlib
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "../simulator"), str(HERE)]

import deck
from planted import Bug, Planter


class Shown:
    """A bug, the card that shows it, and what chaos then says."""

    def __init__(self, bug, card, words):
        self.bug, self.card, self.words = bug, card, words


BUGS = [
    Shown(
        Bug(
            "a_stop_is_not_heard",
            (
                "src/main/stop.c",
                "	while (sigwait(&signals, &number) != 0)\n",
                "	while (sigwait(&signals, &number) != -1)\n",
            ),
        ),
        "end_asked",
        "SIGTERM: processor 0 did not end in 10 s",
    ),
]
OPTIONS = {"kills": 1, "processors": 1, "shards": 1, "minutes": 2, "transaction_timeout_s": 10}


def seed_of(card):
    for seed in itertools.count(1):
        if deck.draw(argparse.Namespace(**OPTIONS, cluster=0, seed=seed))[0].kind == card:
            return seed


def find(planter, shown):
    """(found, FAILED or SKIPPED; what is to be said)"""
    began = time.monotonic()
    command = [HERE / "run", "--seed", str(seed_of(shown.card))]
    for name, value in OPTIONS.items():
        command += ["--" + name.replace("_", "-"), str(value)]
    with tempfile.TemporaryDirectory(prefix="planted-") as folder:
        try:
            binary = planter.plant(shown.bug, folder)
        except (ValueError, KeyError) as trouble:
            return "FAILED", f"{trouble}"
        # What a chaos that failed leaves to look at goes with the folder.
        environment = {**os.environ, "PINION_BINARY": binary, "TMPDIR": folder}
        ran = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=600, check=False
        )
    lines = [line for line in ran.stdout.splitlines() if "chaos_kafka" in line]
    said = lines[0] if lines else ran.stdout[-600:] + ran.stderr[-600:]
    if said.startswith("SKIPPED"):
        return "SKIPPED", said
    is_found = ran.returncode == 1 and said.startswith("FAILED") and shown.words in said
    return (
        "found" if is_found else "FAILED",
        f"{time.monotonic() - began:.0f} s, wanted {shown.words!r}: {said[:200]}",
    )


def main():
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("build")
    options.add_argument("names", nargs="*", metavar="NAME")
    options = options.parse_args()
    bugs = [shown for shown in BUGS if not options.names or shown.bug.name in options.names]
    planter, results = Planter(os.path.abspath(options.build), "src/pinion"), []
    for shown in bugs:
        result, said = find(planter, shown)
        results.append(result)
        print(f"{result} {shown.bug.name}: {said}", flush=True)
    print(f"{results.count('found')} passed, {results.count('FAILED')} failed")
    return 1 if "FAILED" in results or not results else 0


if __name__ == "__main__":
    sys.exit(main())
