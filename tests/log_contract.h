/* SPDX-License-Identifier: Apache-2.0 */
/* What log_contract.c must know of an implementation to hold it to log.h. */
#ifndef TESTS_LOG_CONTRACT_H
#define TESTS_LOG_CONTRACT_H

#include "log/log.h"

enum { LOG_FIXTURE_URL_SIZE = 512 };

struct log_fixture {
	const char *name;
	int (*open)(struct log **ret, const struct log_config *config, struct fault *fault);
	int (*create)(const struct log_config *config, uint32_t shards, struct fault *fault);
	/* Names a ledger that does not exist yet, and does away with it after the test. */
	void (*url_make)(char url[LOG_FIXTURE_URL_SIZE]);
	void (*url_drop)(const char *url);
	int message_timeout_ms;
	int transaction_timeout_ms;
	int readable_within_ms; /* so soon a successful append is readable, on a slow machine too */
	/* From now on (or no longer) appends fail, in a way that leaves their fate open. NULL:
	 * can't be done. */
	void (*appends_fail)(const char *url, bool fail);
	/* Record times are the host's clock's. */
	bool host_clock;
};

/* 0: all tests passed. */
int log_contract_run(const struct log_fixture *chosen);

#endif
