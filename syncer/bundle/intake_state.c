/*
 * What of earlier bundles is in the way, and taking it out of the way.  A
 * bundle that is forgotten leaves the names of the tags that lead to where it
 * has set them: no older one may set these back.
 *
 *	moved FROM TO SEQ ID CREATED	seconds since 1970
 *	REF
 *	...
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bundle/intake_internal.h"
#include "layout/fsutil.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "layout/pins.h"

static struct digest
hash_of(const char *name)
{
	struct digest d;

	digest_of(DIGEST_SHA256, name, strlen(name), &d);
	return d;
}

/* Who has left this folder behind?  1, 0 if nobody can tell, -1. */
static int
read_who(const struct store *store, const char *id, struct ledger_bundle *ret,
    char **ret_moved, struct err *e)
{
	struct statement s;
	char *text;
	size_t len;
	int rc;

	*ret = (struct ledger_bundle){ .seq = 0 };
	*ret_moved = NULL;
	rc = store_import_read(store, id, INTAKE_MOVED, BUNDLE_TEXT_MAX, &text,
	    &len, e);
	if (rc == 1 && sscanf(text, "moved %63s %63s %" SCNu64 " %32s %"
	    SCNd64, ret->from, ret->to, &ret->seq, ret->id,
	    &ret->created) == 5) {
		*ret_moved = text;
		return 1;
	}
	if (rc == 1)
		free(text);
	if (rc != -1)
		rc = store_import_read(store, id, INTAKE_STATEMENT,
		    BUNDLE_TEXT_MAX, &text, &len, e);
	if (rc != 1)
		return rc;
	rc = statement_parse(text, len, &s, e) == 0;
	free(text);
	if (rc == 0)
		return 0;
	intake_who(&s, ret);
	statement_done(&s);
	return 1;
}

static bool
is_before(const struct ledger_bundle *a, const struct ledger_bundle *b)
{
	if (strcmp(a->from, b->from) != 0)
		return false;
	return strcmp(a->to, b->to) == 0 ? a->seq < b->seq :
	    a->created < b->created;
}

/* --- what stays -------------------------------------------------------- */

static int
take_moved(void *cookie, const char *id, struct err *e)
{
	struct intake *in = cookie;
	struct ledger_bundle who;
	struct digest name;
	char *moved, *line, *rest = NULL;
	int rc = read_who(in->rules->store, id, &who, &moved, e);

	if (rc != 1 || moved == NULL)
		return rc == -1 ? -1 : 0;
	if (is_before(&in->who, &who)) {
		line = strtok_r(moved, "\n", &rest);
		while ((line = strtok_r(NULL, "\n", &rest)) != NULL) {
			name = hash_of(line);
			digest_set_add(&in->stays, &name, NULL);
		}
	}
	free(moved);
	return 0;
}

int
intake_read_moved(struct intake *in, struct err *e)
{
	if (in->rules->allow_older)
		return 0;
	return store_import_each(in->rules->store, take_moved, in, e);
}

bool
intake_must_stay(const struct intake *in, const struct statement_image *image)
{
	char name[FULL_NAME_MAX];
	struct digest hash;

	if (image->tag == NULL || in->stays.count == 0)
		return false;
	hash = hash_of(full_name(image->registry, image->repository,
	    image->tag, name));
	return digest_set_has(&in->stays, &hash);
}

/* --- the end ----------------------------------------------------------- */

/* Its own, and what of its sender is not later: 1; 0; -1. */
static int
is_done(const struct intake *in, const char *id, struct err *e)
{
	struct ledger_bundle who;
	char *moved;
	int rc = read_who(in->rules->store, id, &who, &moved, e);

	free(moved);
	if (rc == -1 || strcmp(id, in->who.id) == 0)
		return rc == -1 ? -1 : 1;
	return rc == 1 && strcmp(who.from, in->who.from) == 0 &&
	    !is_before(&in->who, &who);
}

/* Of each blob in the tables of a bundle. */
typedef void blob_fn(void *, const struct digest *);

static void
each_blob_of(const struct store *store, const char *id, const char *name,
    blob_fn *fn, void *cookie)
{
	struct err ignored;
	struct table t;
	char *text;
	size_t i, len;

	if (strncmp(name, "table-", 6) != 0 || store_import_read(store, id,
	    name, BUNDLE_TEXT_MAX, &text, &len, &ignored) != 1)
		return;
	if (table_parse(text, len, &t, &ignored) == 0) {
		for (i = 0; i < t.count; i++)
			if (t.rows[i].media_type == NULL)
				fn(cookie, &t.rows[i].digest);
		table_done(&t);
	}
	free(text);
}

static int
each_blob(const struct store *store, const char *id, blob_fn *fn,
    void *cookie, struct err *e)
{
	char **names;
	size_t i, count;
	int rc = store_import_files(store, id, &names, &count, e);

	if (rc != 1)
		return rc;
	for (i = 0; i < count; i++)
		each_blob_of(store, id, names[i], fn, cookie);
	fs_list_free(names, count);
	return 0;
}

struct tidy {
	const struct intake *in;
	struct digest_set needed;	/* by those that stay */
};

static void
note_blob(void *cookie, const struct digest *digest)
{
	struct tidy *t = cookie;

	digest_set_add(&t->needed, digest, NULL);
}

static int
note_if_needed(void *cookie, const char *id, struct err *e)
{
	struct tidy *t = cookie;
	int rc = is_done(t->in, id, e);

	return rc != 0 ? rc == -1 ? -1 : 0 :
	    each_blob(t->in->rules->store, id, note_blob, t, e);
}

/* What was begun of it would lie there for nobody. */
static void
drop_blob(void *cookie, const struct digest *digest)
{
	struct tidy *t = cookie;

	if (!digest_set_has(&t->needed, digest))
		store_partial_drop(t->in->rules->store, digest);
}

static int
drop_if_done(void *cookie, const char *id, struct err *e)
{
	struct tidy *t = cookie;
	int rc = is_done(t->in, id, e);

	if (rc != 1)
		return rc;
	return each_blob(t->in->rules->store, id, drop_blob, t, e) == 0 ?
	    store_import_drop(t->in->rules->store, id, NULL, e) : -1;
}

int
intake_tidy(struct intake *in, struct err *e)
{
	struct tidy t = { .in = in };
	int rc = store_import_each(in->rules->store, note_if_needed, &t, e);

	if (rc == 0)
		rc = store_import_each(in->rules->store, drop_if_done, &t, e);
	digest_set_done(&t.needed);
	return rc;
}

int
intake_clean(struct intake *in, struct err *e)
{
	struct ledger l;
	int rc;

	if (ledger_read(in->rules->store, &l, e) == -1)
		return -1;
	(void)ledger_begin(&l, &in->who);
	ledger_finish(&l, &in->who, (int64_t)time(NULL));
	rc = ledger_write(in->rules->store, &l, e);
	ledger_free(&l);
	return rc == 0 ? intake_tidy(in, e) : -1;
}

/* --- forgetting -------------------------------------------------------- */

/* The tags that lead to where this bundle wants them. */
static char *
moved_text(const struct store *store, const struct statement *s,
    size_t *ret_len, size_t *ret_count)
{
	const struct statement_image *image;
	char name[FULL_NAME_MAX], *text;
	struct manifest_id id;
	struct err ignored;
	FILE *out = xtext_open(&text, ret_len);
	size_t i;

	*ret_count = 0;
	fprintf(out, "moved %s %s %" PRIu64 " %s %" PRId64 "\n", s->from,
	    s->to, s->seq, s->id, s->created);
	for (i = 0; i < s->image_count; i++) {
		image = &s->images[i];
		if (image->tag == NULL || store_reference_get(store,
		    image->registry, image->repository, image->tag, &id,
		    &ignored) != 1 ||
		    !digest_equal(&id.digest, &image->root.digest))
			continue;
		fprintf(out, "%s\n", full_name(image->registry,
		    image->repository, image->tag, name));
		++*ret_count;
	}
	xtext_close(out);
	return text;
}

/* What was begun of its blobs goes; others begin it anew. */
static void
forget_blob(void *cookie, const struct digest *digest)
{
	store_partial_drop(cookie, digest);
}

static int
forget_statement(struct store *store, const struct statement *s,
    struct err *e)
{
	struct ledger l;
	size_t len, count;
	char *text = moved_text(store, s, &len, &count);
	int rc = 0;

	if (count > 0)
		rc = store_import_write(store, s->id, INTAKE_MOVED, text, len,
		    e);
	free(text);
	if (rc == -1 || ledger_read(store, &l, e) == -1)
		return -1;
	if (ledger_forget(&l, s->id))
		rc = ledger_write(store, &l, e);
	ledger_free(&l);
	if (rc == -1 || each_blob(store, s->id, forget_blob, store, e) == -1)
		return -1;
	return store_import_drop(store, s->id, count > 0 ? INTAKE_MOVED : NULL,
	    e);
}

int
intake_forget(struct store *store, const char *id, struct ledger_bundle *ret,
    struct err *e)
{
	struct statement s;
	char *text;
	size_t len;
	int rc = store_import_read(store, id, INTAKE_STATEMENT,
	    BUNDLE_TEXT_MAX, &text, &len, e);

	if (rc != 1)
		return rc;
	rc = statement_parse(text, len, &s, e);
	free(text);
	if (rc == -1)
		return -1;
	rc = forget_statement(store, &s, e);
	intake_who(&s, ret);
	statement_done(&s);
	return rc == 0 ? 1 : -1;
}
