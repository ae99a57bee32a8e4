#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "mirror/active.h"

/* More of them nobody reads. */
#define NAMED		3u

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

/* As people would type it. */
static void
put_name(const struct image_ref *ref, char *buf, size_t size)
{
	char *name = image_ref_text(ref), *shown = name;

	if (strncmp(shown, "docker.io/", 10) == 0)
		shown += 10;
	if (shown != name && strncmp(shown, "library/", 8) == 0)
		shown += 8;
	shown[strcspn(shown, "@")] = '\0';
	snprintf(buf, size, "%s", shown);
	free(name);
}

const char *
active_names(const struct active *a, char buf[ACTIVE_NAMES_MAX])
{
	size_t i, len = 0, named = a->count < NAMED ? a->count : NAMED;

	if (a->count == 0)
		return NULL;
	buf[0] = '\0';
	for (i = 0; i < named && len < ACTIVE_NAMES_MAX / 2; i++) {
		if (i > 0)
			len += (size_t)snprintf(buf + len,
			    ACTIVE_NAMES_MAX - len, ", ");
		put_name(&a->entries[i]->ref, buf + len,
		    ACTIVE_NAMES_MAX - len);
		len = strlen(buf);
	}
	if (i < a->count)
		snprintf(buf + len, ACTIVE_NAMES_MAX - len, " and %zu more",
		    a->count - i);
	return buf;
}
