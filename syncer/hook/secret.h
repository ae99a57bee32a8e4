#ifndef CDR_HOOK_SECRET_H
#define CDR_HOOK_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/* What proves that a hook comes from its sender. */
enum secret_kind {
	SECRET_HMAC_SHA256,	/* a signature of the body, in hexadecimal, with
				 * or without "sha256=" before it */
	SECRET_HMAC_SHA1,	/* what Nexus sends */
	SECRET_TEXT		/* the text itself, from wherever it comes */
};

/* secret_new(kind, text, len): takes nothing.  secret_free wipes it, and
 * accepts NULL. */
struct secret;
struct secret *secret_new(enum secret_kind, const void *, size_t);
void secret_free(struct secret *);

/*
 * secret_check(s, given, body, len): is ${given} what this body needs?  It
 * takes as long whether it is right, wrong or missing (NULL), whatever the kind
 * is, and also where ${s} is NULL, of which nothing is right.
 */
bool secret_check(const struct secret *, const char *, const void *, size_t);

/* secret_wipe(memory, len): what nobody may find there later. */
void secret_wipe(void *, size_t);

#endif
