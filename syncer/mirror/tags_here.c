#include "image/kind.h"
#include "layout/mem.h"
#include "layout/name.h"
#include "mirror/tags_here.h"
#include "report/names.h"

struct tags {
	struct names names;
	size_t count;
};

static int
add(void *cookie, const char *registry, const char *repository,
    const char *reference, const struct manifest_id *id, struct err *e)
{
	struct tags *tags = cookie;

	(void)registry;
	(void)repository;
	(void)id;
	(void)e;
	if (!name_is_tag(reference) || kind_of_tag(reference) != NULL)
		return 0;
	names_add(&tags->names, reference);
	tags->count++;
	return 0;
}

char *
tags_here(const struct store *store, const char *registry,
    const char *repository)
{
	struct tags tags = { .count = 0 };
	const char *names;
	struct err ignored;

	(void)store_each_in(store, registry, repository, add, &tags, &ignored);
	names = names_end(&tags.names, tags.count);
	return names == NULL ? xstrdup("") :
	    xasprintf("; of this repository the tree has %s", names);
}
