# SPDX-License-Identifier: Apache-2.0
"""What tests/architecture.py knows of commands, events, tables, timers and rejects: each stands in every file that docs/hacking.md
"Adding a command" lists, its pages say what the contract says, and no code that is not about it names it.
"""
import pathlib
import re

# Kinds that are named outside of their own files: in which rooms, and why.
NAMED_IN = {
    "EVENT_command_rejected": (("decide", "apply", "state", "wire", "main"), "the answer to any command"),
    "EVENT_command_repeated": (("decide", "apply", "state", "wire", "main"), "the answer to any command"),
    "EVENT_ledger_opened": (("engine", "shard"), "a shard's first event: no command gives it"),
    "EVENT_inputs_restarted": (("engine", "shard"), "an operator's word: no command gives it"),
    "EVENT_clock_restarted": (("engine",), "an operator's word: no command gives it"),
    "COMMAND_tick": (("shard", "main"), "the owner's own command, which nobody may submit"),
    "EVENT_account_opened": (("main",), "show lists the accounts that a party has"),
    "EVENT_transfer_posted": (("main",), "verify counts them for its last line"),
    "EVENT_transfer_sent": (("main",), "verify counts them, too"),
    "COMMAND_party_open": (("main", "bench"), "traffic of the benchmark"),
    "COMMAND_account_open": (("main", "bench"), "traffic of the benchmark"),
    "COMMAND_funds_receive": (("main", "bench"), "traffic of the benchmark"),
    "COMMAND_transfer_create": (("main", "bench"), "traffic of the benchmark"),
    "COMMAND_remittance_deliver": (("shard",), "the relay sends it, as the next three"),
    "COMMAND_remittance_settle": (("shard",), "as remittance_deliver"),
    "COMMAND_remittance_return": (("shard",), "as remittance_deliver"),
    "COMMAND_remittance_confirm": (("shard",), "as remittance_deliver"),
    "EVENT_remittance_returned": (("shard",), "after it the relay confirms, as after what settles"),
    "EVENT_remittance_settled": (("shard",), "as remittance_returned"),
    "EVENT_remittance_confirmed": (("shard",), "after it the relay keeps fewer answers"),
    "EVENT_remittance_repeated": (("shard",), "after it the relay confirms again"),
    "TABLE_ledger": (("shard",), "whose store it is"),
    "TABLE_account": (("shard", "main"), "swept into memory; show's and verify's balances"),
    "TABLE_hold": (("main",), "verify compares pending totals with the open holds"),
    "TABLE_route": (("main",), "verify compares what one shard sent with what the other received"),
    "TABLE_outbox": (("main",), "as route"),
    "TABLE_refusal": (("main",), "as route"),
    "TABLE_command_row": (("shard", "state"), "appended and dropped by range, never looked up one by one"),
    "TABLE_timer": (("shard", "state"), "read in order, as no other table is"),
}
# Files that a command with an event and a table stands in, goldens included, and how many more a timer and a reject take.
FILES_MAX = {("command", "event", "table"): 16, ("timer",): 1, ("reject",): 2}
# The types that a page uses for protobuf's.
TYPES = {"string": "text"}
NO_FIELDS = re.compile(r"^## Fields\n\nNone", re.M)


def camel(name):
    return "".join(part.capitalize() for part in name.split("_"))


def tables(tree):
    """(name, domain) of the state's tables."""
    for name in tree.files("src/state/rows", ".proto"):
        for message in re.findall(r"^// \[table \d+.*\n(?://.*\n)*message (\w+) \{", tree.text(name), re.M):
            yield re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", message).lower(), pathlib.PurePath(name).stem


def timers(tree):
    """(name, domain): the domain is the folder that its rule stands in."""
    body = re.search(r"^enum TimerKind \{(.*?)^\}", tree.text("proto/pinion/v1/event.proto"), re.M | re.S)
    for name in re.findall(r"TIMER_KIND_(\w+) = [1-9]", body.group(1) if body else ""):
        rules = [path for path in tree.files("src/decide", ".c") if path.endswith(f"/{name.lower()}_timer.c")]
        yield name.lower(), pathlib.PurePath(rules[0]).parent.name if rules else "<domain>"


def kinds(tree):
    """What the page's second column may say: (name, domain) of each."""
    return {
        "command": [(name, domain) for _, name, domain in tree.commands()],
        "event": [(name, domain) for _, name, domain in tree.events()],
        "table": list(tables(tree)),
        "timer": list(timers(tree)),
        "reject": [(name, None) for _, name in tree.rejects()],
    }


def built_by_name(tree):
    """The sources that the build finds by the kinds and domains of the contract."""
    all_kinds = kinds(tree)
    files = {f"src/decide/{domain}/{name}.c" for name, domain in all_kinds["command"]}
    files |= {file_of("src/apply/<domain>/<event>_v<n>.c", "event", name, domain) for name, domain in all_kinds["event"]}
    files |= {f"src/decide/{domain}/{name}_timer.c" for name, domain in all_kinds["timer"]}
    return files | {f"src/wire/words/{domain}.c" for kind in ("command", "event") for _, domain in all_kinds[kind]}


def page_rows(tree):
    """(file, kind) of the table in "Adding a command"."""
    section = re.search(r"^## Adding a command$(.*?)^## ", tree.text("docs/hacking.md"), re.M | re.S)
    return re.findall(r"^\| `([^`]+)` \| (\w+) \|", section.group(1), re.M) if section else []


def file_of(pattern, kind, name, domain):
    stem, version = re.sub(r"_v\d+$", "", name), (re.findall(r"_v(\d+)$", name) or ["1"])[0]
    if kind == "event" and pattern.startswith("docs/"):
        stem = name
    return pattern.replace("<domain>", domain or "").replace(f"<{kind}>", stem).replace("<n>", version)


def names_stand_in_their_files(tree):
    """The page is the list: a file that has the kind in its name is there, any other has the kind's name in it."""
    rows, all_kinds = page_rows(tree), kinds(tree)
    for kind in all_kinds:
        if not any(kind == of for _, of in rows):
            yield f"docs/hacking.md \"Adding a command\": no file of a {kind}"
    for pattern, kind in rows:
        for name, domain in all_kinds.get(kind, []):
            path = file_of(pattern, kind, name, domain)
            text = tree.text(path)
            if not tree.has(path):
                yield f"{name}: {path} is missing"
            elif f"<{kind}>" not in pattern and not re.search(rf"(?<![a-z]){name}(?![a-z])|\b{camel(name)}\b|{name.upper()}\b", text):
                yield f"{name}: {path} does not have this {kind}"


def the_list_is_short(tree):
    seen = set()
    for kinds_of, most in FILES_MAX.items():
        files = {pattern for pattern, kind in page_rows(tree) if kind in kinds_of} - seen
        seen |= files
        if len(files) > most:
            yield f"docs/hacking.md \"Adding a command\": {len(files)} files of {', '.join(kinds_of)}, at most {most}: {', '.join(sorted(files))}"


def rules_have_kinds(tree):
    """A file of a rule whose kind is gone, or never was in the contract."""
    all_kinds = kinds(tree)
    known = {name for name, _ in all_kinds["timer"]}
    for name in tree.files("src/decide", "_timer.c", ".c"):
        found = re.search(r"^const struct timer_rule (\w+)_timer_rule", tree.text(name), re.M)
        if found and found.group(1) not in known:
            yield f"{name}: there is no such timer: enum TimerKind of event.proto"
    events = {name for name, _ in all_kinds["event"]} | {"README", "shard_opened"}
    for page in tree.files("docs/reference/events", ".md"):
        if pathlib.PurePath(page).stem not in events:
            yield f"{page}: there is no such event"
    commands = {name for name, _ in all_kinds["command"]}
    for path in tree.files("tests/decide", ".t"):
        name = pathlib.PurePath(path).stem
        if name not in commands and f"'{name}'" not in tree.text("tests/meson.build"):
            yield f"{path} is in no meson.build: nobody runs it"
    for reject in re.findall(r"^\| \d+ \| `(\w+)` \|", tree.text("docs/reference/rejects.md"), re.M):
        if reject not in {name for name, _ in all_kinds["reject"]}:
            yield f"docs/reference/rejects.md: there is no reject {reject}"


def dropped(tree):
    """Tables whose rows go when they are over: they have a function for that."""
    for path in tree.files("src/state/rows", ".proto"):
        for message in re.findall(r"^// \[table \d+, [^\]]*\bdropped\b.*\n(?://.*\n)*message (\w+)", tree.text(path), re.M):
            yield re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", message).lower()


def rows_that_are_read_are_there(tree):
    """view_x and mutate_x come from the tables; what is by hand stands in the state's own headers."""
    by_hand = "".join(tree.text(f"src/state/{name}.h") for name in ("view", "mutate"))
    known = {name for name, _ in tables(tree)} | {f"{name}_drop" for name in dropped(tree)} | set(re.findall(r"\b(?:view|mutate)_(\w+)\(", by_hand))
    for path in list(tree.files("src/decide", ".c")) + list(tree.files("src/apply", ".c")):
        for name in sorted(set(re.findall(r"\b(?:view|mutate)_(\w+)\(", tree.text(path))) - known):
            yield f"{path}: looks at rows {name}, which no message of src/state/rows is"


def nobody_else_names_a_kind(tree):
    all_kinds = kinds(tree)
    domains = {f"{prefix}_{name}": domain for prefix, kind in (("COMMAND", "command"), ("EVENT", "event"), ("TABLE", "table"),
                                                              ("TIMER_KIND", "timer")) for name, domain in all_kinds[kind]}
    domains |= {f"{name}{end}": domain for kind, ends in (("command", ("_rule", "_words")), ("event", ("_v1_rule", "_words")),
                                                         ("timer", ("_timer_rule",)))
                for name, domain in all_kinds[kind] for end in ends}
    for path in tree.sources():
        parts = path.split("/")
        for number, line in enumerate(re.sub(r"/\*.*?\*/", "", tree.text(path)).splitlines(), 1):
            for name in re.findall(r"\b(?:COMMAND|EVENT|TABLE|TIMER_KIND)_[a-z]\w*|\b[a-z]\w*_(?:rule|words)\b", line):
                domain = domains.get(name)
                if domain is None or parts[1] in NAMED_IN.get(name, ((),))[0]:
                    continue
                if parts[1] not in ("decide", "apply") and parts[1:3] != ["wire", "words"] or \
                        domain not in (parts[2], parts[-1].removesuffix(".c")):
                    yield (f"{path}:{number}: names {name}: only what is about it does; where a room has to, tests/kinds.py "
                           "says why (NAMED_IN)")


def fields_of(tree, message):
    """(name, type) of a message's fields in the contract, by number."""
    for name in tree.files("proto/pinion/v1", ".proto"):
        body = re.search(rf"^message {message} \{{(.*?)\}}", re.sub(r"//.*", "", tree.text(name)), re.M | re.S)
        if body:
            found = re.findall(r"(\w+) (\w+) = (\d+);", body.group(1))
            return [(field, TYPES.get(of, of)) for of, field, _ in sorted(found, key=lambda entry: int(entry[2]))]
    return []


def pages_say_the_contract(tree):
    """Fields by name, type and order; the arm's number; the topic; who applies it; the rejects of a command's own rule."""
    for kind, arms in (("commands", tree.commands()), ("events", tree.events())):
        index = f"docs/reference/{kind}/README.md"
        for domain in sorted({domain for _, _, domain in arms}):
            if f"/proto/pinion/v1/{domain}.proto)" not in tree.text(index):
                yield f"{index}: has no row of the domain {domain}"
        for number, name, domain in arms:
            page = f"docs/reference/{kind}/{name}.md"
            text = tree.text(page)
            if not text:
                continue
            section = re.search(r"^## Fields$(.*?)(?=^## |\Z)", text, re.M | re.S)
            told = re.findall(r"^\| `(\w+)` \| (\w+) \|", section.group(1) if section else "", re.M)
            wanted = fields_of(tree, camel(name))
            if told != wanted or not (wanted or NO_FIELDS.search(text)):
                yield f"{page}: its fields are {told}, those of the contract {wanted}"
            if f"Number in the `oneof`: {number}." not in text:
                yield f"{page}: does not say its number, {number}"
            if kind == "events":
                stem, version = re.sub(r"_v\d+$", "", name), (re.findall(r"_v(\d+)$", name) or ["1"])[0]
                if f"Applied by `src/apply/{domain}/{stem}_v{version}.c`." not in text:
                    yield f"{page}: does not say who applies it, src/apply/{domain}/{stem}_v{version}.c"
                continue
            yield from rejects_are_on_the_page(tree, name, domain, page)


def rejects_are_on_the_page(tree, name, domain, page):
    rule = tree.text(f"src/decide/{domain}/{name}.c")
    for reject in sorted(set(re.findall(r"\bREJECT_(\w+)", rule)) - {"none", "not_loaded"}):
        if f"| `{reject}` |" not in tree.text(page):
            yield f"{page}: {reject}, which src/decide/{domain}/{name}.c answers, is not there"
        if f"reject {reject}" not in tree.text(f"tests/decide/{name}.t"):
            yield f"tests/decide/{name}.t: no row has {reject}, which src/decide/{domain}/{name}.c answers"


CHECKS = [names_stand_in_their_files, the_list_is_short, rules_have_kinds, rows_that_are_read_are_there, nobody_else_names_a_kind, pages_say_the_contract]
