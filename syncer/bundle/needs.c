#include <stdlib.h>
#include <string.h>

#include "bundle/needs.h"
#include "image/manifest.h"
#include "image/referrer.h"
#include "image/select.h"
#include "layout/digest_set.h"
#include "layout/mem.h"
#include "mirror/children.h"

struct needs {
	const struct store *store;
	struct need *all;
	size_t count;
	struct digest_set waiting;	/* the first need that waits for each */
	struct digest_set whole;	/* manifests with all their blobs, by
					 * key_of: the size of these */
	struct need *ready, **ready_end;
};

/* Of the root and those behind it. */
static const struct statement_manifest *
manifest_at(const struct statement_image *image, size_t i)
{
	return i == 0 ? &image->root : &image->manifests[i - 1];
}

static void
id_of(const struct statement_manifest *m, struct manifest_id *ret)
{
	ret->digest = m->digest;
	snprintf(ret->media_type, sizeof(ret->media_type), "%s",
	    m->media_type);
}

/* What lies here under one type is not here under another. */
static struct digest
key_of(const struct statement_manifest *m)
{
	char digest[DIGEST_TEXT_MAX];
	char text[DIGEST_TEXT_MAX + MEDIA_TYPE_MAX + 2];
	struct digest key;

	snprintf(text, sizeof(text), "%s %s", digest_text(&m->digest, digest),
	    m->media_type);
	digest_of(DIGEST_SHA256, text, strlen(text), &key);
	return key;
}

/* --- looking ----------------------------------------------------------- */

struct look {
	struct needs *n;
	struct need *need;
	bool lacks;
	uint64_t bytes;
};

/* An entry of an index is here if the statement lists it: an index is
 * sparse. */
static int
look_at_child(void *cookie, const struct child *child, struct err *e)
{
	struct look *look = cookie;
	char text[DIGEST_TEXT_MAX];
	uint64_t size;
	int rc;

	if (child->is_entry || look->lacks)
		return 0;
	rc = store_blob_size(look->n->store, &child->digest, &size, e);
	if (rc == -1)
		return -1;
	if (rc == 0 && child->has_urls)
		return 0;
	if (rc == 0) {
		look->need->lacks = child->digest;
		look->lacks = true;
		return 0;
	}
	if (size != child->size)
		return err_set(e, ERR_DATA, "a descriptor says that blob %s "
		    "has %llu bytes, but the blob with this digest has %llu",
		    digest_text(&child->digest, text),
		    (unsigned long long)child->size, (unsigned long long)size);
	look->bytes += size;
	return 0;
}

/* Return 1 if it is here with all its blobs, 0 with ${lacks} set, -1. */
static int
look_at_manifest(struct needs *n, struct need *need,
    const struct statement_manifest *m, const struct digest *key,
    struct err *e)
{
	struct look look = { .n = n, .need = need };
	char text[DIGEST_TEXT_MAX], *buf;
	struct manifest_id id;
	size_t len;
	int rc;

	id_of(m, &id);
	rc = store_manifest_read(n->store, &id, &buf, &len, e);
	if (rc == 0)
		need->lacks = m->digest;
	if (rc != 1)
		return rc;
	if (len != m->size)
		rc = err_set(e, ERR_DATA, "manifest %s has %zu bytes, and "
		    "%llu in the statement", digest_text(&m->digest, text),
		    len, (unsigned long long)m->size);
	else
		rc = children_each(NULL, &id, buf, len, look_at_child, &look,
		    e);
	free(buf);
	if (rc == -1)
		return -1;
	if (look.lacks)
		return 0;
	digest_set_add(&n->whole, key,
	    (void *)(uintptr_t)(look.bytes + len));
	return 1;
}

static bool
is_linked(const struct needs *n, const struct statement_image *image,
    const char *reference, const struct manifest_id *want)
{
	struct manifest_id id;
	struct err ignored;

	return store_reference_get(n->store, image->registry,
	    image->repository, reference, &id, &ignored) == 1 &&
	    digest_equal(&id.digest, &want->digest) &&
	    strcmp(id.media_type, want->media_type) == 0;
}

/* By its tag, and by a link of each manifest. */
static bool
is_published(const struct needs *n, const struct statement_image *image)
{
	char text[DIGEST_TEXT_MAX];
	struct manifest_id id;
	size_t i;

	for (i = 0; i <= image->count; i++) {
		id_of(manifest_at(image, i), &id);
		if (!is_linked(n, image, digest_text(&id.digest, text), &id))
			return false;
	}
	id_of(&image->root, &id);
	return image->tag == NULL || is_linked(n, image, image->tag, &id);
}

static void
wait_for(struct needs *n, struct need *need)
{
	need->state = NEED_WAITS;
	need->next = digest_set_remove(&n->waiting, &need->lacks);
	digest_set_add(&n->waiting, &need->lacks, need);
}

static void
look_at(struct needs *n, struct need *need)
{
	const struct statement_manifest *m;
	struct digest key;
	int rc = 1;

	for (; need->at <= need->image->count; need->at++) {
		m = manifest_at(need->image, need->at);
		key = key_of(m);
		if (!digest_set_has(&n->whole, &key))
			rc = look_at_manifest(n, need, m, &key, &need->err);
		if (rc != 1)
			break;
		need->size += (uintptr_t)digest_set_get(&n->whole, &key);
	}
	if (rc == -1) {
		need->state = NEED_FAILED;
	} else if (rc == 0) {
		wait_for(n, need);
	} else {
		need->state = NEED_READY;
		need->next = NULL;
		*n->ready_end = need;
		n->ready_end = &need->next;
	}
}

struct needs *
needs_new(const struct store *store, const struct statement *s)
{
	struct needs *n = xcalloc(1, sizeof(*n));
	size_t i;

	n->store = store;
	n->ready_end = &n->ready;
	n->count = s->image_count;
	n->all = xcalloc(n->count + 1, sizeof(*n->all));
	for (i = 0; i < n->count; i++) {
		n->all[i].image = &s->images[i];
		look_at(n, &n->all[i]);
	}
	return n;
}

void
needs_free(struct needs *n)
{
	if (n == NULL)
		return;
	digest_set_done(&n->waiting);
	digest_set_done(&n->whole);
	free(n->all);
	free(n);
}

size_t
needs_count(const struct needs *n)
{
	return n->count;
}

struct need *
needs_at(struct needs *n, size_t i)
{
	return &n->all[i];
}

void
needs_arrived(struct needs *n, const struct digest *digest)
{
	struct need *need = digest_set_remove(&n->waiting, digest), *next;

	for (; need != NULL; need = next) {
		next = need->next;
		look_at(n, need);
	}
}

struct need *
needs_ready(struct needs *n)
{
	struct need *need;

	while ((need = n->ready) != NULL) {
		n->ready = need->next;
		if (n->ready == NULL)
			n->ready_end = &n->ready;
		if (!is_published(n, need->image))
			return need;
		need->state = NEED_SAME;
	}
	return NULL;
}

/* --- publishing -------------------------------------------------------- */

/* What a manifest has to say beyond what it leads to. */
static int
read_manifest(const struct needs *n, const struct manifest_id *id,
    char **ret_buf, size_t *ret_len, struct manifest *ret, struct err *e)
{
	int rc;

	if (media_kind(id->media_type) == MEDIA_OTHER)
		return 0;
	rc = store_manifest_read(n->store, id, ret_buf, ret_len, e);
	if (rc == 0)
		return err_set(e, ERR_DATA, "a manifest has gone");
	if (rc == 1 && manifest_parse(*ret_buf, *ret_len, id->media_type, ret,
	    e) == -1) {
		free(*ret_buf);
		rc = -1;
	}
	return rc;
}

static void
set_default(struct publication *p, const struct manifest_id *all,
    const struct manifest *index)
{
	const struct descriptor *d = select_default(index);
	size_t i;

	for (i = 0; d != NULL && i < p->count; i++)
		if (digest_equal(&all[i].digest, &d->digest) &&
		    strcmp(all[i].media_type, d->media_type) == 0)
			p->default_manifest = &all[i];
}

static int
add_manifest(const struct needs *n, const struct manifest_id *all, size_t i,
    struct publication *p, struct referral *referrals, struct err *e)
{
	struct manifest m;
	struct referral *r = &referrals[p->referral_count];
	char *buf;
	size_t len;
	int rc = read_manifest(n, &all[i], &buf, &len, &m, e);

	if (rc != 1)
		return rc;
	rc = 0;
	if (i == 0 && m.kind == MEDIA_INDEX)
		set_default(p, all, &m);
	if (m.has_subject) {
		r->subject = m.subject.digest;
		rc = referrer_describe(buf, len, &all[i], &r->descriptor, e);
		p->referral_count += rc == 0;
	}
	manifest_done(&m);
	free(buf);
	return rc;
}

int
needs_publication(const struct needs *n, const struct need *need,
    struct publication *ret, struct err *e)
{
	const struct statement_image *image = need->image;
	size_t i, count = image->count + 1;
	struct manifest_id *all = xcalloc(count, sizeof(*all));
	struct referral *referrals = xcalloc(count, sizeof(*referrals));
	int rc = 0;

	memset(ret, 0, sizeof(*ret));
	ret->registry = image->registry;
	ret->repository = image->repository;
	ret->tag = image->tag;
	ret->manifests = all;
	ret->count = count;
	ret->referrals = referrals;
	ret->merge = referrer_merge;
	for (i = 0; i < count; i++)
		id_of(manifest_at(image, i), &all[i]);
	ret->root = all[0];
	for (i = 0; i < count && rc == 0; i++)
		rc = add_manifest(n, all, i, ret, referrals, e);
	if (rc == -1)
		needs_publication_done(ret);
	return rc;
}

void
needs_publication_done(struct publication *p)
{
	struct manifest_id *all = (struct manifest_id *)(uintptr_t)p->manifests;
	struct referral *r = (struct referral *)(uintptr_t)p->referrals;
	size_t i;

	for (i = 0; i < p->referral_count; i++)
		free(r[i].descriptor);
	free(r);
	free(all);
	p->referral_count = p->count = 0;
}
