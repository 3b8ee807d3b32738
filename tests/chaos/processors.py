# SPDX-License-Identifier: Apache-2.0
"""A `pinion run` among others that want the same shards: what is done to it, and what it may do."""
import collections
import random
import re
import shutil
import signal
import statistics
import time

from harness import check
from supervisor import Supervisor

SAID_AT = r"^(?:\S+Z \w+ +)?"  # time and level stand before it
LIVE = re.compile(SAID_AT + r"shard (\d+): live, term ", re.M)
ALL_LIVE = re.compile(SAID_AT + r"live: \d+ shard", re.M)  # that this process should own
SAID = {  # by what is counted: what it says, a line for each
    "usurpations": re.compile(
        SAID_AT + r"shard \d+: (?:STOPPED|goes on as a follower): shard \d+: another owner took it", re.M
    ),
    "fenced": re.compile(SAID_AT + r"shard \d+: fenced: ", re.M),
    "recoveries": re.compile(SAID_AT + r"shard \d+: (ALARM, again not live: )?recovers from: ", re.M),
    "rebuilt": re.compile(r"the store is unreadable and is rebuilt", re.M),
}
STOPPED = re.compile(SAID_AT + r"shard \d+: STOPPED: .*", re.M)
STOP_S = 10  # after SIGTERM it ends within that, whatever the brokers do
# The ends that docs/operating.md names, beside a usurped owner's.
BROKER_AWAY = re.compile(SAID_AT + r"pinion: (?:.*; )?Kafka at \S+ did not answer when asked to ", re.M)


class Processor(Supervisor):
    def __init__(self, number, ledger, shards, is_in_group, seed):
        """In a group they share the shards out among themselves, else each competes for those named."""
        named = [part for shard in shards for part in ("--shard", shard)]
        super().__init__(ledger, "--memory", 64, *(["--standby", 1] if is_in_group else named))
        self.number, self.shards, self.is_in_group = number, shards, is_in_group
        self.random = random.Random(seed)  # for what the order of events decides
        self.tally, self.said_now = collections.Counter(), ""
        self.start_at, self.continue_at, self.kill_after = 0.0, None, None
        self.stopped_at = self.spared_until = 0.0  # nothing else befalls it until then
        self.ends_at, self.restart_after_s, self.ends_s = None, 0.0, []  # after SIGTERM
        self.old = ledger.state.with_name(ledger.state.name + "-old")
        self.trouble_at = -1e9  # when the broker or the way to it was last not well
        self.look_at = 0.0

    def __str__(self):
        if not self.is_alive():
            return f"processor {self.number} (down)"
        state = "stopped" if self.continue_at else "live" if self.is_live else "in recovery"
        state = "ending" if self.ends_at else state
        return f"processor {self.number} ({state})"

    def is_alive(self):
        return self.run is not None and self.run.is_alive()

    def start(self):
        super().start()
        self.said_now, self.start_at = "", None
        self.tally["starts"] += 1

    def says_live(self):
        if self.is_in_group:
            return ALL_LIVE.search(self.said_now)
        live = {int(shard) for shard in LIVE.findall(self.said_now)}
        return len(live) + len(SAID["usurpations"].findall(self.said_now)) >= len(self.shards)

    def look(self):
        now = time.monotonic()
        if self.start_at is not None:
            if now >= self.start_at:
                self.start()
            return False
        if self.continue_at and now >= self.continue_at:
            self.go_on()
        if now >= self.look_at or not self.run.is_alive():
            self.look_at = now + 0.05
            self.said_now = self.run.err.read_text(errors="replace")
        if self.ends_at:
            self.end_look(now)
            return False
        is_live = super().look()
        kill_at = max(self.started + (self.kill_after or 0), self.spared_until)
        if self.kill_after is not None and self.run and now >= kill_at:
            self.kill_after = None
            self.kill(0)
        return is_live

    def ended(self, code):
        """Usurped, or no broker at its start: it is started again, as systemd would."""
        said = self.said_now = self.run.err.read_text(errors="replace")
        stopped = STOPPED.findall(said)
        usurped = SAID["usurpations"].findall(said)
        is_fine = (code == 4 and len(stopped) == len(usurped) == len(self.shards)) or (
            code == 3 and BROKER_AWAY.search(said) and self.trouble_at > self.started - 1
        )
        if not is_fine:
            super().ended(code)
        self.tally["ends_usurped" if usurped else "ends_broker_away"] += 1
        self._over(self.random.uniform(0.5, 4))

    def _over(self, restart_s):
        """Counts what it said."""
        self.said_now = self.run.err.read_text(errors="replace")
        for name, pattern in SAID.items():
            self.tally[name] += len(pattern.findall(self.said_now))
        self.run, self.continue_at, self.ends_at, self.is_live = None, None, None, False
        self.start_at = time.monotonic() + restart_s

    # --- what is done to it ---

    def kill(self, restart_s=0.0, then=None):
        super().kill()
        self.check_said()
        if then:
            then()
        elif not self.old.exists() or self.random.random() < 0.1:
            self.keep()
        self._over(restart_s)

    def check_said(self):
        """No shard of it stopped but a usurped one, though the process went on."""
        said = self.run.err.read_text(errors="replace")
        wrong = [line for line in STOPPED.findall(said) if not SAID["usurpations"].search(line)]
        check(not wrong, f"processor {self.number}: {wrong}")

    def kill_in_recovery(self, part):
        """And again a part of a usual recovery after its next start."""
        self.kill()
        self.kill_after = part * statistics.median(self.restart_s or [0.5])

    def ask_to_end(self, restart_s):
        """SIGTERM, at any moment."""
        self.run.child.send_signal(signal.SIGTERM)
        self.ends_at, self.restart_after_s = time.monotonic() + STOP_S, restart_s

    def end_look(self, now):
        if self.run.is_alive():
            check(
                now < self.ends_at,
                f"SIGTERM: processor {self.number} did not end in {STOP_S} s: {self.run.said()}",
            )
            return
        self.ends_s.append(now - self.ends_at + STOP_S)
        self.end_check(self.run.exit_code())
        self._over(self.restart_after_s)

    def stop(self, seconds):
        self.run.child.send_signal(signal.SIGSTOP)
        self.stopped_at = time.monotonic()
        self.continue_at = self.stopped_at + seconds

    def go_on(self):
        self.run.child.send_signal(signal.SIGCONT)
        self.continue_at = None

    def spare(self, seconds):
        """So long nothing else befalls it, nor is it started."""
        self.spared_until = time.monotonic() + seconds
        if self.start_at is not None:
            self.start_at = max(self.start_at, self.spared_until)

    # --- its folder, while it is dead ---

    def keep(self):
        shutil.rmtree(self.old, ignore_errors=True)
        if self.ledger.state.exists():
            shutil.copytree(self.ledger.state, self.old)

    def lose_folder(self):
        shutil.rmtree(self.ledger.state, ignore_errors=True)

    def roll_back_folder(self):
        shutil.rmtree(self.ledger.state, ignore_errors=True)
        shutil.copytree(self.old, self.ledger.state)

    # --- the end of all ---

    def finish(self):
        if self.run is None:
            return
        if not self.ends_at:
            self.ask_to_end(0)
        self.end_check(self.run.exit_code(STOP_S))
        self.ends_s.append(time.monotonic() - self.ends_at + STOP_S)
        self._over(0)

    def end_check(self, code):
        """SIGTERM: it drains and exits 0. Usurped it says so and exits 4; fenced or just in
        trouble, 3."""
        said = self.run.err.read_text(errors="replace")
        if code == -signal.SIGTERM and not said.strip():
            code = 0  # it had only just begun
        is_usurped = SAID["usurpations"].search(said) or SAID["fenced"].search(said)
        is_excused = is_usurped or self.trouble_at > time.monotonic() - 60
        check(
            code == 0
            or (code in (3, 4) and is_excused and (STOPPED.search(said) or BROKER_AWAY.search(said))),
            f"SIGTERM: processor {self.number} ended with {code}: {self.run.said()}",
        )
