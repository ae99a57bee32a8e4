#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "mirror/overlap.h"

/* A tag, and a line whose pattern it matches. */
struct claim {
	char *tag;
	bool left_out;			/* by newest= */
	size_t line, turn;
};

struct overlap {
	const struct list_entry **lines;
	size_t count, pending;
	size_t last;			/* the line that was spoken of last */
	int priority;			/* the highest */
	bool is_chosen;
	struct claim *claims;
	size_t claim_count, room;
};

/* A found image while it is not settled whose it is: indices of lines. */
struct find {
	struct claim *first;
	size_t rival;			/* NOBODY: all agree */
	int priority;
};

#define NOBODY	SIZE_MAX

struct overlap *
overlap_new(void)
{
	return xcalloc(1, sizeof(struct overlap));
}

static void
drop_claims(struct overlap *o)
{
	size_t i;

	for (i = 0; i < o->claim_count; i++)
		free(o->claims[i].tag);
	free(o->claims);
	o->claims = NULL;
	o->claim_count = o->room = 0;
}

void
overlap_free(struct overlap *o)
{
	if (o == NULL)
		return;
	drop_claims(o);
	free(o->lines);
	free(o);
}

void
overlap_add(struct overlap *o, const struct list_entry *line)
{
	o->lines = xreallocarray(o->lines, o->count + 1, sizeof(*o->lines));
	if (o->count == 0 || line->priority > o->priority)
		o->priority = line->priority;
	o->lines[o->count++] = line;
	o->pending++;
}

int
overlap_priority(const struct overlap *o)
{
	return o->priority;
}

void
overlap_choose(struct overlap *o)
{
	o->is_chosen = true;
}

bool
overlap_is_chosen(const struct overlap *o)
{
	return o->is_chosen;
}

static size_t
index_of(struct overlap *o, const struct list_entry *line)
{
	if (o->lines[o->last] == line)
		return o->last;
	o->last = 0;
	while (o->last < o->count && o->lines[o->last] != line)
		o->last++;
	assert(o->last < o->count);
	return o->last;
}

static void
claim(struct overlap *o, const struct list_entry *line, const char *tag,
    bool left_out)
{
	if (o->claim_count == o->room) {
		o->room = o->room == 0 ? 64 : 2 * o->room;
		o->claims = xreallocarray(o->claims, o->room,
		    sizeof(*o->claims));
	}
	o->claims[o->claim_count] = (struct claim){ .tag = xstrdup(tag),
	    .left_out = left_out, .line = index_of(o, line),
	    .turn = o->claim_count };
	o->claim_count++;
}

void
overlap_found(struct overlap *o, const struct list_entry *line,
    const char *tag)
{
	claim(o, line, tag, false);
}

void
overlap_left_out(struct overlap *o, const struct list_entry *line,
    const char *tag)
{
	if (o->count > 1)
		claim(o, line, tag, true);
}

bool
overlap_ended(struct overlap *o)
{
	assert(o->pending > 0);
	return --o->pending == 0;
}

/* --- whose is it? ------------------------------------------------------ */

static int
compare_claims(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;
	int c = strcmp(x->tag, y->tag);

	if (c != 0)
		return c;
	if (x->left_out != y->left_out)
		return x->left_out ? 1 : -1;
	return x->line < y->line ? -1 : x->line > y->line;
}

static bool
agree(const struct overlap *o, size_t a, size_t b)
{
	return list_difference(o->lines[a], o->lines[b]) == NULL;
}

/* The first one who has another opinion, whoever answered first. */
static void
dispute(const struct overlap *o, struct find *f, size_t line)
{
	if (line < f->rival && !agree(o, f->first->line, line))
		f->rival = line;
}

/* What each has found.  Return how many images. */
static size_t
unite(const struct overlap *o, struct find *finds)
{
	struct find *f = NULL;
	struct claim *c;
	size_t i, count = 0;
	int priority;

	for (i = 0; i < o->claim_count; i++) {
		c = &o->claims[i];
		if (c->left_out)
			continue;
		priority = o->lines[c->line]->priority;
		if (f == NULL || strcmp(f->first->tag, c->tag) != 0) {
			f = &finds[count++];
			*f = (struct find){ c, NOBODY, priority };
			continue;
		}
		dispute(o, f, c->line);
		if (priority > f->priority)
			f->priority = priority;
	}
	return count;
}

static bool
is_left_out(const struct overlap *o, char *tag, size_t line)
{
	struct claim wanted = { .tag = tag, .left_out = true, .line = line };

	return bsearch(&wanted, o->claims, o->claim_count,
	    sizeof(*o->claims), compare_claims) != NULL;
}

/* One that was asked too early to find it, or in vain, wants it as well. */
static void
ask_pattern(const struct overlap *o, size_t line, struct find *finds,
    size_t count)
{
	struct tag_matcher *m = tag_matcher_new(o->lines[line]->tags);
	char *tag;
	size_t i;

	for (i = 0; i < count; i++) {
		tag = finds[i].first->tag;
		if (line < finds[i].rival && tag_matcher_wants(m, tag) &&
		    !is_left_out(o, tag, line))
			dispute(o, &finds[i], line);
	}
	tag_matcher_free(m);
}

static void
ask_patterns(const struct overlap *o, struct find *finds, size_t count)
{
	bool same = true;
	size_t i;

	for (i = 1; i < o->count && same; i++)
		same = agree(o, 0, i);
	for (i = 0; i < o->count && !same; i++)
		ask_pattern(o, i, finds, count);
}

/* --- what is to be done ------------------------------------------------ */

static int
compare_finds(const void *a, const void *b)
{
	const struct find *x = a, *y = b;

	if (x->priority != y->priority)
		return x->priority > y->priority ? -1 : 1;
	if (x->first->line != y->first->line)
		return x->first->line < y->first->line ? -1 : 1;
	return x->first->turn < y->first->turn ? -1 : 1;
}

/* The name becomes the image's. */
static void
image_of(const struct overlap *o, const struct find *f,
    struct overlap_image *image)
{
	image->line = o->lines[f->first->line];
	image->rival = f->rival == NOBODY ? NULL : o->lines[f->rival];
	image->entry = *image->line;
	image->entry.tags = NULL;
	image->entry.is_found = true;
	image->entry.ref.tag = f->first->tag;
	f->first->tag = NULL;
	image->entry.priority = f->priority;
}

size_t
overlap_take(struct overlap *o, struct overlap_image **ret)
{
	struct find *finds = xcalloc(o->claim_count, sizeof(*finds));
	struct overlap_image *images;
	size_t i, count;

	if (o->claim_count > 1)
		qsort(o->claims, o->claim_count, sizeof(*o->claims),
		    compare_claims);
	count = unite(o, finds);
	ask_patterns(o, finds, count);
	if (count > 1)
		qsort(finds, count, sizeof(*finds), compare_finds);
	images = xcalloc(count, sizeof(*images));
	for (i = 0; i < count; i++)
		image_of(o, &finds[i], &images[i]);
	free(finds);
	drop_claims(o);
	*ret = images;
	return count;
}
