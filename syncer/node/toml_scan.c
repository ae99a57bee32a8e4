/*
 * Enough of TOML (v1.0.0) to find values and where they stand; it checks
 * nothing, since the client does.  A file that is no TOML yields odd events,
 * and no crash.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "node/toml_scan.h"

struct scan {
	const char *text;
	toml_fn *fn;
	void *cookie;
	struct toml_path table, path;
	bool is_lost;		/* the table has a name too long for us */
	char value[TOML_PART_MAX];
};

static const char *
skip_blank(const char *p)
{
	return p + strspn(p, " \t\r");
}

/* To the end of the line. */
static const char *
skip_line(const char *p)
{
	return p + strcspn(p, "\n");
}

static bool
starts_three(const char *p, char quote)
{
	return p[0] == quote && p[1] == quote && p[2] == quote;
}

/*
 * A string from its quote on.  Return what is behind it; ${*fits} is whether
 * all of it is in ${to}.  A string of one line ends with the line at the
 * latest.
 */
static const char *
take_string(const char *p, char *to, bool *fits)
{
	char quote = *p;
	bool is_long = starts_three(p, quote);
	size_t len = 0;

	*fits = true;
	for (p += is_long ? 3 : 1; *p != '\0'; p++) {
		if (is_long ? starts_three(p, quote) : *p == quote ||
		    *p == '\n')
			break;
		if (quote == '"' && *p == '\\' && p[1] != '\0' && p[1] != '\n')
			p++;
		if (len + 1 == TOML_PART_MAX)
			*fits = false;
		else
			to[len++] = *p;
	}
	to[len] = '\0';
	if (*p == '\0' || *p == '\n')
		return p;
	return p + (is_long ? 3 : 1);
}

/* Bare keys, numbers, dates, true and false: which of these it is does not
 * matter here. */
static const char *
take_word(const char *p, const char *ends, char *to, bool *fits)
{
	size_t len = strcspn(p, ends);

	*fits = len < TOML_PART_MAX;
	if (*fits) {
		memcpy(to, p, len);
		to[len] = '\0';
	}
	return p + len;
}

/*
 * Add what is written at ${p}, a.b."c", to the path.  Return what is behind, or
 * NULL where it is none, or does not fit.  A key that is too long for us can be
 * none that we look for.
 */
static const char *
take_path(const char *p, struct toml_path *path)
{
	const char *begin;
	bool fits;

	for (;;) {
		p = skip_blank(p);
		if (path->count == TOML_PARTS_MAX)
			return NULL;
		begin = p;
		if (*p == '"' || *p == '\'')
			p = take_string(p, path->part[path->count], &fits);
		else
			p = take_word(p, " \t\r\n.=[]{},#\"'",
			    path->part[path->count], &fits);
		if (!fits || p == begin)
			return NULL;
		path->count++;
		p = skip_blank(p);
		if (*p != '.')
			return p;
		p++;
	}
}

static void
tell(struct scan *s, bool is_table, const char *from, const char *to)
{
	struct toml_event event = {
		.path = is_table ? &s->table : &s->path,
		.is_table = is_table,
		.value = is_table ? "" : s->value,
		.from = (size_t)(from - s->text),
		.to = (size_t)(to - s->text),
	};

	assert(event.path->count > 0 && event.from <= event.to);
	s->fn(s->cookie, &event);
}

/* Of [[array]] tables each is told like a table of its own. */
static const char *
scan_table(struct scan *s, const char *p)
{
	const char *begin = p, *end = skip_line(p), *behind;

	s->table.count = 0;
	behind = take_path(p + (p[1] == '[' ? 2 : 1), &s->table);
	s->is_lost = behind == NULL || *behind != ']';
	if (!s->is_lost)
		tell(s, true, begin, end);
	return end;
}

/* All values until the one that began in this line has ended. */
static const char *
scan_value(struct scan *s, const char *p)
{
	const char *begin;
	unsigned depth = 0;
	bool fits;

	while (*p != '\0' && (*p != '\n' || depth > 0)) {
		begin = p;
		if (*p == '#') {
			p = skip_line(p);
		} else if (*p == '[' || *p == '{') {
			depth++;
			p++;
		} else if (*p == ']' || *p == '}') {
			depth -= depth > 0;
			p++;
		} else if (strchr(" \t\r\n,=", *p) != NULL) {
			p++;
		} else {
			p = *p == '"' || *p == '\'' ?
			    take_string(p, s->value, &fits) :
			    take_word(p, " \t\r\n,=[]{}#\"'", s->value, &fits);
			if (fits && !s->is_lost)
				tell(s, false, begin, p);
		}
	}
	return p;
}

/* Inside of a table that is lost, keys are lost as well. */
static const char *
scan_key(struct scan *s, const char *p)
{
	const char *behind;

	s->path.count = 0;
	if (!s->is_lost)
		s->path = s->table;
	behind = take_path(p, &s->path);
	if (behind == NULL || *behind != '=')
		return skip_line(p);
	return scan_value(s, behind + 1);
}

/* On the heap: the paths have some KiB. */
void
toml_scan(const char *text, toml_fn *fn, void *cookie)
{
	struct scan *s = xcalloc(1, sizeof(*s));
	const char *p = text;

	s->text = text;
	s->fn = fn;
	s->cookie = cookie;
	while (*p != '\0') {
		p = skip_blank(p);
		if (*p == '[')
			p = scan_table(s, p);
		else if (*p != '#' && *p != '\n')
			p = scan_key(s, p);
		p = skip_line(p);
		if (*p == '\n')
			p++;
	}
	free(s);
}

bool
toml_path_is(const struct toml_path *path, size_t count,
    const char *const *names)
{
	size_t i;

	if (path->count != count)
		return false;
	for (i = 0; i < count; i++)
		if (names[i] != NULL && strcmp(names[i], path->part[i]) != 0)
			return false;
	return true;
}
