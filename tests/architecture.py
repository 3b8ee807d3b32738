#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the compiler doesn't see: who includes whom, what was left out when something was added, words and sizes.

usage: architecture.py [--root FOLDER] [LIBCORE.a]

With the core's library (of a plain build: sanitizers add symbols), also that it calls nothing but tests/core_symbols.
"""
import argparse
import pathlib
import re
import subprocess
import sys

import kinds

# Who may include whom (docs/architecture.md, "Rooms"). A room may always include itself.
ROOMS = {
    "base": [],
    "ledger": ["base"],
    "state": ["base", "ledger"],
    "decide": ["base", "ledger", "state"],
    "apply": ["base", "ledger", "state"],
    "engine": ["base", "ledger", "state", "decide", "apply"],
    "wire": ["base", "ledger", "pinion"],
    "log": ["base"],
    "store": ["base"],
    "shard": ["base", "ledger", "state", "engine", "wire", "log", "store"],
    "main": ["base", "ledger", "shard", "wire", "log", "store"],
    "bench": ["base", "ledger", "shard", "wire", "log", "store", "main"],
}
CORE = ["base", "ledger", "state", "decide", "apply", "engine"]
# Narrower than the rooms.
FILES = {"src/main/tail.c": ["base", "wire", "log", "main"]}
HEADERS = {
    "state/mutate.h": ["state", "apply", "engine"],
    "state/keys.h": ["state"],
    "state/rows.h": ["state"],
    "state/timers.h": ["state"],
    "state/journal.h": ["state"],
    "state/try.h": ["state", "engine"],
}
LIBRARIES = {
    "librdkafka/": ["log"],
    "rocksdb/": ["log", "store"],
    "protobuf-c/": ["wire"],
    "lz4": ["log"],
}
# The core's own files; base/fault.* and base/lack.* are for the edge, base/banned.h names what is banned.
CORE_EXCEPT = {
    "src/base/fault.c",
    "src/base/fault.h",
    "src/base/lack.c",
    "src/base/lack.h",
    "src/base/banned.h",
}
CORE_SYSTEM_HEADERS = {"assert.h", "stdbool.h", "stddef.h", "stdint.h", "string.h"}

REJECTS = "proto/pinion/v1/reject.proto"
REWRITE = "proto/generate rejects docs/reference/rejects.md proto/pinion/v1/*.proto"

LINES_MAX = {"decide": 200, "apply": 80}
LINES_MAX_OTHERS = 600
LINES_MAX_TESTS = 800
FUNCTION_LINES_MAX = 70

SPDX = "SPDX-License-Identifier: Apache-2.0"
SPDX_SUFFIXES = {".c", ".h", ".def", ".proto", ".py", ".t", ".sh", ".pml"}


class Tree:
    """The files of the repository, read once."""

    def __init__(self, root):
        self.root = root
        self.texts = {}

    def has(self, name):
        return (self.root / name).is_file()

    def text(self, name):
        if name not in self.texts:
            path = self.root / name
            self.texts[name] = path.read_text(encoding="utf-8") if path.is_file() else ""
        return self.texts[name]

    def files(self, folder, *suffixes):
        for path in sorted((self.root / folder).rglob("*")):
            if path.is_file() and (not suffixes or path.suffix in suffixes or path.name in suffixes):
                yield path.relative_to(self.root).as_posix()

    def sources(self):
        return list(self.files("src", ".c", ".h"))

    def entries(self, name, macro):
        """The lines MACRO(a, b, ...) of a .def file, as lists of their first fields."""
        found = re.findall(rf"^{macro}\(([^\"\)]*)", self.text(name), re.M)
        return [[field.strip() for field in line.split(",") if field.strip()] for line in found]

    def commands(self):
        """(number, name, domain) of each."""
        return self.arms("command", "Command", "body")

    def events(self):
        return self.arms("event", "Event", "outcome")

    def rejects(self):
        """(number, name) of each, in the order of the checks."""
        body = re.search(r"^enum Reject \{(.*?)^\}", self.text(REJECTS), re.M | re.S)
        found = re.findall(r"REJECT_(\w+) = (\d+);", body.group(1)) if body else []
        return [(int(number), name.lower()) for name, number in found if number != "0"]

    def arms(self, name, message, oneof):
        """(number, name, domain) of the arms of a message's oneof; the domain is the file that its message stands in."""
        body = re.search(rf"^message {message} \{{(.*?)^\}}", self.text(f"proto/pinion/v1/{name}.proto"), re.M | re.S)
        body = re.search(rf"oneof {oneof} \{{(.*?)\}}", body.group(1), re.S) if body else None
        arms = re.findall(r"^\s*(\w+) (\w+) = (\d+);", body.group(1), re.M) if body else []
        return [(int(number), arm, self.domain(message)) for message, arm, number in arms]

    def domain(self, message):
        for name in self.files("proto/pinion/v1", ".proto"):
            if re.search(rf"^message {message} \{{", self.text(name), re.M):
                return pathlib.PurePath(name).stem
        return None

    def generated(self):
        """What is written into the build folder, as if it stood in src."""
        for name in self.files("src", "meson.build"):
            for outputs in re.findall(r"output: \[(.*?)\]", self.text(name), re.S):
                yield from (f"{pathlib.PurePath(name).parent}/{output}" for output in re.findall(r"'([^']+)'", outputs))


def room_of(name):
    return name.split("/")[1]


def without_comments(text):
    """C without comments, strings and characters; line breaks stay."""
    def keep_lines(match):
        return " " + "\n" * match.group(0).count("\n")
    return re.sub(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', keep_lines, text, flags=re.S)


def line_of(text, at):
    return text.count("\n", 0, at) + 1


# --- The checks: each gives its complaints. ---

def include_directions(tree):
    generated = set(tree.generated())
    for name in tree.sources():
        room = room_of(name)
        if room not in ROOMS:
            yield f"{name}: no such room: add it to the table here and in the design"
            continue
        allowed = FILES.get(name, [room] + ROOMS[room])
        for header in re.findall(r'^#include "([^"]+)"', tree.text(name), re.M):
            if header.split("/")[0] not in allowed:
                yield f"{name} includes {header}: {room} may include {', '.join(allowed)}"
            if room not in HEADERS.get(header, [room]):
                yield f"{name} includes {header}: only {', '.join(HEADERS[header])} may"
            if not header.startswith("pinion/") and not tree.has(f"src/{header}") and f"src/{header}" not in generated:
                yield f"{name} includes {header}: it is not there (write the room first)"


def library_headers(tree):
    for name in tree.sources():
        room = room_of(name)
        for header in re.findall(r"^#include <([^>]+)>", tree.text(name), re.M):
            for library, rooms in LIBRARIES.items():
                if header.startswith(library) and room not in rooms:
                    yield f"{name} includes <{header}>: only {', '.join(rooms)} may"
            if room in CORE and name not in CORE_EXCEPT and header not in CORE_SYSTEM_HEADERS:
                yield f"{name} includes <{header}>: the core depends on nothing"


def fault_stays_out_of_the_core(tree):
    for name in tree.sources():
        if room_of(name) in CORE and name not in CORE_EXCEPT and '"base/fault.h"' in tree.text(name):
            yield f"{name}: a decision has no fault, only a reject or a bug"


def registries_number_uniquely(tree):
    registries = {
        "command.proto": [(number, name) for number, name, _ in tree.commands()],
        "event.proto": [(number, name) for number, name, _ in tree.events()],
        "reject.proto": tree.rejects(),
        "currencies.def": [(int(number), name) for name, number, _
                           in tree.entries("src/ledger/currencies.def", "CURRENCY")],
    }
    for registry, entries in registries.items():
        if not entries:
            yield f"{registry}: no entry found"
        for what, place in (("number", 0), ("name", 1)):
            seen = set()
            for entry in entries:
                if entry[place] in seen:
                    yield f"{registry}: the {what} {entry[place]} stands there twice"
                seen.add(entry[place])
        if registry != "currencies.def" and entries != sorted(entries, key=lambda entry: entry[0]):
            yield f"{registry}: not in the order of its numbers"


def event_file(name):
    """transfer_posted is the first version, transfer_posted_v2 the second."""
    return name if re.search(r"_v\d+$", name) else f"{name}_v1"


def commands_are_known(tree):
    """What is there for a command that is not in the contract; what lacks, kinds.py tells."""
    wanted = {f"src/decide/{domain}/{name}.c" for _, name, domain in tree.commands()}
    names = {name for _, name, _ in tree.commands()}
    for page in tree.files("docs/reference/commands", ".md"):
        if pathlib.PurePath(page).stem not in names | {"README"}:
            yield f"{page}: there is no such command"
    for name in tree.files("src/decide", ".c"):
        if re.search(r"^const struct command_rule ", tree.text(name), re.M) and name not in wanted:
            yield f"{name}: there is no such command in this domain"


def events_are_known(tree):
    wanted = {f"src/apply/{domain}/{event_file(name)}.c" for _, name, domain in tree.events()}
    for name in tree.files("src/apply", ".c"):
        if re.search(r"^const struct event_rule ", tree.text(name), re.M) and name not in wanted:
            yield f"{name}: there is no such event in this domain"


# Rules by kind that stand with those of their domain in one file: what the file's path is, and what a rule is called.
DOMAIN_RULES = [
    ("command", "src/wire/words/{domain}.c", "{name}_words"),
    ("event", "src/wire/words/{domain}.c", "{name}_words"),
    ("command", "tests/auditor/{domain}.c", "{name}_audit"),
    ("event", "tests/auditor/{domain}.c", "{name}_audit"),
    ("event", "tests/golden_events/{domain}.c", "{file}_golden"),
]


def rules_stand_in_their_domain(tree):
    kinds = {"command": tree.commands(), "event": tree.events()}
    for kind, path, rule in DOMAIN_RULES:
        for _, name, domain in kinds[kind]:
            file, wanted = path.format(domain=domain), rule.format(name=name, file=event_file(name))
            if not re.search(rf"^const struct \w+ {wanted} = ", tree.text(file), re.M):
                yield f"{name}: {file} has no {wanted}"


def rejects_are_complete(tree):
    tables = "\n".join(tree.text(name) for name in tree.files("tests/decide", ".t"))
    for _, name in tree.rejects():
        if not re.search(rf"\breject {name}\b", tables):
            yield f"{name}: no row of tests/decide/*.t proves it"
    said = re.findall(r"^  // \[(\w+), [^]]*\] (.*)\n  // To do: (.*)\n(?:  // Carries: (.*)\n)?  REJECT_(\w+) = (\d+);", tree.text(REJECTS), re.M)
    wanted = [f"| {number} | `{name.lower()}` | {retry} | {text[0].upper()}{text[1:]} | {advice[0].upper()}{advice[1:]} | "
              + ", ".join(f"`{field}`" for field in carries.split(", ") if field) + " |" for retry, text, advice, carries, name, number in said]
    rows = re.findall(r"^\| \d+ \| `.*", tree.text("docs/reference/rejects.md"), re.M)
    for row in wanted:
        if row not in rows:
            yield f"docs/reference/rejects.md does not have \"{row}\": {REWRITE}"
    if not said or (rows != wanted and sorted(rows) == sorted(wanted)):
        yield f"docs/reference/rejects.md has its rows in another order: {REWRITE}"


def words(tree):
    for name in list(tree.files("src", ".c", ".h", ".def")) + list(tree.files("docs", ".md")) + \
            list(tree.files("proto", ".proto")) + [page for page in ("README.md", "CONTRIBUTING.md") if tree.has(page)]:
        text = tree.text(name)
        flat = re.sub(r"\n\s*(\*|//)? ?", lambda match: " ".ljust(len(match.group(0))), text)
        for match in re.finditer(r"\b[Tt]ransactions?\b(?!\.\w|_|\()", flat):
            if not re.search(r"Kafka[\s`'s]*$", flat[:match.start()]):
                yield (f"{name}:{line_of(text, match.start())}: bare \"{match.group(0)}\": "
                       "say Kafka transaction, payment or posting")
        for match in re.finditer(r"\b(FIXME|TODO|XXX)\b", text):
            yield f"{name}:{line_of(text, match.start())}: {match.group(0)}"
        if "kafka" not in name.lower():
            for match in re.finditer(r"\bepochs?\b", text, re.I):
                line = text.splitlines()[line_of(text, match.start()) - 1]
                if "Kafka" not in line and "leader" not in line:
                    yield f"{name}:{line_of(text, match.start())}: epoch is Kafka's word: ours is term"


def comments(tree):
    for folder in ("src", "tests"):
        for name in tree.files(folder, ".c", ".h", ".def"):
            for number, line in enumerate(without_comments(tree.text(name)).splitlines(), 1):
                if "//" in line:
                    yield f"{name}:{number}: comments are /* */"


def amounts_are_opaque(tree):
    for name in tree.sources():
        # Generated structs of the wire have a field of that name too.
        if name == "src/base/amount.h" or room_of(name) == "wire":
            continue
        for match in re.finditer(r"(\.|->)minor\b", without_comments(tree.text(name))):
            yield f"{name}:{line_of(without_comments(tree.text(name)), match.start())}: use amount_minor, amount_of"


def sources_are_built(tree):
    listed = kinds.built_by_name(tree)
    for name in tree.files("src", ".build"):
        folder = pathlib.PurePath(name).parent
        listed |= {(folder / file).as_posix() for file in re.findall(r"'([\w/.]+\.c)'", tree.text(name))}
    there = set(tree.files("src", ".c"))
    for name in sorted(there - listed):
        yield f"{name} is in no meson.build"
    for name in sorted(listed - there - set(tree.generated())):
        yield f"{name} is to be built, but not there"


def files_are_short(tree):
    for name in tree.sources():
        most = LINES_MAX.get(room_of(name), LINES_MAX_OTHERS)
        count = tree.text(name).count("\n")
        if name.endswith(("apply/apply.c", "apply/effects.c", "apply/remittance/route.c")):
            most = LINES_MAX_OTHERS  # no event of its own
        if count > most:
            yield f"{name}: {count} lines, at most {most}"
    for name in tree.files("tests", ".c", ".h", ".py"):
        count = tree.text(name).count("\n")
        if count > LINES_MAX_TESTS:
            yield f"{name}: {count} lines, at most {LINES_MAX_TESTS}"


def functions_are_short(tree):
    for folder in ("src", "tests"):
        for name in tree.files(folder, ".c"):
            begin = None
            for number, line in enumerate(tree.text(name).splitlines(), 1):
                if line == "{":
                    begin = number
                elif line == "}" and begin:
                    if number - begin - 1 > FUNCTION_LINES_MAX:
                        yield f"{name}:{begin}: {number - begin - 1} lines, at most {FUNCTION_LINES_MAX}"
                    begin = None


def files_have_heads(tree):
    names = [name for folder in ("src", "proto", "tests", "deploy", "docs") for name in tree.files(folder)]
    for name in names:
        path = pathlib.PurePath(name)
        script = path.suffix == "" and tree.root.joinpath(name).open("rb").read(2) == b"#!"
        if path.suffix not in SPDX_SUFFIXES and path.name != "meson.build" and not script:
            continue
        if "__pycache__" in path.parts:
            continue
        if SPDX not in "\n".join(tree.text(name).splitlines()[:3]):
            yield f"{name}: no SPDX head"


def blocks_have_languages(tree):
    for page in ["README.md", *tree.files("docs", ".md")]:
        is_inside = False
        for number, line in enumerate(tree.text(page).splitlines(), 1):
            if line.startswith("```"):
                if not is_inside and line.strip() == "```":
                    yield f"{page}:{number}: a block without a language: sh is run by tests/e2e/docs.py (see there), text is not"
                is_inside = not is_inside


def planted_bugs_are_there(tree):
    """Where docs/proof.md says "Planted:", each name is one of the simulator's."""
    texts = tree.text("tests/simulator/planted.py") + tree.text("tests/simulator/planted_shards.py")
    planted = set(re.findall(r'^        "(\w+)",$', texts, re.M))
    for paragraph in re.findall(r"Planted: (.*?)(?:\n\n|\Z)", tree.text("docs/proof.md"), re.S):
        for name in re.findall(r"`(\w+)`", paragraph.split(". ")[0]):
            if name not in planted:
                yield f"docs/proof.md: there is no planted bug {name}"


def core_symbols(tree, library):
    run = subprocess.run(["nm", library], check=True, capture_output=True, text=True)
    undefined, defined = set(), set()
    for line in run.stdout.splitlines():
        fields = line.split()
        if len(fields) == 2 and fields[0] in ("U", "w"):
            undefined.add(fields[1])
        elif len(fields) == 3:
            defined.add(fields[2])
    if not defined:
        yield f"{library}: no symbols"
    # clang calls memcmp by this name where only equality is asked.
    undefined = {"memcmp" if symbol == "bcmp" else symbol for symbol in undefined}
    undefined -= {"_GLOBAL_OFFSET_TABLE_"}  # the linker's
    golden = set(tree.text("tests/core_symbols").split())
    for symbol in sorted(undefined - defined - golden):
        yield f"the core calls {symbol}, which tests/core_symbols does not have"
    for symbol in sorted(golden - (undefined - defined)):
        yield f"tests/core_symbols has {symbol}, which the core does not call"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    parser.add_argument("library", nargs="?", help="libcore.a")
    options = parser.parse_args()
    tree = Tree(options.root)
    checks = [include_directions, library_headers, fault_stays_out_of_the_core, registries_number_uniquely,
              commands_are_known, events_are_known, rules_stand_in_their_domain, rejects_are_complete, words, comments,
              amounts_are_opaque, sources_are_built, files_are_short, functions_are_short, files_have_heads,
              blocks_have_languages, planted_bugs_are_there, *kinds.CHECKS]
    results = [(check.__name__, list(check(tree))) for check in checks]
    if options.library:
        results.append(("core_symbols", list(core_symbols(tree, options.library))))
    for name, complaints in results:
        print(f"{'FAIL' if complaints else 'ok  '} {name}")
        for complaint in complaints:
            print(f"     {complaint}")
    failed = sum(1 for _, complaints in results if complaints)
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
