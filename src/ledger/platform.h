/* SPDX-License-Identifier: Apache-2.0 */
/* The platform's own accounts, which nobody opens. */
#ifndef LEDGER_PLATFORM_H
#define LEDGER_PLATFORM_H

#include "ledger/rows.h"

/* What a platform account that a posting names for the first time looks like: an asset (@bank), or
 * a liability. */
struct account account_platform_new(const struct account_id *id, enum currency currency);

#endif
