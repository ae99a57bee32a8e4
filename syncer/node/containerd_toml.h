#ifndef CDR_NODE_CONTAINERD_TOML_H
#define CDR_NODE_CONTAINERD_TOML_H

#include <stdbool.h>
#include <stddef.h>

#include "layout/err.h"

/*
 * containerd's config.toml: its CRI plugin looks into certs.d only when
 * config_path says so (quirks.md#config-path), in the registry table of
 * plugins.cri where "version" is 1 or not there, of
 * plugins."io.containerd.grpc.v1.cri" in version 2 and of
 * plugins."io.containerd.cri.v1.images" since 3.  What stands in another one of
 * these is as if it were not there.
 */

#define CONTAINERD_CERTS_D	"/etc/containerd/certs.d"

struct containerd_toml {
	unsigned version;	/* "version = 2"; 0: not said */
	bool has_table;		/* the registry's table is there */
	size_t table_end;	/* of its line */
	bool has_path;		/* config_path is there */
	size_t path_from, path_to;	/* its value, quotes included */
	char path[300];
	/* The first of the old registry.mirrors, "" where there is none. */
	char legacy[300];
	char legacy_endpoint[300];	/* and the first of its endpoints */
	bool is_inline;		/* "registry = {...}", where nothing can be
				 * added by line */
	bool is_mixed;		/* of version 2, with a table of 3, which
				 * some releases of containerd read */
};

/* containerd_toml_read(text, ret): what is in it. */
void containerd_toml_read(const char *, struct containerd_toml *);

/* containerd_toml_looks(t, dir): does config_path name ${dir}? */
bool containerd_toml_looks(const struct containerd_toml *, const char *);

/*
 * containerd_toml_add(path, base, version, ret, e): ${base} with config_path.
 * Where there is no file, one of that ${version}, "2" or "3".  What has it
 * already comes back byte for byte.  Return 0, or -1 with ${e} set (ERR_INPUT)
 * for the old registry.mirrors, another config_path, and what we cannot add to.
 */
int containerd_toml_add(const char *, const char *, const char *, char **,
    struct err *);

/* containerd_toml_is_ours(line, len): did containerd_toml_add write it? */
bool containerd_toml_is_ours(const char *, size_t);

/* containerd_toml_drop(path, now, version, ret, e): without our lines. */
int containerd_toml_drop(const char *, const char *, const char *, char **,
    struct err *);

#endif
