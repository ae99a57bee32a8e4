#ifndef CDR_YAML_YAML_EDIT_INTERNAL_H
#define CDR_YAML_YAML_EDIT_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

#include "layout/err.h"
#include "yaml/yaml_value.h"

/* For yaml_edit*.c alone. */

struct yaml_edit {
	char *text;
	const char *mark;
	bool has_marks;		/* there were some at the beginning */
	const char *eol;
	yaml_document_t doc;
	unsigned line;		/* of what is wrong */
};

/* Behind the mark, where a word such as "null" was. */
#define YAML_EDIT_WAS	": was "

/* Where the keys of a leaf lead to. */
struct yaml_spot {
	yaml_node_t *map;	/* that the key is in; NULL: the root's */
	yaml_node_t *key;	/* NULL: of the root */
	yaml_node_t *value;	/* NULL: of an empty document */
	yaml_node_pair_t *pair;
	size_t depth;		/* keys that are there */
};

/* yaml_edit_parse(ed, e): the text as it is now; yaml_document_delete ed->doc.
 * Return 0, or -1 with ${e} set. */
int yaml_edit_parse(struct yaml_edit *, struct err *);

/* yaml_spot_find(ed, leaf, count, ret, e): as far as the first ${count} keys
 * are there.  Return 0, or -1 where something stands in the way. */
int yaml_spot_find(struct yaml_edit *, const struct yaml_leaf *, size_t,
    struct yaml_spot *, struct err *);

/* yaml_byte(ed, mark): the place of it in the text.  yaml_line_start,
 * yaml_line_end: of the line that is around a place; the end is behind it. */
size_t yaml_byte(const struct yaml_edit *, yaml_mark_t);
size_t yaml_line_start(const struct yaml_edit *, size_t);
size_t yaml_line_end(const struct yaml_edit *, size_t);

/* yaml_splice(ed, from, to, text): that in the place of what is there. */
void yaml_splice(struct yaml_edit *, size_t, size_t, const char *);

/* yaml_is_null(node): nothing is written there.  yaml_is_flow(node): of a
 * mapping or a list.  yaml_is_text(node, text). */
bool yaml_is_null(const yaml_node_t *);

/* yaml_is_null_word(ed, node): "null" or "~" is, and nothing in front of it. */
bool yaml_is_null_word(const struct yaml_edit *, const yaml_node_t *);
bool yaml_is_flow(const yaml_node_t *);
bool yaml_is_text(const yaml_node_t *, const char *);

/* yaml_cannot(ed, node, e, what): -1, with ${e} and the line set. */
int yaml_cannot(struct yaml_edit *, const yaml_node_t *, struct err *,
    const char *);

/* yaml_edit_put_leaf(ed, leaf, e): one in.  yaml_edit_take_leaf(ed, leaf, e):
 * one out, with what is empty then; return 1, 0 where it is not there, or not
 * ours, -1 with ${e} set. */
int yaml_edit_put_leaf(struct yaml_edit *, const struct yaml_leaf *,
    struct err *);
int yaml_edit_take_leaf(struct yaml_edit *, const struct yaml_leaf *,
    struct err *);

#endif
