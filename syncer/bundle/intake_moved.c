/*
 * What of earlier bundles is in the way of an older one.  A bundle that is
 * forgotten leaves the names of the tags that lead to where it has set them: no
 * older one may set these back.
 *
 *	moved FROM TO SEQ ID CREATED	seconds since 1970
 *	REF
 *	...
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/intake_internal.h"
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

int
intake_read_who(const struct store *store, const char *id,
    struct ledger_bundle *ret, char **ret_moved, struct err *e)
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

bool
intake_is_before(const struct ledger_bundle *a, const struct ledger_bundle *b)
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
	int rc = intake_read_who(in->rules->store, id, &who, &moved, e);

	if (rc != 1 || moved == NULL)
		return rc == -1 ? -1 : 0;
	if (intake_is_before(&in->who, &who)) {
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

/* --- the file moved ---------------------------------------------------- */

char *
intake_moved_text(const struct store *store, const struct statement *s,
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
