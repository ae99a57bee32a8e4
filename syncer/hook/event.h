#ifndef CDR_HOOK_EVENT_H
#define CDR_HOOK_EVENT_H

#include <stdbool.h>
#include <stddef.h>

#include "layout/err.h"

/*
 * What registries send when somebody has pushed. An event is a hint which
 * image to look at, and nothing else that it says counts.
 */
struct hook_event {
	const char *registry;		/* as in struct image_ref */
	const char *repository;
	const char *tag;		/* NULL: it does not say */
	const char *digest;		/* NULL: it does not say; well formed */
};

/* hook_event_take: all is borrowed for the call. */
typedef void hook_event_take(void *cookie, const struct hook_event *);

/*
 * events_read(body, len, kind, registry, take, cookie): ${take} for each push
 * that ${body} tells of, at most HOOK_EVENTS_MAX; what is no push (pulls,
 * deletions, pings) is not told. ${kind} is what a header says of the body's
 * form ("package" of X-GitHub-Event ...), or NULL. ${registry} (NULL: none)
 * takes the place of the host in it. Where there is no host at all, the
 * repository is taken as people write it in a list (image_ref_parse). Return
 * the name of the form, or NULL where it has none that is known, too many
 * values, or is no JSON.
 */
const char *events_read(const char *, size_t, const char *, const char *,
    hook_event_take *, void *cookie);

/*
 * events_proof(body, len, reply, size): where a body asks for a proof that this
 * is its hook, as Event Grid does of each new subscription, the JSON that is
 * one.  Its code has at most EVENTS_PROOF_MAX characters.
 */
#define EVENTS_PROOF_MAX	200u
bool events_proof(const char *, size_t, char *, size_t);

/*
 * events_read_file(text, len, take, cookie): a file that was dropped: a body as
 * above, or else lines of an image list, as many as there are, whose keys do
 * not count.  Return as events_read; "list" for lines.
 */
const char *events_read_file(const char *, size_t, hook_event_take *,
    void *cookie);

#endif
