/* How far the bytes have been verified: what one night leaves to the next. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verify_internal.h"

/* A line "key number".  Return what is behind it, or NULL. */
static const char *
number_line(const char *s, const char *key, uint64_t *ret)
{
	size_t len = strlen(key);
	char *end;

	if (s == NULL || strncmp(s, key, len) != 0 || s[len] != ' ' ||
	    s[len + 1] < '0' || s[len + 1] > '9')
		return NULL;
	errno = 0;
	*ret = strtoull(s + len + 1, &end, 10);
	if (errno != 0 || *end != '\n' || *ret > INT64_MAX)
		return NULL;
	return end + 1;
}

static bool
cursor_line(const char *s, struct verify_state *ret)
{
	char text[DIGEST_TEXT_MAX];
	size_t len;
	struct err e;

	if (*s == '\0')
		return true;
	if (strncmp(s, "cursor ", 7) != 0)
		return false;
	s += 7;
	len = strcspn(s, "\n");
	if (len >= sizeof(text) || strcmp(s + len, "\n") != 0)
		return false;
	memcpy(text, s, len);
	text[len] = '\0';
	ret->has_cursor = true;
	return digest_parse(text, &ret->cursor, &e) == 0;
}

int
verify_state_parse(const char *text, struct verify_state *ret)
{
	struct verify_state s = { .pass = 0 };
	uint64_t version = 0, started = 0, before = 0;
	const char *at = number_line(text, "verified", &version);

	at = number_line(at, "pass", &s.pass);
	at = number_line(at, "started", &started);
	at = number_line(at, "before", &before);
	at = number_line(at, "files", &s.files);
	at = number_line(at, "bytes", &s.bytes);
	if (at == NULL || version != 1 || s.pass == 0 ||
	    s.pass == INT64_MAX || !cursor_line(at, &s))
		return 0;
	s.started = (int64_t)started;
	s.before = (int64_t)before;
	*ret = s;
	return 1;
}

char *
verify_state_print(const struct verify_state *s, char buf[VERIFIED_BYTES_MAX])
{
	char text[DIGEST_TEXT_MAX];
	int len;

	len = snprintf(buf, VERIFIED_BYTES_MAX, "verified 1\npass %" PRIu64
	    "\nstarted %" PRId64 "\nbefore %" PRId64 "\nfiles %" PRIu64
	    "\nbytes %" PRIu64 "\n", s->pass, s->started, s->before, s->files,
	    s->bytes);
	if (s->has_cursor)
		snprintf(buf + len, VERIFIED_BYTES_MAX - (size_t)len,
		    "cursor %s\n", digest_text(&s->cursor, text));
	return buf;
}
