# SPDX-License-Identifier: Apache-2.0
"""The wire, from the contract: where each field of a body or an outcome goes, how long it can get, and a command's
canonical form."""
from typing import NamedTuple

from nouns import HEAD, by_kind, member_name, unused
from schema import TEXTS, Type, snake


class Form(NamedTuple):
    """What reads a field, how long it can get, and how it stands in the canonical form."""

    bind: str
    bound: str
    packed: str


TEXT = Form("TEXT64", "TEXT", "pack_text64(p, &{})")
FORMS = {
    "Amount": Form("AMOUNT", "AMOUNT", "pack_money(p, &{})"),
    "account": Form("ACCOUNT", "ACCOUNT", "pack_account(p, &{})"),
    "currency": Form("CURRENCY", "CURRENCY_CODE", "pack_u16(p, (uint16_t){})"),
    "id": Form("ID", "ID", "pack_id_field(p, &{})"),
    "digest": Form("ID", "OF(DIGEST_SIZE)", "pack_bytes(p, {0}.at, sizeof {0}.at)"),  # as long as an id, and absent alike
    "minor": Form("I64", "INT64", "pack_i64(p, amount_minor({}))"),
    **dict.fromkeys(TEXTS - {"account"}, TEXT),
    Type.TYPE_INT64: Form("I64", "INT64", "pack_i64(p, {})"),
    Type.TYPE_UINT32: Form("U32", "UINT32", "pack_u32(p, (uint32_t){})"),
    Type.TYPE_BOOL: Form("BOOL", "BOOL", "pack_u8(p, {})"),
    Type.TYPE_ENUM: Form("ENUM", "ENUM", "pack_u32(p, (uint32_t){})"),
}


CHOICE = Form("CHOICE", "CHOICE", "pack_u32(p, (uint32_t){})")


def form_of(field):
    if field.is_choice:
        return CHOICE
    return FORMS.get(field.type_name) or FORMS.get(field.kind) or FORMS[field.type]


def bind(what, arm, field):
    """One line: number, what it is, and where it goes."""
    noun, at = f"struct {what}", f"{arm.name}.{member_name(field)}"
    if "derived" in field.words:
        return f"{{ .number = {field.number}, .bind = BIND_ENUM, .noun = 1, .offset = offsetof(struct event_extra, {field.name}) }}"
    more = ""
    if field.type_name == "Amount" and what == "command":
        name = "MONEY"
    elif field.type_name == "Amount":
        name = "AMOUNT_IF" if field.may_be("absent") else "AMOUNT"
        more = f", .second = offsetof({noun}, {arm.name}.currency)"
    elif field.kind == "account":
        name = "ACCOUNT" if what == "command" else "ACCOUNT_ANY"
    elif field.kind == "id":
        name = "ID_FIELD" if what == "command" else "ID"
    elif field.is_choice:
        name, more = "CHOICE", f", .message = &{snake(field.type_name)}_binding"
    else:
        name = form_of(field).bind
    return f"{{ .number = {field.number}, .bind = BIND_{name}, .offset = offsetof({noun}, {at}){more} }}"


def bindings_of(what, arm):
    lines = "".join(f"\t{bind(what, arm, field)},\n" for field in arm.message.fields)
    name = arm.name
    table = f"static const struct binding {name}_bindings[] = {{\n{lines}}};\n" if lines else ""
    where = f"\tBINDINGS_OF({name}_bindings),\n" if lines else ""
    return (f"{table}const struct message_binding {name}_binding = {{\n"
            f"\t.descriptor = &pinion__v1__{name}__descriptor,\n{where}}};\n\n")


def arm_places(what, arms, before):
    """Where an arm stands among the fields, from 1, by its number."""
    lines = "".join(f"\t[{arm.number}] = {before + index + 1},\n" for index, arm in enumerate(arms))
    return f"const uint16_t {what}_arm_places[{what.upper()}_LAST + 1] = {{\n{lines}}};\n"


def choice_bindings(choice):
    """One arm says all: its number goes to where the choice does. An arm's message is called after both."""
    name = choice.snake
    empty = "".join(f"static const struct message_binding {name}_{arm}_binding = {{\n"
                    f"\t.descriptor = &pinion__v1__{arm}_{name}__descriptor,\n}};\n" for arm, _, _ in choice.values)
    lines = "".join(f"\t{{ .number = {number}, .bind = BIND_ARM, .message = &{name}_{arm}_binding }},\n" for arm, number, _ in choice.values)
    places = "".join(f"\t[{number}] = {index + 1},\n" for index, (_, number, _) in enumerate(choice.values))
    last = choice.values[-1][1]
    return (f"{empty}static const struct binding {name}_bindings[] = {{\n{lines}}};\n"
            f"static const uint16_t {name}_arm_places[{last} + 1] = {{\n{places}}};\n"
            f"const struct message_binding {name}_binding = {{\n\t.descriptor = &pinion__v1__{name}__descriptor,\n"
            f"\tBINDINGS_OF({name}_bindings),\n\t.arms = {len(choice.values)},\n\t.arm_places = {name}_arm_places,\n\t.arm_last = {last},\n}};\n\n")


def bindings_c(schema):
    text = HEAD + '#include "wire/outcome.h"\n\n#include "pinion/v1/command.pb-c.h"\n\n'
    text += "".join(choice_bindings(choice) for _, choice in sorted(schema.choices.items()))
    for what, arms in (("command", schema.commands), ("event", schema.events)):
        text += "".join(bindings_of(what, arm) for arm in arms)
    return text + arm_places("command", schema.commands, schema.before("Command")) + arm_places("event", schema.events, schema.before("Event"))


def bounds_def(schema):
    text = HEAD
    for what, arms in (("COMMAND", schema.commands), ("EVENT", schema.events)):
        for arm in arms:
            sizes = " + ".join(form_of(field).bound for field in arm.message.fields) or "0"
            text += f"{what}_BOUND({arm.name}, {sizes})\n"
    return text


def canonical_c(schema):
    text = HEAD + '#include "wire/canonical.h"\n\n'
    for arm in schema.commands:
        lines = "".join(f"\tp = {form_of(field).packed.format(f'command->{arm.name}.{member_name(field)}')};\n" for field in arm.message.fields)
        text += (f"static uint8_t *{arm.name}_pack(uint8_t *p, const struct command *command)\n{{\n"
                 f"{lines or unused('command')}\treturn p;\n}}\n\n")
    text += "uint8_t *command_body_pack(uint8_t *p, const struct command *command)\n{\n"
    text += by_kind("command", schema.commands, "uint8_t *(*const packs[])(uint8_t *p, const struct command *command)", lambda arm: f"{arm.name}_pack")
    text += "\tbool is_known = (unsigned)command->kind <= COMMAND_LAST && packs[command->kind];\n"
    return text + "\treturn is_known ? packs[command->kind](p, command) : p;\n}\n"


def files(schema):
    return {"bindings.c": bindings_c(schema), "bounds.def": bounds_def(schema), "canonical.c": canonical_c(schema)}
