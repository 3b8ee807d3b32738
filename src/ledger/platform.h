/* SPDX-License-Identifier: Apache-2.0 */
/* The platform's own accounts, which nobody opens. */
#ifndef LEDGER_PLATFORM_H
#define LEDGER_PLATFORM_H

#include "ledger/rows.h"

/* What a platform account that a posting names for the first time looks like: an asset (@bank), or
 * a liability. */
struct account account_platform_new(const struct account_id *id, enum currency currency);

/* "@transit/USD.3": money under way between this shard and another one. What a shard sent and what
 * it received stand on the same account, so each pair's two add up to what is under way. */
struct account_id account_id_transit(enum currency currency, uint32_t shard);

#endif
