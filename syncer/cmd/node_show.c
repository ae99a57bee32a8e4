/* What node-config would write, for people to read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/node_show.h"
#include "layout/mem.h"
#include "node/containerd_toml.h"
#include "node/folders.h"
#include "node/rancher_yaml.h"
#include "node/under.h"
#include "report/printable.h"

/* --- notes --------------------------------------------------------------- */

/* Registries that _default is not for, as one list; free(3) it. */
static char *
list_apart(const struct node_show *s, const char *certs_d)
{
	struct node_folders f = { .count = 0 };
	char *text = xstrdup(""), *longer;
	size_t i;

	node_folders_read(s->root, certs_d, &f);
	for (i = 0; i < f.count; i++) {
		const struct node_folder *one = &f.list[i];

		/* One of ours from before goes, and the mirror's own holds
		 * its certificates. */
		if (strcmp(one->name, NODE_FOLDER_DEFAULT) == 0 ||
		    one->is_ours || strcmp(one->name, s->wish->place) == 0 ||
		    node_folder_leads(one, &s->wish->mirror))
			continue;
		longer = xasprintf("%s%s%s", text, text[0] == '\0' ? "" : ", ",
		    one->name);
		free(text);
		text = longer;
	}
	node_folders_done(&f);
	return text;
}

static char *
note_apart(const struct node_show *s, const struct node_file *file)
{
	static const char end[] = "/" NODE_FOLDER_DEFAULT "/hosts.toml";
	size_t len = strlen(file->path);
	char *certs_d, *names, *note = NULL;

	if (len < sizeof(end) ||
	    strcmp(file->path + len - (sizeof(end) - 1), end) != 0)
		return NULL;
	certs_d = xstrndup(file->path, len - (sizeof(end) - 1));
	names = list_apart(s, certs_d);
	if (names[0] != '\0')
		note = xasprintf("/%s has folders of their own for these "
		    "registries, so " NODE_FOLDER_DEFAULT " does not count for "
		    "them: %s. Make their hosts.toml lead to the mirror, or "
		    "move these folders away", certs_d, names);
	free(names);
	free(certs_d);
	return note;
}

/* A file of somebody else, where one of ours alone is wanted: --install refuses
 * it.  What cannot be read it names itself. */
static bool
is_in_the_way(const struct node_show *s, const struct node_file *file)
{
	char *now = NULL, *next = NULL;
	struct err ignored;
	bool ret = file->kind == NODE_WHOLE && file->copy_of == NULL &&
	    under_read(s->root, file->path, &now, NULL, &ignored) == 1 &&
	    node_merge(file->kind, file->path, now, file->text, &next,
	    &ignored) == -1;

	free(now);
	free(next);
	return ret;
}

/* Takes the note; NULL is none. */
static void
tell(char *note, void (*fn)(void *, const char *), void *cookie)
{
	if (note == NULL)
		return;
	printable(note);
	fn(cookie, note);
	free(note);
}

void
node_show_each_note(const struct node_show *s,
    void (*fn)(void *, const char *), void *cookie)
{
	size_t i;

	if (s->client->program != NULL && !s->wish->has_version)
		tell(xasprintf("the version of %s is not known, so this is for "
		    "older versions: give --client-version",
		    s->client->program), fn, cookie);
	for (i = 0; i < s->plan->note_count; i++)
		tell(xstrdup(s->plan->notes[i]), fn, cookie);
	for (i = 0; i < s->plan->count; i++) {
		tell(note_apart(s, &s->plan->files[i]), fn, cookie);
		if (is_in_the_way(s, &s->plan->files[i]))
			tell(xasprintf("/%s is there already, and cdr did not "
			    "write it: --install does not touch it; put in by "
			    "hand what it lacks", s->plan->files[i].path), fn,
			    cookie);
	}
}

static void
print_note(void *cookie, const char *note)
{
	(void)cookie;
	printf("# Note: %s.\n", note);
}

void
node_show_notes(const struct node_show *s)
{
	node_show_each_note(s, print_note, NULL);
}

/* --- files --------------------------------------------------------------- */

/* Of config.toml, which may be long, what would be new in it. */
static char *
new_lines(const char *text)
{
	char *lines = xstrdup("");
	size_t len;

	for (; *text != '\0'; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		if (containerd_toml_is_ours(text, len))
			lines = for_append(lines, xasprintf("%.*s\n", (int)len,
			    text));
	}
	return lines;
}

/* The owner's registries.yaml may have passwords in it. */
static int
yaml_file(const struct node_file *f, const char *now, const char *next,
    char **ret)
{
	char *text = next != NULL ? rancher_yaml_new_lines(now, next) :
	    rancher_yaml_joined(now, f->text);

	if (text == NULL)
		return -1;
	*ret = text;
	return next != NULL ? NODE_SHOWN_ADDED : NODE_SHOWN_ANEW;
}

int
node_show_file(const struct node_show *s, const struct node_file *f, char **ret,
    struct err *e)
{
	char *now = NULL, *next = NULL;
	int rc;

	*ret = NULL;
	if (f->copy_of != NULL)
		return NODE_SHOWN_COPY;
	if (f->kind == NODE_WHOLE) {
		*ret = xstrdup(f->text);
		return NODE_SHOWN_WHOLE;
	}
	rc = under_read(s->root, f->path, &now, NULL, e);
	if (rc >= 0)
		rc = node_merge(f->kind, f->path, now, f->text, &next, e);
	if (rc == 0 && now != NULL && strcmp(now, next) == 0) {
		rc = NODE_SHOWN_SAME;
	} else if (f->kind == NODE_REGISTRIES_YAML && now != NULL) {
		rc = yaml_file(f, now, next, ret);
	} else if (rc == 0 && f->kind == NODE_CONTAINERD_TOML && now != NULL) {
		*ret = new_lines(next);
		rc = NODE_SHOWN_ADDED;
	} else if (rc == 0) {
		*ret = next;
		next = NULL;
		rc = NODE_SHOWN_WHOLE;
	}
	free(now);
	free(next);
	return rc;
}

/* Lines that somebody else wrote. */
static void
say_lines(char *text)
{
	char *line;

	while ((line = strsep(&text, "\n")) != NULL &&
	    (text != NULL || line[0] != '\0')) {
		line[strcspn(line, "\r")] = '\0';
		printable(line);
		printf("%s\n", line);
	}
	printf("\n");
}

static int
print_file(const struct node_show *s, const struct node_file *f, struct err *e)
{
	char *text;
	int how = node_show_file(s, f, &text, e);

	switch (how) {
	case NODE_SHOWN_COPY:
		printf("# --- /%s: a copy of %s\n\n", f->path, f->copy_of);
		break;
	case NODE_SHOWN_SAME:
		printf("# --- /%s: unchanged\n\n", f->path);
		break;
	case NODE_SHOWN_WHOLE:
		printf("# --- /%s:\n%s\n", f->path, text);
		break;
	case NODE_SHOWN_ADDED:
		printf("# --- /%s, with these lines added:\n", f->path);
		say_lines(text);
		break;
	case NODE_SHOWN_ANEW:
		printf("# --- /%s, written anew (your comments are lost, and "
		    "*** stands for what is secret):\n", f->path);
		say_lines(text);
		break;
	default:
		break;
	}
	free(text);
	return how == -1 || how == NODE_SHOWN_ANEW ? -1 : 0;
}

int
node_show_text(const struct node_show *s, struct err *e)
{
	const struct node_plan *p = s->plan;
	bool is_free = true;
	size_t i;

	if (p->printed != NULL)
		fputs(p->printed, stdout);
	for (i = 0; i < p->count; i++) {
		if (print_file(s, &p->files[i], e) == -1)
			return -1;
		is_free = is_free && !is_in_the_way(s, &p->files[i]);
	}
	node_show_notes(s);
	if (p->printed == NULL)
		printf("# Nothing has been written%s.\n", is_free ?
		    "; --install writes it" : "");
	printf("# Then: %s.\n", s->client->reload);
	return 0;
}
