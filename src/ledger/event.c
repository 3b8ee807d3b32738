/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/event.h"

const char *event_name(enum event_kind kind)
{
	switch (kind) {
#define EVENT(number, version, name) \
	case number:                 \
		return #name;
#include "ledger/events.def"
#undef EVENT
	case EVENT_none:
		break;
	}
	return "";
}
