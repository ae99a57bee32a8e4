/*
 * Who may write into the folder may try anything: links, pipes, files without
 * end, names that are none, a million of them.  No more than SPOOL_FILES_MAX
 * are looked at at a time; the others have their turn when these are gone.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "layout/fsutil.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "report/printable.h"
#include "report/report.h"
#include "watch/spool.h"

/* A file, as it was when it was last seen. */
struct drop {
	char *name;
	ino_t ino;
	off_t size;
	struct timespec written, changed;
	int64_t since;			/* it has been like that */
	bool is_seen;			/* in this look */
	bool is_done;			/* and cannot be removed */
};

struct spool {
	const char *path;
	struct notice *notice;
	hook_event_take *take;
	void *cookie;
	struct drop *drops;
	size_t count;
	bool is_more;			/* than fit into these */
	int64_t looked;
	bool is_called;			/* too early after the last look */
	bool is_odd, was_told;		/* something is no regular file */
	bool is_gone;			/* has been told */
	struct spool_counts counts;
	size_t events;			/* in the file that is read */
	size_t bytes;			/* of all files in this look */
};

int
spool_new(const char *path, struct notice *notice, hook_event_take *take,
    void *cookie, struct spool **ret, struct err *e)
{
	struct stat sb;
	struct spool *s;

	if (stat(path, &sb) == -1)
		return err_set(e, ERR_INPUT, "%s: %s", path, strerror(errno));
	if (!S_ISDIR(sb.st_mode))
		return err_set(e, ERR_INPUT, "%s: not a folder", path);
	if (access(path, R_OK | W_OK | X_OK) == -1)
		return err_set(e, ERR_INPUT, "%s: %s; what is read there is "
		    "removed", path, strerror(errno));
	s = xcalloc(1, sizeof(*s));
	s->path = path;
	s->notice = notice;
	s->take = take;
	s->cookie = cookie;
	s->drops = xcalloc(SPOOL_FILES_MAX, sizeof(*s->drops));
	s->looked = INT64_MIN;
	*ret = s;
	return 0;
}

static void
forget(struct spool *s, size_t i)
{
	free(s->drops[i].name);
	s->drops[i] = s->drops[--s->count];
}

void
spool_free(struct spool *s)
{
	if (s == NULL)
		return;
	while (s->count > 0)
		forget(s, s->count - 1);
	free(s->drops);
	free(s);
}

/* --- what is there ----------------------------------------------------- */

static bool
ends_with(const char *name, const char *end)
{
	size_t len = strlen(name), tail = strlen(end);

	return len >= tail && strcmp(name + len - tail, end) == 0;
}

static bool
is_unfinished(const char *name)
{
	return name[0] == '.' || ends_with(name, ".tmp") ||
	    ends_with(name, ".part");
}

static bool
is_same(const struct drop *d, const struct stat *sb)
{
	return d->ino == sb->st_ino && d->size == sb->st_size &&
	    d->written.tv_sec == sb->st_mtim.tv_sec &&
	    d->written.tv_nsec == sb->st_mtim.tv_nsec &&
	    d->changed.tv_sec == sb->st_ctim.tv_sec &&
	    d->changed.tv_nsec == sb->st_ctim.tv_nsec;
}

static void
mark(struct drop *d, const struct stat *sb, int64_t now)
{
	d->ino = sb->st_ino;
	d->size = sb->st_size;
	d->written = sb->st_mtim;
	d->changed = sb->st_ctim;
	d->since = now;
	d->is_done = false;
}

static struct drop *
find(struct spool *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		if (strcmp(s->drops[i].name, name) == 0)
			return &s->drops[i];
	return NULL;
}

static int
see(void *cookie, int fd, const char *name, unsigned type, struct err *e)
{
	struct spool *s = cookie;
	struct stat sb;
	struct drop *d;

	(void)e;
	if (is_unfinished(name))
		return 0;
	if (type == DT_UNKNOWN || type == DT_REG) {
		if (fstatat(fd, name, &sb, AT_SYMLINK_NOFOLLOW) == -1)
			return 0;
	}
	if ((type != DT_UNKNOWN && type != DT_REG) || !S_ISREG(sb.st_mode)) {
		s->is_odd = true;
		return 0;
	}
	d = find(s, name);
	if (d == NULL && s->count == SPOOL_FILES_MAX) {
		s->is_more = true;
		return 1;
	}
	if (d == NULL) {
		d = &s->drops[s->count++];
		*d = (struct drop){ .name = xstrdup(name) };
	}
	if (!is_same(d, &sb))
		mark(d, &sb, s->looked);
	d->is_seen = true;
	return 0;
}

static void
tell_odd(struct spool *s)
{
	if (s->is_odd && !s->was_told)
		report(REPORT_WARNING, "%s: what is no regular file there is "
		    "left alone", s->path);
	if (s->is_odd || !s->is_more)
		s->was_told = s->is_odd;
}

/* Those that are gone are forgotten, where all have been seen. */
static void
look(struct spool *s, int folder)
{
	struct err e;
	size_t i;

	for (i = 0; i < s->count; i++)
		s->drops[i].is_seen = false;
	s->is_odd = false;
	s->is_more = false;
	if (fs_each(folder, ".", see, s, &e) == -1) {
		report(REPORT_WARNING, "%s: %s", s->path, e.msg);
		return;
	}
	for (i = s->count; i-- > 0;)
		if (!s->drops[i].is_seen && !s->is_more)
			forget(s, i);
	tell_odd(s);
}

/* --- one file ---------------------------------------------------------- */

static void
tell(const struct spool *s, enum report_level level, const char *name,
    const char *what)
{
	char *shown = xstrdup(name);

	printable(shown);
	report(level, "%s/%s: %s", s->path, shown, what);
	free(shown);
}

/* Return 1, 0 where it has changed or gone since, or -1 with ${e} set. */
static int
read_drop(const struct drop *d, int folder, char **ret, size_t *len,
    struct err *e)
{
	struct stat sb;
	int fd, rc = fs_open_stat(folder, d->name, O_RDONLY, &fd, &sb, e);

	if (rc != 1)
		return rc;
	if (!is_same(d, &sb))
		rc = 0;
	else if (sb.st_size > (off_t)HOOK_BODY_MAX)
		rc = err_set(e, ERR_LIMIT, "more than %u bytes",
		    HOOK_BODY_MAX);
	else if (fs_read_all(fd, HOOK_BODY_MAX, ret, len, e) == -1)
		rc = -1;
	close(fd);
	return rc;
}

/* What came into its place meanwhile stays. */
static void
remove_drop(const struct spool *s, struct drop *d, int folder)
{
	struct stat sb;
	char *what;

	if (fstatat(folder, d->name, &sb, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !is_same(d, &sb))
		return;
	if (unlinkat(folder, d->name, 0) == 0)
		return;
	d->is_done = true;
	what = xasprintf("it cannot be removed: %s", strerror(errno));
	tell(s, REPORT_ERROR, d->name, what);
	free(what);
}

static void
count_event(void *cookie, const struct hook_event *event)
{
	struct spool *s = cookie;

	s->events++;
	s->take(s->cookie, event);
}

static void
take_drop(struct spool *s, struct drop *d, int folder)
{
	const char *form = NULL;
	char *text = NULL;
	size_t len;
	struct err e;
	int rc = read_drop(d, folder, &text, &len, &e);

	s->events = 0;
	if (rc == 0)
		return;
	s->bytes += rc == 1 ? len : 0;
	if (rc == 1)
		form = events_read_file(text, len, count_event, s);
	if (form != NULL) {
		s->counts.taken++;
		tell(s, REPORT_DEBUG, d->name, form);
		if (s->events == HOOK_EVENTS_MAX && strcmp(form, "list") != 0)
			tell(s, REPORT_WARNING, d->name, "as many pushes as "
			    "are taken: the clock finds what is more");
	} else {
		s->counts.not_understood++;
		tell(s, REPORT_WARNING, d->name, rc == -1 ? e.msg :
		    "neither what a registry sends nor lines of a list; "
		    "removed");
	}
	free(text);
	remove_drop(s, d, folder);
}

void
spool_look(struct spool *s, int64_t now)
{
	struct drop *d;
	size_t i;
	int folder;

	s->is_called = s->looked != INT64_MIN &&
	    now < s->looked + SPOOL_PACE_MS;
	if (s->is_called)
		return;
	s->looked = now;
	folder = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder == -1 && !s->is_gone)
		report(REPORT_ERROR, "%s: %s", s->path, strerror(errno));
	s->is_gone = folder == -1;
	if (s->is_gone)
		return;
	notice_folder(s->notice, s->path);
	look(s, folder);
	s->bytes = 0;
	for (i = s->count; i-- > 0 && s->bytes < SPOOL_BYTES_MAX;) {
		d = &s->drops[i];
		if (d->is_done || now < d->since + SPOOL_QUIET_MS)
			continue;
		take_drop(s, d, folder);
		if (!d->is_done)
			forget(s, i);
	}
	close(folder);
}

int64_t
spool_until(const struct spool *s)
{
	int64_t until, quiet;
	size_t i;

	if (s->looked == INT64_MIN)
		return 0;
	if (s->is_called || (s->is_more && s->count == 0))
		return s->looked + SPOOL_PACE_MS;
	until = s->looked + (s->is_more ? SPOOL_QUIET_MS : SPOOL_LOOK_MS);
	for (i = 0; i < s->count; i++) {
		quiet = s->drops[i].since + SPOOL_QUIET_MS;
		if (!s->drops[i].is_done && quiet < until)
			until = quiet;
	}
	return until;
}

void
spool_counts(const struct spool *s, struct spool_counts *ret)
{
	*ret = s->counts;
}
