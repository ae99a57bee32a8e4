/* The client's own word on a file (quirks.md#asking-the-client). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "node/ask.h"
#include "node/containerd_toml.h"
#include "node/under.h"
#include "node/units.h"
#include "registry/program.h"

#define TIMEOUT_MS	10000
#define LEAVE_OUT	" (--unasked leaves this out)"

/* What is asked, and how. */
struct question {
	const char *name;
	const char *before, *after[3];	/* of the file's path */
};

static const struct question *
question_for(enum node_kind kind)
{
	static const struct question containerd = {
		"containerd", "--config",
		{ "config", "dump", NULL }
	};
	static const struct question dockerd = {
		"dockerd", "--config-file",
		{ "--validate", NULL, NULL }
	};

	return kind == NODE_CONTAINERD_TOML ? &containerd :
	    kind == NODE_DAEMON_JSON ? &dockerd : NULL;
}

/* --- which program -------------------------------------------------------- */

/* Where a shell or another program comes first, the unit does not tell. */
static char *
program_of(int root, const char *unit, const char *name)
{
	struct unit_words words;
	const char *path, *slash;
	char *ret = NULL;

	units_read(root, unit, &words);
	if (words.count > 0) {
		path = words.list[0].text + strspn(words.list[0].text,
		    "@-:+!|");
		slash = strrchr(path, '/');
		if (path[0] == '/' && strcmp(slash + 1, name) == 0)
			ret = xstrdup(path);
	}
	units_done(&words);
	return ret;
}

char *
node_program(int root, const char *name)
{
	static const struct {
		const char *name, *unit;
	} all[] = {
		{ "containerd", "containerd.service" },
		{ "dockerd", "docker.service" },
		{ "crio", "crio.service" },
		{ "k3s", "k3s.service" },
		{ "k3s", "k3s-agent.service" },
		{ "rke2", "rke2-server.service" },
		{ "rke2", "rke2-agent.service" },
		{ "buildkitd", "buildkit.service" },
	};
	char *path = NULL;
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]) && path == NULL; i++)
		if (strcmp(all[i].name, name) == 0)
			path = program_of(root, all[i].unit, name);
	return path != NULL ? path : xstrdup(name);
}

/* --- what it says --------------------------------------------------------- */

/* The name of the copy is of no use to anybody. */
static void
complain(const struct program_end *end, struct err *e)
{
	char line[PROGRAM_LINE_MAX], *copy;

	program_last_complaint(end, line);
	while ((copy = strstr(line, NODE_ASKED)) != NULL)
		memmove(copy, copy + sizeof(NODE_ASKED) - 1,
		    strlen(copy) + 1 - (sizeof(NODE_ASKED) - 1));
	err_set(e, ERR_INPUT, "it %s", line);
}

/* With an option that it does not know it looks into no file. */
static bool
is_too_old(const struct question *q, const struct program_end *end)
{
	return strstr(end->notes, "unknown flag: --validate") != NULL ||
	    strstr(end->notes, "No help topic for") != NULL ||
	    strstr(end->out, "No help topic for") != NULL ||
	    strstr(end->notes, "flag provided but not defined") != NULL ||
	    (q->after[1] != NULL && end->len == 0 && end->status == 0);
}

/* A dump says what is in effect, imports and defaults included. */
static enum node_answer
read_dump(const char *text, struct err *e)
{
	enum node_answer ret = NODE_STARTS;
	const struct toml *registry;
	const char *path;
	struct toml *doc;
	struct err ignored;

	if (toml_read("", text, &doc, &ignored) == -1) {
		err_set(e, ERR_DATA, "what it printed is no TOML");
		return NODE_SILENT;
	}
	registry = toml_get(containerd_section(doc, containerd_version(doc)),
	    "registry");
	path = toml_string(toml_get(registry, "config_path"));
	if (path != NULL && !containerd_looks(path, CONTAINERD_CERTS_D)) {
		err_set(e, ERR_INPUT, "its config_path is then \"%.200s\", "
		    "and not " CONTAINERD_CERTS_D, path);
		ret = NODE_IGNORES;
	}
	toml_free(doc);
	return ret;
}

static enum node_answer
judge(const struct question *q, const struct program_end *end, struct err *e)
{
	if (is_too_old(q, end)) {
		err_set(e, ERR_SYS, "it is too old to say that");
		return NODE_SILENT;
	}
	/* Those are of a shell, or of what a wrapper could not run. */
	if (WIFEXITED(end->status) && (WEXITSTATUS(end->status) == 126 ||
	    WEXITSTATUS(end->status) == 127)) {
		complain(end, e);
		return NODE_SILENT;
	}
	if (end->status != 0) {
		complain(end, e);
		return NODE_REFUSES;
	}
	return q->after[1] != NULL ? read_dump(end->out, e) : NODE_STARTS;
}

enum node_answer
node_ask(int root, enum node_kind kind, const char *path, struct err *e)
{
	const struct question *q = question_for(kind);
	char *program = node_program(root, q->name);
	char *file = xasprintf("/%s", path);
	char *before = xstrdup(q->before), *argv[6] = { program, before, file };
	struct program p = {
		.argv = argv,
		.timeout_ms = TIMEOUT_MS,
		.out_max = NODE_FILE_BYTES_MAX,
		.stop_fd = -1,
	};
	enum node_answer ret = NODE_SILENT;
	struct program_end end;
	size_t i;

	for (i = 0; q->after[i] != NULL; i++)
		argv[3 + i] = xstrdup(q->after[i]);
	if (program_run(&p, &end, e) == 0) {
		ret = judge(q, &end, e);
		program_end_done(&end);
	}
	for (i = 0; argv[i] != NULL; i++)
		free(argv[i]);
	return ret;
}

/* --- for install ---------------------------------------------------------- */

/* Is it so without us, too? */
static bool
was_so(int root, const struct node_file *file, const char *at)
{
	struct err ignored;
	char *now = NULL;
	bool ret = file->read_by == NULL && strcmp(at, file->path) != 0 &&
	    under_read(root, file->path, &now, NULL, &ignored) == 1 &&
	    node_ask(root, file->kind, file->path, &ignored) == NODE_REFUSES;

	free(now);
	return ret;
}

int
node_asking(void *cookie, const struct node_file *file, const char *at,
    struct err *e)
{
	struct node_asking *asking = cookie;
	const struct question *q = question_for(file->kind);
	struct err why = { .code = ERR_NONE };

	if (q == NULL)
		return 0;
	switch (node_ask(asking->root, file->kind, at, &why)) {
	case NODE_STARTS:
		return 0;
	case NODE_SILENT:
		err_set(&asking->silent, ERR_SYS, "%s could not be asked "
		    "whether it starts with this: %s", q->name, why.msg);
		return 0;
	case NODE_IGNORES:
		return err_set(e, ERR_INPUT, "/%s: %s says that it would not "
		    "go by it: %s. Nothing was changed" LEAVE_OUT, file->path,
		    q->name, why.msg);
	case NODE_REFUSES:
		break;
	}
	if (was_so(asking->root, file, at))
		return err_set(e, ERR_INPUT, "/%s: %s does not start with it, "
		    "as it is: %s. Mend it first" LEAVE_OUT, file->path,
		    q->name, why.msg);
	return err_set(e, ERR_INPUT, "/%s: with cdr's lines in it %s would not "
	    "start: %s. Nothing was changed" LEAVE_OUT, file->path, q->name,
	    why.msg);
}
