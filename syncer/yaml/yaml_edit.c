/*
 * libyaml says where each value begins and ends.  A value of ours goes in at
 * such a place, and comes out again, one after the other, each time read anew:
 * these files are small.  At the end what the text says is compared with what
 * it should say, so that whatever was misjudged becomes an error.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "layout/mem.h"
#include "yaml/yaml_edit.h"
#include "yaml/yaml_value.h"

struct edit {
	char *text;
	const char *mark;
	bool has_marks;		/* there were some at the beginning */
	const char *eol;
	yaml_document_t doc;
	unsigned line;		/* of what is wrong */
};

/* Where the keys of a leaf lead to. */
struct spot {
	yaml_node_t *map;	/* that the key is in; NULL: the root's */
	yaml_node_t *key;	/* NULL: of the root */
	yaml_node_t *value;	/* NULL: of an empty document */
	yaml_node_pair_t *pair;
	size_t depth;		/* keys that are there */
};

/* --- places ------------------------------------------------------------ */

/* libyaml counts characters. */
static size_t
byte_of(const struct edit *ed, yaml_mark_t mark)
{
	const char *p = ed->text;
	size_t n;

	for (n = 0; n < mark.index && *p != '\0'; n++)
		do
			p++;
		while (((unsigned char)*p & 0xc0) == 0x80);
	return (size_t)(p - ed->text);
}

static size_t
line_start(const struct edit *ed, size_t at)
{
	while (at > 0 && ed->text[at - 1] != '\n')
		at--;
	return at;
}

/* Behind the end of the line. */
static size_t
line_end(const struct edit *ed, size_t at)
{
	at += strcspn(ed->text + at, "\n");
	return at + (ed->text[at] == '\n');
}

static void
splice(struct edit *ed, size_t from, size_t to, const char *text)
{
	char *whole = xasprintf("%.*s%s%s", (int)from, ed->text, text,
	    ed->text + to);

	free(ed->text);
	ed->text = whole;
}

static int
parse(struct edit *ed, struct err *e)
{
	yaml_document_t second;
	yaml_parser_t parser;
	bool is_one;

	if (!yaml_parser_initialize(&parser))
		abort();
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (unsigned char *)ed->text,
	    strlen(ed->text));
	if (!yaml_parser_load(&parser, &ed->doc)) {
		ed->line = (unsigned)parser.problem_mark.line + 1;
		yaml_parser_delete(&parser);
		return err_set(e, ERR_DATA, "not valid YAML");
	}
	is_one = yaml_parser_load(&parser, &second) &&
	    yaml_document_get_root_node(&second) == NULL;
	yaml_document_delete(&second);
	yaml_parser_delete(&parser);
	if (is_one)
		return 0;
	yaml_document_delete(&ed->doc);
	return err_set(e, ERR_DATA, "more than one document");
}

static bool
is_null(const yaml_node_t *node)
{
	return node == NULL || (node->type == YAML_SCALAR_NODE &&
	    node->data.scalar.length == 0 &&
	    node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE);
}

static bool
is_flow(const yaml_node_t *node)
{
	return node->type == YAML_MAPPING_NODE ?
	    node->data.mapping.style == YAML_FLOW_MAPPING_STYLE :
	    node->data.sequence.style == YAML_FLOW_SEQUENCE_STYLE;
}

static bool
is_text(const yaml_node_t *node, const char *text)
{
	return node->type == YAML_SCALAR_NODE &&
	    strcmp((const char *)node->data.scalar.value, text) == 0;
}

static int
cannot(struct edit *ed, const yaml_node_t *node, struct err *e,
    const char *what)
{
	bool is_word = node->type == YAML_SCALAR_NODE &&
	    node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	    (is_text(node, "~") || is_text(node, "null"));

	ed->line = (unsigned)node->start_mark.line + 1;
	return err_set(e, ERR_INPUT, "%s", is_word ? "says null: take that "
	    "word out" : what);
}

/* Return 1, 0 where it is not there. */
static int
step(struct edit *ed, struct spot *s, const char *name)
{
	yaml_node_pair_t *pair;
	yaml_node_t *key;

	for (pair = s->value->data.mapping.pairs.start;
	    pair < s->value->data.mapping.pairs.top; pair++) {
		key = yaml_document_get_node(&ed->doc, pair->key);
		if (!is_text(key, name))
			continue;
		s->map = s->value;
		s->pair = pair;
		s->key = key;
		s->value = yaml_document_get_node(&ed->doc, pair->value);
		s->depth++;
		return 1;
	}
	return 0;
}

/* As far as the first ${count} keys are there. */
static int
find(struct edit *ed, const struct yaml_leaf *leaf, size_t count,
    struct spot *s, struct err *e)
{
	*s = (struct spot){ .value = yaml_document_get_root_node(&ed->doc) };
	while (s->depth < count && !is_null(s->value)) {
		if (s->value->type != YAML_MAPPING_NODE)
			return cannot(ed, s->value, e, "is no mapping");
		if (step(ed, s, leaf->keys[s->depth]) == 0)
			return 0;
		if (s->value->start_mark.index < s->key->end_mark.index)
			return cannot(ed, s->key, e, "has an alias");
	}
	return 0;
}

/* --- putting in -------------------------------------------------------- */

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
block_lines(const struct edit *ed, const struct yaml_leaf *leaf, size_t depth,
    size_t indent)
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
put_lines(struct edit *ed, const struct spot *s, const struct yaml_leaf *leaf,
    size_t indent)
{
	size_t at = s->key == NULL ? strlen(ed->text) :
	    line_end(ed, byte_of(ed, s->key->start_mark));
	char *lines = block_lines(ed, leaf, s->depth, indent);

	if (at > 0 && ed->text[at - 1] != '\n')
		lines = append(xstrdup(ed->eol), lines);
	splice(ed, at, at, lines);
	free(lines);
}

/* Behind the bracket. */
static void
put_flow(struct edit *ed, const struct spot *s, const struct yaml_leaf *leaf)
{
	size_t at = byte_of(ed, s->value->start_mark), from;
	char *text = flow_text(leaf, s->depth);
	bool is_empty;

	at += strcspn(ed->text + at, "[{");	/* an anchor is in front */
	if (ed->text[at] != '\0')
		at++;
	from = at + strspn(ed->text + at, " \t\r\n");
	is_empty = ed->text[from] == ']' || ed->text[from] == '}';
	if (!is_empty)
		text = append(text, xstrdup(", "));
	splice(ed, at, at, text);
	free(text);
}

/* The list, or what should be one, is there. */
static int
put_item(struct edit *ed, const struct spot *s, const struct yaml_leaf *leaf,
    struct err *e)
{
	yaml_node_t *list = s->value;
	yaml_node_item_t *i;

	if (is_null(list)) {
		put_lines(ed, s, leaf, s->key->start_mark.column + 2);
		return 0;
	}
	if (list->type != YAML_SEQUENCE_NODE)
		return cannot(ed, list, e, "is no list");
	for (i = list->data.sequence.items.start;
	    i < list->data.sequence.items.top; i++)
		if (is_text(yaml_document_get_node(&ed->doc, *i), leaf->value))
			return 0;
	if (is_flow(list))
		put_flow(ed, s, leaf);
	else
		put_lines(ed, s, leaf, list->start_mark.column);
	return 0;
}

static int
put_at(struct edit *ed, const struct spot *s, const struct yaml_leaf *leaf,
    struct err *e)
{
	yaml_node_t *node = s->value, *first;

	if (s->depth == leaf->count) {
		if (leaf->is_item)
			return put_item(ed, s, leaf, e);
		return is_text(node, leaf->value) ? 0 :
		    cannot(ed, node, e, "says something else");
	}
	if (is_null(node)) {
		put_lines(ed, s, leaf, s->key == NULL ? 0 :
		    s->key->start_mark.column + 2);
	} else if (is_flow(node)) {
		put_flow(ed, s, leaf);
	} else {
		first = yaml_document_get_node(&ed->doc,
		    node->data.mapping.pairs.start->key);
		put_lines(ed, s, leaf, first->start_mark.column);
	}
	return 0;
}

static int
put_leaf(struct edit *ed, const struct yaml_leaf *leaf, struct err *e)
{
	struct spot s;
	int rc;

	if (parse(ed, e) == -1)
		return -1;
	rc = find(ed, leaf, leaf->count, &s, e);
	if (rc == 0 && s.depth < leaf->count && !is_null(s.value) &&
	    s.value->type != YAML_MAPPING_NODE)
		rc = cannot(ed, s.value, e, "is no mapping");
	if (rc == 0)
		rc = put_at(ed, &s, leaf, e);
	yaml_document_delete(&ed->doc);
	return rc;
}

/* --- taking out -------------------------------------------------------- */

/* A whole line, in front of whose value nothing stands but ${before}.  Return
 * 1, 0 where it is not ours. */
static int
take_line(struct edit *ed, const yaml_node_t *node, yaml_mark_t end,
    const char *before, struct err *e)
{
	size_t at = byte_of(ed, node->start_mark), to = byte_of(ed, end);
	size_t from = line_start(ed, at), behind = line_end(ed, to), i;
	char *line = xstrndup(ed->text + from, behind - from);
	bool is_ours = !ed->has_marks || strstr(line, ed->mark) != NULL;

	free(line);
	if (!is_ours)
		return 0;
	for (i = from; i < at; i++)
		if (strchr(before, ed->text[i]) == NULL)
			return cannot(ed, node, e, "shares its line");
	i = to + strspn(ed->text + to, " \t\r");
	if (i < behind && ed->text[i] != '\n' && ed->text[i] != '#')
		return cannot(ed, node, e, "shares its line");
	splice(ed, from, behind, "");
	return 1;
}

/* With the comma behind it, or else the one before it. */
static int
take_flow(struct edit *ed, yaml_mark_t begin, yaml_mark_t end)
{
	size_t from = byte_of(ed, begin), to = byte_of(ed, end), i;

	i = to + strspn(ed->text + to, " \t\r\n");
	if (ed->text[i] == ',') {
		to = i + 1 + strspn(ed->text + i + 1, " ");
	} else {
		for (i = from; i > 0 && strchr(" \t\r\n", ed->text[i - 1]) !=
		    NULL; i--)
			;
		if (i > 0 && ed->text[i - 1] == ',')
			from = i - 1;
	}
	splice(ed, from, to, "");
	return 1;
}

static int
take_item(struct edit *ed, const struct spot *s, const char *text,
    struct err *e)
{
	yaml_node_t *node;
	yaml_node_item_t *i;

	if (s->value == NULL || s->value->type != YAML_SEQUENCE_NODE)
		return 0;
	for (i = s->value->data.sequence.items.start;
	    i < s->value->data.sequence.items.top; i++) {
		node = yaml_document_get_node(&ed->doc, *i);
		if (!is_text(node, text))
			continue;
		if (is_flow(s->value))
			return take_flow(ed, node->start_mark, node->end_mark);
		return take_line(ed, node, node->end_mark, " -", e);
	}
	return 0;
}

static int
take_pair(struct edit *ed, const struct spot *s, struct err *e)
{
	yaml_mark_t end = is_null(s->value) ? s->key->end_mark :
	    s->value->end_mark;
	size_t to = byte_of(ed, end);

	if (is_null(s->value)) {
		to += strspn(ed->text + to, " ");
		end.index += to - byte_of(ed, end) + (ed->text[to] == ':');
	}
	if (is_flow(s->map))
		return take_flow(ed, s->key->start_mark, end);
	return take_line(ed, s->key, end, " ", e);
}

static bool
is_empty(const yaml_node_t *node)
{
	return is_null(node) || (node->type == YAML_SEQUENCE_NODE &&
	    node->data.sequence.items.start ==
	    node->data.sequence.items.top) ||
	    (node->type == YAML_MAPPING_NODE &&
	    node->data.mapping.pairs.start == node->data.mapping.pairs.top);
}

/* One thing less: the leaf itself, or at ${depth} what is empty.  Return 1,
 * 0 where there was nothing to take. */
static int
take_one(struct edit *ed, const struct yaml_leaf *leaf, size_t depth,
    bool is_leaf, struct err *e)
{
	struct spot s;
	int rc = 0;

	if (parse(ed, e) == -1)
		return -1;
	if (find(ed, leaf, depth, &s, e) == -1)
		rc = -1;
	else if (s.depth < depth)
		rc = 0;
	else if (is_leaf && leaf->is_item)
		rc = take_item(ed, &s, leaf->value, e);
	else if (is_leaf ? is_text(s.value, leaf->value) : is_empty(s.value))
		rc = take_pair(ed, &s, e);
	yaml_document_delete(&ed->doc);
	return rc;
}

static int
take_leaf(struct edit *ed, const struct yaml_leaf *leaf, struct err *e)
{
	size_t depth = leaf->is_item ? leaf->count : leaf->count - 1;
	int rc = take_one(ed, leaf, leaf->count, true, e), more = rc;

	for (; more == 1 && depth > 0; depth--)
		more = take_one(ed, leaf, depth, false, e);
	return more == -1 ? -1 : rc;
}

/* --- all of it --------------------------------------------------------- */

static const char *
eol_of(const char *text)
{
	const char *end = strchr(text, '\n');

	return end != NULL && end > text && end[-1] == '\r' ? "\r\n" : "\n";
}

/* What the text should say, and what it says. */
static int
compare(struct edit *ed, const json_t *wanted, struct err *e)
{
	json_t *got;
	bool same;

	ed->line = 0;
	if (yaml_value_load(ed->text, &got, &ed->line, e) == 0) {
		same = yaml_value_same(wanted, got);
		json_decref(got);
		if (same)
			return 0;
	}
	ed->line = 0;
	return err_set(e, ERR_INPUT, "is written in a way that cdr cannot "
	    "change line by line");
}

static int
put_all(struct edit *ed, json_t *wanted, const struct yaml_leaf *leaves,
    size_t count, struct err *e)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (yaml_leaf_is(wanted, &leaves[i]))
			continue;
		if (put_leaf(ed, &leaves[i], e) == -1)
			return -1;
		yaml_leaf_put(wanted, &leaves[i]);
	}
	return compare(ed, wanted, e);
}

/* From the last to the first, as they went in. */
static int
take_all(struct edit *ed, json_t *wanted, const struct yaml_leaf *leaves,
    size_t count, struct err *e)
{
	int rc;

	while (count-- > 0) {
		rc = take_leaf(ed, &leaves[count], e);
		if (rc == -1)
			return -1;
		if (rc == 1)
			yaml_leaf_take(wanted, &leaves[count]);
		else if (yaml_leaf_is(wanted, &leaves[count]))
			return err_set(e, ERR_INPUT, "has %.200s in a line "
			    "that cdr did not mark", leaves[count].value);
	}
	return compare(ed, wanted, e);
}

typedef int edit_fn(struct edit *, json_t *, const struct yaml_leaf *, size_t,
    struct err *);

static int
edit(edit_fn *fn, const char *text, const char *ours, const char *mark,
    char **ret, unsigned *ret_line, struct err *e)
{
	struct edit ed = { .text = xstrdup(text), .mark = mark,
	    .eol = eol_of(text), .has_marks = strstr(text, mark) != NULL };
	struct yaml_leaf *leaves = NULL;
	json_t *value = NULL, *more = NULL;
	size_t count;
	int rc = -1;

	if (yaml_value_load(text, &value, &ed.line, e) == -1 ||
	    yaml_value_load(ours, &more, &ed.line, e) == -1)
		goto out;
	ed.line = 0;
	if (json_is_null(value))
		value = json_object();
	if (!json_is_object(value)) {
		ed.line = 1;
		err_set(e, ERR_INPUT, "is no mapping");
		goto out;
	}
	count = yaml_leaves(more, &leaves);
	rc = fn(&ed, value, leaves, count, e);
	if (rc == 0) {
		*ret = ed.text;
		ed.text = NULL;
	}
out:
	*ret_line = ed.line;
	json_decref(value);
	json_decref(more);
	free(leaves);
	free(ed.text);
	return rc;
}

int
yaml_edit_put(const char *text, const char *ours, const char *mark, char **ret,
    unsigned *ret_line, struct err *e)
{
	return edit(put_all, text, ours, mark, ret, ret_line, e);
}

int
yaml_edit_take(const char *text, const char *ours, const char *mark,
    char **ret, unsigned *ret_line, struct err *e)
{
	return edit(take_all, text, ours, mark, ret, ret_line, e);
}

int
yaml_edit_joined(const char *text, const char *ours, char **ret, struct err *e)
{
	json_t *value = NULL, *more = NULL;
	struct yaml_leaf *leaves = NULL;
	unsigned ignored;
	size_t count, i;
	int rc = -1;

	if (yaml_value_load(text, &value, &ignored, e) == -1 ||
	    yaml_value_load(ours, &more, &ignored, e) == -1)
		goto out;
	if (json_is_null(value))
		value = json_object();
	count = yaml_leaves(more, &leaves);
	for (i = 0; i < count; i++)
		yaml_leaf_put(value, &leaves[i]);
	*ret = yaml_value_text(value);
	rc = 0;
out:
	json_decref(value);
	json_decref(more);
	free(leaves);
	return rc;
}
