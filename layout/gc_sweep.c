/* What becomes of manifests and blobs that nothing keeps, and of what lies in
 * _state. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "digest_set.h"
#include "fsutil.h"
#include "gc_internal.h"
#include "gc_manifests.h"

bool
gc_goes(const struct gc_sweep *s, enum gc_class class, uint64_t name,
    uint32_t *ret_age)
{
	const struct gc *gc = s->gc;
	enum gc_state state = gc_table_state(&gc->marks, name);

	*ret_age = gc_age_of(gc, class, name);
	switch (state) {
	case GC_KEPT:
	case GC_SPARE:
	case GC_GRACE:
		return false;
	case GC_EVICTED:
		*ret_age = CONDEMNED_AGE_MAX;
		return true;
	case GC_LEFT:
	case GC_UNKNOWN:
		break;
	}
	return gc_is_due(gc, *ret_age);
}

static bool
is_kept(const struct gc_sweep *s, uint64_t name)
{
	enum gc_state state = gc_table_state(&s->gc->marks, name);

	return state == GC_KEPT || state == GC_SPARE;
}

enum gc_why
gc_why(const struct gc_sweep *s, uint64_t name)
{
	if (gc_table_state(&s->gc->marks, name) != GC_EVICTED)
		return GC_WHY_UNREACHED;
	return s->gc->o->only != NULL ? GC_WHY_ASKED : GC_WHY_ROOM;
}

void
gc_tell(struct gc_sweep *s, enum gc_kind kind, enum gc_why why,
    const char *name, const struct digest *digest, uint64_t bytes)
{
	const struct gc_rules *rules = s->gc->rules;
	struct gc_event event = {
		.kind = kind, .why = why, .name = name, .digest = digest,
		.bytes = bytes,
	};

	s->totals.bytes_gone += bytes;
	if (s->act)
		gc_show(s->gc, GC_REMOVES);
	switch (kind) {
	case GC_IMAGE:
		s->totals.images_gone++;
		break;
	case GC_MANIFEST:
		s->totals.manifests_gone++;
		break;
	case GC_BLOB:
		s->totals.blobs_gone++;
		break;
	case GC_PARTIAL:
	case GC_QUARANTINE:
	case GC_OTHER:
		s->totals.others_gone++;
		break;
	}
	if (s->tell && rules->tell != NULL)
		rules->tell(rules->cookie, &event);
}

void
gc_condemn(struct gc_sweep *s, bool goes, enum gc_class class,
    const char *name, uint32_t age)
{
	if (s->condemned != NULL && (!goes || s->all))
		gc_condemned_add(s->condemned, age, class, name);
}

/* --- counting ---------------------------------------------------------- */

static uint64_t
size_of(const struct stat *sb)
{
	return (uint64_t)sb->st_blocks * 512;
}

static void
count_kept(struct gc_sweep *s, uint64_t name, uint64_t bytes)
{
	s->bytes += bytes;
	if (gc_table_state(&s->gc->marks, name) == GC_SPARE)
		s->totals.reclaimable_bytes += bytes;
}

static void
count_condemned(struct gc_sweep *s, bool goes, uint32_t age, uint64_t bytes)
{
	int64_t part;

	s->totals.reclaimable_bytes += bytes;
	if (goes)
		return;
	part = (int64_t)age * GC_PARTS / (s->gc->o->grace_s + 1);
	if (s->by_age != NULL)
		s->by_age[part < GC_PARTS ? part : GC_PARTS - 1] += bytes;
	s->bytes += bytes;
	s->totals.condemned++;
	s->totals.condemned_bytes += bytes;
}

/* --- manifests --------------------------------------------------------- */

/* Of what has been begun by a run that did not come to its end. */
static void
note_unfinished(struct gc_sweep *s, const struct digest *d, uint64_t name)
{
	char text[DIGEST_TEXT_MAX];
	uint32_t age;

	if (gc_table_state(&s->gc->marks, gc_link(s->gc, 0, d)) != GC_KEPT)
		return;
	(void)gc_age(&s->gc->ages, GC_CLASS_UNFINISHED, name, GC_TERM_S, &age);
	gc_condemn(s, false, GC_CLASS_UNFINISHED, digest_text(d, text), age);
}

/* No repository has it, and its term as unfinished is over. */
static bool
is_given_up(const struct gc_sweep *s, uint64_t name)
{
	uint32_t age;

	return s->gc->o->only == NULL &&
	    gc_table_state(&s->gc->marks, name) == GC_UNKNOWN &&
	    !gc_age(&s->gc->ages, GC_CLASS_MANIFEST, name, s->gc->o->grace_s,
	    &age);
}

static int
remove_manifest(struct gc_sweep *s, int fd, const struct digest *d,
    struct err *e)
{
	char path[STORE_PATH_MAX], folder[STORE_PATH_MAX];
	char hex[DIGEST_HEX_MAX];
	struct stat sb;

	path_blob(d, path);
	if (fstatat(s->gc->st->root, path, &sb, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISLNK(sb.st_mode)) {
		store_touch_dir(s->gc->st, path_parent(path, folder));
		if (unlinkat(s->gc->st->root, path, 0) == -1 &&
		    errno != ENOENT)
			return err_sys(e, "%s: cannot remove", path);
	}
	if (unlinkat(fd, digest_hex(d, hex), 0) == -1 && errno != ENOENT)
		return err_sys(e, "manifest %s: cannot remove", hex);
	return 0;
}

static int
sweep_manifest(void *cookie, int fd, const struct manifest_id *id,
    struct err *e)
{
	struct gc_sweep *s = cookie;
	char text[DIGEST_TEXT_MAX], hex[DIGEST_HEX_MAX];
	char path[STORE_PATH_MAX], folder[STORE_PATH_MAX];
	uint64_t name = gc_object(s->gc, &id->digest);
	struct stat sb;
	uint32_t age;
	bool goes;

	if (!s->act)
		gc_show(s->gc, GC_AT_FILES);
	if (fstatat(fd, digest_hex(&id->digest, hex), &sb,
	    AT_SYMLINK_NOFOLLOW) == -1 || !S_ISREG(sb.st_mode))
		return 0;
	if (is_kept(s, name)) {
		count_kept(s, name, size_of(&sb));
		note_unfinished(s, &id->digest, name);
		return 0;
	}
	goes = gc_goes(s, GC_CLASS_MANIFEST, name, &age);
	if (is_given_up(s, name)) {
		goes = true;
		age = CONDEMNED_AGE_MAX;
	}
	digest_text(&id->digest, text);
	gc_condemn(s, goes, GC_CLASS_MANIFEST, text, age);
	count_condemned(s, goes, age, size_of(&sb));
	if (!goes)
		return 0;
	if (s->act) {
		store_touch_dir(s->gc->st, path_parent(path_manifest(id,
		    path), folder));
		if (remove_manifest(s, fd, &id->digest, e) == -1)
			return -1;
	}
	gc_tell(s, GC_MANIFEST, gc_why(s, name), text, &id->digest,
	    size_of(&sb));
	return gc_is_stopped(s->gc, e);
}

int
gc_sweep_manifests(struct gc_sweep *s, struct err *e)
{
	return gc_each_manifest(s->gc->st, sweep_manifest, s, e);
}

/* --- blobs ------------------------------------------------------------- */

/* A link of ours to a manifest goes with that; others lead nowhere. */
static bool
leads_to_manifest(const struct gc_sweep *s, int fd, const char *hex)
{
	char target[STORE_PATH_MAX], path[STORE_PATH_MAX];
	struct manifest_id id;
	struct err ignored;
	struct stat sb;

	return fs_readlink(fd, hex, target, sizeof(target), &ignored) == 1 &&
	    path_link_parse(target, &id) == 1 && fstatat(s->gc->st->root,
	    path_manifest(&id, path), &sb, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(sb.st_mode);
}

static int
sweep_blob(void *cookie, int fd, const char *hex, const struct digest *d,
    struct err *e)
{
	struct gc_sweep *s = cookie;
	uint64_t name = gc_object(s->gc, d), bytes;
	char text[DIGEST_TEXT_MAX];
	struct stat sb;
	uint32_t age;
	bool goes;

	if (!s->act)
		gc_show(s->gc, GC_AT_FILES);
	if (fstatat(fd, hex, &sb, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !(S_ISREG(sb.st_mode) || S_ISLNK(sb.st_mode)))
		return 0;
	bytes = S_ISREG(sb.st_mode) ? size_of(&sb) : 0;
	if (is_kept(s, name)) {
		count_kept(s, name, bytes);
		return 0;
	}
	if (S_ISLNK(sb.st_mode) && leads_to_manifest(s, fd, hex))
		return 0;
	goes = gc_goes(s, GC_CLASS_BLOB, name, &age);
	gc_condemn(s, goes, GC_CLASS_BLOB, digest_text(d, text), age);
	if (S_ISREG(sb.st_mode))
		count_condemned(s, goes, age, bytes);
	if (!goes)
		return 0;
	if (s->act && unlinkat(fd, hex, 0) == -1 && errno != ENOENT)
		return err_sys(e, "blob %s: cannot remove", text);
	if (s->act)
		store_touch_dir(s->gc->st, d->alg == DIGEST_SHA256 ?
		    "blobs/sha256" : "blobs/sha512");
	gc_tell(s, S_ISREG(sb.st_mode) ? GC_BLOB : GC_OTHER,
	    gc_why(s, name), text, d, bytes);
	return gc_is_stopped(s->gc, e);
}

int
gc_sweep_blobs(struct gc_sweep *s, struct err *e)
{
	return gc_each_blob(s->gc->st, sweep_blob, s, e);
}

/* --- _state ------------------------------------------------------------ */

struct state_folder {
	struct gc_sweep *s;
	const char *path;
	enum gc_class class;
	enum gc_kind kind;
	struct digest_set waited_for;	/* by imports */
};

/* One that has been gone on with since is another one, by its time and size;
 * how long ago that was does not matter. */
static uint64_t
state_name(const struct state_folder *f, const char *name,
    const struct stat *sb, char *buf, size_t len)
{
	snprintf(buf, len, "%s~%llx-%llx", name,
	    (unsigned long long)sb->st_mtim.tv_sec,
	    (unsigned long long)sb->st_size);
	return gc_hash(&f->s->gc->key, GC_NAME_FILE, (uint64_t)f->class, buf,
	    strlen(buf));
}

static bool
is_note(const char *name)
{
	size_t len = strlen(name);

	return len > 7 && strcmp(name + len - 7, ".ranges") == 0;
}

static int
sweep_file(void *cookie, int fd, const char *name, unsigned type,
    struct err *e)
{
	const struct state_folder *f = cookie;
	struct gc_sweep *s = f->s;
	char text[CONDEMNED_LINE_MAX / 2], note[CONDEMNED_LINE_MAX / 2];
	uint64_t number;
	struct stat sb;
	uint32_t age;
	bool goes;

	(void)type;
	if (name[0] == '.' || is_note(name) || strlen(name) > 300 ||
	    strpbrk(name, " \n") != NULL || fstatat(fd, name, &sb,
	    AT_SYMLINK_NOFOLLOW) == -1 || !S_ISREG(sb.st_mode))
		return 0;
	if (store_partial_is_of(name, &f->waited_for)) {
		s->bytes += size_of(&sb);
		return 0;
	}
	number = state_name(f, name, &sb, text, sizeof(text));
	(void)gc_age(&s->gc->ages, f->class, number, GC_TERM_S, &age);
	goes = s->gc->o->only == NULL && (age >= GC_TERM_S ||
	    (s->gc->is_pressed && f->class == GC_CLASS_QUARANTINE));
	gc_condemn(s, goes, f->class, text, age);
	if (!goes) {
		s->bytes += size_of(&sb);
		return 0;
	}
	if (s->act && unlinkat(fd, name, 0) == -1 && errno != ENOENT)
		return err_sys(e, "%s/%s: cannot remove", f->path, name);
	snprintf(note, sizeof(note), "%s.ranges", name);
	if (s->act)
		(void)unlinkat(fd, note, 0);
	snprintf(text, sizeof(text), "%s/%s", f->path, name);
	gc_tell(s, f->kind, age >= GC_TERM_S ? GC_WHY_TERM : GC_WHY_ROOM, text,
	    NULL, size_of(&sb));
	return 0;
}

/* Where a reader may not look, it tells of nothing. */
int
gc_sweep_state(struct gc_sweep *s, struct err *e)
{
	struct state_folder folders[] = {
		{ s, "_state/quarantine", GC_CLASS_QUARANTINE, GC_QUARANTINE,
		    { .slots = NULL } },
		{ s, "_state/partial", GC_CLASS_PARTIAL, GC_PARTIAL,
		    { .slots = NULL } },
	};
	size_t i, count = sizeof(folders) / sizeof(folders[0]);
	int rc = 0;

	if (store_import_blobs(s->gc->st, &folders[1].waited_for, e) == -1)
		rc = s->act ? -1 : 0;
	for (i = 0; i < count && rc == 0; i++)
		if (fs_each(s->gc->st->root, folders[i].path, sweep_file,
		    &folders[i], e) == -1 && s->act)
			rc = -1;
	digest_set_done(&folders[1].waited_for);
	return rc == 0 ? gc_imports_sweep(s, e) : -1;
}
