#ifndef CDR_NODE_HOSTS_TOML_H
#define CDR_NODE_HOSTS_TOML_H

#include <stdbool.h>
#include <stddef.h>

/*
 * One hosts.toml, as containerd and dockerd read it (quirks.md#hoststoml):
 * the hosts that it names, and why one of them is not asked, or not for all
 * that a pull wants.
 */
struct hosts_host {
	char *url;		/* as it is written */
	unsigned line;
	bool is_server;		/* "server = ", which is asked last */
	/* Why no pull comes from there, and what to do; NULL: one does. */
	char *fault;
	char *missing;		/* the file that it is about, or NULL */
	/* Paths on the node. */
	char **ca;
	size_t ca_count;
	char *cert, *key;	/* the first pair; key NULL: in cert */
};

struct hosts_toml {
	struct hosts_host *list;
	size_t count;
	char *fault;		/* why all of it is as if it were not there */
};

/* hosts_toml_read(path, text, ret): ${path} is from the root on.
 * hosts_toml_done releases. */
void hosts_toml_read(const char *, const char *, struct hosts_toml *);
void hosts_toml_done(struct hosts_toml *);

/* hosts_toml_files(root, path, h): a host whose certificate is not there, or
 * none, gets a fault: every pull fails then. */
void hosts_toml_files(int, const char *, struct hosts_toml *);

#endif
