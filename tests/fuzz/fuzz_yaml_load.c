/* YAML, and JSON: what comes out is within the bounds, and walking through it
 * ends. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "layout/limits.h"
#include "yaml/yaml_load.h"

static void
must(int ok)
{
	if (!ok)
		abort();
}

/* Return how many values there are. */
static size_t
walk(const json_t *value, unsigned depth)
{
	json_t *it = (json_t *)(uintptr_t)value, *member;
	const char *key;
	size_t i, all = 1;

	must(depth <= YAML_DEPTH_MAX + 1);
	(void)yaml_line(value);
	if (json_is_string(value)) {
		must(json_string_length(value) >
		    strlen(json_string_value(value)) && yaml_line(value) > 0);
		must(strlen(json_string_value(value)) <= YAML_TEXT_MAX);
	}
	json_object_foreach(it, key, member) {
		must(strlen(key) <= YAML_TEXT_MAX);
		all += walk(member, depth + 1);
	}
	for (i = 0; i < json_array_size(value); i++)
		all += walk(json_array_get(value, i), depth + 1);
	return all;
}

static void
on_value(void *cookie, const json_t *value)
{
	(void)cookie;
	must(walk(value, 0) <= 2 * JSON_VALUES_MAX);
}

static void
on_twice(void *cookie, const char *key, unsigned line)
{
	(void)cookie;
	must(strlen(key) <= YAML_TEXT_MAX && line > 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct yaml_calls calls = { on_value, on_twice, NULL };
	unsigned line = 0;
	struct err e;

	if (yaml_each((const char *)data, size, &calls, &line, &e) == -1)
		must(line > 0 && e.msg[0] != '\0');
	return 0;
}
