/* Lines, headers and keys of TOML; toml_value.c has what stands behind "=". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "node/toml_internal.h"
#include "registry/ascii.h"

unsigned
toml_line(const char *text, size_t at)
{
	unsigned line = 1;
	size_t i;

	for (i = 0; i < at; i++)
		line += text[i] == '\n';
	return line;
}

int
toml_bad(struct toml_in *in, const char *what)
{
	return err_set(in->e, ERR_INPUT, "/%s: line %u: %s", in->path,
	    toml_line(in->text, (size_t)(in->p - in->text)), what);
}

void
toml_free(struct toml *t)
{
	struct toml *next;

	for (; t != NULL; t = next) {
		next = t->next;
		toml_free(t->child);
		free(t->key);
		free(t->text);
		free(t);
	}
}

/* The line is filled in at the end, for all of them in one pass. */
struct toml *
toml_new(struct toml_in *in, struct toml *parent, char *key,
    enum toml_kind kind)
{
	struct toml *t;

	if (++in->nodes > NODE_TOML_MAX) {
		toml_bad(in, "more keys and values than cdr reads");
		free(key);
		return NULL;
	}
	t = xcalloc(1, sizeof(*t));
	*t = (struct toml){
		.kind = kind, .key = key, .text = xstrdup(""),
		.from = (size_t)(in->p - in->text)
	};
	t->to = t->from;
	if (parent != NULL && parent->last != NULL)
		parent->last->next = t;
	else if (parent != NULL)
		parent->child = t;
	if (parent != NULL)
		parent->last = t;
	return t;
}

void
toml_blank(struct toml_in *in)
{
	in->p += strspn(in->p, " \t");
}

static bool
at_line_end(const char *p)
{
	return *p == '\0' || *p == '\n' || (p[0] == '\r' && p[1] == '\n');
}

/* A comment ends with its line; in it are no control characters. */
static int
skip_comment(struct toml_in *in)
{
	for (in->p++; !at_line_end(in->p); in->p++)
		if (ascii_is_control(*in->p) && *in->p != '\t')
			return toml_bad(in, "a control character in a "
			    "comment");
	return 0;
}

int
toml_space(struct toml_in *in)
{
	for (;;) {
		in->p += strspn(in->p, " \t\n");
		if (in->p[0] == '\r' && in->p[1] == '\n')
			in->p += 2;
		else if (*in->p != '#')
			return 0;
		else if (skip_comment(in) == -1)
			return -1;
	}
}

static bool
is_bare(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '_';
}

int
toml_word(struct toml_in *in, char **ret)
{
	const char *from = in->p;

	if (*from == '"' || *from == '\'')
		return toml_quoted(in, ret, false);
	while (is_bare(*in->p))
		in->p++;
	if (in->p == from)
		return toml_bad(in, "no key where there should be one");
	*ret = xstrndup(from, (size_t)(in->p - from));
	return 0;
}

static struct toml *
find(const struct toml *table, const char *key)
{
	struct toml *t;

	for (t = table->child; t != NULL; t = t->next)
		if (strcmp(t->key, key) == 0)
			return t;
	return NULL;
}

/* --- headers -------------------------------------------------------------- */

/* Through a table on the way to the one that a header names. */
static struct toml *
step(struct toml_in *in, struct toml *table, char *key)
{
	struct toml *t = find(table, key);

	if (t == NULL) {
		t = toml_new(in, table, key, TOML_TABLE);
		if (t != NULL)
			t->form = TOML_IMPLIED;
		return t;
	}
	free(key);
	if (t->kind == TOML_ARRAY && t->form == TOML_HEADER)
		return t->last;
	if (t->kind == TOML_TABLE && t->form != TOML_INLINE)
		return t;
	toml_bad(in, "a table in what is no table, or in an inline table");
	return NULL;
}

/* [table] once; [[array]] as often as there are elements. */
static struct toml *
arrive(struct toml_in *in, struct toml *table, char *key, bool is_array)
{
	struct toml *t = find(table, key);

	if (t == NULL) {
		t = toml_new(in, table, key, is_array ? TOML_ARRAY :
		    TOML_TABLE);
	} else {
		free(key);
		if (is_array ? t->kind != TOML_ARRAY ||
		    t->form != TOML_HEADER : t->kind != TOML_TABLE ||
		    t->form != TOML_IMPLIED) {
			toml_bad(in, "this table is there already");
			return NULL;
		}
	}
	if (t == NULL)
		return NULL;
	t->form = TOML_HEADER;
	if (is_array)
		t = toml_new(in, t, xstrdup(""), TOML_TABLE);
	if (t != NULL)
		t->form = TOML_HEADER;
	return t;
}

/* The parts between the brackets. */
static struct toml *
walk(struct toml_in *in, struct toml *root, bool is_array)
{
	struct toml *t = root;
	unsigned parts;
	char *key;

	for (parts = 1; t != NULL; parts++) {
		toml_blank(in);
		if (toml_word(in, &key) == -1)
			return NULL;
		toml_blank(in);
		if (*in->p != '.')
			return arrive(in, t, key, is_array);
		in->p++;
		if (parts == NODE_TOML_DEPTH_MAX) {
			free(key);
			toml_bad(in, "a longer name than cdr reads");
			return NULL;
		}
		t = step(in, t, key);
	}
	return NULL;
}

static int
read_header(struct toml_in *in, struct toml *root)
{
	const char *from = in->p;
	bool is_array = from[1] == '[';
	struct toml *t;

	in->p += is_array ? 2 : 1;
	t = walk(in, root, is_array);
	if (t == NULL)
		return -1;
	if (in->p[0] != ']' || (is_array && in->p[1] != ']'))
		return toml_bad(in, "this table's name has no end");
	in->p += is_array ? 2 : 1;
	t->from = (size_t)(from - in->text);
	t->to = t->from + strcspn(from, "\n");
	if (t->to > t->from && in->text[t->to - 1] == '\r')
		t->to--;
	in->table = t;
	return 0;
}

/* --- keys ----------------------------------------------------------------- */

/* Through a.b of "a.b.c = ...": tables that dotted keys have made, and no
 * others. */
static struct toml *
dotted(struct toml_in *in, struct toml *table, char *key, const char *from,
    const char *to)
{
	struct toml *t = find(table, key);

	if (t != NULL) {
		free(key);
		if (t->kind == TOML_TABLE && t->form == TOML_DOTTED)
			return t;
		toml_bad(in, "a key with dots adds to what stands elsewhere");
		return NULL;
	}
	t = toml_new(in, table, key, TOML_TABLE);
	if (t == NULL)
		return NULL;
	t->form = TOML_DOTTED;
	t->key_from = (size_t)(from - in->text);
	t->key_to = (size_t)(to - in->text);
	return t;
}

static int
read_value(struct toml_in *in, struct toml *table, char *key, const char *from,
    const char *to)
{
	struct toml *t;

	if (find(table, key) != NULL) {
		free(key);
		return toml_bad(in, "this key is there already");
	}
	if (*in->p != '=') {
		free(key);
		return toml_bad(in, "no \"=\" behind a key");
	}
	in->p++;
	toml_blank(in);
	t = toml_value(in, table, key);
	if (t == NULL)
		return -1;
	t->key_from = (size_t)(from - in->text);
	t->key_to = (size_t)(to - in->text);
	return 0;
}

int
toml_keys(struct toml_in *in, struct toml *table)
{
	const char *from = in->p, *to;
	unsigned parts;
	char *key;

	for (parts = 1; table != NULL; parts++) {
		if (toml_word(in, &key) == -1)
			return -1;
		to = in->p;
		toml_blank(in);
		if (*in->p != '.')
			return read_value(in, table, key, from, to);
		in->p++;
		toml_blank(in);
		if (parts == NODE_TOML_DEPTH_MAX) {
			free(key);
			return toml_bad(in, "a longer name than cdr reads");
		}
		table = dotted(in, table, key, from, to);
	}
	return -1;
}

/* --- all of it ------------------------------------------------------------ */

static int
read_lines(struct toml_in *in, struct toml *root)
{
	while (toml_space(in) == 0) {
		if (*in->p == '\0')
			return 0;
		if ((*in->p == '[' ? read_header(in, root) :
		    toml_keys(in, in->table)) == -1)
			return -1;
		toml_blank(in);
		if (*in->p == '#' && skip_comment(in) == -1)
			return -1;
		if (!at_line_end(in->p))
			return toml_bad(in, "something behind the end of a "
			    "value or a table's name");
	}
	return -1;
}

/* One pass over the text would do for an ordered tree; it is not quite ordered,
 * since tables are added to from anywhere. */
static void
set_lines(struct toml *t, const size_t *ends, size_t count)
{
	size_t low, high, mid;

	for (; t != NULL; t = t->next) {
		for (low = 0, high = count; low < high;) {
			mid = low + (high - low) / 2;
			if (ends[mid] < t->from)
				low = mid + 1;
			else
				high = mid;
		}
		t->line = (unsigned)low + 1;
		set_lines(t->child, ends, count);
	}
}

static void
number_lines(struct toml *root, const char *text)
{
	size_t *ends = NULL, count = 0, size = 0;
	const char *p;

	for (p = text; (p = strchr(p, '\n')) != NULL; p++) {
		if (count == size) {
			size = size == 0 ? 64 : 2 * size;
			ends = xreallocarray(ends, size, sizeof(*ends));
		}
		ends[count++] = (size_t)(p - text);
	}
	set_lines(root, ends, count);
	free(ends);
}

/* containerd 2.x takes no byte order mark, and 1.x does. */
int
toml_read(const char *path, const char *text, struct toml **ret, struct err *e)
{
	struct toml_in in = {
		.path = path, .text = text, .p = text, .e = e
	};
	struct toml *root;

	if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
		return toml_bad(&in, "a byte order mark, which newer clients "
		    "do not read: save the file without it");
	root = toml_new(&in, NULL, xstrdup(""), TOML_TABLE);
	in.table = root;
	root->form = TOML_HEADER;
	if (read_lines(&in, root) == -1) {
		toml_free(root);
		return -1;
	}
	number_lines(root, text);
	*ret = root;
	return 0;
}

const struct toml *
toml_get(const struct toml *t, const char *key)
{
	if (t != NULL && t->kind == TOML_ARRAY && t->form == TOML_HEADER)
		t = t->last;
	return t == NULL || t->kind != TOML_TABLE ? NULL : find(t, key);
}

const char *
toml_string(const struct toml *t)
{
	return t != NULL && t->kind == TOML_STRING ? t->text : NULL;
}
