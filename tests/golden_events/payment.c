/* SPDX-License-Identifier: Apache-2.0 */
/* Pinned events of money that arrives or moves. */
#include "maker.h"

struct event golden_prelude_funds_received(
	int n, int64_t amount, int64_t total, const char *reference)
{
	struct event event = golden_outcome(EVENT_funds_received, n);
	event.initiator = INITIATOR_third_party;
	event.balances[0] = golden_balance("@bank/USD", total, 0, 0, 0);
	event.balances[1] = golden_balance("alice/main", 0, total, n > 8 ? 2500 : 0, 0);
	event.balance_count = 2;
	golden_post(&event, LAYER_posted, RAIL_wire, amount);
	event.funds_received = (struct event_funds_received){
		.rail = RAIL_wire,
		.rail_reference = golden_text_of(reference),
	};
	return event;
}

static struct event funds_received(void)
{
	struct event event = golden_prelude_funds_received(9, 5000, 15000, "FED-20260101-2");
	event.reference = golden_text_of("payroll-1");
	return event;
}

static void reference_absent(struct event *event)
{
	event->funds_received.rail_reference.size = 0;
}

const struct golden_rule funds_received_v1_golden = { .make = funds_received,
	.unsound = UNSOUND_LIST(UNSOUND(reference_absent)) };

static struct event transfer_posted(void)
{
	struct event event = golden_outcome(EVENT_transfer_posted, 9);
	event.group_id = golden_id(GOLDEN_FIRST_MS, 0x77);
	event.reference = golden_text_of("order-17");
	event.balances[0] = golden_balance("alice/main", 1250, 10000, 2500, 0);
	event.balances[1] = golden_balance("bob/main", 0, 1250, 0, 2500);
	event.balance_count = 2;
	golden_post(&event, LAYER_posted, RAIL_book, 1250);
	return event;
}

static void payee_nowhere(struct event *event)
{
	event->effects[0].posting.credit_place = 3;
}

static void payee_is_another(struct event *event)
{
	event->transfer_posted.own_accounts = true;
}

const struct golden_rule transfer_posted_v1_golden = { .make = transfer_posted,
	.unsound = UNSOUND_LIST(UNSOUND(payee_nowhere), UNSOUND(payee_is_another)) };

/* 12.50 to carol, who is of shard 2. */
struct event golden_transfer_sent(int n, int64_t number)
{
	int64_t total = 1250 * number;
	struct event event = golden_outcome(EVENT_transfer_sent, n);
	event.balances[0] = golden_balance("alice/main", total, 10000, 2500, 0);
	event.balances[1] = golden_balance("@transit/USD.2", 0, total, 0, 0);
	event.balance_count = 2;
	golden_post(&event, LAYER_posted, RAIL_book, 1250);
	event.effects[event.effect_count++] = (struct effect){
		.kind = EFFECT_remittance,
		.remittance = {
			.shard = 2,
			.number = number,
			.from_place = 1,
			.to_account = golden_account("carol/main"),
			.amount = amount_of(1250),
			.purpose = PURPOSE_transfer,
		},
	};
	return event;
}

static struct event transfer_sent(void)
{
	struct event event = golden_transfer_sent(9, 1);
	event.group_id = golden_id(GOLDEN_FIRST_MS, 0x77);
	event.reference = golden_text_of("order-17");
	return event;
}

static struct remittance *sent_by(struct event *event)
{
	return &event->effects[1].remittance;
}

/* The debit and both balances go along, where only the account, the layer or the amount is wrong.
 */
static void credited_instead(struct event *event, const char *account)
{
	event->balances[1].account = golden_account(account);
}

static void sent_before_debited(struct event *event)
{
	struct effect debit = event->effects[0];
	event->effects[0] = event->effects[1];
	event->effects[1] = debit;
}

static void sent_twice_debited_once(struct event *event)
{
	event->effects[2] = event->effects[1];
	event->effects[2].remittance.number++;
	event->effect_count = 3;
}

/* Each is as it should be. */
static void sent_two(struct event *event)
{
	event->effects[2] = event->effects[0];
	event->effects[3] = event->effects[1];
	event->effects[3].remittance.number++;
	event->effect_count = 4;
	event->balances[0] = golden_balance("alice/main", 2500, 10000, 2500, 0);
	event->balances[1] = golden_balance("@transit/USD.2", 0, 2500, 0, 0);
}

static void sent_and_settled(struct event *event)
{
	event->effects[2] = (struct effect){
		.kind = EFFECT_settlement,
		.settlement = { .number = 1, .payment_id = event->command_id },
	};
	event->effect_count = 3;
}

/* The second posting's amount stands where a remittance has its purpose. */
static void debited_and_not_sent(struct event *event)
{
	event->effects[1] = event->effects[0];
	event->effects[1].posting.amount = amount_of(PURPOSE_transfer);
	event->balances[0] = golden_balance("alice/main", 1251, 10000, 2500, 0);
	event->balances[1] = golden_balance("@transit/USD.2", 0, 1251, 0, 0);
}

static void sent_for_no_purpose(struct event *event)
{
	sent_by(event)->purpose = PURPOSE_none;
}

static void sent_by_another_party(struct event *event)
{
	event->party = golden_text_of("bob");
}

static void sent_by_no_command(struct event *event)
{
	event->has_command_id = false;
}

static void sent_from_no_place(struct event *event)
{
	sent_by(event)->from_place = 0;
}

static void sent_from_a_place_beyond(struct event *event)
{
	sent_by(event)->from_place = 3;
}

static void sent_from_the_credited(struct event *event)
{
	sent_by(event)->from_place = 2;
}

/* ivan is of this shard. */
static void sent_to_this_shard(struct event *event)
{
	sent_by(event)->shard = 1;
	sent_by(event)->to_account = golden_account("ivan/main");
	credited_instead(event, "@transit/USD.1");
}

static void sent_to_no_shard(struct event *event)
{
	sent_by(event)->shard = 4;
	credited_instead(event, "@transit/USD.4");
}

static void sent_to_the_platform(struct event *event)
{
	sent_by(event)->to_account = golden_account("@bank/USD"); /* its hash is of shard 2 */
}

/* frank is of shard 3. */
static void sent_where_the_payee_is_not(struct event *event)
{
	sent_by(event)->to_account = golden_account("frank/main");
}

static void sent_under_a_later_number(struct event *event)
{
	sent_by(event)->number = 2;
}

static void sent_under_no_number(struct event *event)
{
	sent_by(event)->number = 0;
}

static void sent_more_than_debited(struct event *event)
{
	sent_by(event)->amount = amount_of(1251);
}

static void sent_by_another_pair(struct event *event)
{
	credited_instead(event, "@transit/USD.3");
}

static void sent_in_another_currency(struct event *event)
{
	credited_instead(event, "@transit/EUR.2");
}

static void sent_and_paid_to_bob(struct event *event)
{
	event->balances[1] = golden_balance("bob/main", 0, 1250, 0, 2500);
}

static void sent_and_held(struct event *event)
{
	event->effects[0].posting.layer = LAYER_pending;
	event->balances[0] = golden_balance("alice/main", 0, 10000, 3750, 0);
	event->balances[1] = golden_balance("@transit/USD.2", 0, 0, 0, 1250);
}

const struct golden_rule transfer_sent_v1_golden = { .make = transfer_sent,
	.unsound = UNSOUND_LIST(UNSOUND(sent_before_debited), UNSOUND(sent_twice_debited_once),
		UNSOUND(sent_two), UNSOUND(sent_and_settled), UNSOUND(debited_and_not_sent),
		UNSOUND(sent_for_no_purpose), UNSOUND(sent_by_another_party),
		UNSOUND(sent_by_no_command), UNSOUND(sent_from_no_place),
		UNSOUND(sent_from_a_place_beyond), UNSOUND(sent_from_the_credited),
		UNSOUND(sent_to_this_shard), UNSOUND(sent_to_no_shard),
		UNSOUND(sent_to_the_platform), UNSOUND(sent_where_the_payee_is_not),
		UNSOUND(sent_under_a_later_number), UNSOUND(sent_under_no_number),
		UNSOUND(sent_more_than_debited), UNSOUND(sent_by_another_pair),
		UNSOUND(sent_in_another_currency), UNSOUND(sent_and_paid_to_bob),
		UNSOUND(sent_and_held)) };
