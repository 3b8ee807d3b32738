# SPDX-License-Identifier: Apache-2.0
"""The nouns of the core, from the contract: enums, the structs of bodies and outcomes, registries, names, soundness."""
import textwrap

from schema import SPARSE_ENUMS, Type, snake

HEAD = """/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/generate, from proto/pinion/v1 and src/state/rows: change those. */
"""
# C members and types of a field that has one of these kinds, wherever it stands.
BY_KIND = {
    "account": "struct account_id",
    "currency": "enum currency",
    "party": "struct text64",
    "reference": "struct text64",
    "reason": "struct text64",
    "text": "struct text64",
    "digest": "struct digest",
    "minor": "struct amount",
    "outcome": "enum event_kind",
}
BY_TYPE = {
    Type.TYPE_INT64: "int64_t",
    Type.TYPE_UINT32: "uint32_t",
    Type.TYPE_BOOL: "bool",
}


def guarded(name, text):
    guard = name.upper().replace("/", "_").replace(".", "_")
    return f"{HEAD}#ifndef {guard}\n#define {guard}\n\n{text}\n#endif\n"


def comment_of(text, indent=""):
    """A comment of its own, wrapped."""
    if not text:
        return ""
    return "\n".join(textwrap.wrap(f"/* {text} */", 98, initial_indent=indent, subsequent_indent=f"{indent} * ")) + "\n"


def commented(line, comment):
    """Behind the line where it fits there, else before it."""
    if not comment:
        return f"\t{line}\n"
    if len(line) + len(comment) < 84:
        return f"\t{line} /* {comment} */\n"
    return comment_of(comment, "\t") + f"\t{line}\n"


def member_name(field):
    return field.name.removesuffix("_minor") if field.kind == "minor" else field.name


def enums(schema):
    return [schema.enums[name] for name in sorted(schema.enums) if name not in SPARSE_ENUMS]


def enum_declared(enum):
    prefix = enum.snake.upper()
    lines = "".join(commented(f"{prefix}_{name} = {number},", text) for name, number, text in enum.values)
    return (f"{comment_of(enum.comment)}enum {enum.snake} {{\n\t{prefix}_none = 0,\n{lines}}};\n"
            f"enum {{ {prefix}_COUNT = {enum.values[-1][1]} }};\n"
            f"static inline bool {enum.snake}_is_known(int32_t {enum.snake})\n{{\n"
            f"\treturn {enum.snake} > 0 && {enum.snake} <= {prefix}_COUNT;\n}}\n"
            f"const char *{enum.snake}_name(enum {enum.snake} {enum.snake}); /* \"{enum.values[0][0]}\"; \"\" for none */\n\n")


def kinds_declared(what, arms):
    values = "".join(f"\t{what.upper()}_{arm.name} = {arm.number},\n" for arm in arms)
    return f"enum {what}_kind {{\n\t{what.upper()}_none = 0,\n{values}}};\n"


def worded(what, arms, word, function, comment):
    prefix = what.upper()
    cases = "".join(f"\tcase {prefix}_{arm.name}:\n" for arm in arms if word in arm.message.words)
    others = "".join(f"\tcase {prefix}_{arm.name}:\n" for arm in arms if word not in arm.message.words)
    return (f"\n/* {comment} */\nstatic inline bool {function}(enum {what}_kind kind)\n{{\n\tswitch (kind) {{\n"
            f"{cases}\t\treturn true;\n\tcase {prefix}_none:\n{others}\t\tbreak;\n\t}}\n\treturn false;\n}}\n")


def contract_h(schema):
    text = "#include <stdbool.h>\n#include <stdint.h>\n\n" + "".join(enum_declared(enum) for enum in enums(schema))
    text += kinds_declared("command", schema.commands) + "\n" + kinds_declared("event", schema.events)
    text += f"enum {{ COMMAND_COUNT = {len(schema.commands)}, EVENT_COUNT = {len(schema.events)} }};\n"
    text += "/* The greatest numbers: what is found by a kind stands in a table of so many places and one. */\n"
    text += f"enum {{ COMMAND_LAST = {schema.commands[-1].number}, EVENT_LAST = {schema.events[-1].number} }};\n\n"
    text += "const char *command_name(enum command_kind kind); /* \"transfer_create\"; \"\" for none */\n"
    text += "enum topic command_topic(enum command_kind kind); /* where it belongs */\n"
    text += "const char *event_name(enum event_kind kind); /* \"transfer_posted\"; \"\" for none */\n"
    text += worded("event", schema.events, "answers no input", "event_answers_nothing", "What an operator did, and no input.")
    text += worded("command", schema.commands, "may have no party", "command_has_no_party", "It may come without one.")
    text += worded("event", schema.events, "moves money", "event_moves_money", "It has postings; all others have none.")
    text += worded("event", schema.events, "settles", "event_settles", "It says of payments that they are final, an effect each.")
    text += worded("event", schema.events, "under way", "event_is_under_way", "Its payment is not final: another event says how it ends.")
    text += worded("command", schema.commands, "of a shard", "command_is_of_shard", "A shard's owner sends it to another shard: it is known by its number, and has no id.")
    return guarded("ledger/contract.h", text)


def member_lines(field, is_command):
    """A field's member of a struct."""
    name, comment = member_name(field), field.comment
    if field.kind == "id":
        what = "struct id_field" if is_command else "struct id"
    elif field.type_name == "Amount":
        what = "struct money" if is_command else "struct amount"
    elif field.type == Type.TYPE_ENUM:
        what = f"enum {snake(field.type_name)}"
        if is_command:
            comment = f"{what}, unchecked{': ' + comment if comment else ''}"
            what = "int32_t"
    else:
        what = BY_KIND.get(field.kind) or BY_TYPE[field.type]
    return commented(f"{what} {name};", comment)


def body(what, arm):
    message = arm.message
    last_amount = max((field.number for field in message.fields if field.type_name == "Amount"), default=None)
    lines = ""
    for field in message.fields:
        if "derived" not in field.words:
            lines += member_lines(field, what == "command")
        if what == "event" and field.number == last_amount:
            lines += "\tenum currency currency; /* of all its amounts */\n"
    if not lines:
        return ""
    return f"{comment_of(message.comment)}struct {what}_{arm.name} {{\n{lines}}};\n\n"


def bodies_h(what, arms):
    return guarded(f"ledger/{what}_bodies.h", '#include "ledger/fields.h"\n\n' + "".join(body(what, arm) for arm in arms))


def registry(what, arms):
    """X macros: one line each, with what the other registries of the core say too."""
    if what == "command":
        lines = [f"COMMAND({arm.number}, {arm.name}, {arm.topic})\n" for arm in arms]
    else:
        lines = [f"EVENT({arm.number}, {arm.name}, {arm.stem}_v{arm.version})\n" for arm in arms]
    return HEAD + "".join(lines)


def timers(schema):
    return HEAD + "".join(f"TIMER({number}, {name})\n" for name, number, _ in schema.enums["TimerKind"].values)


def rejects(schema):
    return HEAD + "".join(f'REJECT({reject.number}, {reject.name}, {reject.retry}, {reject.keeps.replace(" ", "_")}, "{reject.text}", "{reject.advice}")\n'
                          for reject in schema.rejects)


def members(what, arms):
    return HEAD + "".join(f"struct {what}_{arm.name} {arm.name};\n" for arm in arms if arm.message.fields)


def plain_kind(field):
    """What a member is, in one word: which function takes it."""
    if field.kind in ("account", "currency", "id", "digest"):
        return field.kind
    if field.type_name == "Amount":
        return "money"
    if field.kind == "minor":
        return "amount"
    return "text" if field.type == Type.TYPE_STRING else "number"


def fields(what, arms):
    """X macros for whatever treats all bodies alike: a line each field, (body, member, kind)."""
    lines = ""
    for arm in arms:
        for field in arm.message.fields:
            if "derived" not in field.words:
                lines += f"{what.upper()}_FIELD({arm.name}, {member_name(field)}, {plain_kind(field)})\n"
        if what == "event" and any(field.type_name == "Amount" for field in arm.message.fields):
            lines += f"EVENT_FIELD({arm.name}, currency, currency)\n"
    return HEAD + lines


def name_function(head, cases):
    lines = "".join(f"\tcase {case}:\n\t\treturn {value};\n" for case, value in cases[:-1])
    return f"{head}\n{{\n\tswitch (kind) {{\n{lines}\tcase {cases[-1][0]}:\n\t\tbreak;\n\t}}\n\treturn {cases[-1][1]};\n}}\n\n"


def enum_names(enum):
    prefix = enum.snake.upper()
    cases = [(f"{prefix}_{name}", f'"{name}"') for name, _, _ in enum.values] + [(f"{prefix}_none", '""')]
    return name_function(f"const char *{enum.snake}_name(enum {enum.snake} kind)", cases)


def unused(name):
    return f"\t(void){name};\n"


def by_kind(what, arms, table, value):
    """A table, so that a kind costs the same however many there are. In its declaration [] is where its size goes."""
    lines = "".join(f"\t\t[{what.upper()}_{arm.name}] = {value(arm)},\n" for arm in arms)
    declared = table.replace("[]", f"[{what.upper()}_LAST + 1]")
    return f"\tstatic {declared} = {{\n{lines}\t}};\n"


def arm_names(what, arms):
    return (f"const char *{what}_name(enum {what}_kind kind)\n{{\n"
            + by_kind(what, arms, "const char *const names[]", lambda arm: f'"{arm.name}"')
            + f"\tconst char *name = (unsigned)kind <= {what.upper()}_LAST ? names[kind] : NULL;\n"
            "\treturn name ? name : \"\";\n}\n\n")


def names_c(schema):
    text = HEAD + '#include "ledger/command.h"\n#include "ledger/event.h"\n\n'
    text += "".join(enum_names(enum) for enum in enums(schema))
    text += arm_names("command", schema.commands) + arm_names("event", schema.events)
    text += "enum topic command_topic(enum command_kind kind)\n{\n"
    text += by_kind("command", schema.commands, "const enum topic topics[]", lambda arm: f"TOPIC_{arm.topic}")
    text += "\treturn (unsigned)kind <= COMMAND_LAST ? topics[kind] : TOPIC_none;\n}\n\n"
    return text + accounts(schema)


def accounts(schema):
    """For whoever fetches rows before they are asked for."""
    named = {arm.name: [field.name for field in arm.message.fields if field.kind == "account"] for arm in schema.commands}
    most = max(len(names) for names in named.values())
    text = f"_Static_assert({most} <= (int)COMMAND_ACCOUNTS_MAX, \"all accounts that a command names\");\n\n"
    text += "size_t command_accounts(\n\tconst struct command *command, const struct account_id *ret[COMMAND_ACCOUNTS_MAX])\n"
    text += "{\n\tsize_t count = 0;\n\tswitch (command->kind) {\n"
    for arm in schema.commands:
        if not named[arm.name]:
            continue
        text += f"\tcase COMMAND_{arm.name}:\n"
        text += "".join(f"\t\tret[count++] = &command->{arm.name}.{name};\n" for name in named[arm.name])
        text += "\t\tbreak;\n"
    text += "".join(f"\tcase COMMAND_{arm.name}:\n" for arm in schema.commands if not named[arm.name])
    return text + "\tcase COMMAND_none:\n\t\tbreak;\n\t}\n\treturn count;\n}\n"


# Kinds whose values are checked alike in an outcome and in a row; so are enums.
CHECKED_ALIKE = {"account", "party", "reference", "reason", "text", "id", "outcome"}


def is_checked_alike(field):
    return field.kind in CHECKED_ALIKE or field.type == Type.TYPE_ENUM


def value_wrong(at, field):
    """Of those: C that is true where it is no value of its kind; None: it may be anything."""
    if field.kind == "account":
        return f"!account_id_is_sound(&{at})"
    if field.kind == "party":
        return f"!text_is_name({at}.at, {at}.size, PARTY_SIZE_MAX)"
    if field.kind in ("reference", "reason"):
        return f"!text_is_{field.kind}(&{at})"
    if field.kind == "text":
        return f"{at}.size > sizeof {at}.at"
    if field.kind == "id":
        return None if field.may_be("absent") else f"id_is_absent(&{at})"
    if field.kind == "outcome":
        return f"event_name({at})[0] == '\\0'"
    none = f"{at} != {snake(field.type_name).upper()}_none && " if field.may_be("absent") else ""
    return f"{none}!{snake(field.type_name)}_is_known((int32_t){at})"


def check(arm, field):
    """What a member of an outcome may not be: C that is true where it is wrong; None: it may be anything."""
    at = f"event->{arm.name}.{member_name(field)}"
    if is_checked_alike(field):
        return value_wrong(at, field)
    if field.kind == "currency":
        return None if field.may_be("absent") else f"{at} == CURRENCY_none"
    if field.kind == "minor":
        return None if field.may_be("negative") else f"amount_is_negative({at})"
    if field.type_name == "Amount":
        none = f"event->{arm.name}.currency == CURRENCY_none"
        return f"amount_is_negative({at}) || " + (f"(!amount_is_zero({at}) && {none})" if field.may_be("absent") else none)
    if field.type == Type.TYPE_INT64:
        return None if field.may_be("negative") else f"{at} < 0"
    return None


def ended_c(schema):
    """Of the events whose whole body is about one payment."""
    head = "const struct id *event_ended_payment(const struct event *event)\n{\n\tswitch (event->kind) {\n"
    ends = [arm for arm in schema.events if "ends a payment" in arm.message.words]
    for arm in ends:
        if not any(field.name == "payment_id" and field.kind == "id" for field in arm.message.fields):
            arm.message.place.die(f"{arm.message.name}: one that ends a payment says which: [id] payment_id")
    text = "".join(f"\tcase EVENT_{arm.name}:\n\t\treturn &event->{arm.name}.payment_id;\n" for arm in ends)
    others = "".join(f"\tcase EVENT_{arm.name}:\n" for arm in schema.events if arm not in ends)
    return f"{head}{text}\tcase EVENT_none:\n{others}\t\tbreak;\n\t}}\n\treturn NULL;\n}}\n\n"


def sound_c(schema):
    text = HEAD + '#include "ledger/event.h"\n\n#include <stddef.h>\n\n' + ended_c(schema)
    for arm in schema.events:
        wrongs = [(field, check(arm, field)) for field in arm.message.fields if "derived" not in field.words]
        lines = "".join(f'\tif ({wrong})\n\t\treturn "{arm.name}.{field.name}";\n' for field, wrong in wrongs if wrong)
        text += f"static const char *{arm.name}_wrong(const struct event *event)\n{{\n{lines or unused('event')}\treturn NULL;\n}}\n\n"
    text += "const char *event_body_wrong(const struct event *event)\n{\n"
    text += by_kind("event", schema.events, "const char *(*const wrongs[])(const struct event *event)", lambda arm: f"{arm.name}_wrong")
    text += "\tif ((unsigned)event->kind > EVENT_LAST || !wrongs[event->kind])\n\t\treturn \"outcome\";\n"
    return text + "\treturn wrongs[event->kind](event);\n}\n"


def files(schema):
    return {
        "contract.h": contract_h(schema),
        "command_bodies.h": bodies_h("command", schema.commands),
        "event_bodies.h": bodies_h("event", schema.events),
        "commands.def": registry("command", schema.commands),
        "events.def": registry("event", schema.events),
        "rejects.def": rejects(schema),
        "timers.def": timers(schema),
        "command_members.def": members("command", schema.commands),
        "event_members.def": members("event", schema.events),
        "command_fields.def": fields("command", schema.commands),
        "event_fields.def": fields("event", schema.events),
        "names.c": names_c(schema),
        "sound.c": sound_c(schema),
    }
