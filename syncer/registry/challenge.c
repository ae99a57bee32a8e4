/*
 * WWW-Authenticate, as registries send it (quirks.md#challenge-headers).  What
 * a stranger writes there decides where credentials go, so that half a value,
 * or a second one, never counts.
 */
#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "registry/ascii.h"
#include "registry/challenge.h"

/* RFC 9110 section 5.6.2. */
static size_t
token_length(const char *s)
{
	size_t len = 0;

	while (ascii_is_alnum(s[len]) ||
	    (s[len] != '\0' && strchr("!#$%&'*+-.^_`|~", s[len]) != NULL))
		len++;
	return len;
}

static const char *
skip_space(const char *s)
{
	return s + strspn(s, " \t");
}

static bool
word_is(const char *s, size_t len, const char *lower)
{
	return len == strlen(lower) && ascii_starts(s, lower, len);
}

/* Take ${len} bytes as a value: without the escapes, and only if it is one.
 * Control characters would go on into a URL, and from there into a log. */
static char *
value_copy(const char *s, size_t len, bool escapes)
{
	char *text;
	size_t i, used = 0;

	if (len == 0)
		return NULL;
	text = xstrndup(s, len);
	for (i = 0; i < len; i++) {
		if (escapes && text[i] == '\\' && i + 1 < len)
			i++;
		if (ascii_is_control(text[i]) && text[i] != '\t') {
			free(text);
			return NULL;
		}
		text[used++] = text[i];
	}
	text[used] = '\0';
	return text;
}

/*
 * The value behind "=" and ${s} moved behind it.  Outside quotes it may be
 * more than a token: registries send bare URLs.  NULL for a value that is
 * empty, or whose closing quote is missing: half a realm is another realm.
 */
static char *
value_take(const char **s)
{
	const char *start = *s, *end;

	if (*start != '"') {
		*s = start + strcspn(start, " \t,\"");
		return value_copy(start, (size_t)(*s - start), false);
	}
	for (end = ++start; *end != '\0' && *end != '"'; end++)
		if (*end == '\\' && end[1] != '\0')
			end++;
	*s = *end == '"' ? end + 1 : end;
	return *end == '"' ? value_copy(start, (size_t)(end - start), true) :
	    NULL;
}

/* The first one counts: a second realm is a mistake or an attack. */
static void
param_set(struct challenge *c, const char *name, size_t len, char *value)
{
	char **slot = NULL;

	if (word_is(name, len, "realm"))
		slot = &c->realm;
	else if (word_is(name, len, "service"))
		slot = &c->service;
	else if (word_is(name, len, "scope"))
		slot = &c->scope;
	else if (word_is(name, len, "error"))
		slot = &c->error;
	if (slot != NULL && *slot == NULL && c->scheme != CHALLENGE_NONE)
		*slot = value;
	else
		free(value);
}

/*
 * "Negotiate YIIJ…==": RFC 9110 section 11.2.  Only a blob that ends the
 * challenge is one; "realm=x" is not, since "x" follows the "=".
 */
static const char *
skip_token68(const char *s)
{
	const char *p = s, *end;

	while (ascii_is_alnum(*p) ||
	    (*p != '\0' && strchr("-._~+/", *p) != NULL))
		p++;
	end = skip_space(p + strspn(p, "="));
	return p > s && (*end == ',' || *end == '\0') ? end : s;
}

/* A challenge has ended: keep it if it is better than what there is. */
static void
offer(struct challenge *best, struct challenge *now)
{
	bool better;

	if (now->scheme == CHALLENGE_BEARER)
		better = now->realm != NULL &&
		    best->scheme != CHALLENGE_BEARER;
	else
		better = now->scheme == CHALLENGE_BASIC &&
		    best->scheme == CHALLENGE_NONE;
	if (better) {
		challenge_done(best);
		assert(now->scheme != CHALLENGE_NONE);
		*best = *now;
		*now = (struct challenge){ 0 };
	}
	challenge_done(now);
}

/*
 * A word that no "=" follows: a scheme, mostly.  One that stands alone and
 * that we do not know is taken for noise instead, such as the "push" of
 * scope=repository:a/b:pull,push without quotes: the parameters behind it
 * still belong to the challenge before.
 */
static const char *
scheme_take(const char *s, size_t len, struct challenge *best,
    struct challenge *now)
{
	const char *next = skip_space(s + len);
	enum challenge_scheme scheme = CHALLENGE_NONE;

	if (word_is(s, len, "bearer"))
		scheme = CHALLENGE_BEARER;
	else if (word_is(s, len, "basic"))
		scheme = CHALLENGE_BASIC;
	else if (*next == ',' || *next == '\0')
		return next;
	offer(best, now);
	now->scheme = scheme;
	return next == s + len ? next : skip_token68(next);
}

/*
 * RFC 9110 section 11.6.1 separates challenges by the same comma as their
 * parameters: only what follows a word tells a scheme from a parameter's name.
 * Each round takes a byte at least: noise of any kind ends.
 */
static void
header_parse(const char *s, struct challenge *best)
{
	struct challenge now = { 0 };
	const char *word, *next;
	size_t len;

	while (*(s += strspn(s, " \t,")) != '\0') {
		word = s;
		len = token_length(s);
		next = skip_space(s + len);
		if (len == 0 && *s == '"') {
			free(value_take(&s));
		} else if (len == 0) {
			s++;	/* what nobody expects here */
		} else if (*next != '=') {
			s = scheme_take(s, len, best, &now);
		} else {
			s = skip_space(next + 1);
			param_set(&now, word, len, value_take(&s));
		}
	}
	offer(best, &now);
}

/* All headers are one list (RFC 9110 section 5.3). */
void
challenge_parse(const char *const *headers, size_t count,
    struct challenge *ret)
{
	struct challenge best = { 0 };
	size_t i;

	for (i = 0; i < count; i++)
		header_parse(headers[i], &best);
	*ret = best;
}

void
challenge_done(struct challenge *c)
{
	free(c->realm);
	free(c->service);
	free(c->scope);
	free(c->error);
	*c = (struct challenge){ 0 };
}
