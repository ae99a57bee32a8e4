/* Where a kind has its pod nobody need know: the names of the members are the
 * same in all of them. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "image/ref.h"
#include "layout/mem.h"
#include "source/kubernetes.h"
#include "yaml/yaml_load.h"

static void walk(struct gather *, const json_t *);

static const char *
text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text == NULL ? "" : text;
}

/* --- pods ---------------------------------------------------------------- */

static void
add_image(struct gather *g, const json_t *holder, const char *key)
{
	const json_t *image = json_object_get(holder, key);
	const char *text = json_string_value(image);

	if (text != NULL && text[0] != '\0')
		gather_image(g, yaml_line(image), text, "");
	else if (image != NULL && text == NULL && !json_is_null(image))
		gather_left(g, yaml_line(image), "a container's image that is "
		    "no text");
}

static void
add_containers(struct gather *g, const json_t *list)
{
	size_t i;

	for (i = 0; i < json_array_size(list); i++)
		add_image(g, json_array_get(list, i), "image");
}

static void
add_volumes(struct gather *g, const json_t *list)
{
	const json_t *image;
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		image = json_object_get(json_array_get(list, i), "image");
		add_image(g, image, "reference");
	}
}

/* --- other objects ------------------------------------------------------- */

/* A name alone may be of anything, or have its tag elsewhere. */
static void
add_maybe(struct gather *g, const json_t *value)
{
	const char *text = json_string_value(value);
	struct image_ref ref;
	struct err e;

	if (text == NULL || text[0] == '\0' || strchr(text, ' ') != NULL ||
	    strstr(text, "://") != NULL)
		return;
	if (!image_ref_is_bare(text) &&
	    image_ref_parse(text, &ref, &e) == 0) {
		image_ref_done(&ref);
		gather_image(g, yaml_line(value), text, "");
		return;
	}
	gather_left(g, yaml_line(value), "\"%.200s\" may be an image, or a "
	    "part of one", text);
}

/* registry, repository, tag and digest as members, as charts have them. */
static void
add_parts(struct gather *g, const json_t *parts)
{
	const char *registry = text_of(parts, "registry"),
	    *repository = text_of(parts, "repository"),
	    *tag = text_of(parts, "tag"), *digest = text_of(parts, "digest");
	unsigned line = yaml_line(json_object_get(parts, "repository"));
	char *text = xasprintf("%s%s%s%s%s%s%s", registry,
	    registry[0] == '\0' ? "" : "/", repository,
	    tag[0] == '\0' ? "" : ":", tag, digest[0] == '\0' ? "" : "@",
	    digest);

	if (tag[0] == '\0' && digest[0] == '\0')
		gather_left(g, line, "\"%.200s\": an image whose tag is not "
		    "told here", text);
	else
		gather_image(g, line, text, "");
	free(text);
}

static void
add_named(struct gather *g, const json_t *value)
{
	size_t i;

	if (json_is_string(value)) {
		add_maybe(g, value);
		return;
	}
	if (text_of(value, "repository")[0] != '\0') {
		add_parts(g, value);
		return;
	}
	for (i = 0; i < json_array_size(value); i++)
		add_named(g, json_array_get(value, i));
	if (json_is_object(value))
		walk(g, value);
}

/* --- all of it ----------------------------------------------------------- */

/* What stands there is no wish: labels; what runs; a disk at Ceph. */
static bool
is_skipped(const char *key)
{
	return strcmp(key, "metadata") == 0 || strcmp(key, "status") == 0 ||
	    strcmp(key, "rbd") == 0;
}

static bool
is_containers(const char *key)
{
	return strcmp(key, "containers") == 0 ||
	    strcmp(key, "initContainers") == 0 ||
	    strcmp(key, "ephemeralContainers") == 0;
}

static void
walk_object(struct gather *g, const json_t *object)
{
	json_t *it = (json_t *)(uintptr_t)object, *member;
	const char *key;

	json_object_foreach(it, key, member) {
		if (is_skipped(key))
			continue;
		if (is_containers(key) && json_is_array(member))
			add_containers(g, member);
		else if (strcmp(key, "volumes") == 0 && json_is_array(member))
			add_volumes(g, member);
		else if (strcmp(key, "image") == 0 ||
		    strcmp(key, "images") == 0)
			add_named(g, member);
		else
			walk(g, member);
	}
}

static void
walk(struct gather *g, const json_t *value)
{
	size_t i;

	if (json_is_object(value))
		walk_object(g, value);
	for (i = 0; i < json_array_size(value); i++)
		walk(g, json_array_get(value, i));
}

bool
kubernetes_read(struct gather *g, const json_t *document)
{
	const json_t *kind = json_object_get(document, "kind");
	const char *name = text_of(document, "kind");

	if (name[0] == '\0' || text_of(document, "apiVersion")[0] == '\0')
		return false;
	/* A description of objects, which has no images but words of them. */
	if (strcmp(name, "CustomResourceDefinition") == 0)
		return true;
	if (strcmp(name, "Kustomization") == 0)
		gather_left(g, yaml_line(kind), "a kustomization: render it "
		    "first, with \"kubectl kustomize\"");
	else
		walk(g, document);
	return true;
}
