/*
 * Which repositories have other links than at some moment: what this process
 * has published, and what the file system tells of the rest.  So what is
 * written of all of them need be read from the tree for these alone.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "mem.h"
#include "store_internal.h"

/* Times of files are as coarse as two seconds on some file systems. */
#define COARSE_S	2

/* FNV-1a: two repositories of one name would be read once too often. */
static uint64_t
name_of(const char *registry, const char *repository)
{
	const char *const parts[] = { registry, "/", repository };
	uint64_t name = 0xcbf29ce484222325u;
	const char *s;
	size_t i;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		for (s = parts[i]; *s != '\0'; s++)
			name = (name ^ (unsigned char)*s) * 0x100000001b3u;
	return name;
}

static int
compare_names(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

void
store_note_changed(struct store *st, const char *registry,
    const char *repository)
{
	struct changed *c = &st->changed;
	uint64_t name = name_of(registry, repository);

	/* Images of a repository tend to come together. */
	if (c->count > 0 && c->names[c->count - 1] == name)
		return;
	if (c->count == c->room) {
		c->room = c->room == 0 ? 32 : 2 * c->room;
		c->names = xreallocarray(c->names, c->room, sizeof(*c->names));
	}
	c->names[c->count++] = name;
	c->is_sorted = false;
}

static bool
is_noted(struct store *st, const char *registry, const char *repository)
{
	struct changed *c = &st->changed;
	uint64_t name = name_of(registry, repository);

	if (c->count > 1 && !c->is_sorted)
		qsort(c->names, c->count, sizeof(*c->names), compare_names);
	c->is_sorted = true;
	return c->count > 0 && bsearch(&name, c->names, c->count,
	    sizeof(name), compare_names) != NULL;
}

/* What is of the future was written by another clock. */
bool
store_links_changed(struct store *st, const char *registry,
    const char *repository, time_t since)
{
	char path[STORE_PATH_MAX];
	struct stat sb;

	if (st->was_dirty || since > time(NULL) + COARSE_S ||
	    is_noted(st, registry, repository))
		return true;
	path_repository(registry, repository, "_manifests", path);
	return fstatat(st->root, path, &sb, AT_SYMLINK_NOFOLLOW) == -1 ||
	    sb.st_ctim.tv_sec >= since - COARSE_S ||
	    sb.st_mtim.tv_sec >= since - COARSE_S;
}
