/* SPDX-License-Identifier: Apache-2.0 */
/* Table tests: a ledger's day in the domain's words, one step per line, with what must come of it.
 *
 *   ledger   shards 4 shard 1                           first of all, where one shard of one is not
 * what is meant party    alice [business] account  alice/main USD [asset] funds    F1 alice/main
 * 100.00 USD ref-1 transfer T1 alice/main bob/main 5.00 USD hold     H1 alice/main bob/main 5.00
 * USD dinner 60s capture  C1 H1 [3.00 USD] release  R1 H1 close    alice/main tick raw
 * transfer_create from_account=...           nothing is filled in but an id and the topic repeat
 * 1030 hold alice/main bob/main 0.01 USD tip 60s
 *
 * The first word after the verb may be a label, in capitals: it names the command's id, and whoever
 * names it again means the same id. After the words may come fields, as key=value, which win over
 * the words: id=LABEL|absent|malformed|v4   id_time=-7d1ms (of a new label's id, from now)   party=
 * topic=   body=none initiator=9   group_id=LABEL|malformed   reference=   dry_run=yes
 * refusal=undecodable   detail= kind=9   account=   account_class=9   currency=   from_account=
 * to_account=   amount=5.00|absent   minor=-1|max hold_id=LABEL|absent|malformed   reason=
 * expires_in_s=0   rail=6   rail_reference= An `a*65` in a value is 65 times the letter. Then comes
 * what the command gives, its success where nothing stands: hold_expired LABEL | hold_expired x3 |
 * command_ids_dropped      timers that fire before it, in order transfer_posted | hold_created
 * expires +60s | hold_captured captured 3.00 released 2.00 command_repeated of LABEL
 * transfer_posted | command_repeated of LABEL reject balance_too_low reject balance_too_low
 * required 9.00 available 4.00 USD retry new_id first LABEL detail x Numbers and places of a reject
 * that are not given must be absent. Steps that only look, or let time pass: at +3600s the next
 * records are appended so much later (or earlier) restart_clock the operator sets engine time back
 * to that of the next records balance alice/main posted 95.00 pending 5.00
 * available 90.00 [incoming 1.00] [closed] status  H1 open|captured|released|expired rows command 3
 * how many stand in a table
 */
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
	struct event_ledger_opened opened;
	int64_t now_ms; /* record time of the next input */
	int64_t offsets[TOPIC_COUNT + 1];
	struct label labels[LABELS_MAX];
	size_t label_count;
	uint32_t ids_made;
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
bool outcome_word(const char *word); /* `reject`, or an event's name */
bool duration_read(const char *word, int64_t *ret_ms);
bool amount_read(const char *word, enum currency currency, struct amount *ret);

/* Decides the request and compares with the rest of the line. */
bool request_run(struct sheet *table, struct words *words, struct request *request);

/* balance, status, rows. */
bool look_run(struct sheet *table, struct words *words);

#endif
