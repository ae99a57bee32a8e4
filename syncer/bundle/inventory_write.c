/*
 * An inventory, written: what is linked here, and of that what is not whole.
 * Each manifest is read and each blob asked for once, whoever names it; no hash
 * is computed but those of manifests, which are small.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bundle/inventory.h"
#include "bundle/record.h"
#include "image/ref.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "layout/pins.h"
#include "mirror/children.h"
#include "report/report.h"

/* Blobs that were there when they were asked for last: layers that many images
 * share come again soon, and a million blobs are not kept in mind. */
#define SEEN_SLOTS	(1u << 15)

struct seen {
	struct digest digest;
	uint64_t size;
	bool is_used;
};

struct writer {
	const struct store *store;
	FILE *out;
	struct digest_set linked;	/* manifests */
	struct digest_set bad;
	struct seen *seen;
};

static int
put_image(void *cookie, const char *registry, const char *repository,
    const char *reference, const struct manifest_id *id, struct err *e)
{
	struct writer *w = cookie;
	char name[FULL_NAME_MAX], text[DIGEST_TEXT_MAX];

	(void)e;
	fprintf(w->out, "image %s %s\n", full_name(registry, repository,
	    reference, name), digest_text(&id->digest, text));
	return 0;
}

/* --- what is linked ---------------------------------------------------- */

/* An entry of an index that is here has a link of its own.  A layer that is at
 * some address of the world may be absent: then whoever has it sends it. */
static int
look_at_child(void *cookie, const struct child *c, struct err *e)
{
	struct writer *w = cookie;
	struct seen *seen;
	uint64_t size;
	int rc;

	if (c->is_entry)
		return 0;
	seen = &w->seen[digest_key(&c->digest) % SEEN_SLOTS];
	if (seen->is_used && seen->size == c->size &&
	    digest_equal(&seen->digest, &c->digest))
		return 0;
	rc = store_blob_size(w->store, &c->digest, &size, e);
	if (rc == -1)
		return -1;
	if (rc == 1 && size == c->size)
		*seen = (struct seen){ c->digest, size, true };
	else
		digest_set_add(&w->bad, &c->digest, NULL);
	return 0;
}

/* Return 1 if it is what its name says, and all that is asked of it could be
 * asked; 0 if it is not; -1. */
static int
look_at_manifest(struct writer *w, const struct manifest_id *id,
    struct err *e)
{
	struct digest have;
	size_t len;
	char *buf;
	int rc = store_manifest_read(w->store, id, &buf, &len, e);

	if (rc == 1) {
		digest_of(id->digest.alg, buf, len, &have);
		rc = digest_equal(&have, &id->digest);
		if (rc == 1 && children_each(NULL, id, buf, len,
		    look_at_child, w, e) == -1)
			rc = -1;
		free(buf);
	}
	return rc == -1 && (e->code == ERR_DATA || e->code == ERR_LIMIT) ? 0 :
	    rc;
}

static void
show(const struct writer *w, const char *registry, const char *repository)
{
	char *name = xasprintf("%s/%s", registry, repository);
	struct report_work work = {
		.what = "manifest",
		.done = w->linked.count,
		.permille = REPORT_VAGUE,
		.names = image_ref_short(name),
	};

	report_work(&work);
	free(name);
}

static int
put_linked(void *cookie, const char *registry, const char *repository,
    const char *reference, const struct manifest_id *id, struct err *e)
{
	struct writer *w = cookie;
	struct digest digest;
	struct err ignored;
	int rc = 0;

	if (digest_parse(reference, &digest, &ignored) == -1)
		return 0;	/* somebody's; nobody is served it */
	if (!digest_set_add(&w->linked, &digest, NULL))
		return 0;
	fprintf(w->out, "linked %s\n", reference);
	if (report_progress_due())
		show(w, registry, repository);
	if (digest_equal(&digest, &id->digest))
		rc = look_at_manifest(w, id, e);
	if (rc == 0)
		digest_set_add(&w->bad, &digest, NULL);
	return rc == -1 ? -1 : 0;
}

static int
put_repository(void *cookie, const char *registry, const char *repository,
    struct err *e)
{
	struct writer *w = cookie;

	return store_each_linked(w->store, registry, repository, put_linked, w,
	    e);
}

/* --- what is bad ------------------------------------------------------- */

static void
add_bad(void *cookie, const struct store_bad *bad)
{
	struct writer *w = cookie;

	digest_set_add(&w->bad, &bad->digest, NULL);
}

static int
compare(const void *a, const void *b)
{
	return digest_compare(a, b);
}

static void
put_bad(const struct writer *w)
{
	struct digest *all = xcalloc(w->bad.count + 1, sizeof(*all));
	char text[DIGEST_TEXT_MAX];
	size_t count = 0, at = 0, i;
	void *ignored;

	while (digest_set_next(&w->bad, &at, &all[count], &ignored))
		count++;
	qsort(all, count, sizeof(*all), compare);
	for (i = 0; i < count; i++)
		fprintf(w->out, "bad %s\n", digest_text(&all[i], text));
	free(all);
}

static void
put_head(const struct writer *w, const char *site,
    const struct inventory_bundle *bundles, size_t count)
{
	uint64_t free_bytes = store_free_bytes(w->store);
	size_t i;

	fprintf(w->out, "cdr-inventory 1\nsite %s\nwritten ", site);
	record_print_time(w->out, (int64_t)time(NULL));
	/* A file system that does not tell has room. */
	fprintf(w->out, "\nfree %llu\n", (unsigned long long)
	    (free_bytes > INT64_MAX ? INT64_MAX : free_bytes));
	for (i = 0; i < count; i++)
		fprintf(w->out, "bundle %s %s %llu %s\n", bundles[i].from,
		    bundles[i].to, (unsigned long long)bundles[i].seq,
		    bundles[i].id);
}

int
inventory_write(const struct store *store, const char *site,
    const struct inventory_bundle *bundles, size_t count, FILE *out,
    struct err *e)
{
	struct writer w = { .store = store, .out = out };
	int rc = -1;

	w.seen = xcalloc(SEEN_SLOTS, sizeof(*w.seen));
	put_head(&w, site, bundles, count);
	if (store_each_reference(store, put_image, &w, e) == -1 ||
	    store_each_repository(store, put_repository, &w, e) == -1)
		goto out;
	store_bad_each(store, add_bad, &w);
	put_bad(&w);
	fputs("end\n", out);
	rc = 0;
out:
	digest_set_done(&w.linked);
	digest_set_done(&w.bad);
	free(w.seen);
	return rc;
}
