#ifndef CDR_NODE_CONTAINERD_H
#define CDR_NODE_CONTAINERD_H

#include <stdbool.h>
#include <stddef.h>

#include "layout/err.h"
#include "node/plan.h"
#include "node/toml.h"
#include "node/wish.h"

/*
 * containerd's configuration as containerd reads it: config.toml, or what its
 * unit says instead, then what that imports, one file after the other.  In 1.x
 * a later file's plugin section takes the place of an earlier one's as a whole;
 * in 2.x they become one (quirks.md#config-imports).
 */
#define CONTAINERD_CONFIG	"etc/containerd/config.toml"
#define CONTAINERD_CONF_D	"etc/containerd/conf.d"

struct containerd_file {
	char *path;		/* from the root on */
	char *text;
	struct toml *doc;
	unsigned version;	/* an import that says none: the main file's */
	bool counts;		/* false: in conf.d, which is not imported */
};

/* Something in one of the files. */
struct containerd_place {
	const struct containerd_file *file;	/* NULL: there is none */
	unsigned line;
	const char *word;
};

struct containerd {
	char *main;		/* the main one's path, as the unit has it */
	bool has_unit;		/* systemd starts it as a service of its own */
	struct containerd_file *files;	/* the main one first, if it is there */
	size_t count;
	/* config_path, as 1.x and as 2.x have it; NULL: none. */
	const char *path_1, *path_2;
	struct containerd_place mirror;	/* the old registry.mirrors */
	const char *endpoint;		/* its first one, or NULL */
	struct containerd_place tls;	/* registry.configs with "tls" */
	struct containerd_place disabled;	/* the CRI plugin */
	struct containerd_place higher;	/* an import of a higher version than
					 * the main file's: 2.2 minds */
	bool is_two;		/* the main file is for 2.x alone */
	/* config_path names several folders, and nothing has the plugin pull
	 * by itself: 2.1 and later look into none of them
	 * (quirks.md#config-path-list). */
	bool is_list;
	bool cannot_start;	/* containerd with these files */
};

/*
 * containerd_read(root, ret, e): all files below the root; containerd_done
 * releases.  Return 0, or -1 with ${e} set where we cannot read what containerd
 * reads, or it cannot start with it; ${ret} has then what could be read.
 */
int containerd_read(int, struct containerd *, struct err *);
void containerd_done(struct containerd *);

/* containerd_reads(c): does config_path lead to /etc/containerd/certs.d,
 * whichever generation it is? */
bool containerd_reads(const struct containerd *);

/* containerd_put(c, i, text, e): as if the i-th file held ${text}. */
int containerd_put(struct containerd *, size_t, const char *, struct err *);

/* containerd_target(c): the file that config_path belongs into. */
size_t containerd_target(const struct containerd *);

/*
 * containerd_settle(root, w, p, e): for_containerd's plan, for this very node:
 * config_path goes into the file that counts, and the notes say what else there
 * is to know.  Return 0, or -1 with ${e} set (ERR_INPUT): with it containerd
 * would not load its CRI plugin, or would not read it.
 */
int containerd_settle(int, const struct node_wish *, struct node_plan *,
    struct err *);

#endif
