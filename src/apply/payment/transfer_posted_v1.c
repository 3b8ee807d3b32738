/* SPDX-License-Identifier: Apache-2.0 */
/* Its postings are all there is. */
#include "apply/rule.h"

const struct event_rule transfer_posted_v1_rule = { 0 };
