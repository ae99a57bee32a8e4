/* Many lines become a list: in order, each image once, and nothing in it that a
 * sync would refuse. */
#include <stdlib.h>
#include <string.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "source/gather_internal.h"

/* Without the digest, where there is a tag before it: how much of the name is
 * the same in all lines about one tag. */
static size_t
stem_length(const char *name)
{
	size_t len = strcspn(name, "@");
	const char *slash = memchr(name, '/', len);

	/* Behind the registry, which may have a port. */
	if (slash != NULL && memchr(slash, ':', len - (size_t)(slash - name)) !=
	    NULL)
		return len;
	return strlen(name);
}

static int
compare_stems(const char *a, const char *b)
{
	size_t n = stem_length(a), m = stem_length(b);
	int order = memcmp(a, b, n < m ? n : m);

	return order != 0 ? order : (n > m) - (n < m);
}

/* The word of a pattern: with another one it is another line. */
static const char *
pattern_of(const struct gather_line *line, size_t *ret_len)
{
	const char *keys = line->keys, *at = NULL;

	*ret_len = 0;
	if (keys == NULL)
		return "";
	if (strncmp(keys, "tags=", 5) == 0)
		at = keys;
	else if ((at = strstr(keys, " tags=")) != NULL)
		at++;
	if (at == NULL)
		return "";
	*ret_len = strcspn(at, " ");
	return at;
}

static int
compare_images(const struct gather_line *a, const struct gather_line *b)
{
	size_t n, m;
	const char *x, *y;
	int order = compare_stems(a->name, b->name);

	if (order == 0)
		order = strcmp(a->name, b->name);
	if (order != 0)
		return order;
	x = pattern_of(a, &n);
	y = pattern_of(b, &m);
	order = memcmp(x, y, n < m ? n : m);
	return order != 0 ? order : (n > m) - (n < m);
}

static int
compare_lines(const void *a, const void *b)
{
	const struct gather_line *x = a, *y = b;
	int order = compare_images(x, y);

	if (order == 0)
		order = (x->order > y->order) - (x->order < y->order);
	if (order == 0)
		order = (x->line > y->line) - (x->line < y->line);
	return order != 0 ? order : strcmp(x->text, y->text);
}

static void
done(struct gather_line *line)
{
	free(line->text);
	free(line->name);
	free(line->keys);
}

/* Two lines about one image, ${into} the earlier one. */
static void
join(struct gather *g, struct gather_line *into, struct gather_line *from)
{
	const char *file = g->file;
	char *keys = from->keys;

	if (into->order != 0 && into->keys == NULL) {
		into->keys = keys;
		into->file = from->file;
		into->line = from->line;
		from->keys = NULL;
	} else if (into->order != 0 && keys != NULL &&
	    strcmp(into->keys, keys) != 0) {
		g->file = from->file;
		gather_left(g, from->line, "%s: \"%s\" here, \"%s\" in "
		    "%s:%u: that holds", from->text, keys, into->keys,
		    into->file, into->line);
		g->file = file;
	}
	if (into->order != 0 && strcmp(from->text, into->text) < 0) {
		free(into->text);
		into->text = from->text;
		from->text = NULL;
	}
	done(from);
}

void
gather_unique(struct gather *g)
{
	size_t i, last = 0;

	if (g->count == 0)
		return;
	qsort(g->lines, g->count, sizeof(g->lines[0]), compare_lines);
	for (i = 1; i < g->count; i++) {
		if (compare_images(&g->lines[last], &g->lines[i]) == 0)
			join(g, &g->lines[last], &g->lines[i]);
		else
			g->lines[++last] = g->lines[i];
	}
	g->count = last + 1;
}

/* NAME:TAG@DIGEST becomes NAME@DIGEST. */
static void
cut_tag(char *text)
{
	char *at = strchr(text, '@'), *colon = at;

	while (*colon != ':')
		colon--;
	memmove(colon, at, strlen(at) + 1);
}

/* All lines about one tag: more than one, or one that stays as it is.  Of the
 * kept file all stay, and speak for the tag. */
static void
part(struct gather *g, struct gather_line *lines, size_t count)
{
	bool has_kept = lines[0].order == 0, has_bare = false;
	struct gather_line *line;
	size_t i;

	for (i = 0; i < count; i++) {
		has_kept = has_kept || lines[i].order == 0;
		has_bare = has_bare || strchr(lines[i].name, '@') == NULL;
	}
	for (i = 0; i < count; i++) {
		line = &lines[i];
		if (line->order == 0)
			continue;
		if (strchr(line->name, '@') == NULL) {
			/* The kept file has this tag already, by a digest. */
			if (has_kept) {
				done(line);
				line->text = NULL;
			}
			continue;
		}
		if (!has_kept && !has_bare) {
			g->file = line->file;
			gather_left(g, line->line, "%s: this tag has several "
			    "digests: listed by digest alone", line->text);
		}
		cut_tag(line->text);
		cut_tag(line->name);
	}
}

static void
part_all(struct gather *g)
{
	size_t i, n, kept = 0;

	for (i = 0; i < g->count; i += n) {
		for (n = 1; i + n < g->count && compare_stems(g->lines[i].name,
		    g->lines[i + n].name) == 0; n++)
			continue;
		/* Patterns of one repository are no such lines. */
		if (n > 1 && stem_length(g->lines[i].name) ==
		    strcspn(g->lines[i].name, "@") &&
		    strcmp(g->lines[i].name, g->lines[i + n - 1].name) != 0)
			part(g, &g->lines[i], n);
	}
	for (i = 0; i < g->count; i++)
		if (g->lines[i].text != NULL)
			g->lines[kept++] = g->lines[i];
	g->count = kept;
}

size_t
gather_settle(struct gather *g)
{
	gather_unique(g);
	part_all(g);
	gather_unique(g);
	return g->count;
}

void
gather_print(const struct gather *g, FILE *to)
{
	const struct gather_line *line;
	size_t i;

	for (i = 0; i < g->left_count && i < SOURCE_LEFT_MAX; i++)
		fprintf(to, "# %s\n", g->left[i]);
	if (g->left_count > SOURCE_LEFT_MAX)
		fprintf(to, "# and %zu more that could not be taken over\n",
		    g->left_count - SOURCE_LEFT_MAX);
	for (i = 0; i < g->asked_count; i++)
		fprintf(to, "# asked for and not found: %s (%zu)\n",
		    g->asked[i].name, g->asked[i].times);
	if (g->asked_more > 0)
		fprintf(to, "# asked for and not found: others (%zu)\n",
		    g->asked_more);
	for (i = 0; i < g->count; i++) {
		line = &g->lines[i];
		fprintf(to, "%s%s%s\n", line->text, line->keys == NULL ? "" :
		    " ", line->keys == NULL ? "" : line->keys);
	}
}
