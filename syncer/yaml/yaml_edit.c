/*
 * libyaml says where each value begins and ends.  A value of ours goes in at
 * such a place, and comes out again, one after the other, each time read anew:
 * these files are small.  At the end what the text says is compared with what
 * it should say, so that whatever was misjudged becomes an error.
 */
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "yaml/yaml_edit.h"
#include "yaml/yaml_edit_internal.h"

static const char *
eol_of(const char *text)
{
	const char *end = strchr(text, '\n');

	return end != NULL && end > text && end[-1] == '\r' ? "\r\n" : "\n";
}

/* What the text should say, and what it says. */
static int
compare(struct yaml_edit *ed, const json_t *wanted, struct err *e)
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
put_all(struct yaml_edit *ed, json_t *wanted, const struct yaml_leaf *leaves,
    size_t count, struct err *e)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (yaml_leaf_is(wanted, &leaves[i]))
			continue;
		if (yaml_edit_put_leaf(ed, &leaves[i], e) == -1)
			return -1;
		yaml_leaf_put(wanted, &leaves[i]);
	}
	return compare(ed, wanted, e);
}

/* From the last to the first, as they went in. */
static int
take_all(struct yaml_edit *ed, json_t *wanted, const struct yaml_leaf *leaves,
    size_t count, struct err *e)
{
	int rc;

	while (count-- > 0) {
		rc = yaml_edit_take_leaf(ed, &leaves[count], e);
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

typedef int edit_fn(struct yaml_edit *, json_t *, const struct yaml_leaf *,
    size_t, struct err *);

static int
edit(edit_fn *fn, const char *text, const char *ours, const char *mark,
    char **ret, unsigned *ret_line, struct err *e)
{
	struct yaml_edit ed = { .text = xstrdup(text), .mark = mark,
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
