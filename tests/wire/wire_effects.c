/* SPDX-License-Identifier: Apache-2.0 */
/* Effects of each kind: what is written is read again, and a field that is none of its values is
 * refused, one after the other, in the contract's own structs. */
#include "codec_fixture.h"
#include "nouns.h"

#include "pinion/v1/event.pb-c.h"

#include <stdlib.h>

/* These before cmocka, which needs them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* One of each kind, and more of them. */
enum { POSTING = 0, REMITTANCE = 1, SETTLEMENT = 2, EFFECTS = 6, BALANCES = 4 };

static struct event event_make(struct link *ret_link)
{
	struct random random = { 4 };
	struct event event = event_random(&random, EVENT_transfer_sent, true);
	event.effect_count = EFFECTS;
	for (unsigned i = 0; i < EFFECTS; i++)
		event.effects[i] = effect_random(
			&random, (enum effect_kind)(EFFECT_posting + i % 3), BALANCES);
	*ret_link = link_random(&random, &event, true);
	return event;
}

static enum decode_result decode_changed(void (*change)(Pinion__V1__Event *event))
{
	struct link link, read_link;
	struct event event = event_make(&link);
	uint8_t record[EVENT_SIZE_MAX], changed[2 * EVENT_SIZE_MAX];
	size_t size = event_encode(codec, &event, &link, record);
	Pinion__V1__EventRecord *read = pinion__v1__event_record__unpack(NULL, size, record);
	assert_non_null(read);
	change(read->event);
	size = pinion__v1__event_record__pack(read, changed);
	pinion__v1__event_record__free_unpacked(read, NULL);
	return event_decode(codec, (struct bytes){ changed, size }, &event, &read_link);
}

static Pinion__V1__Posting *posting_of(Pinion__V1__Event *event)
{
	assert_int_equal(event->effects[POSTING]->effect_case, PINION__V1__EFFECT__EFFECT_POSTING);
	return event->effects[POSTING]->posting;
}

static Pinion__V1__Remittance *remittance_of(Pinion__V1__Event *event)
{
	assert_int_equal(
		event->effects[REMITTANCE]->effect_case, PINION__V1__EFFECT__EFFECT_REMITTANCE);
	return event->effects[REMITTANCE]->remittance;
}

static Pinion__V1__Settlement *settlement_of(Pinion__V1__Event *event)
{
	assert_int_equal(
		event->effects[SETTLEMENT]->effect_case, PINION__V1__EFFECT__EFFECT_SETTLEMENT);
	return event->effects[SETTLEMENT]->settlement;
}

/* --- What stays sound --- */

static void none(Pinion__V1__Event *event)
{
	(void)event;
}
static void posting_moved(Pinion__V1__Event *event)
{
	posting_of(event)->debit_place = BALANCES_PER_EVENT_MAX;
	posting_of(event)->credit_place = 1;
}
static void remittance_moved(Pinion__V1__Event *event)
{
	remittance_of(event)->from_place = BALANCES_PER_EVENT_MAX;
	remittance_of(event)->shard = 0;
}
static void settlement_without_group(Pinion__V1__Event *event)
{
	settlement_of(event)->group_id.len = 0;
}

/* --- What does not --- */

static void layer_unknown(Pinion__V1__Event *event)
{
	posting_of(event)->layer = (Pinion__V1__Layer)4;
}
static void layer_absent(Pinion__V1__Event *event)
{
	posting_of(event)->layer = PINION__V1__LAYER__LAYER_UNSPECIFIED;
}
static void rail_unknown(Pinion__V1__Event *event)
{
	posting_of(event)->rail = (Pinion__V1__Rail)7;
}
static void posting_without_balance(Pinion__V1__Event *event)
{
	posting_of(event)->debit_place = BALANCES_PER_EVENT_MAX + 1;
}
static void posting_without_place(Pinion__V1__Event *event)
{
	posting_of(event)->credit_place = 0;
}
static void posting_to_itself(Pinion__V1__Event *event)
{
	posting_of(event)->credit_place = posting_of(event)->debit_place;
}
static void posting_negative(Pinion__V1__Event *event)
{
	posting_of(event)->amount_minor = -1;
}
static void currency_of_balance_differs(Pinion__V1__Event *event)
{
	memcpy(event->balances[posting_of(event)->debit_place - 1]->currency, "CHF", 3);
}
static void remittance_without_place(Pinion__V1__Event *event)
{
	remittance_of(event)->from_place = 0;
}
static void remittance_without_balance(Pinion__V1__Event *event)
{
	remittance_of(event)->from_place = BALANCES_PER_EVENT_MAX + 1;
}
static void remittance_without_number(Pinion__V1__Event *event)
{
	remittance_of(event)->number = 0;
}
static void remittance_number_negative(Pinion__V1__Event *event)
{
	remittance_of(event)->number = -1;
}
static void remittance_of_nothing(Pinion__V1__Event *event)
{
	remittance_of(event)->amount_minor = 0;
}
static void remittance_negative(Pinion__V1__Event *event)
{
	remittance_of(event)->amount_minor = -1;
}
static void remittance_to_nobody(Pinion__V1__Event *event)
{
	remittance_of(event)->to_account[0] = '\0';
}
static void remittance_account_malformed(Pinion__V1__Event *event)
{
	remittance_of(event)->to_account[0] = 'A';
}
static void purpose_absent(Pinion__V1__Event *event)
{
	pinion__v1__purpose__free_unpacked(remittance_of(event)->purpose, NULL);
	remittance_of(event)->purpose = NULL;
}
static void purpose_none(Pinion__V1__Event *event)
{
	Pinion__V1__Purpose *purpose = remittance_of(event)->purpose;
	pinion__v1__transfer_purpose__free_unpacked(purpose->transfer, NULL);
	purpose->purpose_case = PINION__V1__PURPOSE__PURPOSE__NOT_SET;
}
static void settlement_without_number(Pinion__V1__Event *event)
{
	settlement_of(event)->number = 0;
}
static void settlement_number_negative(Pinion__V1__Event *event)
{
	settlement_of(event)->number = INT64_MIN;
}
static void settlement_of_nothing(Pinion__V1__Event *event)
{
	settlement_of(event)->payment_id.len = 0;
}
static void payment_id_short(Pinion__V1__Event *event)
{
	settlement_of(event)->payment_id.len = 15;
}
static void group_id_short(Pinion__V1__Event *event)
{
	settlement_of(event)->group_id.len = 15;
}
static void effect_empty(Pinion__V1__Event *event)
{
	pinion__v1__posting__free_unpacked(posting_of(event), NULL);
	event->effects[POSTING]->effect_case = PINION__V1__EFFECT__EFFECT__NOT_SET;
}

static void effects_grow(Pinion__V1__Event *event, size_t count)
{
	uint8_t packed[EVENT_SIZE_MAX];
	size_t size = pinion__v1__effect__pack(event->effects[SETTLEMENT], packed);
	event->effects = realloc(event->effects, count * sizeof *event->effects);
	assert_non_null(event->effects);
	while (event->n_effects < count)
		event->effects[event->n_effects++] = pinion__v1__effect__unpack(NULL, size, packed);
}
static void effects_as_many_as_can_be(Pinion__V1__Event *event)
{
	effects_grow(event, EFFECTS_PER_EVENT_MAX);
}
static void effects_too_many(Pinion__V1__Event *event)
{
	effects_grow(event, EFFECTS_PER_EVENT_MAX + 1);
}

static void test_sound_effects(void **state)
{
	(void)state;
	assert_int_equal(decode_changed(none), DECODE_OK);
	assert_int_equal(decode_changed(posting_moved), DECODE_OK);
	assert_int_equal(decode_changed(remittance_moved), DECODE_OK);
	assert_int_equal(decode_changed(settlement_without_group), DECODE_OK);
	assert_int_equal(decode_changed(effects_as_many_as_can_be), DECODE_OK);
}

#define BROKEN(change)          \
	{                       \
		change, #change \
	}

static void test_broken_effects(void **state)
{
	(void)state;
	const struct {
		void (*change)(Pinion__V1__Event *event);
		const char *name;
	} all[] = { BROKEN(layer_unknown), BROKEN(layer_absent), BROKEN(rail_unknown),
		BROKEN(posting_without_balance), BROKEN(posting_without_place),
		BROKEN(posting_to_itself), BROKEN(posting_negative),
		BROKEN(currency_of_balance_differs), BROKEN(remittance_without_place),
		BROKEN(remittance_without_balance), BROKEN(remittance_without_number),
		BROKEN(remittance_number_negative), BROKEN(remittance_of_nothing),
		BROKEN(remittance_negative), BROKEN(remittance_to_nobody),
		BROKEN(remittance_account_malformed), BROKEN(purpose_absent), BROKEN(purpose_none),
		BROKEN(settlement_without_number), BROKEN(settlement_number_negative),
		BROKEN(settlement_of_nothing), BROKEN(payment_id_short), BROKEN(group_id_short),
		BROKEN(effect_empty), BROKEN(effects_too_many) };
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		print_message("%s\n", all[i].name);
		assert_int_equal(decode_changed(all[i].change), DECODE_BROKEN);
	}
}

/* What stands in the union of one kind is what is read of it. */
static void test_effects_round_trip(void **state)
{
	(void)state;
	struct link link, read_link;
	struct event made = event_make(&link), read;
	uint8_t record[EVENT_SIZE_MAX];
	struct bytes bytes = { record, event_encode(codec, &made, &link, record) };
	memset(&read, 0xa5, sizeof read);
	assert_int_equal(event_decode(codec, bytes, &read, &read_link), DECODE_OK);
	assert_int_equal(read.effect_count, EFFECTS);
	for (unsigned i = 0; i < EFFECTS; i++)
		assert_int_equal(read.effects[i].kind, made.effects[i].kind);

	const struct posting *p = &made.effects[POSTING].posting,
			     *q = &read.effects[POSTING].posting;
	assert_true(p->debit_place == q->debit_place && p->credit_place == q->credit_place &&
		    p->layer == q->layer && p->rail == q->rail && p->forced == q->forced &&
		    amount_compare(p->amount, q->amount) == 0);
	const struct remittance *r = &made.effects[REMITTANCE].remittance,
				*s = &read.effects[REMITTANCE].remittance;
	assert_true(r->shard == s->shard && r->number == s->number &&
		    r->from_place == s->from_place && r->purpose == s->purpose &&
		    account_id_equal(&r->to_account, &s->to_account) &&
		    amount_compare(r->amount, s->amount) == 0);
	const struct settlement *t = &made.effects[SETTLEMENT].settlement,
				*u = &read.effects[SETTLEMENT].settlement;
	assert_true(t->number == u->number && id_equal(&t->payment_id, &u->payment_id) &&
		    id_equal(&t->group_id, &u->group_id));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sound_effects),
		cmocka_unit_test(test_broken_effects),
		cmocka_unit_test(test_effects_round_trip),
	};
	return cmocka_run_group_tests_name("wire_effects", tests, codec_setup, codec_teardown);
}
