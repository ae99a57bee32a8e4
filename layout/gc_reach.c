/*
 * From a manifest to all that it leads to: children of indexes as their
 * repository has them, configurations, layers, and what names any of these as
 * its subject.  Nothing here calls itself: who writes a chain of a million
 * manifests fills a list, and no stack.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fsutil.h"
#include "gc_internal.h"
#include "mem.h"

#define INDEX_TYPE	"application/vnd.oci.image.index.v1+json"

int
gc_stop(struct gc *gc, enum gc_end end)
{
	gc->end = end;
	return -1;
}

int
gc_is_stopped(struct gc *gc, struct err *e)
{
	if (gc->rules->is_stopped == NULL ||
	    !gc->rules->is_stopped(gc->rules->cookie))
		return 0;
	err_set(e, ERR_CANCELLED, "interrupted");
	return gc_stop(gc, GC_STOPPED);
}

void
gc_show(struct gc *gc, enum gc_phase phase)
{
	struct gc_progress *p = &gc->progress;

	if (p->phase != phase)
		p->done = 0;
	p->phase = phase;
	p->done++;
	if (gc->rules->progress != NULL)
		gc->rules->progress(gc->rules->cookie, p);
}

bool
gc_is_settled(const struct gc *gc)
{
	return gc->odd == 0 && gc->links == gc->links_reached;
}

uint32_t
gc_age_of(const struct gc *gc, enum gc_class class, uint64_t name)
{
	int64_t term = gc->o->grace_s;
	uint32_t age;

	if (gc->lacking > 0 && term < GC_DAY_S)
		term = GC_DAY_S;
	(void)gc_age(&gc->ages, class, name, term, &age);
	return age;
}

bool
gc_is_due(const struct gc *gc, uint32_t age)
{
	if (gc->o->only != NULL || (int64_t)age < (gc->lacking > 0 ?
	    GC_TERM_S : 0))
		return false;
	return (int64_t)age >= gc->o->grace_s || (gc->lacking == 0 &&
	    age >= gc->grace_max);
}

uint64_t
gc_object(const struct gc *gc, const struct digest *d)
{
	return gc_hash(&gc->key, GC_NAME_OBJECT, 0, d, sizeof(*d));
}

uint64_t
gc_link(const struct gc *gc, uint64_t repository, const struct digest *d)
{
	return gc_hash(&gc->key, GC_NAME_LINK, repository, d, sizeof(*d));
}

uint64_t
gc_reference(const struct gc *gc, uint64_t repository, const char *name)
{
	return gc_hash(&gc->key, GC_NAME_REFERENCE, repository, name,
	    strlen(name));
}

uint64_t
gc_number(const struct gc *gc, const char *registry, const char *repository)
{
	char name[REGISTRY_NAME_MAX + REPOSITORY_NAME_MAX + 2];
	int len = snprintf(name, sizeof(name), "%s/%s", registry, repository);

	return gc_hash(&gc->key, GC_NAME_REPOSITORY, 0, name, (size_t)len);
}

/* --- one manifest ------------------------------------------------------ */

struct reach {
	struct gc *gc;
	const struct gc_repository *r;
	enum gc_state state;
};

static bool
is_root(const struct reach *w)
{
	return w->r != NULL && (w->state == GC_KEPT || w->state == GC_SPARE);
}

static void
measure(struct gc *gc, const char *path)
{
	struct stat sb;

	if (gc->is_measured && fstatat(gc->st->root, path, &sb,
	    AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(sb.st_mode))
		gc->bytes += (uint64_t)sb.st_blocks * 512;
}

static void
mark_object(const struct reach *w, const struct digest *d)
{
	char path[STORE_PATH_MAX];

	if (gc_table_mark(&w->gc->marks, gc_object(w->gc, d), w->state) &&
	    w->gc->is_measured)
		measure(w->gc, path_blob(d, path));
}

static void
push(struct gc *gc, const struct digest *d)
{
	if (gc->todo_count == gc->todo_room) {
		gc->todo_room = gc->todo_room == 0 ? 64 : 2 * gc->todo_room;
		gc->todo = xreallocarray(gc->todo, gc->todo_room,
		    sizeof(*gc->todo));
	}
	gc->todo[gc->todo_count++] = *d;
}

/* Return true if it is to be looked at. */
static bool
mark_entry(const struct reach *w, const struct digest *d)
{
	return gc_table_mark(&w->gc->marks, gc_link(w->gc, w->r == NULL ? 0 :
	    w->r->number, d), w->state);
}

static int
take_child(void *cookie, const struct child *child, struct err *e)
{
	const struct reach *w = cookie;

	(void)e;
	if (!child->is_entry)
		mark_object(w, &child->digest);
	else if (mark_entry(w, &child->digest))
		push(w->gc, &child->digest);
	return 0;
}

static int
refuse(const struct reach *w, const struct manifest_id *id, struct err *e)
{
	char text[DIGEST_TEXT_MAX];

	if (!is_root(w))
		return 0;
	err_wrap(e, "%s/%s@%s is kept, and cannot be read, so that nothing "
	    "was removed; \"cdr verify --repair\" mends it", w->r->registry,
	    w->r->repository, digest_text(&id->digest, text));
	return gc_stop(w->gc, GC_UNREADABLE);
}

/* What is of a type that is not known leads nowhere, whatever its bytes. */
static bool
is_opaque(const struct reach *w, const struct manifest_id *id)
{
	const struct gc_rules *rules = w->gc->rules;
	struct reach copy = *w;
	struct err ignored;

	return rules->children(rules->cookie, id, "", 0, take_child, &copy,
	    &ignored) == 0;
}

/* Return 1, 0 if it is not there, or -1 with ${e} set. */
static int
read_manifest(struct gc *gc, const struct manifest_id *id, char **ret,
    size_t *ret_len, struct err *e)
{
	struct digest have;
	int rc;

	rc = store_manifest_read(gc->st, id, ret, ret_len, e);
	if (rc != 1)
		return rc;
	digest_of(id->digest.alg, *ret, *ret_len, &have);
	if (digest_equal(&have, &id->digest))
		return 1;
	free(*ret);
	*ret = NULL;
	return err_set(e, ERR_DIGEST, "its bytes are others than its digest "
	    "says");
}

static int
look_at(const struct reach *w, const struct manifest_id *id, struct err *e)
{
	const struct gc_rules *rules = w->gc->rules;
	char *buf = NULL, path[STORE_PATH_MAX];
	struct reach copy = *w;
	size_t len = 0;
	int rc;

	mark_object(w, &id->digest);
	measure(w->gc, path_manifest(id, path));
	rc = read_manifest(w->gc, id, &buf, &len, e);
	if (rc == 0) {
		w->gc->lacking += is_root(w) && !is_opaque(w, id);
		return 0;
	}
	if (rc == 1)
		rc = rules->children(rules->cookie, id, buf, len, take_child,
		    &copy, e);
	if (rc == -1 && !is_opaque(w, id))
		rc = refuse(w, id, e);
	free(buf);
	return rc == -1 && w->gc->end != GC_DONE ? -1 : 0;
}

/* --- what is about it -------------------------------------------------- */

/* The list of what names it as its subject is an index. */
static int
look_at_referrers(const struct reach *w, const struct digest *subject,
    struct err *e)
{
	const struct gc_rules *rules = w->gc->rules;
	struct manifest_id id = { .digest = *subject };
	struct reach copy = *w;
	char *buf = NULL;
	size_t len = 0;
	int rc;

	snprintf(id.media_type, sizeof(id.media_type), INDEX_TYPE);
	rc = store_referrers_read(w->gc->st, w->r->registry, w->r->repository,
	    subject, &buf, &len, e);
	if (rc == 1)
		rc = rules->children(rules->cookie, &id, buf, len, take_child,
		    &copy, e);
	free(buf);
	if (rc == -1 && is_root(w)) {
		err_wrap(e, "its list of referrers");
		return refuse(w, &id, e);
	}
	return 0;
}

/* The first of those that follow this subject. */
static size_t
find_follow(const struct gc *gc, const struct gc_repository *r,
    uint64_t subject)
{
	size_t low = r->follow_first, high = low + r->follow_count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (gc->follows[middle].subject < subject)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int
look_at_followers(const struct reach *w, const struct digest *subject,
    struct err *e)
{
	struct gc *gc = w->gc;
	uint64_t number = gc_link(gc, w->r->number, subject);
	struct manifest_id id;
	size_t i = find_follow(gc, w->r, number);
	const char *tag;
	int rc;

	for (; i < w->r->follow_first + w->r->follow_count &&
	    gc->follows[i].subject == number; i++) {
		tag = gc->follows[i].tag;
		if (!gc_table_mark(&gc->marks, gc_reference(gc, w->r->number,
		    tag), w->state))
			continue;
		rc = store_reference_get(gc->st, w->r->registry,
		    w->r->repository, tag, &id, e);
		if (rc == -1)
			return -1;
		if (rc == 1 && mark_entry(w, &id.digest))
			push(gc, &id.digest);
	}
	return 0;
}

static int
look_around(const struct reach *w, const struct digest *d, struct err *e)
{
	if (w->r == NULL)
		return 0;
	if (w->r->has_referrers && look_at_referrers(w, d, e) == -1)
		return -1;
	return w->r->follow_count > 0 ? look_at_followers(w, d, e) : 0;
}

/* --- all of them ------------------------------------------------------- */

/* As what the repository has it; what it has not may be a blob. */
static int
find_link(const struct reach *w, const struct digest *d, struct manifest_id *id,
    struct err *e)
{
	char text[DIGEST_TEXT_MAX];

	if (w->r == NULL)
		return store_manifest_find(w->gc->st, d, id, e);
	return store_reference_get(w->gc->st, w->r->registry,
	    w->r->repository, digest_text(d, text), id, e);
}

/* Roots come first, so that they find each link once. */
static int
resolve(const struct reach *w, const struct digest *d, struct manifest_id *id,
    struct err *e)
{
	int rc = find_link(w, d, id, e);

	w->gc->links_reached += rc == 1 && is_root(w);
	return rc;
}

static int
drain(const struct reach *w, struct err *e)
{
	struct gc *gc = w->gc;
	struct manifest_id id;
	struct digest d;
	int rc = 0;

	while (gc->todo_count > 0 && rc != -1) {
		d = gc->todo[--gc->todo_count];
		rc = gc_is_stopped(gc, e);
		if (rc == 0)
			rc = resolve(w, &d, &id, e);
		if (rc == 0)
			mark_object(w, &d);
		if (rc == 1)
			rc = look_at(w, &id, e);
		if (rc == 0)
			rc = look_around(w, &d, e);
	}
	gc->todo_count = 0;
	return rc;
}

int
gc_reach(struct gc *gc, const struct gc_repository *r,
    const struct manifest_id *id, enum gc_state state, struct err *e)
{
	struct reach w = { .gc = gc, .r = r, .state = state };
	struct manifest_id own;
	bool is_new = mark_entry(&w, &id->digest);
	int rc = is_new ? resolve(&w, &id->digest, &own, e) :
	    find_link(&w, &id->digest, &own, e);

	/* A tag may have it as another type than its digest has. */
	if (rc == 1 && strcmp(own.media_type, id->media_type) != 0)
		rc = look_at(&w, &own, e);
	else if (!is_new)
		return rc == -1 ? -1 : 0;
	if (rc == -1 || look_at(&w, id, e) == -1 ||
	    look_around(&w, &id->digest, e) == -1)
		return -1;
	return drain(&w, e);
}

int
gc_reach_digest(struct gc *gc, const struct gc_repository *r,
    const struct digest *d, enum gc_state state, struct err *e)
{
	struct reach w = { .gc = gc, .r = r, .state = state };

	if (!mark_entry(&w, d))
		return 0;
	push(gc, d);
	return drain(&w, e);
}
