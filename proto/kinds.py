# SPDX-License-Identifier: Apache-2.0
"""What the build has files for, from the contract: a line each domain, each command, and each rule with its file in src."""
import pathlib
import subprocess
import sys
import tempfile

from schema import Schema

HERE = pathlib.Path(__file__).resolve().parent
SOURCES = HERE.parent / "src"


def schema_of(protos):
    """As the build reads it, which has no descriptor set yet when it asks."""
    with tempfile.NamedTemporaryFile() as descriptors:
        names = [str(pathlib.Path(proto).resolve().relative_to(HERE)) for proto in protos]
        run = subprocess.run(["protoc", f"--proto_path={HERE}", "--include_source_info", f"--descriptor_set_out={descriptors.name}", *names],
                             capture_output=True, text=True, check=False)
        if run.returncode != 0:
            sys.exit(run.stderr.strip())
        return Schema(descriptors.name)


def timer_rule(name):
    """The contract does not say of a timer which domain it is of: where its file stands does."""
    found = sorted(SOURCES.glob(f"decide/*/{name}_timer.c"))
    if len(found) != 1:
        what = "is missing" if not found else "stands in several domains"
        sys.exit(f"src/decide/<domain>/{name}_timer.c {what}: the rule of the timer that enum TimerKind of event.proto names")
    return found[0].relative_to(SOURCES).as_posix()


def lines(schema):
    arms = schema.commands + schema.events
    yield from (f"domain {domain}" for domain in sorted({arm.message.domain for arm in arms}))
    yield from (f"command {command.name}" for command in schema.commands)
    yield from (f"rule decide/{command.message.domain}/{command.name}.c" for command in schema.commands)
    yield from (f"rule {timer_rule(name)}" for name, _, _ in schema.enums["TimerKind"].values)
    yield from (f"rule apply/{event.message.domain}/{event.stem}_v{event.version}.c" for event in schema.events)
