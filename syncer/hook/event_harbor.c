/* Harbor in both of its formats, and zot, which both may send CloudEvents. */
#include <stdlib.h>
#include <string.h>

#include "hook/event_internal.h"
#include "layout/mem.h"

static void
harbor_resources(struct events *ev, const json_t *data)
{
	const json_t *repository = json_object_get(data, "repository");
	const json_t *resources = json_object_get(data, "resources"), *one;
	const char *whole = event_text(repository, "repo_full_name");
	const char *space = event_text(repository, "namespace");
	const char *name = event_text(repository, "name");
	char *path = NULL, *host;
	size_t i;

	if (whole != NULL)
		path = xstrdup(whole);
	else if (space != NULL && name != NULL)
		path = xasprintf("%s/%s", space, name);
	for (i = 0; path != NULL && i < json_array_size(resources); i++) {
		one = json_array_get(resources, i);
		host = event_host(event_text(one, "resource_url"));
		event_tell(ev, host, path, event_text(one, "tag"),
		    event_text(one, "digest"));
		free(host);
	}
	free(path);
}

/* "pushImage" is what Harbor 1 sent. */
bool
event_harbor(struct events *ev, const json_t *root)
{
	const json_t *data = json_object_get(root, "event_data");
	const char *type = event_text(root, "type");

	if (type != NULL && json_is_object(data)) {
		if (strcmp(type, "PUSH_ARTIFACT") == 0 ||
		    strcmp(type, "pushImage") == 0)
			harbor_resources(ev, data);
		return true;
	}
	if (!event_has(type, "harbor."))
		return false;
	if (strcmp(type, "harbor.artifact.pushed") == 0)
		harbor_resources(ev, json_object_get(root, "data"));
	return true;
}

#define ZOT		"zotregistry."
#define ZOT_UPDATED	ZOT "image.updated"

/*
 * In the binary mode of CloudEvents the body is the data, and the type is in a
 * header; in a file that was dropped there is none.
 */
bool
event_zot(struct events *ev, const json_t *root)
{
	const json_t *data = root;
	const char *type = ev->kind;

	if (!event_has(type, ZOT)) {
		type = event_text(root, "type");
		data = json_object_get(root, "data");
	}
	if (!event_has(type, ZOT)) {
		if (event_text(root, "name") == NULL ||
		    event_text(root, "reference") == NULL ||
		    event_text(root, "mediaType") == NULL)
			return false;
		type = ZOT_UPDATED;
		data = root;
	}
	if (strcmp(type, ZOT_UPDATED) == 0)
		event_tell(ev, NULL, event_text(data, "name"),
		    event_text(data, "reference"), event_text(data, "digest"));
	return true;
}
