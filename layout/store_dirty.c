/*
 * _state/dirty: what is written of many things at once may be behind them.  If
 * it is empty, or its first line is "*", all lists may be.  Each other line is
 * a repository that a step has changed: its list of tags may be, and what
 * index.json has of it.
 */
#include <stdlib.h>
#include <string.h>

#include "fsutil.h"
#include "mem.h"
#include "pins.h"
#include "store_internal.h"

#define ALL	"*\n"

/* Of more repositories it is not said which. */
#define DIRTY_BYTES_MAX	(64u << 10)

/* NULL: it is not there.  What cannot be read may say anything. */
static char *
read_mark(const struct store *st)
{
	struct err ignored;
	char *text;
	size_t len;
	int rc = fs_read_file(st->root, STORE_DIRTY_FILE, DIRTY_BYTES_MAX,
	    &text, &len, &ignored);

	if (rc == 1 && strlen(text) == len)
		return text;
	if (rc == 1)
		free(text);
	return rc == 0 ? NULL : xstrdup("");
}

static bool
is_of_all(const char *text)
{
	return text[0] == '\0' || strncmp(text, ALL, strlen(ALL)) == 0;
}

static bool
has_line(const char *text, const char *line)
{
	size_t len = strlen(line);

	for (; *text != '\0'; text += strcspn(text, "\n") + 1) {
		if (strncmp(text, line, len) == 0 && text[len] == '\n')
			return true;
		if (strchr(text, '\n') == NULL)
			return false;
	}
	return false;
}

static int
write_mark(struct store *st, const char *text, struct err *e)
{
	if (strlen(text) > DIRTY_BYTES_MAX)
		text = "";
	return store_write_file(st, STORE_DIRTY_FILE, text, strlen(text), e);
}

/* A writer looks once: nobody else takes the mark away. */
int
store_mark_stale(struct store *st, struct err *e)
{
	char *old, *text;
	int rc = 0;

	if (st->is_writer && st->all_stale)
		return 0;
	old = read_mark(st);
	text = xasprintf("%s%s", old == NULL ? "" : ALL,
	    old == NULL ? "" : old);
	if (old == NULL || !is_of_all(old))
		rc = write_mark(st, text, e);
	/* Whoever made it may not have come to that. */
	store_touch_dir(st, "_state");
	free(text);
	free(old);
	if (rc == 0)
		st->index_stale = st->all_stale = true;
	return rc;
}

int
store_mark_moved(struct store *st, const char *registry,
    const char *repository, struct err *e)
{
	char *line = xasprintf("%s/%s", registry, repository);
	char *old = read_mark(st), *text;
	int rc = 0;

	text = xasprintf("%s%s\n", old == NULL ? "" : old[0] == '\0' ? ALL :
	    old, line);
	if (old == NULL || !has_line(old, line))
		rc = write_mark(st, text, e);
	store_touch_dir(st, "_state");
	free(text);
	free(old);
	free(line);
	if (rc == 0)
		st->index_stale = true;
	store_note_changed(st, registry, repository);
	return rc;
}

/* Return whether it is a repository, -1. */
static int
take_line(struct store *st, const char *line, size_t len, bool with_tags,
    struct err *e)
{
	/* With a tag it is the name of an image. */
	char *name = xasprintf("%.*s:x", (int)len, line);
	struct full_name n;
	int rc = full_name_split(name, &n);

	free(name);
	if (rc == 1)
		store_note_changed(st, n.registry, n.repository);
	if (rc == 1 && with_tags && store_write_tags(st, n.registry,
	    n.repository, e) == -1)
		return -1;
	return rc;
}

/* That all lists may be behind is news only to who has not marked it. */
static int
take_mark(struct store *st, bool with_tags, struct err *e)
{
	char *text = read_mark(st);
	const char *at;
	size_t len;
	bool all;
	int rc = 1;

	if (text == NULL)
		return 0;
	all = is_of_all(text);
	for (at = text + (text[0] == '*' ? strlen(ALL) : 0);
	    *at != '\0' && rc != -1; at += len + (at[len] == '\n')) {
		len = strcspn(at, "\n");
		rc = take_line(st, at, len, with_tags, e);
		all |= rc == 0;
	}
	free(text);
	st->index_stale = true;
	if (all && !st->all_stale)
		st->all_stale = st->index_inherited = true;
	return rc == -1 ? -1 : 0;
}

void
store_read_mark(struct store *st)
{
	struct err ignored;

	(void)take_mark(st, false, &ignored);
	st->was_dirty = st->all_stale;
}

int
store_take_mark(struct store *st, struct err *e)
{
	return take_mark(st, true, e);
}
