/* WWW-Authenticate: the input's lines are the headers. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "registry/challenge.h"

#define HEADERS_MAX	16

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
check_value(const char *s)
{
	if (s == NULL)
		return;
	must(*s != '\0');
	for (; *s != '\0'; s++)
		must((unsigned char)*s >= ' ' || *s == '\t');
}

static void
check(const struct challenge *c)
{
	check_value(c->realm);
	check_value(c->service);
	check_value(c->scope);
	check_value(c->error);
	if (c->scheme == CHALLENGE_BEARER)
		must(c->realm != NULL);
	if (c->scheme == CHALLENGE_NONE)
		must(c->realm == NULL && c->service == NULL &&
		    c->scope == NULL && c->error == NULL);
}

/* ${header} with name="value" behind it, as a server should write that. */
static char *
with_param(char *header, const char *name, const char *value)
{
	char *quoted, *to, *longer;

	if (value == NULL)
		return header;
	to = quoted = xmalloc(2 * strlen(value) + 1);
	for (; *value != '\0'; value++) {
		if (*value == '"' || *value == '\\')
			*to++ = '\\';
		*to++ = *value;
	}
	*to = '\0';
	longer = xasprintf("%s,%s=\"%s\"", header, name, quoted);
	free(quoted);
	free(header);
	return longer;
}

static void
check_same(const char *a, const char *b)
{
	must((a == NULL) == (b == NULL));
	must(a == NULL || strcmp(a, b) == 0);
}

/* What was understood, written down properly, is understood the same. */
static void
check_round_trip(const struct challenge *c)
{
	char *text = xstrdup(c->scheme == CHALLENGE_BEARER ?
	    "Bearer" : "Basic");
	const char *header;
	struct challenge again;

	text = with_param(text, "realm", c->realm);
	text = with_param(text, "service", c->service);
	text = with_param(text, "scope", c->scope);
	text = with_param(text, "error", c->error);
	header = text;
	challenge_parse(&header, 1, &again);
	must(again.scheme == c->scheme);
	check_same(again.realm, c->realm);
	check_same(again.service, c->service);
	check_same(again.scope, c->scope);
	check_same(again.error, c->error);
	challenge_done(&again);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xmalloc(size + 1), *s;
	const char *headers[HEADERS_MAX];
	size_t count = 0;
	struct challenge c;

	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	for (s = text; s != NULL && count < HEADERS_MAX; ) {
		headers[count++] = s;
		s = strchr(s, '\n');
		if (s != NULL)
			*s++ = '\0';
	}
	challenge_parse(headers, count, &c);
	check(&c);
	if (c.scheme != CHALLENGE_NONE)
		check_round_trip(&c);
	challenge_done(&c);
	free(text);
	return 0;
}
