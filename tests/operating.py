#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What docs/operating.md names, and which test makes sure of it: each procedure, fault, right and setting; and each
section and name of docs/groups.md.

A row, section or name of the page that is not here, or is here and no longer on the page, is an error, and so is
a test that is not there. A test is named by its function, or as a file below tests/ where all of it is meant."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/operating.md"

# What is done there, by section. Sections that hold a table have its rows below as well.
SECTIONS = {
    "Running": "unit_file notify_embedded signals_embedded other_owner_kafka owners_kafka disk_hangs_embedded",
    "The log": "log_lines_embedded",
    "The status line": "signals_embedded other_owner_kafka held_kafka",
    "Faults": "tests of its rows",
    "Bad input": "tests of its rows",
    "Starting": "tests of its rows",
    "Running (faults)": "tests of its rows",
    "Inputs that are not what was decided": "inputs_lost_kafka inputs_lost_live_kafka inputs_anew_kafka restore_kafka",
    "Kafka": "rights_kafka places_kafka replication_check",
    "A broker far away": "distant_kafka silent_kafka",
    "TLS and SASL": "properties_kafka causes_kafka codecs_kafka codecs_embedded",
    "Shards": "places_kafka places_embedded lacking_embedded sixty_four_shards_embedded sixty_four_shards_kafka",
    "Memory": "memory_embedded test_a_state_larger_than_memory the_least_of_all_above_counts",
    "A wrong clock": "clock_embedded clock_ahead_kafka a_clock_that_leaps_is_doubted",
    "Growth": "bench/run",
    "Backup": "followers_embedded followers_kafka follower_changed_log_embedded snapshot_embedded snapshot_kafka snapshot_disk_embedded restore_kafka restore_embedded moving_kafka log_shortened compare_embedded",
    "Upgrades": "upgrade_embedded upgrade_old_embedded upgrade_kafka test_a_store_of_an_older_format_still_knows_the_log"
    " test_an_event_from_the_future_stops",
}
# By the first cell of a row, up to a colon or a bracket.
ROWS = {
    # --- The status line ---
    "`1 of 1 shards live`": "signals_embedded other_owner_kafka",
    "`2/s`": "status_embedded",
    "`lag …`": "status_embedded held_kafka",
    "`verified - checkpoint`": "status_embedded",
    "`oldest timer due`": "status_embedded test_the_oldest_timer_is_known_from_the_start",
    "`level-0 files`": "status_embedded",
    "`memory`": "status_embedded",
    "`under way between shards`": "one_shard_down_embedded",
    "`ALARM, payments are not answered": "one_shard_down_embedded test_a_shard_that_is_away_is_caught_up_with",
    "`recoveries`": "status_embedded refused_events_kafka",
    "`engine time ahead`": "status_embedded",
    "`follows 4": "group_kafka",
    "`commands of shard 0 held by an open Kafka transaction since TIME from offset 12 on`": "held_kafka",
    # --- Shards ---
    "start until all are live": "sixty_four_shards_embedded sixty_four_shards_kafka",
    "processor, of one core": "sixty_four_shards_embedded sixty_four_shards_kafka",
    "memory, resident": "sixty_four_shards_embedded sixty_four_shards_kafka",
    "threads": "sixty_four_shards_embedded sixty_four_shards_kafka many_shards_share_and_hold_up_nobody",
    "open files": "sixty_four_shards_embedded sixty_four_shards_kafka",
    "requests to the broker, a second": "many_shards_share_and_hold_up_nobody",
    # --- Bad input ---
    "undecodable record": "records_kafka undecodable_kafka",
    "bad UTF-8 or a NUL byte in a text": "records_kafka",
    "unknown command": "records_kafka",
    "unknown field, at any depth": "records_kafka",
    "wrong topic": "records_kafka",
    "misrouted key": "records_kafka",
    "oversized record": "records_kafka",
    "oversized field": "records_kafka",
    "overflowing amounts": "records_kafka",
    "bad JSON line": "lines_embedded",
    "the same command twice": "test_clients_send_twice decide/ids.t",
    # --- Starting ---
    "missing ledger": "places_embedded places_kafka",
    "half-made ledger": "places_kafka a_half_made_ledger_is_completed",
    "inputs without events": "inputs_alone_kafka",
    "fewer replicas, or a lower `min.insync.replicas`, than the ledger was made with": "three_replicas_kafka less_than_it_was_made_with_is_refused",
    "wrong topic settings": "places_kafka a_wrong_setting_is_named",
    "wrong number of partitions": "places_kafka partitions_must_agree",
    "another number of shards asked for": "places_embedded places_kafka",
    "state folder of another ledger or shard": "rebuild_embedded rebuild_kafka",
    "a snapshot that can't be started from": "snapshot_embedded snapshot_kafka test_a_torn_snapshot_is_told"
    " test_a_snapshot_that_the_log_does_not_hold_is_refused",
    "folder held by another process": "places_embedded",
    "too few open files": "lacking_embedded",
    "too few threads": "lacking_embedded",
    "memory too small": "memory_embedded",
    "no `--state` on Kafka": "places_kafka",
    "no session time-out that the brokers take": "group_session_kafka",
    "bad `--kafka-config`": "places_kafka properties_kafka properties_cannot_break_promises",
    "broker down at the start": "causes_kafka nobody_at_the_address_is_said_in_time",
    "not let in": "causes_kafka",
    "not allowed by the broker": "rights_kafka",
    "a newer ledger format, or an event of an unknown kind": "test_a_ledger_of_another_format_stops test_an_event_from_the_future_stops",
    "a ledger of an older format": "upgrade_older_format_embedded",
    # --- Running ---
    "broker down, or paused for over 6 s": "pause_kafka crash_kafka",
    "the topic of another shard takes nothing": "test_a_topic_that_takes_nothing_holds_up_no_other",
    "broker slow or far away": "distant_kafka patience_kafka",
    "an upstream leaves a Kafka transaction open on an input": "held_kafka",
    "the broker that leads a partition dies for good, others are there": "leader_killed_kafka",
    "batches refused again and again": "refused_events_kafka",
    "tainted": "a_pause_taints_and_is_ridden_out test_a_read_back_that_never_comes_taints",
    "fenced": "test_fenced_by_an_owner_not_seen test_fenced_by_a_time_out",
    "usurped owner": "group_kafka owners_kafka other_owner_kafka test_an_idle_owner_notices_another",
    "full disk, embedded log": "disk_full_embedded",
    "full disk, state folder": "state_disk_full_kafka a_full_disk_is_a_fault",
    "something else is lacking for a store": "few_descriptors_are_no_damage missing_rights_are_no_damage an_unwritable_ingest_folder_is_a_fault",
    "store damaged": "rebuild_embedded rebuild_kafka a_missing_table_is_damage a_store_that_kills_whoever_opens_it_is_damaged",
    "log lost or changed events": "follower_changed_log_embedded test_it_stops_where_its_own_event_is_gone test_it_stops_where_history_changes_before_it log_shortened test_a_log_cut_below_the_checkpoint_stops test_a_changed_record_is_found",
    "what the ledger rests on was changed while it runs": "settings_kafka folder_embedded deleted_records_are_a_lost_log",
    "log damaged": "places_embedded",
    "an input no longer holds what was decided": "inputs_lost_kafka inputs_anew_kafka",
    "clock ahead": "clock_ahead_kafka test_a_clock_ahead_stops_the_shard",
    "clock leapt ahead": "clock_embedded",
    "engine time is over 5 min ahead of the host's clock": "clock_embedded test_engine_time_is_set_back_where_the_operator_says_so",
    "poison": "poison_kafka",
    "no outcome": "unanswered_kafka",
    "asked to stop, and not drained within 9 s": "stop_without_broker_kafka disk_hangs_embedded",
    "killed at any moment": "kills_embedded kills_kafka",
    # --- Rights: the test reads the rows, and tries each right ---
    "the processor": "rights_kafka",
    "the founder": "rights_kafka",
    "members' services": "rights_kafka",
    "bank and card gateways": "rights_kafka",
    "readers": "rights_kafka",
    "whoever measures": "rights_kafka",
    # --- A broker far away: made by hand by the command that stands there ---
    "340 ms": "distant_kafka",
    "1,000 ms": "distant_kafka",
    # --- Growth ---
    "embedded log": "bench/run",
    "Kafka, each replica": "bench/run",
    "state": "bench/run",
}
# Settings of Kafka, of its client, of the machine; options. What the page's examples also hold is UNCHECKED.
NAMES = {
    "cleanup.policy": "a_wrong_setting_is_named places_kafka",
    "retention.ms": "a_wrong_setting_is_named settings_kafka",
    "retention.bytes": "a_wrong_setting_is_named places_kafka",
    "message.timestamp.type": "a_wrong_setting_is_named places_kafka",
    "max.message.bytes": "a_wrong_setting_is_named larger_records_are_no_harm refused_events_kafka",
    "min.insync.replicas": "replication_check settings_kafka three_replicas_kafka",
    "unclean.leader.election.enable": "replication_check",
    "compression.type": "codecs_kafka properties_cannot_break_promises",
    "transaction.max.timeout.ms": "timeout_too_short_kafka",
    "socket.timeout.ms": "patience_kafka",
    "acks": "properties_kafka",
    "enable.idempotence": "properties_kafka",
    "transactional.id": "properties_kafka",
    "isolation.level": "properties_kafka",
    "auto.offset.reset": "properties_kafka",
    "message.timeout.ms": "properties_kafka",
    "transaction.timeout.ms": "properties_kafka",
    "security.protocol": "properties_kafka causes_kafka",
    "sasl.mechanism": "properties_kafka causes_kafka",
    "sasl.username": "properties_kafka causes_kafka",
    "sasl.password": "properties_kafka causes_kafka",
    "ssl.ca.location": "properties_kafka causes_kafka",
    "ssl.certificate.location": "properties_kafka causes_kafka",
    "ssl.key.location": "properties_kafka causes_kafka",
    "ssl.client.auth": "properties_kafka",
    "pids.max": "lacking_embedded",
    "LimitNOFILE": "unit_file lacking_embedded",
    "TasksMax": "lacking_embedded",
    "RestartPreventExitStatus": "unit_file other_owner_kafka",
    "Type": "unit_file notify_embedded",
    "WatchdogSec": "unit_file notify_embedded",
    "User": "unit_file",
    "--accept-fewer-replicas": "three_replicas_kafka",
    "--replication": "three_replicas_kafka",
    "--accept-clock": "clock_ahead_kafka",
    "--from-snapshot": "snapshot_embedded snapshot_kafka followers_embedded followers_kafka",
    "--head": "restore_kafka restore_embedded",
    "--kafka-config": "properties_kafka rights_kafka",
    "--ledger": "options_embedded",
    "--log-format": "log_lines_embedded",
    "--memory": "memory_embedded options_embedded",
    "--raw": "rights_kafka",
    "--refuse-input": "poison_kafka refuse_input_kafka",
    "--restart-clock": "clock_embedded",
    "--restart-inputs": "inputs_lost_kafka inputs_anew_kafka restore_kafka",
    "--shard": "moving_kafka upgrade_kafka owners_kafka",
    "--shards": "places_kafka init_kafka",
    "--state": "moving_kafka places_kafka",
    "group.instance.id": "properties_cannot_break_promises",
}
GROUPS = ROOT / "docs/groups.md"
GROUP_SECTIONS = {
    "How it works": "a_death_moves_each_shard_to_its_follower group_kafka group_restart_kafka group_standby_kafka",
    "What to look at": "group_kafka group_restart_kafka",
    "Adding a host": "group_kafka",
    "Rolling restart": "rolling_restart_kafka",
    "Losing a host": "group_kafka group_takeovers_kafka group_restart_kafka",
    "A host that stands still": "group_frozen_kafka",
    "Replacing a disk": "disk_replaced_kafka",
    "Session time-out": "group_session_kafka",
}
GROUP_NAMES = {
    "group.min.session.timeout.ms": "group_session_kafka",
    "session.timeout.ms": "group_session_kafka",
    "group.initial.rebalance.delay.ms": "group_session_kafka",
    "group.instance.id": "properties_cannot_break_promises",
    "--ledger": "options_embedded",
    "--state": "places_kafka",
    "--standby": "group_standby_kafka options_embedded",
    "--shard": "owners_kafka",
    "--memory": "memory_embedded",
    "--kafka-config": "group_session_kafka",
    "--from-snapshot": "snapshot_kafka",
}
UNCHECKED = {
    "input.topic", "input.offset",  # of an event
    "pinion.events", "pinion.rails", "pinion.owners",  # topics, a group
    "--describe", "--members", "--group",  # of a tool of Kafka's
    "--kills", "--accounts", "--transfers", "--brokers", "--prefix", "--round-trip", "--now",  # of tests, of what makes a copy, of systemctl
    # Of the unit, which is verified as a whole, and what systemd is told.
    "After", "Description", "Environment", "ExecStart", "NoNewPrivileges", "NotifyAccess", "PrivateTmp", "ProtectHome",
    "ProtectSystem", "Restart", "RestartSec", "StateDirectory", "StateDirectoryMode", "TimeoutStartSec", "TimeoutStopSec",
    "WantedBy", "Wants", "PINION_LEDGER", "READY", "STOPPING", "WATCHDOG",
}  # fmt: skip


def brief(cell):
    """Without what explains it."""
    return re.split(r": | \(", cell)[0]


def of_page(text):
    """(sections, first cells of rows, names) as the page has them."""
    prose = re.sub(r"```.*?```", "", text, flags=re.S)
    sections, rows = [], []
    for line in prose.splitlines():
        head = re.fullmatch(r"###? (.*)", line)
        if head:
            is_second = head[1] in sections
            sections.append(f"{head[1]} (faults)" if is_second else head[1])
        cell = re.match(r"\| ([^|]+?) \|", line)
        if cell:
            rows.append(brief(cell[1]))
    heads = {"part", "fault", "who", "per million transfers", "round trip", "64 idle shards"}
    code = "\n".join(re.findall(r"`([^`\n]+)`", prose) + re.findall(r"```\w*\n(.*?)```", text, re.S))
    names = set(re.findall(r"(?<![\w./-])(?:[a-z]+(?:\.[a-z]+)+|acks)(?![\w/.])", code))
    names |= set(re.findall(r"--[a-z][a-z-]+", code)) | set(re.findall(r"\b([A-Z][A-Za-z_]+)=", code))
    return set(sections), set(rows) - heads, names


def tests_there():
    """Every function of a test."""
    found = set()
    for pattern in ("**/*.c", "e2e/*.py", "chaos/*.py"):
        for path in (ROOT / "tests").glob(pattern):
            found.update(re.findall(r"^(?:static void|\s*def) (\w+)\(", path.read_text(), re.M))
    return found


def main():
    known, wrong = tests_there(), []
    pages = {PAGE: (SECTIONS, ROWS, NAMES), GROUPS: (GROUP_SECTIONS, {}, GROUP_NAMES)}
    kinds = [
        (f"{kind} of {path.relative_to(ROOT)}:", found, ours)
        for path, lists in pages.items()
        for kind, found, ours in zip(("section", "row", "name"), of_page(path.read_text()), lists)
    ]
    for kind, page, ours in kinds:
        checked = page - UNCHECKED
        wrong += [f"{kind} {one!r}: name here the test that makes sure of it" for one in sorted(checked - set(ours))]
        wrong += [f"{kind} {one!r} stands here and not on the page" for one in sorted(set(ours) - page)]
        for one, tests in ours.items():
            for test in tests.split() if tests != "tests of its rows" else ():
                if test not in known and not (ROOT / "tests" / test).is_file():
                    wrong.append(f"{kind} {one!r}: there is no test {test}")
    print("\n".join(f"tests/operating.py: {line}" for line in wrong) or f"{len(SECTIONS)} sections, {len(ROWS)} rows, {len(NAMES)} names")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
