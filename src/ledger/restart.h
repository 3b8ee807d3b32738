/* SPDX-License-Identifier: Apache-2.0 */
/* The two witnesses of an input that goes on elsewhere: of the record decided last, and of the one
 * before the place where it goes on. Absent: none is known. */
#ifndef LEDGER_RESTART_H
#define LEDGER_RESTART_H

#include "ledger/event_bodies.h"

static inline struct witness restart_expected(const struct event_inputs_restarted *restarted)
{
	return (struct witness){ restarted->expected_digest, restarted->expected_command_id };
}

static inline struct witness restart_before(const struct event_inputs_restarted *restarted)
{
	return (struct witness){ restarted->digest, restarted->command_id };
}

#endif
