/* What k3s and RKE2 are told. */
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "node/rancher_conf.h"
#include "node/running.h"
#include "node/under.h"
#include "node/uses_internal.h"

struct in_yaml {
	struct node_uses *uses;
	const char *client, *path;
};

static void
on_fault(void *cookie, const char *text)
{
	struct in_yaml *in = cookie;

	uses_fault(in->uses, in->client, in->path, text);
}

/* One without a scheme goes by https, as k3s has it. */
static void
add_uses(struct node_uses *u, const struct node_entry *entry)
{
	struct node_use *use;
	char *why;
	size_t i;

	for (i = 0; i < entry->lead_count; i++) {
		use = uses_add(u, entry->client, entry->path,
		    entry->leads[i].to);
		if (!entry->rewrites)
			continue;
		why = xasprintf("the rewrite of \"%s\" in /%s:%u changes what "
		    "this mirror is asked for: take it out, and restart %s",
		    entry->prefix, entry->path, entry->line, entry->client);
		node_use_fault(use, why);
		free(why);
	}
}

void
node_uses_registries_yaml(struct node_uses *u, const char *client,
    const char *path, const char *text)
{
	struct in_yaml in = { .uses = u, .client = client, .path = path };
	size_t i = u->entries.count;

	rancher_conf_read(client, path, text, &u->entries, on_fault, &in);
	for (; i < u->entries.count; i++)
		add_uses(u, &u->entries.list[i]);
}

static bool
find_running(int root, const char *client, struct running *ret)
{
	static const char *const ends[] = { "-server", "-agent", "" };
	char *name;
	size_t i;
	bool found = false;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]) && !found; i++) {
		name = xasprintf("%s%s", client, ends[i]);
		found = running_program(root, name, ret);
		free(name);
	}
	return found;
}

/* It is read at a start alone.  A file that has come by another way keeps its
 * time, and not the time at which it was put there. */
static void
check_stale(struct node_uses *u, int root, const char *client,
    const char *path)
{
	struct running run;
	char *text = NULL, *why;
	struct stat st;
	struct err ignored;

	if (!find_running(root, client, &run) ||
	    under_read(root, path, &text, &st, &ignored) != 1)
		return;
	free(text);
	if (st.st_mtime <= run.since + 1 && st.st_ctime <= run.since + 1)
		return;
	why = xasprintf("%s (process %u) has run since before /%s %s: "
	    "restart it", client, run.pid, path, st.st_mtime > run.since + 1 ?
	    "was changed, and goes by what that said then" : "was put in "
	    "place or renamed: if what it says has changed");
	if (st.st_mtime > run.since + 1)
		uses_fault(u, client, path, why);
	else
		uses_complain(u, why);
	free(why);
}

/* A file that is not the usual one hides that. */
void
uses_rancher(struct node_uses *u, int root, const char *client)
{
	char *path, *text;
	struct err e;

	if (rancher_conf_path(root, client, &path, &e) == -1) {
		uses_complain(u, e.msg);
		return;
	}
	text = uses_read_file(u, root, path);
	if (text != NULL) {
		node_uses_registries_yaml(u, client, path, text);
		check_stale(u, root, client, path);
	}
	free(text);
	free(path);
}
