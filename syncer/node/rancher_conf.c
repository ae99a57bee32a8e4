#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout/fsutil.h"
#include "layout/mem.h"
#include "node/rancher_conf.h"
#include "node/under.h"
#include "node/units.h"
#include "node/wish.h"
#include "yaml/yaml_load.h"
#include "yaml/yaml_value.h"

#define KEY	"private-registry"

/* --- which file ---------------------------------------------------------- */

struct said {
	char *value;		/* NULL: nowhere */
	char *path;
	unsigned line;
};

static void
set_said(struct said *s, const char *value, const char *path, unsigned line)
{
	free(s->value);
	free(s->path);
	s->value = xstrdup(value);
	s->path = xstrdup(path);
	s->line = line;
}

/* A file that is no YAML is for the client to complain of. */
static void
look_in_file(int root, const char *path, struct said *s)
{
	json_t *all = NULL, *value;
	char *text = NULL;
	struct err ignored;
	unsigned line;

	if (under_read(root, path, &text, NULL, &ignored) == 1 &&
	    yaml_value_load(text, &all, &line, &ignored) == 0) {
		value = json_object_get(all, KEY);
		if (json_is_string(value))
			set_said(s, json_string_value(value), path,
			    yaml_line(value));
	}
	json_decref(all);
	free(text);
}

static void
look_in_folder(int root, const char *dir, struct said *s)
{
	char **names = NULL, *path;
	size_t count = 0, i;
	const char *dot;
	struct err ignored;

	(void)under_list(root, dir, &names, &count, &ignored);
	for (i = 0; i < count; i++) {
		dot = strrchr(names[i], '.');
		if (dot == NULL || (strcmp(dot, ".yaml") != 0 &&
		    strcmp(dot, ".yml") != 0))
			continue;
		path = xasprintf("%s/%s", dir, names[i]);
		look_in_file(root, path, s);
		free(path);
	}
	fs_list_free(names, count);
}

static void
look_in_unit(int root, const char *unit, struct said *s)
{
	const struct unit_word *word;
	struct unit_words words;
	const char *value;
	size_t at = 0;

	units_read(root, unit, &words);
	while ((word = units_flag(&words, "--" KEY, &at, &value)) != NULL)
		set_said(s, value, word->path, word->line);
	units_done(&words);
}

/* Options go before config.yaml, and what is beside that goes before it. */
static void
look_everywhere(int root, const char *name, struct said *s)
{
	static const char *const ends[] = { "", "-agent", "-server" };
	char *path;
	size_t i;

	path = xasprintf("etc/rancher/%s/config.yaml", name);
	look_in_file(root, path, s);
	free(path);
	path = xasprintf("etc/rancher/%s/config.yaml.d", name);
	look_in_folder(root, path, s);
	free(path);
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		path = xasprintf("%s%s.service", name, ends[i]);
		look_in_unit(root, path, s);
		free(path);
	}
}

int
rancher_conf_path(int root, const char *name, char **ret, struct err *e)
{
	struct said s = { .value = NULL };
	int rc = 0;

	look_everywhere(root, name, &s);
	if (s.value == NULL)
		*ret = xasprintf("etc/rancher/%s/registries.yaml", name);
	else if (node_wish_path(KEY, s.value, e) == 0)
		*ret = xstrdup(s.value + strspn(s.value, "/"));
	else
		rc = err_wrap(e, "/%s:%u", s.path, s.line);
	free(s.value);
	free(s.path);
	return rc;
}

/* --- what it says -------------------------------------------------------- */

struct reading {
	const char *name, *path;
	struct node_entries *entries;
	rancher_conf_fault_fn *fault;
	void *cookie;
};

static void __attribute__((format(printf, 3, 4)))
fault(struct reading *r, unsigned line, const char *fmt, ...)
{
	char number[16] = "", text[700], *whole;
	va_list args;

	if (line > 0)
		snprintf(number, sizeof(number), "%u:", line);
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	whole = xasprintf("/%s:%s %s", r->path, number, text);
	r->fault(r->cookie, whole);
	free(whole);
}

/* A rewrite that puts the registry in front is what the mirror understands. */
static bool
is_harmless(const char *registry, const char *pattern, const json_t *to)
{
	char *wanted = xasprintf("%s/$1", registry);
	bool is_all = strcmp(pattern, "^(.*)$") == 0 ||
	    strcmp(pattern, "^(.*)") == 0 || strcmp(pattern, "(.*)") == 0;
	bool ret = is_all && json_is_string(to) &&
	    (strcmp(json_string_value(to), wanted) == 0 ||
	    strcmp(json_string_value(to), "$1") == 0);

	free(wanted);
	return ret;
}

static void
read_mirror(struct reading *r, const char *registry, json_t *mirror)
{
	json_t *endpoints = json_object_get(mirror, "endpoint"), *item;
	struct node_entry *entry = node_entries_add(r->entries, r->name,
	    r->path, yaml_line(mirror), registry);
	const char *pattern;
	size_t i;

	if (endpoints != NULL && !json_is_array(endpoints) &&
	    !json_is_null(endpoints))
		fault(r, yaml_line(endpoints), "the endpoint of \"%.200s\" is "
		    "no list, so %s does not start: write - in front of it",
		    registry, r->name);
	json_array_foreach(endpoints, i, item) {
		if (json_is_string(item))
			node_entry_lead(entry, json_string_value(item));
	}
	json_object_foreach(json_object_get(mirror, "rewrite"), pattern,
	    item) {
		if (!is_harmless(registry, pattern, item))
			entry->rewrites = true;
	}
}

void
rancher_conf_read(const char *name, const char *path, const char *text,
    struct node_entries *entries, rancher_conf_fault_fn *fn, void *cookie)
{
	struct reading r = {
		.name = name, .path = path, .entries = entries, .fault = fn,
		.cookie = cookie
	};
	json_t *all, *mirrors, *mirror;
	const char *registry;
	unsigned line;
	struct err e;

	if (yaml_value_load(text, &all, &line, &e) == -1) {
		fault(&r, line, "%.300s: %s does not start with it: mend it",
		    e.msg, name);
		return;
	}
	mirrors = json_object_get(all, "mirrors");
	if (json_object_get(all, "mirror") != NULL)
		fault(&r, yaml_line(json_object_get(all, "mirror")), "%s knows "
		    "no \"mirror:\": write \"mirrors:\"", name);
	if (mirrors != NULL && !json_is_object(mirrors) &&
	    !json_is_null(mirrors))
		fault(&r, yaml_line(mirrors), "\"mirrors\" is no mapping, so "
		    "%s does not start: write registries below it", name);
	json_object_foreach(mirrors, registry, mirror) {
		read_mirror(&r, registry, mirror);
	}
	json_decref(all);
}

const struct node_entry *
rancher_conf_for(const struct node_entries *l, const char *name,
    const char *registry)
{
	const struct node_entry *all = NULL, *one;
	size_t i;

	for (i = 0; i < l->count; i++) {
		one = &l->list[i];
		if (strcmp(one->client, name) != 0)
			continue;
		if (strcmp(one->prefix, registry) == 0)
			return one;
		if (strcmp(one->prefix, "*") == 0)
			all = one;
	}
	return all;
}

/* Another path begins where k3s was started, wherever that is. */
static void
take_text(const json_t *tls, const char *key, char **to)
{
	const char *text = json_string_value(json_object_get(tls, key));

	if (text != NULL && text[0] == '/' && *to == NULL)
		*to = xstrdup(text);
}

void
rancher_conf_trust(const char *text, const char *place, char **ca,
    char **cert, char **key)
{
	json_t *all, *tls;
	unsigned ignored;
	struct err e;

	if (yaml_value_load(text, &all, &ignored, &e) == -1)
		return;
	tls = json_object_get(json_object_get(json_object_get(all, "configs"),
	    place), "tls");
	take_text(tls, "ca_file", ca);
	take_text(tls, "cert_file", cert);
	take_text(tls, "key_file", key);
	json_decref(all);
}
