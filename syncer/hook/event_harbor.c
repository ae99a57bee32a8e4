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

/* What its types begin with is configured there. */
static bool
is_zot(const char *type)
{
	static const char *const ends[] = {
		".image.updated", ".image.deleted", ".image.lint_failed",
		".repository.created",
	};
	size_t i, len = type == NULL ? 0 : strlen(type);

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (len > strlen(ends[i]) &&
		    strcmp(type + len - strlen(ends[i]), ends[i]) == 0)
			return true;
	return false;
}

static void
zot_image(struct events *ev, const char *type, const json_t *data,
    const char *source)
{
	char *host = event_has(source, "http") ? event_host(source) : NULL;

	if (type == NULL || strstr(type, ".updated") != NULL)
		event_tell(ev, host, event_text(data, "name"),
		    event_text(data, "reference"), event_text(data, "digest"));
	free(host);
}

/*
 * In the binary mode of CloudEvents the body is the data, and the type is in a
 * header; in a file that was dropped there is none.  The source may be a URL of
 * the registry, if that is configured.
 */
bool
event_zot(struct events *ev, const json_t *root)
{
	const char *type = event_text(root, "type");

	if (is_zot(ev->kind))
		zot_image(ev, ev->kind, root, NULL);
	else if (is_zot(type))
		zot_image(ev, type, json_object_get(root, "data"),
		    event_text(root, "source"));
	else if (event_text(root, "name") != NULL &&
	    event_text(root, "reference") != NULL &&
	    event_text(root, "mediaType") != NULL)
		zot_image(ev, NULL, root, NULL);
	else
		return false;
	return true;
}
