# SPDX-License-Identifier: Apache-2.0
"""Bugs of money between shards, which planted.py plants."""
from planted_bug import Bug

BUGS = [
    Bug(
        "a_remittance_is_sent_before_it_is_verified",
        ("src/shard/relay.c", "pair->now.answered, pair->verified.sent, filling", "pair->now.answered, pair->now.sent, filling"),
        worlds=400,
    ),
    Bug(
        "an_answer_is_sent_before_it_is_verified",
        ("src/shard/relay.c", "pair->now.confirmed, pair->verified.received, filling", "pair->now.confirmed, pair->now.received, filling"),
        worlds=400,
    ),
    Bug(
        "answers_are_confirmed_before_they_are_verified",
        ("src/shard/relay.c", "	int64_t number = pair->verified.answered;", "	int64_t number = pair->now.answered;"),
        worlds=400,
    ),
    Bug(
        "a_remittance_that_was_sent_is_forgotten",
        ("src/shard/relay.c", "pair->deliveries.answered = pair->now.answered;", "pair->deliveries.answered = pair->now.sent;"),
        ("src/shard/relay.c", "	return answered + 1;\n}\n\n/* The rows that follow", "	return sending->given + 1;\n}\n\n/* The rows that follow"),
        worlds=200,
    ),
    Bug(
        "an_answer_is_dropped_before_it_is_confirmed",
        ("src/shard/relay.c", "pair->answers.answered = pair->now.confirmed;", "pair->answers.answered = pair->now.received;"),
        ("src/shard/relay.c", "	return answered + 1;\n}\n\n/* The rows that follow", "	return sending->given + 1;\n}\n\n/* The rows that follow"),
        worlds=200,
    ),
    Bug(
        "a_refusal_is_forgotten_before_it_is_confirmed",
        ("src/apply/remittance/remittance_refused_v1.c", "	mutate_refusal(state, &refusal);", "	(void)refusal;"),
        worlds=200,
    ),
    Bug(
        "more_is_confirmed_than_was_answered",
        ("src/shard/relay.c", "	int64_t number = pair->verified.answered;", "	int64_t number = pair->verified.sent;"),
        worlds=200,
    ),
    Bug(
        "a_confirmation_is_sent_once",
        (
            "src/shard/relay.c",
            "			pair->confirmed_to = event->remittance_repeated.number - 1;",
            "			(void)pair;",
        ),
        worlds=400,
    ),
    Bug(
        "the_relay_looks_for_rows_that_are_gone",
        ("src/shard/relay.c", "			event->remittance_settled.last_number;", "			relay->pairs[event->remittance_settled.away_shard].now.answered;"),
        worlds=2000,
    ),
    Bug(
        "a_payment_is_given_back_twice",
        ("src/decide/remittance/remittance_return.c", "	if (c->number <= route.answered)\n", "	if (c->number < route.answered)\n"),
        ("src/decide/remittance/remittance_return.c", "	if (c->number > route.answered + 1 ||", "	if (route.answered != c->number && c->number > route.answered + 1 ||"),
        ("src/apply/remittance/remittance_returned_v1.c", "	mutate_outbox_drop(state, route.shard, e->number);\n", ""),
        worlds=200,
    ),
    Bug(
        "a_payment_is_settled_twice",
        ("src/decide/remittance/remittance_settle.c", "	if (c->last_number <= route.answered)\n", "	if (c->last_number < route.answered)\n"),
        (
            "src/decide/remittance/remittance_settle.c",
            "int64_t number = route->answered + 1; number <= c->last_number",
            "int64_t number = route->answered + (c->last_number > route->answered); number <= c->last_number",
        ),
        ("src/apply/remittance/remittance_settled_v1.c", "		mutate_outbox_drop(state, route.shard, number);\n", "		;\n"),
        worlds=200,
    ),
    Bug(
        "a_remittance_is_credited_twice",
        ("src/decide/remittance/remittance_deliver.c", "	if (c->number <= route.received) {", "	if (c->number < route.received) {"),
        worlds=200,
    ),
    Bug(
        "a_number_is_taken_over_a_gap",
        ("src/decide/remittance/remittance_deliver.c", "	if (c->number > route.received + 1)", "	if (c->number > route.received + 2)"),
        # Some are left out at first, which is mended by sending them again.
        ("src/shard/relay.c", "		if (!delivery_add(filling, next)) {", "		if ((next % 7 != 0 || next <= sending->given) && !delivery_add(filling, next)) {"),
        worlds=200,
    ),
    Bug(
        "a_refusal_takes_no_number",
        ("src/apply/remittance/remittance_refused_v1.c", "	route.received = e->number;\n", ""),
        worlds=200,
    ),
    Bug(
        "what_was_never_sent_is_settled",
        ("src/decide/remittance/remittance_settle.c", " || c->last_number > route.sent)", ")"),
        ("src/shard/relay.c", "	settle_add(filling, first, last);\n", "	settle_add(filling, first, last + (last % 7 == 0));\n"),
        worlds=200,
    ),
    Bug(
        "a_closed_account_is_credited_from_another_shard",
        (
            "src/decide/remittance/remittance_deliver.c",
            "	if (reject != REJECT_none)\n		return reject;\n	if (transit_answer",
            "	if (reject != REJECT_none && reject != REJECT_payee_account_is_closed)\n		return reject;\n	if (transit_answer",
        ),
        worlds=600,
    ),
    Bug(
        "what_comes_from_one_shard_is_taken_from_another_ones_transit",
        (
            "src/decide/remittance/remittance_deliver.c",
            "account_id_transit(currency, c->home_shard);",
            "account_id_transit(currency, view_ledger(state)->shard);",
        ),
        worlds=200,
    ),
    Bug(
        "a_remittance_is_kept_after_its_answer",
        ("src/apply/remittance/remittance_settled_v1.c", "		mutate_outbox_drop(state, route.shard, number);\n", "		;\n"),
        worlds=200,
    ),
    Bug(
        "a_refusal_is_kept_after_its_confirmation",
        ("src/apply/remittance/remittance_confirmed_v1.c", "		mutate_refusal_drop(state, route.shard, number);\n", ""),
        worlds=200,
    ),
]
