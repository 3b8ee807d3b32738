/* SPDX-License-Identifier: Apache-2.0 */
/* A table's line as a command: every field can be set, also wrongly. */
#include "table.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

bool outcome_word(const char *word)
{
	if (strcmp(word, "reject") == 0)
		return true;
#define EVENT(number, name, file)     \
	if (strcmp(word, #name) == 0) \
		return true;
#include "ledger/events.def"
#undef EVENT
	return false;
}

bool duration_read(const char *word, int64_t *ret_ms)
{
	static const struct {
		const char *name;
		int64_t ms;
	} units[] = { { "ms", 1 }, { "d", 86400000 }, { "h", 3600000 }, { "m", 60000 },
		{ "s", 1000 } };
	int64_t sum = 0, sign = *word == '-' ? -1 : 1;
	word += *word == '-' || *word == '+';
	while (*word) {
		char *end;
		int64_t number = strtoll(word, &end, 10);
		size_t i = 0;
		if (end == word)
			return false;
		while (i < 5 && strncmp(end, units[i].name, strlen(units[i].name)) != 0)
			i++;
		if (i == 5)
			return false;
		sum += number * units[i].ms;
		word = end + strlen(units[i].name);
	}
	*ret_ms = sign * sum;
	return true;
}

bool amount_read(const char *word, enum currency currency, struct amount *ret)
{
	unsigned exponent = currency == CURRENCY_none ? 2 : currency_exponent(currency);
	bool is_negative = *word == '-';
	unsigned decimals = 0;
	bool has_point = false;
	uint64_t minor = 0;
	word += is_negative;
	if (!*word)
		return false;
	for (; *word; word++) {
		if (*word == '.' && !has_point) {
			has_point = true;
			continue;
		}
		if (!isdigit((unsigned char)*word))
			return false;
		minor = minor * 10 + (uint64_t)(*word - '0');
		decimals += has_point;
	}
	if (decimals > exponent)
		return false;
	for (; decimals < exponent; decimals++)
		minor *= 10;
	*ret = amount_of(is_negative ? -(int64_t)minor : (int64_t)minor);
	return true;
}

struct label *label_find(struct sheet *table, const char *name)
{
	for (size_t i = 0; i < table->label_count; i++)
		if (strcmp(table->labels[i].name, name) == 0)
			return &table->labels[i];
	return NULL;
}

static struct id id_new(struct sheet *table, int64_t time_ms)
{
	struct id id = id_floor_of_time(time_ms);
	uint32_t n = ++table->ids_made;
	id.at[6] = 0x70;
	id.at[8] = 0x80;
	for (int i = 0; i < 4; i++)
		id.at[12 + i] = (uint8_t)(n >> (24 - 8 * i));
	return id;
}

static struct label *label_new(struct sheet *table, const char *name, int64_t time_ms)
{
	if (table->label_count == LABELS_MAX || strlen(name) > LABEL_SIZE_MAX)
		return NULL;
	struct label *label = &table->labels[table->label_count++];
	*label = (struct label){ .id = id_new(table, time_ms) };
	memcpy(label->name, name, strlen(name) + 1);
	return label;
}

/* An `a*65` is spelt out. */
static void value_expand(const char *value, char ret[WORD_SIZE_MAX])
{
	size_t n = 0;
	for (; *value && n + 1 < WORD_SIZE_MAX; value++) {
		if (*value != '*' || n == 0) {
			ret[n++] = *value;
			continue;
		}
		char *end;
		long times = strtol(value + 1, &end, 10);
		char c = ret[n - 1];
		for (n--; times > 0 && n + 1 < WORD_SIZE_MAX; times--)
			ret[n++] = c;
		value = end - 1;
	}
	ret[n] = '\0';
}

static struct account_id *account_field(struct command *command, const char *key)
{
	bool is_from = strcmp(key, "from_account") == 0, is_to = strcmp(key, "to_account") == 0;
	bool is_account = strcmp(key, "account") == 0;
	switch (command->kind) {
	case COMMAND_account_open:
		return is_account ? &command->account_open.account : NULL;
	case COMMAND_account_close:
		return is_account ? &command->account_close.account : NULL;
	case COMMAND_funds_receive:
		return is_to ? &command->funds_receive.to_account : NULL;
	case COMMAND_transfer_create:
		if (is_from)
			return &command->transfer_create.from_account;
		return is_to ? &command->transfer_create.to_account : NULL;
	case COMMAND_hold_create:
		if (is_from)
			return &command->hold_create.from_account;
		return is_to ? &command->hold_create.to_account : NULL;
	case COMMAND_none:
	case COMMAND_tick:
	case COMMAND_party_open:
	case COMMAND_hold_capture:
	case COMMAND_hold_release:
		break;
	}
	return NULL;
}

static struct money *money_field(struct command *command)
{
	switch (command->kind) {
	case COMMAND_funds_receive:
		return &command->funds_receive.amount;
	case COMMAND_transfer_create:
		return &command->transfer_create.amount;
	case COMMAND_hold_create:
		return &command->hold_create.amount;
	case COMMAND_hold_capture:
		return &command->hold_capture.amount;
	case COMMAND_none:
	case COMMAND_tick:
	case COMMAND_party_open:
	case COMMAND_account_open:
	case COMMAND_account_close:
	case COMMAND_hold_release:
		break;
	}
	return NULL;
}

static bool money_set(
	struct sheet *table, struct command *command, const char *key, const char *value)
{
	struct money *money = money_field(command);
	enum currency currency = currency_by_name(value, strlen(value));
	if (strcmp(key, "currency") == 0 && command->kind == COMMAND_account_open) {
		command->account_open.currency = currency;
		return true;
	}
	if (!money)
		return table_wrong(table, "%s has no %s", command_name(command->kind), key);
	money->is_absent = strcmp(value, "absent") == 0;
	if (money->is_absent) {
		*money = (struct money){ .is_absent = true };
		return true;
	}
	if (strcmp(key, "currency") == 0)
		money->currency = currency;
	else if (strcmp(key, "minor") == 0)
		money->amount =
			amount_of(strcmp(value, "max") == 0 ? INT64_MAX : strtoll(value, NULL, 10));
	else if (!amount_read(value, money->currency, &money->amount))
		return table_wrong(table, "no amount: %s", value);
	return true;
}

static bool id_field_set(struct sheet *table, struct id_field *ret, const char *value)
{
	*ret = (struct id_field){ 0 };
	if (strcmp(value, "malformed") == 0) {
		ret->is_malformed = true;
	} else if (strcmp(value, "absent") != 0) {
		struct label *label = label_find(table, value);
		if (!label)
			label = label_new(table, value, table->now_ms);
		if (!label)
			return table_wrong(table, "no label: %s", value);
		ret->id = label->id;
	}
	return true;
}

static bool id_set(struct sheet *table, struct request *request, const char *value)
{
	struct id_field *id = &request->command.id;
	request->has_id = true;
	if (strcmp(value, "v4") == 0) {
		*id = (struct id_field){ .id = id_new(table, table->now_ms) };
		id->id.at[6] = 0x40;
		return true;
	}
	if (!id_field_set(table, id, value))
		return false;
	request->label = label_find(table, value);
	return true;
}

static bool topic_read(struct sheet *table, const char *value, enum topic *ret)
{
	for (enum topic topic = TOPIC_commands; topic <= TOPIC_internal; topic++)
		if (strcmp(topic_name(topic), value) == 0) {
			*ret = topic;
			return true;
		}
	return table_wrong(table, "no topic: %s", value);
}

static bool refusal_read(struct sheet *table, const char *value, enum reject *ret)
{
#define REJECT(number, name, retry, text, advice) \
	if (strcmp(value, #name) == 0) {          \
		*ret = REJECT_##name;             \
		return true;                      \
	}
#include "ledger/rejects.def"
#undef REJECT
	return table_wrong(table, "no reject: %s", value);
}

static bool envelope_set(
	struct sheet *table, struct request *request, const char *key, const char *value, bool *ret)
{
	struct command *command = &request->command;
	*ret = true;
	if (strcmp(key, "id") == 0)
		*ret = id_set(table, request, value);
	else if (strcmp(key, "id_time") == 0)
		*ret = duration_read(value, &request->id_time_ms);
	else if (strcmp(key, "party") == 0)
		text64_set(&command->party, value, strlen(value));
	else if (strcmp(key, "topic") == 0)
		*ret = topic_read(table, value, &request->topic);
	else if (strcmp(key, "body") == 0)
		command->kind = COMMAND_none;
	else if (strcmp(key, "initiator") == 0)
		command->initiator = (int32_t)strtol(value, NULL, 10);
	else if (strcmp(key, "group_id") == 0)
		*ret = id_field_set(table, &command->group_id, value);
	else if (strcmp(key, "reference") == 0)
		text64_set(&command->reference, value, strlen(value));
	else if (strcmp(key, "dry_run") == 0)
		command->dry_run = strcmp(value, "yes") == 0;
	else if (strcmp(key, "refusal") == 0)
		*ret = refusal_read(table, value, &command->refusal);
	else if (strcmp(key, "detail") == 0)
		text64_set(&command->refusal_detail, value, strlen(value));
	else
		return false;
	return true;
}

static bool field_set(
	struct sheet *table, struct request *request, const char *key, const char *raw_value)
{
	struct command *command = &request->command;
	char value[WORD_SIZE_MAX];
	bool is_right;
	value_expand(raw_value, value);
	if (envelope_set(table, request, key, value, &is_right))
		return is_right || table_wrong(table, "no %s: %s", key, value);
	struct account_id *account = account_field(command, key);
	if (account) {
		(void)account_id_parse(account, value, strlen(value));
		return true;
	}
	if (strcmp(key, "amount") == 0 || strcmp(key, "minor") == 0 || strcmp(key, "currency") == 0)
		return money_set(table, command, key, value);

	bool is_hold = command->kind == COMMAND_hold_create;
	bool is_funds = command->kind == COMMAND_funds_receive;
	if (strcmp(key, "kind") == 0 && command->kind == COMMAND_party_open)
		command->party_open.kind = (int32_t)strtol(value, NULL, 10);
	else if (strcmp(key, "account_class") == 0 && command->kind == COMMAND_account_open)
		command->account_open.account_class = (int32_t)strtol(value, NULL, 10);
	else if (strcmp(key, "hold_id") == 0 && command->kind == COMMAND_hold_capture)
		return id_field_set(table, &command->hold_capture.hold_id, value);
	else if (strcmp(key, "hold_id") == 0 && command->kind == COMMAND_hold_release)
		return id_field_set(table, &command->hold_release.hold_id, value);
	else if (strcmp(key, "reason") == 0 && is_hold)
		text64_set(&command->hold_create.reason, value, strlen(value));
	else if (strcmp(key, "expires_in_s") == 0 && is_hold)
		command->hold_create.expires_in_s = strtoll(value, NULL, 10);
	else if (strcmp(key, "rail") == 0 && is_funds)
		command->funds_receive.rail = (int32_t)strtol(value, NULL, 10);
	else if (strcmp(key, "rail_reference") == 0 && is_funds)
		text64_set(&command->funds_receive.rail_reference, value, strlen(value));
	else
		return table_wrong(table, "%s has no %s", command_name(command->kind), key);
	return true;
}

/* What the words after each verb are, in their order. A currency goes before its amount when set.
 */
static const struct verb {
	const char *name;
	enum command_kind kind;
	const char *keys[6];
} verbs[] = {
	{ "party", COMMAND_party_open, { "party", "kind" } },
	{ "account", COMMAND_account_open, { "account", "currency", "account_class" } },
	{ "close", COMMAND_account_close, { "account" } },
	{ "funds", COMMAND_funds_receive,
		{ "to_account", "amount", "currency", "rail_reference" } },
	{ "transfer", COMMAND_transfer_create,
		{ "from_account", "to_account", "amount", "currency" } },
	{ "hold", COMMAND_hold_create,
		{ "from_account", "to_account", "amount", "currency", "reason", "expires_in_s" } },
	{ "capture", COMMAND_hold_capture, { "hold_id", "amount", "currency" } },
	{ "release", COMMAND_hold_release, { "hold_id" } },
	{ "tick", COMMAND_tick, { NULL } },
};
enum { VERB_COUNT = sizeof verbs / sizeof verbs[0], VERB_KEYS_MAX = 6 };

static const char *word_value(const char *key, const char *word)
{
	static const char *const names[][3] = {
		{ "kind", "person", "1" },
		{ "kind", "business", "2" },
		{ "account_class", "asset", "1" },
		{ "account_class", "liability", "2" },
	};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(names[i][0], key) == 0 && strcmp(names[i][1], word) == 0)
			return names[i][2];
	return word;
}

/* Who decides, where no field says it: the party of the account debited or credited, or of the
 * hold. */
static void party_fill(struct sheet *table, struct request *request, const char *first_word)
{
	struct text64 *party = &request->command.party;
	struct label *label = label_find(table, first_word);
	const char *slash = strchr(first_word, '/');
	if (label)
		*party = label->party;
	else if (slash)
		text64_set(party, first_word, (size_t)(slash - first_word));
}

static bool word_is_positional(const struct words *words)
{
	return words->next < words->count && !strchr(words->at[words->next], '=') &&
	       !outcome_word(words->at[words->next]);
}

static bool words_read(
	struct sheet *table, struct words *words, const struct verb *verb, struct request *request)
{
	if (request->command.kind == COMMAND_party_open)
		request->command.party_open.kind = PARTY_KIND_person;
	if (request->command.kind == COMMAND_funds_receive)
		request->command.funds_receive.rail = RAIL_ach;
	if (request->command.kind == COMMAND_hold_capture)
		request->command.hold_capture.amount.is_absent = true;
	if (word_is_positional(words) && verb->kind != COMMAND_party_open)
		party_fill(table, request, words->at[words->next]);

	for (size_t i = 0; i < VERB_KEYS_MAX && verb->keys[i] && word_is_positional(words); i++) {
		const char *key = verb->keys[i], *word = words->at[words->next++];
		if (strcmp(key, "amount") == 0 && words->next < words->count &&
			!field_set(table, request, "currency", words->at[words->next]))
			return false;
		int64_t ms;
		char seconds[32];
		if (strcmp(key, "expires_in_s") == 0 && duration_read(word, &ms)) {
			(void)snprintf(seconds, sizeof seconds, "%lld", (long long)ms / 1000);
			word = seconds;
		}
		if (!field_set(table, request, key, word_value(key, word)))
			return false;
	}
	return true;
}

static bool raw_read(struct sheet *table, struct words *words, struct request *request)
{
	const char *name = words->next < words->count ? words->at[words->next++] : "";
#define COMMAND(number, command_word, topic)  \
	if (strcmp(name, #command_word) == 0) \
		request->command.kind = (enum command_kind)(number);
#include "ledger/commands.def"
#undef COMMAND
	if (request->command.kind == COMMAND_none)
		return table_wrong(table, "no command: %s", name);
	if (money_field(&request->command))
		money_field(&request->command)->is_absent = true;
	request->topic = command_topic(request->command.kind);
	return true;
}

static bool fields_read(struct sheet *table, struct words *words, struct request *request)
{
	while (words->next < words->count && !outcome_word(words->at[words->next])) {
		char *key = words->at[words->next++];
		char *equals = strchr(key, '=');
		if (!equals)
			return table_wrong(table, "unexpected: %s", key);
		*equals = '\0';
		bool is_right = field_set(table, request, key, equals + 1);
		*equals = '=';
		if (!is_right)
			return false;
	}
	return true;
}

/* Where a hold is named too, two labels stand there, or the hold is a field. */
static bool label_stands_first(const struct words *words, enum command_kind kind)
{
	if (!word_is_positional(words) || !isupper((unsigned char)words->at[words->next][0]))
		return false;
	if (kind != COMMAND_hold_capture && kind != COMMAND_hold_release)
		return true;
	if (words->next + 1 == words->count)
		return false;
	const char *second = words->at[words->next + 1];
	return strncmp(second, "hold_id=", 8) == 0 ||
	       (isupper((unsigned char)*second) && !strchr(second, '='));
}

static void digest_make(struct command *command)
{
	struct command copy;
	uint64_t hash[2] = { 0xcbf29ce484222325u, 0x84222325cbf29ce4u };
	memcpy(&copy, command, sizeof copy);
	memset(&copy.id, 0, sizeof copy.id);
	const uint8_t *at = (const uint8_t *)&copy;
	for (size_t i = 0; i < sizeof copy; i++)
		for (int j = 0; j < 2; j++)
			hash[j] = (hash[j] ^ at[i]) * 0x100000001b3u;
	memcpy(command->digest.at, hash, sizeof hash);
}

bool request_read(struct sheet *table, struct words *words, struct request *request)
{
	const char *name = words->at[words->next++];
	const char *label_name = NULL;
	memset(request, 0, sizeof *request); /* padding too: the digest is of the bytes */
	if (strcmp(name, "raw") == 0) {
		if (!raw_read(table, words, request))
			return false;
	} else {
		size_t i = 0;
		while (i < VERB_COUNT && strcmp(verbs[i].name, name) != 0)
			i++;
		if (i == VERB_COUNT)
			return table_wrong(table, "no such step: %s", name);
		request->command.kind = verbs[i].kind;
		request->topic = command_topic(verbs[i].kind);
		if (label_stands_first(words, request->command.kind))
			label_name = words->at[words->next++];
		if (!words_read(table, words, &verbs[i], request))
			return false;
	}
	if (!fields_read(table, words, request))
		return false;
	if (label_name) {
		request->label = label_find(table, label_name);
		if (!request->label)
			request->label =
				label_new(table, label_name, table->now_ms + request->id_time_ms);
		if (!request->label)
			return table_wrong(table, "too many labels");
	}
	if (!request->has_id)
		request->command.id.id =
			request->label ? request->label->id
				       : id_new(table, table->now_ms + request->id_time_ms);
	if (request->label && request->label->party.size == 0)
		request->label->party = request->command.party;
	digest_make(&request->command);
	return true;
}
