/*
 * The old blobs.json and the tree are read side by side, both in the same
 * order, into the new blobs.json, which counts who has which blob; then that is
 * read once more into images.json, which can now tell what an image shares.
 * However many there are, one is in memory at a time.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "image/referrer.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "layout/name.h"
#include "report/blob_count.h"
#include "report/history.h"
#include "report/holding.h"
#include "report/report.h"
#include "mirror/walk.h"
#include "mirror/holdings.h"

#define IMAGES_FILE	"images.json"
#define BLOBS_FILE	"blobs.json"

/* Lines of a blobs.json, one after the other. */
struct lines {
	FILE *in;			/* NULL: there are no more */
	char *buf;			/* of HOLDING_LINE_MAX */
	bool has_next;
	struct holding next;
};

struct holdings {
	struct store *store;
	int64_t now;
	struct lines old;
	FILE *out;
	const char *comma;
	char repository[REGISTRY_NAME_MAX + REPOSITORY_NAME_MAX + 2];
	char stamp[STORE_STAMP_MAX];
	struct holding_totals totals;
	struct blob_count count;
	bool failed;
	struct err err;
};

/* --- reading a file of them -------------------------------------------- */

static void
lines_close(struct lines *l)
{
	if (l->in != NULL)
		fclose(l->in);
	free(l->buf);
	if (l->has_next)
		holding_done(&l->next);
	memset(l, 0, sizeof(*l));
}

/* One that is of no use is as good as none: then all is read anew. */
static void
lines_open(struct lines *l, const struct store *store)
{
	struct holding_totals ignored_totals;
	char stamp[STORE_STAMP_MAX];
	struct err ignored;

	if (store_open_status(store, BLOBS_FILE, &l->in, &ignored) != 1)
		l->in = NULL;
	if (l->in == NULL)
		return;
	l->buf = xmalloc(HOLDING_LINE_MAX);
	if (fgets(l->buf, HOLDING_LINE_MAX, l->in) == NULL ||
	    !holding_head_read(l->buf, stamp, &ignored_totals))
		lines_close(l);
}

/* Fills next, unless that has been left there. */
static bool
lines_more(struct lines *l)
{
	if (l->has_next)
		return true;
	if (l->in == NULL ||
	    fgets(l->buf, HOLDING_LINE_MAX, l->in) == NULL)
		return false;
	l->has_next = holding_read(l->buf, &l->next);
	return l->has_next;
}

static void
lines_skip(struct lines *l)
{
	holding_done(&l->next);
	l->has_next = false;
}

/*
 * What the last run has found out about the same bytes.  Moves on to there.  Of
 * an index that was not all there more may have come: it leaves a link.
 */
static bool
take_known(struct lines *l, const char *links, struct holding *h)
{
	int order = -1;

	while (lines_more(l)) {
		order = holding_order(l->next.image, h->image);
		if (order >= 0)
			break;
		lines_skip(l);
	}
	if (!l->has_next || order != 0 || l->next.is_broken ||
	    !digest_equal(&l->next.digest, &h->digest) ||
	    (l->next.links[0] != '\0' && strcmp(l->next.links, links) != 0))
		return false;
	free(l->next.image);
	l->next.image = h->image;
	*h = l->next;
	l->has_next = false;
	return true;
}

/* --- one reference ----------------------------------------------------- */

static void
note_blob(void *cookie, const struct digest *d, uint64_t size)
{
	holding_add_blob(cookie, holding_key(d), size);
}

static void
look_inside(const struct store *store, const char *registry,
    const char *repository, const char *links, struct holding *h)
{
	static const struct platform_set all = { .all = true };
	static const struct digest_set none = { 0 };
	struct walk_from from = {
		.store = store,
		.registry = registry,
		.repository = repository,
		.root = h->digest,
		.platforms = &all,
		.absent = &none,
		.as_blobs = &none,
		.blob = note_blob,
		.cookie = h,
	};
	char text[PLATFORM_TEXT_MAX];
	struct walk walk;
	struct err e;
	size_t i;

	h->platforms = json_array();
	if (walk_image(&from, &walk, &e) == -1) {
		report(REPORT_DEBUG, "%s: %s", h->image, e.msg);
		h->is_broken = true;
		return;
	}
	h->size = walk.bytes;
	if (walk.missing_count > 0)
		snprintf(h->links, sizeof(h->links), "%s", links);
	for (i = 0; i < walk.have_count && i < HOLDING_PLATFORMS_MAX; i++)
		json_array_append_new(h->platforms,
		    json_string(platform_text(&walk.have[i], text)));
	walk_done(&walk);
}

/* These come and go while the image stays the same.  A list that cannot be read
 * tells of none. */
static void
look_around(const struct store *store, const char *registry,
    const char *repository, struct holding *h)
{
	char tag[TAG_MAX + 1];
	struct manifest_id id;
	struct err e;
	char *buf;
	size_t len;
	int rc;

	h->referrers = 0;
	h->is_signed = false;
	rc = store_referrers_read(store, registry, repository, &h->digest,
	    &buf, &len, &e);
	if (rc == 1) {
		h->referrers = referrer_count(buf, len, &h->is_signed);
		free(buf);
	} else if (rc == -1) {
		report(REPORT_DEBUG, "%s: %s", h->image, e.msg);
	}
	/* cosign's tag for it (quirks.md#tags-of-cosign) */
	if (!h->is_signed)
		h->is_signed = store_reference_get(store, registry, repository,
		    referrer_tag(&h->digest, ".sig", tag), &id, &e) == 1;
}

static void
count(struct holdings *all, const struct holding *h, const char *registry,
    const char *repository)
{
	char name[sizeof(all->repository)];
	size_t i;

	snprintf(name, sizeof(name), "%s/%s", registry, repository);
	if (strcmp(name, all->repository) != 0)
		all->totals.repositories++;
	memcpy(all->repository, name, sizeof(name));
	all->totals.images++;
	for (i = 0; i < h->blob_count; i++)
		if (blob_count_add(&all->count, h->blobs[i].key)) {
			all->totals.blobs++;
			all->totals.bytes += h->blobs[i].size;
		}
}

static int
add_reference(void *cookie, const char *registry, const char *repository,
    const char *reference, const struct manifest_id *id, struct err *e)
{
	struct holdings *all = cookie;
	struct holding h = { .digest = id->digest };
	char links[STORE_STAMP_MAX];
	int rc = 0;

	h.image = xasprintf("%s/%s%c%s", registry, repository,
	    name_is_tag(reference) ? ':' : '@', reference);
	store_links_stamp(all->store, registry, repository, links);
	if (!take_known(&all->old, links, &h)) {
		look_inside(all->store, registry, repository, links, &h);
		rc = store_published_at(all->store, registry, repository,
		    reference, h.published, e);
	}
	look_around(all->store, registry, repository, &h);
	if (rc != -1) {
		count(all, &h, registry, repository);
		fputs(all->comma, all->out);
		all->comma = ",\n";
		holding_print_blobs(&h, all->out);
	}
	holding_done(&h);
	return rc == -1 ? -1 : 0;
}

/* --- the files --------------------------------------------------------- */

static void
print_blobs(FILE *out, void *cookie)
{
	struct holdings *all = cookie;

	all->out = out;
	all->comma = "";
	holding_head_print(out, all->stamp, all->now, NULL);
	if (store_each_reference(all->store, add_reference, all,
	    &all->err) == -1)
		all->failed = true;
	fputs("\n]}\n", out);
}

static void
print_images(FILE *out, void *cookie)
{
	struct holdings *all = cookie;
	struct lines *l = &all->old;
	const char *comma = "";
	uint64_t own;
	size_t i;

	holding_head_print(out, all->stamp, all->now, &all->totals);
	for (; lines_more(l); lines_skip(l)) {
		own = 0;
		for (i = 0; i < l->next.blob_count; i++)
			if (!blob_count_shared(&all->count,
			    l->next.blobs[i].key))
				own += l->next.blobs[i].size;
		fputs(comma, out);
		comma = ",\n";
		holding_print(&l->next, own, out);
	}
	fputs("\n]}\n", out);
}

static int
write_both(struct holdings *all, struct err *e)
{
	int rc;

	lines_open(&all->old, all->store);
	rc = store_write_status(all->store, BLOBS_FILE, print_blobs, all, e);
	lines_close(&all->old);
	if (rc == 0 && all->failed) {
		*e = all->err;
		return -1;
	}
	if (rc == -1)
		return -1;
	lines_open(&all->old, all->store);
	rc = store_write_status(all->store, IMAGES_FILE, print_images, all,
	    e);
	lines_close(&all->old);
	return rc;
}

/* Is the file of this index? */
static bool
is_current(const struct holdings *all, const char *name,
    struct holding_totals *ret)
{
	char line[STATUS_LINE_MAX], stamp[STORE_STAMP_MAX];
	struct err ignored;
	bool is_same = false;
	FILE *in;

	if (store_open_status(all->store, name, &in, &ignored) != 1)
		return false;
	if (fgets(line, sizeof(line), in) != NULL &&
	    holding_head_read(line, stamp, ret))
		is_same = strcmp(stamp, all->stamp) == 0;
	fclose(in);
	return is_same;
}

int
holdings_save(struct store *store, int64_t now, struct err *e)
{
	struct holdings all = { .store = store, .now = now };
	struct holding_totals none;
	int rc = 0;

	store_index_stamp(store, all.stamp);
	if (!is_current(&all, BLOBS_FILE, &none) ||
	    !is_current(&all, IMAGES_FILE, &all.totals)) {
		memset(&all.totals, 0, sizeof(all.totals));
		rc = write_both(&all, e);
	}
	blob_count_done(&all.count);
	return rc == 0 ? history_save(store, now, &all.totals, e) : -1;
}
