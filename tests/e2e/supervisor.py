# SPDX-License-Identifier: Apache-2.0
"""Keeps one `pinion run` alive, as systemd would, and kills it when asked to."""
import time

from harness import Failure


class Supervisor:
    def __init__(self, ledger, *arguments):
        self.ledger, self.arguments = ledger, arguments
        self.run, self.is_live, self.started = None, False, 0.0
        self.kills, self.kills_in_recovery, self.restart_s = 0, 0, []

    def start(self):
        self.run = self.ledger.start("run", "--checkpoint-ms", 300, *self.arguments)
        self.started, self.is_live = time.monotonic(), False

    def look(self):
        """True once it is live; an end that nobody asked for goes to ended()."""
        if not self.run.is_alive():
            self.ended(self.run.exit_code())
        elif not self.is_live and self.says_live():
            self.is_live = True
            self.restart_s.append(time.monotonic() - self.started)
        return self.is_live

    def says_live(self):
        return self.run.says("live: ")

    def ended(self, code):
        raise Failure(f"pinion run ended with {code}: {self.run.said()}")

    def kill(self):
        self.kills += 1
        self.kills_in_recovery += not self.is_live
        self.run.kill()
