/* SPDX-License-Identifier: Apache-2.0 */
#include "golden_difference.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_SIZE = 256 };

struct difference {
	char path[PATH_SIZE]; /* "balances[1].debits_posted" */
	char *ret;
};

static void values_say(struct difference *difference, const json_t *released, const json_t *now)
{
	char *texts[] = { json_dumps(released, JSON_ENCODE_ANY | JSON_COMPACT),
		json_dumps(now, JSON_ENCODE_ANY | JSON_COMPACT) };
	(void)snprintf(difference->ret, DIFFERENCE_SIZE, "%s: released as %s, and now %s",
		difference->path, texts[0] ? texts[0] : "nothing", texts[1] ? texts[1] : "nothing");
	free(texts[0]);
	free(texts[1]);
}

static bool values_differ(struct difference *difference, json_t *released, json_t *now);

/* With the name of a member, or the place in a list, behind the path. */
static bool inner_differs(
	struct difference *difference, const char *name, json_t *released, json_t *now)
{
	size_t size = strlen(difference->path);
	bool needs_dot = size > 0 && name[0] != '[';
	(void)snprintf(
		difference->path + size, PATH_SIZE - size, "%s%s", needs_dot ? "." : "", name);
	bool differs = values_differ(difference, released, now);
	difference->path[size] = '\0';
	return differs;
}

static bool objects_differ(struct difference *difference, json_t *released, json_t *now)
{
	const char *name;
	json_t *value;
	json_object_foreach(released, name, value)
	{
		if (inner_differs(difference, name, value, json_object_get(now, name)))
			return true;
	}
	json_object_foreach(now, name, value)
	{
		if (!json_object_get(released, name))
			return inner_differs(difference, name, NULL, value);
	}
	return false;
}

static bool lists_differ(struct difference *difference, json_t *released, json_t *now)
{
	size_t count = json_array_size(released);
	if (count < json_array_size(now))
		count = json_array_size(now);
	for (size_t i = 0; i < count; i++) {
		char name[24];
		(void)snprintf(name, sizeof name, "[%zu]", i);
		if (inner_differs(
			    difference, name, json_array_get(released, i), json_array_get(now, i)))
			return true;
	}
	return false;
}

static bool values_differ(struct difference *difference, json_t *released, json_t *now)
{
	if (json_equal(released, now))
		return false;
	if (json_is_object(released) && json_is_object(now))
		return objects_differ(difference, released, now);
	if (json_is_array(released) && json_is_array(now))
		return lists_differ(difference, released, now);
	values_say(difference, released, now);
	return true;
}

static char *line_of(const char *at)
{
	return strndup(at, strcspn(at, "\n"));
}

/* False: they are no JSON, or say the same in another order. */
static bool lines_differ_as_json(
	struct difference *difference, const char *released, const char *now)
{
	json_t *objects[] = { json_loads(released, 0, NULL), json_loads(now, 0, NULL) };
	bool differs =
		objects[0] && objects[1] && values_differ(difference, objects[0], objects[1]);
	json_decref(objects[0]);
	json_decref(objects[1]);
	return differs;
}

void golden_difference(const char *released, const char *now, char ret[DIFFERENCE_SIZE])
{
	size_t line = 1;
	const char *at = released;
	while (*at == *now && *at != '\0') {
		if (*at == '\n') {
			line++;
			released = at + 1;
		}
		at++;
		now++;
	}
	now -= at - released; /* both at the head of the line that differs */
	struct difference difference = { .ret = ret };
	(void)snprintf(difference.path, sizeof difference.path, "line %zu", line);
	char *lines[] = { line_of(released), line_of(now) };
	if (!lines_differ_as_json(&difference, lines[0], lines[1]))
		(void)snprintf(ret, DIFFERENCE_SIZE, "line %zu: released as\n%s\nand now\n%s", line,
			lines[0], lines[1]);
	free(lines[0]);
	free(lines[1]);
}
