#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Reads the contract a second time, for the tests, and writes what they know of shapes: tests/shape.h.

usage: schema.py PROTO_FOLDER OUTPUT

It shares nothing with proto/schema.py, and reads the text of the .proto files itself instead of protoc's descriptors, so that
a fault of the generator can't hide behind the same fault here.
"""
import dataclasses
import pathlib
import re
import sys

# The noun of a field by the word in brackets at its comment's head, in an event; C's type, and the shape's name.
WORDED = {
    "account": ("ACCOUNT", "struct account_id"),
    "currency": ("CURRENCY", "enum currency"),
    "party": ("TEXT", "struct text64"),
    "reference": ("TEXT", "struct text64"),
    "text": ("TEXT", "struct text64"),
    "reason": ("REASON", "struct text64"),
    "id": ("ID", "struct id"),
    "digest": ("DIGEST", "struct digest"),
    "minor": ("AMOUNT", "struct amount"),
    "outcome": ("OUTCOME", "enum event_kind"),
}
PLAIN = {"int64": ("NUMBER", "int64_t"), "uint32": ("NUMBER32", "uint32_t"), "bool": ("BOOL", "bool")}
# Commands hold what was sent, also where it is not what the field may have.
LOOSE = {"reason": ("TEXT", "struct text64"), "id": ("ID_FIELD", "struct id_field")}


@dataclasses.dataclass
class Field:
    name: str
    type: str
    number: int
    words: frozenset  # those in brackets


def snake(name):
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()


def comment_after(lines, at):
    """A field's comment: on its own line, or on those before it."""
    own = re.search(r"//\s*(.*)", lines[at])
    if own:
        return own.group(1)
    first = at
    while first > 0 and lines[first - 1].strip().startswith("//"):
        first -= 1
    return lines[first].strip().removeprefix("//").strip() if first < at else ""


def fields_read(body):
    """Fields of a message's text, those of a oneof too."""
    lines = body.split("\n")
    for at, line in enumerate(lines):
        found = re.match(r"\s*(?:repeated )?(\w+) (\w+) = (\d+);", line)
        if found:
            words = re.match(r"\[([^\]]*)\]", comment_after(lines, at))
            words = frozenset(word.strip() for word in words.group(1).split(",")) if words else frozenset()
            yield Field(found.group(2), found.group(1), int(found.group(3)), words)


def choices_read(text):
    """Names of the messages that are one of several and nothing else: they are said to be, and are."""
    for comment, name, body in re.findall(r"((?:^//[^\n]*\n)*)^message (\w+) \{(\}|\n.*?^\})", text, re.M | re.S):
        if re.match(r"// \[choice\]", comment):
            if not re.fullmatch(rf"\n  oneof {snake(name)} \{{\n[^{{}}]*\n  \}}\n\}}", body):
                sys.exit(f"{name}: a choice is one oneof of its name, and nothing beside it")
            yield name


class Contract:
    """messages: fields by name of the message; enums: (name, number) by name of the enum; choices: names of messages that are as
    good as an enum; arms: (message, name, number)."""

    def __init__(self, folder):
        self.messages, self.enums, self.choices, bodies = {}, {}, set(), {}
        for path in sorted(pathlib.Path(folder).glob("pinion/v1/*.proto")):
            text = path.read_text(encoding="utf-8")
            self.choices |= set(choices_read(text))
            for what, name, body in re.findall(r"^(message|enum) (\w+) \{(\}|\n.*?^\})", text, re.M | re.S):
                if what == "enum":
                    self.enums[name] = [(value, int(number)) for value, number in re.findall(r"^\s*(\w+) = (\d+);", body, re.M)]
                else:
                    bodies[name] = body
                    self.messages[name] = list(fields_read(body))
        self.commands = self._arms(bodies["Command"], "body")
        self.events = self._arms(bodies["Event"], "outcome")

    @staticmethod
    def _arms(body, oneof):
        arms = re.search(rf"oneof {oneof} \{{(.*?)\}}", body, re.S).group(1)
        return [(field.type, field.name, field.number) for field in fields_read(arms)]


def shape_of(contract, field, is_command):
    """(shape, C's type, greatest value of an enum)"""
    for word in field.words & WORDED.keys():
        return (LOOSE.get(word, WORDED[word]) if is_command else WORDED[word]) + (0,)
    if field.type in PLAIN:
        return PLAIN[field.type] + (0,)
    if field.type == "Amount":
        return ("MONEY", "struct money", 0) if is_command else ("AMOUNT", "struct amount", 0)
    if field.type == "Reject" and not is_command:
        return ("REJECT", "enum reject", 0)
    if field.type in contract.enums or field.type in contract.choices:
        arms = [(arm.name, arm.number) for arm in contract.messages.get(field.type, [])]
        greatest = max(number for _, number in contract.enums.get(field.type, arms))
        return ("ENUM_FIELD", "int32_t", greatest) if is_command else ("ENUM", f"enum {snake(field.type)}", greatest)
    sys.exit(f"{field.name}: the tests know no shape of a {field.type} with the words {sorted(field.words)}")


def members(contract, message, is_command):
    """(field in the contract, member in C, shape, C's type, greatest, words, number) of each member of a body. The words
    "choice" and "reject" are those of its type."""
    has_currency = False
    for field in contract.messages[message]:
        if "derived" in field.words:
            continue
        shape, c_type, greatest = shape_of(contract, field, is_command)
        member = field.name.removesuffix("_minor") if "minor" in field.words else field.name
        words = field.words | ({"choice"} if field.type in contract.choices else {"reject"} if field.type == "Reject" else set())
        yield field.name, member, shape, c_type, greatest, words, field.number
        # Amounts of an event share one currency.
        if field.type == "Amount" and not is_command and not has_currency:
            has_currency = True
            yield f"{field.name}.currency", "currency", "CURRENCY", "enum currency", 0, frozenset(), 0


def table(contract, of, message, arm):
    rows, checks = [], []
    for field, member, shape, c_type, greatest, words, number in members(contract, message, of == "command"):
        place = f"struct {of}, {arm}.{member}"
        parts = [f'.name = "{arm}.{field}"', f".shape = SHAPE_{shape}", f".offset = offsetof({place})", f".size = sizeof({c_type})"]
        parts += [f".number = {number}"] if number else []
        parts += [f'.word = "{word}"' for word in sorted(words & WORDED.keys())]
        parts += [f".greatest = {greatest}"] if greatest else []
        parts += [".is_choice = true"] if "choice" in words else []
        parts += [".is_reject = true"] if "reject" in words else []
        parts += [".may_be_absent = true"] if words & {"may be absent", "text"} else []
        parts += [".may_be_negative = true"] if "may be negative" in words else []
        rows.append(f"\t{{ {', '.join(parts)} }},\n")
        checks.append(f"HAS_TYPE({of}, {arm}.{member}, {c_type});\n")
    return f"static const struct shape_field {of}_{arm}[] = {{\n{''.join(rows)}\t{{ 0 }},\n}};\n{''.join(checks)}\n"


def lookup(of, arms):
    cases = "".join(f"\tcase {of.upper()}_{arm}:\n\t\treturn {of}_{arm};\n" for _, arm, _ in arms)
    return (f"const struct shape_field *{of}_shape(enum {of}_kind kind)\n{{\n\tswitch (kind) {{\n{cases}"
            f"\tcase {of.upper()}_none:\n\t\tbreak;\n\t}}\n\tassert(false);\n\treturn NULL;\n}}\n\n"
            f"const enum {of}_kind {of}_kinds[{len(arms)}] = {{ {', '.join(f'{of.upper()}_{arm}' for _, arm, _ in arms)} }};\n\n")


def shapes(contract):
    text = ("/* SPDX-License-Identifier: Apache-2.0 */\n/* Made from proto/pinion/v1 by tests/schema.py: change that. */\n"
            '#include "shape.h"\n\n#include <assert.h>\n#include <stddef.h>\n\n'
            "#define HAS_TYPE(of, member, type) \\\n"
            "\t_Static_assert(__builtin_types_compatible_p(__typeof__(((struct of *)0)->member), type), \\\n"
            '\t\t#member " is no " #type)\n\n')
    for of, arms in (("command", contract.commands), ("event", contract.events)):
        arms = sorted(arms, key=lambda arm: arm[2])
        text += "".join(table(contract, of, message, arm) for message, arm, _ in arms) + lookup(of, arms)
    return text


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    pathlib.Path(sys.argv[2]).write_text(shapes(Contract(sys.argv[1])), encoding="utf-8")


if __name__ == "__main__":
    main()
