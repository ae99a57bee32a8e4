#ifndef CDR_DOCTOR_ASK_H
#define CDR_DOCTOR_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout/err.h"
#include "registry/challenge.h"
#include "registry/http.h"

/* One question after the other, to the mirror or to a registry, each with our
 * mark in the User-Agent.  Nothing is tried twice, and the mirror's redirects
 * are not followed. */

#define ASK_HEADER_MAX	256u

struct ask {
	struct http *http;
	struct registry_config config;
	char *base;		/* "http://10.0.0.5:5000" */
	char *agent;
	char *at;		/* where it is, if not there; or NULL */
	int stop_fd;		/* readable: give up; -1: none */
	bool stopped;
};

struct question {
	const char *path;	/* from "/" on, with a query or not */
	const char *url;	/* NULL, or in its place all of it: then
				 * redirects are followed */
	const char *username, *password;	/* NULL: none */
	const char *bearer;			/* NULL: none */
	const char *form;	/* NULL, or: a POST with these fields */
	bool head;
	const char *accept;
	const char *header;	/* one more, "Name: value"; NULL: none */
	const char *encoding;	/* NULL: identity */
	uint64_t from, to;	/* a range; both 0: all */
};

struct answer {
	enum transport transport;
	enum http_stage stage;
	struct err err;		/* where there is no answer */
	long status;
	char *body;		/* NUL-terminated */
	size_t len;
	char peer[64];
	/* Headers, "" where absent. */
	char type[ASK_HEADER_MAX], digest[ASK_HEADER_MAX];
	char length[ASK_HEADER_MAX], encoding[ASK_HEADER_MAX];
	char range[ASK_HEADER_MAX], location[ASK_HEADER_MAX];
	char server[ASK_HEADER_MAX], api[ASK_HEADER_MAX];
	char etag[ASK_HEADER_MAX];
	char peer_by[ASK_HEADER_MAX], piece[ASK_HEADER_MAX];	/* piece.h */
	struct challenge challenge;	/* of a 401 */
	struct err why;		/* of an answer that is no success; or of a
				 * page for people */
	bool is_page;
};

/*
 * ask_open(a, how, e): certificates are files, and may be NULL.  Return 0, or
 * -1 with ${e} set.  ask_close releases, also what a failure left.
 */
struct ask_how {
	const char *base, *ca, *cert, *key, *mark;
	const char *at;		/* http_spec.at; NULL: none */
	unsigned patience_s;	/* for silence; 0: a mirror is near */
	int stop_fd;
};
int ask_open(struct ask *, const struct ask_how *, struct err *);
void ask_close(struct ask *);

/* ask_open_registry(a, config, mark, stop_fd, e): takes ${config}. */
int ask_open_registry(struct ask *, struct registry_config *, const char *,
    int, struct err *);

/* ask(a, q, ret): answer_done releases ${ret}. */
void ask(struct ask *, const struct question *, struct answer *);
void answer_done(struct answer *);

#endif
