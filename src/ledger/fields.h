/* SPDX-License-Identifier: Apache-2.0 */
/* What the fields of commands and events are made of. */
#ifndef LEDGER_FIELDS_H
#define LEDGER_FIELDS_H

#include "base/id.h"
#include "ledger/account.h"
#include "ledger/contract.h"
#include "ledger/reject.h"

/* An id field of a command, which may have had a wrong size. */
struct id_field {
	struct id id;
	bool is_malformed; /* neither absent nor 16 bytes */
};

/* An Amount of a command. */
struct money {
	struct amount amount;
	enum currency currency; /* CURRENCY_none: unknown, or the whole Amount was absent */
	bool is_absent;
};

#endif
