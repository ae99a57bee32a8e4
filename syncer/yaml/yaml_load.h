#ifndef CDR_YAML_YAML_LOAD_H
#define CDR_YAML_YAML_LOAD_H

#include <jansson.h>
#include <stddef.h>

#include "layout/err.h"

/*
 * YAML that a stranger wrote, and JSON, which is nearly all YAML, as Jansson's
 * values.  A scalar is its text, whatever it looks like: "1.20" is no number
 * here.  A plain ~, null or nothing is null.  Of a scalar at most YAML_TEXT_MAX
 * bytes stay, and a NUL in it becomes another control character.  "<<" takes
 * members over, as everywhere.
 */
struct yaml_calls {
	/* Each document of the stream, borrowed; of a list, which is an object
	 * with the member "items", first each object in it by itself, and then
	 * what is left of it. */
	void (*value)(void *cookie, const json_t *);
	/* A key stands twice in an object: the later one counts. */
	void (*twice)(void *cookie, const char *key, unsigned line);
	void *cookie;
};

/*
 * yaml_each(buf, len, calls, ret_line, e): within YAML_DEPTH_MAX, and in each
 * value within JSON_VALUES_MAX, of which an alias counts all that it stands
 * for.  Return 0, or -1 with ${e} (ERR_DATA or ERR_LIMIT) and ${ret_line} set;
 * what has been handed on before is right all the same.
 */
int yaml_each(const char *, size_t, const struct yaml_calls *, unsigned *,
    struct err *);

/* yaml_line(value): where it begins, or a text in it; 0: nobody knows. */
unsigned yaml_line(const json_t *);

#endif
