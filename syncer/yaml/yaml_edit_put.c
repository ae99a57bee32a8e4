/* A value of ours goes into a text: in lines of its own, or in brackets. */
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "yaml/yaml_edit_internal.h"

static char *
append(char *text, char *more)
{
	char *longer = xasprintf("%s%s", text, more);

	free(text);
	free(more);
	return longer;
}

/* A word needs no quotes as a key. */
static char *
key_text(const char *key)
{
	bool is_word = key[strspn(key, "abcdefghijklmnopqrstuvwxyz_")] == '\0';

	return xasprintf(is_word ? "%s" : "\"%s\"", key);
}

/* The rest of the keys, and the value, in lines of their own. */
static char *
block_lines(const struct yaml_edit *ed, const struct yaml_leaf *leaf,
    size_t depth, size_t indent)
{
	char *text = xstrdup(""), *key;
	size_t i;

	for (i = depth; i < leaf->count; i++, indent += 2) {
		key = key_text(leaf->keys[i]);
		if (i + 1 == leaf->count && !leaf->is_item)
			text = append(text, xasprintf("%*s%s: \"%s\"%s%s",
			    (int)indent, "", key, leaf->value, ed->mark,
			    ed->eol));
		else
			text = append(text, xasprintf("%*s%s:%s%s",
			    (int)indent, "", key, ed->mark, ed->eol));
		free(key);
	}
	if (leaf->is_item)
		text = append(text, xasprintf("%*s- \"%s\"%s%s", (int)indent,
		    "", leaf->value, ed->mark, ed->eol));
	return text;
}

static char *
flow_text(const struct yaml_leaf *leaf, size_t depth)
{
	char *text = leaf->is_item && depth < leaf->count ?
	    xasprintf("[\"%s\"]", leaf->value) :
	    xasprintf("\"%s\"", leaf->value);
	size_t i;

	for (i = leaf->count; i-- > depth;) {
		char *longer = xasprintf(i == depth ? "\"%s\": %s" :
		    "{\"%s\": %s}", leaf->keys[i], text);

		free(text);
		text = longer;
	}
	return text;
}

/* Behind the line of the key; of the root at the end. */
static void
put_lines(struct yaml_edit *ed, const struct yaml_spot *s,
    const struct yaml_leaf *leaf, size_t indent)
{
	size_t at = s->key == NULL ? strlen(ed->text) :
	    yaml_line_end(ed, yaml_byte(ed, s->key->start_mark));
	char *lines = block_lines(ed, leaf, s->depth, indent);

	if (at > 0 && ed->text[at - 1] != '\n')
		lines = append(xstrdup(ed->eol), lines);
	yaml_splice(ed, at, at, lines);
	free(lines);
}

/* Behind the bracket. */
static void
put_flow(struct yaml_edit *ed, const struct yaml_spot *s,
    const struct yaml_leaf *leaf)
{
	size_t at = yaml_byte(ed, s->value->start_mark), from;
	char *text = flow_text(leaf, s->depth);
	bool is_empty;

	at += strcspn(ed->text + at, "[{");	/* an anchor is in front */
	if (ed->text[at] != '\0')
		at++;
	from = at + strspn(ed->text + at, " \t\r\n");
	is_empty = ed->text[from] == ']' || ed->text[from] == '}';
	if (!is_empty)
		text = append(text, xstrdup(", "));
	yaml_splice(ed, at, at, text);
	free(text);
}

/* In the place of a word that says nothing, or of nothing in brackets; between
 * brackets no comment can tell what it was. */
static void
put_instead(struct yaml_edit *ed, const struct yaml_spot *s,
    const struct yaml_leaf *leaf)
{
	size_t at = yaml_byte(ed, s->value->start_mark);
	size_t to = yaml_byte(ed, s->value->end_mark);
	bool has_mark = s->map == NULL || !yaml_is_flow(s->map);
	char *inner = flow_text(leaf, s->depth);
	char *word = xstrndup(ed->text + at, to - at);
	/* The list itself is in brackets already. */
	char *text = xasprintf(s->depth == leaf->count ? "%s[%s]%s%s%s" :
	    "%s{%s}%s%s%s", at > 0 && ed->text[at - 1] == ':' ? " " : "",
	    inner, has_mark ? ed->mark : "", has_mark ? YAML_EDIT_WAS : "",
	    has_mark ? word : "");

	yaml_splice(ed, at, to, text);
	free(text);
	free(word);
	free(inner);
}

/* "key: ,", where lines of its own cannot be. */
static bool
is_nothing_in_flow(const struct yaml_spot *s)
{
	return s->map != NULL && s->value != NULL && yaml_is_flow(s->map) &&
	    yaml_is_null(s->value);
}

/* The list, or what should be one, is there. */
static int
put_item(struct yaml_edit *ed, const struct yaml_spot *s,
    const struct yaml_leaf *leaf, struct err *e)
{
	yaml_node_t *list = s->value;
	yaml_node_item_t *i;

	if (yaml_is_null_word(ed, list) || is_nothing_in_flow(s)) {
		put_instead(ed, s, leaf);
		return 0;
	}
	if (yaml_is_null(list)) {
		put_lines(ed, s, leaf, s->key->start_mark.column + 2);
		return 0;
	}
	if (list->type != YAML_SEQUENCE_NODE)
		return yaml_cannot(ed, list, e, "is no list");
	for (i = list->data.sequence.items.start;
	    i < list->data.sequence.items.top; i++)
		if (yaml_is_text(yaml_document_get_node(&ed->doc, *i),
		    leaf->value))
			return 0;
	if (yaml_is_flow(list))
		put_flow(ed, s, leaf);
	else
		put_lines(ed, s, leaf, list->start_mark.column);
	return 0;
}

static int
put_at(struct yaml_edit *ed, const struct yaml_spot *s,
    const struct yaml_leaf *leaf, struct err *e)
{
	yaml_node_t *node = s->value, *first;

	if (s->depth == leaf->count) {
		if (leaf->is_item)
			return put_item(ed, s, leaf, e);
		return yaml_is_text(node, leaf->value) ? 0 :
		    yaml_cannot(ed, node, e, "says something else");
	}
	if (yaml_is_null_word(ed, node) || is_nothing_in_flow(s)) {
		put_instead(ed, s, leaf);
	} else if (yaml_is_null(node)) {
		put_lines(ed, s, leaf, s->key == NULL ? 0 :
		    s->key->start_mark.column + 2);
	} else if (yaml_is_flow(node)) {
		put_flow(ed, s, leaf);
	} else {
		first = yaml_document_get_node(&ed->doc,
		    node->data.mapping.pairs.start->key);
		put_lines(ed, s, leaf, first->start_mark.column);
	}
	return 0;
}

int
yaml_edit_put_leaf(struct yaml_edit *ed, const struct yaml_leaf *leaf,
    struct err *e)
{
	struct yaml_spot s;
	int rc;

	if (yaml_edit_parse(ed, e) == -1)
		return -1;
	rc = yaml_spot_find(ed, leaf, leaf->count, &s, e);
	if (rc == 0 && s.depth < leaf->count && !yaml_is_null(s.value) &&
	    !yaml_is_null_word(ed, s.value) &&
	    s.value->type != YAML_MAPPING_NODE)
		rc = yaml_cannot(ed, s.value, e, "is no mapping");
	if (rc == 0)
		rc = put_at(ed, &s, leaf, e);
	yaml_document_delete(&ed->doc);
	return rc;
}
