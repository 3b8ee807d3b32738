/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/reject.h"

bool reject_is_known(int32_t reject)
{
	return reject_name((enum reject)reject)[0] != '\0';
}

enum retry reject_retry(enum reject reject)
{
	switch (reject) {
#define REJECT(number, name, retry, keeps, text, advice) \
	case number:                                     \
		return RETRY_##retry;
#include "ledger/rejects.def"
#undef REJECT
	case REJECT_none:
	case REJECT_not_loaded:
		break;
	}
	return RETRY_none;
}

const char *reject_name(enum reject reject)
{
	switch (reject) {
#define REJECT(number, name, retry, keeps, text, advice) \
	case number:                                     \
		return #name;
#include "ledger/rejects.def"
#undef REJECT
	case REJECT_none:
	case REJECT_not_loaded:
		break;
	}
	return "";
}

const char *reject_text(enum reject reject)
{
	switch (reject) {
#define REJECT(number, name, retry, keeps, text, advice) \
	case number:                                     \
		return text;
#include "ledger/rejects.def"
#undef REJECT
	case REJECT_none:
	case REJECT_not_loaded:
		break;
	}
	return "";
}

const char *reject_advice(enum reject reject)
{
	switch (reject) {
#define REJECT(number, name, retry, keeps, text, advice) \
	case number:                                     \
		return advice;
#include "ledger/rejects.def"
#undef REJECT
	case REJECT_none:
	case REJECT_not_loaded:
		break;
	}
	return "";
}

bool reject_keeps_row(enum reject reject)
{
	static const bool keeps_no_row = false, keeps_row = true;
	switch (reject) {
#define REJECT(number, name, retry, keeps, text, advice) \
	case number:                                     \
		return keeps_##keeps;
#include "ledger/rejects.def"
#undef REJECT
	case REJECT_none:
	case REJECT_not_loaded:
		break;
	}
	return false;
}
