#ifndef CDR_NODE_DOCKERD_H
#define CDR_NODE_DOCKERD_H

#include <stdbool.h>

#include "node/units.h"

/*
 * How a node's dockerd is started: what its options say goes before
 * daemon.json, and what both say keeps it from starting (quirks.md#dockerd).
 */
#define DOCKERD_CONFIG	"etc/docker/daemon.json"

struct dockerd {
	char *config;		/* from the root on; NULL: not told in a way
				 * that we can follow */
	bool is_snap;
	const struct unit_word *config_at;	/* --config-file; NULL */
	const char *config_said;
	/* The first --registry-mirror; NULL.  units_flag finds the others. */
	const struct unit_word *mirror_at;
	const char *mirror;
	struct unit_words words;
};

#define DOCKERD_MIRROR	"--registry-mirror"

/* dockerd_read(root, ret): of units, drop-ins, environment files, and of the
 * defaults files where no unit is; dockerd_done releases it. */
void dockerd_read(int, struct dockerd *);
void dockerd_done(struct dockerd *);

#endif
