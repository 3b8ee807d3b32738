/* SPDX-License-Identifier: Apache-2.0 */
/* Its row and its place are kept as for every outcome. */
#include "apply/rule.h"

const struct event_rule command_rejected_v1_rule = { 0 };
