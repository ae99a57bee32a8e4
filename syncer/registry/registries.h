#ifndef CDR_REGISTRY_REGISTRIES_H
#define CDR_REGISTRY_REGISTRIES_H

#include <stdbool.h>
#include <stddef.h>

#include "layout/err.h"
#include "registry/retry.h"
#include "registry/url.h"

/* How one registry is to be talked to.  Strings are owned; NULL: not set. */
struct registry_config {
	char *name;			/* as people write it: "docker.io" */
	struct url endpoint;		/* scheme, host, port, and a path
					 * prefix; its text ends in "/" */
	char *below;			/* there names of repositories begin
					 * with this, and a "/" */
	char *account;			/* who has credentials for it: its host
					 * and port */
	bool is_lent;			/* else, the registry itself */
	unsigned max_connections;	/* 1 to 64; default 8 */
	unsigned max_blob_connections;	/* as far as they are rewarded; default
					 * 32, or max_connections if that is
					 * set */
	unsigned min_pulls_left;	/* stop before fewer are left */
	struct retry_policy retry;	/* 5 tries; 1 s to 60 s; waits 300 s */
	unsigned stall_timeout_s;	/* nothing for so long: broken; 30 */
	unsigned first_byte_timeout_s;	/* the same of a blob that has not begun
					 * to come; 10 times that */
	unsigned connect_timeout_s;	/* 15 */
	unsigned min_rate;		/* bytes a second that a blob has to
					 * bring, by itself on the line; 512 */
	struct reach_list places;	/* private, and allowed as targets */
	char *ca_file;
	char *client_cert;
	char *client_key;		/* NULL: it is in client_cert */
};

/* What --registries names: exceptions from the defaults. */
struct registries;

/*
 * registries_parse(name, buf, len, ret, e): the JSON of cdr(1), "REGISTRIES":
 * an object, registry name to settings, and "*" to those of all.  Settings:
 * endpoint (URL), endpoints (an array of them), max_connections,
 * min_pulls_left, max_tries, retry_delay_ms, stall_timeout_s,
 * first_byte_timeout_s, connect_timeout_s, min_rate, ca_file, client_cert,
 * client_key, require_signed, private (an array of hosts and networks).  An
 * unknown key, a key twice, a wrong type, a number out of range, a client_key
 * without client_cert or a name that is none is an error that names ${name},
 * the registry and the key (and the line where the JSON parser knows it).
 * ${buf} NULL: no exceptions.  Return 0, or -1 with ${e} set (ERR_INPUT).
 */
int registries_parse(const char *, const char *, size_t, struct registries **,
    struct err *);
void registries_free(struct registries *);

/* registries_connections(r, n): the max_connections of each registry that does
 * not set it, 1 to CONNECTIONS_MAX. */
#define CONNECTIONS_MAX	64u
void registries_connections(struct registries *, unsigned);

/* registries_check(r, e): can the files that it names be read?  Return 0, or -1
 * with ${e} set (ERR_INPUT). */
int registries_check(const struct registries *, struct err *);

/*
 * registries_config(r, registry, ret, e): the settings for one registry; what
 * is not set gets its default: docker.io is at https://registry-1.docker.io,
 * all others at https://NAME, a loopback NAME (localhost, 127.x, [::1]) at
 * http://NAME.  Return 0, or -1 with ${e} set (ERR_INPUT).
 * registry_config_done releases.
 */
int registries_config(const struct registries *, const char *,
    struct registry_config *, struct err *);

/*
 * registries_config_at(r, registry, index, ret, e): of its endpoint number
 * ${index}, from 0, in the order in which they are to be asked.  An entry for
 * the host of an endpoint goes, key by key, before that of the registry.
 * Return 1, 0 if there are not so many, or -1 with ${e} set.
 */
#define ENDPOINTS_MAX	16u
int registries_config_at(const struct registries *, const char *, size_t,
    struct registry_config *, struct err *);
void registry_config_done(struct registry_config *);

/* registries_require_signed(r, registry): the file of the public key that its
 * images have to be signed with; NULL: not set. */
const char *registries_require_signed(const struct registries *,
    const char *);

/*
 * registries_config_from(r, registry, url, ret, e): as registries_config, but
 * to ask the mirror at ${url}, another CDR, in the registry's place and below
 * its name.  An entry for the host (and port) that ${url} names tells all but
 * the endpoint; without one, what is for TLS is as for all, and the rest as for
 * the registry.
 */
int registries_config_from(const struct registries *, const char *,
    const char *, struct registry_config *, struct err *);

/*
 * registries_canonical(name): "docker.io" for the three names of Docker Hub
 * (quirks.md#hub-names), else ${name} itself.
 */
const char *registries_canonical(const char *);

#endif
