/*
 * An entry of registries.conf replaces one of the same prefix in an earlier
 * file, whole: what the owner has said there would no longer count, or ours
 * would not.
 */
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "node/client.h"
#include "node/containers_conf.h"
#include "node/settle.h"

struct others {
	struct node_entries entries;
	bool is_wrong;
	struct err e;
};

static bool
is_ours(const char *path)
{
	static const char *const ours[] = {
		CONTAINERS_PODMAN, CONTAINERS_CRI_O
	};
	size_t i;

	for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strcmp(path, ours[i]) == 0)
			return true;
	return false;
}

static void
on_file(void *cookie, const char *path, const char *text)
{
	struct others *o = cookie;

	if (!o->is_wrong && !is_ours(path) &&
	    containers_conf_read(CONTAINERS_CLIENT, path, text, &o->entries,
	    &o->e) == -1)
		o->is_wrong = true;
}

/* A file that we may not read may have anything in it. */
static void
on_bad(void *cookie, const char *text)
{
	struct others *o = cookie;

	if (o->is_wrong)
		return;
	o->is_wrong = true;
	err_set(&o->e, ERR_INPUT, "%s", text);
}

/* --- one registry -------------------------------------------------------- */

/* Where pulls of it would go with us. */
static char *
place_of(const struct node_wish *w, const char *registry)
{
	return xasprintf("%s/%s", w->place, registry);
}

/* It says what would be so without it. */
static bool
says_nothing(const struct node_entry *one)
{
	return one->lead_count == 0 && !one->blocked && !one->insecure &&
	    (one->location == NULL ||
	    strcmp(one->location, one->prefix) == 0);
}

/* The owner has put the mirror in, as we say below. */
static bool
has_it(const struct node_wish *w, const struct node_entry *one,
    const char *registry)
{
	char *place = place_of(w, registry);
	bool has = !one->blocked && (w->only ? one->location != NULL &&
	    strcmp(one->location, place) == 0 && one->lead_count == 0 :
	    one->lead_count > 0 && strcmp(one->leads[0].to, place) == 0 &&
	    !one->leads[0].by_digest && !one->leads[0].by_tag &&
	    (w->mirror.https || one->leads[0].insecure));

	free(place);
	return has;
}

static int
refuse(const struct node_wish *w, const struct node_entry *one,
    const char *registry, struct err *e)
{
	const char *insecure = w->mirror.https ? "" : ", insecure = true";
	const char *first = one->blocked ? "take \"blocked = true\" out, and " :
	    "";
	char *place = place_of(w, registry);

	if (w->only)
		err_set(e, ERR_INPUT, "/%s:%u: has an entry for \"%.200s\", "
		    "beside which another one does not count: %sset in it "
		    "location = \"%s\"%s, without mirrors, or name other "
		    "registries with --registry", one->path, one->line,
		    registry, first, place, insecure);
	else
		err_set(e, ERR_INPUT, "/%s:%u: has an entry for \"%.200s\", "
		    "beside which another one does not count: %sadd as the "
		    "first below it [[registry.mirror]] with location = \"%s\""
		    "%s, or name other registries with --registry", one->path,
		    one->line, registry, first, place, insecure);
	free(place);
	return -1;
}

/* A longer prefix counts for what is below it. */
static void
note_longer(const struct others *o, const struct node_wish *w,
    const char *registry, struct node_plan *p)
{
	size_t len = strlen(registry), i;

	for (i = 0; i < o->entries.count; i++) {
		const struct node_entry *one = &o->entries.list[i];

		if (strncmp(one->prefix, registry, len) == 0 &&
		    one->prefix[len] == '/' && !has_it(w, one, one->prefix))
			node_plan_note(p, "images of \"%.200s\" do not come "
			    "from the mirror: /%s:%u has an entry for these",
			    one->prefix, one->path, one->line);
	}
}

/* Return 1 where our entry is wanted, 0 where the owner has one that does, -1
 * where both cannot be. */
static int
check(const struct others *o, const struct node_wish *w, const char *registry,
    const char *path, struct err *e)
{
	const struct node_entry *last = NULL, *one;
	size_t i;

	for (i = 0; i < o->entries.count; i++) {
		one = &o->entries.list[i];
		if (strcmp(one->prefix, registry) == 0)
			last = one;
	}
	if (last == NULL)
		return 1;
	if (has_it(w, last, registry))
		return 0;
	/* One in a later file would take the place of ours. */
	if (says_nothing(last) && (strcmp(last->path, path) < 0 ||
	    strncmp(last->path, CONTAINERS_DROP_INS "/",
	    strlen(CONTAINERS_DROP_INS "/")) != 0))
		return 1;
	return refuse(w, last, registry, e);
}

/* --- all of them --------------------------------------------------------- */

/* Those that are left, or none: then no file of ours is needed. */
static int
choose(const struct others *o, const struct node_wish *w, struct node_plan *p,
    struct node_file *file, struct err *e)
{
	static char hub[] = "docker.io";
	char *const all[] = { hub }, *const *names = w->registry_count > 0 ?
	    w->registries : all;
	size_t count = w->registry_count > 0 ? w->registry_count : 1, i;
	struct node_wish left = *w;
	int rc = 0;

	left.registries = xcalloc(count, sizeof(*left.registries));
	left.registry_count = 0;
	for (i = 0; i < count && rc >= 0; i++) {
		rc = check(o, w, names[i], file->path, e);
		if (rc == 1)
			left.registries[left.registry_count++] = names[i];
		note_longer(o, w, names[i], p);
	}
	if (rc >= 0 && left.registry_count < count) {
		free(file->text);
		file->text = left.registry_count == 0 ? NULL :
		    for_containers_text(&left);
	}
	free(left.registries);
	return rc == -1 ? -1 : 0;
}

static void
on_user(void *cookie, const char *path, const char *text)
{
	struct node_plan *p = cookie;

	(void)text;
	node_plan_note(p, "/%s hides these files from that user's programs: "
	    "put the same entries into it", path);
}

int
containers_settle(int root, const struct node_wish *w, struct node_plan *p,
    struct err *e)
{
	struct others o = { .is_wrong = false };
	size_t i;
	int rc = 0;

	containers_conf_each(root, on_file, on_bad, &o);
	if (o.is_wrong)
		rc = err_set(e, ERR_INPUT, "%s: mend it first: the client "
		    "pulls nothing while it is so", o.e.msg);
	for (i = 0; i < p->count && rc == 0; i++) {
		if (!is_ours(p->files[i].path))
			continue;
		rc = choose(&o, w, p, &p->files[i], e);
		if (p->files[i].text == NULL)
			node_plan_drop(p, i--);
	}
	if (rc == 0)
		containers_conf_users(root, on_user, p);
	node_entries_done(&o.entries);
	return rc;
}
