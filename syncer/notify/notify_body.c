/* What a child is told: distribution's "Notifications", as little of it as says
 * which image has a new digest.  No host is in it: names are those of lists. */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "notify/notify_internal.h"

/* Well within what a hook takes. */
#define EVENTS_MAX	(HOOK_EVENTS_MAX / 2)
#define BYTES_MAX	(HOOK_BODY_MAX / 2)
/* Of the names that each event has, with its times and numbers. */
#define EVENT_BYTES	400u

/* The same when it is told once more. */
static json_t *
id_of(const struct notify_event *event)
{
	char hex[DIGEST_HEX_MAX], *text;
	struct digest d;

	text = notify_queue_line(event);
	digest_of(DIGEST_SHA256, text, strlen(text), &d);
	free(text);
	return json_stringn(digest_hex(&d, hex), 32);
}

static json_t *
time_of(const struct notify_event *event)
{
	char text[STORE_TIME_MAX];
	time_t at = (time_t)event->at;
	struct tm tm;

	if (gmtime_r(&at, &tm) == NULL || strftime(text, sizeof(text),
	    "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		text[0] = '\0';
	return json_string(text);
}

static json_t *
event_json(const struct notify_event *event)
{
	char *name = xasprintf("%s/%s", event->registry, event->repository);
	json_t *target = json_object(), *o = json_object();

	json_object_set_new(target, "mediaType",
	    json_string(event->media_type));
	json_object_set_new(target, "digest", json_string(event->digest));
	json_object_set_new(target, "repository", json_string(name));
	if (event->tag != NULL)
		json_object_set_new(target, "tag", json_string(event->tag));
	json_object_set_new(o, "id", id_of(event));
	json_object_set_new(o, "timestamp", time_of(event));
	json_object_set_new(o, "action", json_string("push"));
	json_object_set_new(o, "target", target);
	json_object_set_new(o, "request", json_object());
	json_object_set_new(o, "actor", json_object());
	json_object_set_new(o, "source", json_object());
	free(name);
	return o;
}

char *
notify_body(const struct notify_queue *q, uint64_t after, uint64_t *ret_upto,
    size_t *ret_count)
{
	const struct notify_event *event;
	json_t *list = json_array(), *root;
	size_t i, bytes = 0;
	char *text;

	for (i = 0; i < q->count && json_array_size(list) < EVENTS_MAX; i++) {
		event = q->events[i];
		if (event->number <= after)
			continue;
		bytes += EVENT_BYTES + strlen(event->registry) +
		    strlen(event->repository) + strlen(event->media_type) +
		    strlen(event->digest) +
		    (event->tag != NULL ? strlen(event->tag) : 0);
		if (bytes > BYTES_MAX)
			break;
		json_array_append_new(list, event_json(event));
		*ret_upto = event->number;
	}
	*ret_count = json_array_size(list);
	if (*ret_count == 0) {
		json_decref(list);
		return NULL;
	}
	root = json_object();
	json_object_set_new(root, "events", list);
	text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	if (text == NULL)
		abort();	/* out of memory: all of it is ASCII */
	return text;
}
