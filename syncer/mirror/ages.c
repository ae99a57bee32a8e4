#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "image/created.h"
#include "image/created_book.h"
#include "image/manifest.h"
#include "image/select.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "report/report.h"
#include "mirror/ages.h"
#include "mirror/present.h"
#include "transfer/object.h"

#define CREATED_FILE	"created"
/* Tags of one line that are looked at at once. */
#define ACTIVE_MAX	32u

struct ages {
	struct store *store;
	struct created_book book;
};

/* The tags of one line. */
struct dating {
	struct ages *ages;
	struct dispatch *d;
	struct ages_wanted w;
	ages_end *end;
	void *cookie;
	size_t next, active;
	struct err err;			/* the first thing that went wrong */
};

/* One tag: what it points to; then look, fetch what that lacks, look again. */
struct age {
	struct resolve resolve;
	struct waiter waiter;
	struct task task;
	struct dating *of;
	struct newest_tag *tag;
	bool *gone;
	struct digest root;
	struct digest_set absent;	/* cannot be had, or makes no sense */
	bool is_unclear;		/* a later run may have more luck */
	/* What a look has found: */
	int64_t created_s;
	bool by_platform;		/* an index was gone through */
	bool has_need;
	struct object need;		/* to know more */
	struct err err;
};

/* --- from run to run --------------------------------------------------- */

struct ages *
ages_new(struct store *store)
{
	struct ages *a = xcalloc(1, sizeof(*a));
	struct err e;
	char *buf;
	size_t len;
	int rc;

	a->store = store;
	rc = store_read_state(store, CREATED_FILE, CREATED_BYTES_MAX, &buf,
	    &len, &e);
	if (rc == 1) {
		rc = created_book_read(&a->book, buf, len, &e);
		if (rc == -1)
			err_wrap(&e, "_state/" CREATED_FILE);
		free(buf);
	}
	if (rc == -1)
		report(REPORT_WARNING, "%s; it is not used", e.msg);
	return a;
}

void
ages_free(struct ages *a)
{
	struct err e;
	char *text;
	size_t len;

	if (a == NULL)
		return;
	if (a->book.is_changed) {
		text = created_book_write(&a->book, &len);
		if (store_write_state(a->store, CREATED_FILE, text, len,
		    &e) == -1)
			report(REPORT_WARNING, "%s; the next run has to ask "
			    "again how old images are", e.msg);
		free(text);
	}
	created_book_done(&a->book);
	free(a);
}

/* --- on a worker: what does the store say? ----------------------------- */

static void
need(struct age *a, const struct object *object)
{
	a->has_need = !digest_set_has(&a->absent, &object->id);
	a->need = *object;
}

/* The first entry that is for a wanted platform, or may lead to one. */
static const struct descriptor *
choose_child(const struct age *a, const struct manifest *m)
{
	const struct platform_set *set = a->of->w.entry->platforms;
	enum keep *keep = xcalloc(m->count + 1, sizeof(*keep));
	bool *lacking = xcalloc(set->count + 1, sizeof(*lacking));
	const struct descriptor *first = NULL, *nested = NULL, *d;
	size_t i;

	(void)select_children(m, set, keep, lacking);
	for (i = 0; i < m->count && first == NULL; i++) {
		d = &m->children[i];
		if (d->is_attestation || digest_set_has(&a->absent,
		    &d->digest) || media_kind(d->media_type) == MEDIA_OTHER)
			continue;
		if (keep[i] == KEEP_REQUIRED)
			first = d;
		else if (keep[i] == KEEP_IF_SERVED && nested == NULL &&
		    media_kind(d->media_type) == MEDIA_INDEX)
			nested = d;
	}
	free(lacking);
	free(keep);
	return first != NULL ? first : nested;
}

/* An image: its configuration tells, if it is one. */
static int
look_at_config(struct age *a, const struct manifest *m, struct err *e)
{
	const struct descriptor *config = &m->children[0];
	struct object object;
	int64_t created_s;
	char *buf;
	size_t len;
	int rc;

	if (m->kind != MEDIA_IMAGE || m->count == 0 ||
	    config->role != DESCRIPTOR_CONFIG ||
	    !media_is_image_config(config->media_type) ||
	    config->size > CONFIG_BLOB_MAX)
		return 0;
	rc = store_blob_read(a->of->ages->store, &config->digest,
	    CONFIG_BLOB_MAX, &buf, &len, e);
	if (rc == 0) {
		object_of(config, OBJECT_BLOB, &object);
		need(a, &object);
	}
	if (rc != 1)
		return rc;
	rc = created_in_config(buf, len, &created_s, e);
	if (rc == 0 && created_s != CREATED_UNKNOWN)
		a->created_s = created_s;
	free(buf);
	return rc;
}

/* Return 1 with the entry to go on with in ${next}; 0: that was all; or -1. */
static int
look_at_manifest(struct age *a, const struct present *p, struct object *next,
    struct err *e)
{
	const struct manifest *m = &p->manifest;
	const struct descriptor *child;
	int64_t created_s;

	if (created_in_manifest(p->buf, p->len, &created_s, e) == -1)
		return -1;
	/* The innermost one's counts, until the configuration says better. */
	if (created_s != CREATED_UNKNOWN)
		a->created_s = created_s;
	if (m->kind != MEDIA_INDEX)
		return look_at_config(a, m, e);
	a->by_platform = true;
	child = choose_child(a, m);
	if (child != NULL)
		object_of(child, OBJECT_MANIFEST, next);
	return child != NULL;
}

/* As look_at_manifest, for ${object}, which becomes the next one. */
static int
look_one_down(struct age *a, struct object *object, struct err *e)
{
	struct present p;
	int rc;

	rc = present_find(a->of->ages->store, object, &p, e);
	if (rc == 0)
		need(a, object);
	if (rc != 1)
		return rc;
	rc = look_at_manifest(a, &p, object, e);
	present_done(&p);
	return rc;
}

static void
look_run(struct task *task)
{
	struct age *a = (struct age *)((char *)task -
	    offsetof(struct age, task));
	struct object object = { .kind = OBJECT_MANIFEST, .id = a->root,
	    .any_size = true };
	unsigned depth;
	int rc = 1;

	a->err.code = ERR_NONE;
	a->created_s = CREATED_UNKNOWN;
	a->by_platform = a->has_need = false;
	for (depth = 0; rc == 1 && depth <= MANIFEST_DEPTH_MAX; depth++)
		rc = look_one_down(a, &object, &a->err);
}

/* --- on the network thread --------------------------------------------- */

static void start_more(struct dating *);

static void
age_end(struct age *a)
{
	struct dating *g = a->of;

	digest_set_done(&a->absent);
	free(a);
	g->active--;
	start_more(g);
}

static void
age_fail(struct age *a, const struct err *e)
{
	struct dating *g = a->of;

	if (g->err.code == ERR_NONE) {
		g->err = *e;
		err_wrap(&g->err, "the age of tag %s", a->tag->name);
	}
	age_end(a);
}

/* What speaks of this one image alone: others can still be told from it. */
static bool
is_its_own_fault(const struct err *e)
{
	return e->code == ERR_NOT_FOUND || e->code == ERR_DATA ||
	    e->code == ERR_DIGEST || e->code == ERR_LIMIT;
}

/* A manifest without sense stays one; bytes with a wrong digest, and what is
 * not there, may be another matter tomorrow. */
static bool
is_for_good(const struct err *e)
{
	return e->code != ERR_NOT_FOUND && e->code != ERR_DIGEST;
}

static void look(struct age *);

static void
fetched(struct waiter *waiter, const struct err *e)
{
	struct age *a = (struct age *)((char *)waiter -
	    offsetof(struct age, waiter));

	if (e != NULL && !is_its_own_fault(e)) {
		age_fail(a, e);
		return;
	}
	if (e != NULL) {
		digest_set_add(&a->absent, &a->need.id, NULL);
		a->is_unclear |= !is_for_good(e);
	}
	look(a);
}

static void
fetch(struct age *a)
{
	const struct list_entry *entry = a->of->w.entry;

	a->waiter.source = a->of->w.source;
	a->waiter.repository = entry->ref.repository;
	a->waiter.priority = a->of->w.priority;
	a->waiter.end = fetched;
	dispatch_want(a->of->d, &a->need, &a->waiter);
}

static void
looked(struct task *task)
{
	struct age *a = (struct age *)((char *)task -
	    offsetof(struct age, task));
	struct created_book *book = &a->of->ages->book;

	if (a->err.code != ERR_NONE && !is_its_own_fault(&a->err)) {
		age_fail(a, &a->err);
		return;
	}
	if (a->has_need && a->err.code == ERR_NONE) {
		if (created_book_get(book, &a->root, &a->tag->created_s) == 1)
			age_end(a);
		else if (a->of->err.code == ERR_NONE)
			fetch(a);
		else
			age_end(a);
		return;
	}
	a->tag->created_s = a->created_s;
	/* Of other platforms there may be more to know. */
	if (a->created_s != CREATED_UNKNOWN ||
	    (!a->by_platform && !a->is_unclear))
		created_book_put(book, &a->root, a->created_s);
	age_end(a);
}

static void
look(struct age *a)
{
	a->task.run = look_run;
	a->task.done = looked;
	pool_start(dispatch_pool(a->of->d), NULL, &a->task);
}

static void
resolved(struct resolve *r, const struct digest *digest, const struct err *e)
{
	struct age *a = (struct age *)r;

	if (digest != NULL) {
		a->root = *digest;
		look(a);
	} else if (e->code == ERR_NOT_FOUND) {
		/* It was there when the tags were listed. */
		*a->gone = true;
		age_end(a);
	} else {
		age_fail(a, e);
	}
}

static void
start_one(struct dating *g, size_t i)
{
	const struct list_entry *entry = g->w.entry;
	struct age *a = xcalloc(1, sizeof(*a));

	a->of = g;
	a->tag = &g->w.tags[i];
	a->gone = &g->w.gone[i];
	a->resolve.source = g->w.source;
	a->resolve.repository = entry->ref.repository;
	a->resolve.tag = a->tag->name;
	a->resolve.priority = g->w.priority;
	a->resolve.optional = true;
	a->resolve.end = resolved;
	g->active++;
	dispatch_resolve(g->d, &a->resolve);
}

static void
start_more(struct dating *g)
{
	while (g->active < ACTIVE_MAX && g->next < g->w.count &&
	    g->err.code == ERR_NONE) {
		if (g->w.wanted[g->next])
			start_one(g, g->next);
		g->next++;
	}
	if (g->active > 0)
		return;
	g->end(g->cookie, g->err.code == ERR_NONE ? NULL : &g->err);
	free(g);
}

void
ages_find(struct ages *ages, struct dispatch *d, const struct ages_wanted *w,
    ages_end *end, void *cookie)
{
	struct dating *g = xcalloc(1, sizeof(*g));

	g->ages = ages;
	g->d = d;
	g->w = *w;
	g->end = end;
	g->cookie = cookie;
	start_more(g);
}
