# SPDX-License-Identifier: Apache-2.0
"""The wire, from the contract: where each field of a body or an outcome goes, how long it can get, and a command's
canonical form."""
from nouns import HEAD, by_kind, member_name, unused
from schema import Type

BIND_BY_KIND = {
    "currency": "CURRENCY",
    "party": "TEXT64",
    "reference": "TEXT64",
    "reason": "TEXT64",
    "text": "TEXT64",
    "digest": "ID",  # as long as an id, and absent alike
    "minor": "I64",
    "outcome": "U32",
}
BIND_BY_TYPE = {
    Type.TYPE_INT64: "I64",
    Type.TYPE_UINT32: "U32",
    Type.TYPE_BOOL: "BOOL",
    Type.TYPE_ENUM: "ENUM",
}
BOUND_BY_KIND = {
    "account": "ACCOUNT",
    "currency": "CURRENCY_CODE",
    "party": "TEXT",
    "reference": "TEXT",
    "reason": "TEXT",
    "text": "TEXT",
    "id": "ID",
    "digest": "OF(DIGEST_SIZE)",
}
BOUND_BY_TYPE = {
    Type.TYPE_INT64: "INT64",
    Type.TYPE_UINT32: "UINT32",
    Type.TYPE_BOOL: "BOOL",
    Type.TYPE_ENUM: "ENUM",
}


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
    else:
        name = BIND_BY_KIND.get(field.kind) or BIND_BY_TYPE[field.type]
    return f"{{ .number = {field.number}, .bind = BIND_{name}, .offset = offsetof({noun}, {at}){more} }}"


def bindings_of(what, arm):
    lines = "".join(f"\t{bind(what, arm, field)},\n" for field in arm.message.fields)
    name = arm.name
    table = f"static const struct binding {name}_bindings[] = {{\n{lines}}};\n" if lines else ""
    where = f"\tBINDINGS_OF({name}_bindings),\n" if lines else ""
    return (f"{table}const struct message_binding {name}_binding = {{\n"
            f"\t.descriptor = &pinion__v1__{name}__descriptor,\n{where}}};\n\n")


def arm_places(what, arms, before):
    """Where an arm stands among the fields, by its number."""
    lines = "".join(f"\t[{arm.number}] = {before + index},\n" for index, arm in enumerate(arms))
    return f"const uint16_t {what}_arm_places[{what.upper()}_LAST + 1] = {{\n{lines}}};\n"


def bindings_c(schema):
    text = HEAD + '#include "wire/outcome.h"\n\n#include "pinion/v1/command.pb-c.h"\n\n'
    for what, arms in (("command", schema.commands), ("event", schema.events)):
        text += "".join(bindings_of(what, arm) for arm in arms)
    return text + arm_places("command", schema.commands, schema.before("Command")) + arm_places("event", schema.events, schema.before("Event"))


def bound(field):
    if field.type_name == "Amount":
        return "AMOUNT"
    return BOUND_BY_KIND.get(field.kind) or BOUND_BY_TYPE[field.type]


def bounds_def(schema):
    text = HEAD
    for what, arms in (("COMMAND", schema.commands), ("EVENT", schema.events)):
        for arm in arms:
            sizes = " + ".join(bound(field) for field in arm.message.fields) or "0"
            text += f"{what}_BOUND({arm.name}, {sizes})\n"
    return text


def packed(field, at):
    if field.type_name == "Amount":
        return f"pack_money(p, &{at})"
    if field.kind == "account":
        return f"pack_account(p, &{at})"
    if field.kind == "currency":
        return f"pack_u16(p, (uint16_t){at})"
    if field.kind == "id":
        return f"pack_id_field(p, &{at})"
    if field.type == Type.TYPE_STRING:
        return f"pack_text64(p, &{at})"
    if field.type in (Type.TYPE_ENUM, Type.TYPE_UINT32):
        return f"pack_u32(p, (uint32_t){at})"
    if field.kind == "minor":
        return f"pack_i64(p, amount_minor({at}))"
    if field.kind == "digest":
        return f"pack_bytes(p, {at}.at, sizeof {at}.at)"
    if field.type == Type.TYPE_INT64:
        return f"pack_i64(p, {at})"
    return f"pack_u8(p, {at})"


def canonical_c(schema):
    text = HEAD + '#include "wire/canonical.h"\n\n'
    for arm in schema.commands:
        lines = "".join(f"\tp = {packed(field, f'command->{arm.name}.{member_name(field)}')};\n" for field in arm.message.fields)
        text += (f"static uint8_t *{arm.name}_pack(uint8_t *p, const struct command *command)\n{{\n"
                 f"{lines or unused('command')}\treturn p;\n}}\n\n")
    text += "uint8_t *command_body_pack(uint8_t *p, const struct command *command)\n{\n"
    text += by_kind("command", schema.commands, "uint8_t *(*const packs[])(uint8_t *p, const struct command *command)", lambda arm: f"{arm.name}_pack")
    text += "\tbool is_known = (unsigned)command->kind <= COMMAND_LAST && packs[command->kind];\n"
    return text + "\treturn is_known ? packs[command->kind](p, command) : p;\n}\n"


def files(schema):
    return {"bindings.c": bindings_c(schema), "bounds.def": bounds_def(schema), "canonical.c": canonical_c(schema)}
