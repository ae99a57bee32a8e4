#ifndef CDR_HOOK_EVENT_INTERNAL_H
#define CDR_HOOK_EVENT_INTERNAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "hook/event.h"

/* One body that is being read. */
struct events {
	const char *kind;		/* as events_read has them */
	const char *registry;
	hook_event_take *take;
	void *cookie;
	size_t count;			/* that were told, */
	size_t most;			/* of which there may be so many */
};

/*
 * One form of bodies: is this one of it?  If so, tell of its events, of which
 * there may be none.  They all are in the order in which they are tried in
 * event.c, the surest first.
 */
typedef bool events_form(struct events *, const json_t *);
events_form event_distribution, event_acr, event_event_grid;
events_form event_docker_hub, event_aliyun, event_quay;
events_form event_harbor, event_zot;
events_form event_github, event_gitea;
events_form event_ecr, event_pubsub, event_artifactory, event_nexus;

/*
 * event_tell(ev, host, repository, tag, digest): an event, if it can be one:
 * what breaks the grammar of its names is on no line.  ${host}, ${tag} and
 * ${digest} may be NULL or "", and what stands as a tag may be a digest.
 * Without a host the repository is taken as people write it.
 */
void event_tell(struct events *, const char *, const char *, const char *,
    const char *);

/* event_tell_ref(ev, text): the same of [host/]repository[:tag][@digest]. */
void event_tell_ref(struct events *, const char *);

/* event_text(object, key): a member that is text, borrowed.  NULL: it is not
 * there, is empty, has a NUL, or is no text.  event_string(value): the same of
 * a value. */
const char *event_text(const json_t *, const char *);
const char *event_string(const json_t *);

/* event_is(object, key, want): is this the member's text? */
bool event_is(const json_t *, const char *, const char *);

/* event_has(text, beginning): NULL begins with nothing. */
bool event_has(const char *, const char *);

/* event_host(url): the host of a URL with its port, lower case; free(3) it.
 * The scheme may be missing.  NULL where there is none. */
char *event_host(const char *);

/* event_lower(text): a copy in lower case; free(3) it.  NULL of NULL. */
char *event_lower(const char *);

/* event_load(text, len): JSON of a stranger, within the usual bounds, whose
 * numbers may be of any size; NULL where it is none. */
json_t *event_load(const char *, size_t);

#endif
