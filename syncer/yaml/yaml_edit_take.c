/* A value of ours comes out of a text. */
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "yaml/yaml_edit_internal.h"

/* A whole line, in front of whose value nothing stands but ${before}.  Return
 * 1, 0 where it is not ours. */
static int
take_line(struct yaml_edit *ed, const yaml_node_t *node, yaml_mark_t end,
    const char *before, struct err *e)
{
	size_t at = yaml_byte(ed, node->start_mark), to = yaml_byte(ed, end);
	size_t from = yaml_line_start(ed, at), behind = yaml_line_end(ed, to);
	size_t i;
	char *line = xstrndup(ed->text + from, behind - from);
	bool is_ours = !ed->has_marks || strstr(line, ed->mark) != NULL;

	free(line);
	if (!is_ours)
		return 0;
	for (i = from; i < at; i++)
		if (strchr(before, ed->text[i]) == NULL)
			return yaml_cannot(ed, node, e, "shares its line");
	i = to + strspn(ed->text + to, " \t\r");
	if (i < behind && ed->text[i] != '\n' && ed->text[i] != '#')
		return yaml_cannot(ed, node, e, "shares its line");
	yaml_splice(ed, from, behind, "");
	return 1;
}

/* With the comma behind it, or else the one before it. */
static int
take_flow(struct yaml_edit *ed, yaml_mark_t begin, yaml_mark_t end)
{
	size_t from = yaml_byte(ed, begin), to = yaml_byte(ed, end), i;

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
	yaml_splice(ed, from, to, "");
	return 1;
}

static int
take_item(struct yaml_edit *ed, const struct yaml_spot *s, const char *text,
    struct err *e)
{
	yaml_node_t *node;
	yaml_node_item_t *i;

	if (s->value == NULL || s->value->type != YAML_SEQUENCE_NODE)
		return 0;
	for (i = s->value->data.sequence.items.start;
	    i < s->value->data.sequence.items.top; i++) {
		node = yaml_document_get_node(&ed->doc, *i);
		if (!yaml_is_text(node, text))
			continue;
		if (yaml_is_flow(s->value))
			return take_flow(ed, node->start_mark, node->end_mark);
		return take_line(ed, node, node->end_mark, " -", e);
	}
	return 0;
}

static int
take_pair(struct yaml_edit *ed, const struct yaml_spot *s, struct err *e)
{
	yaml_mark_t end = yaml_is_null(s->value) ? s->key->end_mark :
	    s->value->end_mark;
	size_t to = yaml_byte(ed, end);

	if (yaml_is_null(s->value)) {
		to += strspn(ed->text + to, " ");
		end.index += to - yaml_byte(ed, end) + (ed->text[to] == ':');
	}
	if (yaml_is_flow(s->map))
		return take_flow(ed, s->key->start_mark, end);
	return take_line(ed, s->key, end, " ", e);
}

static bool
is_empty(const yaml_node_t *node)
{
	return yaml_is_null(node) || (node->type == YAML_SEQUENCE_NODE &&
	    node->data.sequence.items.start ==
	    node->data.sequence.items.top) ||
	    (node->type == YAML_MAPPING_NODE &&
	    node->data.mapping.pairs.start == node->data.mapping.pairs.top);
}

/* "{} # mark: was null" becomes "null" again.  Return whether it was so. */
static bool
put_back_word(struct yaml_edit *ed, const yaml_node_t *node)
{
	size_t from = yaml_byte(ed, node->start_mark);
	size_t to = yaml_byte(ed, node->end_mark), len = strlen(ed->mark);
	const char *was = ed->text + to + len;
	char *word;

	if (!yaml_is_flow(node) || strncmp(ed->text + to, ed->mark, len) != 0 ||
	    strncmp(was, YAML_EDIT_WAS, strlen(YAML_EDIT_WAS)) != 0)
		return false;
	was += strlen(YAML_EDIT_WAS);
	word = xstrndup(was, strcspn(was, " \t\r\n"));
	yaml_splice(ed, from, (size_t)(was - ed->text) + strlen(word), word);
	free(word);
	return true;
}

/* One thing less: the leaf itself, or at ${depth} what is empty.  Return 1,
 * 0 where there was nothing to take. */
static int
take_one(struct yaml_edit *ed, const struct yaml_leaf *leaf, size_t depth,
    bool is_leaf, struct err *e)
{
	struct yaml_spot s;
	int rc = 0;

	if (yaml_edit_parse(ed, e) == -1)
		return -1;
	if (yaml_spot_find(ed, leaf, depth, &s, e) == -1)
		rc = -1;
	else if (s.depth < depth)
		rc = 0;
	else if (is_leaf && leaf->is_item)
		rc = take_item(ed, &s, leaf->value, e);
	else if (!is_leaf && !is_empty(s.value))
		rc = 0;
	else if (!is_leaf && !yaml_is_null(s.value) &&
	    put_back_word(ed, s.value))
		rc = 0;
	else if (depth > 0 && (!is_leaf || yaml_is_text(s.value, leaf->value)))
		rc = take_pair(ed, &s, e);
	yaml_document_delete(&ed->doc);
	return rc;
}

int
yaml_edit_take_leaf(struct yaml_edit *ed, const struct yaml_leaf *leaf,
    struct err *e)
{
	size_t depth = leaf->is_item ? leaf->count : leaf->count - 1;
	int rc = take_one(ed, leaf, leaf->count, true, e), more = rc;

	for (; more == 1; depth--) {
		more = take_one(ed, leaf, depth, false, e);
		if (depth == 0)
			break;
	}
	return more == -1 ? -1 : rc;
}
