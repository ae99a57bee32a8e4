#ifndef CDR_REGISTRY_UPSTREAM_H
#define CDR_REGISTRY_UPSTREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "registry/http.h"
#include "registry/keyring.h"
#include "registry/registries.h"
#include "registry/site.h"
#include "report/outside.h"

/*
 * One registry as this run has come to know it: where it is, what it wants to
 * see before it answers, and how long it wants to be left alone.
 */
struct upstream {
	struct upstream *next;
	struct registry_config config;
	struct keyring *keyring;		/* borrowed; may be NULL */
	const char *whose;	/* credentials were looked for last, and... */
	const char *fault;	/* ... why none of them can be used; or NULL */
	bool told_fault;
	const struct upstream *home;	/* NULL, or: this is no registry, but
					 * a place that an image of that one
					 * names; config.endpoint is the
					 * registry's */
	struct site self;	/* the registry */
	struct site *others;	/* where it has sent us */
	unsigned other_count;
	const struct site *blobs_from;	/* where the last blob was; NULL: a
					 * host that nothing is known of */
	bool probing;		/* the first request is in flight: wait for
				 * what it learns */
	int64_t not_before_ms;	/* it said 429, or 503 with Retry-After */
	bool down;		/* cannot be reached: give up on it, for the
				 * reason in down_err */
	struct err down_err;
};

/* upstream_new(config, keyring): takes what ${config} points to. */
struct upstream *upstream_new(struct registry_config *, struct keyring *);
void upstream_free(struct upstream *);

/* upstream_repository(up, repository): as it is called there; free(3) it. */
char *upstream_repository(const struct upstream *, const char *);

/* upstream_url(up, repository, kind, reference): ${kind} is "manifests",
 * "blobs" or "tags"; free(3) it.  Of a place that is no registry it is
 * ${repository}. */
char *upstream_url(const struct upstream *, const char *, const char *,
    const char *);

/*
 * upstream_login(up, repository, ret, ret_serial): keyring_find for who has
 * credentials for this endpoint, and leave in up->whose who that is.
 */
enum keyring_found upstream_login(struct upstream *, const char *,
    struct credential *, unsigned long *);

/* upstream_scope(up, repository): the scope to ask a token for where no
 * challenge has said otherwise; free(3) it. */
char *upstream_scope(const struct upstream *, const char *);

/* upstream_find(up, url): what is known of the other host that ${url} is on, or
 * NULL.  upstream_site: NULL only if there are too many of them. */
struct site *upstream_find(struct upstream *, const struct url *);
struct site *upstream_site(struct upstream *, const struct url *);

/*
 * upstream_words(reply, to): what the body says why, for people, "" where it
 * says nothing; it has passed report/outside.h.  Return ${to}.
 */
char *upstream_words(const struct http_reply *, char [OUTSIDE_WORDS_MAX]);

/*
 * upstream_status(reply, e): turn a status other than success into ${e}; of an
 * answer that was made in this process it is its err.  upstream_explain: with
 * the registry's words, but not with those of where it has sent us: errors are
 * read by more people than the log is.  Return -1.
 */
int upstream_status(const struct http_reply *, struct err *);
int upstream_explain(const struct http_reply *, struct err *);

/* upstream_page(reply, e): is a success a page for people, where there has to
 * be something of a registry's?  Then ${e} says so. */
bool upstream_page(const struct http_reply *, struct err *);

#endif
