#include <string.h>

#include "source/compose.h"
#include "yaml/yaml_load.h"

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
		gather_image(g, yaml_line(image), text, "");
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
