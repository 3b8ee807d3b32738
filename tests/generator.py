#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The generator (proto/generate) by itself: each mistake in a .proto ends it with the file, the line and what to write; what
it writes is the same each time, and names no place or time; and each word makes the C that it stands for.

usage: generator.py [NAME]...

Mistakes are made in a copy of the contract and of the rows, each by changing one text in one file.
"""
import dataclasses
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
HOLD, PARTY, PAYMENT, REMITTANCE = (f"proto/pinion/v1/{name}.proto" for name in ("hold", "party", "payment", "remittance"))
COMMAND, EVENT, ENGINE, TYPES = (f"proto/pinion/v1/{name}.proto" for name in ("command", "event", "engine", "types"))
REJECT, PAGE = "proto/pinion/v1/reject.proto", "docs/reference/rejects.md"
HOLD_ROW, PARTY_ROW, ENGINE_ROW = (f"src/state/rows/{name}.proto" for name in ("hold", "party", "engine"))
PAYMENT_ROW = "src/state/rows/payment.proto"


class Copy:
    """Of the contract, the rows, and the generator."""

    def __init__(self, folder, there=None):
        """there: one that was made already."""
        self.root = pathlib.Path(there or folder)
        if there:
            return
        shutil.copytree(ROOT / "proto", self.root / "proto", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(ROOT / "src/state/rows", self.root / "src/state/rows")

    def change(self, file, before, after):
        path = self.root / file
        text = path.read_text(encoding="utf-8")
        if text.count(before) != 1:
            raise AssertionError(f"{file} has {text.count(before)} times: {before}")
        path.write_text(text.replace(before, after), encoding="utf-8")

    def layouts_written(self, said):
        """Each layout that was asked for, where it has to stand; how many."""
        asked = re.findall(r"^(\S+):\d+: .*`\[(table \d+), (layout \d+ \w+)`", said, re.M)
        for file, table, layout in asked:
            path = self.root / file
            text, count = re.subn(rf"\[{table}(, layout \d+ \w+)?(?=[\],])", f"[{table}, {layout}", path.read_text(encoding="utf-8"))
            if count != 1:
                raise AssertionError(f"{file} has {count} times: [{table}")
            path.write_text(text, encoding="utf-8")
        return len(asked)

    def line(self, file, text):
        lines = (self.root / file).read_text(encoding="utf-8").splitlines()
        found = [number for number, line in enumerate(lines, 1) if text in line]
        if len(found) != 1:
            raise AssertionError(f"{file} has {len(found)} lines with: {text}")
        return found[0]

    def descriptors(self):
        """(of the contract, of the rows), as the build makes them."""
        contract, rows = self.root / "contract.descriptors", self.root / "rows.descriptors"
        files = sorted(f"pinion/v1/{path.name}" for path in (self.root / "proto/pinion/v1").glob("*.proto"))
        protoc(["--proto_path=proto", "--include_source_info", f"--descriptor_set_out={contract}", *files], self.root)
        files = sorted(f"rows/{path.name}" for path in (self.root / "src/state/rows").glob("*.proto"))
        protoc(["--proto_path=src/state", "--proto_path=proto", "--include_imports", "--include_source_info",
                f"--descriptor_set_out={rows}", *files], self.root)
        return contract, rows

    def generate(self, what, descriptors, folder="made"):
        """What it said, with its exit code."""
        made = self.root / folder / what
        made.mkdir(parents=True, exist_ok=True)
        run = subprocess.run(["proto/generate", what, descriptors, made], cwd=self.root, capture_output=True, text=True, check=False)
        return run.returncode, run.stderr

    def generate_all(self, folder="made"):
        """The first that it refused, or ""."""
        contract, rows = self.descriptors()
        for what, descriptors in (("nouns", contract), ("wire", contract), ("rows", rows), ("state", rows)):
            code, said = self.generate(what, descriptors, folder)
            if code != 0:
                return said
        return ""


def protoc(arguments, folder):
    run = subprocess.run(["protoc", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise AssertionError(f"protoc: {run.stderr}")


@dataclasses.dataclass
class Mistake:
    file: str
    before: str
    after: str
    at: str  # what stands in the line that has to be named; "": the file has no line of it
    said: str


MISTAKES = {
    "no word": Mistake(HOLD, "  string from_account = 1; // [account] the envelope's", "  string from_account = 1; // the envelope's",
                       "string from_account = 1; // the envelope's",
                       "from_account: its comment has to begin with one of these in brackets: account, currency, party, reason, reference, text"),
    "an unknown word": Mistake(HOLD, "[account] the envelope's", "[acount] the envelope's", "[acount]",
                               "[acount]: no such word: one of account, currency, digest, id, may be absent, "),
    "two kinds": Mistake(HOLD, "[account] the envelope's", "[account, party] the envelope's", "[account, party]",
                         "from_account: its comment has to begin with one of these in brackets: account, "),
    "a kind of another type": Mistake(HOLD, "  int64 expires_in_s = 5;  // 1 to", "  int64 expires_in_s = 5;  // [id] 1 to", "[id] 1 to",
                                      "expires_in_s: its comment has to begin with one of these in brackets: minor, none, sequence, time"),
    "a list": Mistake(HOLD, "  Amount amount = 3;\n  string reason = 4; // [reason] 1 to", "  repeated Amount amounts = 3;\n  string reason = 4; // [reason] 1 to",
                      "repeated Amount", "amounts: no list is made yet"),
    "a type that is not made": Mistake(PARTY, "  PartyKind kind = 1;\n", "  double kind = 1;\n", "double kind", "kind: no field of this type is made yet"),
    "a message that is no Amount": Mistake(PARTY, "  PartyKind kind = 1;\n", "  AccountOpen kind = 1;\n", "AccountOpen kind", "kind: no message but Amount and choices stands here yet"),
    "a number of three bytes": Mistake(PARTY, "  PartyKind kind = 1;\n", "  PartyKind kind = 2048;\n", "kind = 2048", "kind: its number has to be at most 2047"),
    "an arm's number of three bytes": Mistake(COMMAND, "hold_release = 42;", "hold_release = 2048;", "= 2048", "hold_release: its number has to be at most 2047"),
    "an enum with a gap": Mistake(TYPES, "RAIL_BOOK = 6;", "RAIL_BOOK = 7;", "enum Rail {", "Rail: its numbers have to be 1, 2, 3 and so on"),
    "an enum's value of another name": Mistake(TYPES, "RAIL_BOOK = 6;", "BOOK = 6;", "BOOK = 6;", "BOOK does not begin with RAIL_"),
    "an enum without zero": Mistake(TYPES, "RAIL_UNSPECIFIED = 0;", "RAIL_NOTHING = 0;", "RAIL_NOTHING", "RAIL_NOTHING: zero, and nothing else, is unspecified"),
    "an arm of another name": Mistake(COMMAND, "HoldRelease hold_release", "HoldRelease hold_free", "hold_free",
                                      "hold_free: its message has to have its name, not HoldRelease"),
    "no topic": Mistake(HOLD, "Gives all of a hold back. Topic: commands.", "Gives all of a hold back.", "message HoldRelease {",
                        "HoldRelease: its comment has to say `Topic: NAME.`, one of commands, rails, control, internal"),
    "an unknown topic": Mistake(HOLD, "Gives all of a hold back. Topic: commands.", "Gives all of a hold back. Topic: command.", "message HoldRelease {",
                                "HoldRelease: its comment has to say `Topic: NAME.`, one of commands, "),
    "two topics": Mistake(HOLD, "Gives all of a hold back. Topic: commands.", "Topic: rails. Topic: commands.", "message HoldRelease {",
                          "HoldRelease: its comment has to say `Topic: NAME.`, one of commands, "),
    "an event's word of a command": Mistake(HOLD, "// Gives all of a hold back.", "// [moves money] Gives all of a hold back.", "message HoldRelease {",
                                            "[moves money]: no such word: one of may have no party"),
    "a command's word of an event": Mistake(HOLD, "// [moves money] One posting, pending", "// [may have no party] One posting, pending", "message HoldCreated {",
                                            "[may have no party]: no such word: one of answers no input, ends a payment, moves money"),
    "a row's word in the contract": Mistake(HOLD, "[account] the envelope's", "[key, account] the envelope's", "[key, account]",
                                            "[key]: no such word: one of "),
    "what can't be absent": Mistake(HOLD, "  string reason = 2; // [reason]\n  int64", "  string reason = 2; // [reason, may be absent]\n  int64",
                                    "[reason, may be absent]", "reason: [may be absent] is for currency, digest, id, an enum or a message"),
    "what can't be negative": Mistake(ENGINE, "uint32 timers_fired = 1; // whose", "uint32 timers_fired = 1; // [may be negative] whose",
                                      "[may be negative] whose", "timers_fired: [may be negative] is for minor, or an int64 of no kind"),
    "derived, and no enum": Mistake(ENGINE, "int64 before_ms = 1;", "int64 before_ms = 1; // [derived]", "before_ms = 1; // [derived]",
                                    "before_ms: [derived] is for an enum"),
    "a choice that is not said to be one": Mistake(REMITTANCE, "// [choice] What", "// What", "Purpose purpose = 7;",
                                                   "purpose: no message but Amount and choices stands here yet"),
    "a choice with an arm that says more": Mistake(REMITTANCE, "message TransferPurpose {}", "message TransferPurpose {\n  bool more = 1;\n}", "TransferPurpose transfer = 1;",
                                                   "transfer: no arm of a choice that says more is made yet: its message has to be an empty one"),
    "a choice with an arm that is no message": Mistake(REMITTANCE, "    TransferPurpose transfer = 1;", "    bool transfer = 1;", "bool transfer = 1;",
                                                       "transfer: no arm of a choice that says more is made yet: its message has to be an empty one"),
    "a choice with a field beside it": Mistake(REMITTANCE, "    TransferPurpose transfer = 1;\n  }\n", "    TransferPurpose transfer = 1;\n  }\n  bool more = 2;\n",
                                               "bool more = 2;", "more: a choice has arms and nothing beside them"),
    "a choice with a gap": Mistake(REMITTANCE, "TransferPurpose transfer = 1;", "TransferPurpose transfer = 2;", "message Purpose {",
                                   "Purpose: its numbers have to be 1, 2, 3 and so on"),
    "a choice of another name": Mistake(REMITTANCE, "oneof purpose {", "oneof aim {", "message Purpose {", "Purpose: a choice is one oneof, and has its name"),
    "a choice without arms": Mistake(REMITTANCE, "message TransferPurpose {}", "// [choice] Nothing.\nmessage TransferPurpose {}", "message TransferPurpose {}",
                                     "TransferPurpose: a choice is one oneof, and has its name"),
    "a command's own word of an event": Mistake(REMITTANCE, "// [settles] These", "// [of a shard] These", "message RemittanceSettled {",
                                                "[of a shard]: no such word: one of answers no input, ends a payment, moves money, settles"),
    "an event's own word of a command": Mistake(REMITTANCE, "// [of a shard] Credit this", "// [settles] Credit this", "message RemittanceDeliver {",
                                                "[settles]: no such word: one of may have no party, of a shard"),
    "what is looked up by hand, and dropped": Mistake(HOLD_ROW, "// [table 5, layout 1 e7a54620]", "// [table 5, layout 1 e7a54620, by hand, dropped]", "message Hold {",
                                                      "Hold: [by hand] is looked up and changed by functions of its own: it can't be [dropped] or [zero at first]"),
    "what is looked up by hand, and zero at first": Mistake(HOLD_ROW, "// [table 5, layout 1 e7a54620]", "// [table 5, layout 1 e7a54620, by hand, zero at first]", "message Hold {",
                                                            "Hold: [by hand] is looked up and changed by functions of its own: it can't be [dropped] or [zero at first]"),
    "a reject without words": Mistake(REJECT, "  // [never, no row] `hold_id` is not 16 bytes\n", "  // `hold_id` is not 16 bytes\n", "REJECT_HOLD_ID_MALFORMED",
                                      "hold_id_malformed: its comment has to be `[retry, row] what was wrong`, `To do: what`, and "),
    "a reject that says not what to do": Mistake(REJECT, "  // To do: ask the operator why\n", "", "REJECT_REFUSED_BY_OPERATOR",
                                                 "refused_by_operator: its comment has to be `[retry, row] what was wrong`, `To do: what`, and "),
    "a reject's unknown retry": Mistake(REJECT, "[never, no row] `hold_id`", "[ever, no row] `hold_id`", "REJECT_HOLD_ID_MALFORMED",
                                        "hold_id_malformed: [ever] is none of never, new_id, same_id"),
    "a reject's unknown row": Mistake(REJECT, "[never, no row] `hold_id`", "[never, rows] `hold_id`", "REJECT_HOLD_ID_MALFORMED",
                                      "hold_id_malformed: [rows] is none of no row, row"),
    "a reject that carries what there is not": Mistake(REJECT, "// Carries: first_sequence\n  REJECT_RAIL", "// Carries: second_sequence\n  REJECT_RAIL", "REJECT_RAIL_REFERENCE_USED",
                                                       "rail_reference_used: it can't carry second_sequence: CommandRejected has available_minor, "),
    "two tables of one number": Mistake(HOLD_ROW, "// [table 5,", "// [table 6,", "message Reference {", "Reference: table 6 is Hold already"),
    "a row without a table": Mistake(HOLD_ROW, "// [table 5, layout 1 e7a54620]", "// A hold.", "message Hold {", "Hold: its comment has to begin with [table N], 1 to 255"),
    "a table's number of two bytes": Mistake(HOLD_ROW, "// [table 5,", "// [table 256,", "message Hold {",
                                             "Hold: its comment has to begin with [table N], 1 to 255"),
    "the position's table": Mistake(HOLD_ROW, "// [table 5,", "// [table 0,", "message Hold {", "Hold: its comment has to begin with [table N], 1 to 255"),
    "an unknown word of a row": Mistake(HOLD_ROW, "// [table 5, layout 1 e7a54620]", "// [table 5, layout 1 e7a54620, by heart]", "message Hold {",
                                        "[by heart]: no such word: one of by hand, checked"),
    "a key of a type that has no order": Mistake(ENGINE_ROW, "  uint32 shard = 2;", "  uint32 shard = 2; // [key]", "uint32 shard =",
                                                 "shard: no key of this type is made yet"),
    "a key behind a text": Mistake(PARTY_ROW, "  pinion.v1.PartyKind kind = 2;", "  pinion.v1.PartyKind kind = 2; // [key]", "string party = 1;",
                                   "party: a text has to be the last of a key"),
    "a table that is gone": Mistake(HOLD_ROW, "// [table 5,", "// [table 11,", "message Reference {",
                                    "Reference: the table before it has to be 5: a table that is gone keeps its message"),
    "a new layout": Mistake(PAYMENT_ROW, "  int64 engine_time_ms = 4; // [time]", "  int64 engine_time_ms = 4; // [time]\n  bool more = 5;",
                            "message Reference {", "Reference has a new layout: its comment has to begin with `[table 6, layout 2 "),
    "a new layout under the old number": Mistake(PAYMENT_ROW, "layout 1 1bbef405]", "layout 1 6bbef405]",
                                                 "message Reference {", "Reference has a new layout: its comment has to begin with `[table 6, layout 2 "),
    "a table without a layout": Mistake(PAYMENT_ROW, "// [table 6, layout 1 1bbef405]", "// [table 6]",
                                        "message Reference {", "Reference has a new layout: its comment has to begin with `[table 6, layout 1 1bbef405`"),
}


def mistake(name):
    what = MISTAKES[name]
    with tempfile.TemporaryDirectory() as folder:
        copy = Copy(folder)
        copy.change(what.file, what.before, what.after)
        said = copy.generate_all()
        file = PAYMENT_ROW if what.at == "message Reference {" else what.file
        wanted = f"{file}:{copy.line(file, what.at)}: {what.said}" if what.at else what.said
        if not said.startswith(wanted):
            raise AssertionError(f"it says\n  {said.strip() or 'nothing'}\nand not\n  {wanted}")


def layouts():
    """A layout that was asked for is what it takes, and gives stores another number; so does the layout before, where it comes again."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Copy(folder)
        new = MISTAKES["a new layout"]
        formats = [format_made(copy)]
        for before, after in ((new.before, new.after), (new.after, new.before)):
            copy.change(new.file, before, after)
            if copy.layouts_written(copy.generate_all()) != 1:
                raise AssertionError("a new layout was not asked for")
            formats.append(format_made(copy))
        if formats != [formats[0], formats[0] + 1, formats[0] + 2]:
            raise AssertionError(f"the formats are {formats}")


def format_made(copy):
    said = copy.generate_all()
    if said:
        raise AssertionError(said)
    return int(re.search(r"STATE_FORMAT = (\d+) ", (copy.root / "made/state/tables.h").read_text(encoding="utf-8")).group(1))


def page_of_rejects():
    """It is what the tool makes of the contract; a changed reject and a new one come where they belong."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Copy(folder)
        before = (ROOT / PAGE).read_text(encoding="utf-8")
        if page_made(copy, before) != before:
            raise AssertionError(f"write it anew: proto/generate rejects {PAGE} proto/pinion/v1/*.proto")
        copy.change(REJECT, "  // To do: ask the operator why\n", "  // To do: ask the operator\n")
        copy.change(REJECT, "  REJECT_ACCOUNT_HAS_HOLDS = 87;\n", "  REJECT_ACCOUNT_HAS_HOLDS = 87;\n\n  // [never, row] it is blue\n  // To do: wait\n"
                    "  // Carries: first_sequence, currency\n  REJECT_BLUE = 88;\n")
        last = re.search(r"\| 87 \| .*\n", before).group(0)
        wanted = before.replace("Ask the operator why", "Ask the operator").replace(
            last, last + "| 88 | `blue` | never | It is blue | Wait | `first_sequence`, `currency` |\n")
        if page_made(copy, before) != wanted:
            raise AssertionError("a changed reject, or a new one, does not come where it belongs")


def page_made(copy, before):
    page = copy.root / "rejects.md"
    page.write_text(before, encoding="utf-8")
    protos = sorted((copy.root / "proto/pinion/v1").glob("*.proto"))
    run = subprocess.run(["proto/generate", "rejects", page, *protos], cwd=copy.root, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise AssertionError(run.stderr)
    return page.read_text(encoding="utf-8")


def same_twice():
    """In two places, at two times; and nothing that is made says where or when."""
    made = []
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        for folder in (one, two):
            copy = Copy(folder)
            said = copy.generate_all()
            if said:
                raise AssertionError(said)
            made.append({path.relative_to(copy.root / "made"): path.read_text(encoding="utf-8") for path in sorted((copy.root / "made").rglob("*.*"))})
        if made[0] != made[1] or len(made[0]) < 15:
            raise AssertionError(f"differs: {[name for name in made[0] if made[0][name] != made[1].get(name)]}")
        for name, text in made[0].items():
            if re.search(rf"/tmp|{one}|/home|/usr|\b20\d\d-\d\d", text):
                raise AssertionError(f"{name} names a place or a time")


EVERY_COMMAND = """
// [of a shard, may have no party] Every kind. Topic: control. Outcome: all_done.
message AllDo {
  string account = 1; // [account] of the one
  string currency = 2; // [currency]
  string party = 3; // [party]
  string reference = 4; // [reference]
  string reason = 5; // [reason]
  string text = 6; // [text]
  bytes id = 7; // [id]
  bytes digest = 8; // [digest]
  int64 much_minor = 9; // [minor]
  int64 sequence = 10; // [sequence]
  int64 time_ms = 11; // [time]
  int64 number = 12;
  uint32 outcome = 13; // [outcome]
  uint32 count = 14;
  Rail rail = 15;
  bool flag = 16;
  Amount amount = 17; // [may be absent]
  Purpose purpose = 18;
}
"""
EVERY_ROW = """
// [table 11, dropped, zero at first] Every kind.
message AllRow {
  bytes id = 1; // [key, id]
  Rail rail = 2; // [key]
  int64 since = 3; // [key]
  string account = 4; // [account]
  string currency = 5; // [currency]
  string other = 6; // [currency, may be absent]
  string party = 7; // [party]
  bytes digest = 8; // [digest]
  int64 much_minor = 9; // [minor]
  int64 sequence = 10; // [sequence]
  int64 time_ms = 11; // [time]
  int64 number = 12; // [may be negative]
  uint32 outcome = 13; // [outcome]
  uint32 count = 14;
  bool flag = 15;
  bool sign = 16;
  Rail way = 17; // [may be absent]
  Totals totals = 18;
  Purpose purpose = 19;
}
""".replace("  Rail ", "  pinion.v1.Rail ").replace("  Purpose ", "  pinion.v1.Purpose ")


def every_event():
    """An Amount's currency has a member of its own, so no other is named so."""
    text = EVERY_COMMAND.replace("[of a shard, may have no party] Every kind. Topic: control. Outcome: all_done.", "[settles] Every kind.").replace("message AllDo", "message AllDone").replace("string currency = 2;", "string currency_code = 2;")
    return text.replace("[id]", "[id, may be absent]").replace("int64 number = 12;", "int64 number = 12; // [may be negative]")


# What is made of that, line for line where it is short.
GOLDEN = {
    "nouns/command_bodies.h": """
/* Every kind. Topic: control. Outcome: all_done. */
struct command_all_do {
	struct account_id account; /* of the one */
	enum currency currency;
	struct text64 party;
	struct text64 reference;
	struct text64 reason;
	struct text64 text;
	struct id_field id;
	struct digest digest;
	struct amount much;
	int64_t sequence;
	int64_t time_ms;
	int64_t number;
	enum event_kind outcome;
	uint32_t count;
	int32_t rail; /* enum rail, unchecked */
	bool flag;
	struct money amount;
	int32_t purpose; /* enum purpose, unchecked */
};
""",
    "nouns/contract.h": """
	case EVENT_remittance_settled:
	case EVENT_all_done:
		return true;
""",
    "nouns/sound.c": """
static const char *all_done_wrong(const struct event *event)
{
	if (!account_id_is_sound(&event->all_done.account))
		return "all_done.account";
	if (event->all_done.currency_code == CURRENCY_none)
		return "all_done.currency_code";
	if (!text_is_name(event->all_done.party.at, event->all_done.party.size, PARTY_SIZE_MAX))
		return "all_done.party";
	if (!text_is_reference(&event->all_done.reference))
		return "all_done.reference";
	if (!text_is_reason(&event->all_done.reason))
		return "all_done.reason";
	if (event->all_done.text.size > sizeof event->all_done.text.at)
		return "all_done.text";
	if (amount_is_negative(event->all_done.much))
		return "all_done.much_minor";
	if (event->all_done.sequence < 0)
		return "all_done.sequence";
	if (event->all_done.time_ms < 0)
		return "all_done.time_ms";
	if (event_name(event->all_done.outcome)[0] == '\\0')
		return "all_done.outcome";
	if (!rail_is_known((int32_t)event->all_done.rail))
		return "all_done.rail";
	if (amount_is_negative(event->all_done.amount) || (!amount_is_zero(event->all_done.amount) && event->all_done.currency == CURRENCY_none))
		return "all_done.amount";
	if (!purpose_is_known((int32_t)event->all_done.purpose))
		return "all_done.purpose";
	return NULL;
}
""",
    "wire/bindings.c": """
	{ .number = 1, .bind = BIND_ACCOUNT_ANY, .offset = offsetof(struct event, all_done.account) },
	{ .number = 2, .bind = BIND_CURRENCY, .offset = offsetof(struct event, all_done.currency_code) },
	{ .number = 3, .bind = BIND_TEXT64, .offset = offsetof(struct event, all_done.party) },
	{ .number = 4, .bind = BIND_TEXT64, .offset = offsetof(struct event, all_done.reference) },
	{ .number = 5, .bind = BIND_TEXT64, .offset = offsetof(struct event, all_done.reason) },
	{ .number = 6, .bind = BIND_TEXT64, .offset = offsetof(struct event, all_done.text) },
	{ .number = 7, .bind = BIND_ID, .offset = offsetof(struct event, all_done.id) },
	{ .number = 8, .bind = BIND_ID, .offset = offsetof(struct event, all_done.digest) },
	{ .number = 9, .bind = BIND_I64, .offset = offsetof(struct event, all_done.much) },
	{ .number = 10, .bind = BIND_I64, .offset = offsetof(struct event, all_done.sequence) },
	{ .number = 11, .bind = BIND_I64, .offset = offsetof(struct event, all_done.time_ms) },
	{ .number = 12, .bind = BIND_I64, .offset = offsetof(struct event, all_done.number) },
	{ .number = 13, .bind = BIND_U32, .offset = offsetof(struct event, all_done.outcome) },
	{ .number = 14, .bind = BIND_U32, .offset = offsetof(struct event, all_done.count) },
	{ .number = 15, .bind = BIND_ENUM, .offset = offsetof(struct event, all_done.rail) },
	{ .number = 16, .bind = BIND_BOOL, .offset = offsetof(struct event, all_done.flag) },
	{ .number = 17, .bind = BIND_AMOUNT_IF, .offset = offsetof(struct event, all_done.amount), .second = offsetof(struct event, all_done.currency) },
	{ .number = 18, .bind = BIND_CHOICE, .offset = offsetof(struct event, all_done.purpose), .message = &purpose_binding },
};
""",
    "wire/canonical.c": """
static uint8_t *all_do_pack(uint8_t *p, const struct command *command)
{
	p = pack_account(p, &command->all_do.account);
	p = pack_u16(p, (uint16_t)command->all_do.currency);
	p = pack_text64(p, &command->all_do.party);
	p = pack_text64(p, &command->all_do.reference);
	p = pack_text64(p, &command->all_do.reason);
	p = pack_text64(p, &command->all_do.text);
	p = pack_id_field(p, &command->all_do.id);
	p = pack_bytes(p, command->all_do.digest.at, sizeof command->all_do.digest.at);
	p = pack_i64(p, amount_minor(command->all_do.much));
	p = pack_i64(p, command->all_do.sequence);
	p = pack_i64(p, command->all_do.time_ms);
	p = pack_i64(p, command->all_do.number);
	p = pack_u32(p, (uint32_t)command->all_do.outcome);
	p = pack_u32(p, (uint32_t)command->all_do.count);
	p = pack_u32(p, (uint32_t)command->all_do.rail);
	p = pack_u8(p, command->all_do.flag);
	p = pack_money(p, &command->all_do.amount);
	p = pack_u32(p, (uint32_t)command->all_do.purpose);
	return p;
}
""",
    "state/layout.txt": """
table 11 all_row
  key id 16
  key rail 1
  key since 8
  value currency 2
  value other 2
  value digest 16
  value much_minor 8
  value sequence 8
  value time_ms 8
  value number 8
  value outcome 2
  value count 4
  value flag+sign 1
  value way 1
  value totals 32
  value purpose 1
  value account text
  value party text
""",
    "state/views.c": """
	} else if (answer == ANSWER_ABSENT) {
		*ret = (struct all_row){ 0 };
		ret->id = *id;
		ret->rail = rail;
		ret->since = since;
		answer = ANSWER_PRESENT;
	}
	return answer;
}

void mutate_all_row(struct state *state, const struct all_row *row)
{
	struct state_key key = key_all_row(&row->id, row->rail, row->since);
	uint8_t value[VALUE_SIZE_all_row];
	rows_put(state->rows, row_key_of(&key), value, all_row_pack(row, value));
}

void mutate_all_row_drop(struct state *state, const struct id *id, enum rail rail, int64_t since)
{
	struct state_key key = key_all_row(id, rail, since);
	rows_put(state->rows, row_key_of(&key), NULL, 0);
}
""",
    "state/changes.h": """
void mutate_all_row_drop(struct state *state, const struct id *id, enum rail rail, int64_t since);
""",
    "state/tables.c": """
	if (!account_id_is_sound(&row.account))
		return false;
	if (currency_name(row.currency)[0] == '\\0')
		return false;
	if (row.other != CURRENCY_none && currency_name(row.other)[0] == '\\0')
		return false;
	if (!text_is_name(row.party.at, row.party.size, PARTY_SIZE_MAX))
		return false;
	if (!total_is_sound(row.much))
		return false;
	if (row.sequence < 1)
		return false;
	if (row.time_ms < 0 || row.time_ms > ID_TIME_MS_MAX)
		return false;
	if (event_name(row.outcome)[0] == '\\0')
		return false;
	if (row.way != RAIL_none && !rail_is_known((int32_t)row.way))
		return false;
	if (!totals_are_sound(&row.totals))
		return false;
	if (!purpose_is_known((int32_t)row.purpose))
		return false;
	return true;
""",
}


def with_every_kind(copy):
    """The event's arm has a number above 255, so an outcome needs two bytes in a row."""
    for file, more in ((HOLD, EVERY_COMMAND + every_event()), (PARTY_ROW, EVERY_ROW)):
        path = copy.root / file
        path.write_text(path.read_text(encoding="utf-8") + more, encoding="utf-8")
    copy.change(HOLD, 'import "pinion/v1/types.proto";', 'import "pinion/v1/remittance.proto";\nimport "pinion/v1/types.proto";')
    copy.change(PARTY_ROW, 'import "pinion/v1/types.proto";', 'import "pinion/v1/remittance.proto";\nimport "pinion/v1/types.proto";')
    copy.change(COMMAND, "    HoldRelease hold_release = 42;\n", "    HoldRelease hold_release = 42;\n    AllDo all_do = 300;\n")
    copy.change(EVENT, "    HoldExpired hold_expired = 43;\n", "    HoldExpired hold_expired = 43;\n    AllDone all_done = 300;\n")
    if copy.layouts_written(copy.generate_all()) != 2:
        raise AssertionError("the new table, and the outcomes that have got two bytes, need a layout")
    said = copy.generate_all()
    if said:
        raise AssertionError(said)


def every_kind():
    """The C that each kind makes, and that it compiles, where the rest of the sources stand."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Copy(folder)
        with_every_kind(copy)
        for name, text in GOLDEN.items():
            made = (copy.root / "made" / name).read_text(encoding="utf-8")
            if text.strip("\n") not in made:
                raise AssertionError(f"{name} has not\n{text}\nbut\n" + "\n".join(line for line in made.splitlines() if re.search("all_|AllRow", line)))
        compiles(copy)


def compiles(copy):
    """As in a build folder: nouns and rows in ledger/, and so on. All warnings are errors there too."""
    for what, room in (("nouns", "ledger"), ("rows", "ledger"), ("wire", "wire"), ("state", "state")):
        shutil.copytree(copy.root / "made" / what, copy.root / "built" / room, dirs_exist_ok=True)
    protos = sorted(f"pinion/v1/{path.name}" for path in (copy.root / "proto/pinion/v1").glob("*.proto"))
    subprocess.run(["protoc-c", "--proto_path=proto", "--c_out=built", *protos], cwd=copy.root, check=True)
    for name in ("ledger/names.c", "ledger/sound.c", "ledger/row_names.c", "wire/bindings.c", "wire/canonical.c", "state/tables.c", "state/views.c"):
        subprocess.run(["cc", "-std=gnu17", "-fsyntax-only", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-I", copy.root / "built",
                        "-I", ROOT / "src", copy.root / "built" / name], check=True)


def main():
    checks = {f"mistake: {name}": lambda name=name: mistake(name) for name in MISTAKES}
    checks |= {check.__name__: check for check in (layouts, page_of_rejects, same_twice, every_kind)}
    failed = 0
    wanted = sys.argv[1:] or list(checks)
    for name in wanted:
        try:
            checks[name]()
            print(f"ok   {name}")
        except (AssertionError, subprocess.CalledProcessError) as error:
            failed += 1
            print(f"FAIL {name}: {error}")
    print(f"{len(wanted) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
