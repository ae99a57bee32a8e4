/*
 * Lines of words.  All that a statement, a table and an inventory have in
 * common is here, so that strict is one thing: what is not exactly what the
 * printer prints is refused.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bundle/record.h"
#include "layout/limits.h"
#include "layout/mem.h"

int
records_fail(const struct records *r, enum err_code code, struct err *e,
    const char *fmt, ...)
{
	char text[ERR_MSG_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(e, code, "%s, line %zu: %s", r->what, r->line, text);
}

int
records_open(struct records *r, const char *what, const char *buf, size_t len,
    struct err *e)
{
	memset(r, 0, sizeof(*r));
	r->what = what;
	if (len > BUNDLE_TEXT_MAX)
		return err_set(e, ERR_LIMIT, "%s has %zu bytes, more than the "
		    "%u that it may have", what, len, BUNDLE_TEXT_MAX);
	r->text = xmalloc(len + 1);
	memcpy(r->text, buf, len);
	r->text[len] = '\0';
	r->len = len;
	return 0;
}

void
records_close(struct records *r)
{
	free(r->text);
	r->text = NULL;
}

/* Words are all between "!" and "~": a blank too many makes an empty one. */
static int
cut(struct records *r, char *line, struct err *e)
{
	char *at = line;

	r->count = 0;
	for (;;) {
		if (*at == ' ' || *at == '\0')
			return records_fail(r, ERR_DATA, e, "words have one "
			    "blank between them, and none around them");
		if (r->count == RECORD_WORDS_MAX)
			return records_fail(r, ERR_DATA, e, "too many words");
		r->words[r->count++] = at;
		while (*at > ' ' && *at <= '~')
			at++;
		if (*at == '\0')
			return 0;
		if (*at != ' ')
			return records_fail(r, ERR_DATA, e, "a byte that is "
			    "no printable ASCII");
		*at++ = '\0';
	}
}

/* A NUL within the line is found by the length. */
int
records_next(struct records *r, struct err *e)
{
	char *line = r->text + r->next, *end;
	size_t left = r->len - r->next;

	r->line++;
	end = memchr(line, '\n', left < BUNDLE_LINE_MAX ? left :
	    BUNDLE_LINE_MAX);
	if (end == NULL && left >= BUNDLE_LINE_MAX)
		return records_fail(r, ERR_LIMIT, e, "it has more than %u "
		    "bytes", BUNDLE_LINE_MAX - 1);
	if (end == NULL)
		return records_fail(r, ERR_DATA, e, "it ends without \"end\": "
		    "it was cut, or not written to its end");
	*end = '\0';
	if (strlen(line) != (size_t)(end - line))
		return records_fail(r, ERR_DATA, e, "a byte that is no "
		    "printable ASCII");
	r->next += (size_t)(end - line) + 1;
	return cut(r, line, e);
}

bool
records_at(const struct records *r, const char *word, size_t count)
{
	return r->count == count && strcmp(r->words[0], word) == 0;
}

static int
expect(struct records *r, const char *word, struct err *e)
{
	if (records_next(r, e) == -1)
		return -1;
	if (!records_at(r, word, 2))
		return records_fail(r, ERR_DATA, e, "it should be \"%s\" and "
		    "one word", word);
	return 0;
}

int
records_word(struct records *r, const char *word, char *ret, size_t size,
    bool (*is_fit)(const char *), struct err *e)
{
	if (expect(r, word, e) == -1)
		return -1;
	if (strlen(r->words[1]) >= size || !is_fit(r->words[1]))
		return records_fail(r, ERR_DATA, e, "what stands behind "
		    "\"%s\" is none", word);
	snprintf(ret, size, "%s", r->words[1]);
	return 0;
}

int
records_word_number(struct records *r, const char *word, uint64_t max,
    uint64_t *ret, struct err *e)
{
	if (expect(r, word, e) == -1)
		return -1;
	return records_number(r, 1, max, ret, e);
}

int
records_word_time(struct records *r, const char *word, int64_t *ret,
    struct err *e)
{
	if (expect(r, word, e) == -1)
		return -1;
	return records_time(r, 1, ret, e);
}

/* Twenty digits may be more than 64 bits hold; nothing that is counted here
 * has more than nineteen. */
int
records_number(const struct records *r, size_t at, uint64_t max, uint64_t *ret,
    struct err *e)
{
	const char *word = r->words[at];
	size_t len = strspn(word, "0123456789");
	uint64_t n;

	if (len == 0 || word[len] != '\0' || (word[0] == '0' && len > 1))
		return records_fail(r, ERR_DATA, e, "word %zu is no number",
		    at + 1);
	n = len > 19 ? UINT64_MAX : strtoull(word, NULL, 10);
	if (n > max)
		return records_fail(r, ERR_LIMIT, e, "word %zu is more than "
		    "%llu", at + 1, (unsigned long long)max);
	*ret = n;
	return 0;
}

static char *
time_text(int64_t when, char buf[32])
{
	time_t t = (time_t)when;
	struct tm tm;

	if (when > RECORD_TIME_MAX || gmtime_r(&t, &tm) == NULL)
		memset(&tm, 0, sizeof(tm));
	strftime(buf, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return buf;
}

void
record_print_time(FILE *out, int64_t when)
{
	char buf[32];

	fputs(time_text(when, buf), out);
}

/* Written back it has to be the same: so no 30th of February, and no sign. */
bool
record_time(const char *word, int64_t *ret)
{
	struct tm tm = { 0 };
	char again[32];
	int64_t when;

	if (sscanf(word, "%4d-%2d-%2dT%2d:%2d:%2dZ", &tm.tm_year, &tm.tm_mon,
	    &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec) != 6)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	when = (int64_t)timegm(&tm);
	if (when <= 0 || strcmp(time_text(when, again), word) != 0)
		return false;
	*ret = when;
	return true;
}

int
records_time(const struct records *r, size_t at, int64_t *ret, struct err *e)
{
	if (!record_time(r->words[at], ret))
		return records_fail(r, ERR_DATA, e, "word %zu is no time such "
		    "as 2026-11-29T18:00:00Z", at + 1);
	return 0;
}

int
records_digest(const struct records *r, size_t at, struct digest *ret,
    struct err *e)
{
	struct err why;

	if (digest_parse(r->words[at], ret, &why) == -1)
		return records_fail(r, ERR_DATA, e, "word %zu is no digest",
		    at + 1);
	return 0;
}

int
records_end(const struct records *r, struct err *e)
{
	if (!records_at(r, "end", 1))
		return records_fail(r, ERR_DATA, e, "it is no record, or it "
		    "does not belong here");
	if (r->next != r->len)
		return records_fail(r, ERR_DATA, e, "something stands behind "
		    "\"end\"");
	return 0;
}
