/* A registry, and below it three ways to say which tags. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "source/patterns.h"
#include "source/skopeo.h"
#include "yaml/yaml_load.h"

#define IMAGES	"images"
#define REGEX	"images-by-tag-regex"
#define SEMVER	"images-by-semver"

/* The tags and digests of one repository; none: all tags. */
static void
read_tags(struct gather *g, const char *repository, const json_t *tags)
{
	const json_t *tag;
	const char *text;
	char *ref;
	size_t i;

	if (json_array_size(tags) == 0 && (json_is_array(tags) ||
	    json_is_null(tags))) {
		patterns_all(g, yaml_line(tags), repository, "");
		return;
	}
	if (!json_is_array(tags))
		gather_left(g, yaml_line(tags), "%.200s: no list of tags",
		    repository);
	for (i = 0; i < json_array_size(tags); i++) {
		tag = json_array_get(tags, i);
		text = json_string_value(tag);
		ref = xasprintf("%s%c%s", repository, text != NULL &&
		    strchr(text, ':') != NULL ? '@' : ':',
		    text == NULL ? "" : text);
		gather_image(g, yaml_line(tag), ref, "");
		free(ref);
	}
}

static void
read_pattern(struct gather *g, const char *repository, const json_t *pattern,
    bool is_semver)
{
	const char *text = json_string_value(pattern);

	if (text == NULL)
		gather_left(g, yaml_line(pattern), "%.200s: a pattern that is "
		    "no text", repository);
	else if (is_semver)
		patterns_semver(g, yaml_line(pattern), repository, text, "");
	else
		patterns_regex(g, yaml_line(pattern), repository, text, false,
		    "");
}

/* One of the three members. */
static void
read_images(struct gather *g, const char *registry, const json_t *config,
    const char *way)
{
	json_t *images = json_object_get(config, way), *value;
	const char *name;
	char *repository;

	json_object_foreach(images, name, value) {
		repository = xasprintf("%s/%s", registry, name);
		if (strcmp(way, IMAGES) == 0)
			read_tags(g, repository, value);
		else
			read_pattern(g, repository, value,
			    strcmp(way, SEMVER) == 0);
		free(repository);
	}
}

/* How the registry is reached is not for a list to say. */
static void
name_settings(struct gather *g, const char *registry, const json_t *config)
{
	const json_t *credentials = json_object_get(config, "credentials"),
	    *tls = json_object_get(config, "tls-verify"),
	    *certs = json_object_get(config, "cert-dir");

	if (credentials != NULL)
		gather_left(g, yaml_line(credentials), "%.200s: credentials: "
		    "see \"docker login\"", registry);
	if (json_is_string(tls) && strcmp(json_string_value(tls), "true") != 0)
		gather_left(g, yaml_line(tls), "%.200s: tls-verify: see "
		    "ca_file of --registries", registry);
	if (certs != NULL)
		gather_left(g, yaml_line(certs), "%.200s: cert-dir: see "
		    "ca_file, client_cert and client_key of --registries",
		    registry);
}

static bool
is_config(const json_t *config)
{
	return json_is_object(json_object_get(config, IMAGES)) ||
	    json_is_object(json_object_get(config, REGEX)) ||
	    json_is_object(json_object_get(config, SEMVER));
}

bool
skopeo_read(struct gather *g, const json_t *document)
{
	json_t *it = (json_t *)(uintptr_t)document, *config;
	const char *registry;

	if (json_object_size(document) == 0)
		return false;
	json_object_foreach(it, registry, config) {
		if (!is_config(config))
			return false;
	}
	json_object_foreach(it, registry, config) {
		name_settings(g, registry, config);
		read_images(g, registry, config, IMAGES);
		read_images(g, registry, config, REGEX);
		read_images(g, registry, config, SEMVER);
	}
	return true;
}
