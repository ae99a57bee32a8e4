#include <stdlib.h>
#include <string.h>

#include "image/manifest.h"
#include "image/referrer.h"
#include "image/signature.h"
#include "layout/limits.h"
#include "mirror/present.h"
#include "mirror/signed.h"

struct state {
	const struct signed_from *from;
	enum signature_verdict best;
	size_t count;			/* signatures looked at */
	struct err why;			/* of the best one */
};

/* One that cannot even be read is known to be there. */
static void
note(struct state *s, enum signature_verdict verdict, const struct err *why)
{
	s->count += verdict != SIGNATURE_NOT;
	if (verdict <= s->best)
		return;
	s->best = verdict;
	s->why = *why;
}

/* Bytes count when their digest has been computed, here and now. */
static bool
is_intact(const struct digest *id, const char *buf, size_t len)
{
	struct digest got;

	digest_of(id->alg, buf, len, &got);
	return digest_equal(&got, id);
}

static int
check_one(struct state *s, const struct signature *one, struct err *e)
{
	struct err why = { ERR_NONE, "" };
	enum signature_verdict verdict = SIGNATURE_MALFORMED;
	char *buf;
	size_t len;
	int rc;

	if (one->size > SIGNATURE_BYTES_MAX) {
		err_set(&why, ERR_SIGNATURE, "it has more than %u bytes",
		    SIGNATURE_BYTES_MAX);
		note(s, verdict, &why);
		return 0;
	}
	rc = store_blob_read(s->from->store, &one->digest,
	    SIGNATURE_BYTES_MAX, &buf, &len, e);
	if (rc != 1)
		return rc;
	if (is_intact(&one->digest, buf, len))
		verdict = signature_check(one, buf, len, s->from->key->key,
		    &s->from->image, &why);
	else
		err_set(&why, ERR_SIGNATURE, "its bytes in the store are "
		    "damaged");
	free(buf);
	note(s, verdict, &why);
	return 0;
}

static int
check_layers(struct state *s, const char *buf, size_t len, struct err *e)
{
	struct signatures all;
	struct err why;
	size_t i;
	int rc = 0;

	/* An index has none: the platforms of a signature, if you like. */
	if (signatures_find(buf, len, &all, &why) == -1) {
		note(s, SIGNATURE_MALFORMED, &why);
		return 0;
	}
	for (i = 0; i < all.count && rc == 0 && s->best != SIGNATURE_GOOD &&
	    s->count < SIGNATURES_MAX; i++)
		rc = check_one(s, &all.items[i], e);
	signatures_done(&all);
	return rc;
}

static int
check_manifest(struct state *s, const struct manifest_id *id, struct err *e)
{
	char *buf;
	size_t len;
	int rc;

	rc = store_manifest_read(s->from->store, id, &buf, &len, e);
	if (rc != 1)
		return rc;
	rc = check_layers(s, buf, len, e);
	free(buf);
	return rc;
}

static int
check_given(struct state *s, struct err *e)
{
	size_t i;

	for (i = 0; i < s->from->count && s->best != SIGNATURE_GOOD; i++)
		if (check_manifest(s, &s->from->manifests[i], e) == -1)
			return -1;
	return 0;
}

/* --- what the repository has here -------------------------------------- */

static int
check_tag(struct state *s, struct err *e)
{
	const struct signed_from *from = s->from;
	struct manifest_id id;
	char tag[TAG_MAX + 1];
	int rc;

	rc = store_reference_get(from->store, from->registry,
	    from->repository, referrer_tag(&from->image, ".sig", tag), &id,
	    e);
	return rc == 1 ? check_manifest(s, &id, e) : rc;
}

/* What lists it wrongly may still list others that are right. */
static int
check_listed(struct state *s, const struct descriptor *d, struct err *e)
{
	struct object object;
	struct present p;
	struct err why;
	int rc;

	object_of(d, media_kind(d->media_type) == MEDIA_OTHER ?
	    OBJECT_OPAQUE : OBJECT_MANIFEST, &object);
	rc = present_find(s->from->store, &object, &p, &why);
	if (rc == 1) {
		rc = check_layers(s, p.buf, p.len, e);
		present_done(&p);
	} else if (rc == -1 && (why.code == ERR_DATA ||
	    why.code == ERR_LIMIT)) {
		note(s, SIGNATURE_MALFORMED, &why);
		rc = 0;
	} else if (rc == -1) {
		*e = why;
	}
	return rc;
}

static int
check_list(struct state *s, const char *buf, size_t len, struct err *e)
{
	const struct descriptor *d;
	struct manifest m;
	size_t i;
	int rc = 0;

	if (manifest_parse(buf, len, MEDIA_OCI_INDEX, &m, e) == -1)
		return -1;
	for (i = 0; i < m.count && rc != -1 && s->best != SIGNATURE_GOOD;
	    i++) {
		d = &m.children[i];
		if (d->artifact_type != NULL &&
		    !signature_may_be(d->artifact_type))
			continue;
		rc = check_listed(s, d, e);
	}
	manifest_done(&m);
	return rc == -1 ? -1 : 0;
}

static int
check_repository(struct state *s, struct err *e)
{
	const struct signed_from *from = s->from;
	char *buf;
	size_t len;
	int rc;

	if (check_tag(s, e) == -1)
		return -1;
	if (s->best == SIGNATURE_GOOD)
		return 0;
	rc = store_referrers_read(from->store, from->registry,
	    from->repository, &from->image, &buf, &len, e);
	if (rc != 1)
		return rc;
	rc = check_list(s, buf, len, e);
	free(buf);
	return rc;
}

/* --- the answer -------------------------------------------------------- */

static void
explain(const struct state *s, struct err *e)
{
	const char *key = s->from->key->path;
	char text[DIGEST_TEXT_MAX], tag[TAG_MAX + 1];

	digest_text(&s->from->image, text);
	if (s->count == 0)
		err_set(e, ERR_SIGNATURE, "%s has no signature, and one by %s "
		    "is required: there is none under the tag %s and no "
		    "Sigstore bundle among its referrers; sign it, or do not "
		    "require a signature", text, key,
		    referrer_tag(&s->from->image, ".sig", tag));
	else if (s->best == SIGNATURE_OTHER_KEY)
		err_set(e, ERR_SIGNATURE, "%s is not signed with %s (%zu "
		    "looked at): %s; name the signer's key, or sign it with "
		    "this one", text, key, s->count, s->why.msg);
	else
		err_set(e, ERR_SIGNATURE, "%s has no valid signature by %s "
		    "(%zu looked at): %s; repair the signature, or sign the "
		    "image again", text, key, s->count, s->why.msg);
}

int
signed_check(const struct signed_from *from, struct err *e)
{
	struct state s = { .from = from, .best = SIGNATURE_NOT };
	int rc;

	rc = from->manifests == NULL && from->flaw == NULL ?
	    check_repository(&s, e) : check_given(&s, e);
	if (rc == -1)
		return err_wrap(e, "signatures");
	if (s.best == SIGNATURE_GOOD)
		return 1;
	if (from->flaw != NULL)
		note(&s, SIGNATURE_MALFORMED, from->flaw);
	explain(&s, e);
	return 0;
}
