#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "image/only.h"
#include "layout/limits.h"
#include "layout/mem.h"

struct one {
	char *text;			/* as it was written */
	struct image_ref ref;		/* its tag is NULL: any */
	bool is_met;
};

struct only {
	struct one *each;
	size_t count;
	bool is_sorted;
};

struct only *
only_new(void)
{
	return xcalloc(1, sizeof(struct only));
}

void
only_free(struct only *o)
{
	size_t i;

	if (o == NULL)
		return;
	for (i = 0; i < o->count; i++) {
		image_ref_done(&o->each[i].ref);
		free(o->each[i].text);
	}
	free(o->each);
	free(o);
}

/* What belongs to an image has a tag of its own, which no line has. */
static bool
is_any(const char *text, const struct image_ref *ref)
{
	return image_ref_is_bare(text) || ref->tag == NULL ||
	    tag_is_signature(ref->tag);
}

int
only_add(struct only *o, const char *text, struct err *e)
{
	struct image_ref ref;

	if (o->count == HINTS_RUN_MAX)
		return err_set(e, ERR_INPUT, "more than %u images",
		    HINTS_RUN_MAX);
	if (image_ref_parse(text, &ref, e) == -1)
		return -1;
	if (is_any(text, &ref)) {
		free(ref.tag);
		ref.tag = NULL;
	}
	o->each = xreallocarray(o->each, o->count + 1, sizeof(*o->each));
	o->each[o->count++] = (struct one){ xstrdup(text), ref, false };
	o->is_sorted = false;
	return 0;
}

size_t
only_count(const struct only *o)
{
	return o->count;
}

const char *
only_missed(const struct only *o, size_t i)
{
	assert(i < o->count);
	return o->each[i].is_met ? NULL : o->each[i].text;
}

bool
only_hears(const struct list_entry *entry, const char *tag)
{
	struct tag_matcher *m;
	bool ret;

	if (tag == NULL || tag_is_signature(tag))
		return true;
	if (entry->tags == NULL)
		return entry->ref.tag != NULL &&
		    strcmp(entry->ref.tag, tag) == 0;
	m = tag_matcher_new(entry->tags);
	ret = tag_matcher_wants(m, tag);
	tag_matcher_free(m);
	return ret;
}

static int
compare_repository(const struct image_ref *a, const struct image_ref *b)
{
	int c = strcmp(a->registry, b->registry);

	return c != 0 ? c : strcmp(a->repository, b->repository);
}

static int
compare(const void *a, const void *b)
{
	const struct one *x = a, *y = b;
	int c = compare_repository(&x->ref, &y->ref);

	if (c != 0 || x->ref.tag == y->ref.tag)
		return c;
	if (x->ref.tag == NULL || y->ref.tag == NULL)
		return x->ref.tag == NULL ? -1 : 1;
	return strcmp(x->ref.tag, y->ref.tag);
}

static void
sort(struct only *o)
{
	if (o->count > 1 && !o->is_sorted)
		qsort(o->each, o->count, sizeof(*o->each), compare);
	o->is_sorted = true;
}

/* The first one of that repository, or of one behind it. */
static size_t
first_of(const struct only *o, const struct image_ref *ref)
{
	size_t low = 0, high = o->count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (compare_repository(&o->each[middle].ref, ref) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
takes_tags(const struct list_entry *entry)
{
	return entry->tags != NULL && entry->newest == 0;
}

/* Those that are equal stand side by side. */
static void
add_tag(char **tags, size_t *count, char *tag)
{
	if (*count == 0 || strcmp(tags[*count - 1], tag) != 0)
		tags[(*count)++] = tag;
}

enum only_part
only_part(struct only *o, const struct list_entry *entry, char ***ret,
    size_t *ret_count)
{
	char **tags;
	bool is_all = false;
	size_t i, count = 0;
	struct one *one;

	sort(o);
	tags = xcalloc(o->count + 1, sizeof(*tags));
	for (i = first_of(o, &entry->ref); i < o->count; i++) {
		one = &o->each[i];
		if (compare_repository(&one->ref, &entry->ref) != 0)
			break;
		if (!only_hears(entry, one->ref.tag))
			continue;
		one->is_met = true;
		if (one->ref.tag == NULL || !takes_tags(entry))
			is_all = true;
		else
			add_tag(tags, &count, one->ref.tag);
	}
	if (is_all || count == 0) {
		free(tags);
		return is_all ? ONLY_ALL : ONLY_NOTHING;
	}
	*ret = tags;
	*ret_count = count;
	return ONLY_TAGS;
}
