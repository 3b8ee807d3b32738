#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A contract of ten times the size: what is made from it builds quickly, and a plain transfer costs what it did.

usage: scale.py [--copies N] [--jobs J] [--keep FOLDER] BUILD

A copy of the tree gets each command, event and table N times more (9), under other names and numbers, and one of each with
fields of every kind; each with rules that look at every field. Then
- it is built, and no generated file takes a compiler more than 10 s;
- a transfer takes as many instructions as in BUILD (a plain build of this tree by gcc), within 1 %, to decide within 2 %;
- each command, as JSON, is decided, and each event written, read back and shown; each table's row is put, read again
  after a start from the store, and rebuilt from the log alone.
The last line is "N passed, N failed".
"""
import argparse
import collections
import json
import os
import pathlib
import re
import resource
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

import generator

ROOT = pathlib.Path(__file__).resolve().parents[1]
COMPILE_SECONDS_MAX = 10
# An outcome's body is cleared before it is decided, and the made-up one with a field of every kind is larger than any of today's.
SLACK = {"decode": 0.01, "process": 0.02, "encode": 0.01, "replay_decode": 0.01, "replay": 0.01}
CONTRACT = "proto/pinion/v1"
ROWS = "src/state/rows"
# Far from the numbers that there are, up to 2,047.
STEP = 200


class Failure(Exception):
    pass


def run(*arguments, **options):
    done = subprocess.run([str(argument) for argument in arguments], capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        raise Failure(f"{' '.join(str(argument) for argument in arguments[:4])}: {(done.stdout + done.stderr)[-3000:]}")
    return done.stdout


# --- The contract, copied ---

TYPES, CHOICES = 'import "pinion/v1/types.proto";', 'import "pinion/v1/remittance.proto";'


class Tree:
    def __init__(self, root):
        self.root = root
        for folder in ("proto", "src", "tests"):
            shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("meson.build", "meson_options.txt"):
            shutil.copy2(ROOT / name, root / name)

    def text(self, name):
        return (self.root / name).read_text(encoding="utf-8")

    def write(self, name, text):
        (self.root / name).write_text(text, encoding="utf-8")

    def names(self, folder, pattern):
        return [path.relative_to(self.root).as_posix() for path in sorted((self.root / folder).rglob(pattern))]


def messages_of(text):
    """{name: its comment and all}"""
    found = re.findall(r"^((?://[^\n]*\n)*message (\w+) \{(?:\}|.*?^\})\n)", text, re.M | re.S)
    return {name: whole for whole, name in found}


def plain(text):
    """Without the words that are about a rule of a message's own."""
    own = "may have no party|of a shard|answers no input|moves money|settles|under way|ends a payment|derived"
    return re.sub(rf"// \[(?:{own})(?:, (?:{own}))*\] ?", "// ", text)


def message_copy(text, name, copy):
    """On a topic to which everybody may send."""
    return "\n" + plain(text).replace("Topic: internal.", "Topic: commands.").replace(f"message {name} {{", f"message {copy} {{")


def arms_copied(tree, name, oneof, copies):
    """Adds the arms; gives {message: copies of it}."""
    file = f"{CONTRACT}/{name}.proto"
    text = tree.text(file)
    found = re.search(rf"  oneof {oneof} \{{\n(.*?)  \}}\n", text, re.S)
    arms = re.findall(r"^    (\w+) (\w+) = (\d+);", found.group(1), re.M)
    lines = "".join(f"    {message}Copy{copy} {arm}_copy{copy} = {copy * STEP + int(number)};\n"
                    for copy in range(1, copies + 1) for message, arm, number in arms)
    every = {"command": "    AllDo all_do = 60;\n", "event": "    AllDone all_done = 60;\n"}[name]
    tree.write(file, text[:found.end(1)] + lines + every + text[found.end(1):])
    return [message for message, _, _ in arms]


def contract_copied(tree, copies):
    messages = arms_copied(tree, "command", "body", copies) + arms_copied(tree, "event", "outcome", copies)
    for file in tree.names(CONTRACT, "*.proto"):
        text = tree.text(file)
        if file.endswith("/hold.proto"):  # where the one of all fields stands
            text = text.replace(TYPES, f"{CHOICES}\n{TYPES}")
        more = "".join(message_copy(whole, name, f"{name}Copy{copy}")
                       for name, whole in messages_of(text).items() if name in messages for copy in range(1, copies + 1))
        more += plain(generator.EVERY_COMMAND + generator.every_event()) if file.endswith("/hold.proto") else ""
        tree.write(file, text + more)


def rows_copied(tree, copies):
    tables = [int(number) for file in tree.names(ROWS, "*.proto") for number in re.findall(r"^// \[table (\d+)", tree.text(file), re.M)]
    for file in tree.names(ROWS, "*.proto"):
        text, more = tree.text(file), ""
        if file.endswith("/party.proto"):
            text = text.replace(TYPES, f"{CHOICES}\n{TYPES}")
        for name, whole in messages_of(text).items():
            number = re.search(r"\[table (\d+)[^\]]*\]", whole)
            for copy in range(1, copies + 1) if number else ():
                table = f"[table {int(number.group(1)) + copy * max(tables)}]"  # its layout, and words about rules of its own, left out
                more += "\n" + whole.replace(number.group(0), table).replace(f"message {name} {{", f"message {name}Copy{copy} {{")
        more += generator.EVERY_ROW.replace("[table 11, dropped, zero at first]", f"[table {(1 + copies) * max(tables) + 1}]") if file.endswith("/party.proto") else ""
        tree.write(file, text + more)


def schema_read(tree):
    """As the generator sees the copied tree; the new tables get their layouts."""
    copy = generator.Copy(None, tree.root)
    _, rows = copy.descriptors()
    _, said = copy.generate("state", rows)
    if not copy.layouts_written(said):
        raise Failure(f"no new layout: {said}")
    contract, rows = copy.descriptors()
    sys.path.insert(0, str(tree.root / "proto"))
    import nouns, rows as rows_room, schema  # pylint: disable=import-outside-toplevel,multiple-imports

    return schema.Schema(contract), schema.Rows(rows), nouns, rows_room


# --- Rules that look at every field ---

ACCOUNT, PARTY, TEXTS = "abby/main", "abby", {"party": "abby", "reference": "r-1", "reason": "why", "text": "some text"}


class Fields:
    """C that sets a member, and that asks whether it has that value; and the same as JSON."""

    def __init__(self, schema_, nouns):
        self.enums, self.nouns = schema_, nouns

    def value(self, field):
        if field.kind == "currency":
            return "CURRENCY_USD"
        if field.kind == "outcome":
            return "EVENT_transfer_posted"
        if field.type_name and field.kind is None and field.type_name not in ("Amount", "Totals"):
            return f"{self.enums[field.type_name].snake.upper()}_{self.enums[field.type_name].values[0][0]}"
        return "true" if field.type == 8 else "7"

    def set(self, field, noun, is_event):
        at = f"{noun}{self.nouns.member_name(field)}"
        if field.type_name == "Totals":
            return ""
        if field.type_name == "Amount":
            return f"\t{at} = amount_of(1250);\n\t{noun}currency = CURRENCY_USD;\n" if is_event else ""
        if field.kind == "account":
            return f'\t(void)account_id_parse(&{at}, "{ACCOUNT}", {len(ACCOUNT)});\n'
        if field.kind in TEXTS:
            return f'\ttext64_set(&{at}, "{TEXTS[field.kind]}", {len(TEXTS[field.kind])});\n'
        if field.kind in ("id", "digest"):
            return f"\tmemset({at}.at, 7, sizeof {at}.at);\n"
        return f"\t{at} = {'amount_of(7)' if field.kind == 'minor' else self.value(field)};\n"

    def differs(self, field, noun):
        """Of a command's or an event's body."""
        at = f"{noun}{self.nouns.member_name(field)}"
        if field.type_name == "Amount":
            money = f"amount_minor({at}.amount) != 1250 || {at}.currency != CURRENCY_USD"
            return money if "command" in noun else f"amount_minor({at}) != 1250 || {noun}currency != CURRENCY_USD"
        if field.kind == "account" or field.kind in TEXTS:
            text = ACCOUNT if field.kind == "account" else TEXTS[field.kind]
            return f'{at}.size != {len(text)} || memcmp({at}.at, "{text}", {len(text)}) != 0'
        if field.kind in ("id", "digest"):
            which = f"{at}.id" if field.kind == "id" and "command" in noun else at
            return f'memcmp({which}.at, "\\7\\7\\7\\7\\7\\7\\7\\7\\7\\7\\7\\7\\7\\7\\7\\7", 16) != 0'
        if field.kind == "minor":
            return f"amount_minor({at}) != 7"
        return f"{at} != {self.value(field)}"

    def json(self, field):
        if field.type_name == "Amount":
            return "12.50 USD"
        if field.kind == "account" or field.kind in TEXTS:
            return ACCOUNT if field.kind == "account" else TEXTS[field.kind]
        if field.kind == "currency":
            return "USD"
        if field.kind in ("id", "digest"):
            return "07070707-0707-0707-0707-070707070707"
        if field.kind == "outcome":
            return 31
        if field.type_name:
            return self.enums[field.type_name].values[0][0]
        return True if field.type == 8 else 7


def decide_file(fields, command, events):
    """Refused is what did not come as it was sent; which of its events it asks for, the reference's length says."""
    noun = f"decision->command->{command.name}."
    checks = "".join(f"\tif ({fields.differs(field, noun)})\n\t\treturn REJECT_party_not_found;\n" for field in command.message.fields)
    cases = ""
    for number, event in enumerate(events, 1):
        lines = "".join(fields.set(field, f"ret_event->{event.name}.", True) for field in event.message.fields)
        cases += f"\tif (decision->command->reference.size == {number}) {{\n\tret_event->kind = EVENT_{event.name};\n{lines}\t}}\n"
    return f"""/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/rule.h"

static enum reject shape(const struct command *command)
{{
	(void)command;
	return REJECT_none;
}}

static enum reject outcome(const struct state *state, const struct decision *decision, struct event *ret_event)
{{
	if (view_is_missing(state))
		return REJECT_not_loaded;
{checks}{cases}	return ret_event->kind == EVENT_none ? REJECT_party_exists : REJECT_none;
}}

const struct command_rule {command.name}_rule = {{ .shape = shape, .outcome = outcome }};
"""


def apply_file(fields, event, row, rows_room):
    checks = "".join(f"\tif ({fields.differs(field, f'event->{event.name}.')})\n\t\treturn false;\n" for field in event.message.fields)
    sets = "".join(fields.set(field, "row.", False) for field in row.message.fields)
    name, keys = row.name, rows_room.key_values(row, "(&wanted)")
    view = f"view_{name}(state, {keys}{', ' if keys else ''}&there)"
    return f"""/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/rule.h"

static struct {name} wanted_row(void)
{{
	struct {name} row = {{ 0 }};
{sets}	return row;
}}

static void load(const struct state *state, const struct event *event)
{{
	(void)event;
	struct {name} wanted = wanted_row(), there;
	(void)wanted;
	(void){view};
}}

/* Absent, or as it was put before. */
static bool is_sound(const struct state *state, const struct event *event)
{{
{checks or "	(void)event;"}
	struct {name} wanted = wanted_row(), there;
	uint8_t one[VALUE_SIZE_{name}], two[VALUE_SIZE_{name}];
	if ({view} != ANSWER_PRESENT)
		return true;
	size_t size = {name}_pack(&wanted, one);
	return {name}_pack(&there, two) == size && memcmp(one, two, size) == 0;
}}

static void change(struct state *state, const struct event *event)
{{
	(void)event;
	struct {name} row = wanted_row();
	mutate_{name}(state, &row);
}}

const struct event_rule {event.stem}_v{event.version}_rule = {{ .load = load, .is_sound = is_sound, .change = change }};
"""


def is_made(arm):
    return re.search(r"_copy\d+$|^all_do(ne)?$", arm.name)


def rules_written(tree, schema, rows, nouns, rows_room):
    """Gives what each command can answer with."""
    fields = Fields(schema.enums | rows.all_enums, nouns)
    commands, events = [arm for arm in schema.commands if is_made(arm)], [arm for arm in schema.events if is_made(arm)]
    tables = [row for row in rows.rows if re.search(r"_copy\d+$|^all_row$", row.name)]
    answers = collections.defaultdict(list)
    for number, event in enumerate(events):
        answers[commands[number % len(commands)].name].append(event)
        file = f"src/apply/{event.message.domain}/{event.stem}_v{event.version}.c"
        tree.write(file, apply_file(fields, event, tables[number % len(tables)], rows_room))
    for command in commands:
        tree.write(f"src/decide/{command.message.domain}/{command.name}.c", decide_file(fields, command, answers[command.name]))
        tree.write(f"tests/decide/{command.name}.t", "# The build wants one; nobody runs it.\n")
    if len(events) < len(tables):
        raise Failure("not every table has an event that writes it")
    words_written(tree, commands, events)
    return fields, commands, events, tables, answers


def words_written(tree, commands, events):
    """A line for people, beside those that there are."""
    for what, arms in (("command", commands), ("event", events)):
        for arm in arms:
            file = f"src/wire/words/{arm.message.domain}.c"
            says = f"static void say_{arm.name}(FILE *to, const struct {what} *{what})\n{{\n\t(void){what};\n\t(void)fputs(\"a copy\", to);\n}}\n"
            tree.write(file, f"{tree.text(file)}\n{says}\nconst struct {what}_words {arm.name}_words = {{ say_{arm.name} }};\n")


# --- What is asked of it ---


def built(tree, jobs):
    """The folder, and the seconds."""
    build = tree.root / "build"
    run("meson", "setup", build, tree.root, "-Dwerror=true")
    began = time.monotonic()
    run("ninja", "-C", build, *(["-j", jobs] if jobs else []), "src/pinion", "tests/core_transfers")
    return build, time.monotonic() - began


def compile_costs(build):
    """[(processor seconds, generated file)], the dearest first."""
    build, costs = build.resolve(), []
    for entry in json.loads((build / "compile_commands.json").read_text(encoding="utf-8")):
        file = pathlib.Path(entry["directory"], entry["file"]).resolve()
        if build not in file.parents:
            continue
        if not file.exists():
            run("ninja", "-C", build, file.relative_to(build))  # of tests that were not built
        words = shlex.split(entry["command"])
        words[words.index("-o") + 1] = "/dev/null"
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run(*[word for word in words if word not in ("-MD", "-MQ", "-MF") and not word.endswith((".o", ".o.d"))],
            cwd=entry["directory"], env={**os.environ, "CCACHE_DISABLE": "1"})
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        costs.append((after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, file.relative_to(build).as_posix()))
    return sorted(costs, reverse=True)


def instructions(build):
    """It holds them to the kept ones too, which is not the question here."""
    done = subprocess.run([ROOT / "tests/bench/instructions", build], capture_output=True, text=True, check=False)
    found = {name: int(figure) for name, figure in re.findall(r"^instructions (\w+) +(\d+) a transfer", done.stdout, re.M)}
    if not set(SLACK) <= set(found):
        raise Failure(f"tests/bench/instructions {build}: {done.stdout}{done.stderr}")
    return found


class Ledger:
    def __init__(self, build, folder):
        self.binary, self.folder = build / "src/pinion", folder
        self.url = f"embedded:{folder}"
        run(self.binary, "init", "--ledger", self.url)

    def call(self, *arguments, **options):
        return run(self.binary, arguments[0], "--ledger", self.url, *arguments[1:], **options)

    def submit(self, lines):
        said = self.call("submit", "--json", input="".join(json.dumps(line) + "\n" for line in lines)).splitlines()
        if len(said) != len(lines):
            raise Failure(f"{len(lines)} commands, {len(said)} outcomes")
        return [json.loads(line) for line in said]


def nouns_of(event):
    return [field.name for field in event.message.fields]


def played(build, folder, fields, commands, answers):
    """Each event once before a start and once after it, whose rows then come from the store; then all from the log alone."""
    ledger = Ledger(build, folder)
    lines, wanted = [], []
    for command in commands:
        body = {field.name: fields.json(field) for field in command.message.fields}
        for number, event in enumerate(answers[command.name], 1):
            lines.append({command.name: body, "party": PARTY, "reference": "r" * number})
            wanted.append(event)
    for turn in ("at first", "after a start", "from the log alone"):
        if turn == "from the log alone":
            shutil.rmtree(folder / "state")
        for line, event, said in zip(lines, wanted, ledger.submit(lines)):
            # Money that has a currency beside it is printed as such, under the name without its unit.
            there, named = ({name.removesuffix("_minor") for name in names} for names in (said.get(event.name, ()), nouns_of(event)))
            if event.name not in said or there != named:
                raise Failure(f"{turn}: {json.dumps(line)} had to give {event.name} with {sorted(named)}: {json.dumps(said)}")
    counts = collections.Counter(name for line in ledger.call("tail", "--json").splitlines() for name in json.loads(line))
    if any(counts[event.name] != 3 for event in wanted):
        raise Failure(f"tail has not each event three times: {counts}")
    ledger.call("verify")
    return len(lines)


def same_instructions(before, after):
    wrong = [
        f"{name} {before[name]} -> {after[name]}, more than {100 * slack:g} %"
        for name, slack in SLACK.items() if abs(after[name] - before[name]) > slack * before[name]
    ]
    print("instructions a transfer: " + ", ".join(f"{name} {before[name]} -> {after[name]}" for name in SLACK))
    if wrong:
        raise Failure(f"apart: {', '.join(wrong)}")


def scaled(options, folder):
    """Each check is a line."""
    tree = Tree(folder / "tree")
    contract_copied(tree, options.copies)
    rows_copied(tree, options.copies)
    schema, rows, nouns, rows_room = schema_read(tree)
    fields, commands, events, tables, answers = rules_written(tree, schema, rows, nouns, rows_room)
    print(f"{len(schema.commands)} commands, {len(schema.events)} events, {len(rows.rows)} tables")
    build, seconds = built(tree, options.jobs)
    yield f"built in {seconds:.0f} s"
    costs = compile_costs(build)
    print("dearest to compile: " + ", ".join(f"{name} {cost:.2f} s" for cost, name in costs[:5]))
    if len(costs) < 10 or costs[0][0] > COMPILE_SECONDS_MAX:
        raise Failure(f"{costs[0][1]} of {len(costs)} generated files takes {costs[0][0]:.1f} s")
    yield f"no generated file takes a compiler more than {COMPILE_SECONDS_MAX} s"
    same_instructions(instructions(options.build.resolve()), instructions(build))
    yield "a transfer costs the same"
    count = played(build, folder / "ledger", fields, commands, answers)
    yield f"{count} commands and {len(events)} events of {len(commands)} and {len(events)} kinds, over {len(tables)} tables, make the round trip"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", metavar="BUILD", type=pathlib.Path, help="a plain build of this tree by gcc")
    parser.add_argument("--copies", type=int, default=9, help="of each message, at most 9 (%(default)s)")
    parser.add_argument("--jobs", type=int, help="of ninja at a time")
    parser.add_argument("--keep", type=pathlib.Path, help="work in this folder, which must be empty, and leave it")
    options = parser.parse_args()
    passed, failed = 0, 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep.resolve() if options.keep else pathlib.Path(temporary)
        try:
            for said in scaled(options, folder):
                passed += 1
                print(f"ok   {said}", flush=True)
        except (Failure, OSError) as error:
            failed = 1
            print(f"FAIL {error}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
