/* Units in the order in which systemd takes them: what comes later counts
 * (quirks.md#containerds-unit). */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "layout/fsutil.h"
#include "layout/mem.h"
#include "node/containerd_unit.h"
#include "node/under.h"

#define NAME	"containerd.service"
#define ENV_MAX	64u

/* The lesser ones first. */
static const char *const dirs[] = {
	"lib/systemd/system", "usr/lib/systemd/system",
	"usr/local/lib/systemd/system", "run/systemd/system",
	"etc/systemd/system"
};

struct unit {
	char *exec;		/* the last ExecStart, or NULL */
	char *env[ENV_MAX];	/* "NAME=value", the later ones last */
	size_t env_count;
};

/* The next word, without its quotes, and what is behind it; NULL at the end. */
static char *
take_word(const char **p)
{
	static const char blank[] = " \t\r";
	const char *from = *p + strspn(*p, blank);
	char quote = *from == '"' || *from == '\'' ? *from : '\0';
	char ends[2] = { quote, '\0' };
	size_t len;

	if (*from == '\0')
		return NULL;
	from += quote != '\0';
	len = strcspn(from, quote != '\0' ? ends : blank);
	*p = from + len + (quote != '\0' && from[len] == quote);
	return xstrndup(from, len);
}

static void
add_env(struct unit *u, const char *words)
{
	char *word;

	while (u->env_count < ENV_MAX && (word = take_word(&words)) != NULL)
		u->env[u->env_count++] = word;
}

static void
read_line(struct unit *u, const char *line)
{
	line += strspn(line, " \t");
	if (strncmp(line, "Environment=", 12) == 0) {
		add_env(u, line + 12);
	} else if (strncmp(line, "ExecStart=", 10) == 0) {
		free(u->exec);
		line += 10 + strspn(line + 10, " \t\r");
		u->exec = *line == '\0' ? NULL : xstrdup(line);
	}
}

/* A line that ends with a backslash goes on in the next one. */
static void
read_unit(struct unit *u, char *text)
{
	char *line, *end, *p;

	for (p = text; (p = strstr(p, "\\\n")) != NULL; p += 2)
		p[0] = p[1] = ' ';
	for (line = text; *line != '\0'; line = end + 1) {
		end = line + strcspn(line, "\n");
		if (*end == '\0') {
			read_line(u, line);
			return;
		}
		*end = '\0';
		read_line(u, line);
	}
}

static bool
read_named(int root, const char *dir, const char *name, struct unit *u)
{
	char *path = xasprintf("%s/%s", dir, name), *text = NULL;
	struct err ignored;
	bool is_there = under_read(root, path, &text, NULL, &ignored) == 1;

	if (is_there)
		read_unit(u, text);
	free(text);
	free(path);
	return is_there;
}

/* Its file, of which the last folder's counts alone, then drop-ins. */
static void
read_all(int root, struct unit *u)
{
	size_t n = sizeof(dirs) / sizeof(dirs[0]), i, k, count;
	char **names, *dir;
	struct err ignored;

	for (i = n; i-- > 0;)
		if (read_named(root, dirs[i], NAME, u))
			break;
	for (i = 0; i < n; i++) {
		names = NULL;
		count = 0;
		dir = xasprintf("%s/" NAME ".d", dirs[i]);
		(void)under_list(root, dir, &names, &count, &ignored);
		for (k = 0; k < count; k++)
			if (strlen(names[k]) > 5 && strcmp(names[k] +
			    strlen(names[k]) - 5, ".conf") == 0)
				(void)read_named(root, dir, names[k], u);
		fs_list_free(names, count);
		free(dir);
	}
}

/* ${NAME} and $NAME, as a whole word. */
static char *
expanded(const struct unit *u, char *word)
{
	size_t from = word[0] != '$' ? 0 : word[1] == '{' ? 2 : 1, i, len;
	char *value = NULL;

	if (from == 0)
		return word;
	len = strcspn(word + from, "}");
	for (i = 0; i < u->env_count; i++)
		if (strncmp(u->env[i], word + from, len) == 0 &&
		    u->env[i][len] == '=') {
			free(value);
			value = xstrdup(u->env[i] + len + 1);
		}
	free(word);
	return value;
}

static bool
is_containerd(const char *program)
{
	const char *name = strrchr(program, '/');

	return strcmp(name == NULL ? program : name + 1, "containerd") == 0;
}

static char *
config_of(const struct unit *u)
{
	const char *p = u->exec + strspn(u->exec, "-@:+!");
	char *word = take_word(&p), *config = NULL;
	bool is_next = false;

	if (word == NULL || !is_containerd(word)) {
		free(word);
		return NULL;
	}
	for (free(word); (word = take_word(&p)) != NULL; free(word)) {
		if (is_next || strncmp(word, "--config=", 9) == 0) {
			free(config);
			config = expanded(u, xstrdup(is_next ? word :
			    word + 9));
		}
		is_next = !is_next && (strcmp(word, "--config") == 0 ||
		    strcmp(word, "-c") == 0);
	}
	return config;
}

char *
containerd_unit(int root)
{
	struct unit u = { .exec = NULL };
	char *config = NULL, *path = NULL;
	size_t i;

	read_all(root, &u);
	if (u.exec != NULL)
		config = config_of(&u);
	if (config != NULL && config[0] == '/')
		path = xstrdup(config + strspn(config, "/"));
	free(config);
	free(u.exec);
	for (i = 0; i < u.env_count; i++)
		free(u.env[i]);
	return path;
}
