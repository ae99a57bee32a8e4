#include <string.h>

#include "source/crictl.h"
#include "yaml/yaml_load.h"

/* Return how many it has, good or not. */
static size_t
read_names(struct gather *g, const json_t *list)
{
	const json_t *name;
	const char *text;
	size_t i, count = 0;

	for (i = 0; i < json_array_size(list); i++) {
		name = json_array_get(list, i);
		text = json_string_value(name);
		if (text == NULL || strstr(text, "<none>") != NULL)
			continue;
		gather_image(g, yaml_line(name), text, "");
		count++;
	}
	return count;
}

static void
read_image(struct gather *g, const json_t *image)
{
	if (read_names(g, json_object_get(image, "repoTags")) == 0 &&
	    read_names(g, json_object_get(image, "repoDigests")) == 0)
		gather_left(g, yaml_line(image), "an image without a name");
}

bool
crictl_read(struct gather *g, const json_t *document)
{
	const json_t *images = json_object_get(document, "images"), *image;
	size_t i;

	if (!json_is_array(images))
		return false;
	for (i = 0; i < json_array_size(images); i++) {
		image = json_array_get(images, i);
		if (json_object_get(image, "repoTags") == NULL &&
		    json_object_get(image, "repoDigests") == NULL)
			return false;
	}
	for (i = 0; i < json_array_size(images); i++)
		read_image(g, json_array_get(images, i));
	return true;
}
