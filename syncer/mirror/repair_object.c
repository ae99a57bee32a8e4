#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "mirror/repair.h"

void
repair_add_source(struct repair_object *o, const char *registry,
    const char *repository, uint64_t size)
{
	struct repair_source *s;
	size_t i;

	for (i = 0; i < o->source_count; i++) {
		s = &o->sources[i];
		if (s->size == size && strcmp(s->registry, registry) == 0 &&
		    strcmp(s->repository, repository) == 0)
			return;
	}
	if (o->source_count == REPAIR_SOURCES_MAX)
		return;
	s = &o->sources[o->source_count++];
	s->registry = xstrdup(registry);
	s->repository = xstrdup(repository);
	s->size = size;
}

void
repair_object_done(struct repair_object *o)
{
	size_t i;

	for (i = 0; i < o->source_count; i++) {
		free(o->sources[i].registry);
		free(o->sources[i].repository);
	}
	o->source_count = 0;
}
