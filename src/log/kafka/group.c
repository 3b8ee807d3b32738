/* SPDX-License-Identifier: Apache-2.0 */
/* Who shares the shards: a consumer group of Kafka's, of which only the list of members is used.
 *
 * A member subscribes to the events but reads none, and what the group would assign to it is not
 * looked at: so nothing ever pauses because somebody came or went. A member is told that it
 * happened, and asks who the members are; it asks each second besides. Names stand in the client
 * ids. Static membership (group.instance.id) is not used: such a member does not leave when it
 * stops.
 */
#include "log/kafka/internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LOOK_EVERY_MS = 1000,
	LOOK_SOON_MS = 100, /* while somebody comes or goes, and until these are the same: */
	SAME_LOOKS = 2,
	LOOK_ANSWER_MS = 500, /* doubled where it was too short */
	LOOK_ANSWER_MS_MAX = 2000,
	LEAVE_MS = 500,
	SERVE_MS = 20,
	MESSAGES_PER_STEP = 100,
};

#define GROUP_SUFFIX ".owners"
/* So that whoever else reads under this group's name is no owner of shards. */
#define CLIENT_PREFIX "pinion-"

/* The shortest one that the brokers take is found by asking. Their default allows 6 s and more. */
static const int sessions_ms[] = { 2000, 3000, 4000, 6000, 10000, 20000, 45000 };
enum { SESSIONS = sizeof(sessions_ms) / sizeof(sessions_ms[0]) };

struct kafka_group {
	struct log_group base;
	struct kafka_log *log;
	struct fault *fault;
	char *id, *client;
	int session_ms; /* of the properties file; 0: the first of sessions_ms that is taken */
	size_t session;
	struct kafka_notes notes;
	rd_kafka_t *rk;
	rd_kafka_queue_t *leaving; /* NULL: it is not */
	int same_looks;            /* in a row that found the same members, and all at rest */
	bool is_joining;           /* or has joined */
	int64_t asked_ms;          /* when it was last asked for */
	int answer_ms;             /* how long the next answer is waited for */
};

/* What the operator chose, if anything. */
static int session_of_file(const struct kafka_config *config)
{
	for (size_t i = 0; i < config->property_count; i++)
		if (strcmp(config->properties[i].name, "session.timeout.ms") == 0)
			return (int)strtol(config->properties[i].value, NULL, 0);
	return 0;
}

static int handle_open(struct kafka_group *group)
{
	struct kafka_membership membership = {
		.group = group->id,
		.name = group->client,
		.session_ms = group->session_ms ? group->session_ms : sessions_ms[group->session],
	};
	int code = kafka_member_open(
		&group->rk, group->log->config, &membership, &group->notes, group->fault);
	if (code != 0)
		return code;

	(void)rd_kafka_poll_set_consumer(group->rk);
	group->is_joining = false;
	group->answer_ms = LOOK_ANSWER_MS;
	return 0;
}

static int join(struct kafka_group *group)
{
	const char *topic = group->log->config->topics[LOG_EVENTS];
	rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
	(void)rd_kafka_topic_partition_list_add(topics, topic, RD_KAFKA_PARTITION_UA);
	group->is_joining = true;
	rd_kafka_resp_err_t error = rd_kafka_subscribe(group->rk, topics);
	rd_kafka_topic_partition_list_destroy(topics);
	return error == RD_KAFKA_RESP_ERR_NO_ERROR
		       ? 0
		       : FAULT(group->fault, FAULT_IO, "can't join the group %s: %s", group->id,
				 rd_kafka_err2str(error));
}

/* It has left, or waits no longer for that: the broker finds out by the session's time-out. */
static void handle_close(struct kafka_group *group)
{
	if (group->leaving)
		rd_kafka_queue_destroy(group->leaving);
	if (group->rk)
		rd_kafka_destroy_flags(group->rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
	group->rk = NULL;
}

int kafka_group_open(
	struct log *base, const char *name, struct log_group **ret, struct fault *fault)
{
	struct kafka_group *group = calloc(1, sizeof(*group));
	assert(group);
	group->base.ops = base->ops;
	group->log = (struct kafka_log *)base;
	group->fault = fault;
	group->session_ms = session_of_file(group->log->config);
	int size = asprintf(&group->id, "%s" GROUP_SUFFIX, group->log->config->prefix);
	assert(size > 0);
	size = asprintf(&group->client, CLIENT_PREFIX "%s", name);
	assert(size > 0);

	int code = handle_open(group);
	if (code != 0) {
		kafka_group_close(&group->base);
		return code;
	}
	*ret = &group->base;
	return 0;
}

/* --- The answer to who the members are --- */

static int names_compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* FNV-1a; the sum over all members does not depend on their order. */
static uint64_t text_sum(const char *text)
{
	uint64_t sum = 14695981039346656037u;
	for (; *text; text++)
		sum = (sum ^ (uint8_t)*text) * 1099511628211u;
	return sum;
}

static void member_add(struct log_members *members, const char *client, const char *id)
{
	const char *name = client + strlen(CLIENT_PREFIX);
	if (strncmp(client, CLIENT_PREFIX, strlen(CLIENT_PREFIX)) != 0 ||
		strlen(name) >= LOG_MEMBER_NAME_MAX)
		return;
	(void)snprintf(members->names[members->count++], LOG_MEMBER_NAME_MAX, "%s", name);
	members->sum += text_sum(id);
}

/* Sorted, each once; how often this one stood there. */
static size_t names_sort(struct log_members *members, const char *own)
{
	size_t count = 0, owns = 0;
	qsort(members->names, members->count, sizeof(*members->names), names_compare);
	for (size_t i = 0; i < members->count; i++) {
		owns += strcmp(members->names[i], own) == 0;
		if (count > 0 && strcmp(members->names[count - 1], members->names[i]) == 0)
			continue;
		if (count != i)
			memcpy(members->names[count], members->names[i], LOG_MEMBER_NAME_MAX);
		count++;
	}
	members->count = count;
	return owns;
}

/* Whether another time of this process, which was killed, is still a member of a group at rest:
 * then nothing is to change, and others need not be disturbed before that was seen twice. */
static bool is_waited_for(const struct kafka_group *group, size_t owns)
{
	return owns > 0 && group->same_looks > 0 && group->same_looks < SAME_LOOKS;
}

/* Returns how often our own name stands there. */
static size_t members_take(struct kafka_group *group, const struct rd_kafka_group_info *found)
{
	struct log_members *members = &group->base.members;
	uint64_t sum_before = members->sum;
	size_t count = found ? (size_t)found->member_cnt : 0;

	free(members->names);
	members->names = calloc(count ? count : 1, sizeof(*members->names));
	assert(members->names);
	members->count = 0;
	members->sum = 0;
	for (size_t i = 0; i < count; i++) {
		const struct rd_kafka_group_member_info *member = &found->members[i];
		if (member->client_id && member->member_id)
			member_add(members, member->client_id, member->member_id);
	}
	size_t owns = names_sort(members, group->client + strlen(CLIENT_PREFIX));
	members->is_stable = found && found->state && strcmp(found->state, "Stable") == 0;
	members->was_there |= !group->is_joining && owns > 0;
	/* A process of ours that was killed is no longer among those who have all heard of each
	 * other. */
	members->has_double = members->is_stable && owns > 1;
	group->same_looks = !members->is_stable          ? 0
			    : members->sum == sum_before ? group->same_looks + 1
							 : 1;
	members->looks++;
	return owns;
}

static int denied(struct kafka_group *group)
{
	return KAFKA_DENIED(group->fault, group->log->config, "Read", "group", group->id);
}

/* The old way to ask, which waits; the new one, by a queue, ends the process in client library 2.0
 * where a broker does not answer in time. Brokers that are away are waited for until the end,
 * though the one that knows has answered. */
static int members_look(struct kafka_group *group)
{
	const struct rd_kafka_group_list *list = NULL;
	rd_kafka_resp_err_t error =
		rd_kafka_list_groups(group->rk, group->id, &list, group->answer_ms);
	const struct rd_kafka_group_info *found = NULL;
	size_t owns = 0;
	for (int i = 0; list && i < list->group_cnt; i++)
		if (strcmp(list->groups[i].group, group->id) == 0 && !list->groups[i].err)
			found = &list->groups[i];
	bool is_known =
		found || (list && error == RD_KAFKA_RESP_ERR_NO_ERROR && list->group_cnt == 0);
	if (is_known)
		owns = members_take(group, found);
	else if (group->answer_ms < LOOK_ANSWER_MS_MAX)
		group->answer_ms *= 2;
	if (list)
		rd_kafka_group_list_destroy(list);
	return !is_known || group->is_joining || is_waited_for(group, owns) ? 0 : join(group);
}

static int members_ask(struct kafka_group *group)
{
	int64_t now_ms = kafka_clock_ms();
	bool is_soon = group->notes.has_regrouped || group->same_looks < SAME_LOOKS;
	if (now_ms - group->asked_ms < (is_soon ? LOOK_SOON_MS : LOOK_EVERY_MS))
		return 0;
	group->notes.has_regrouped = false;
	int code = members_look(group);
	group->asked_ms = kafka_clock_ms();
	return code;
}

/* --- Being a member --- */

static int session_refused(struct kafka_group *group)
{
	if (!group->session_ms && group->session + 1 < SESSIONS) {
		group->session++;
		handle_close(group);
		return handle_open(group);
	}
	return FAULT(group->fault, FAULT_SETTINGS,
		"Kafka at %s takes no session time-out of %d ms for the group %s: set "
		"session.timeout.ms in the Kafka properties file to one between the brokers' "
		"group.min.session.timeout.ms and group.max.session.timeout.ms",
		group->log->config->servers,
		group->session_ms ? group->session_ms : sessions_ms[group->session], group->id);
}

/* There are no records: what comes are troubles, most of which pass. */
static int message_take(struct kafka_group *group, rd_kafka_resp_err_t error)
{
	if (error == RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT)
		return session_refused(group);
	return error == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED ? denied(group) : 0;
}

static int messages_take(struct kafka_group *group)
{
	int code = 0;
	for (int i = 0; code == 0 && i < MESSAGES_PER_STEP; i++) {
		rd_kafka_message_t *message = rd_kafka_consumer_poll(group->rk, 0);
		if (!message)
			break;
		rd_kafka_resp_err_t error = message->err;
		rd_kafka_message_destroy(message);
		code = message_take(group, error);
	}
	return code;
}

int kafka_group_step(struct log_group *base)
{
	struct kafka_group *group = (struct kafka_group *)base;

	if (group->leaving) {
		(void)rd_kafka_queue_poll_callback(group->leaving, 0);
		return 0;
	}
	int code = messages_take(group);
	return code ? code : members_ask(group);
}

void kafka_group_leave(struct log_group *base)
{
	struct kafka_group *group = (struct kafka_group *)base;
	if (group->leaving || !group->rk)
		return;
	group->leaving = rd_kafka_queue_new(group->rk);
	rd_kafka_error_t *error = rd_kafka_consumer_close_queue(group->rk, group->leaving);
	if (error)
		rd_kafka_error_destroy(error);
}

void kafka_group_close(struct log_group *base)
{
	struct kafka_group *group = (struct kafka_group *)base;
	int64_t until_ms = kafka_clock_ms() + LEAVE_MS;
	kafka_group_leave(base);
	while (group->rk && !rd_kafka_consumer_closed(group->rk) && kafka_clock_ms() < until_ms)
		(void)rd_kafka_queue_poll_callback(group->leaving, SERVE_MS);
	handle_close(group);
	free(group->base.members.names);
	free(group->id);
	free(group->client);
	free(group);
}
