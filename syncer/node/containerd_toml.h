#ifndef CDR_NODE_CONTAINERD_TOML_H
#define CDR_NODE_CONTAINERD_TOML_H

#include <stdbool.h>
#include <stddef.h>

#include "layout/err.h"
#include "node/toml.h"

/*
 * One file of containerd's: its CRI plugin looks into certs.d only when
 * config_path says so (quirks.md#config-path), in the registry table of
 * plugins.cri where "version" is 1 or not there, of
 * plugins."io.containerd.grpc.v1.cri" in version 2 and of
 * plugins."io.containerd.cri.v1.images" in 3 and 4.  What stands in another one
 * of these is as if it were not there.  Which file counts is in
 * node/containerd.h.
 */

#define CONTAINERD_CERTS_D	"/etc/containerd/certs.d"
#define CONTAINERD_VERSION_MAX	4u

/* containerd_looks(config_path, dir): does it name ${dir}?  NULL does not. */
bool containerd_looks(const char *, const char *);

/* containerd_version(doc): "version = 2"; 0 where it is not said. */
unsigned containerd_version(const struct toml *);

/* containerd_section(doc, version): the table of the plugin that counts in a
 * file of that version, or NULL. */
const struct toml *containerd_section(const struct toml *, unsigned);

/* What the plugin does not load with, beside config_path. */
struct containerd_old {
	const struct toml *mirror;	/* the first of registry.mirrors */
	const char *endpoint;		/* and the first of its endpoints */
	const struct toml *tls;		/* the first of registry.configs with a
					 * "tls": 1.x alone minds */
};
void containerd_old_read(const struct toml *, struct containerd_old *);

/*
 * containerd_toml_add(path, base, version, ret, e): ${base} with config_path.
 * Where there is no file, one of that ${version}, "2" or "3"; "import-2" and
 * "import-3" are for a file that is imported, and may say no version.  What has
 * it already comes back byte for byte.  Return 0, or -1 with ${e} set
 * (ERR_INPUT) for the old registry.mirrors, another config_path, and what we
 * cannot add to, or do not understand.
 */
int containerd_toml_add(const char *, const char *, const char *, char **,
    struct err *);

/* containerd_toml_is_ours(line, len): did containerd_toml_add write it? */
bool containerd_toml_is_ours(const char *, size_t);

/*
 * containerd_toml_drop(path, now, version, ret, e): without our lines, also
 * where another program has written the file anew, without our marks.  What has
 * nothing of ours comes back as it is.  Return 0, or -1 with ${e} set
 * (ERR_INPUT) where that cannot be told.
 */
int containerd_toml_drop(const char *, const char *, const char *, char **,
    struct err *);

#endif
