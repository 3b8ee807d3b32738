/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_JSON_SYNTAX_H
#define WIRE_JSON_SYNTAX_H

#include <jansson.h>
#include <stddef.h>

/* Says what is wrong with a line that jansson could not read, where, and what to do. */
void json_syntax_say(
	const char *line, size_t size, const json_error_t *found, char *ret, size_t ret_size);

#endif
