/*
 * An entry of registries.conf replaces one of the same prefix in an earlier
 * file, whole: what the owner has said there would no longer count, or ours
 * would not.
 */
#include <stdlib.h>
#include <string.h>

#include "image/ref.h"
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

/* Where pulls of it would go with us: the mirror, or what is behind it. */
static char *
place_of(const char *host, const char *registry)
{
	char *path = image_ref_behind(registry);
	char *place = xasprintf("%s/%s", host, path);

	free(path);
	return place;
}

static bool
is_place(const char *said, bool insecure, const char *host, bool https,
    const char *registry)
{
	char *place = place_of(host, registry);
	bool is = said != NULL && strcmp(said, place) == 0 &&
	    (https || insecure);

	free(place);
	return is;
}

/* It says what would be so without it. */
static bool
says_nothing(const struct node_entry *one)
{
	return one->lead_count == 0 && !one->blocked && !one->insecure &&
	    (one->location == NULL ||
	    strcmp(one->location, one->prefix) == 0);
}

/* Are its first mirrors ours?  The last of ours is ${left} out with --only. */
static bool
has_mirrors(const struct node_wish *w, const struct node_entry *one,
    const char *registry, bool left)
{
	const char *const hosts[] = { w->place, w->behind_place };
	const bool https[] = { w->mirror.https, w->behind.https };
	size_t n = (w->behind_base != NULL ? 2 : 1) - left, i;

	for (i = 0; i < n; i++) {
		const struct node_lead *lead = &one->leads[i];

		if (i == one->lead_count || lead->by_digest || lead->by_tag ||
		    !is_place(lead->to, lead->insecure, hosts[i], https[i],
		    registry))
			return false;
	}
	return !left || n == one->lead_count;
}

/* The owner has put the mirror in, as we say below. */
static bool
has_it(const struct node_wish *w, const struct node_entry *one,
    const char *registry)
{
	bool two = w->behind_base != NULL;

	return !one->blocked && has_mirrors(w, one, registry, w->only) &&
	    (!w->only || is_place(one->location, one->insecure,
	    two ? w->behind_place : w->place,
	    two ? w->behind.https : w->mirror.https, registry));
}

/* Our own entry, as what would have to stand there. */
static int
refuse(const struct node_wish *w, const struct node_entry *one,
    const char *registry, struct err *e)
{
	char *text = for_containers_entry(w, registry), *p;

	for (p = text; *p != '\0'; p++)
		if (*p == '\n')
			*p = p[1] != '\0' ? ' ' : '\0';
	err_set(e, ERR_INPUT, "/%s:%u: has an entry for \"%.200s\", beside "
	    "which another one does not count: %sput the mirror into it "
	    "(%s), or name other registries with --registry", one->path,
	    one->line, registry, one->blocked ? "take \"blocked = true\" "
	    "out, and " : "", text + strspn(text, " "));
	free(text);
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
		node_plan_note(p, "entries of yours lead to the mirror "
		    "already, for %zu of %zu registries",
		    count - left.registry_count, count);
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
	struct node_entries entries = { .count = 0 };
	const char *end = strstr(path, "/" CONTAINERS_OF_USER);
	struct err ignored;

	if (strcmp(end, "/" CONTAINERS_OF_USER) == 0)
		node_plan_note(p, "/%s hides these files from that user's "
		    "programs: put the same entries into it", path);
	else if (containers_conf_read(CONTAINERS_USER, path, text, &entries,
	    &ignored) == -1 || entries.count > 0)
		node_plan_note(p, "/%s counts before these files for that "
		    "user's programs", path);
	node_entries_done(&entries);
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
