#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "mirror/active.h"

void
active_add(struct active *a, const struct list_entry *entry)
{
	if (a->count == a->room) {
		a->room = a->room == 0 ? 16 : 2 * a->room;
		a->entries = xreallocarray(a->entries, a->room,
		    sizeof(*a->entries));
	}
	a->entries[a->count++] = entry;
}

void
active_remove(struct active *a, const struct list_entry *entry)
{
	size_t i;

	for (i = 0; i < a->count && a->entries[i] != entry; i++)
		;
	if (i == a->count)
		return;
	a->count--;
	memmove(a->entries + i, a->entries + i + 1,
	    (a->count - i) * sizeof(*a->entries));
}

void
active_done(struct active *a)
{
	free(a->entries);
	*a = (struct active){ .entries = NULL };
}

static void
add_name(const struct image_ref *ref, struct names *n)
{
	char *name = image_ref_text(ref);

	name[strcspn(name, "@")] = '\0';
	names_add(n, image_ref_short(name));
	free(name);
}

const char *
active_names(const struct active *a, struct names *n)
{
	size_t i;

	*n = (struct names){ .count = 0 };
	for (i = 0; i < a->count && i < NAMED; i++)
		add_name(&a->entries[i]->ref, n);
	return names_end(n, a->count);
}
