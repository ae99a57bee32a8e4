/* An index, and what it lists: all of it, or what is wanted and here. */
#include <stdlib.h>
#include <string.h>

#include "bundle/save_internal.h"
#include "image/select.h"
#include "layout/limits.h"
#include "layout/mem.h"

struct tree {
	struct save_draft *draft;
	const struct platform_set *set;
	bool is_sparse;
	bool *served;			/* which of the set */
	bool has_best;			/* manifest.json has linux/amd64 */
};

static int take_index(struct tree *, const struct present *, unsigned,
    struct err *);

/* Who loads by manifest.json has no choice: the first image, or the one that
 * most machines run. */
static void
note_image(struct tree *t, const struct descriptor *d,
    const struct present *p)
{
	static const struct platform most = { "linux", "amd64", "", "" };
	bool is_best = d->has_platform && platform_equal(&d->platform, &most);

	if (d->is_attestation || d->has_attested || !p->is_parsed ||
	    !save_is_image(&p->manifest) || t->has_best ||
	    (t->draft->has_item && !is_best))
		return;
	save_item_of(t->draft, p);
	t->has_best = is_best;
}

/* Some registries serve entries of unknown types as blobs. */
static int
take_as_blob(struct tree *t, const struct descriptor *d, struct err *e)
{
	struct save_object o = { .kind = SAVE_LAYER, .id.digest = d->digest,
	    .size = d->size };
	uint64_t size = 0;
	int rc = 0;

	if (media_kind(d->media_type) == MEDIA_OTHER)
		rc = store_blob_size(t->draft->store, &d->digest, &size, e);
	if (rc != 1 || size != d->size)
		return rc == -1 ? -1 : 0;
	return save_object_add(&t->draft->objects, &o, e) == -1 ? -1 : 1;
}

static int
take_present(struct tree *t, const struct descriptor *d,
    const struct present *p, unsigned depth, struct err *e)
{
	if (p->is_parsed && p->manifest.kind == MEDIA_INDEX)
		return take_index(t, p, depth + 1, e);
	if (p->is_parsed && save_blobs_here(t->draft->store, &p->manifest,
	    e) == -1)
		return -1;
	if (save_take(t->draft, p, e) == -1)
		return -1;
	note_image(t, d, p);
	return 0;
}

/* Return 0, or -1 with ${e} set: ERR_NOT_FOUND where it, or a part of it, is
 * not here; nothing of it is taken then. */
static int
take_entry(struct tree *t, const struct descriptor *d, unsigned depth,
    struct err *e)
{
	char text[DIGEST_TEXT_MAX];
	struct present p;
	int rc = take_as_blob(t, d, e);

	if (rc != 0)
		return rc == -1 ? -1 : 0;
	rc = save_find(t->draft->store, d, &p, e);
	if (rc == 0)
		err_set(e, ERR_NOT_FOUND, "it is not here");
	if (rc == 1) {
		rc = take_present(t, d, &p, depth, e) == 0;
		present_done(&p);
	}
	if (rc == 1)
		return 0;
	return err_wrap(e, "manifest %s", digest_text(&d->digest, text));
}

/* What nobody can tell the platform of may be wanted, or have it in it. */
static bool
is_wanted(const struct tree *t, const struct descriptor *d, enum keep keep)
{
	if (keep == KEEP_UNUSABLE || keep == KEEP_NOT)
		return false;
	return t->set->all || keep == KEEP_REQUIRED ||
	    (!d->is_attestation && media_kind(d->media_type) == MEDIA_INDEX);
}

static int
complain(const struct descriptor *d, struct err *e)
{
	char text[PLATFORM_TEXT_MAX];

	if (e->code != ERR_NOT_FOUND)
		return -1;
	if (d->has_platform && !d->is_attestation)
		err_wrap(e, "%s", platform_text(&d->platform, text));
	return err_wrap(e, "not all that the index lists is here, and --index "
	    "would save what is");
}

static int
take_entries(struct tree *t, const struct manifest *m, const enum keep *keep,
    unsigned depth, struct err *e)
{
	const struct descriptor *d;
	char text[DIGEST_TEXT_MAX];
	size_t i;

	for (i = 0; i < m->count; i++) {
		d = &m->children[i];
		if (is_wanted(t, d, keep[i])) {
			if (take_entry(t, d, depth, e) == 0)
				continue;
			if (t->is_sparse && (e->code != ERR_NOT_FOUND ||
			    !t->set->all))
				return -1;
		} else if (!t->is_sparse) {
			err_set(e, ERR_NOT_FOUND, "manifest %s is of Docker "
			    "schema 1, which is not kept",
			    digest_text(&d->digest, text));
		}
		if (!t->is_sparse)
			return complain(d, e);
		t->draft->is_partial = true;
	}
	return 0;
}

static int
take_index(struct tree *t, const struct present *p, unsigned depth,
    struct err *e)
{
	const struct manifest *m = &p->manifest;
	const struct save_object self = { .kind = SAVE_MANIFEST, .id = p->id,
	    .size = p->len };
	enum keep *keep = xcalloc(m->count, sizeof(*keep));
	bool *missing = xcalloc(t->set->count, sizeof(*missing));
	size_t i;
	int rc = 0;

	if (depth > MANIFEST_DEPTH_MAX)
		rc = err_set(e, ERR_LIMIT, "indexes are nested more than %u "
		    "deep", MANIFEST_DEPTH_MAX);
	if (m->skipped > 0 && !t->is_sparse)
		rc = err_set(e, ERR_NOT_FOUND, "the index lists what has a "
		    "digest of the algorithm %s, which is not kept here",
		    m->skipped_algorithm);
	t->draft->is_partial = t->draft->is_partial || m->skipped > 0;
	if (rc == 0)
		rc = save_object_add(&t->draft->objects, &self, e);
	if (rc == 0) {
		select_children(m, t->set, keep, missing);
		for (i = 0; i < t->set->count; i++)
			t->served[i] = t->served[i] || !missing[i];
		rc = take_entries(t, m, keep, depth, e);
	}
	free(missing);
	free(keep);
	return rc;
}

static int
judge(const struct tree *t, struct err *e)
{
	char text[PLATFORM_TEXT_MAX];
	size_t i;

	for (i = 0; i < t->set->count; i++)
		if (!t->served[i])
			return err_set(e, ERR_NOT_FOUND, "it has nothing for "
			    "%s", platform_text(&t->set->items[i], text));
	if (!t->draft->has_item)
		return err_set(e, ERR_INPUT, "it is an index of which no image "
		    "is here");
	return 0;
}

int
save_pick_tree(struct save_draft *draft, const struct present *p,
    const struct platform_set *set, bool is_sparse, struct err *e)
{
	struct tree t = { .draft = draft, .set = set, .is_sparse = is_sparse };
	int rc;

	t.served = xcalloc(set->count, sizeof(*t.served));
	draft->entry.id = p->id;
	draft->entry.size = p->len;
	rc = take_index(&t, p, 0, e);
	if (rc == 0)
		rc = judge(&t, e);
	free(t.served);
	if (rc == 0 && draft->is_partial)
		save_warning(draft, xstrdup("it is an index, and not all that "
		    "it lists is in the file: kind, k3s and rke2 refuse that, "
		    "and so does 'ctr images import --all-platforms'"));
	return rc;
}
