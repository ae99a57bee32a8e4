/*
 * As much of systemd.unit(5), systemd.service(5) and systemd.exec(5) as it
 * takes to know a service's options.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "layout/fsutil.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "node/under.h"
#include "node/units.h"

#define BLANK	" \t\r\"'"

/* The first one that has a file of a name is the only one for that name. */
static const char *const dirs[] = {
	"etc/systemd/system", "run/systemd/system",
	"usr/local/lib/systemd/system", "usr/lib/systemd/system",
	"lib/systemd/system"
};
#define DIRS	(sizeof(dirs) / sizeof(dirs[0]))

struct setting {
	char *name, *value;
	char *path;
	unsigned line;
};

struct settings {
	struct setting *list;
	size_t count;
};

static void
settings_done(struct settings *s)
{
	size_t i;

	for (i = 0; i < s->count; i++) {
		free(s->list[i].name);
		free(s->list[i].value);
		free(s->list[i].path);
	}
	free(s->list);
}

static void
add_setting(struct settings *s, const char *name, size_t len,
    const char *value, const char *path, unsigned line)
{
	if (s->count == NODE_WORDS_MAX)
		return;
	s->list = xreallocarray(s->list, s->count + 1, sizeof(*s->list));
	s->list[s->count++] = (struct setting){
		.name = xstrndup(name, len), .value = xstrdup(value),
		.path = xstrdup(path), .line = line
	};
}

/* --- lines --------------------------------------------------------------- */

/*
 * A line, and those that it goes on in by a backslash at the end; lines of
 * comment in between are left out.  ${*at} and ${*line} are then behind it.
 */
static char *
take_line(const char **at, unsigned *line)
{
	char *text = xstrdup(""), *longer;
	const char *p = *at;
	bool goes_on = true, is_comment;
	size_t len, used;

	for (; goes_on && *p != '\0'; ++*line) {
		len = strcspn(p, "\n");
		used = len - (len > 0 && p[len - 1] == '\r');
		is_comment = strchr("#;", p[strspn(p, " \t")]) != NULL &&
		    p[strspn(p, " \t")] != '\0';
		goes_on = used > 0 && p[used - 1] == '\\' && !is_comment;
		/* Between lines that belong together. */
		if (is_comment && text[0] != '\0')
			goes_on = true;
		if (!is_comment) {
			longer = xasprintf("%s%.*s%s", text,
			    (int)(used - goes_on), p, goes_on ? " " : "");
			free(text);
			text = longer;
		}
		p += len + (p[len] == '\n');
	}
	*at = p;
	return text;
}

/* NAME=VALUE of each line; in ${section} alone, where it is not NULL. */
static void
read_settings(struct settings *s, const char *path, const char *text,
    const char *section)
{
	bool counts = section == NULL;
	unsigned line = 1, begin;
	char *all, *p, *equals;

	while (*text != '\0') {
		begin = line;
		all = take_line(&text, &line);
		p = all + strspn(all, " \t");
		if (strncmp(p, "export ", 7) == 0 && section == NULL)
			p += 7 + strspn(p + 7, " \t");
		equals = strchr(p, '=');
		if (p[0] == '[' && section != NULL)
			counts = strncmp(p, section, strlen(section)) == 0;
		else if (counts && equals != NULL)
			add_setting(s, p, strcspn(p, " \t="), equals + 1 +
			    strspn(equals + 1, " \t"), path, begin);
		free(all);
	}
}

static bool
read_file(int root, const char *path, const char *section, struct settings *s)
{
	struct err ignored;
	char *text = NULL;
	bool is_there = under_read(root, path, &text, NULL, &ignored) == 1;

	if (is_there)
		read_settings(s, path, text, section);
	free(text);
	return is_there;
}

/* --- the unit and its drop-ins ------------------------------------------- */

static int
by_name(const void *a, const void *b)
{
	const char *x = strrchr(*(char *const *)a, '/');
	const char *y = strrchr(*(char *const *)b, '/');

	return strcmp(x, y);
}

static bool
has_name(char **paths, size_t count, const char *name)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (strcmp(strrchr(paths[i], '/') + 1, name) == 0)
			return true;
	return false;
}

/* In the order of their names, wherever they are. */
static void
read_drop_ins(int root, const char *name, struct settings *s)
{
	char **paths = NULL, **names, *dir;
	size_t count = 0, n, i, k, len;
	struct err ignored;

	for (i = 0; i < DIRS; i++) {
		names = NULL;
		n = 0;
		dir = xasprintf("%s/%s.d", dirs[i], name);
		(void)under_list(root, dir, &names, &n, &ignored);
		for (k = 0; k < n; k++) {
			len = strlen(names[k]);
			if (len < 6 || strcmp(names[k] + len - 5, ".conf") !=
			    0 || has_name(paths, count, names[k]))
				continue;
			paths = xreallocarray(paths, count + 1,
			    sizeof(*paths));
			paths[count++] = xasprintf("%s/%s", dir, names[k]);
		}
		fs_list_free(names, n);
		free(dir);
	}
	if (count > 0)
		qsort(paths, count, sizeof(*paths), by_name);
	for (i = 0; i < count; i++) {
		(void)read_file(root, paths[i], "[Service]", s);
		free(paths[i]);
	}
	free(paths);
}

/* --- words --------------------------------------------------------------- */

static void
add_word(struct unit_words *w, const char *text, size_t len, const char *path,
    unsigned line)
{
	if (w->count == NODE_WORDS_MAX)
		return;
	w->list = xreallocarray(w->list, w->count + 1, sizeof(*w->list));
	w->list[w->count++] = (struct unit_word){
		.text = xstrndup(text, len), .path = xstrdup(path),
		.line = line
	};
}

static const struct setting *
find_last(const struct settings *s, const char *name, size_t len)
{
	size_t i;

	for (i = s->count; i-- > 0;)
		if (strlen(s->list[i].name) == len &&
		    memcmp(s->list[i].name, name, len) == 0)
			return &s->list[i];
	return NULL;
}

/* What is no variable of ${env}, which may be NULL, stays as it is. */
static void
add_words(struct unit_words *w, const struct settings *env, const char *text,
    const char *path, unsigned line)
{
	const struct setting *var;
	const char *name;
	size_t len, n;

	for (text += strspn(text, BLANK); *text != '\0' &&
	    w->count < NODE_WORDS_MAX; text += strspn(text, BLANK)) {
		len = strcspn(text, BLANK);
		name = text + 1 + (text[1] == '{');
		n = strcspn(name, "} \t\"'");
		var = text[0] == '$' && env != NULL ?
		    find_last(env, name, n) : NULL;
		if (var != NULL)
			add_words(w, NULL, var->value, var->path, var->line);
		else
			add_word(w, text, len, path, line);
		text += len;
	}
}

/* Environment="A=b c" D=e: each assignment. */
static void
add_environment(struct settings *env, const struct setting *from)
{
	const char *p = from->value + strspn(from->value, " \t\r"), *equals;
	size_t len;
	char quote, *one;

	for (; *p != '\0'; p += strspn(p, " \t\r")) {
		quote = *p == '"' || *p == '\'' ? *p : '\0';
		if (quote != '\0')
			p++;
		len = quote != '\0' ? strcspn(p, quote == '"' ? "\"" : "'") :
		    strcspn(p, " \t\r");
		one = xstrndup(p, len);
		equals = strchr(one, '=');
		if (equals != NULL)
			add_setting(env, one, (size_t)(equals - one),
			    equals + 1, from->path, from->line);
		free(one);
		p += len;
		if (quote != '\0' && *p == quote)
			p++;
	}
}

/* Files go before what the unit says itself. */
static void
gather_environment(int root, const struct settings *s, struct settings *env)
{
	const char *path;
	size_t i;

	for (i = 0; i < s->count; i++)
		if (strcmp(s->list[i].name, "Environment") == 0)
			add_environment(env, &s->list[i]);
	for (i = 0; i < s->count; i++) {
		if (strcmp(s->list[i].name, "EnvironmentFile") != 0)
			continue;
		path = s->list[i].value;
		path += path[0] == '-';
		if (path[0] == '/')
			(void)read_file(root, path + 1, NULL, env);
	}
}

void
units_read(int root, const char *name, struct unit_words *ret)
{
	struct settings s = { .count = 0 }, env = { .count = 0 };
	size_t i, from = 0;
	char *path;

	*ret = (struct unit_words){ .count = 0 };
	for (i = 0; i < DIRS && ret->unit == NULL; i++) {
		path = xasprintf("%s/%s", dirs[i], name);
		if (read_file(root, path, "[Service]", &s))
			ret->unit = xstrdup(path);
		free(path);
	}
	if (ret->unit != NULL)
		read_drop_ins(root, name, &s);
	gather_environment(root, &s, &env);
	/* One that is empty takes back those before it. */
	for (i = 0; i < s.count; i++)
		if (strcmp(s.list[i].name, "ExecStart") == 0 &&
		    s.list[i].value[0] == '\0')
			from = i;
	for (i = from; i < s.count; i++)
		if (strcmp(s.list[i].name, "ExecStart") == 0)
			add_words(ret, &env, s.list[i].value, s.list[i].path,
			    s.list[i].line);
	settings_done(&env);
	settings_done(&s);
}

void
units_read_assigned(int root, const char *path, struct unit_words *ret)
{
	struct settings s = { .count = 0 };
	size_t i;

	(void)read_file(root, path, NULL, &s);
	for (i = 0; i < s.count; i++)
		add_words(ret, NULL, s.list[i].value, s.list[i].path,
		    s.list[i].line);
	settings_done(&s);
}

void
units_done(struct unit_words *w)
{
	size_t i;

	for (i = 0; i < w->count; i++) {
		free(w->list[i].text);
		free(w->list[i].path);
	}
	free(w->list);
	free(w->unit);
	*w = (struct unit_words){ .count = 0 };
}

/* --- options ------------------------------------------------------------- */

/* "--flag=value", or "--flag" and then the value. */
const struct unit_word *
units_flag(const struct unit_words *w, const char *flag, size_t *at,
    const char **ret)
{
	size_t len = strlen(flag);
	const char *text;

	while (*at < w->count) {
		const struct unit_word *word = &w->list[(*at)++];

		text = word->text;
		if (strncmp(text, flag, len) != 0 ||
		    (text[len] != '=' && text[len] != '\0'))
			continue;
		if (text[len] == '=' && text[len + 1] != '\0') {
			*ret = text + len + 1;
			return word;
		}
		/* Its quotes have parted it from its value. */
		if (*at == w->count)
			return NULL;
		*ret = w->list[(*at)++].text;
		return word;
	}
	return NULL;
}
