/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/reject.h"

struct facts {
	enum retry retry;
	bool keeps_row;
	const char *name, *text, *advice;
};

static const struct facts *facts_of(enum reject reject)
{
	static const bool keeps_no_row = false, keeps_row = true;
	static const struct facts none = { RETRY_none, false, "", "", "" };
	static const struct facts all[REJECT_LAST + 1] = {
#define REJECT(number, name, retry, keeps, text, advice) \
	[number] = { RETRY_##retry, keeps_##keeps, #name, text, advice },
#include "ledger/rejects.def"
#undef REJECT
	};
	bool is_known = (unsigned)reject <= REJECT_LAST && all[reject].name;
	return is_known ? &all[reject] : &none;
}

bool reject_is_known(int32_t reject)
{
	return reject_name((enum reject)reject)[0] != '\0';
}

enum retry reject_retry(enum reject reject)
{
	return facts_of(reject)->retry;
}

const char *reject_name(enum reject reject)
{
	return facts_of(reject)->name;
}

const char *reject_text(enum reject reject)
{
	return facts_of(reject)->text;
}

const char *reject_advice(enum reject reject)
{
	return facts_of(reject)->advice;
}

bool reject_keeps_row(enum reject reject)
{
	return facts_of(reject)->keeps_row;
}
