/* Where a value stands in a text. */
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "yaml/yaml_edit_internal.h"

/* libyaml counts characters. */
size_t
yaml_byte(const struct yaml_edit *ed, yaml_mark_t mark)
{
	const char *p = ed->text;
	size_t n;

	for (n = 0; n < mark.index && *p != '\0'; n++)
		do
			p++;
		while (((unsigned char)*p & 0xc0) == 0x80);
	return (size_t)(p - ed->text);
}

size_t
yaml_line_start(const struct yaml_edit *ed, size_t at)
{
	while (at > 0 && ed->text[at - 1] != '\n')
		at--;
	return at;
}

/* Behind the end of the line. */
size_t
yaml_line_end(const struct yaml_edit *ed, size_t at)
{
	at += strcspn(ed->text + at, "\n");
	return at + (ed->text[at] == '\n');
}

void
yaml_splice(struct yaml_edit *ed, size_t from, size_t to, const char *text)
{
	char *whole = xasprintf("%.*s%s%s", (int)from, ed->text, text,
	    ed->text + to);

	free(ed->text);
	ed->text = whole;
}

int
yaml_edit_parse(struct yaml_edit *ed, struct err *e)
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

bool
yaml_is_null(const yaml_node_t *node)
{
	return node == NULL || (node->type == YAML_SCALAR_NODE &&
	    node->data.scalar.length == 0 &&
	    node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE);
}

bool
yaml_is_null_word(const struct yaml_edit *ed, const yaml_node_t *node)
{
	static const char *const words[] = { "~", "null", "Null", "NULL" };
	size_t i;

	if (node == NULL || node->type != YAML_SCALAR_NODE ||
	    node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return false;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (yaml_is_text(node, words[i]) && strncmp(ed->text +
		    yaml_byte(ed, node->start_mark), words[i],
		    strlen(words[i])) == 0)
			return true;
	return false;
}

bool
yaml_is_flow(const yaml_node_t *node)
{
	return node->type == YAML_MAPPING_NODE ?
	    node->data.mapping.style == YAML_FLOW_MAPPING_STYLE :
	    node->data.sequence.style == YAML_FLOW_SEQUENCE_STYLE;
}

bool
yaml_is_text(const yaml_node_t *node, const char *text)
{
	return node->type == YAML_SCALAR_NODE &&
	    strcmp((const char *)node->data.scalar.value, text) == 0;
}

int
yaml_cannot(struct yaml_edit *ed, const yaml_node_t *node, struct err *e,
    const char *what)
{
	ed->line = (unsigned)node->start_mark.line + 1;
	return err_set(e, ERR_INPUT, "%s", what);
}

/* Return 1, 0 where it is not there. */
static int
step(struct yaml_edit *ed, struct yaml_spot *s, const char *name)
{
	yaml_node_pair_t *pair;
	yaml_node_t *key;

	for (pair = s->value->data.mapping.pairs.start;
	    pair < s->value->data.mapping.pairs.top; pair++) {
		key = yaml_document_get_node(&ed->doc, pair->key);
		if (!yaml_is_text(key, name))
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
int
yaml_spot_find(struct yaml_edit *ed, const struct yaml_leaf *leaf, size_t count,
    struct yaml_spot *s, struct err *e)
{
	*s = (struct yaml_spot){
		.value = yaml_document_get_root_node(&ed->doc)
	};
	while (s->depth < count && !yaml_is_null(s->value) &&
	    !yaml_is_null_word(ed, s->value)) {
		if (s->value->type != YAML_MAPPING_NODE)
			return yaml_cannot(ed, s->value, e, "is no mapping");
		if (step(ed, s, leaf->keys[s->depth]) == 0)
			return 0;
		if (s->value->start_mark.index < s->key->end_mark.index)
			return yaml_cannot(ed, s->key, e, "has an alias");
	}
	return 0;
}
