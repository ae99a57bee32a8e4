/* What comes in: each line is tried before it is kept, and each word of a
 * source passes the gate before it is said again. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "image/list.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "report/outside.h"
#include "source/gather_internal.h"

/* A name and a sentence, as they are shown. */
#define WHERE_MAX	512u

struct gather *
gather_new(gather_tell *tell, void *cookie)
{
	struct gather *g = xcalloc(1, sizeof(*g));

	g->tell = tell;
	g->cookie = cookie;
	gather_file(g, "", false);
	return g;
}

void
gather_free(struct gather *g)
{
	struct gather_file *file;
	size_t i;

	for (i = 0; i < g->count; i++) {
		free(g->lines[i].text);
		free(g->lines[i].name);
		free(g->lines[i].keys);
	}
	free(g->lines);
	for (i = 0; i < g->left_count && i < SOURCE_LEFT_MAX; i++)
		free(g->left[i]);
	free(g->left);
	for (i = 0; i < g->asked_count; i++)
		free(g->asked[i].name);
	free(g->asked);
	while ((file = g->files) != NULL) {
		g->files = file->next;
		free(file);
	}
	free(g);
}

void
gather_file(struct gather *g, const char *name, bool is_kept)
{
	size_t len = strlen(name) + 1;
	struct gather_file *file = xmalloc(sizeof(*file) + len);

	memcpy(file->name, name, len);
	file->next = g->files;
	g->files = file;
	g->file = file->name;
	g->order = is_kept ? 0 : ++g->files_read;
}

/* --- what is left out ---------------------------------------------------- */

void
gather_left(struct gather *g, unsigned line, const char *fmt, ...)
{
	char what[ERR_MSG_MAX], where[WHERE_MAX], shown[ERR_MSG_MAX];
	char *place;
	va_list ap;

	if (g->left_count++ >= SOURCE_LEFT_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	place = line == 0 ? xstrdup(g->file) :
	    xasprintf("%s:%u", g->file, line);
	outside_quote(where, sizeof(where), place, strlen(place));
	outside_quote(shown, sizeof(shown), what, strlen(what));
	free(place);
	if (g->left == NULL)
		g->left = xcalloc(SOURCE_LEFT_MAX, sizeof(g->left[0]));
	g->left[g->left_count - 1] = xasprintf("%s: %s", where, shown);
	g->tell(g->cookie, where, shown);
}

bool
gather_has_left(const struct gather *g)
{
	return g->left_count > 0;
}

/* --- images -------------------------------------------------------------- */

struct trial {
	bool failed;
	char why[ERR_MSG_MAX];
};

static void
on_complaint(void *cookie, const char *where, const char *what)
{
	struct trial *t = cookie;

	(void)where;
	if (!t->failed)
		snprintf(t->why, sizeof(t->why), "%s", what);
	t->failed = true;
}

/* Keys are few, and a list knows their rules.  Return the name, or NULL. */
static char *
try_keys(const char *ref, const char *keys, struct err *e)
{
	struct trial trial = { .failed = false };
	struct image_list *list = list_new(on_complaint, &trial);
	char *text = xasprintf("%s %s", ref, keys), *name = NULL;

	list_add(list, text);
	if (trial.failed)
		err_set(e, ERR_INPUT, "%s", trial.why);
	else if (list_count(list) != 1)
		err_set(e, ERR_INPUT, "no image");
	else
		name = image_ref_text(&list_at(list, 0)->ref);
	list_free(list);
	free(text);
	return name;
}

/* An image's identity alone would be taken for a repository of that name. */
static char *
try_ref(const char *ref, struct err *e)
{
	struct image_ref parsed;
	struct digest digest;
	char *name;

	if (digest_parse(ref, &digest, e) == 0) {
		err_set(e, ERR_INPUT, "%.20s... is a digest without a name",
		    ref);
		return NULL;
	}
	if (image_ref_parse(ref, &parsed, e) == -1)
		return NULL;
	name = image_ref_text(&parsed);
	image_ref_done(&parsed);
	return name;
}

/* Doubles go first: a cluster says the same few images a hundred thousand
 * times. */
static bool
make_room(struct gather *g)
{
	if (g->count < g->room && g->count < SOURCE_IMAGES_MAX)
		return true;
	if (g->is_full)
		return false;
	gather_unique(g);
	if (g->count >= SOURCE_IMAGES_MAX)
		return false;
	if (g->count >= g->room / 2) {
		g->room = g->room == 0 ? 256 : 2 * g->room;
		g->lines = xreallocarray(g->lines, g->room,
		    sizeof(g->lines[0]));
	}
	return true;
}

void
gather_image(struct gather *g, unsigned line, const char *ref,
    const char *keys)
{
	char *name;
	struct err e;

	/* "default" begins a line of another kind. */
	if (strcmp(ref, "default") == 0)
		ref = "library/default";
	if (strlen(ref) + strlen(keys) + 1 > LIST_LINE_MAX) {
		gather_left(g, line, "an image of more than %u bytes",
		    LIST_LINE_MAX);
		return;
	}
	name = try_ref(ref, &e);
	if (name != NULL && keys[0] != '\0') {
		free(name);
		name = try_keys(ref, keys, &e);
	}
	if (name == NULL) {
		gather_left(g, line, "%s", e.msg);
		return;
	}
	if (!make_room(g)) {
		if (!g->is_full)
			gather_left(g, line, "more than %u images",
			    SOURCE_IMAGES_MAX);
		g->is_full = true;
		free(name);
		return;
	}
	g->lines[g->count++] = (struct gather_line){
		.text = xstrdup(ref),
		.name = name,
		.keys = keys[0] == '\0' ? NULL : xstrdup(keys),
		.file = g->file,
		.line = line,
		.order = g->order,
	};
}

/* --- what was asked for -------------------------------------------------- */

/* Where it is in order, or should be. */
static size_t
find_asked(const struct gather *g, const char *name)
{
	size_t low = 0, high = g->asked_count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (strcmp(g->asked[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void
gather_asked(struct gather *g, const char *ref)
{
	struct err e;
	char *name = try_ref(ref, &e);
	size_t at;

	/* Whoever can reach the mirror can ask for anything. */
	if (name == NULL)
		return;
	at = find_asked(g, name);
	if (at < g->asked_count && strcmp(g->asked[at].name, name) == 0) {
		g->asked[at].times++;
		free(name);
		return;
	}
	if (g->asked_count == SOURCE_ASKED_MAX) {
		g->asked_more++;
		free(name);
		return;
	}
	if (g->asked == NULL)
		g->asked = xcalloc(SOURCE_ASKED_MAX, sizeof(g->asked[0]));
	memmove(&g->asked[at + 1], &g->asked[at],
	    (g->asked_count - at) * sizeof(g->asked[0]));
	g->asked[at] = (struct gather_asked){ name, 1 };
	g->asked_count++;
}
