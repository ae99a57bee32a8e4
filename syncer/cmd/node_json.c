/* What node-config would write, for programs: cdr(1) has the members. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd/node_show.h"
#include "layout/mem.h"
#include "report/printable.h"

/* Return it, or NULL with ${e} set. */
static json_t *
file_json(const struct node_show *s, const struct node_file *f, struct err *e)
{
	char *text, *path = xasprintf("/%s", f->path);
	int how = node_show_file(s, f, &text, e);
	json_t *file = NULL;

	/* A unit may name any path. */
	printable(path);
	if (how != -1 && how != NODE_SHOWN_ANEW)
		file = json_pack("{s:s}", "path", path);
	if (how == NODE_SHOWN_COPY)
		json_object_set_new(file, "copy_of", json_string(f->copy_of));
	else if (how == NODE_SHOWN_SAME)
		json_object_set_new(file, "unchanged", json_true());
	else if (how == NODE_SHOWN_WHOLE)
		json_object_set_new(file, "text", json_string(text));
	else if (how == NODE_SHOWN_ADDED)
		json_object_set_new(file, "added", json_string(text));
	free(path);
	free(text);
	return file;
}

static void
add_note(void *cookie, const char *note)
{
	json_array_append_new(cookie, json_string(note));
}

int
node_show_json(const struct node_show *s, struct err *e)
{
	const struct node_plan *p = s->plan;
	json_t *files = json_array(), *mind = json_array(), *all, *file;
	int rc = 0;
	size_t i;

	for (i = 0; i < p->count && rc == 0; i++) {
		file = file_json(s, &p->files[i], e);
		rc = file == NULL ? -1 : 0;
		json_array_append_new(files, file);
	}
	node_show_each_note(s, add_note, mind);
	all = json_pack("{s:s, s:s, s:s}", "client", s->client->name, "title",
	    s->client->about, "mirror", s->wish->base);
	if (p->printed != NULL)
		json_object_set_new(all, "paste", json_string(p->printed));
	else
		json_object_set(all, "files", files);
	json_object_set_new(all, "then", json_pack("[s]", s->client->reload));
	json_object_set(all, "mind", mind);
	if (rc == 0) {
		json_dumpf(all, stdout, JSON_INDENT(2));
		putchar('\n');
	}
	json_decref(files);
	json_decref(mind);
	json_decref(all);
	return rc;
}
