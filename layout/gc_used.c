/* What is in use is known by digest: of an index, of the image of one platform,
 * or, as container runtimes name images, of a configuration. */
#include <stdlib.h>

#include "gc_internal.h"
#include "mem.h"

struct used {
	const struct gc *gc;
	bool found;
	struct digest *todo;
	size_t count, room;
};

static bool
is_named(const struct gc *gc, const struct digest *d)
{
	return gc->rules->in_use(gc->rules->cookie, d);
}

static int
take_child(void *cookie, const struct child *child, struct err *e)
{
	struct used *u = cookie;

	(void)e;
	if ((child->is_config || child->is_entry) &&
	    is_named(u->gc, &child->digest))
		u->found = true;
	if (!child->is_entry || u->found || u->count >= IMAGE_MANIFESTS_MAX)
		return 0;
	if (u->count == u->room) {
		u->room = u->room == 0 ? 16 : 2 * u->room;
		u->todo = xreallocarray(u->todo, u->room, sizeof(*u->todo));
	}
	u->todo[u->count++] = child->digest;
	return 0;
}

/* What cannot be read tells nothing. */
static void
look_into(struct used *u, const struct manifest_id *id)
{
	const struct gc_rules *rules = u->gc->rules;
	struct err ignored;
	char *buf = NULL;
	size_t len;

	if (store_manifest_read(u->gc->st, id, &buf, &len, &ignored) == 1)
		(void)rules->children(rules->cookie, id, buf, len, take_child,
		    u, &ignored);
	free(buf);
}

bool
gc_is_used(const struct gc *gc, const struct gc_repository *r,
    const struct manifest_id *id)
{
	struct used u = { .gc = gc };
	char text[DIGEST_TEXT_MAX];
	struct manifest_id child;
	struct err ignored;
	size_t i;

	if (is_named(gc, &id->digest))
		return true;
	look_into(&u, id);
	for (i = 0; i < u.count && !u.found; i++)
		if (store_reference_get(gc->st, r->registry, r->repository,
		    digest_text(&u.todo[i], text), &child, &ignored) == 1)
			look_into(&u, &child);
	free(u.todo);
	return u.found;
}
