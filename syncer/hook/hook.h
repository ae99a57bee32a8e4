#ifndef CDR_HOOK_HOOK_H
#define CDR_HOOK_HOOK_H

#include <stdbool.h>
#include <stddef.h>

#include "hook/event.h"
#include "layout/err.h"

/*
 * The hooks of a site: the file of --hook-config, and who may call them.
 *
 *	{"hub":    {"registry": "docker.io", "url_secret_file": "hub.secret"},
 *	 "github": {"hmac_secret_file": "github.secret"},
 *	 "harbor": {"registry": "harbor.example",
 *		    "authorization_file": "harbor.secret"},
 *	 "ci":     {"bearer_file": "ci.token"}}
 *
 * A hook is called at /hook/NAME, or /hook/NAME/SECRET where it has
 * url_secret_file. Files of secrets are relative to that of the configuration;
 * a line feed at their end does not count. Every hook has exactly one secret,
 * of at least HOOK_SECRET_MIN bytes. "registry" stands for whatever host a
 * body names, and where it names none.
 */
struct hooks;

/*
 * hooks_read(path, ret, e): the file and its secrets. ERR_INPUT names the
 * file, the hook and the member that is wrong. hooks_free wipes secrets, and
 * accepts NULL.
 */
int hooks_read(const char *, struct hooks **, struct err *);
void hooks_free(struct hooks *);

/* A request as it came.  Nothing of it is to be trusted, printed or kept. */
struct hook_request {
	const char *method;
	const char *path;		/* "/hook/NAME", decoded by nobody */
	/* Name and value of each header, up to a NULL; names in any case. */
	const char *const *headers;
	const char *body;		/* with a NUL behind it */
	size_t len;
};

/*
 * hooks_call(h, request, take, cookie, note): what to answer, and ${take} for
 * each event of the body, if its secret is right. 202: taken, also where the
 * body is not understood, since senders repeat what is refused, some for ever;
 * 200 with a body where a sender asks for proof that this is its hook; 401:
 * the secret is wrong or missing, or there is no such hook, which nobody can
 * tell apart; 405: not POST; 400: no request for a hook. ${note}: what to log,
 * without any word of the request that could be a secret: the hook's name as
 * it is in the configuration, the form that the body had, and how many events.
 */
#define HOOK_NAME_MAX	64u
#define HOOK_REPLY_MAX	1024u
struct hook_note {
	int status;
	const char *name;		/* of the configuration, or NULL */
	const char *form;		/* "distribution", "docker-hub", ...;
					 * NULL: not understood */
	size_t events;
	char reply[HOOK_REPLY_MAX];	/* the answer's body: "" or JSON */
};
void hooks_call(const struct hooks *, const struct hook_request *,
    hook_event_take *, void *cookie, struct hook_note *);

#endif
