/*
 * status/bad: which objects were found to be wrong or missing, until they are
 * here again.  A line each: time, digest, what, and the path that it has when
 * it is right.  Anybody may read it, so it is in status/ and not in _state/.
 * What is here again goes on into status/mended, with the time when it was
 * found: who keeps copies may have wrong ones, and does not look each moment.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "digest_set.h"
#include "fsutil.h"
#include "limits.h"
#include "mem.h"
#include "store_internal.h"

#define BAD_FILE	"status/bad"
#define MENDED_FILE	"status/mended"
#define MENDED_AFTER_S	(90 * 24 * 3600)	/* nobody need know any more */

/* The next word of a line, ended; NULL: there is none. */
static char *
word(char **at)
{
	char *s = *at, *end;

	if (s == NULL || *s == '\0' || *s == ' ')
		return NULL;
	end = strchr(s, ' ');
	*at = end == NULL ? NULL : end + 1;
	if (end != NULL)
		*end = '\0';
	return s;
}

static bool
is_word(const char *s, const char *accept)
{
	return s != NULL && s[strspn(s, accept)] == '\0';
}

/* Is this where the object of that digest is, when it is here? */
static bool
is_place(const char *path, const struct digest *digest)
{
	char want[STORE_PATH_MAX];
	struct manifest_id id;

	if (strcmp(path_blob(digest, want), path) == 0)
		return true;
	return path_link_parse(path, &id) == 1 &&
	    digest_equal(&id.digest, digest) &&
	    strcmp(path_manifest(&id, want), path) == 0;
}

int
store_bad_parse(char *line, struct store_bad *ret)
{
	char *at = line;
	const char *digest;
	struct err e;

	ret->time = word(&at);
	digest = word(&at);
	ret->what = word(&at);
	ret->path = word(&at);
	if (at != NULL || ret->path == NULL ||
	    !is_word(ret->time, "0123456789-:TZ") ||
	    !is_word(ret->what, "abcdefghijklmnopqrstuvwxyz") ||
	    strlen(ret->time) >= STORE_TIME_MAX ||
	    strlen(ret->what) >= STORE_BAD_WHAT_MAX ||
	    strlen(ret->path) >= STORE_PATH_MAX ||
	    digest_parse(digest, &ret->digest, &e) == -1)
		return 0;
	return is_place(ret->path, &ret->digest);
}

/* What is no such list is as good as none. */
static char *
read_lines(const struct store *st, const char *path)
{
	struct err ignored;
	size_t len;
	char *text;

	if (fs_read_file(st->root, path, STORE_BAD_BYTES_MAX, &text, &len,
	    &ignored) != 1)
		return NULL;
	if (strlen(text) == len)
		return text;
	free(text);
	return NULL;
}

static int
each_line(const struct store *st, const char *path, store_bad_fn *fn,
    void *cookie)
{
	char *text = read_lines(st, path), *line, *next;
	struct store_bad bad;
	int count = 0;

	for (line = text; line != NULL && *line != '\0'; line = next) {
		next = line + strcspn(line, "\n");
		if (*next != '\0')
			*next++ = '\0';
		if (store_bad_parse(line, &bad)) {
			fn(cookie, &bad);
			count++;
		}
	}
	free(text);
	return count;
}

int
store_bad_each(const struct store *st, store_bad_fn *fn, void *cookie)
{
	return each_line(st, BAD_FILE, fn, cookie);
}

/* --- changing it ------------------------------------------------------- */

struct rewrite {
	struct store *st;
	FILE *out, *mended;
	struct digest_set anew;		/* of what is noted anew */
	const struct store_bad *bad;	/* that */
	size_t count;
	const struct digest_set *only;	/* NULL: any may stay */
	size_t kept, dropped;
};

static void
print_line(FILE *out, const char *time, const struct digest *digest,
    const char *what, const char *path)
{
	char text[DIGEST_TEXT_MAX];

	fprintf(out, "%s %s %s %s\n", time, digest_text(digest, text), what,
	    path);
}

static bool
is_here(const struct store *st, const char *path)
{
	struct stat sb;

	return fstatat(st->root, path, &sb, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(sb.st_mode);
}

/* The same bytes may have been bad under two types. */
static bool
is_anew(const struct rewrite *r, const struct store_bad *bad)
{
	size_t i;

	if (!digest_set_has(&r->anew, &bad->digest))
		return false;
	for (i = 0; i < r->count; i++)
		if (strcmp(r->bad[i].path, bad->path) == 0)
			return true;
	return false;
}

/* Bytes get a name only when they are right: what is here has been mended. */
static void
keep_line(void *cookie, const struct store_bad *bad)
{
	struct rewrite *r = cookie;
	bool is_mended = !is_anew(r, bad) && is_here(r->st, bad->path);

	if (is_mended)
		print_line(r->mended, bad->time, &bad->digest, bad->what,
		    bad->path);
	if (is_mended || is_anew(r, bad) ||
	    (r->only != NULL && !digest_set_has(r->only, &bad->digest))) {
		r->dropped++;
		return;
	}
	if (r->kept++ < STORE_BAD_MAX)
		print_line(r->out, bad->time, &bad->digest, bad->what,
		    bad->path);
}

/* An empty list is no list. */
static int
replace(struct store *st, const char *text, size_t len, struct err *e)
{
	if (len > 0)
		return store_write_file(st, BAD_FILE, text, len, e);
	if (unlinkat(st->root, BAD_FILE, 0) == -1 && errno != ENOENT)
		return err_sys(e, BAD_FILE ": cannot remove");
	store_touch_dir(st, "status");
	return 0;
}

/* What was mended before, in order: the first ones go. */
struct before {
	FILE *out;
	char since[STORE_TIME_MAX];
	size_t skip;
};

static void
count_before(void *cookie, const struct store_bad *bad)
{
	size_t *count = cookie;

	(void)bad;
	++*count;
}

static void
keep_before(void *cookie, const struct store_bad *bad)
{
	struct before *b = cookie;

	if (b->skip > 0)
		b->skip--;
	else if (strcmp(bad->time, b->since) >= 0)
		print_line(b->out, bad->time, &bad->digest, bad->what,
		    bad->path);
}

static int
add_mended(struct store *st, const char *more, struct err *e)
{
	time_t since = time(NULL) - MENDED_AFTER_S;
	struct before b = { .skip = 0 };
	size_t len = 0, count = 0;
	char *text = NULL;
	const char *at;
	struct tm tm;
	int rc;

	gmtime_r(&since, &tm);
	strftime(b.since, sizeof(b.since), "%Y-%m-%dT%H:%M:%SZ", &tm);
	for (at = more; (at = strchr(at, '\n')) != NULL; at++)
		count++;
	each_line(st, MENDED_FILE, count_before, &count);
	b.skip = count > STORE_BAD_MAX ? count - STORE_BAD_MAX : 0;
	b.out = xtext_open(&text, &len);
	each_line(st, MENDED_FILE, keep_before, &b);
	fputs(more, b.out);
	xtext_close(b.out);
	rc = store_write_file(st, MENDED_FILE, text, len, e);
	free(text);
	return rc;
}

/* What is noted anew stands at the end. */
int
store_bad_update(struct store *st, const struct store_bad *bad, size_t count,
    const struct digest_set *only, struct err *e)
{
	char *text = NULL, *mended = NULL, now[STORE_TIME_MAX];
	struct rewrite r = { .st = st, .only = only, .bad = bad,
	    .count = count };
	size_t i, len = 0, mended_len = 0;
	int rc = 0;

	store_now(now);
	for (i = 0; i < count; i++)
		digest_set_add(&r.anew, &bad[i].digest, NULL);
	r.out = xtext_open(&text, &len);
	r.mended = xtext_open(&mended, &mended_len);
	store_bad_each(st, keep_line, &r);
	for (i = 0; i < count && r.kept + i < STORE_BAD_MAX; i++)
		print_line(r.out, now, &bad[i].digest, bad[i].what,
		    bad[i].path);
	xtext_close(r.out);
	xtext_close(r.mended);
	/* First, so that it is in one of them at each moment. */
	if (mended_len > 0)
		rc = add_mended(st, mended, e);
	if (rc == 0 && (count > 0 || r.dropped > 0))
		rc = replace(st, text, len, e);
	digest_set_done(&r.anew);
	free(mended);
	free(text);
	return rc;
}
