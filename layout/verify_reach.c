/* Who needs what is bad or missing: all links of all repositories, and what
 * they reach.  It is for when something is wrong, and reads every manifest. */
#include <stdlib.h>
#include <string.h>

#include "digest_set.h"
#include "fsutil.h"
#include "limits.h"
#include "mem.h"
#include "name.h"
#include "verify_internal.h"

struct reach {
	const struct store *st;
	const struct verify_rules *rules;
	const struct digest_set *set;
	verify_reach_fn *fn;
	void *cookie;
	struct verify_reached now;
	struct digest_set clean;	/* manifests that reach none of them */
};

/* What one manifest leads to. */
struct children {
	struct reach *r;
	struct digest *entries;
	size_t count;
	bool reaches;
};

static void
hit(struct reach *r, const struct digest *digest, const char *type,
    uint64_t size)
{
	r->now.digest = digest;
	r->now.media_type = type;
	r->now.size = size;
	r->fn(r->cookie, &r->now);
}

static int
note_child(void *cookie, const struct child *c, struct err *e)
{
	struct children *list = cookie;

	(void)e;
	if (!c->is_entry) {
		if (digest_set_has(list->r->set, &c->digest)) {
			hit(list->r, &c->digest, NULL, c->size);
			list->reaches = true;
		}
		return 0;
	}
	if (list->entries == NULL)
		list->entries = xcalloc(MANIFEST_CHILDREN_MAX,
		    sizeof(*list->entries));
	if (list->count < MANIFEST_CHILDREN_MAX)
		list->entries[list->count++] = c->digest;
	return 0;
}

static bool walk(struct reach *, const struct manifest_id *, unsigned);

/* Those that belong to the repository. */
static bool
walk_entries(const struct children *list, unsigned depth)
{
	struct reach *r = list->r;
	char text[DIGEST_TEXT_MAX];
	struct manifest_id id;
	bool reaches = false;
	struct err e;
	size_t i;

	for (i = 0; i < list->count; i++)
		if (store_reference_get(r->st, r->now.registry,
		    r->now.repository, digest_text(&list->entries[i], text),
		    &id, &e) == 1 && walk(r, &id, depth - 1))
			reaches = true;
	return reaches;
}

/* Does it reach one of them? */
static bool
walk(struct reach *r, const struct manifest_id *id, unsigned depth)
{
	struct children list = { .r = r };
	struct verify_look ignored = { .has_subject = false };
	struct digest found;
	struct err e;
	char *buf;
	size_t len;

	if (digest_set_has(r->set, &id->digest)) {
		hit(r, &id->digest, id->media_type, 0);
		list.reaches = true;
	}
	if (depth == 0 || digest_set_has(&r->clean, &id->digest) ||
	    store_manifest_read(r->st, id, &buf, &len, &e) != 1)
		return list.reaches;
	digest_of(id->digest.alg, buf, len, &found);
	if (digest_equal(&found, &id->digest))
		(void)r->rules->look(r->rules->cookie, id, buf, len,
		    note_child, &list, &ignored, &e);
	free(buf);
	if (walk_entries(&list, depth))
		list.reaches = true;
	if (!list.reaches)
		digest_set_add(&r->clean, &id->digest, NULL);
	free(list.entries);
	return list.reaches;
}

static int
walk_repository(void *cookie, const char *registry, const char *repository,
    struct err *e)
{
	struct reach *r = cookie;
	char path[STORE_PATH_MAX], **names;
	struct manifest_id id;
	size_t i, count;
	int rc;

	path_repository(registry, repository, "_manifests", path);
	rc = fs_list(r->st->root, path, &names, &count, e);
	if (rc != 1)
		return rc;
	/* Which children belong to it is another matter in each. */
	digest_set_done(&r->clean);
	r->now.registry = registry;
	r->now.repository = repository;
	r->now.root = &id;
	rc = 0;
	for (i = 0; i < count && rc != -1; i++) {
		rc = store_reference_get(r->st, registry, repository,
		    names[i], &id, e);
		r->now.reference = names[i];
		if (rc == 1)
			(void)walk(r, &id, MANIFEST_DEPTH_MAX);
	}
	fs_list_free(names, count);
	return rc == -1 ? -1 : 0;
}

int
verify_reach(const struct store *st, const struct verify_rules *rules,
    const struct digest_set *set, verify_reach_fn *fn, void *cookie,
    struct err *e)
{
	struct reach r = { .st = st, .rules = rules, .set = set, .fn = fn,
	    .cookie = cookie };
	int rc;

	rc = store_each_repository(st, walk_repository, &r, e);
	digest_set_done(&r.clean);
	return rc;
}
