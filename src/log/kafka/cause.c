/* SPDX-License-Identifier: Apache-2.0 */
/* Why Kafka can't be used, in words that begin with the cause.
 *
 * The client library tells causes to a callback and only "timed out" to whoever asked. So the first
 * cause is kept, whole, and stands before what was asked. Of certificates the library says one
 * and the same whatever is wrong; OpenSSL's number tells more.
 */
#include "log/kafka/internal.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* The first SCRAM that Kafka 4 accepts: librdkafka#4895. */
enum { SCRAM_VERSION = 0x020601ff };

/* As long as no broker could be reached for: a broker's restart is ridden out by who starts us. */
enum { NOBODY_MS = 3000 };

/* OpenSSL's, which never change; its headers are not needed for these alone. */
enum certificate_error {
	CERTIFICATE_OK = 0,
	CERTIFICATE_NO_ISSUER = 2,
	CERTIFICATE_NOT_YET_VALID = 9,
	CERTIFICATE_HAS_EXPIRED = 10,
	CERTIFICATE_SELF_SIGNED = 18,
	CERTIFICATE_SELF_SIGNED_IN_CHAIN = 19,
	CERTIFICATE_NO_ISSUER_HERE = 20,
	CERTIFICATE_UNVERIFIED_LEAF = 21,
	CERTIFICATE_REVOKED = 23,
	CERTIFICATE_OTHER_HOST = 62,
	CERTIFICATE_OTHER_ADDRESS = 64,
};

/* What the client library's texts mean to a person; the first that fits. */
static const struct cause {
	const char *text; /* a part of the library's */
	const char *words;
	bool is_final;
} causes[] = {
	{ "Connection refused", "connection refused", false },
	{ "Failed to resolve", "the host name can't be resolved", false },
	{ "connecting to a SSL listener", "the port hung up (does it speak TLS?)", false },
	{ "broker might require SASL", "the port hung up (does it want SASL?)", false },
	{ "wrong version number", "TLS failed (does the port speak TLS?)", false },
	{ "unexpected eof while reading", "TLS failed (does the port speak TLS?)", false },
	{ "alert bad certificate", "the broker wants another client certificate", true },
	{ "alert certificate", "the broker refuses the client certificate", true },
	{ "alert unknown ca", "the broker does not trust the client certificate", true },
	{ "certificate required", "the broker wants a client certificate", true },
	{ "Unsupported SASL mechanism", "the broker does not take this SASL mechanism", true },
	{ "not valid in current SASL state", "the broker wants no SASL on this port", true },
};

static const char *certificate_words(int error)
{
	switch (error) {
	case CERTIFICATE_HAS_EXPIRED:
		return "the broker's certificate has expired";
	case CERTIFICATE_NOT_YET_VALID:
		return "the broker's certificate is not yet valid";
	case CERTIFICATE_REVOKED:
		return "the broker's certificate was revoked";
	case CERTIFICATE_OTHER_HOST:
	case CERTIFICATE_OTHER_ADDRESS:
		return "the broker's certificate is for another host name";
	case CERTIFICATE_NO_ISSUER:
	case CERTIFICATE_NO_ISSUER_HERE:
	case CERTIFICATE_UNVERIFIED_LEAF:
	case CERTIFICATE_SELF_SIGNED:
	case CERTIFICATE_SELF_SIGNED_IN_CHAIN:
		return "the broker's certificate is not signed by an authority of ssl.ca.location";
	default:
		return "the broker's certificate is not accepted";
	}
}

/* Called in a thread of the client library's, for each certificate of a chain. It decides as the
 * library itself would. */
int kafka_certificate_note(rd_kafka_t *rk, const char *name, int32_t id, int *error, int depth,
	const char *at, size_t size, char *reason, size_t reason_size, void *opaque)
{
	struct kafka_notes *notes = opaque;

	(void)rk;
	(void)name;
	(void)id;
	(void)depth;
	(void)at;
	(void)size;
	if (*error == CERTIFICATE_OK)
		return 1;
	if (notes)
		atomic_store(&notes->certificate_error, *error);
	(void)snprintf(reason, reason_size, "%s", certificate_words(*error));
	return 0;
}

bool kafka_scram_is_doubtful(const struct kafka_config *config)
{
	bool is_scram = false;

	for (size_t i = 0; i < config->property_count; i++) {
		const struct kafka_property *property = &config->properties[i];
		if (strcmp(property->name, "sasl.mechanism") == 0 ||
			strcmp(property->name, "sasl.mechanisms") == 0)
			is_scram = strncmp(property->value, "SCRAM", 5) == 0;
	}
	return is_scram && rd_kafka_version() < SCRAM_VERSION;
}

static void cause_set(struct kafka_notes *notes, const char *words, const char *reason, size_t size,
	bool is_final)
{
	if (notes->is_final || (notes->cause[0] && !is_final))
		return;
	notes->is_final = is_final;
	(void)snprintf(notes->cause, sizeof(notes->cause), "%s: %.*s", words, (int)size, reason);
}

void kafka_cause_note(struct kafka_notes *notes, int error, const char *reason)
{
	int certificate = atomic_load(&notes->certificate_error);
	size_t size = strlen(reason);

	if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
		notes->all_down = true;
		return;
	}
	if (certificate != 0 && strstr(reason, "certificate verify failed")) {
		/* Where, and none of the advice behind it, which is about one of the cases. */
		const char *advice = strstr(reason, ": SSL handshake");
		if (!advice)
			advice = strstr(reason, ": error:");
		cause_set(notes, certificate_words(certificate), reason,
			advice ? (size_t)(advice - reason) : size, true);
		return;
	}
	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		if (!strstr(reason, causes[i].text))
			continue;
		cause_set(notes, causes[i].words, reason, size, causes[i].is_final);
		return;
	}
	switch (error) {
	case RD_KAFKA_RESP_ERR__AUTHENTICATION:
		cause_set(notes,
			notes->scram_is_doubtful ? "authentication failed (" KAFKA_SCRAM_NOTICE ")"
						 : "authentication failed",
			reason, size, true);
		return;
	case RD_KAFKA_RESP_ERR__SSL:
		cause_set(notes, "TLS failed", reason, size, false);
		return;
	case RD_KAFKA_RESP_ERR__TRANSPORT:
	case RD_KAFKA_RESP_ERR__TIMED_OUT:
		cause_set(notes, "the connection failed", reason, size, false);
		return;
	default:
		cause_set(notes, "Kafka's client has trouble", reason, size, false);
	}
}

bool kafka_is_hopeless(const struct kafka_notes *notes, int64_t waited_ms)
{
	return notes->all_down && notes->cause[0] && (notes->is_final || waited_ms >= NOBODY_MS);
}

void kafka_notes_clear(struct kafka_notes *notes)
{
	notes->transport = false;
	notes->all_down = false;
	notes->is_final = false;
	notes->delivered = 0;
	notes->failed = 0;
	notes->payload_size = 0;
	notes->failure = RD_KAFKA_RESP_ERR_NO_ERROR;
	notes->cause[0] = '\0';
}

void kafka_fault_note(struct fault *fault, const char *file, int line, int code,
	const struct kafka_notes *notes, const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (notes->cause[0])
		fault_note(fault, file, line, code, "%s; %s", notes->cause, text);
	else
		fault_note(fault, file, line, code, "%s", text);
}
