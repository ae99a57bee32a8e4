/* referrers=: yes, no, or the artifact types that are wanted.  Media types are
 * compared without regard to case (RFC 6838 section 4.2). */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "image/referrer_rule.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "layout/name.h"

/* Not tolower(3): that follows the locale. */
static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static int
compare_types(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted, so that two spellings of one rule are the same in order. */
static void
sort_and_collapse(struct referrer_rule *rule)
{
	size_t i, kept = 0;

	assert(rule->count > 0);
	qsort(rule->types, rule->count, sizeof(rule->types[0]), compare_types);
	for (i = 0; i < rule->count; i++)
		if (kept > 0 &&
		    strcmp(rule->types[kept - 1], rule->types[i]) == 0)
			free(rule->types[i]);
		else
			rule->types[kept++] = rule->types[i];
	rule->count = kept;
	rule->types = xreallocarray(rule->types, kept,
	    sizeof(rule->types[0]));
}

/* One of ${len} bytes at ${text}, which may go on behind them. */
static int
add_type(struct referrer_rule *rule, const char *text, size_t len,
    struct err *e)
{
	char *type, *s;

	if (rule->count == REFERRER_TYPES_MAX)
		return err_set(e, ERR_INPUT, "more than %u types",
		    REFERRER_TYPES_MAX);
	type = xstrndup(text, len);
	rule->types[rule->count++] = type;
	for (s = type; *s != '\0'; s++)
		*s = lower(*s);
	if (name_is_media_type(type))
		return 0;
	return err_set(e, ERR_INPUT, "\"%.80s\" is not an artifact type: write "
	    "a media type, such as application/spdx+json", type);
}

static int
parse_types(const char *text, struct referrer_rule *ret, struct err *e)
{
	struct referrer_rule rule = { .want = REFERRERS_TYPES };
	size_t len;

	rule.types = xcalloc(REFERRER_TYPES_MAX, sizeof(rule.types[0]));
	/* An empty item is an error: "a,,b" is a slip of somebody's. */
	for (;; text += len + 1) {
		len = strcspn(text, ",");
		if (add_type(&rule, text, len, e) == -1) {
			referrer_rule_done(&rule);
			return -1;
		}
		if (text[len] == '\0')
			break;
	}
	sort_and_collapse(&rule);
	*ret = rule;
	return 0;
}

int
referrer_rule_parse(const char *text, struct referrer_rule *ret,
    struct err *e)
{
	static const char types[] = "types=";
	bool yes = strcmp(text, "yes") == 0;

	if (strncmp(text, types, strlen(types)) == 0)
		return parse_types(text + strlen(types), ret, e);
	if (!yes && strcmp(text, "no") != 0)
		return err_set(e, ERR_INPUT,
		    "\"%.80s\" is not yes, no or types=TYPE,TYPE", text);
	*ret = (struct referrer_rule){ yes ? REFERRERS_YES : REFERRERS_NO,
	    NULL, 0 };
	return 0;
}

void
referrer_rule_done(struct referrer_rule *rule)
{
	size_t i;

	for (i = 0; i < rule->count; i++)
		free(rule->types[i]);
	free(rule->types);
	memset(rule, 0, sizeof(*rule));
}

int
referrer_rule_compare(const struct referrer_rule *a,
    const struct referrer_rule *b)
{
	size_t i;
	int order;

	if (a->want != b->want)
		return a->want < b->want ? -1 : 1;
	if (a->count != b->count)
		return a->count < b->count ? -1 : 1;
	for (i = 0; i < a->count; i++) {
		order = strcmp(a->types[i], b->types[i]);
		if (order != 0)
			return order;
	}
	return 0;
}

/* The rule is in lower case already; what a registry says need not be. */
static bool
is_type(const char *type, const char *text)
{
	while (*type != '\0' && *type == lower(*text)) {
		type++;
		text++;
	}
	return *type == '\0' && *text == '\0';
}

bool
referrer_rule_wants(const struct referrer_rule *rule, const char *type)
{
	size_t i;

	for (i = 0; i < rule->count; i++)
		if (is_type(rule->types[i], type))
			return true;
	return rule->want == REFERRERS_YES;
}
