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

/* The first amount that the command has. */
static struct money *money_field(struct command *command)
{
#define MONEY_account(field)
#define MONEY_currency(field)
#define MONEY_id(field)
#define MONEY_money(field) return &(field) /* NOLINT(bugprone-macro-parentheses): a statement */
#define MONEY_number(field)
#define MONEY_text(field)
#define COMMAND_FIELD(body, member, type)           \
	if (command->kind == COMMAND_##body) {      \
		MONEY_##type(command->body.member); \
	}
#include "ledger/command_fields.def"
#undef COMMAND_FIELD
	return NULL;
}

static bool money_set(
	struct sheet *table, struct command *command, const char *key, const char *value)
{
	struct money *money = money_field(command);
	enum currency currency = currency_by_name(value, strlen(value));
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
#define REJECT(number, name, retry, keeps, text, advice) \
	if (strcmp(value, #name) == 0) {                 \
		*ret = REJECT_##name;                    \
		return true;                             \
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

/* What a number may be said as: a reject by its name, and a remittance's number as the one after
 * the last. */
static bool number_set(
	struct sheet *table, struct command *command, const char *key, const char *value, bool *ret)
{
	enum reject reason;
	*ret = true;
	if (command->kind == COMMAND_remittance_return && strcmp(key, "reason") == 0 &&
		isalpha((unsigned char)*value)) {
		*ret = refusal_read(table, value, &reason);
		command->remittance_return.reason = (int32_t)reason;
		return true;
	}
	if (command->kind != COMMAND_remittance_deliver || strcmp(key, "number") != 0)
		return false;
	if (strcmp(value, "next") == 0)
		table->last_number++;
	else
		table->last_number = strtoll(value, NULL, 10);
	command->remittance_deliver.number = table->last_number;
	return true;
}

/* A field of the body by its name in the contract; amounts are money_set's. */
static bool body_set(
	struct sheet *table, struct command *command, const char *key, const char *value)
{
	bool is_right;
	if (number_set(table, command, key, value, &is_right))
		return is_right;
#define SET_account(field) ((void)account_id_parse(&(field), value, strlen(value)), true)
#define SET_currency(field) ((field) = currency_by_name(value, strlen(value)), true)
#define SET_id(field) id_field_set(table, &(field), value)
#define SET_money(field) money_set(table, command, key, value)
#define SET_number(field) ((field) = (__typeof__(field))strtoll(value, NULL, 10), true)
#define SET_text(field) (text64_set(&(field), value, strlen(value)), true)
#define COMMAND_FIELD(body, member, type)                                 \
	if (command->kind == COMMAND_##body && strcmp(key, #member) == 0) \
		return SET_##type(command->body.member);
#include "ledger/command_fields.def"
#undef COMMAND_FIELD
	if (strcmp(key, "minor") == 0 || strcmp(key, "currency") == 0)
		return money_set(table, command, key, value);
	return table_wrong(table, "%s has no %s", command_name(command->kind), key);
}

static bool field_set(
	struct sheet *table, struct request *request, const char *key, const char *raw_value)
{
	char value[WORD_SIZE_MAX];
	bool is_right;
	value_expand(raw_value, value);
	if (envelope_set(table, request, key, value, &is_right))
		return is_right || table_wrong(table, "no %s: %s", key, value);
	return body_set(table, &request->command, key, value);
}

/* What the words after each verb are, in their order. A currency goes before its amount when set.
 */
static const struct verb {
	const char *name;
	enum command_kind kind;
	const char *success;
	const char *keys[7];
} verbs[] = {
	{ "party", COMMAND_party_open, "party_opened", { "party", "kind" } },
	{ "account", COMMAND_account_open, "account_opened",
		{ "account", "currency", "account_class" } },
	{ "close", COMMAND_account_close, "account_closed", { "account" } },
	{ "funds", COMMAND_funds_receive, "funds_received",
		{ "to_account", "amount", "currency", "rail_reference" } },
	{ "transfer", COMMAND_transfer_create, "transfer_posted",
		{ "from_account", "to_account", "amount", "currency" } },
	{ "hold", COMMAND_hold_create, "hold_created",
		{ "from_account", "to_account", "amount", "currency", "reason", "expires_in_s" } },
	{ "capture", COMMAND_hold_capture, "hold_captured", { "hold_id", "amount", "currency" } },
	{ "release", COMMAND_hold_release, "hold_released", { "hold_id" } },
	{ "deliver", COMMAND_remittance_deliver, "payment_received",
		{ "home_shard", "number", "payment_id", "from_account", "to_account", "amount",
			"currency" } },
	{ "settle", COMMAND_remittance_settle, "remittance_settled",
		{ "away_shard", "first_number", "last_number" } },
	{ "return", COMMAND_remittance_return, "remittance_returned",
		{ "away_shard", "number", "reason" } },
	{ "confirm", COMMAND_remittance_confirm, "remittance_confirmed",
		{ "home_shard", "number" } },
	{ "tick", COMMAND_tick, "ticked", { NULL } },
};
enum { VERB_COUNT = sizeof verbs / sizeof verbs[0], VERB_KEYS_MAX = 7 };

const char *success_of(enum command_kind kind)
{
	for (size_t i = 0; i < VERB_COUNT; i++)
		if (verbs[i].kind == kind)
			return verbs[i].success;
	return "";
}

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
	if (request->command.kind == COMMAND_remittance_deliver)
		request->command.remittance_deliver.purpose = PURPOSE_transfer;
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
		/* Whom it is delivered to. */
		if (verb->kind == COMMAND_remittance_deliver && strcmp(key, "to_account") == 0)
			party_fill(table, request, word);
	}
	return true;
}

/* What shards send each other has none. */
static void id_fill(struct sheet *table, struct request *request)
{
	if (request->has_id || command_is_of_shard(request->command.kind))
		return;
	request->command.id.id = request->label
					 ? request->label->id
					 : id_new(table, table->now_ms + request->id_time_ms);
}

/* A command by its own name: nothing is filled in but an id and the topic. */
static bool kind_read(const char *name, struct request *request)
{
#define COMMAND(number, command_word, topic)  \
	if (strcmp(name, #command_word) == 0) \
		request->command.kind = COMMAND_##command_word;
#include "ledger/commands.def"
#undef COMMAND
	if (request->command.kind == COMMAND_none)
		return false;
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
	size_t verb = 0;
	if (strcmp(name, "raw") == 0) {
		name = words->next < words->count ? words->at[words->next++] : "";
		verb = VERB_COUNT;
	}
	while (verb < VERB_COUNT && strcmp(verbs[verb].name, name) != 0)
		verb++;
	if (verb < VERB_COUNT) {
		request->command.kind = verbs[verb].kind;
		request->topic = command_topic(verbs[verb].kind);
	} else if (!kind_read(name, request)) {
		return table_wrong(table, "no such step: %s", name);
	}
	if (label_stands_first(words, request->command.kind))
		label_name = words->at[words->next++];
	if (verb < VERB_COUNT && !words_read(table, words, &verbs[verb], request))
		return false;
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
	id_fill(table, request);
	if (request->label && request->label->party.size == 0)
		request->label->party = request->command.party;
	digest_make(&request->command);
	return true;
}
