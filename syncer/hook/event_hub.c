/* Docker Hub, Aliyun, whose body is much like it, and Quay. */
#include <stdlib.h>

#include "hook/event_internal.h"
#include "layout/mem.h"

bool
event_docker_hub(struct events *ev, const json_t *root)
{
	const json_t *pushed = json_object_get(root, "push_data");
	const char *name = event_text(json_object_get(root, "repository"),
	    "repo_name");

	if (!json_is_object(pushed) || name == NULL)
		return false;
	event_tell(ev, "docker.io", name, event_text(pushed, "tag"), NULL);
	return true;
}

/* It names the region, and not which of its hosts people use. */
bool
event_aliyun(struct events *ev, const json_t *root)
{
	const json_t *pushed = json_object_get(root, "push_data");
	const json_t *repository = json_object_get(root, "repository");
	const char *name = event_text(repository, "repo_full_name");
	const char *region = event_text(repository, "region");
	char *host;

	if (!json_is_object(pushed) || name == NULL)
		return false;
	host = region == NULL ? NULL :
	    xasprintf("registry.%s.aliyuncs.com", region);
	if (host != NULL || ev->registry != NULL)
		event_tell(ev, host, name, event_text(pushed, "tag"),
		    event_text(pushed, "digest"));
	free(host);
	return true;
}

static void
quay_tag(struct events *ev, const char *url, const char *tag)
{
	char *ref = xasprintf("%s:%s", url, tag);

	event_tell_ref(ev, ref);
	free(ref);
}

/* An array, and an object with image IDs in what it sent in 2013. */
bool
event_quay(struct events *ev, const json_t *root)
{
	json_t *tags = json_object_get(root, "updated_tags"), *value;
	const char *url = event_text(root, "docker_url"), *key;
	size_t i;

	if (url == NULL)
		return false;
	for (i = 0; i < json_array_size(tags); i++) {
		key = event_string(json_array_get(tags, i));
		if (key != NULL)
			quay_tag(ev, url, key);
	}
	json_object_foreach(tags, key, value) {
		quay_tag(ev, url, key);
	}
	return true;
}
