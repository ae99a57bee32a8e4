#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "node/entries.h"

struct node_entry *
node_entries_add(struct node_entries *l, const char *client, const char *path,
    unsigned line, const char *prefix)
{
	struct node_entry *entry;

	l->list = xreallocarray(l->list, l->count + 1, sizeof(*l->list));
	entry = &l->list[l->count++];
	*entry = (struct node_entry){
		.client = client, .path = xstrdup(path), .line = line,
		.prefix = xstrdup(prefix)
	};
	return entry;
}

struct node_lead *
node_entry_lead(struct node_entry *entry, const char *to)
{
	struct node_lead *lead;

	entry->leads = xreallocarray(entry->leads, entry->lead_count + 1,
	    sizeof(*entry->leads));
	lead = &entry->leads[entry->lead_count++];
	*lead = (struct node_lead){ .to = xstrdup(to) };
	return lead;
}

void
node_entries_done(struct node_entries *l)
{
	size_t i, k;

	for (i = 0; i < l->count; i++) {
		for (k = 0; k < l->list[i].lead_count; k++)
			free(l->list[i].leads[k].to);
		free(l->list[i].leads);
		free(l->list[i].path);
		free(l->list[i].prefix);
		free(l->list[i].location);
	}
	free(l->list);
	*l = (struct node_entries){ .count = 0 };
}

/* "docker.io/library" is a prefix of docker.io/library/x and of itself, and
 * "*.corp" of reg.corp and all below it. */
static bool
fits(const char *prefix, const char *name)
{
	size_t len = strlen(prefix), host = strcspn(name, "/");

	if (strcmp(prefix, "*") == 0)
		return true;
	if (strncmp(prefix, "*.", 2) == 0)
		return host >= len && memcmp(name + host - (len - 1),
		    prefix + 1, len - 1) == 0;
	return strncmp(prefix, name, len) == 0 &&
	    strchr("/:@", name[len]) != NULL;
}

const struct node_entry *
node_entries_for(const struct node_entries *l, const char *client,
    const char *name)
{
	const struct node_entry *best = NULL, *entry;
	size_t i;

	for (i = 0; i < l->count; i++) {
		entry = &l->list[i];
		if (strcmp(entry->client, client) == 0 &&
		    fits(entry->prefix, name) && (best == NULL ||
		    strlen(entry->prefix) >= strlen(best->prefix)))
			best = entry;
	}
	return best;
}
