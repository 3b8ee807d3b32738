# SPDX-License-Identifier: Apache-2.0
"""The contract, and the rows of the state, as their generator sees them: read from protoc's descriptor set, with what the
comments say in brackets.

A field's comment may begin with words in brackets, which say what protobuf's types do not: `[account]`, `[id, may be absent]`.
A command's comment says `Topic: commands.`, a row's `[table 5, layout 1 fa98c3fd]`. Whatever is not known here, or lacks its word, ends the build
with its line.
"""
import dataclasses
import re
import sys

from google.protobuf import descriptor_pb2

Type = descriptor_pb2.FieldDescriptorProto

# The words that say what a field's bytes are, by protobuf's type. None: it may go without one.
KINDS = {
    Type.TYPE_STRING: {"account", "currency", "party", "reference", "reason", "text"},
    Type.TYPE_BYTES: {"id", "digest"},
    Type.TYPE_INT64: {None, "minor", "sequence", "time"},
    Type.TYPE_UINT32: {None, "outcome"},
    Type.TYPE_ENUM: {None},
    Type.TYPE_BOOL: {None},
    Type.TYPE_MESSAGE: {None},
}
KIND_WORDS = {word for words in KINDS.values() for word in words if word}
# Of a value that is not there, is below zero, or is worked out from another field and so has no member of its own.
MORE_WORDS = {"may be absent", "may be negative", "derived"}
# Of an outcome: an operator's word and no input's outcome; one that has postings; one that says of payments that they are final;
# one whose payment is not, and another event follows; one that is that event, of its payment_id.
EVENT_WORDS = {"answers no input", "moves money", "settles", "under way", "ends a payment"}
# What can be absent at all: where it is, its bytes say so. A number or a flag that is zero says no more than that.
ABSENT_KINDS = {"id", "digest", "currency"}
ABSENT_TYPES = {Type.TYPE_ENUM, Type.TYPE_MESSAGE}
# Of a row's field: a part of its key, in the order of their numbers.
ROW_FIELD_WORDS = {"may be absent", "may be negative", "key"}
# Of no size of their own. Of a key one is the rest.
TEXTS = {"account", "party", "reference", "reason", "text"}
# Of a row: what is looked up and changed by functions of its own (state/view.c); one whose fields have to fit each other; one that
# goes when it is over; one that is all zero as long as it is not there.
ROW_WORDS = {"by hand", "checked", "dropped", "zero at first"}
# Their numbers have room in them; they have a registry of their own, ledger/rejects.def.
SPARSE_ENUMS = {"Reject"}
# Of a reject: whether a row is kept for the command's id.
REJECT_ROWS = {"no row", "row"}
# Of a command: it may come without a party; one shard's owner sends it to another, and it is known by its number.
COMMAND_WORDS = {"may have no party", "of a shard"}
# A tag of two bytes: what src/wire/bounds.c counts for each field.
NUMBER_MAX = 2047
# The first byte of a key.
TABLE_MAX = 255


class Place:
    """Where something stands in the contract, to say what is wrong with it."""

    def __init__(self, file, path):
        self.file = file
        self.path = tuple(path)

    def inner(self, *path):
        return Place(self.file, self.path + path)

    def location(self):
        for location in self.file.source_code_info.location:
            if tuple(location.path) == self.path:
                return location
        return None

    def comment(self):
        location = self.location()
        if location is None:
            return ""
        text = location.trailing_comments or location.leading_comments
        return " ".join(text.split())

    def __str__(self):
        location = self.location()
        line = location.span[0] + 1 if location else 0
        folder = "src/state" if self.file.package == "pinion.rows" else "proto"
        return f"{folder}/{self.file.name}:{line}"

    def die(self, text):
        sys.exit(f"{self}: {text}")


@dataclasses.dataclass
class Field:
    name: str
    number: int
    type: int
    type_name: str  # of an enum or a message: its last part
    kind: str  # one of KINDS, or None
    words: frozenset
    comment: str
    place: Place
    greatest: int = 0  # in a row: of the numbers that an enum, or an outcome, can have
    is_choice: bool = False  # on the wire a message with one arm of a oneof, which is all that it says: else an enum

    def may_be(self, what):
        return f"may be {what}" in self.words


@dataclasses.dataclass
class Message:
    name: str
    domain: str  # the file that it stands in
    words: frozenset
    comment: str
    fields: list
    place: Place

    @property
    def snake(self):
        return snake(self.name)


@dataclasses.dataclass
class Enum:
    name: str
    comment: str
    values: list  # (name in lower case without the enum's, number, comment), but for the one that is unspecified

    @property
    def snake(self):
        return snake(self.name)


@dataclasses.dataclass
class Arm:
    """Of Command.body or Event.outcome."""

    number: int
    name: str
    message: Message
    topic: str  # of a command

    @property
    def version(self):
        found = re.search(r"_v(\d+)$", self.name)
        return int(found.group(1)) if found else 1

    @property
    def stem(self):
        return re.sub(r"_v\d+$", "", self.name)


@dataclasses.dataclass
class Reject:
    name: str
    number: int
    retry: str  # one of enum Retry
    keeps: str  # one of REJECT_ROWS
    text: str  # what was wrong
    advice: str  # what to do
    carries: list  # fields of CommandRejected


def snake(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def words_of(place, comment, known):
    """The words in brackets, and the comment without them."""
    found = re.match(r"\[([^\]]*)\]\s*(.*)", comment)
    if not found:
        return frozenset(), comment
    words = frozenset(word.strip() for word in found.group(1).split(","))
    for word in sorted(words - known):
        place.die(f"[{word}]: no such word: one of {', '.join(sorted(known))}")
    return words, found.group(2)


def words_fit(place, descriptor, kind, words):
    """A word that nothing is made of would be believed by whoever reads it."""
    if "may be absent" in words and kind not in ABSENT_KINDS and descriptor.type not in ABSENT_TYPES:
        place.die(f"{descriptor.name}: [may be absent] is for {', '.join(sorted(ABSENT_KINDS))}, an enum or a message")
    if "may be negative" in words and (descriptor.type != Type.TYPE_INT64 or kind not in (None, "minor")):
        place.die(f"{descriptor.name}: [may be negative] is for minor, or an int64 of no kind")
    if "derived" in words and descriptor.type != Type.TYPE_ENUM:
        place.die(f"{descriptor.name}: [derived] is for an enum")


def field_read(place, descriptor, messages, choices, known):
    """messages, choices: by name, those that it may be. known: the words that it may have beside its kind."""
    if descriptor.type not in KINDS:
        place.die(f"{descriptor.name}: no field of this type is made yet")
    if descriptor.number > NUMBER_MAX:
        place.die(f"{descriptor.name}: its number has to be at most {NUMBER_MAX}")
    if descriptor.label == Type.LABEL_REPEATED:
        place.die(f"{descriptor.name}: no list is made yet")
    words, comment = words_of(place, place.comment(), KIND_WORDS | known)
    kinds = words & KIND_WORDS
    kind = next(iter(kinds)) if len(kinds) == 1 else None
    if len(kinds) > 1 or kind not in KINDS[descriptor.type]:
        wanted = ", ".join(sorted(word or "none" for word in KINDS[descriptor.type]))
        place.die(f"{descriptor.name}: its comment has to begin with one of these in brackets: {wanted}")
    type_name = descriptor.type_name.rsplit(".", 1)[-1]
    is_choice = descriptor.type == Type.TYPE_MESSAGE and type_name in choices
    if descriptor.type == Type.TYPE_MESSAGE and type_name not in messages and not is_choice:
        place.die(f"{descriptor.name}: no message but {', '.join(messages)} and choices stands here yet")
    words_fit(place, descriptor, kind, words)
    what = Type.TYPE_ENUM if is_choice else descriptor.type
    return Field(descriptor.name, descriptor.number, what, type_name, kind, words, comment, place, is_choice=is_choice)


def enum_read(place, descriptor):
    prefix = snake(descriptor.name).upper() + "_"
    values = []
    for index, value in enumerate(descriptor.value):
        here = place.inner(2, index)
        if not value.name.startswith(prefix):
            here.die(f"{value.name} does not begin with {prefix}")
        name = value.name[len(prefix):].lower()
        if (name == "unspecified") != (value.number == 0):
            here.die(f"{value.name}: zero, and nothing else, is unspecified")
        if value.number != 0:
            values.append((name, value.number, here.comment()))
    values.sort(key=lambda value: value[1])
    if descriptor.name not in SPARSE_ENUMS and [number for _, number, _ in values] != list(range(1, len(values) + 1)):
        place.die(f"{descriptor.name}: its numbers have to be 1, 2, 3 and so on")
    return Enum(descriptor.name, place.comment(), values)


def choice_read(place, descriptor, sizes):
    """A message that is one arm of a oneof; sizes: how many fields each message has."""
    if len(descriptor.oneof_decl) != 1 or descriptor.oneof_decl[0].name != snake(descriptor.name):
        place.die(f"{descriptor.name}: a choice is one oneof, and has its name")
    values = []
    for index, field in enumerate(descriptor.field):
        here = place.inner(2, index)
        if not field.HasField("oneof_index"):
            here.die(f"{field.name}: a choice has arms and nothing beside them")
        if field.type != Type.TYPE_MESSAGE or sizes.get(field.type_name) != 0:
            here.die(f"{field.name}: no arm of a choice that says more is made yet: its message has to be an empty one")
        values.append((field.name, field.number, here.comment()))
    values.sort(key=lambda value: value[1])
    if [number for _, number, _ in values] != list(range(1, len(values) + 1)):
        place.die(f"{descriptor.name}: its numbers have to be 1, 2, 3 and so on")
    return Enum(descriptor.name, words_of(place, place.comment(), {"choice"})[1], values)


def choices_of(files):
    sizes = {f".{file.package}.{message.name}": len(message.field) for file in files for message in file.message_type}
    found = ((Place(file, (4, index)), message) for file in files for index, message in enumerate(file.message_type))
    return {message.name: choice_read(place, message, sizes) for place, message in found if place.comment().startswith("[choice]")}


def files_read(path):
    with open(path, "rb") as file:
        return descriptor_pb2.FileDescriptorSet.FromString(file.read()).file


def enums_of(files):
    return {enum.name: enum_read(Place(file, (5, index)), enum) for file in files for index, enum in enumerate(file.enum_type)}


def reject_read(place, name, number, retries, fields):
    found = re.match(r"\[([^,\]]*), ([^\]]*)\] (.+?) To do: (.+?)(?: Carries: (.+))?$", place.comment())
    if not found:
        place.die(f"{name}: its comment has to be `[retry, row] what was wrong`, `To do: what`, and where fields come with it `Carries: fields`")
    retry, keeps, text, advice, carries = found.groups()
    for word, known in ((retry, retries), (keeps, REJECT_ROWS)):
        if word not in known:
            place.die(f"{name}: [{word}] is none of {', '.join(sorted(known))}")
    carries = carries.split(", ") if carries else []
    for field in carries:
        if field not in fields:
            place.die(f"{name}: it can't carry {field}: CommandRejected has {', '.join(sorted(fields))}")
    if re.search(r'["\\]', text + advice):
        place.die(f"{name}: quotes and backslashes can't be said")
    return Reject(name, number, retry, keeps, text, advice, carries)


def rejects_read(files, retries, fields):
    """In the order of the file, which is that of the checks."""
    rejects = []
    for file in files:
        for index, enum in enumerate(file.enum_type):
            if enum.name != "Reject":
                continue
            for at, value in enumerate(enum.value):
                if value.number != 0:
                    place = Place(file, (5, index, 2, at))
                    rejects.append(reject_read(place, value.name[len("REJECT_"):].lower(), value.number, retries, fields))
    return rejects


@dataclasses.dataclass
class Row:
    table: int
    layout: tuple  # (number, digest) that its comment says; (0, None) of a new one
    message: Message

    @property
    def name(self):
        return self.message.snake

    @property
    def keys(self):
        return [field for field in self.message.fields if "key" in field.words]

    @property
    def values(self):
        return [field for field in self.message.fields if "key" not in field.words]


def keys_fit(row):
    """A text is the rest of a key, so nothing can stand behind it."""
    for field in row.keys:
        if field.kind not in TEXTS | {"id"} and field.type not in (Type.TYPE_INT64, Type.TYPE_ENUM):
            field.place.die(f"{field.name}: no key of this type is made yet")
        if field.kind in TEXTS and field is not row.keys[-1]:
            field.place.die(f"{field.name}: a text has to be the last of a key")
        if field.greatest > 255:
            field.place.die(f"{field.name}: in a key an enum has a byte, and its numbers go to {field.greatest}")


def row_read(place, descriptor, greatest, choices):
    """greatest: of the numbers of each enum, and of an outcome (None), by name."""
    comment = place.comment()
    found = re.match(r"\[table (\d+)(?:, layout (\d+) ([0-9a-f]{8}))?(?:, )?([^\]]*)\]\s*(.*)", comment)
    if not found or not 1 <= int(found.group(1)) <= TABLE_MAX:
        place.die(f"{descriptor.name}: its comment has to begin with [table N], 1 to {TABLE_MAX}")
    table, number, digest, words, rest = found.groups()
    words, rest = words_of(place, f"[{words}] {rest}" if words else rest, ROW_WORDS)
    if "by hand" in words and words & {"dropped", "zero at first"}:
        place.die(f"{descriptor.name}: [by hand] is looked up and changed by functions of its own: it can't be [dropped] or [zero at first]")
    fields = [field_read(place.inner(2, index), field, ["Totals"], choices, ROW_FIELD_WORDS) for index, field in enumerate(descriptor.field)]
    for field in fields:
        field.greatest = greatest.get(None if field.kind == "outcome" else field.type_name, 0)
    domain = place.file.name.rsplit("/", 1)[-1].removesuffix(".proto")
    fields.sort(key=lambda field: field.number)
    row = Row(int(table), (int(number or 0), digest), Message(descriptor.name, domain, words, rest, fields, place))
    keys_fit(row)
    return row


def outcome_greatest(files):
    """Of the numbers of Event's arms; they are read whole by Schema."""
    events = [message for file in files for message in file.message_type if file.package == "pinion.v1" and message.name == "Event"]
    return max((field.number for event in events for field in event.field if field.HasField("oneof_index")), default=0)


class Rows:
    """Tables in the order of their numbers, and the enums that only rows have."""

    def __init__(self, path):
        files = files_read(path)
        choices = choices_of(files)
        self.all_enums = enums_of(files) | choices
        own = [file for file in files if file.package == "pinion.rows"]
        self.enums = enums_of(own)
        greatest = {name: max(number for _, number, _ in enum.values) for name, enum in self.all_enums.items()}
        greatest[None] = outcome_greatest(files)
        found = [row_read(Place(file, (4, index)), message, greatest, choices)
                 for file in own for index, message in enumerate(file.message_type) if message.name != "Totals"]
        self.rows = sorted(found, key=lambda row: row.table)
        for before, after in zip(self.rows, self.rows[1:]):
            if before.table == after.table:
                after.message.place.die(f"{after.message.name}: table {after.table} is {before.message.name} already")
        for number, row in enumerate(self.rows, 1):
            if row.table != number:
                row.message.place.die(f"{row.message.name}: the table before it has to be {number}: a table that is gone keeps its message")


class Schema:
    """commands and events are arms in the order of their numbers; enums are by name."""

    def __init__(self, path):
        files = files_read(path)
        self.choices = choices_of(files)
        self.enums = enums_of(files) | self.choices
        self.descriptors = {message.name: (Place(file, (4, index)), message)
                            for file in files for index, message in enumerate(file.message_type)}
        self.rejects = rejects_read(files, {name for name, _, _ in self.enums["Retry"].values},
                                    {field.name for field in self.descriptors["CommandRejected"][1].field})
        self.commands = self._arms("Command", "body", has_topic=True)
        self.events = self._arms("Event", "outcome", has_topic=False)

    def message(self, name, known, field_words):
        place, descriptor = self.descriptors[name]
        fields = [field_read(place.inner(2, index), field, ["Amount"], self.choices, field_words) for index, field in enumerate(descriptor.field)]
        domain = place.file.name.rsplit("/", 1)[-1].removesuffix(".proto")
        words, comment = words_of(place, place.comment(), known)
        return Message(name, domain, words, comment, sorted(fields, key=lambda field: field.number), place)

    def before(self, name):
        """How many fields of a message stand before its arms."""
        return sum(1 for field in self.descriptors[name][1].field if not field.HasField("oneof_index"))

    def _arms(self, name, oneof, has_topic):
        place, descriptor = self.descriptors[name]
        known, field_words = (COMMAND_WORDS, {"may be absent"}) if has_topic else (EVENT_WORDS, MORE_WORDS)
        arms = []
        for index, field in enumerate(descriptor.field):
            if not field.HasField("oneof_index") or descriptor.oneof_decl[field.oneof_index].name != oneof:
                continue
            message = self.message(field.type_name.rsplit(".", 1)[-1], known, field_words)
            here = place.inner(2, index)
            if field.number > NUMBER_MAX:
                here.die(f"{field.name}: its number has to be at most {NUMBER_MAX}")
            if message.snake != field.name:
                here.die(f"{field.name}: its message has to have its name, not {message.name}")
            topic = self._topic(message) if has_topic else None
            arms.append(Arm(field.number, field.name, message, topic))
        others = [field.number for field in descriptor.field if not field.HasField("oneof_index")]
        if arms and max(others) > min(arm.number for arm in arms):
            place.die(f"{name}: the arms of {oneof} have to have its greatest numbers")
        return sorted(arms, key=lambda arm: arm.number)

    def _topic(self, message):
        found = re.findall(r"\bTopic: (\w+)\.", message.comment)
        topics = [name for name, _, _ in self.enums["Topic"].values]
        if len(found) != 1 or found[0] not in topics:
            message.place.die(f"{message.name}: its comment has to say `Topic: NAME.`, one of {', '.join(topics)}")
        return found[0]
