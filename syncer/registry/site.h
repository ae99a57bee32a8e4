#ifndef CDR_REGISTRY_SITE_H
#define CDR_REGISTRY_SITE_H

#include "registry/challenge.h"
#include "registry/http.h"
#include "registry/token.h"

/*
 * One host that answers for a registry, itself or where it sends us, as this
 * run has come to know it: what it wants to see, of each repository, for there
 * may be several token servers behind one name
 * (quirks.md#several-token-servers).
 */

/* What it wants to see for a repository; the realm of a challenge is absolute,
 * and its scope, where there is one, is for all repositories. */
struct access {
	struct access *next;
	char *repository;
	struct challenge want;	/* CHALLENGE_NONE: nothing */
};

struct site {
	struct site *next;
	struct url origin;
	char *name;		/* its credentials are kept under that */
	struct access *accesses;	/* the latest first */
	size_t count;
	struct token_cache tokens;
	unsigned range_refusals;	/* blobs that came whole after those */
};

/* site_init(s, origin, name): copies both. */
void site_init(struct site *, const struct url *, const char *);
void site_done(struct site *);

/* site_is_known(s): it has answered something. */
bool site_is_known(const struct site *);

/*
 * site_access(s, repository): what it wants for that, as far as is known: what
 * it has said of it, else of the nearest repository, by whole components, whose
 * challenge can be of use here.  NULL: nothing is known, ask without.
 * access_is_of(a, repository): it has said so of this one.
 */
const struct access *site_access(const struct site *, const char *);
bool access_is_of(const struct access *, const char *);

/* access_scope(a, standard): the scope for a token; borrowed. */
const char *access_scope(const struct access *, const char *);

/* site_learn(s, repository, c): that is what it wants; CHALLENGE_NONE:
 * nothing.  Copies what it needs. */
void site_learn(struct site *, const char *, const struct challenge *);

/* site_confirm(s, repository): what site_access said of it was right.  Where
 * there are several kinds, it is not guessed again. */
void site_confirm(struct site *, const char *);

/*
 * site_challenge(s, reply, config, ret, e): what an answer of it asks for.  The
 * realm becomes absolute, and must not lead where a redirect may not.  Return
 * 0, with CHALLENGE_NONE where it says nothing that we know; or -1 with ${e}
 * set, and nothing to release.
 */
int site_challenge(const struct site *, const struct http_reply *,
    const struct registry_config *, struct challenge *, struct err *);

/* site_refuses_ranges(s): a part of a blob need not be asked for there.
 * site_no_range(s, sure): a blob came whole where a part of it was refused;
 * ${sure}: in words that do not pass with time. */
bool site_refuses_ranges(const struct site *);
void site_no_range(struct site *, bool);

/* site_may_show(s): credentials of its own may go there
 * (quirks.md#challenges-elsewhere): it is asked by https, or on this
 * machine. */
bool site_may_show(const struct site *);

#endif
