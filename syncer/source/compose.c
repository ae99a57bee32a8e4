#include <stdio.h>
#include <string.h>

#include "layout/limits.h"
#include "source/compose.h"
#include "yaml/yaml_load.h"

/* What is one word; whether it is a platform, the list says. */
static void
take_image(struct gather *g, const json_t *image, const json_t *platform)
{
	char keys[LIST_LINE_MAX] = "";
	const char *word = json_string_value(platform);

	if (word != NULL && (strpbrk(word, "$ \t") != NULL ||
	    strlen(word) >= sizeof(keys) - sizeof("platform=")))
		gather_left(g, yaml_line(platform), "\"%.200s\" is no "
		    "platform", word);
	else if (word != NULL)
		snprintf(keys, sizeof(keys), "platform=%s", word);
	gather_image(g, yaml_line(image), json_string_value(image), keys);
}

static void
read_service(struct gather *g, const json_t *service)
{
	const json_t *image = json_object_get(service, "image"),
	    *extends = json_object_get(service, "extends");
	const char *text = json_string_value(image);

	/* What is built here is not pulled. */
	if (text == NULL && extends == NULL)
		return;
	if (text == NULL)
		gather_left(g, yaml_line(extends), "a service that extends "
		    "another one: print it whole with \"docker compose "
		    "config\"");
	else if (strchr(text, '$') != NULL)
		gather_left(g, yaml_line(image), "\"%.200s\" has a variable: "
		    "fill it in with \"docker compose config\"", text);
	else
		take_image(g, image, json_object_get(service, "platform"));
}

bool
compose_read(struct gather *g, const json_t *document)
{
	json_t *services = json_object_get(document, "services"), *service;
	const json_t *include = json_object_get(document, "include");
	const char *key;

	if (!json_is_object(services))
		return false;
	if (include != NULL)
		gather_left(g, yaml_line(include), "it includes other files: "
		    "print it whole with \"docker compose config\"");
	json_object_foreach(services, key, service) {
		read_service(g, service);
	}
	return true;
}
