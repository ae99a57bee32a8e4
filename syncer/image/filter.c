#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "image/filter.h"
#include "image/ref.h"
#include "layout/mem.h"

/* Fewer digits of a digest are in too many of them, and in names. */
#define DIGITS_MIN	6u

struct name {
	const char *registry, *repository, *reference, *digest;
	char *bare, *full;		/* without and with its reference */
};

/* People leave this out where they can. */
static const char *
shorten(const char *name)
{
	static const char *const usual[] = { "docker.io/library/",
	    "docker.io/" };
	size_t i;

	for (i = 0; i < 2; i++)
		if (strncmp(name, usual[i], strlen(usual[i])) == 0)
			return name + strlen(usual[i]);
	return name;
}

static bool
matches_pattern(const char *filter, const struct name *n)
{
	const char *names[] = { n->full, n->bare, shorten(n->full),
	    shorten(n->bare), NULL, NULL };
	size_t i;

	/* docker.io/nginx, and library/nginx */
	if (strncmp(n->full, "docker.io/library/", 18) == 0) {
		names[4] = n->full + 10;
		names[5] = n->bare + 10;
	}
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i] != NULL && fnmatch(filter, names[i], 0) == 0)
			return true;
	return false;
}

/* "sha256:ab12", or digits alone. */
static bool
matches_digest(const char *filter, const struct name *n)
{
	const char *hex = strchr(n->digest, ':');
	size_t len = strlen(filter);

	if (strchr(filter, ':') != NULL)
		return strncmp(filter, n->digest, len) == 0;
	return len >= DIGITS_MIN && hex != NULL &&
	    strncmp(filter, hex + 1, len) == 0;
}

/* The colon of a tag is behind the last "/", and that of a port is not. */
static const char *
find_tag(const char *filter)
{
	const char *slash = strrchr(filter, '/');

	return strchr(slash == NULL ? filter : slash, ':');
}

static bool
matches_reference(const char *filter, const struct name *n)
{
	struct image_ref ref;
	struct err ignored;
	bool ret;

	if (image_ref_parse(filter, &ref, &ignored) == -1)
		return false;
	ret = strcmp(ref.registry, n->registry) == 0 &&
	    strcmp(ref.repository, n->repository) == 0 && ref.tag != NULL &&
	    strcmp(ref.tag, n->reference) == 0;
	image_ref_done(&ref);
	return ret;
}

static bool
matches(const char *filter, const struct name *n)
{
	const char *at = strchr(filter, '@');
	char *left;
	bool ret;

	if (strpbrk(filter, "*?[") != NULL)
		return matches_pattern(filter, n);
	if (at != NULL) {
		left = xstrndup(filter, (size_t)(at - filter));
		ret = matches_digest(at + 1, n) && matches(left, n);
		free(left);
		return ret;
	}
	if (filter[0] == ':')
		return strcmp(filter + 1, n->reference) == 0;
	if (matches_digest(filter, n) || strstr(n->bare, filter) != NULL)
		return true;
	return find_tag(filter) != NULL ? matches_reference(filter, n) :
	    strstr(n->full, filter) != NULL;
}

bool
filter_matches(const char *filter, const char *registry,
    const char *repository, const char *reference, const char *digest)
{
	bool is_digest = strchr(reference, ':') != NULL;
	struct name n = { .registry = registry, .repository = repository,
	    .reference = reference, .digest = digest };
	bool ret;

	n.bare = xasprintf("%s/%s", registry, repository);
	n.full = xasprintf("%s%s%s", n.bare, is_digest ? "@" : ":", reference);
	ret = matches(filter, &n);
	free(n.bare);
	free(n.full);
	return ret;
}
