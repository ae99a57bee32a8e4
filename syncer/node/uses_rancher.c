/* What k3s and RKE2 are told. */
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "node/rancher_conf.h"
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
	if (text != NULL)
		node_uses_registries_yaml(u, client, path, text);
	free(text);
	free(path);
}
