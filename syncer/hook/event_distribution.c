/* The event of distribution ("Notifications"), by itself and in what others
 * made of it: GitLab's registry, Azure's, and Event Grid that carries these. */
#include <stdlib.h>
#include <string.h>

#include "hook/event_internal.h"

/* A blob is pushed before its manifest is, and moves no tag. */
static bool
is_blob(const json_t *target)
{
	const char *url = event_text(target, "url");
	const char *type = event_text(target, "mediaType");

	if (url != NULL && strstr(url, "/blobs/") != NULL &&
	    strstr(url, "/manifests/") == NULL)
		return true;
	return type != NULL && (strcmp(type, "application/octet-stream") == 0 ||
	    strstr(type, ".rootfs.") != NULL);
}

static void
one_event(struct events *ev, const json_t *event)
{
	const json_t *target = json_object_get(event, "target");
	char *host = event_lower(event_text(json_object_get(event, "request"),
	    "host"));

	if (event_is(event, "action", "push") && !is_blob(target)) {
		if (host == NULL)
			host = event_host(event_text(target, "url"));
		event_tell(ev, host, event_text(target, "repository"),
		    event_text(target, "tag"), event_text(target, "digest"));
	}
	free(host);
}

bool
event_distribution(struct events *ev, const json_t *root)
{
	const json_t *events = json_object_get(root, "events");
	size_t i;

	if (!json_is_array(events))
		return false;
	for (i = 0; i < json_array_size(events); i++)
		one_event(ev, json_array_get(events, i));
	return true;
}

bool
event_acr(struct events *ev, const json_t *root)
{
	const char *action = event_text(root, "action");

	if (action == NULL || event_text(root, "id") == NULL ||
	    (strcmp(action, "ping") != 0 &&
	    !json_is_object(json_object_get(root, "target"))))
		return false;
	one_event(ev, root);
	return true;
}

#define PUSHED	"Microsoft.ContainerRegistry.ImagePushed"

/* ${key}: where this schema has the type of an event. */
static bool
grid_event(struct events *ev, const json_t *event, const char *key)
{
	const char *type = event_text(event, key);

	if (!event_has(type, "Microsoft."))
		return false;
	if (strcmp(type, PUSHED) == 0)
		one_event(ev, json_object_get(event, "data"));
	return true;
}

/* An array in its own schema, single events in that of CloudEvents. */
bool
event_event_grid(struct events *ev, const json_t *root)
{
	size_t i;

	if (json_is_object(root))
		return grid_event(ev, root, "type");
	for (i = 0; i < json_array_size(root); i++)
		if (!grid_event(ev, json_array_get(root, i), "eventType") &&
		    !grid_event(ev, json_array_get(root, i), "type"))
			break;
	return i > 0;
}
