/* What podman, CRI-O, skopeo and buildah are told. */
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "node/containers_conf.h"
#include "node/uses_internal.h"

/* A location that is the registry's own is no mirror, and what is blocked goes
 * nowhere. */
static void
add_uses(struct node_uses *u, const struct node_entry *entry)
{
	size_t i;

	if (entry->blocked)
		return;
	for (i = 0; i < entry->lead_count; i++)
		uses_add(u, entry->client, entry->path,
		    entry->leads[i].to)->insecure = entry->leads[i].insecure;
	if (entry->location != NULL &&
	    strcmp(entry->location, entry->prefix) != 0)
		uses_add(u, entry->client, entry->path,
		    entry->location)->insecure = entry->insecure;
}

/* One file that is wrong keeps all others from counting. */
void
node_uses_registries_conf(struct node_uses *u, const char *path,
    const char *text)
{
	size_t i = u->entries.count;
	struct err e;
	char *why;

	if (containers_conf_read(CONTAINERS_CLIENT, path, text, &u->entries,
	    &e) == -1) {
		why = xasprintf("%s: " CONTAINERS_CLIENT " pull nothing while "
		    "it is so: mend it", e.msg);
		uses_fault(u, CONTAINERS_CLIENT, path, why);
		free(why);
	}
	for (; i < u->entries.count; i++)
		add_uses(u, &u->entries.list[i]);
}

static void
on_file(void *cookie, const char *path, const char *text)
{
	node_uses_registries_conf(cookie, path, text);
}

static void
on_bad(void *cookie, const char *text)
{
	uses_complain(cookie, text);
}

/* Its files come one after the other. */
static struct node_user *
user_of(struct node_uses *u, const char *path)
{
	size_t len = (size_t)(strstr(path, "/" CONTAINERS_OF_USER) - path) +
	    strlen("/.config/containers");
	struct node_user *last = u->user_count == 0 ? NULL :
	    &u->users[u->user_count - 1];

	if (last != NULL && strlen(last->dir) == len &&
	    strncmp(last->dir, path, len) == 0)
		return last;
	u->users = xreallocarray(u->users, u->user_count + 1,
	    sizeof(*u->users));
	last = &u->users[u->user_count++];
	*last = (struct node_user){ .dir = xstrndup(path, len) };
	return last;
}

static void
on_user(void *cookie, const char *path, const char *text)
{
	struct node_uses *u = cookie;
	struct node_user *user = user_of(u, path);
	struct err e;

	if (strcmp(path + strlen(user->dir), "/registries.conf") == 0)
		user->hides = true;
	if (containers_conf_read(CONTAINERS_USER, path, text, &u->entries,
	    &e) == -1 && user->fault == NULL)
		user->fault = xstrdup(e.msg);
}

void
uses_containers(struct node_uses *u, int root)
{
	containers_conf_each(root, on_file, on_bad, u);
	containers_conf_users(root, on_user, u);
}
