/*
 * config.toml is somebody's work, with comments and an order of its own: it is
 * edited by the line, and each line of ours carries a mark by which it is
 * found again.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "node/containerd_toml.h"
#include "node/toml_scan.h"

/* A line of ours ends with one of these. */
#define MARK		" # cdr node-config"
#define MARK_EMPTY	" # cdr node-config: was \"\""
#define SETTING		"config_path = \"" CONTAINERD_CERTS_D "\""

/* The plugin whose registry counts, by the version of the file. */
#define PLUGIN_1	"cri"
#define PLUGIN_2	"io.containerd.grpc.v1.cri"
#define PLUGIN_3	"io.containerd.cri.v1.images"
#define TABLE_2		"plugins.\"" PLUGIN_2 "\".registry"
#define TABLE_3		"plugins.\"" PLUGIN_3 "\".registry"

static bool
is_registry_of(const struct toml_path *path, const char *plugin)
{
	return path->count >= 3 && strcmp(path->part[0], "plugins") == 0 &&
	    strcmp(path->part[1], plugin) == 0 &&
	    strcmp(path->part[2], "registry") == 0;
}

static void
copy(char *to, size_t size, const char *from)
{
	size_t len = strnlen(from, size - 1);

	memcpy(to, from, len);
	to[len] = '\0';
}

/* Any mirror counts, of whatever registry: beside config_path the plugin takes
 * none (quirks.md#config-path). */
static void
on_mirror(struct containerd_toml *t, const struct toml_event *event)
{
	if (t->legacy[0] == '\0')
		copy(t->legacy, sizeof(t->legacy), event->path->count > 4 ?
		    event->path->part[4] : event->value);
	if (!event->is_table && t->legacy_endpoint[0] == '\0' &&
	    strstr(event->value, "://") != NULL)
		copy(t->legacy_endpoint, sizeof(t->legacy_endpoint),
		    event->value);
}

static void
on_version(void *cookie, const struct toml_event *event)
{
	static const char *const version[] = { "version" };
	struct containerd_toml *t = cookie;

	if (!event->is_table && toml_path_is(event->path, 1, version) &&
	    strlen(event->value) == 1)
		t->version = (unsigned)(event->value[0] - '0');
}

/* What stands in a table that this version of the file does not read
 * is not there. */
static void
on_event(void *cookie, const struct toml_event *event)
{
	struct containerd_toml *t = cookie;
	const struct toml_path *path = event->path;

	if (t->version == 2 && is_registry_of(path, PLUGIN_3))
		t->is_mixed = true;
	if (!is_registry_of(path, t->version < 2 ? PLUGIN_1 :
	    t->version == 2 ? PLUGIN_2 : PLUGIN_3))
		return;
	if (path->count == 3 && event->is_table) {
		t->has_table = true;
		t->table_end = event->to;
	} else if (path->count == 3) {
		t->is_inline = true;
	} else if (path->count == 4 && !event->is_table &&
	    strcmp(path->part[3], "config_path") == 0) {
		t->has_path = true;
		t->path_from = event->from;
		t->path_to = event->to;
		copy(t->path, sizeof(t->path), event->value);
	} else if (strcmp(path->part[3], "mirrors") == 0 &&
	    (path->count > 4 || !event->is_table)) {
		on_mirror(t, event);
	}
}

/* Twice: the version may stand behind the tables. */
void
containerd_toml_read(const char *text, struct containerd_toml *ret)
{
	*ret = (struct containerd_toml){ 0 };
	toml_scan(text, on_version, ret);
	toml_scan(text, on_event, ret);
}

/* config_path may be a list, with ":" between. */
bool
containerd_toml_looks(const struct containerd_toml *t, const char *dir)
{
	size_t want = strlen(dir), len;
	const char *p;

	for (p = t->path; *p != '\0'; p += strspn(p, ":")) {
		len = strcspn(p, ":");
		while (len > 1 && p[len - 1] == '/')
			len--;
		if (len == want && strncmp(p, dir, len) == 0)
			return true;
		p += strcspn(p, ":");
	}
	return false;
}

/* ${base} with ${text} in the place of its bytes [from, to). */
static char *
replaced(const char *base, size_t from, size_t to, const char *text)
{
	assert(from <= to && to <= strlen(base));
	return xasprintf("%.*s%s%s", (int)from, base, text, base + to);
}

/* Each way in which a line of ours would change the meaning of what is there is
 * refused, with what to do by hand. */
static int
add_to(const char *path, const char *base, const struct containerd_toml *t,
    char **ret, struct err *e)
{
	size_t line_end;

	if (t->version != 2 && t->version != 3)
		return err_set(e, ERR_INPUT, "/%s: has no \"version = 2\" or 3 "
		    "at the top: \"containerd config migrate\" prints a file "
		    "that has one", path);
	if (t->is_mixed)
		return err_set(e, ERR_INPUT, "/%s: has [" TABLE_3 "] and "
		    "\"version = 2\": containerd 1.x does not read that table, "
		    "and 2.x reads it only without [" TABLE_2
		    "]. Move its content to the latter, and run this again",
		    path);
	if (t->is_inline)
		return err_set(e, ERR_INPUT, "/%s: registry is an inline "
		    "table: put %s into it by hand", path, SETTING);
	if (t->has_path && t->path[0] != '\0')
		return err_set(e, ERR_INPUT,
		    "/%s: config_path is \"%.200s\": add " CONTAINERD_CERTS_D
		    " to it by hand, with a \":\" between, or write the files "
		    "of that folder by hand", path, t->path);
	if (t->has_path) {
		line_end = t->path_to + strcspn(base + t->path_to, "\n");
		/* A comment of somebody's stays where it is. */
		if (strspn(base + t->path_to, " \t\r") !=
		    line_end - t->path_to)
			return err_set(e, ERR_INPUT, "/%s: config_path = \"\" "
			    "has something after it on its line: write %s "
			    "there by hand", path, SETTING);
		*ret = replaced(base, t->path_from, line_end,
		    "\"" CONTAINERD_CERTS_D "\"" MARK_EMPTY);
	} else if (t->has_table) {
		*ret = replaced(base, t->table_end, t->table_end,
		    "\n" SETTING MARK);
	} else {
		*ret = xasprintf("%s%s[%s]" MARK "\n" SETTING MARK "\n", base,
		    base[0] == '\0' || base[strlen(base) - 1] == '\n' ? "" :
		    "\n", t->version == 2 ? TABLE_2 : TABLE_3);
	}
	return 0;
}

/* What has been written is read again: only a reader can tell whether it means
 * what was meant. */
int
containerd_toml_add(const char *path, const char *base, const char *version,
    char **ret, struct err *e)
{
	struct containerd_toml t;

	if (base == NULL) {
		*ret = xasprintf("version = %s\n[%s]" MARK "\n" SETTING MARK
		    "\n", version, version[0] == '2' ? TABLE_2 : TABLE_3);
		return 0;
	}
	containerd_toml_read(base, &t);
	if (t.legacy[0] != '\0')
		return err_set(e, ERR_INPUT, "/%s: has the old "
		    "registry.mirrors (\"%.100s\"); with config_path beside it "
		    "containerd would not load its CRI plugin. Take registry."
		    "mirrors out, and run this again", path, t.legacy);
	if (containerd_toml_looks(&t, CONTAINERD_CERTS_D)) {
		*ret = xstrdup(base);
		return 0;
	}
	if (add_to(path, base, &t, ret, e) == -1)
		return -1;
	/* In a string or a list without an end it would be a part of that. */
	containerd_toml_read(*ret, &t);
	if (containerd_toml_looks(&t, CONTAINERD_CERTS_D))
		return 0;
	free(*ret);
	return err_set(e, ERR_INPUT, "/%s: a string or a list in it has no "
	    "end: mend it first (\"containerd config dump\" says where)", path);
}

/* Does the line end with this? */
static bool
ends(const char *line, size_t len, const char *with)
{
	size_t n = strlen(with);

	return len >= n && memcmp(line + len - n, with, n) == 0;
}

bool
containerd_toml_is_ours(const char *line, size_t len)
{
	return ends(line, len, MARK) || ends(line, len, MARK_EMPTY);
}

/* Line by line, by the marks: all that others have changed since stays. */
int
containerd_toml_drop(const char *path, const char *now, const char *version,
    char **ret, struct err *e)
{
	char *out = xmalloc(strlen(now) + 1);
	size_t len, indent, have = 0;
	const char *p;

	(void)path;
	(void)version;
	(void)e;
	for (p = now; *p != '\0'; p += len) {
		len = strcspn(p, "\n");
		indent = strspn(p, " \t");
		if (ends(p, len, MARK_EMPTY)) {
			memcpy(out + have, p, indent);
			have += indent;
			memcpy(out + have, "config_path = \"\"\n", 17);
			have += 17;
		} else if (!ends(p, len, MARK)) {
			memcpy(out + have, p, len + (p[len] == '\n'));
			have += len + (p[len] == '\n');
		}
		len += p[len] == '\n';
	}
	assert(have <= strlen(now));
	out[have] = '\0';
	*ret = out;
	return 0;
}
