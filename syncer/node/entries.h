#ifndef CDR_NODE_ENTRIES_H
#define CDR_NODE_ENTRIES_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What the files of a client say of the images below a prefix: where it goes
 * for them, in this order, before it asks the registry itself.
 */
struct node_lead {
	char *to;		/* as it is written */
	bool insecure;
	bool by_digest, by_tag;	/* for such images alone */
};

struct node_entry {
	const char *client;
	char *path;		/* of the file, from the root on */
	unsigned line;		/* 0: not known */
	char *prefix;		/* "docker.io", "docker.io/library", "*" */
	char *location;		/* podman: in the registry's place; NULL */
	struct node_lead *leads;
	size_t lead_count;
	bool insecure;		/* of the location */
	bool blocked;
	bool rewrites;		/* names are changed on the way */
};

struct node_entries {
	struct node_entry *list;
	size_t count;
};

/* node_entries_add(list, client, path, line, prefix): a new one. */
struct node_entry *node_entries_add(struct node_entries *, const char *,
    const char *, unsigned, const char *);
struct node_lead *node_entry_lead(struct node_entry *, const char *);
void node_entries_done(struct node_entries *);

/*
 * node_entries_for(list, client, name): the one that counts for an image,
 * "docker.io/library/x", or a registry; NULL: none does.  The longest prefix
 * counts, and of two the later one; "*" is for all that have no other.
 */
const struct node_entry *node_entries_for(const struct node_entries *,
    const char *, const char *);

#endif
