/*
 * libyaml tells what comes, one event after the other; here a value grows of
 * it on a stack.  Aliases share what they stand for, so they cost nothing to
 * make; who walks through it pays, and that is what is counted.
 */
#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "yaml/yaml_load.h"

/* An object or an array that has begun. */
struct frame {
	json_t *value;
	char *key;		/* of an object; NULL: a key comes next */
	char *anchor;
	size_t weight;		/* values in it, itself too */
};

struct anchor {
	char *name;
	json_t *value;
	size_t weight;
};

struct builder {
	const struct yaml_calls *calls;
	struct frame frames[YAML_DEPTH_MAX];
	size_t depth;
	struct anchor anchors[YAML_ANCHORS_MAX];
	size_t anchor_count;
	size_t weight;			/* of all that is here */
	unsigned line;			/* of this event */
};

static const char *
event_text(const yaml_char_t *text)
{
	return (const char *)text;
}

/* --- texts ------------------------------------------------------------- */

/* Cut between characters; ${ret_len} is what is left.  free(3) it. */
static char *
tame(const char *text, size_t len, size_t *ret_len)
{
	char *copy;
	size_t i;

	if (len > YAML_TEXT_MAX) {
		len = YAML_TEXT_MAX;
		while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
			len--;
	}
	copy = xmalloc(len + 1);
	for (i = 0; i < len; i++)
		copy[i] = text[i] == '\0' ? '\x01' : text[i];
	copy[len] = '\0';
	*ret_len = len;
	return copy;
}

/* The line stands behind the text, and behind a NUL: nobody who reads a C
 * string sees it. */
static json_t *
new_text(const char *text, size_t len, unsigned line)
{
	char *copy = tame(text, len, &len), *whole;
	json_t *value;
	size_t used;

	whole = xasprintf("%s%c%u", copy, 1, line);
	used = len + 1 + strlen(whole + len + 1);
	whole[len] = '\0';
	value = json_stringn_nocheck(whole, used);
	free(whole);
	free(copy);
	return value;
}

unsigned
yaml_line(const json_t *value)
{
	json_t *it = (json_t *)(uintptr_t)value, *member;
	const char *text = json_string_value(value), *key;
	unsigned line = 0;
	size_t i;

	if (text != NULL && json_string_length(value) > strlen(text))
		return (unsigned)strtoul(text + strlen(text) + 1, NULL, 10);
	json_object_foreach(it, key, member) {
		if (line == 0)
			line = yaml_line(member);
	}
	for (i = 0; line == 0 && i < json_array_size(value); i++)
		line = yaml_line(json_array_get(value, i));
	return line;
}

/* --- values ------------------------------------------------------------ */

static int
weigh(struct builder *b, size_t weight, struct err *e)
{
	if (weight > JSON_VALUES_MAX - b->weight)
		return err_set(e, ERR_LIMIT, "more than %u values in one "
		    "document", JSON_VALUES_MAX);
	b->weight += weight;
	return 0;
}

/* Takes ${name}. */
static int
remember(struct builder *b, char *name, json_t *value, size_t weight,
    struct err *e)
{
	if (name == NULL)
		return 0;
	if (b->anchor_count == YAML_ANCHORS_MAX) {
		free(name);
		return err_set(e, ERR_LIMIT, "more than %u anchors",
		    YAML_ANCHORS_MAX);
	}
	b->anchors[b->anchor_count].name = name;
	b->anchors[b->anchor_count].value = json_incref(value);
	b->anchors[b->anchor_count++].weight = weight;
	return 0;
}

/* An object of the array "items" of the document itself. */
static bool
is_item(const struct builder *b, const json_t *value)
{
	return b->depth == 2 && json_is_object(value) &&
	    json_is_array(b->frames[1].value) && b->frames[0].key != NULL &&
	    strcmp(b->frames[0].key, "items") == 0;
}

/* Takes ${key}. */
static void
set_member(struct builder *b, json_t *object, char *key, json_t *value)
{
	if (json_object_get(object, key) != NULL)
		b->calls->twice(b->calls->cookie, key, b->line);
	json_object_set_new_nocheck(object, key, value);
	free(key);
}

/* A value is whole: to where it belongs. Takes it. */
static void
put(struct builder *b, json_t *value, size_t weight)
{
	struct frame *top = b->depth > 0 ? &b->frames[b->depth - 1] : NULL;

	if (top == NULL || is_item(b, value)) {
		b->calls->value(b->calls->cookie, value);
		json_decref(value);
		/* What an anchor holds is still here. */
		if (b->anchor_count == 0)
			b->weight -= weight;
		return;
	}
	top->weight += weight;
	if (json_is_array(top->value)) {
		json_array_append_new(top->value, value);
		return;
	}
	set_member(b, top->value, top->key, value);
	top->key = NULL;
}

static bool
wants_key(const struct builder *b)
{
	return b->depth > 0 && b->frames[b->depth - 1].key == NULL &&
	    json_is_object(b->frames[b->depth - 1].value);
}

static bool
is_null(const yaml_event_t *event)
{
	static const char *const words[] = { "", "~", "null", "Null", "NULL" };
	const char *text = event_text(event->data.scalar.value);
	size_t i;

	if (event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE ||
	    event->data.scalar.tag != NULL)
		return false;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(text, words[i]) == 0)
			return true;
	return false;
}

static char *
anchor_of(const yaml_char_t *name)
{
	return name == NULL ? NULL : xstrdup(event_text(name));
}

static int
on_scalar(struct builder *b, const yaml_event_t *event, struct err *e)
{
	const char *text = event_text(event->data.scalar.value);
	size_t len = event->data.scalar.length;
	json_t *value;

	if (weigh(b, 1, e) == -1)
		return -1;
	if (wants_key(b)) {
		b->frames[b->depth - 1].key = tame(text, len, &len);
		b->frames[b->depth - 1].weight++;
		return 0;
	}
	value = is_null(event) ? json_null() : new_text(text, len, b->line);
	if (remember(b, anchor_of(event->data.scalar.anchor), value, 1,
	    e) == -1) {
		json_decref(value);
		return -1;
	}
	put(b, value, 1);
	return 0;
}

static int
on_alias(struct builder *b, const yaml_event_t *event, struct err *e)
{
	const char *name = event_text(event->data.alias.anchor);
	size_t i = b->anchor_count;

	while (i > 0 && strcmp(b->anchors[i - 1].name, name) != 0)
		i--;
	if (i == 0)
		return err_set(e, ERR_DATA, "an alias of what is not there, "
		    "or not yet");
	if (wants_key(b))
		return err_set(e, ERR_DATA, "an alias in the place of a key");
	if (weigh(b, b->anchors[i - 1].weight, e) == -1)
		return -1;
	put(b, json_incref(b->anchors[i - 1].value),
	    b->anchors[i - 1].weight);
	return 0;
}

static int
begin(struct builder *b, json_t *value, const yaml_char_t *anchor,
    struct err *e)
{
	int rc = -1;

	if (b->depth == YAML_DEPTH_MAX)
		err_set(e, ERR_LIMIT, "deeper than %u levels", YAML_DEPTH_MAX);
	else if (wants_key(b))
		err_set(e, ERR_DATA, "a key that is no text");
	else
		rc = weigh(b, 1, e);
	if (rc == -1) {
		json_decref(value);
		return -1;
	}
	b->frames[b->depth++] = (struct frame){ .value = value, .weight = 1,
	    .anchor = anchor_of(anchor) };
	return 0;
}

/* What stands in the object itself goes before what it takes over. */
static void
merge(json_t *object)
{
	json_t *from = json_object_get(object, "<<");
	size_t i;

	if (!json_is_object(from) && !json_is_array(from))
		return;
	json_incref(from);
	json_object_del(object, "<<");
	if (json_is_object(from))
		json_object_update_missing(object, from);
	for (i = 0; i < json_array_size(from); i++)
		json_object_update_missing(object, json_array_get(from, i));
	json_decref(from);
}

static int
end(struct builder *b, struct err *e)
{
	struct frame frame;

	assert(b->depth > 0);
	frame = b->frames[--b->depth];
	merge(frame.value);
	if (remember(b, frame.anchor, frame.value, frame.weight, e) == -1) {
		json_decref(frame.value);
		return -1;
	}
	put(b, frame.value, frame.weight);
	return 0;
}

/* --- the stream -------------------------------------------------------- */

static void
forget(struct builder *b)
{
	while (b->depth > 0) {
		b->depth--;
		json_decref(b->frames[b->depth].value);
		free(b->frames[b->depth].key);
		free(b->frames[b->depth].anchor);
	}
	while (b->anchor_count > 0) {
		b->anchor_count--;
		json_decref(b->anchors[b->anchor_count].value);
		free(b->anchors[b->anchor_count].name);
	}
	b->weight = 0;
}

static int
on_event(struct builder *b, const yaml_event_t *event, struct err *e)
{
	b->line = (unsigned)event->start_mark.line + 1;
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return on_scalar(b, event, e);
	case YAML_ALIAS_EVENT:
		return on_alias(b, event, e);
	case YAML_SEQUENCE_START_EVENT:
		return begin(b, json_array(),
		    event->data.sequence_start.anchor, e);
	case YAML_MAPPING_START_EVENT:
		return begin(b, json_object(),
		    event->data.mapping_start.anchor, e);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return end(b, e);
	case YAML_DOCUMENT_END_EVENT:
		forget(b);
		return 0;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_START_EVENT:
		break;
	}
	return 0;
}

/* A reader's error has a place in bytes only. */
static unsigned
error_line(const yaml_parser_t *parser, const char *buf, size_t len)
{
	const char *at = buf, *stop = buf + len;
	unsigned line = 1;

	if (parser->error != YAML_READER_ERROR)
		return (unsigned)parser->problem_mark.line + 1;
	if (parser->problem_offset < len)
		stop = buf + parser->problem_offset;
	while (at < stop && (at = memchr(at, '\n', (size_t)(stop - at))) !=
	    NULL) {
		line++;
		at++;
	}
	return line;
}

int
yaml_each(const char *buf, size_t len, const struct yaml_calls *calls,
    unsigned *ret_line, struct err *e)
{
	struct builder *b = xcalloc(1, sizeof(*b));
	yaml_parser_t parser;
	yaml_event_t event;
	bool ended = false;
	int rc = 0;

	b->calls = calls;
	if (!yaml_parser_initialize(&parser))
		abort();
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)buf,
	    len);
	while (rc == 0 && !ended) {
		if (!yaml_parser_parse(&parser, &event)) {
			b->line = error_line(&parser, buf, len);
			rc = err_set(e, ERR_DATA, "not valid YAML: %s",
			    parser.problem == NULL ? "it has no end" :
			    parser.problem);
			break;
		}
		rc = on_event(b, &event, e);
		ended = event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	}
	*ret_line = b->line;
	yaml_parser_delete(&parser);
	forget(b);
	free(b);
	return rc;
}
