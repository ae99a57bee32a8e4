#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "node/containerd_toml.h"
#include "node/daemon_json.h"
#include "node/plan.h"
#include "node/rancher_yaml.h"

static const char *const kind_names[] = {
	[NODE_WHOLE] = "whole",
	[NODE_DAEMON_JSON] = "daemon.json",
	[NODE_CONTAINERD_TOML] = "containerd.toml",
	[NODE_REGISTRIES_YAML] = "registries.yaml",
};

/* Paths are from the root on, so that --prefix can go before them. */
struct node_file *
node_plan_file(struct node_plan *p, enum node_kind kind, char *path, char *text)
{
	struct node_file *f;

	assert(path[0] != '/');
	p->files = xreallocarray(p->files, p->count + 1, sizeof(*p->files));
	f = &p->files[p->count++];
	*f = (struct node_file){
		.kind = kind, .path = path, .text = text, .mode = 0644
	};
	return f;
}

static void
file_done(struct node_file *f)
{
	free(f->path);
	if (f->copy_of != NULL)
		explicit_bzero(f->text, strlen(f->text));
	free(f->text);
	free(f->copy_of);
	free(f->read_by);
}

void
node_plan_drop(struct node_plan *p, size_t i)
{
	assert(i < p->count);
	file_done(&p->files[i]);
	p->count--;
	memmove(&p->files[i], &p->files[i + 1],
	    (p->count - i) * sizeof(*p->files));
}

void
node_plan_note(struct node_plan *p, const char *fmt, ...)
{
	char text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	p->notes = xreallocarray(p->notes, p->note_count + 1, sizeof(char *));
	p->notes[p->note_count++] = xstrdup(text);
}

/* Copies of keys are wiped. */
void
node_plan_done(struct node_plan *p)
{
	size_t i;

	for (i = 0; i < p->count; i++)
		file_done(&p->files[i]);
	free(p->files);
	free(p->printed);
	for (i = 0; i < p->note_count; i++)
		free(p->notes[i]);
	free(p->notes);
	*p = (struct node_plan){ 0 };
}

const char *
node_kind_name(enum node_kind kind)
{
	assert((size_t)kind < sizeof(kind_names) / sizeof(kind_names[0]));
	return kind_names[kind];
}

int
node_kind_parse(const char *name, enum node_kind *ret)
{
	size_t i;

	for (i = 0; i < sizeof(kind_names) / sizeof(kind_names[0]); i++) {
		if (strcmp(kind_names[i], name) != 0)
			continue;
		*ret = (enum node_kind)i;
		return 0;
	}
	return -1;
}

/* A whole file is ours where it is absent, has our mark, or is what we would
 * write anyway; else it is somebody's. */
int
node_merge(enum node_kind kind, const char *path, const char *base,
    const char *text, char **ret, struct err *e)
{
	switch (kind) {
	case NODE_WHOLE:
		break;
	case NODE_DAEMON_JSON:
		return daemon_json_add(path, base, text, ret, e);
	case NODE_CONTAINERD_TOML:
		return containerd_toml_add(path, base, text, ret, e);
	case NODE_REGISTRIES_YAML:
		return rancher_yaml_add(path, base, text, ret, e);
	}
	if (base == NULL || strcmp(base, text) == 0 ||
	    strncmp(base, NODE_MARK, strlen(NODE_MARK)) == 0) {
		*ret = xstrdup(text);
		return 0;
	}
	return err_set(e, ERR_INPUT, "/%s: is there already, and cdr did not "
	    "write it. Move it away, or add by hand what this command prints "
	    "without --install", path);
}

/* A file that is ours alone and was edited holds something that we
 * cannot judge. */
int
node_unmerge(enum node_kind kind, const char *path, const char *now,
    const char *text, char **ret, struct err *e)
{
	switch (kind) {
	case NODE_WHOLE:
		break;
	case NODE_DAEMON_JSON:
		return daemon_json_drop(path, now, text, ret, e);
	case NODE_CONTAINERD_TOML:
		return containerd_toml_drop(path, now, text, ret, e);
	case NODE_REGISTRIES_YAML:
		return rancher_yaml_drop(path, now, text, ret, e);
	}
	return err_set(e, ERR_INPUT, "/%s: was changed after cdr wrote it. "
	    "Save what you want of it, delete it, and run this again", path);
}
