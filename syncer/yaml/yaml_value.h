#ifndef CDR_YAML_YAML_VALUE_H
#define CDR_YAML_YAML_VALUE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "layout/err.h"

/* yaml_value_load(text, ret, ret_line, e): the first document as a value, as in
 * yaml/yaml_load.h; null where there is none.  A key that stands twice is an
 * error (ERR_DATA). */
int yaml_value_load(const char *, json_t **, unsigned *, struct err *);

/* yaml_value_same(a, b): null, and what is empty, is as if it were not there;
 * the order of members does not matter. */
bool yaml_value_same(const json_t *, const json_t *);

/* A text in mappings, or in a list that is in them. */
#define YAML_LEAF_DEPTH	8u

struct yaml_leaf {
	const char *keys[YAML_LEAF_DEPTH];
	size_t count;
	const char *value;
	bool is_item;		/* of the list that the keys lead to */
};

/* yaml_leaves(value, ret): all of them, the last item of a list first; free(3)
 * the list, whose texts are those of ${value}.  Return how many. */
size_t yaml_leaves(json_t *, struct yaml_leaf **);

/* yaml_leaf_put(value, leaf): as the first of its list, unless it is there.
 * yaml_leaf_take(value, leaf): out of it.  yaml_leaf_is(value, leaf): is it
 * there? */
void yaml_leaf_put(json_t *, const struct yaml_leaf *);
void yaml_leaf_take(json_t *, const struct yaml_leaf *);
bool yaml_leaf_is(const json_t *, const struct yaml_leaf *);

/* yaml_value_text(value): written anew, without what is secret below "auth";
 * free(3) it. */
char *yaml_value_text(const json_t *);

#endif
