/* SPDX-License-Identifier: Apache-2.0 */
/* Any sequence of inputs: the core's events are the auditor's, or this aborts. */
#include "auditor/duel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	duel_run(data, size);
	return 0;
}
