/*
 * _history/REFERENCE: which digest a reference got when.  A line is a time, a
 * blank and a digest, and behind these a word where it was set back to that
 * digest.  What else stands there is not for us, and is kept.
 */
#include <stdlib.h>
#include <string.h>

#include "fsutil.h"
#include "store_internal.h"
#include "tag_history.h"

/* Lines kept of a tag's history; the oldest go first. */
#define HISTORY_LINES_MAX	200

static char *
history_path(const char *registry, const char *repository,
    const char *reference, char buf[STORE_PATH_MAX])
{
	char inner[DIGEST_TEXT_MAX + TAG_MAX + 16];

	snprintf(inner, sizeof(inner), "_history/%s", reference);
	return path_repository(registry, repository, inner, buf);
}

/* --- writing ----------------------------------------------------------- */

/* The start of the line behind the next newline, or the end. */
static const char *
next_line(const char *s)
{
	const char *end = strchr(s, '\n');

	return end == NULL ? s + strlen(s) : end + 1;
}

static const char *
last_line(const char *s)
{
	const char *next;

	for (next = next_line(s); *next != '\0'; next = next_line(s))
		s = next;
	return s;
}

/* So many lines, so that the file stays within HISTORY_BYTES_MAX. */
static const char *
drop_oldest(const char *text)
{
	const char *s;
	size_t lines = 0;

	for (s = text; *s != '\0'; s = next_line(s))
		lines++;
	for (; lines >= HISTORY_LINES_MAX; lines--)
		text = next_line(text);
	return text;
}

/*
 * The history says what is about to be: a crash between it and the tag leaves a
 * line that the next run finds and does not write twice.
 */
int
store_add_history(struct store *st, const char *registry,
    const char *repository, const char *reference, const struct digest *digest,
    bool is_rollback, struct err *e)
{
	char path[STORE_PATH_MAX], text[DIGEST_TEXT_MAX], now[STORE_TIME_MAX];
	char *old = NULL;
	struct store_file f;
	int there, rc = 0;

	history_path(registry, repository, reference, path);
	there = store_read_own(st, path, HISTORY_BYTES_MAX, &old, e);
	if (there == -1)
		return -1;
	digest_text(digest, text);
	if (there == 1 && strstr(last_line(old), text) != NULL)
		goto out;
	rc = store_file_open(st, path, &f, e);
	if (rc == -1)
		goto out;
	fprintf(f.stream, "%s%s %s%s\n", there == 1 ? drop_oldest(old) : "",
	    store_now(now), text, is_rollback ? " " TAG_HISTORY_ROLLBACK : "");
	rc = store_file_defer(&f, e);
out:
	free(old);
	return rc;
}

/* --- reading ----------------------------------------------------------- */

int
store_history_read(const struct store *st, const char *registry,
    const char *repository, const char *reference, struct tag_history *ret,
    struct err *e)
{
	char path[STORE_PATH_MAX], *text = NULL;
	struct err why;
	size_t len;
	int rc;

	history_path(registry, repository, reference, path);
	rc = fs_read_file(st->root, path, HISTORY_BYTES_MAX, &text, &len,
	    &why);
	/* What is no history does not tell; the next publishing takes its
	 * place. */
	if (rc == -1 && (why.code == ERR_DATA || why.code == ERR_LIMIT))
		rc = 0;
	if (rc == -1)
		*e = why;
	if (rc != 1)
		return rc;
	tag_history_parse(text, ret);
	free(text);
	return 1;
}
