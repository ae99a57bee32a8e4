#ifndef CDR_HOOK_HOOK_INTERNAL_H
#define CDR_HOOK_HOOK_INTERNAL_H

#include <stddef.h>

#include "hook/hook.h"
#include "hook/secret.h"

/* Where a hook's secret comes with the request. */
enum hook_place {
	HOOK_URL,		/* /hook/NAME/SECRET */
	HOOK_SIGNATURE,		/* a signature, in one of several headers */
	HOOK_AUTHORIZATION,	/* Authorization, all of it */
	HOOK_BEARER,
	HOOK_BASIC,
	HOOK_HEADER		/* the header that is named */
};

struct hook {
	char *name;
	char *registry;		/* NULL: what bodies say */
	char *header;		/* NULL, or the one header that counts */
	enum hook_place place;
	struct secret *secret;
};

struct hooks {
	struct hook *all;
	size_t count;
};

#endif
