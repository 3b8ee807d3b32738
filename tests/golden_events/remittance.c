/* SPDX-License-Identifier: Apache-2.0 */
/* Pinned events of money between shards: alice is of this one, carol of shard 2. */
#include "maker.h"

/* Of a command that shard 2 sent: the first one is at offset 0. */
static struct event outcome(enum event_kind kind, int n, int64_t offset, const char *party)
{
	struct event event = golden_outcome(kind, n);
	event.topic = TOPIC_internal;
	event.offset = offset;
	event.has_command_id = false;
	event.command_id = (struct id){ 0 };
	event.party = golden_text_of(party);
	event.initiator = INITIATOR_system;
	return event;
}

/* Of carol's command. */
static struct id payment_id(int64_t number)
{
	return golden_id(GOLDEN_FIRST_MS + 9000 + number, (uint8_t)(0x50 + number));
}

static struct event payment_received(void)
{
	struct event event = outcome(EVENT_payment_received, 9, 0, "alice");
	event.group_id = golden_id(GOLDEN_FIRST_MS, 0x77);
	event.reference = golden_text_of("rent-1");
	event.balances[0] = golden_balance("@transit/USD.2", 1250, 0, 0, 0);
	event.balances[1] = golden_balance("alice/main", 0, 11250, 2500, 0);
	event.balance_count = 2;
	golden_post(&event, LAYER_posted, RAIL_book, 1250);
	event.payment_received = (struct event_payment_received){
		.payment_id = payment_id(1),
		.home_shard = 2,
		.number = 1,
		.from_account = golden_account("carol/main"),
		.purpose = PURPOSE_transfer,
	};
	return event;
}

static void received_from_this_shard(struct event *event)
{
	event->payment_received.home_shard = 1;
	event->balances[0].account = golden_account("@transit/USD.1");
}

static void received_from_no_shard(struct event *event)
{
	event->payment_received.home_shard = 4;
	event->balances[0].account = golden_account("@transit/USD.4");
}

static void received_after_a_gap(struct event *event)
{
	event->payment_received.number = 2;
}

static void received_before_the_first(struct event *event)
{
	event->payment_received.number = 0;
}

static void received_twice(struct event *event)
{
	golden_post(event, LAYER_posted, RAIL_book, 1250);
	event->balances[0] = golden_balance("@transit/USD.2", 2500, 0, 0, 0);
	event->balances[1] = golden_balance("alice/main", 0, 12500, 2500, 0);
}

/* Held and not paid. */
static void received_as_a_hold(struct event *event)
{
	event->effects[0].posting.layer = LAYER_pending;
	event->balances[0] = golden_balance("@transit/USD.2", 0, 0, 1250, 0);
	event->balances[1] = golden_balance("alice/main", 0, 10000, 2500, 1250);
}

static void received_by_another_pair(struct event *event)
{
	event->balances[0].account = golden_account("@transit/USD.3");
}

static void received_out_of_another_currency(struct event *event)
{
	event->balances[0].account = golden_account("@transit/EUR.2");
}

static void received_from_a_neighbour(struct event *event)
{
	event->balances[0] = golden_balance("bob/main", 1250, 0, 0, 2500);
}

static void received_by_another_party(struct event *event)
{
	event->party = golden_text_of("bob");
}

const struct golden_rule payment_received_v1_golden = { .make = payment_received,
	.unsound = UNSOUND_LIST(UNSOUND(received_from_this_shard), UNSOUND(received_from_no_shard),
		UNSOUND(received_after_a_gap), UNSOUND(received_before_the_first),
		UNSOUND(received_twice), UNSOUND(received_as_a_hold),
		UNSOUND(received_by_another_pair), UNSOUND(received_out_of_another_currency),
		UNSOUND(received_from_a_neighbour), UNSOUND(received_by_another_party)) };

static struct event refused(int n, int64_t number)
{
	struct event event = outcome(EVENT_remittance_refused, n, number - 1, "alice");
	event.remittance_refused = (struct event_remittance_refused){
		.payment_id = payment_id(number),
		.home_shard = 2,
		.number = number,
		.from_account = golden_account("carol/main"),
		.to_account = golden_account("alice/nowhere"),
		.amount = amount_of(1250),
		.currency = CURRENCY_USD,
		.reason = REJECT_payee_account_not_found,
		.purpose = PURPOSE_transfer,
	};
	return event;
}

static struct event remittance_refused(void)
{
	struct event event = refused(9, 1);
	event.group_id = golden_id(GOLDEN_FIRST_MS, 0x77);
	event.reference = golden_text_of("rent-1");
	return event;
}

static void refused_to_this_shard(struct event *event)
{
	event->remittance_refused.home_shard = 1;
}

static void refused_to_no_shard(struct event *event)
{
	event->remittance_refused.home_shard = 4;
}

static void refused_after_a_gap(struct event *event)
{
	event->remittance_refused.number = 2;
}

static void refused_before_the_first(struct event *event)
{
	event->remittance_refused.number = 0;
}

static void refused_nothing(struct event *event)
{
	event->remittance_refused.amount = AMOUNT_ZERO;
}

static void refused_to_the_platform(struct event *event)
{
	event->remittance_refused.from_account = golden_account("@fees/USD");
}

static void refused_for_another_party(struct event *event)
{
	event->remittance_refused.to_account = golden_account("bob/main");
}

static void refused_for_no_reason(struct event *event)
{
	event->remittance_refused.reason = REJECT_none;
}

const struct golden_rule remittance_refused_v1_golden = { .make = remittance_refused,
	.unsound = UNSOUND_LIST(UNSOUND(refused_to_this_shard), UNSOUND(refused_to_no_shard),
		UNSOUND(refused_after_a_gap), UNSOUND(refused_before_the_first),
		UNSOUND(refused_nothing), UNSOUND(refused_to_the_platform),
		UNSOUND(refused_for_another_party), UNSOUND(refused_for_no_reason)) };

/* Three that are under way: one of a group, between two that are of none. */
static size_t three_sent(struct event *ret)
{
	for (int i = 0; i < 3; i++)
		ret[i] = golden_transfer_sent(9 + i, 1 + i);
	ret[1].group_id = golden_id(GOLDEN_FIRST_MS, 0x77);
	return 3;
}

static void settle(struct event *event, int64_t number)
{
	struct event sent[3];
	(void)three_sent(sent);
	event->effects[event->effect_count++] = (struct effect){
		.kind = EFFECT_settlement,
		.settlement = {
			.number = number,
			.payment_id = sent[number - 1].command_id,
			.group_id = sent[number - 1].group_id,
		},
	};
}

/* The first two. */
static struct event remittance_settled(void)
{
	struct event event = outcome(EVENT_remittance_settled, 12, 0, "");
	settle(&event, 1);
	settle(&event, 2);
	event.remittance_settled = (struct event_remittance_settled){
		.away_shard = 2,
		.first_number = 1,
		.last_number = 2,
	};
	return event;
}

static void settled_by_this_shard(struct event *event)
{
	event->remittance_settled.away_shard = 1;
}

static void settled_by_no_shard(struct event *event)
{
	event->remittance_settled.away_shard = 4;
}

static void settled_by_another_shard(struct event *event)
{
	event->remittance_settled.away_shard = 3;
}

static void settled_after_a_gap(struct event *event)
{
	event->effect_count = 0;
	settle(event, 2);
	settle(event, 3);
	event->remittance_settled.first_number = 2;
	event->remittance_settled.last_number = 3;
}

static void settled_more_than_sent(struct event *event)
{
	settle(event, 3);
	settle(event, 3);
	event->effects[3].settlement.number = 4;
	event->remittance_settled.last_number = 4;
}

static void settled_more_than_told(struct event *event)
{
	event->remittance_settled.last_number = 3;
}

static void settled_less_than_told(struct event *event)
{
	event->remittance_settled.last_number = 1;
}

static void settled_none(struct event *event)
{
	event->effect_count = 0;
	event->remittance_settled.last_number = 0;
}

static void settled_twice(struct event *event)
{
	event->effects[1] = event->effects[0];
}

/* The payment is the right one. */
static void settled_under_another_number(struct event *event)
{
	event->effects[1].settlement.number = 1;
}

static void settled_another_payment(struct event *event)
{
	event->effects[1].settlement.payment_id.at[15] ^= 1;
}

static void settled_another_group(struct event *event)
{
	event->effects[1].settlement.group_id.at[15] ^= 1;
}

static void settled_with_a_group(struct event *event)
{
	event->effects[0].settlement.group_id = event->effects[1].settlement.group_id;
}

/* Its debit, which has been. */
static void settled_and_posted(struct event *event)
{
	struct event sent = golden_transfer_sent(9, 1);
	event->effects[1] = sent.effects[0];
	memcpy(event->balances, sent.balances, 2 * sizeof sent.balances[0]);
	event->balances[0] = golden_balance("alice/main", 5000, 10000, 2500, 0);
	event->balances[1] = golden_balance("@transit/USD.2", 0, 5000, 0, 0);
	event->balance_count = 2;
}

static void settled_and_sent(struct event *event)
{
	event->effects[1] = golden_transfer_sent(9, 4).effects[1];
}

/* As it is: nothing moves. */
static void settled_with_a_balance(struct event *event)
{
	event->balances[0] = golden_balance("@transit/USD.2", 0, 3750, 0, 0);
	event->balance_count = 1;
}

const struct golden_rule remittance_settled_v1_golden = { .make = remittance_settled,
	.more = three_sent,
	.unsound = UNSOUND_LIST(UNSOUND(settled_by_this_shard), UNSOUND(settled_by_no_shard),
		UNSOUND(settled_by_another_shard), UNSOUND(settled_after_a_gap),
		UNSOUND(settled_more_than_sent), UNSOUND(settled_more_than_told),
		UNSOUND(settled_less_than_told), UNSOUND(settled_none), UNSOUND(settled_twice),
		UNSOUND(settled_under_another_number), UNSOUND(settled_another_payment),
		UNSOUND(settled_another_group), UNSOUND(settled_with_a_group),
		UNSOUND(settled_and_posted), UNSOUND(settled_and_sent),
		UNSOUND(settled_with_a_balance)) };

static struct event returned(int n, int64_t offset, int64_t number)
{
	struct event event = outcome(EVENT_remittance_returned, n, offset, "alice");
	event.balances[0] = golden_balance("@transit/USD.2", 1250 * number, 3750, 0, 0);
	event.balances[1] = golden_balance("alice/main", 3750, 10000 + 1250 * number, 2500, 0);
	event.balance_count = 2;
	golden_post(&event, LAYER_posted, RAIL_book, 1250);
	event.remittance_returned = (struct event_remittance_returned){
		.payment_id = golden_transfer_sent(8 + (int)number, number).command_id,
		.away_shard = 2,
		.number = number,
		.to_account = golden_account("carol/main"),
		.reason = REJECT_payee_account_is_closed,
		.purpose = PURPOSE_transfer,
	};
	return event;
}

static size_t one_returned(struct event *ret)
{
	size_t count = three_sent(ret);
	ret[count] = returned(12, 0, 1);
	return count + 1;
}

/* The second one. */
static struct event remittance_returned(void)
{
	struct event event = returned(13, 1, 2);
	event.group_id = golden_id(GOLDEN_FIRST_MS, 0x77);
	return event;
}

static void returned_by_this_shard(struct event *event)
{
	event->remittance_returned.away_shard = 1;
	event->balances[0] = golden_balance("@transit/USD.1", 1250, 0, 0, 0);
}

static void returned_by_no_shard(struct event *event)
{
	event->remittance_returned.away_shard = 4;
	event->balances[0] = golden_balance("@transit/USD.4", 1250, 0, 0, 0);
}

/* To which nothing was sent. */
static void returned_by_another_shard(struct event *event)
{
	event->remittance_returned.away_shard = 3;
	event->remittance_returned.number = 1;
	event->balances[0] = golden_balance("@transit/USD.3", 1250, 0, 0, 0);
}

static void returned_again(struct event *event)
{
	event->remittance_returned.number = 1;
	event->remittance_returned.payment_id = golden_transfer_sent(9, 1).command_id;
}

static void returned_after_a_gap(struct event *event)
{
	event->remittance_returned.number = 3;
	event->remittance_returned.payment_id = golden_transfer_sent(11, 3).command_id;
}

static void returned_doubled(struct event *event)
{
	golden_post(event, LAYER_posted, RAIL_book, 1250);
	event->balances[0] = golden_balance("@transit/USD.2", 3750, 3750, 0, 0);
	event->balances[1] = golden_balance("alice/main", 3750, 13750, 2500, 0);
}

static void returned_less_than_sent(struct event *event)
{
	event->effects[0].posting.amount = amount_of(1000);
	event->balances[0] = golden_balance("@transit/USD.2", 2250, 3750, 0, 0);
	event->balances[1] = golden_balance("alice/main", 3750, 12250, 2500, 0);
}

static void returned_out_of_another_pair(struct event *event)
{
	event->balances[0] = golden_balance("@transit/USD.3", 1250, 0, 0, 0);
}

static void returned_as_a_hold(struct event *event)
{
	event->effects[0].posting.layer = LAYER_pending;
	event->balances[0] = golden_balance("@transit/USD.2", 1250, 3750, 1250, 0);
	event->balances[1] = golden_balance("alice/main", 3750, 11250, 2500, 1250);
}

static void returned_to_another_account(struct event *event)
{
	event->balances[1] = golden_balance("alice/spare", 0, 1250, 0, 0);
}

static void returned_to_another_party(struct event *event)
{
	event->party = golden_text_of("bob");
}

static void returned_another_payment(struct event *event)
{
	event->remittance_returned.payment_id.at[15] ^= 1;
}

static void returned_from_another_payee(struct event *event)
{
	event->remittance_returned.to_account = golden_account("carol/spare");
}

static void returned_for_no_purpose(struct event *event)
{
	event->remittance_returned.purpose = PURPOSE_none;
}

const struct golden_rule remittance_returned_v1_golden = { .make = remittance_returned,
	.more = one_returned,
	.unsound = UNSOUND_LIST(UNSOUND(returned_by_this_shard), UNSOUND(returned_by_no_shard),
		UNSOUND(returned_by_another_shard), UNSOUND(returned_again),
		UNSOUND(returned_after_a_gap), UNSOUND(returned_doubled),
		UNSOUND(returned_less_than_sent), UNSOUND(returned_out_of_another_pair),
		UNSOUND(returned_as_a_hold), UNSOUND(returned_to_another_account),
		UNSOUND(returned_to_another_party), UNSOUND(returned_another_payment),
		UNSOUND(returned_from_another_payee), UNSOUND(returned_for_no_purpose)) };

/* Numbers 1 and 3 refused, 2 credited. */
static size_t three_answered(struct event *ret)
{
	ret[0] = refused(9, 1);
	ret[1] = payment_received();
	ret[1].sequence = 11;
	ret[1].engine_time_ms += 1000;
	ret[1].offset = 1;
	ret[1].payment_received.number = 2;
	ret[1].payment_received.payment_id = payment_id(2);
	ret[2] = refused(11, 3);
	return 3;
}

/* The first two of them: the row of the third stays. */
static struct event remittance_confirmed(void)
{
	struct event event = outcome(EVENT_remittance_confirmed, 12, 3, "");
	event.remittance_confirmed = (struct event_remittance_confirmed){
		.home_shard = 2,
		.number = 2,
	};
	return event;
}

static void confirmed_by_this_shard(struct event *event)
{
	event->remittance_confirmed.home_shard = 1;
}

static void confirmed_by_no_shard(struct event *event)
{
	event->remittance_confirmed.home_shard = 4;
}

static void confirmed_nothing(struct event *event)
{
	event->remittance_confirmed.number = 0;
}

static void confirmed_more_than_answered(struct event *event)
{
	event->remittance_confirmed.number = 4;
}

const struct golden_rule remittance_confirmed_v1_golden = { .make = remittance_confirmed,
	.more = three_answered,
	.unsound = UNSOUND_LIST(UNSOUND(confirmed_by_this_shard), UNSOUND(confirmed_by_no_shard),
		UNSOUND(confirmed_nothing), UNSOUND(confirmed_more_than_answered)) };

/* The second of the three came again. */
static struct event remittance_repeated(void)
{
	struct event event = outcome(EVENT_remittance_repeated, 12, 3, "alice");
	event.remittance_repeated = (struct event_remittance_repeated){
		.shard = 2,
		.number = 2,
	};
	return event;
}

static void repeated_by_this_shard(struct event *event)
{
	event->remittance_repeated.shard = 1;
}

static void repeated_by_no_shard(struct event *event)
{
	event->remittance_repeated.shard = 4;
}

static void repeated_without_a_number(struct event *event)
{
	event->remittance_repeated.number = 0;
}

static void repeated_before_it_came(struct event *event)
{
	event->remittance_repeated.number = 4;
}

static void answer_repeated_to_nothing(struct event *event)
{
	event->remittance_repeated.was_answer = true;
}

const struct golden_rule remittance_repeated_v1_golden = { .make = remittance_repeated,
	.more = three_answered,
	.unsound = UNSOUND_LIST(UNSOUND(repeated_by_this_shard), UNSOUND(repeated_by_no_shard),
		UNSOUND(repeated_without_a_number), UNSOUND(repeated_before_it_came),
		UNSOUND(answer_repeated_to_nothing)) };
