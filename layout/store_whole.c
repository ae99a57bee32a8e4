/* Whether a manifest can be served with all that it leads to.  What is asked is
 * what a client would ask for: nothing is believed because of a link. */
#include <stdlib.h>

#include "digest_set.h"
#include "limits.h"
#include "store_internal.h"

struct whole {
	const struct store *st;
	const char *registry, *repository;
	children_fn *children;
	void *cookie;
	struct digest_set seen;
	bool lacks;			/* that is what the error says */
};

/* One manifest on the way. */
struct stop {
	struct whole *w;
	unsigned depth;
	size_t entries, here;
};

static int look_at(struct whole *, const struct manifest_id *, unsigned,
    struct err *);

static int
lack(struct whole *w, const struct digest *d, const char *what, struct err *e)
{
	char text[DIGEST_TEXT_MAX];

	w->lacks = true;
	return err_set(e, ERR_DATA, "%s %s", digest_text(d, text), what);
}

static int
look_at_blob(struct whole *w, const struct child *c, struct err *e)
{
	uint64_t size;
	int rc = store_blob_size(w->st, &c->digest, &size, e);

	if (rc == -1 || (rc == 0 && c->has_urls))
		return rc;
	if (rc == 0)
		return lack(w, &c->digest, "is not here", e);
	if (size != c->size)
		return lack(w, &c->digest, "has another size here", e);
	return 0;
}

/* An entry without a link was not asked for; one of a type that nobody knows
 * may be here as a blob. */
static int
look_at_entry(struct stop *s, const struct child *c, struct err *e)
{
	struct whole *w = s->w;
	char text[DIGEST_TEXT_MAX];
	struct manifest_id id;
	uint64_t size;
	int rc;

	s->entries++;
	rc = store_reference_get(w->st, w->registry, w->repository,
	    digest_text(&c->digest, text), &id, e);
	if (rc == 1) {
		s->here++;
		return look_at(w, &id, s->depth + 1, e);
	}
	if (rc == 0)
		rc = store_blob_size(w->st, &c->digest, &size, e);
	s->here += rc == 1;
	return rc == -1 ? -1 : 0;
}

static int
look_at_child(void *cookie, const struct child *c, struct err *e)
{
	struct stop *s = cookie;

	return c->is_entry ? look_at_entry(s, c, e) :
	    look_at_blob(s->w, c, e);
}

static int
look_inside(struct whole *w, const struct manifest_id *id, unsigned depth,
    const char *buf, size_t len, struct err *e)
{
	struct stop s = { .w = w, .depth = depth };
	struct digest have;
	int rc;

	digest_of(id->digest.alg, buf, len, &have);
	if (!digest_equal(&have, &id->digest))
		return lack(w, &id->digest, "has other bytes here", e);
	rc = w->children(w->cookie, id, buf, len, look_at_child, &s, e);
	if (rc == -1 && (e->code == ERR_DATA || e->code == ERR_LIMIT))
		w->lacks = true;
	if (rc == 1 && s.entries > 0 && s.here == 0)
		return lack(w, &id->digest, "lists no image that is here", e);
	return rc == -1 ? -1 : 0;
}

static int
look_at(struct whole *w, const struct manifest_id *id, unsigned depth,
    struct err *e)
{
	char *buf;
	size_t len;
	int rc;

	if (!digest_set_add(&w->seen, &id->digest, NULL))
		return 0;
	if (depth > MANIFEST_DEPTH_MAX || w->seen.count > IMAGE_MANIFESTS_MAX)
		return lack(w, &id->digest, "is one manifest too many", e);
	rc = store_manifest_read(w->st, id, &buf, &len, e);
	if (rc == 0)
		return lack(w, &id->digest, "is not here", e);
	if (rc == -1) {
		w->lacks = e->code == ERR_DATA || e->code == ERR_LIMIT;
		return -1;
	}
	rc = look_inside(w, id, depth, buf, len, e);
	free(buf);
	return rc;
}

int
store_is_whole(const struct store *st, const char *registry,
    const char *repository, const struct manifest_id *root,
    children_fn *children, void *cookie, struct err *e)
{
	struct whole w = { .st = st, .registry = registry,
	    .repository = repository, .children = children,
	    .cookie = cookie };
	int rc = look_at(&w, root, 0, e);

	digest_set_done(&w.seen);
	return rc == 0 ? 1 : w.lacks ? 0 : -1;
}
