/*
 * config.toml is somebody's work, with comments and an order of its own: it is
 * read as a whole, and edited by the line; each line of ours carries a mark by
 * which it is found again.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "node/containerd_toml.h"

/* A line of ours ends with one of these. */
#define MARK		" # cdr node-config"
#define MARK_WAS	" # cdr node-config: was "
#define KEY		"config_path"
#define VALUE		"\"" CONTAINERD_CERTS_D "\""
#define SETTING		KEY " = " VALUE

/* The plugin whose registry counts, by the version of the file. */
#define PLUGIN_1	"cri"
#define PLUGIN_2	"io.containerd.grpc.v1.cri"
#define PLUGIN_3	"io.containerd.cri.v1.images"
#define TABLE_2		"plugins.\"" PLUGIN_2 "\".registry"
#define TABLE_3		"plugins.\"" PLUGIN_3 "\".registry"

/* --- reading -------------------------------------------------------------- */

/* It may be a list, with ":" between. */
bool
containerd_looks(const char *p, const char *dir)
{
	size_t want = strlen(dir), len;

	for (; p != NULL && *p != '\0'; p += strspn(p, ":")) {
		len = strcspn(p, ":");
		while (len > 1 && p[len - 1] == '/')
			len--;
		if (len == want && strncmp(p, dir, len) == 0)
			return true;
		p += strcspn(p, ":");
	}
	return false;
}

/* Higher ones than we know are all the same: too high. */
unsigned
containerd_version(const struct toml *doc)
{
	const struct toml *v = toml_get(doc, "version");

	if (v == NULL || v->kind != TOML_INTEGER)
		return 0;
	return strlen(v->text) == 1 ? (unsigned)(v->text[0] - '0') :
	    CONTAINERD_VERSION_MAX + 1;
}

static const char *
plugin_of(unsigned version)
{
	return version < 2 ? PLUGIN_1 : version == 2 ? PLUGIN_2 : PLUGIN_3;
}

const struct toml *
containerd_section(const struct toml *doc, unsigned version)
{
	return toml_get(toml_get(doc, "plugins"), plugin_of(version));
}

static const struct toml *
registry_of(const struct toml *doc, unsigned version)
{
	return toml_get(containerd_section(doc, version), "registry");
}

/* The first string below, at any depth, that is a URL. */
static const char *
first_url(const struct toml *t)
{
	const char *url = NULL;

	for (; t != NULL && url == NULL; t = t->next)
		url = t->kind == TOML_STRING && strstr(t->text, "://") != NULL ?
		    t->text : first_url(t->child);
	return url;
}

/* Any mirror counts, of whatever registry: beside config_path the plugin takes
 * none. */
void
containerd_old_read(const struct toml *section, struct containerd_old *ret)
{
	const struct toml *registry = toml_get(section, "registry");
	const struct toml *mirrors = toml_get(registry, "mirrors"), *one;
	const struct toml *configs = toml_get(registry, "configs");

	*ret = (struct containerd_old){ 0 };
	if (mirrors != NULL && mirrors->child != NULL) {
		ret->mirror = mirrors->child;
		ret->endpoint = first_url(mirrors->child);
	}
	for (one = configs == NULL ? NULL : configs->child; one != NULL &&
	    ret->tls == NULL; one = one->next)
		if (toml_get(one, "tls") != NULL)
			ret->tls = one;
}

/* --- adding --------------------------------------------------------------- */

/* ${base} with ${text} in the place of its bytes [from, to). */
static char *
replaced(const char *base, size_t from, size_t to, const char *text)
{
	assert(from <= to && to <= strlen(base));
	return xasprintf("%.*s%s%s", (int)from, base, text, base + to);
}

/* An import may leave its version out: then it is that of the file that
 * imports it. */
static int
find_version(const char *path, const struct toml *doc, const char *version,
    unsigned *ret, struct err *e)
{
	bool is_import = strncmp(version, "import-", 7) == 0;

	*ret = containerd_version(doc);
	if (*ret == 0 && is_import)
		*ret = version[7] == '2' ? 2 : 3;
	if (*ret > CONTAINERD_VERSION_MAX)
		return err_set(e, ERR_INPUT, "/%s: its version is higher than "
		    "%u, and cdr does not know where such a file has "
		    "config_path: a newer cdr may, or put %s into the registry "
		    "table of its CRI images plugin by hand", path,
		    CONTAINERD_VERSION_MAX, SETTING);
	return 0;
}

/* The first on the way that lines cannot be added to; NULL: there is none. */
static const struct toml *
closed_table(const struct toml *doc, const char *plugin)
{
	const char *const names[] = { "plugins", plugin, "registry" };
	const struct toml *t = doc;
	size_t i;

	for (i = 0; i < 3; i++) {
		t = toml_get(t, names[i]);
		if (t == NULL)
			return NULL;
		if (t->kind != TOML_TABLE || t->form == TOML_INLINE)
			return t;
	}
	return NULL;
}

/* config_path = "", which stands for nothing; as it was written stands behind
 * the mark. */
static int
fill_empty(const char *path, const char *base, const struct toml *value,
    char **ret, struct err *e)
{
	size_t end = value->to + strcspn(base + value->to, "\r\n");
	char *was, *text;

	/* A comment of somebody's stays where it is. */
	if (strspn(base + value->to, " \t") != end - value->to ||
	    memchr(base + value->from, '\n', end - value->from) != NULL)
		return err_set(e, ERR_INPUT, "/%s: line %u: config_path = \"\" "
		    "has something after it on its line: write %s there by "
		    "hand", path, value->line, SETTING);
	was = xstrndup(base + value->from, end - value->from);
	text = xasprintf(VALUE MARK_WAS "%s", was);
	*ret = replaced(base, value->from, end, text);
	free(text);
	free(was);
	return 0;
}

/* A table that keys with dots have made takes no header: one more such key,
 * before the first. */
static char *
add_dotted(const char *base, const struct toml *table)
{
	size_t line = table->key_from;
	char *key, *ret;

	while (line > 0 && base[line - 1] != '\n')
		line--;
	key = xasprintf("%.*s%.*s." SETTING MARK "\n",
	    (int)(table->key_from - line), base + line,
	    (int)(table->key_to - table->key_from), base + table->key_from);
	ret = replaced(base, line, line, key);
	free(key);
	return ret;
}

static char *
add_line(const char *base, const struct toml *registry, unsigned version)
{
	size_t len = strlen(base), at;

	if (registry != NULL && registry->form == TOML_DOTTED)
		return add_dotted(base, registry);
	if (registry != NULL && registry->form == TOML_HEADER) {
		at = registry->to + (base[registry->to] == '\r');
		return replaced(base, at, at, "\n" SETTING MARK);
	}
	return xasprintf("%s%s[%s]" MARK "\n" SETTING MARK "\n", base,
	    len == 0 || base[len - 1] == '\n' ? "" : "\n",
	    version == 2 ? TABLE_2 : TABLE_3);
}

/* Each way in which a line of ours would change the meaning of what is there is
 * refused, with what to do by hand. */
static int
add_to(const char *path, const char *base, const struct toml *doc,
    unsigned version, char **ret, struct err *e)
{
	const struct toml *registry = registry_of(doc, version);
	const struct toml *closed = closed_table(doc, plugin_of(version));
	const struct toml *value = toml_get(registry, KEY);
	const char *said = toml_string(value);

	if (version < 2)
		return err_set(e, ERR_INPUT, "/%s: has no \"version = 2\" or 3 "
		    "at the top: \"containerd config migrate\" prints a file "
		    "that has one", path);
	if (version == 2 && registry_of(doc, 3) != NULL)
		return err_set(e, ERR_INPUT, "/%s: line %u: has [" TABLE_3 "] "
		    "and \"version = 2\": containerd 1.x does not read that "
		    "table, and 2.x reads it only without [" TABLE_2 "]. Move "
		    "its content to the latter, and run this again", path,
		    registry_of(doc, 3)->line);
	if (said != NULL && said[0] != '\0')
		return err_set(e, ERR_INPUT, "/%s: line %u: config_path is "
		    "\"%.200s\": add " CONTAINERD_CERTS_D " to it by hand, "
		    "with a \":\" between, or write the files of that folder "
		    "by hand", path, value->line, said);
	if (closed != NULL)
		return err_set(e, ERR_INPUT, "/%s: line %u: \"%s\" is %s: put "
		    "%s into its registry table by hand", path, closed->line,
		    closed->key, closed->kind == TOML_TABLE ? "an inline table"
		    : "no table", SETTING);
	if (said != NULL)
		return fill_empty(path, base, value, ret, e);
	*ret = add_line(base, registry, version);
	return 0;
}

/* What has been written is read again: it must say what was meant. */
static int
check_again(const char *path, unsigned version, char **text, struct err *e)
{
	struct toml *doc;
	bool looks;

	if (toml_read(path, *text, &doc, e) == 0) {
		looks = containerd_looks(toml_string(toml_get(registry_of(doc,
		    version), KEY)), CONTAINERD_CERTS_D);
		toml_free(doc);
		if (looks)
			return 0;
	}
	free(*text);
	*text = NULL;
	return err_set(e, ERR_INPUT, "/%s: cdr finds no place for config_path "
	    "in it: put %s into its registry table by hand", path, SETTING);
}

static int
add_config_path(const char *path, const char *base, const struct toml *doc,
    const char *version, char **ret, struct err *e)
{
	struct containerd_old old;
	unsigned v;

	if (find_version(path, doc, version, &v, e) == -1)
		return -1;
	containerd_old_read(containerd_section(doc, v), &old);
	if (old.mirror != NULL)
		return err_set(e, ERR_INPUT, "/%s: has the old "
		    "registry.mirrors (\"%.100s\", line %u); with config_path "
		    "beside it containerd would not load its CRI plugin. Take "
		    "registry.mirrors out, and run this again", path,
		    old.mirror->key, old.mirror->line);
	if (containerd_looks(toml_string(toml_get(registry_of(doc, v), KEY)),
	    CONTAINERD_CERTS_D)) {
		*ret = xstrdup(base);
		return 0;
	}
	return add_to(path, base, doc, v, ret, e) == -1 ? -1 :
	    check_again(path, v, ret, e);
}

int
containerd_toml_add(const char *path, const char *base, const char *version,
    char **ret, struct err *e)
{
	struct toml *doc;
	struct err why;
	char *text = NULL;
	int rc;

	if (base == NULL) {
		*ret = xasprintf("version = %s\n[%s]" MARK "\n" SETTING MARK
		    "\n", version, version[0] == '2' ? TABLE_2 : TABLE_3);
		return 0;
	}
	if (toml_read(path, base, &doc, &why) == -1)
		return err_set(e, ERR_INPUT, "%s: mend it first", why.msg);
	rc = add_config_path(path, base, doc, version, &text, e);
	toml_free(doc);
	if (rc == 0)
		*ret = text;
	return rc;
}

/* --- taking out ----------------------------------------------------------- */

/* Does the line end with this?  Somebody may have made it end with CRLF. */
static bool
ends(const char *line, size_t len, const char *with)
{
	size_t n = strlen(with);

	if (len > 0 && line[len - 1] == '\r')
		len--;
	return len >= n && memcmp(line + len - n, with, n) == 0;
}

/* Where in the line our value stands in the place of an empty one; ${len}:
 * nowhere. */
static size_t
find_was(const char *line, size_t len)
{
	static const char ours[] = VALUE MARK_WAS;
	size_t i;

	for (i = 0; i + sizeof(ours) - 1 < len; i++)
		if (memcmp(line + i, ours, sizeof(ours) - 1) == 0)
			return i;
	return len;
}

bool
containerd_toml_is_ours(const char *line, size_t len)
{
	return ends(line, len, MARK) || find_was(line, len) < len;
}

/* Line by line, by the marks: all that others have changed since stays.
 * Return how many there were. */
static unsigned
drop_marked(const char *now, char *out)
{
	size_t len, at, have = 0;
	unsigned lines = 0;
	const char *p;

	for (p = now; *p != '\0'; p += len) {
		len = strcspn(p, "\n");
		len += p[len] == '\n';
		lines += containerd_toml_is_ours(p, strcspn(p, "\n"));
		at = find_was(p, strcspn(p, "\n"));
		if (ends(p, strcspn(p, "\n"), MARK))
			continue;
		memcpy(out + have, p, at);
		have += at;
		if (at < strcspn(p, "\n"))
			at += strlen(VALUE MARK_WAS);
		memcpy(out + have, p + at, len - at);
		have += len - at;
	}
	assert(have <= strlen(now));
	out[have] = '\0';
	return lines;
}

/* The line that a key and its value have for themselves; false: there is more
 * on it. */
static bool
line_of(const char *text, const struct toml *t, size_t *from, size_t *to)
{
	*from = t->key_from;
	*to = t->to + strspn(text + t->to, " \t\r");
	while (*from > 0 && (text[*from - 1] == ' ' || text[*from - 1] == '\t'))
		--*from;
	if ((*from > 0 && text[*from - 1] != '\n') || (text[*to] != '\n' &&
	    text[*to] != '\0'))
		return false;
	*to += text[*to] == '\n';
	return true;
}

static int
cannot_tell(const char *path, const struct toml *value, struct err *e)
{
	return err_set(e, ERR_INPUT, "/%s: line %u: another program has "
	    "written this file anew, and cdr cannot tell what of config_path "
	    "is its own: take " CONTAINERD_CERTS_D " out of it by hand, and "
	    "run this again", path, value->line);
}

/* Programs that write the whole file anew (nvidia-ctk) leave comments out, and
 * our marks with them (quirks.md#config-rewritten). */
static int
drop_unmarked(const char *path, const char *now, char **ret, struct err *e)
{
	const struct toml *value;
	struct toml *doc;
	size_t from, to;
	int rc = 0;

	if (toml_read(path, now, &doc, e) == -1)
		return -1;
	value = toml_get(registry_of(doc, 2), KEY);
	if (!containerd_looks(toml_string(value), CONTAINERD_CERTS_D))
		value = toml_get(registry_of(doc, 3), KEY);
	if (!containerd_looks(toml_string(value), CONTAINERD_CERTS_D))
		*ret = xstrdup(now);
	else if (strcmp(value->text, CONTAINERD_CERTS_D) == 0 &&
	    line_of(now, value, &from, &to))
		*ret = replaced(now, from, to, "");
	else
		rc = cannot_tell(path, value, e);
	toml_free(doc);
	return rc;
}

int
containerd_toml_drop(const char *path, const char *now, const char *version,
    char **ret, struct err *e)
{
	char *out = xmalloc(strlen(now) + 1);

	(void)version;
	if (drop_marked(now, out) > 0) {
		*ret = out;
		return 0;
	}
	free(out);
	return drop_unmarked(path, now, ret, e);
}
