/* The owner's registries.yaml, and what we put into it. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "node/plan.h"
#include "node/rancher_yaml.h"
#include "yaml/yaml_edit.h"

/* "/path:5: what: so do that" */
static int
say(struct err *e, const char *path, unsigned line, const char *cure)
{
	char *why = xstrdup(e->msg), number[16] = "";

	if (line > 0)
		snprintf(number, sizeof(number), "%u:", line);
	err_set(e, ERR_INPUT, "/%s:%s %.300s: %s", path, number, why, cure);
	free(why);
	return -1;
}

static bool
is_ours(const char *text)
{
	return strncmp(text, NODE_MARK, strlen(NODE_MARK)) == 0;
}

int
rancher_yaml_add(const char *path, const char *base, const char *text,
    char **ret, struct err *e)
{
	unsigned line;

	if (base == NULL || is_ours(base)) {
		*ret = xstrdup(text);
		return 0;
	}
	if (yaml_edit_put(base, text, RANCHER_MARK, ret, &line, e) == 0)
		return 0;
	return say(e, path, line, e->code != ERR_INPUT ? "mend it first, or "
	    "k3s and RKE2 do not start" : "what is wanted cannot be put in "
	    "there: run this without --install, and put in by hand what it "
	    "prints");
}

int
rancher_yaml_drop(const char *path, const char *now, const char *text,
    char **ret, struct err *e)
{
	unsigned line;

	/* The rest of a file that was ours alone is somebody's. */
	if (is_ours(now)) {
		now += strcspn(now, "\n");
		now += now[0] == '\n';
	}
	if (yaml_edit_take(now, text, RANCHER_MARK, ret, &line, e) == 0)
		return 0;
	return say(e, path, line, "cdr leaves the file alone. Take out by hand "
	    "what cdr has put in, or save what you want of it and delete it; "
	    "then run this again");
}

static char *
with_line(char *text, const char *line, size_t len)
{
	char *one = xstrndup(line, len), *longer;

	longer = xasprintf("%s%s", text, strstr(one, "auth") != NULL ?
	    "# (a line with secrets is not shown)\n" : one);
	free(one);
	free(text);
	return longer;
}

/* Ours go in between lines that stay, in their order. */
char *
rancher_yaml_new_lines(const char *base, const char *next)
{
	char *text = xstrdup("");
	size_t len, n;

	for (; *next != '\0'; next += len) {
		len = strcspn(next, "\n");
		len += next[len] == '\n';
		n = strcspn(base, "\n");
		n += base[n] == '\n';
		if (n == len && memcmp(base, next, len) == 0)
			base += n;
		else
			text = with_line(text, next, len);
	}
	return text;
}

char *
rancher_yaml_joined(const char *base, const char *text)
{
	struct err ignored;
	char *ret = NULL;

	(void)yaml_edit_joined(base, text, &ret, &ignored);
	return ret;
}
