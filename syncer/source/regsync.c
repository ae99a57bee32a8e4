/* One entry becomes one line, or one a pattern.  Members that say where to, how
 * and when have nothing to say to a list; those that say what, and have no
 * word here, are named. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "source/patterns.h"
#include "source/regsync.h"
#include "yaml/yaml_load.h"

static const char *
text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text == NULL ? "" : text;
}

/* The entry's, or else that of "defaults". */
static const json_t *
setting(const json_t *entry, const json_t *defaults, const char *key)
{
	const json_t *value = json_object_get(entry, key);

	return value != NULL ? value : json_object_get(defaults, key);
}

static bool
is_true(const json_t *value)
{
	return json_is_string(value) &&
	    strcmp(json_string_value(value), "true") == 0;
}

/* --- members that are named ---------------------------------------------- */

/* ${what} NULL: it is taken over, or says how regsync works. */
struct advice {
	const char *member, *what;
};

/* Of an entry, and of the defaults. */
static const struct advice advices[] = {
	{ "source", NULL }, { "target", NULL }, { "type", NULL },
	{ "tags", NULL }, { "platform", NULL }, { "platforms", NULL },
	{ "referrers", NULL }, { "digestTags", NULL },
	{ "referrerTarget", NULL }, { "parallel", NULL },
	{ "fastCheck", NULL }, { "forceRecursive", NULL },
	{ "skipDockerConfig", NULL }, { "userAgent", NULL },
	{ "cacheCount", NULL }, { "cacheTime", NULL },
	{ "tagSets", "say it with further lines and tags=" },
	{ "repos", "name each repository" },
	{ "mediaTypes", "all types of images come" },
	{ "referrerFilters", "see referrers=types=" },
	{ "referrerSource", "referrers come from where the image is" },
	{ "includeExternal", "foreign layers come where they can be had" },
	{ "backup", "see keep= and \"cdr rollback\"" },
	{ "hooks", "nothing is run" },
	{ "interval", "see \"cdr sync\" in a CronJob or a timer" },
	{ "schedule", "see \"cdr sync\" in a CronJob or a timer" },
	{ "ratelimit", "see min_pulls_left of --registries" },
	{ NULL, "not known here" }
};
static const struct advice whole[] = {
	{ "version", NULL }, { "defaults", NULL }, { "sync", NULL },
	{ "creds", "see \"docker login\" and --registries" },
	{ NULL, "not known here" }
};

/* What begins with "x-" is for people, or has anchors. */
static void
name_members(struct gather *g, const json_t *object, const struct advice *a)
{
	json_t *it = (json_t *)(uintptr_t)object, *value;
	const char *key;
	size_t i;

	json_object_foreach(it, key, value) {
		if (json_is_null(value) || strncmp(key, "x-", 2) == 0)
			continue;
		for (i = 0; a[i].member != NULL; i++)
			if (strcmp(a[i].member, key) == 0)
				break;
		if (a[i].what != NULL)
			gather_left(g, yaml_line(value), "%.200s: %s", key,
			    a[i].what);
	}
}

/* --- entries ------------------------------------------------------------- */

static char *
keys_of(const json_t *entry, const json_t *defaults)
{
	const json_t *list = setting(entry, defaults, "platforms"),
	    *one = setting(entry, defaults, "platform");
	const char *platform;
	char *keys, *longer;
	size_t i;

	keys = xasprintf("%s", json_is_string(one) ? json_string_value(one) :
	    "");
	for (i = 0; i < json_array_size(list); i++) {
		platform = json_string_value(json_array_get(list, i));
		longer = xasprintf("%s%s%s", keys, keys[0] == '\0' ? "" : ",",
		    platform == NULL ? "" : platform);
		free(keys);
		keys = longer;
	}
	/* One word: what is no platform then, the list says. */
	for (i = 0; keys[i] != '\0'; i++)
		if (keys[i] == ' ' || keys[i] == '\t')
			keys[i] = '_';
	if (keys[0] != '\0') {
		longer = xasprintf("platform=%s", keys);
		free(keys);
		keys = longer;
	}
	if (is_true(setting(entry, defaults, "referrers")) ||
	    is_true(setting(entry, defaults, "digestTags"))) {
		longer = xasprintf("%s%sreferrers=yes", keys,
		    keys[0] == '\0' ? "" : " ");
		free(keys);
		keys = longer;
	}
	return keys;
}

typedef void add_pattern(struct gather *, unsigned, const char *,
    const char *, const char *);

static void
add_regex(struct gather *g, unsigned line, const char *ref, const char *text,
    const char *keys)
{
	patterns_regex(g, line, ref, text, true, keys);
}

static size_t
add_each(struct gather *g, const json_t *list, const char *ref,
    const char *keys, add_pattern *add)
{
	const json_t *value;
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		value = json_array_get(list, i);
		if (json_is_string(value))
			add(g, yaml_line(value), ref,
			    json_string_value(value), keys);
		else
			gather_left(g, yaml_line(value), "a pattern that is no "
			    "text");
	}
	return i;
}

static bool
is_list(const json_t *value)
{
	return value == NULL || json_is_null(value) || json_is_array(value);
}

static void
read_repository(struct gather *g, unsigned line, const char *ref,
    const json_t *tags, const char *keys)
{
	const json_t *allow = json_object_get(tags, "allow"),
	    *deny = json_object_get(tags, "deny"),
	    *ranges = json_object_get(tags, "semverRange");

	if (json_array_size(deny) > 0)
		gather_left(g, yaml_line(deny), "%.200s: deny: these tags come "
		    "as well: narrow tags=", ref);
	if (!is_list(allow) || !is_list(ranges)) {
		gather_left(g, yaml_line(tags), "%.200s: patterns that are no "
		    "list", ref);
		return;
	}
	/* Both have to be met there; here two lines are two wishes. */
	if (json_array_size(allow) > 0 && json_array_size(ranges) > 0) {
		gather_left(g, yaml_line(tags), "%.200s: allow with "
		    "semverRange: write tags= by hand", ref);
		return;
	}
	if (add_each(g, allow, ref, keys, add_regex) == 0 &&
	    add_each(g, ranges, ref, keys, patterns_semver) == 0)
		patterns_all(g, line, ref, keys);
}

static void
read_entry(struct gather *g, const json_t *entry, const json_t *defaults)
{
	const json_t *source = json_object_get(entry, "source");
	const char *ref = text_of(entry, "source"),
	    *type = text_of(entry, "type");
	char *keys = keys_of(entry, defaults);

	name_members(g, entry, advices);
	if (ref[0] == '\0')
		gather_left(g, yaml_line(entry), "an entry without a source");
	else if (strstr(ref, "{{") != NULL)
		gather_left(g, yaml_line(source), "\"%.200s\" is a template: "
		    "fill it in", ref);
	else if (strcmp(type, "registry") == 0)
		gather_left(g, yaml_line(source), "\"%.200s\" is a whole "
		    "registry: name its repositories", ref);
	else if (strcmp(type, "repository") == 0)
		read_repository(g, yaml_line(source), ref,
		    json_object_get(entry, "tags"), keys);
	else
		gather_image(g, yaml_line(source), ref, keys);
	free(keys);
}

bool
regsync_read(struct gather *g, const json_t *document)
{
	const json_t *sync = json_object_get(document, "sync"),
	    *defaults = json_object_get(document, "defaults"), *entry;
	size_t i;

	if (!json_is_array(sync))
		return false;
	for (i = 0; i < json_array_size(sync); i++) {
		entry = json_array_get(sync, i);
		if (json_object_get(entry, "source") == NULL &&
		    json_object_get(entry, "target") == NULL)
			return false;
	}
	name_members(g, document, whole);
	name_members(g, defaults, advices);
	for (i = 0; i < json_array_size(sync); i++)
		read_entry(g, json_array_get(sync, i), defaults);
	return true;
}
