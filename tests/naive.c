/* SPDX-License-Identifier: Apache-2.0 */
#include "naive.h"

#include <assert.h>

static const naive_sum total_max = ((naive_sum)1 << 62) - 1;

static int member_of(const struct account_id *id)
{
	assert(id->size == 3);
	return id->at[0] == 'q';
}

static naive_sum available(const struct naive_account *account)
{
	return account->credits - account->debits - account->debits_pending;
}

static struct naive_answer no(enum reject reject)
{
	return (struct naive_answer){ EVENT_command_rejected, reject };
}

static struct naive_answer yes(enum event_kind kind)
{
	return (struct naive_answer){ kind, REJECT_none };
}

static void hold_end(struct naive *naive, struct naive_hold *hold, const char *status)
{
	naive->members[hold->from].debits_pending -= hold->amount;
	naive->members[hold->to].credits_pending -= hold->amount;
	hold->status = status;
}

size_t naive_expire(struct naive *naive, int64_t record_time_ms)
{
	size_t count = 0;
	if (record_time_ms > naive->time_ms)
		naive->time_ms = record_time_ms;
	for (size_t i = 0; i < naive->hold_count; i++) {
		struct naive_hold *hold = &naive->holds[i];
		if (strcmp(hold->status, "open") != 0 || hold->expires_at_ms > naive->time_ms)
			continue;
		hold_end(naive, hold, "expired");
		count++;
	}
	return count;
}

static struct naive_answer funds(struct naive *naive, const struct command *command)
{
	const struct command_funds_receive *c = &command->funds_receive;
	struct naive_account *to = &naive->members[member_of(&c->to_account)];
	int64_t amount = amount_minor(c->amount.amount);
	for (size_t i = 0; i < naive->reference_count; i++)
		if (text64_equal(&naive->references[i], &c->rail_reference))
			return no(REJECT_rail_reference_used);
	if (to->is_closed)
		return no(REJECT_payee_account_is_closed);
	if (naive->bank_debits + amount > total_max || to->credits + amount > total_max)
		return no(REJECT_balance_overflow);
	naive->bank_debits += amount;
	to->credits += amount;
	naive->references[naive->reference_count++] = c->rail_reference;
	return yes(EVENT_funds_received);
}

static enum reject pay(struct naive *naive, const struct account_id *from_id,
	const struct account_id *to_id, int64_t amount, bool pends)
{
	struct naive_account *from = &naive->members[member_of(from_id)];
	struct naive_account *to = &naive->members[member_of(to_id)];
	naive_sum *debits = pends ? &from->debits_pending : &from->debits;
	naive_sum *credits = pends ? &to->credits_pending : &to->credits;
	if (from->is_closed)
		return REJECT_account_is_closed;
	if (to->is_closed)
		return REJECT_payee_account_is_closed;
	if (*debits + amount > total_max || *credits + amount > total_max)
		return REJECT_balance_overflow;
	if (available(from) < amount)
		return REJECT_balance_too_low;
	*debits += amount;
	*credits += amount;
	return REJECT_none;
}

static struct naive_answer transfer(struct naive *naive, const struct command *command)
{
	const struct command_transfer_create *c = &command->transfer_create;
	int64_t amount = amount_minor(c->amount.amount);
	enum reject reject = pay(naive, &c->from_account, &c->to_account, amount, false);
	return reject == REJECT_none ? yes(EVENT_transfer_posted) : no(reject);
}

static struct naive_answer hold(struct naive *naive, const struct command *command)
{
	const struct command_hold_create *c = &command->hold_create;
	int64_t amount = amount_minor(c->amount.amount);
	enum reject reject = pay(naive, &c->from_account, &c->to_account, amount, true);
	if (reject != REJECT_none)
		return no(reject);
	naive->holds[naive->hold_count++] = (struct naive_hold){
		.id = command->id.id,
		.from = member_of(&c->from_account),
		.to = member_of(&c->to_account),
		.amount = amount,
		.expires_at_ms = naive->time_ms + c->expires_in_s * 1000,
		.status = "open",
	};
	return yes(EVENT_hold_created);
}

static struct naive_hold *hold_of(
	struct naive *naive, const struct id *id, const struct text64 *party)
{
	for (size_t i = 0; i < naive->hold_count; i++)
		if (id_equal(&naive->holds[i].id, id) &&
			party->at[0] == (naive->holds[i].from == 0 ? 'p' : 'q'))
			return &naive->holds[i];
	return NULL;
}

static enum reject hold_reject(const struct naive_hold *h)
{
	if (!h)
		return REJECT_hold_not_found;
	if (strcmp(h->status, "captured") == 0)
		return REJECT_hold_is_captured;
	if (strcmp(h->status, "released") == 0)
		return REJECT_hold_is_released;
	if (strcmp(h->status, "expired") == 0)
		return REJECT_hold_is_expired;
	return REJECT_none;
}

static struct naive_answer capture(struct naive *naive, const struct command *command)
{
	const struct money *money = &command->hold_capture.amount;
	struct naive_hold *h = hold_of(naive, &command->hold_capture.hold_id.id, &command->party);
	enum reject reject = hold_reject(h);
	if (reject != REJECT_none)
		return no(reject);
	int64_t amount = money->is_absent ? h->amount : amount_minor(money->amount);
	if (amount > h->amount)
		return no(REJECT_capture_above_hold);
	struct naive_account *from = &naive->members[h->from], *to = &naive->members[h->to];
	if (from->debits + amount > total_max || to->credits + amount > total_max)
		return no(REJECT_balance_overflow);
	hold_end(naive, h, "captured");
	from->debits += amount;
	to->credits += amount;
	return yes(EVENT_hold_captured);
}

static struct naive_answer release(struct naive *naive, const struct command *command)
{
	struct naive_hold *h = hold_of(naive, &command->hold_release.hold_id.id, &command->party);
	enum reject reject = hold_reject(h);
	if (reject != REJECT_none)
		return no(reject);
	hold_end(naive, h, "released");
	return yes(EVENT_hold_released);
}

static struct naive_answer close(struct naive *naive, const struct command *command)
{
	struct naive_account *account = &naive->members[member_of(&command->account_close.account)];
	if (account->is_closed)
		return no(REJECT_account_is_closed);
	if (account->debits_pending != 0 || account->credits_pending != 0)
		return no(REJECT_account_has_holds);
	if (account->debits != account->credits)
		return no(REJECT_account_not_empty);
	account->is_closed = true;
	return yes(EVENT_account_closed);
}

static struct naive_answer tick(struct naive *naive, const struct command *command)
{
	(void)naive, (void)command;
	return yes(EVENT_ticked);
}

/* The exhaustive test sends these, and no others. */
static struct naive_answer body_answer(struct naive *naive, const struct command *command)
{
	static struct naive_answer (*const answers[])(struct naive *, const struct command *) = {
		[COMMAND_tick] = tick,
		[COMMAND_account_close] = close,
		[COMMAND_funds_receive] = funds,
		[COMMAND_transfer_create] = transfer,
		[COMMAND_hold_create] = hold,
		[COMMAND_hold_capture] = capture,
		[COMMAND_hold_release] = release,
	};
	assert(command->kind < sizeof answers / sizeof answers[0] && answers[command->kind]);
	return answers[command->kind](naive, command);
}

static bool amount_is_wrong(const struct command *command)
{
	if (command->kind == COMMAND_funds_receive)
		return amount_minor(command->funds_receive.amount.amount) <= 0;
	if (command->kind == COMMAND_transfer_create)
		return amount_minor(command->transfer_create.amount.amount) <= 0;
	if (command->kind == COMMAND_hold_create)
		return amount_minor(command->hold_create.amount.amount) <= 0;
	return command->kind == COMMAND_hold_capture && !command->hold_capture.amount.is_absent &&
	       amount_minor(command->hold_capture.amount.amount) <= 0;
}

struct naive_answer naive_answer(struct naive *naive, const struct command *command)
{
	if (amount_is_wrong(command))
		return no(REJECT_amount_not_positive);
	for (size_t i = 0; i < naive->command_count; i++) {
		const struct naive_command *before = &naive->commands[i];
		if (!id_equal(&before->id, &command->id.id))
			continue;
		return digest_equal(&before->digest, &command->digest) ? yes(EVENT_command_repeated)
								       : no(REJECT_id_reused);
	}
	naive->commands[naive->command_count++] =
		(struct naive_command){ command->id.id, command->digest };
	return body_answer(naive, command);
}
