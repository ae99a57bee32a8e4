/* What a bundle has left on its way goes, when it is whole or overtaken. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bundle/intake_internal.h"
#include "layout/fsutil.h"
#include "layout/limits.h"

/* Its own, and what of its sender is not later: 1; 0; -1. */
static int
is_done(const struct intake *in, const char *id, struct err *e)
{
	struct ledger_bundle who;
	char *moved;
	int rc = intake_read_who(in->rules->store, id, &who, &moved, e);

	free(moved);
	if (rc == -1 || strcmp(id, in->who.id) == 0)
		return rc == -1 ? -1 : 1;
	return rc == 1 && strcmp(who.from, in->who.from) == 0 &&
	    !intake_is_before(&in->who, &who);
}

static void
each_blob_of(const struct store *store, const char *id, const char *name,
    intake_blob_fn *fn, void *cookie)
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

int
intake_each_blob(const struct store *store, const char *id, intake_blob_fn *fn,
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
	    intake_each_blob(t->in->rules->store, id, note_blob, t, e);
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
	return intake_each_blob(t->in->rules->store, id, drop_blob, t, e) == 0 ?
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
