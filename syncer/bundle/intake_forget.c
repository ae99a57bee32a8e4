/* A bundle that somebody gives up. */
#include <stdlib.h>

#include "bundle/intake_internal.h"
#include "layout/limits.h"

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
	char *text = intake_moved_text(store, s, &len, &count);
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
	if (rc == -1 ||
	    intake_each_blob(store, s->id, forget_blob, store, e) == -1)
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
