# SPDX-License-Identifier: Apache-2.0
"""The rows of the state: their structs, and how each is found, packed, unpacked and known to be sound.

A key is the table's byte and its fields: numbers big-endian, so that they sort, a text as the rest. A value is its fields of
one size, in the order of their numbers, then its texts, each with its size (one byte) before it. Flags that stand side by side
share a byte. A row without a value has one byte, zero. The store's format follows from all that.
"""
import sys
import zlib

from nouns import BY_KIND, BY_TYPE, HEAD, comment_of, commented, enum_declared, enum_names, guarded, is_checked_alike, member_name, value_wrong
from schema import TEXTS, Type, snake

WIDE_ENUMS = {"Reject"}  # two bytes from the start: its bands leave room
TEXT_SIZES = {"account": "ACCOUNT_ID_SIZE_MAX", "party": "PARTY_SIZE_MAX", "reference": "64", "reason": "32", "text": "64"}


def c_type(field):
    if field.type_name == "Totals":
        return "struct balances"
    if field.kind == "id":
        return "struct id"
    if field.type == Type.TYPE_ENUM:
        return f"enum {snake(field.type_name)}"
    return BY_KIND.get(field.kind) or BY_TYPE[field.type]


class Flags:
    """Up to eight that share a byte."""

    kind, type, type_name, name = None, None, None, "flags"

    def __init__(self):
        self.fields = []


def fixed(row):
    """Of one size each; flags together."""
    parts = []
    for field in row.values:
        if field.type == Type.TYPE_BOOL:
            if not parts or not isinstance(parts[-1], Flags) or len(parts[-1].fields) == 8:
                parts.append(Flags())
            parts[-1].fields.append(field)
        elif field.kind not in TEXTS:
            parts.append(field)
    return parts


def texts(row):
    return [field for field in row.values if field.kind in TEXTS]


def size_of(field):
    """Bytes in a key or a value, of those that are always as long."""
    if isinstance(field, Flags):
        return 1
    if field.type_name == "Totals":
        return 32
    if field.kind in ("id", "digest"):
        return 16
    if field.kind == "currency":
        return 2
    if field.type == Type.TYPE_ENUM or field.kind == "outcome":
        return 2 if field.greatest > 255 or field.type_name in WIDE_ENUMS else 1
    return 4 if field.type == Type.TYPE_UINT32 else 8


def struct(row):
    lines = "".join(commented(f"{c_type(field)} {member_name(field)};", field.comment) for field in row.message.fields)
    return f"{comment_of(row.message.comment)}struct {row.name} {{\n{lines}}};\n\n"


def rows_h(rows):
    text = '#include "ledger/fields.h"\n\n' + "".join(enum_declared(rows.enums[name]) for name in sorted(rows.enums))
    # The one that the core's timers are made of stands in ledger/event.h.
    return guarded("ledger/rows.h", text + "".join(struct(row) for row in rows.rows if row.name != "timer"))


# --- Keys ---


def key_arguments(row):
    """As a function takes them: by value what is a number."""
    arguments = []
    for field in row.keys:
        what = c_type(field)
        arguments.append(f"const {what} *{field.name}" if what.startswith("struct") else f"{what} {field.name}")
    return arguments


def key_values(row, noun):
    return ", ".join(f"&{noun}->{field.name}" if c_type(field).startswith("struct") else f"{noun}->{field.name}" for field in row.keys)


def key_is_one(row):
    """It stands in one member as it is, and need not be put together."""
    return len(row.keys) == 0 or (len(row.keys) == 1 and c_type(row.keys[0]).startswith("struct"))


def key_put(field):
    at = field.name
    if field.kind == "id":
        return f"p = pack_bytes(p, {at}->at, sizeof {at}->at);"
    if field.kind in TEXTS:
        return f"p = pack_bytes(p, {at}->at, {at}->size);"
    if field.type == Type.TYPE_INT64:
        return f"p = pack_i64_sorted(p, {at});"
    return f"p = pack_u8(p, (uint8_t){at});"


def key_function(row):
    head = f"key_{row.name}({', '.join(key_arguments(row)) or 'void'})"
    if key_is_one(row):
        at = f"{row.keys[0].name}->at" if row.keys else '""'
        size = "0" if not row.keys else f"sizeof {at}" if row.keys[0].kind == "id" else f"{row.keys[0].name}->size"
        return (f"static inline struct row_key {head}\n{{\n\treturn (struct row_key){{ TABLE_{row.name}, {size}, {at} }};\n}}\n")
    lines = "".join(f"\t{key_put(field)}\n" for field in row.keys)
    return (f"static inline struct state_key {head}\n{{\n\tstruct state_key key;\n\tuint8_t *p = pack_u8(key.at, TABLE_{row.name});\n"
            f"{lines}\tkey.size = (uint8_t)(p - key.at);\n\treturn key;\n}}\n")


def key_size(row):
    """Greatest size of a key, the table's byte too, as C."""
    parts = ["1"]
    for field in row.keys:
        parts.append(TEXT_SIZES[field.kind] if field.kind in TEXTS else str(size_of(field)))
    return " + ".join(parts)


def unkey_lines(row, noun):
    """From a key whose size is right into the noun."""
    lines, at = "", 1
    for field in row.keys:
        name = f"{noun}->{field.name}"
        if field.kind == "id":
            lines += f"\tmemcpy({name}.at, key.at + {at}, sizeof {name}.at);\n"
        elif field.kind == "account":
            lines += f"\tif (!account_id_parse_any(&{name}, (const char *)key.at + {at}, key.size - {at}))\n\t\treturn false;\n"
        elif field.kind in TEXTS:
            lines += f"\ttext64_set(&{name}, (const char *)key.at + {at}, key.size - {at});\n"
        elif field.type == Type.TYPE_INT64:
            lines += f"\t{name} = unpack_i64_sorted(key.at + {at});\n"
        else:
            lines += f"\t{name} = ({c_type(field)})key.at[{at}];\n"
        at += 0 if field.kind in TEXTS else size_of(field)
    least = at + (1 if row.keys and row.keys[-1].kind in TEXTS else 0)
    exact = not (row.keys and row.keys[-1].kind in TEXTS)
    wrong = f"key.size != {least}" if exact else f"key.size < {least}"
    return f"\tif ({wrong})\n\t\treturn false;\n{lines}\treturn true;\n"


# --- Values ---

NUMBERS = {1: "u8", 2: "u16", 4: "u32", 8: "i64"}  # by size, as src/base/pack.h calls them


def pack_line(field):
    if isinstance(field, Flags):
        bits = [f"row->{flag.name}{f' << {bit}' if bit else ''}" for bit, flag in enumerate(field.fields)]
        return f"\tp = pack_u8(p, (uint8_t)({' | '.join(bits)}));\n"
    at = f"row->{member_name(field)}"
    if field.type_name == "Totals":
        names = ("debits_posted", "credits_posted", "debits_pending", "credits_pending")
        return "".join(f"\tp = pack_i64(p, amount_minor({at}.{name}));\n" for name in names)
    if field.kind in TEXTS:
        return f"\tp = pack_bytes(pack_u8(p, {at}.size), {at}.at, {at}.size);\n"
    if field.kind in ("id", "digest"):
        return f"\tp = pack_bytes(p, {at}.at, sizeof {at}.at);\n"
    if field.kind == "minor":
        return f"\tp = pack_i64(p, amount_minor({at}));\n"
    size = size_of(field)
    cast = f"(uint{8 * size}_t)" if size < 4 else ""
    return f"\tp = pack_{NUMBERS[size]}(p, {cast}{at});\n"


def unpack_line(field, at):
    if isinstance(field, Flags):
        return "".join(f"\tret->{flag.name} = p[{at}]{f' >> {bit}' if bit else ''} & 1;\n" for bit, flag in enumerate(field.fields))
    to = f"ret->{member_name(field)}"
    if field.type_name == "Totals":
        names = ("debits_posted", "credits_posted", "debits_pending", "credits_pending")
        return "".join(f"\t{to}.{name} = amount_of(unpack_i64(p + {at + 8 * i}));\n" for i, name in enumerate(names))
    if field.kind in ("id", "digest"):
        return f"\tmemcpy({to}.at, p + {at}, sizeof {to}.at);\n"
    if field.kind == "minor":
        return f"\t{to} = amount_of(unpack_i64(p + {at}));\n"
    size = size_of(field)
    cast = f"({c_type(field)})" if size < 4 else ""
    read = f"p[{at}]" if size == 1 else f"unpack_{NUMBERS[size]}(p + {at})"
    return f"\t{to} = {cast}{read};\n"


def unpack_text(field):
    to = f"ret->{member_name(field)}"
    if field.kind == "account":
        read = (f"\tif (!account_id_parse_any(&{to}, (const char *)p + 1, p[0]))\n"
                f"\t\t{to} = (struct account_id){{ 0 }};\n")
    else:
        read = f"\ttext64_set(&{to}, (const char *)p + 1, p[0]);\n"
    return read + "\tp += 1 + p[0];\n"


def fixed_size(row):
    return sum(size_of(field) for field in fixed(row)) or (0 if texts(row) else 1)


def pack_function(row):
    lines = "".join(pack_line(field) for field in fixed(row) + texts(row)) or "\tp = pack_u8(p, 0);\n\t(void)row;\n"
    return (f"size_t {row.name}_pack(const struct {row.name} *row, uint8_t *ret)\n{{\n\tuint8_t *p = ret;\n{lines}"
            f"\treturn (size_t)(p - ret);\n}}\n\n")


def unpack_function(row):
    lines, at = "", 0
    for field in fixed(row):
        lines += unpack_line(field, at)
        at += size_of(field)
    if texts(row):
        lines += f"\tp += {at};\n" + "".join(unpack_text(field) for field in texts(row))
    elif not lines:
        lines = "\t(void)p;\n\t(void)ret;\n"
    return f"void {row.name}_unpack(const uint8_t *p, struct {row.name} *ret)\n{{\n{lines}}}\n\n"


# --- Soundness ---


def wrong(field):
    """C that is true where a member can't have been written here; None: it may be anything."""
    at = f"row.{member_name(field)}"
    if is_checked_alike(field):
        return value_wrong(at, field)
    if field.type_name == "Totals":
        return f"!totals_are_sound(&{at})"
    if field.kind == "currency":
        none = f"{at} != CURRENCY_none && " if field.may_be("absent") else ""
        return f"{none}currency_name({at})[0] == '\\0'"
    if field.kind == "minor":
        return None if field.may_be("negative") else f"!total_is_sound({at})"
    if field.kind == "sequence":
        return f"{at} < 1"
    if field.kind == "time":
        return f"{at} < 0 || {at} > ID_TIME_MS_MAX"
    return f"{at} < 0" if field.type == Type.TYPE_INT64 and not field.may_be("negative") else None


def flag_lines(row):
    """Bits that nobody writes."""
    lines, at = "", 0
    for field in fixed(row):
        if isinstance(field, Flags):
            lines += f"\tif (value.at[{at}] > {2 ** len(field.fields) - 1})\n\t\treturn false;\n"
        at += size_of(field)
    return lines


def sound_function(row):
    text = f"static bool {row.name}_is_sound(struct bytes key, struct bytes value)\n{{\n\tstruct {row.name} row;\n"
    if texts(row):
        text += f"\tif (value.size < {fixed_size(row)})\n\t\treturn false;\n"
        text += f"\tstruct bytes rest = {{ value.at + {fixed_size(row)}, value.size - {fixed_size(row)} }};\n"
        for field in texts(row):
            text += f"\tif (!sized_skip(&rest, {TEXT_SIZES[field.kind]}))\n\t\treturn false;\n"
        text += "\tif (rest.size != 0)\n\t\treturn false;\n"
    else:
        text += f"\tif (value.size != {fixed_size(row)})\n\t\treturn false;\n"
    text += flag_lines(row) if row.values else "\tif (value.at[0] != 0)\n\t\treturn false;\n"
    text += f"\tif (!{row.name}_unkey(key, &row))\n\t\treturn false;\n\t{row.name}_unpack(value.at, &row);\n"
    for field in row.message.fields:
        if wrong(field):
            text += f"\tif ({wrong(field)})\n\t\treturn false;\n"
    last = f"{row.name}_is_consistent(&row)" if "checked" in row.message.words else "true"
    return text + f"\treturn {last};\n}}\n\n"


# --- Files ---


def value_size_max(row):
    parts = [str(fixed_size(row))] + [f"1 + {TEXT_SIZES[field.kind]}" for field in texts(row)]
    return " + ".join(parts)


def layout(row):
    """What a store rests on: one line a field."""
    lines = [f"table {row.table} {row.name}\n"]
    for part, fields in (("key", row.keys), ("value", fixed(row) + texts(row))):
        for field in fields:
            name = "+".join(flag.name for flag in field.fields) if isinstance(field, Flags) else field.name
            lines.append(f"  {part} {name} {'text' if field.kind in TEXTS else size_of(field)}\n")
    return "".join(lines)


def pin(row, number):
    """The number is in the digest, too, so that a new layout can't be given the old number."""
    return number, f"{zlib.crc32(f'{number} {layout(row)}'.encode()):08x}"


def format_of(rows):
    """Each new table, and each new layout of one, gives stores another number."""
    wrongs = []
    for row in rows.rows:
        number, digest = row.layout
        if pin(row, number) != (number, digest):
            number, digest = pin(row, number + 1)
            wrongs.append(f"{row.message.place}: {row.message.name} has a new layout: its comment has to begin with "
                          f"`[table {row.table}, layout {number} {digest}`, so that stores of before are rebuilt")
    if wrongs:
        sys.exit("\n".join(wrongs))
    return sum(row.layout[0] for row in rows.rows)


def tables_h(rows, number):
    table_list = "".join(f"\tTABLE_{row.name} = {row.table},\n" for row in rows.rows)
    text = '#include "ledger/event.h"\n#include "ledger/rows.h"\n\n'
    text += "/* The first byte of every key. Numbers are never reused. */\nenum table {\n"
    text += f"\tTABLE_position = 0, /* where the checkpoint stands; the shard's, not of the digest */\n{table_list}}};\n"
    text += f"enum {{ TABLE_LAST = {rows.rows[-1].table} }};\n\n"
    text += "/* Of keys, packing and all that: the sum of the layouts' numbers. */\n"
    text += f"enum {{ STATE_FORMAT = {number} }};\n\n"
    keys = "".join(f"\tKEY_SIZE_{row.name} = {key_size(row)},\n" for row in rows.rows)
    values = "".join(f"\tVALUE_SIZE_{row.name} = {value_size_max(row)},\n" for row in rows.rows)
    text += f"/* At most. */\nenum {{\n{keys}{values}}};\n\n"
    for row in rows.rows:
        text += f"size_t {row.name}_pack(const struct {row.name} *row, uint8_t *ret);\n"
        text += f"void {row.name}_unpack(const uint8_t *p, struct {row.name} *ret); /* all but the key */\n"
        text += f"bool {row.name}_unkey(struct bytes key, struct {row.name} *ret); /* the key; false: it is none */\n"
    return guarded("state/tables.h", text)


def keys_h(rows):
    return guarded("state/table_keys.h", '#include "base/pack.h"\n#include "state/rows.h"\n\n' + "\n".join(key_function(row) for row in rows.rows))


def tables_c(rows):
    text = HEAD + '#include "state/checks.h"\n#include "state/keys.h"\n\n#include "base/pack.h"\n\n#include <assert.h>\n\n'
    for row in rows.rows:
        text += f'_Static_assert((int)KEY_SIZE_{row.name} <= (int)STATE_KEY_SIZE_MAX, "keys fit");\n'
        text += f'_Static_assert((int)VALUE_SIZE_{row.name} <= (int)STATE_VALUE_SIZE_MAX, "values fit");\n'
    text += "\n"
    for row in rows.rows:
        text += pack_function(row) + unpack_function(row)
        body = unkey_lines(row, "ret")
        unused = "" if "ret" in body.replace("return", "") else "\t(void)ret;\n"
        text += f"bool {row.name}_unkey(struct bytes key, struct {row.name} *ret)\n{{\n{unused}{body}}}\n\n"
        text += sound_function(row)
    text += "size_t table_value_size_max(uint8_t table)\n{\n\tswitch ((enum table)table) {\n"
    text += "".join(f"\tcase TABLE_{row.name}:\n\t\treturn VALUE_SIZE_{row.name};\n" for row in rows.rows)
    text += "\tcase TABLE_position:\n\t\tbreak;\n\t}\n\tassert(table != table);\n\treturn 0;\n}\n\n"
    text += "bool row_is_sound(struct bytes key, struct bytes value)\n{\n"
    text += "\tif (key.size == 0 || key.size > STATE_KEY_SIZE_MAX || !value.at)\n\t\treturn false;\n"
    text += "\tswitch ((enum table)key.at[0]) {\n"
    text += "".join(f"\tcase TABLE_{row.name}:\n\t\treturn {row.name}_is_sound(key, value);\n" for row in rows.rows)
    return text + "\tcase TABLE_position:\n\t\tbreak;\n\t}\n\treturn false;\n}\n"


def view_head(row):
    arguments = "".join(f"{argument}, " for argument in key_arguments(row))
    return f"enum answer view_{row.name}(const struct state *state, {arguments}struct {row.name} *ret)"


def made_views(rows):
    return [row for row in rows.rows if "by hand" not in row.message.words]


def views_h(rows):
    text = '#include "state/answer.h"\n#include "state/tables.h"\n\nstruct state;\n\n' + "".join(f"{view_head(row)};\n" for row in made_views(rows))
    return guarded("state/views.h", text)


def zero_at_first(row):
    """Who reads it need not know whether it is there yet."""
    if "zero at first" not in row.message.words:
        return ""
    copies = "".join(f"\t\tret->{field.name} = {'*' if c_type(field).startswith('struct') else ''}{field.name};\n" for field in row.keys)
    return f" else if (answer == ANSWER_ABSENT) {{\n\t\t*ret = (struct {row.name}){{ 0 }};\n{copies}\t\tanswer = ANSWER_PRESENT;\n\t}}"


def drop_head(row):
    return f"void mutate_{row.name}_drop(struct state *state, {', '.join(key_arguments(row))})"


def drop_function(row):
    before, key = key_of(row, ", ".join(field.name for field in row.keys))
    return f"{drop_head(row)}\n{{\n{before}\trows_put(state->rows, {key}, NULL, 0);\n}}\n\n"


def changes_h(rows):
    text = '#include "state/views.h"\n\n'
    text += "".join(f"void mutate_{row.name}(struct state *state, const struct {row.name} *row);\n" for row in made_views(rows))
    text += "".join(f"{drop_head(row)};\n" for row in made_views(rows) if "dropped" in row.message.words)
    return guarded("state/changes.h", text)


def key_of(row, values):
    """The key as rows_find takes it, and what has to be written before it."""
    if key_is_one(row):
        return "", f"key_{row.name}({values})"
    return f"\tstruct state_key key = key_{row.name}({values});\n", "row_key_of(&key)"


def views_c(rows):
    text = HEAD + '#include "state/keys.h"\n#include "state/mutate.h"\n#include "state/view.h"\n\n#include <assert.h>\n\n'
    for row in made_views(rows):
        before, key = key_of(row, ", ".join(field.name for field in row.keys))
        copies = "".join(f"\t\tret->{field.name} = {'*' if c_type(field).startswith('struct') else ''}{field.name};\n" for field in row.keys)
        there = "".join(f"\tassert({field.name}->size != 0);\n" for field in row.keys if field.kind == "account")
        text += (f"{view_head(row)}\n{{\n{there}\tconst uint8_t *value;\n{before}"
                 f"\tenum answer answer = rows_find(state->rows, {key}, &value);\n\tif (answer == ANSWER_PRESENT) {{\n{copies}"
                 f"\t\t{row.name}_unpack(value, ret);\n\t}}{zero_at_first(row)}\n\treturn answer;\n}}\n\n")
        before, key = key_of(row, key_values(row, "row"))
        text += (f"void mutate_{row.name}(struct state *state, const struct {row.name} *row)\n{{\n{before}"
                 f"\tuint8_t value[VALUE_SIZE_{row.name}];\n\trows_put(state->rows, {key}, value, {row.name}_pack(row, value));\n}}\n\n")
        if "dropped" in row.message.words:
            text += drop_function(row)
    return text.rstrip() + "\n"


def names_c(rows):
    return HEAD + '#include "ledger/rows.h"\n\n' + "".join(enum_names(rows.enums[name]) for name in sorted(rows.enums))


def noun_files(rows):
    return {"rows.h": rows_h(rows), "row_names.c": names_c(rows)}


def tables_def(rows):
    """X macros for whatever treats all tables alike."""
    return HEAD + "".join(f"TABLE({row.table}, {row.name})\n" for row in rows.rows)


def state_files(rows):
    return {
        "tables.def": tables_def(rows),
        "tables.h": tables_h(rows, format_of(rows)),
        "tables.c": tables_c(rows),
        "table_keys.h": keys_h(rows),
        "views.h": views_h(rows),
        "changes.h": changes_h(rows),
        "views.c": views_c(rows),
        "layout.txt": "".join(layout(row) for row in rows.rows),
    }
