/* SPDX-License-Identifier: Apache-2.0 */
/* Table tests: a ledger's day in the domain's words, as tests/decide/README.md explains them. */
#ifndef TESTS_TABLE_H
#define TESTS_TABLE_H

#include "world.h"

enum { WORDS_MAX = 48, LABELS_MAX = 256, LABEL_SIZE_MAX = 15, WORD_SIZE_MAX = 512 };

struct label {
	char name[LABEL_SIZE_MAX + 1];
	struct id id;
	struct text64 party;    /* of the command that it stood for first */
	int64_t first_sequence; /* of that one's outcome */
};

struct sheet {
	struct world world;
	bool is_open;
	bool is_forgetful;
	bool tries; /* each command is tried (dry_run) before it is sent in earnest */
	struct event_ledger_opened opened;
	int64_t now_ms; /* record time of the next input */
	int64_t offsets[TOPIC_COUNT + 1];
	struct label labels[LABELS_MAX];
	size_t label_count;
	uint32_t ids_made;
	int64_t last_number; /* of a remittance delivered */
	char error[EVENT_TEXT_SIZE + 1024];
};

struct words {
	char *at[WORDS_MAX];
	size_t count;
	size_t next;
};

struct request {
	struct command command;
	enum topic topic;
	struct label *label; /* of its id; NULL: nobody will name it */
	bool has_id;         /* said by a field */
	int64_t id_time_ms;
};

/* Notes what is wrong with the line and returns false. */
bool table_wrong(struct sheet *table, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Reads verb, words and fields; leaves words->next at what must come of it. */
bool request_read(struct sheet *table, struct words *words, struct request *ret);

struct label *label_find(struct sheet *table, const char *name);
bool outcome_word(const char *word);            /* `reject`, or an event's name */
const char *success_of(enum command_kind kind); /* where no outcome stands; "": say it */
bool duration_read(const char *word, int64_t *ret_ms);
bool amount_read(const char *word, enum currency currency, struct amount *ret);

/* Decides the request and compares with the rest of the line. */
bool request_run(struct sheet *table, struct words *words, struct request *request);

/* balance, status, rows, route. */
bool look_run(struct sheet *table, struct words *words);

#endif
