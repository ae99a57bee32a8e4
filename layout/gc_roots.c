/* What stays whatever happens, a repository at a time; and a note of what stays
 * only if there is room. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fsutil.h"
#include "gc_history.h"
#include "gc_roots.h"
#include "mem.h"
#include "name.h"

/* A history of so many bytes has one line, which says where the tag is. */
#define ONE_LINE	(sizeof("2026-11-20T10:53:07Z sha256:") + 64)

bool
gc_subject(const char *tag, struct digest *ret)
{
	char hex[DIGEST_HEX_MAX];
	struct err ignored;
	size_t len;

	if (strncmp(tag, "sha256-", 7) != 0)
		return false;
	len = strspn(tag + 7, "0123456789abcdef");
	if (len != 64 || (tag[7 + len] != '\0' && tag[7 + len] != '.'))
		return false;
	memcpy(hex, tag + 7, len);
	hex[len] = '\0';
	return digest_parse_hex(DIGEST_SHA256, hex, ret, &ignored) == 0;
}

/* Is it the one that is to be taken out? */
static bool
is_only(const struct gc *gc, const char *registry, const char *repository,
    const char *reference)
{
	const struct gc_reference *only = gc->o->only;

	return only != NULL && strcmp(only->registry, registry) == 0 &&
	    strcmp(only->repository, repository) == 0 &&
	    strcmp(only->reference, reference) == 0;
}

static bool
has_folder(const struct gc *gc, const char *registry, const char *repository,
    const char *inner)
{
	char path[STORE_PATH_MAX];
	struct stat sb;

	return fstatat(gc->st->root, path_repository(registry, repository,
	    inner, path), &sb, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(sb.st_mode);
}

void
gc_repository_of(const struct gc *gc, const char *registry,
    const char *repository, struct gc_repository *ret)
{
	ret->registry = registry;
	ret->repository = repository;
	ret->number = gc_number(gc, registry, repository);
	ret->has_referrers = has_folder(gc, registry, repository,
	    "_referrers");
	ret->follow_first = gc->follow_count;
	ret->follow_count = 0;
}

int
gc_history_of(const struct gc *gc, const struct gc_repository *r,
    const char *reference, const struct digest *current, unsigned keep,
    int64_t keep_for_s, struct gc_past **ret, size_t *ret_count,
    struct err *e)
{
	char path[STORE_PATH_MAX], inner[TAG_MAX + DIGEST_TEXT_MAX + 16];
	char *text = NULL;
	struct err why;
	struct stat sb;
	size_t len;
	int rc;

	*ret = NULL;
	*ret_count = 0;
	if (keep == 0 && keep_for_s <= 0)
		return 0;
	snprintf(inner, sizeof(inner), "_history/%s", reference);
	path_repository(r->registry, r->repository, inner, path);
	if (fstatat(gc->st->root, path, &sb, AT_SYMLINK_NOFOLLOW) == 0 &&
	    sb.st_size <= (off_t)ONE_LINE)
		return 0;
	rc = fs_read_file(gc->st->root, path, HISTORY_BYTES_MAX, &text, &len,
	    &why);
	/* What is none has nothing to keep. */
	if (rc == -1 && why.code != ERR_DATA && why.code != ERR_LIMIT) {
		*e = why;
		return -1;
	}
	if (rc == 1)
		gc_history_choose(text, current, keep, keep_for_s, gc->o->now,
		    ret, ret_count);
	free(text);
	return 0;
}

/* Without a limit on room it is all the same, and takes no memory. */
static int
keep_past(struct repository_walk *w, const struct found *f, struct err *e)
{
	struct gc *gc = w->gc;
	struct gc_past *past = NULL;
	size_t i, count = 0;
	int rc;

	rc = gc_history_of(gc, &w->r, f->name, &f->id.digest, f->verdict.keep,
	    f->verdict.keep_for_s, &past, &count, e);
	for (i = 0; i < count && rc == 0; i++)
		if (gc->is_measured)
			gc_note(w, GC_KEPT, -past[i].since)->digest =
			    past[i].digest;
		else
			rc = gc_reach_digest(gc, &w->r, &past[i].digest,
			    GC_KEPT, e);
	free(past);
	return rc;
}

/* --- references -------------------------------------------------------- */

static int
keep_reference(struct repository_walk *w, const struct found *f,
    struct err *e)
{
	struct gc *gc = w->gc;

	gc_table_mark(&gc->marks, gc_reference(gc, w->r.number, f->name),
	    GC_KEPT);
	if (gc_reach(gc, &w->r, &f->id, GC_KEPT, e) == -1)
		return -1;
	if (f->is_held && gc_reach_digest(gc, &w->r, &f->held, GC_KEPT,
	    e) == -1)
		return -1;
	return keep_past(w, f, e);
}

/* Whoever has listed what is about an image by itself, and does not any more,
 * has not taken it from that image. */
static int
settle(struct repository_walk *w, const struct found *f, struct err *e)
{
	struct gc *gc = w->gc;

	switch (f->verdict.kind) {
	case GC_KEEP:
		return keep_reference(w, f, e);
	case GC_UNLISTED:
		gc->totals->unlisted++;
		gc_note_image(w, GC_SPARE, f);
		gc_note_follow(w, f);
		break;
	case GC_GO:
		if (gc->o->only != NULL)
			gc_note_image(w, GC_EVICTED, f);
		else
			gc_note_follow(w, f);
		break;
	case GC_FOLLOW:
		gc_note_follow(w, f);
		break;
	}
	gc_table_mark(&gc->marks, gc_reference(gc, w->r.number, f->name),
	    GC_LEFT);
	gc->odd += f->verdict.kind == GC_GO || gc->items_kept != SIZE_MAX;
	return 0;
}

static void
keep_whole(struct gc_verdict *v)
{
	v->kind = GC_KEEP;
	v->keep = UINT32_MAX;
}

/* What is held stays; so does one that does not say at what it is. */
static void
look_for_hold(const struct repository_walk *w, struct found *f)
{
	struct err why;
	int rc;

	if (!w->has_held || !name_is_tag(f->name))
		return;
	rc = store_held_get(w->gc->st, w->r.registry, w->r.repository, f->name,
	    &f->held, &why);
	if (rc == -1)
		keep_whole(&f->verdict);
	if (rc == 1) {
		f->is_held = true;
		f->verdict.kind = GC_KEEP;
	}
}

/* With one to be taken out, all others stay as they are. */
static int
judge(struct repository_walk *w, struct found *f, struct err *e)
{
	struct gc *gc = w->gc;
	const struct gc_reference reference = {
		w->r.registry, w->r.repository, f->name, f->id
	};
	struct digest subject;

	snprintf(gc->progress.at, sizeof(gc->progress.at), "%s/%s",
	    w->r.registry, w->r.repository);
	gc_show(gc, GC_AT_IMAGES);
	if (gc->rules->judge(gc->rules->cookie, &reference, &f->verdict,
	    e) == -1)
		return -1;
	if (is_only(gc, w->r.registry, w->r.repository, f->name)) {
		f->verdict.kind = GC_GO;
		return 0;
	}
	if (f->verdict.kind == GC_FOLLOW && !gc_subject(f->name, &subject))
		f->verdict.kind = GC_KEEP;
	if (gc->o->only != NULL && f->verdict.kind != GC_FOLLOW)
		keep_whole(&f->verdict);
	look_for_hold(w, f);
	if ((f->verdict.kind == GC_GO || f->verdict.kind == GC_UNLISTED) &&
	    gc->rules->in_use != NULL && gc_is_used(gc, &w->r, &f->id))
		f->verdict.kind = GC_KEEP;
	return 0;
}

/* --- a repository ------------------------------------------------------ */

static void
add_name(struct repository_walk *w, const char *name)
{
	if (w->count == w->room) {
		w->room = w->room == 0 ? 16 : 2 * w->room;
		w->names = xreallocarray(w->names, w->room, sizeof(char *));
	}
	w->names[w->count++] = xstrdup(name);
}

/* A tag that lost its history is served all the same. */
static int
take_link(void *cookie, int fd, const char *name, unsigned type,
    struct err *e)
{
	struct repository_walk *w = cookie;
	struct err ignored;
	struct digest d;

	(void)fd;
	(void)type;
	(void)e;
	w->links++;
	if (name_is_tag(name)) {
		w->tags += gc_reference(w->gc, w->r.number, name);
		add_name(w, name);
	} else if (digest_parse(name, &d, &ignored) == 0) {
		w->gc->links++;
		gc_table_mark(&w->gc->marks, gc_object(w->gc, &d), GC_LEFT);
	}
	return 0;
}

static int
take_history(void *cookie, int fd, const char *name, unsigned type,
    struct err *e)
{
	struct repository_walk *w = cookie;
	struct err ignored;
	struct digest d;

	(void)fd;
	(void)type;
	(void)e;
	if (digest_parse(name, &d, &ignored) == 0)
		add_name(w, name);
	else
		w->histories += gc_reference(w->gc, w->r.number, name);
	return 0;
}

/* What is held stays, also while the tag is not there: it was withdrawn, and
 * comes back to that. */
static int
take_hold(void *cookie, int fd, const char *name, unsigned type,
    struct err *e)
{
	struct repository_walk *w = cookie;
	char inner[TAG_MAX + 16], path[STORE_PATH_MAX];
	struct err ignored;
	struct digest held;
	struct stat sb;

	(void)fd;
	(void)type;
	if (!name_is_tag(name))
		return 0;
	snprintf(inner, sizeof(inner), "_manifests/%s", name);
	if (fstatat(w->gc->st->root, path_repository(w->r.registry,
	    w->r.repository, inner, path), &sb, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	w->gc->odd++;
	if (store_held_get(w->gc->st, w->r.registry, w->r.repository, name,
	    &held, &ignored) != 1)
		return 0;
	return gc_reach_digest(w->gc, &w->r, &held, GC_KEPT, e);
}

static int
compare_names(const void *a, const void *b)
{
	char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

static int
list_names(struct repository_walk *w, struct err *e)
{
	char path[STORE_PATH_MAX];

	if (fs_each(w->gc->st->root, path_repository(w->r.registry,
	    w->r.repository, "_manifests", path), take_link, w, e) == -1 ||
	    fs_each(w->gc->st->root, path_repository(w->r.registry,
	    w->r.repository, "_history", path), take_history, w, e) == -1 ||
	    (w->has_held && fs_each(w->gc->st->root, path_repository(
	    w->r.registry, w->r.repository, "_held", path), take_hold, w,
	    e) == -1))
		return -1;
	/* A tag without a history is no fault, and rare. */
	w->gc->odd += w->links == 0 || w->tags != w->histories;
	if (w->count > 1)
		qsort(w->names, w->count, sizeof(char *), compare_names);
	return 0;
}

static int
compare_follows(const void *a, const void *b)
{
	const struct gc_follow *x = a, *y = b;

	return x->subject < y->subject ? -1 : x->subject > y->subject;
}

/* They come last, and may follow one another. */
static int
settle_follows(struct repository_walk *w, struct err *e)
{
	struct gc *gc = w->gc;
	struct gc_repository *r = &w->r;
	struct manifest_id id;
	struct gc_follow *f;
	size_t i;
	int rc = 0;

	r->follow_count = gc->follow_count - r->follow_first;
	if (w->place != SIZE_MAX)
		gc->places[w->place].follow_count = r->follow_count;
	if (r->follow_count == 0)
		return 0;
	qsort(gc->follows + r->follow_first, r->follow_count,
	    sizeof(*gc->follows), compare_follows);
	for (i = 0; i < r->follow_count && rc != -1; i++) {
		f = &gc->follows[r->follow_first + i];
		if (gc_table_state(&gc->marks, f->subject) != GC_KEPT) {
			gc->odd++;
			continue;
		}
		gc_table_mark(&gc->marks, gc_reference(gc, r->number, f->tag),
		    GC_KEPT);
		rc = store_reference_get(gc->st, r->registry, r->repository,
		    f->tag, &id, e);
		if (rc == 1)
			rc = gc_reach(gc, r, &id, GC_KEPT, e);
	}
	return rc == -1 ? -1 : 0;
}

/* Digests that are pinned or in use, whatever leads to them. */
static int
take_digest(void *cookie, int fd, const char *name, unsigned type,
    struct err *e)
{
	struct repository_walk *w = cookie;
	const struct gc_rules *rules = w->gc->rules;
	struct err ignored;
	struct manifest_id id;
	struct digest d;

	(void)fd;
	(void)type;
	if (digest_parse(name, &d, &ignored) == -1 || gc_table_state(
	    &w->gc->marks, gc_link(w->gc, w->r.number, &d)) == GC_KEPT)
		return 0;
	if ((rules->pinned != NULL && rules->pinned(rules->cookie,
	    w->r.registry, w->r.repository, &d)) || (rules->in_use != NULL &&
	    store_reference_get(w->gc->st, w->r.registry, w->r.repository,
	    name, &id, &ignored) == 1 && gc_is_used(w->gc, &w->r, &id)))
		return gc_reach_digest(w->gc, &w->r, &d, GC_KEPT, e);
	return 0;
}

static int
settle_digests(struct repository_walk *w, struct err *e)
{
	char path[STORE_PATH_MAX];

	if (w->gc->rules->pinned == NULL && w->gc->rules->in_use == NULL)
		return 0;
	path_repository(w->r.registry, w->r.repository, "_manifests", path);
	return fs_each(w->gc->st->root, path, take_digest, w, e) == -1 ? -1 :
	    0;
}

static int
root_repository(void *cookie, const char *registry, const char *repository,
    struct err *e)
{
	struct repository_walk w = { .gc = cookie, .place = SIZE_MAX };
	struct found f = { .name = NULL };
	size_t i;
	int rc;

	gc_repository_of(w.gc, registry, repository, &w.r);
	w.has_held = has_folder(w.gc, registry, repository, "_held");
	rc = list_names(&w, e);
	for (i = 0; i < w.count && rc != -1; i++) {
		f.name = w.names[i];
		f.is_held = false;
		rc = store_reference_get(w.gc->st, registry, repository,
		    f.name, &f.id, e);
		if (rc != 1)
			continue;
		w.gc->totals->images++;
		rc = judge(&w, &f, e);
		if (rc == 0)
			rc = settle(&w, &f, e);
	}
	if (rc != -1)
		rc = settle_follows(&w, e);
	if (rc == 0)
		rc = settle_digests(&w, e);
	fs_list_free(w.names, w.count);
	return rc;
}

int
gc_roots(struct gc *gc, struct err *e)
{
	gc->totals->images = gc->totals->unlisted = 0;
	gc->links = gc->links_reached = gc->odd = gc->lacking = 0;
	return store_each_repository(gc->st, root_repository, gc, e);
}
