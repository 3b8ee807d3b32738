/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_UTF8_H
#define WIRE_UTF8_H

#include "base/bytes.h"

/* UTF-8 as in RFC 3629, without NUL. */
bool text_is_clean(struct bytes text);

#endif
