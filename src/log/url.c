/* SPDX-License-Identifier: Apache-2.0 */
/* What a ledger's URL looks like, told from its form alone: nothing is opened or asked. */
#include "log/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

enum { PREFIX_SIZE_MAX = 200, PORT_MAX = 65535 };

static int url_wrong(const char *url, const char *why, struct fault *fault)
{
	return FAULT(fault, FAULT_SETTINGS,
		"'%s' names no ledger: %s. Write embedded:DIR or "
		"kafka://HOST:PORT[,HOST:PORT]/PREFIX",
		url, why);
}

static bool port_ok(const char *text, size_t size)
{
	char digits[6];
	if (size == 0 || size >= sizeof digits || strspn(text, "0123456789") < size)
		return false;
	memcpy(digits, text, size);
	digits[size] = '\0';
	long port = strtol(digits, NULL, 10);
	return port >= 1 && port <= PORT_MAX;
}

/* HOST:PORT, the host as a name, as IPv4, or as IPv6 in brackets. NULL, or what is wrong. */
static const char *server_check(const char *text, size_t size)
{
	size_t host = text[0] == '[' ? strspn(text + 1, "0123456789abcdefABCDEF:.%") + 2
				     : strspn(text, LETTERS ".-_");
	if (host == 0 || (text[0] == '[' && (host <= 2 || host > size || text[host - 1] != ']')))
		return "a broker's host is missing, or has characters that no host has";
	if (host >= size || text[host] != ':')
		return "a broker has no port, or a host with characters that no host has";
	if (!port_ok(text + host + 1, size - host - 1))
		return "a port is a number from 1 to 65535";
	return NULL;
}

static const char *kafka_check(const char *rest)
{
	size_t servers = strcspn(rest, "/");
	for (size_t at = 0; at <= servers;) {
		size_t size = strcspn(rest + at, ",/");
		const char *why = server_check(rest + at, size);
		if (why)
			return why;
		at += size + 1;
	}
	if (rest[servers] == '\0' || rest[servers + 1] == '\0')
		return "the prefix of its topics is missing";
	const char *prefix = rest + servers + 1;
	size_t size = strspn(prefix, LETTERS "._-");
	if (prefix[size] != '\0' || size > PREFIX_SIZE_MAX)
		return "the topic prefix must be 1 to 200 of the characters a-z A-Z 0-9 . _ -";
	return NULL;
}

int log_ops_find(const char *url, const struct log_ops **ret, struct fault *fault)
{
	static const char embedded[] = "embedded:", kafka[] = "kafka://";
	const char *why = "it begins neither with embedded: nor with kafka://";
	if (strncmp(url, embedded, strlen(embedded)) == 0) {
		*ret = &log_embedded;
		why = url[strlen(embedded)] == '\0' ? "the folder is missing" : NULL;
	} else if (strncmp(url, kafka, strlen(kafka)) == 0) {
		*ret = &log_kafka;
		why = kafka_check(url + strlen(kafka));
	}
	return why ? url_wrong(url, why, fault) : 0;
}
