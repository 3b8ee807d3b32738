/* SPDX-License-Identifier: Apache-2.0 */
/* What protobuf lets pass and a ledger must not: looked for in the raw bytes, before they are
 * unpacked.
 *
 * Two readers of one record must never see two different payments. So a field that comes twice, two
 * arms of a oneof, a text with a NUL byte, a number too wide for its field, and every unknown field
 * are found here, at every depth.
 */
#ifndef WIRE_STRICT_H
#define WIRE_STRICT_H

#include "base/text.h"

#include <protobuf-c/protobuf-c.h>

enum strict_result {
	STRICT_OK,
	STRICT_UNKNOWN, /* well formed, but with a field that the schema does not have */
	STRICT_BROKEN,  /* no message of this schema */
};

/* `ret_detail`: the first place, as "transfer_create.99", "reference: no text (UTF-8, without
 * NUL)", "byte 17". A broken place counts before an unknown one. Set only where the result is not
 * OK. */
enum strict_result strict_check(const ProtobufCMessageDescriptor *descriptor, struct bytes record,
	struct text64 *ret_detail);

#endif
