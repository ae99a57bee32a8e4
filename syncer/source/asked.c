/* A line of JSON for each request.  The last line may be half written; others
 * that are no JSON are counted, since a log is cut and joined by hand. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "source/asked.h"

/* So many lines tell what a file is. */
#define LOOK_LINES	4u

static const char *
text_of(const json_t *line, const char *key)
{
	const char *text = json_string_value(json_object_get(line, key));

	return text == NULL ? "" : text;
}

/* NULL for what is no line of ours. */
static json_t *
load(const char *line, size_t len)
{
	json_t *all;

	if (len == 0 || len > LOG_LINE_MAX || line[0] != '{')
		return NULL;
	all = json_loadb(line, len, 0, NULL);
	if (json_object_get(all, "status") != NULL &&
	    json_is_string(json_object_get(all, "repository")) &&
	    json_is_string(json_object_get(all, "reference")))
		return all;
	json_decref(all);
	return NULL;
}

static size_t
line_length(const char *buf, size_t len)
{
	const char *eol = memchr(buf, '\n', len);

	return eol == NULL ? len : (size_t)(eol - buf);
}

bool
asked_fit(const char *buf, size_t len)
{
	json_t *line = NULL;
	unsigned i;
	size_t n;

	for (i = 0; i < LOOK_LINES && len > 0 && line == NULL; i++) {
		n = line_length(buf, len);
		line = load(buf, n);
		n += n < len;
		buf += n;
		len -= n;
	}
	json_decref(line);
	return line != NULL;
}

static void
take(struct gather *g, const json_t *line)
{
	const char *reference = text_of(line, "reference");
	char *ref;

	if (json_integer_value(json_object_get(line, "status")) != 404 ||
	    strcmp(text_of(line, "kind"), "manifest") != 0)
		return;
	/* Without these it would be another image. */
	if (reference[0] == '\0' || text_of(line, "registry")[0] == '\0')
		return;
	ref = xasprintf("%s/%s%c%s", text_of(line, "registry"),
	    text_of(line, "repository"), strchr(reference, ':') != NULL ?
	    '@' : ':', reference);
	gather_asked(g, ref);
	free(ref);
}

void
asked_read(struct gather *g, const char *buf, size_t len)
{
	unsigned number = 0, first = 0;
	size_t n, odd = 0;
	json_t *line;

	for (; len > 0; buf += n, len -= n) {
		n = line_length(buf, len);
		number++;
		line = load(buf, n);
		if (line != NULL)
			take(g, line);
		else if (n > 0 && n < len && odd++ == 0)
			first = number;
		json_decref(line);
		n += n < len;
	}
	if (odd > 0)
		gather_left(g, first, "no line of such a log (of such there "
		    "are %zu)", odd);
}
