/* SPDX-License-Identifier: Apache-2.0 */
/* What bench alone takes. */
#include "main/option_at.h"

#include <stdlib.h>
#include <string.h>

static bool keys_parse(const char *text, enum keys_kind *ret)
{
	static const char *const names[] = {
		[KEYS_uniform] = "uniform",
		[KEYS_zipf] = "zipf",
		[KEYS_hot] = "hot",
	};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(text, names[i]) == 0) {
			*ret = (enum keys_kind)i;
			return true;
		}
	return false;
}

static bool share_parse(const char *text, double *ret)
{
	char *end;
	*ret = strtod(text, &end);
	return end != text && *end == '\0' && *ret >= 0 && *ret <= 1;
}

const char *bench_option_set(struct options *options, enum option_at at, const char *text)
{
	int64_t n = 0;
	if (at == AT_ACCOUNTS)
		return number_parse(text, 2, 100000000, &options->accounts)
			       ? NULL
			       : "a number from 2 to 100000000";
	if (at == AT_TRANSFERS)
		return number_parse(text, 1, 1000000000, &options->transfers)
			       ? NULL
			       : "a number from 1 to 1000000000";
	if (at == AT_KEYS)
		return keys_parse(text, &options->keys) ? NULL : "uniform, zipf or hot";
	if (at == AT_CROSS)
		return share_parse(text, &options->cross) ? NULL : "a share, from 0 to 1";
	if (at == AT_LOAD) {
		if (options->load_count == LOADS_MAX || !number_parse(text, 1, 1000, &n))
			return "percent of the peak, from 1 to 1000, at most 8 times";
		options->loads[options->load_count++] = (int)n;
	} else if (at == AT_SECONDS) {
		if (!number_parse(text, 0, 86400, &n))
			return "seconds, up to 86400; 0 for no load";
		options->seconds = (int)n;
	} else if (at == AT_RESTARTS) {
		if (!number_parse(text, 0, 1000, &n))
			return "a number from 0 to 1000";
		options->restarts = (int)n;
	} else if (at == AT_CLIENTS) {
		if (!number_parse(text, 1, CLIENTS_MAX, &n))
			return "a number from 1 to 10000";
		options->clients = (int)n;
	} else if (at == AT_BATCH) {
		if (!number_parse(text, 1, CLIENT_BATCH_MAX, &n))
			return "transfers, from 1 to 10000";
		options->batch = (int)n;
	} else if (at == AT_PROGRESS) {
		options->progress = text;
	} else if (at == AT_RAW) {
		options->is_raw = true;
	} else if (at == AT_LEAVE_MADE_UP_MONEY) {
		options->leaves_made_up_money = true;
	}
	return NULL;
}
