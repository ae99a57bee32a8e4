/*
 * tags=: the first line is a pattern, the others are tags.  A matcher says the
 * same twice, wants no signature, and a fresh one says the same as a used one.
 * A glob is compared with a plain recursion.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "image/pattern.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "layout/name.h"

static void
must(int ok)
{
	if (!ok)
		abort();
}

/* Slow and simple: "*" and "?" only. */
static bool
plain_glob(const char *glob, const char *tag)
{
	if (*glob == '\0')
		return *tag == '\0';
	if (*glob == '*')
		return plain_glob(glob + 1, tag) ||
		    (*tag != '\0' && plain_glob(glob, tag + 1));
	return *tag != '\0' && (*glob == '?' || *glob == *tag) &&
	    plain_glob(glob + 1, tag + 1);
}

static size_t
count_stars(const char *s)
{
	size_t count = 0;

	for (; *s != '\0'; s++)
		count += *s == '*';
	return count;
}

static void
check_tag(const struct tag_rule *rule, struct tag_matcher *m,
    const char *tag)
{
	bool wants = tag_matcher_wants(m, tag);
	struct tag_matcher *fresh = tag_matcher_new(rule);

	must(tag_matcher_wants(m, tag) == wants);
	must(tag_matcher_wants(fresh, tag) == wants);
	must(!wants || !tag_is_signature(tag));
	if (rule->kind == TAG_GLOB && strchr(rule->pattern, '[') == NULL &&
	    count_stars(rule->pattern) < 4 && strlen(tag) < 40)
		must(wants == (plain_glob(rule->pattern, tag) &&
		    !tag_is_signature(tag)));
	tag_matcher_free(fresh);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = xstrndup((const char *)data, len), *rest, *tag;
	struct tag_rule *rule = NULL;
	struct tag_matcher *m;
	struct err e = { .code = ERR_NONE };

	rest = strchr(text, '\n');
	if (rest != NULL)
		*rest++ = '\0';
	if (tag_rule_parse(text, &rule, &e) == -1) {
		must(e.code == ERR_INPUT && e.msg[0] != '\0' && rule == NULL);
		free(text);
		return 0;
	}
	must(strcmp(rule->text, text) == 0 && strlen(text) <= TAG_PATTERN_MAX);
	must(rule->pattern > rule->text && rule->pattern[-1] == ':');
	m = tag_matcher_new(rule);
	while (rest != NULL) {
		tag = rest;
		rest = strchr(rest, '\n');
		if (rest != NULL)
			*rest++ = '\0';
		if (name_is_tag(tag))
			check_tag(rule, m, tag);
	}
	tag_matcher_free(m);
	free(rule);
	free(text);
	return 0;
}
