/*
 * Blobs on their way, in _state/partial.  Each file there has one owner at a
 * time, from the open to the name or the close: two attempts at one blob have
 * two files, the second one's with a number behind (.1, .2).
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "digest_set.h"
#include "extents.h"
#include "fsutil.h"
#include "mem.h"
#include "store_internal.h"

struct partial {
	struct partial *next;
	struct digest id;
	unsigned slot;
};

static char *
slot_path(const struct digest *id, unsigned slot, char buf[STORE_PATH_MAX])
{
	size_t len;

	path_partial(id, buf);
	len = strlen(buf);
	if (slot > 0)
		snprintf(buf + len, STORE_PATH_MAX - len, ".%u", slot);
	return buf;
}

/* --- who has which ----------------------------------------------------- */

static bool
is_taken(const struct store *st, const struct digest *id, unsigned slot)
{
	const struct partial *p;

	for (p = st->partials; p != NULL; p = p->next)
		if (p->slot == slot && digest_equal(&p->id, id))
			return true;
	return false;
}

/* Under the lock: the first from ${slot} on that nobody has, or
 * PARTIAL_SLOTS. */
static unsigned
free_slot(const struct store *st, const struct digest *id, unsigned slot)
{
	while (slot < PARTIAL_SLOTS && is_taken(st, id, slot))
		slot++;
	return slot;
}

static int
too_many(struct err *e)
{
	return err_set(e, ERR_LIMIT, "more than %u attempts at one blob at "
	    "once", PARTIAL_SLOTS);
}

struct partial *
partial_take(struct store *st, const struct digest *id,
    char buf[STORE_PATH_MAX], struct err *e)
{
	struct partial *p = NULL;
	unsigned slot;

	pthread_mutex_lock(&st->partials_lock);
	slot = free_slot(st, id, 0);
	if (slot < PARTIAL_SLOTS) {
		p = xcalloc(1, sizeof(*p));
		p->id = *id;
		p->slot = slot;
		p->next = st->partials;
		st->partials = p;
	}
	pthread_mutex_unlock(&st->partials_lock);
	if (p == NULL)
		too_many(e);
	else
		slot_path(id, slot, buf);
	return p;
}

int
partial_next(struct store *st, struct partial *p, char buf[STORE_PATH_MAX],
    struct err *e)
{
	unsigned slot;

	pthread_mutex_lock(&st->partials_lock);
	slot = free_slot(st, &p->id, p->slot + 1);
	if (slot < PARTIAL_SLOTS)
		p->slot = slot;
	pthread_mutex_unlock(&st->partials_lock);
	if (slot == PARTIAL_SLOTS)
		return too_many(e);
	slot_path(&p->id, slot, buf);
	return 0;
}

void
partial_give_back(struct store *st, struct partial *p)
{
	struct partial **at = &st->partials;

	if (p == NULL)
		return;
	pthread_mutex_lock(&st->partials_lock);
	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	pthread_mutex_unlock(&st->partials_lock);
	free(p);
}

/* --- what an earlier process has left ---------------------------------- */

static void
drop(const struct store *st, const char *path)
{
	char note[STORE_PATH_MAX + 8];

	snprintf(note, sizeof(note), "%s" PARTIAL_NOTE, path);
	unlinkat(st->root, path, 0);
	unlinkat(st->root, note, 0);
}

/* Only the first may be there, and nobody's: it was not ours to continue. */
void
partial_named(struct store *st, const struct partial *p)
{
	char path[STORE_PATH_MAX];

	if (p == NULL || p->slot == 0)
		return;
	pthread_mutex_lock(&st->partials_lock);
	if (!is_taken(st, &p->id, 0))
		drop(st, path_partial(&p->id, path));
	pthread_mutex_unlock(&st->partials_lock);
}

static uint64_t
bytes_held(const struct store *st, const char *path)
{
	struct stat sb;

	/* It may have holes: what counts is what it occupies. */
	if (fstatat(st->root, path, &sb, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !S_ISREG(sb.st_mode))
		return 0;
	return (uint64_t)sb.st_blocks * 512;
}

uint64_t
store_partial_bytes(const struct store *st, const struct digest *id)
{
	char path[STORE_PATH_MAX];

	return bytes_held(st, path_partial(id, path));
}

bool
store_partial_has(const struct store *st, const struct digest *id,
    uint64_t from, uint64_t to)
{
	struct extents have = { NULL, 0, 0 };
	struct extent gap;
	char path[STORE_PATH_MAX], note[STORE_PATH_MAX + 8];
	struct err ignored;
	struct stat sb;
	char *text;
	size_t len;
	bool is_here;
	int rc;

	if (fstatat(st->root, path_partial(id, path), &sb,
	    AT_SYMLINK_NOFOLLOW) == -1 || !S_ISREG(sb.st_mode))
		return false;
	snprintf(note, sizeof(note), "%s" PARTIAL_NOTE, path);
	rc = fs_read_file(st->root, note, PARTIAL_NOTE_MAX, &text, &len,
	    &ignored);
	if (rc == 0)
		return to <= (uint64_t)sb.st_size;
	if (rc == -1)
		return false;
	is_here = strlen(text) == len && extents_parse(text,
	    (uint64_t)sb.st_size, &have) == 1 &&
	    (!extents_gap(&have, from, (uint64_t)sb.st_size, &gap) ?
	    to <= (uint64_t)sb.st_size : gap.start >= to);
	extents_done(&have);
	free(text);
	return is_here;
}

void
store_partial_drop(struct store *st, const struct digest *id)
{
	char path[STORE_PATH_MAX];

	drop(st, path_partial(id, path));
}

/* Names that are no digest are notes about blobs, further attempts, or
 * nobody's. */
int
store_each_partial(const struct store *st, struct digest_set *set,
    struct err *e)
{
	struct err ignored;
	struct digest id;
	char **names;
	size_t i, count;
	int rc;

	rc = fs_list(st->root, "_state/partial", &names, &count, e);
	if (rc != 1)
		return rc;
	for (i = 0; i < count; i++)
		if (digest_parse(names[i], &id, &ignored) == 0)
			digest_set_add(set, &id, NULL);
	fs_list_free(names, count);
	return 0;
}

/* "ALG:HEX.N"? */
static bool
parse_slot(const char *name, struct digest *id, unsigned *slot)
{
	char text[DIGEST_TEXT_MAX];
	const char *dot = strchr(name, '.');
	struct err ignored;
	size_t digits;

	if (dot == NULL || (size_t)(dot - name) >= sizeof(text))
		return false;
	digits = strspn(dot + 1, "0123456789");
	if (digits == 0 || digits > 3 || dot[1] == '0' ||
	    dot[1 + digits] != '\0')
		return false;
	memcpy(text, name, (size_t)(dot - name));
	text[dot - name] = '\0';
	*slot = (unsigned)strtoul(dot + 1, NULL, 10);
	return digest_parse(text, id, &ignored) == 0;
}

/* With its note, or without where it has none. */
static void
move(const struct store *st, const char *from, const char *to)
{
	char from_note[STORE_PATH_MAX + 8], to_note[STORE_PATH_MAX + 8];

	snprintf(from_note, sizeof(from_note), "%s" PARTIAL_NOTE, from);
	snprintf(to_note, sizeof(to_note), "%s" PARTIAL_NOTE, to);
	/* Without its note, a file with gaps would seem whole: the note is
	 * there first, and one that is about another file is found out by the
	 * digest. */
	if (renameat(st->root, from_note, st->root, to_note) == -1)
		unlinkat(st->root, to_note, 0);
	renameat(st->root, from, st->root, to);
}

/* A death between the file's end and its note's leaves the note, and who makes
 * a new file looks for none. */
static void
drop_lone_note(const struct store *st, const char *name)
{
	char path[STORE_PATH_MAX + 8];
	struct stat sb;
	size_t len = strlen(name), end = strlen(PARTIAL_NOTE);

	if (len <= end || strcmp(name + len - end, PARTIAL_NOTE) != 0)
		return;
	snprintf(path, sizeof(path), "_state/partial/%.*s", (int)(len - end),
	    name);
	if (fstatat(st->root, path, &sb, AT_SYMLINK_NOFOLLOW) == 0 ||
	    errno != ENOENT)
		return;
	snprintf(path, sizeof(path), "_state/partial/%s", name);
	unlinkat(st->root, path, 0);
}

/* Of several attempts the one that has come farthest is gone on with. */
int
store_join_partials(struct store *st, struct err *e)
{
	char one[STORE_PATH_MAX], other[STORE_PATH_MAX];
	struct err ignored;
	struct digest id;
	uint64_t size;
	unsigned slot;
	char **names;
	size_t i, count;
	int rc;

	assert(st->partials == NULL);
	rc = fs_list(st->root, "_state/partial", &names, &count, e);
	if (rc != 1)
		return rc;
	for (i = 0; i < count; i++) {
		if (!parse_slot(names[i], &id, &slot))
			continue;
		path_partial(&id, one);
		slot_path(&id, slot, other);
		if (store_blob_size(st, &id, &size, &ignored) == 0 &&
		    bytes_held(st, other) > bytes_held(st, one))
			move(st, other, one);
		else
			drop(st, other);
	}
	for (i = 0; i < count; i++)
		drop_lone_note(st, names[i]);
	fs_list_free(names, count);
	return 0;
}

/* --- what nobody goes on with ------------------------------------------ */

/* 2025: before that, a clock had not been set. */
#define FIRST_TIME	1735689600
#define AHEAD_MAX_S	(24 * 3600)

/* By two clocks, that of today and that of the end of the last run: one that is
 * wrong now takes nothing away. */
static time_t
latest(const struct store *st)
{
	time_t now = time(NULL);
	struct stat sb;

	if (fstatat(st->root, "status/status.json", &sb,
	    AT_SYMLINK_NOFOLLOW) == -1)
		return 0;
	return sb.st_mtim.tv_sec < now ? sb.st_mtim.tv_sec : now;
}

/* Of one whose time cannot be, the term begins now.  What is no file is not
 * ours. */
static void
sweep_one(const struct store *st, const char *path, time_t until)
{
	struct stat sb;

	if (fstatat(st->root, path, &sb, AT_SYMLINK_NOFOLLOW) == -1)
		return;
	if (!S_ISREG(sb.st_mode) || (sb.st_mtim.tv_sec >= FIRST_TIME &&
	    sb.st_mtim.tv_sec <= until - STORE_TERM_S))
		(void)fs_remove(st->root, path);
	else if (sb.st_mtim.tv_sec < FIRST_TIME ||
	    sb.st_mtim.tv_sec > time(NULL) + AHEAD_MAX_S)
		(void)utimensat(st->root, path, NULL, AT_SYMLINK_NOFOLLOW);
}

bool
store_partial_is_of(const char *name, const struct digest_set *set)
{
	char text[DIGEST_TEXT_MAX];
	size_t len = strcspn(name, ".");
	struct digest d;
	struct err ignored;

	if (len >= sizeof(text))
		return false;
	memcpy(text, name, len);
	text[len] = '\0';
	return digest_parse(text, &d, &ignored) == 0 && digest_set_has(set, &d);
}

/* Where nobody can tell which ones an import waits for, all of them stay. */
int
store_sweep_partials(struct store *st, struct err *e)
{
	struct digest_set imports = { .slots = NULL };
	time_t until = latest(st);
	char path[STORE_PATH_MAX];
	char **names;
	size_t i, count;
	int rc;

	rc = fs_list(st->root, "_state/partial", &names, &count, e);
	if (rc != 1)
		return rc;
	if (count > 0 && store_import_blobs(st, &imports, e) == -1)
		until = 0;
	for (i = 0; i < count; i++) {
		if (store_partial_is_of(names[i], &imports))
			continue;
		snprintf(path, sizeof(path), "_state/partial/%s", names[i]);
		sweep_one(st, path, until);
	}
	fs_list_free(names, count);
	digest_set_done(&imports);
	return 0;
}
