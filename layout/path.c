/* The one place that knows where things are.  Nothing is escaped, since the
 * grammars of name.h let nothing through that would have to be. */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "name.h"
#include "path.h"

static char *print(char *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

/* All parts are bounded by limits.h, so a path that does not fit is our bug. */
static char *
print(char *buf, const char *fmt, ...)
{
	int len;
	va_list ap;

	va_start(ap, fmt);
	len = vsnprintf(buf, STORE_PATH_MAX, fmt, ap);
	va_end(ap);
	assert(len >= 0 && (size_t)len < STORE_PATH_MAX);
	(void)len;
	return buf;
}

char *
path_blob(const struct digest *d, char buf[STORE_PATH_MAX])
{
	char hex[DIGEST_HEX_MAX];

	return print(buf, "blobs/%s/%s", digest_alg_name(d->alg),
	    digest_hex(d, hex));
}

char *
path_partial(const struct digest *d, char buf[STORE_PATH_MAX])
{
	char text[DIGEST_TEXT_MAX];

	return print(buf, "_state/partial/%s", digest_text(d, text));
}

char *
path_manifest(const struct manifest_id *id, char buf[STORE_PATH_MAX])
{
	char hex[DIGEST_HEX_MAX];

	return print(buf, "manifests/%s/%s/%s", id->media_type,
	    digest_alg_name(id->digest.alg), digest_hex(&id->digest, hex));
}

char *
path_repository(const char *registry, const char *repository,
    const char *inner, char buf[STORE_PATH_MAX])
{
	return print(buf, "repos/%s/%s/%s", registry, repository, inner);
}

char *
path_referrers(const char *registry, const char *repository,
    const struct digest *subject, char buf[STORE_PATH_MAX])
{
	char text[DIGEST_TEXT_MAX];

	return print(buf, "repos/%s/%s/_referrers/%s", registry, repository,
	    digest_text(subject, text));
}

/* As many "../" as the link's own path has folders: a tree can be copied, moved
 * and mounted anywhere. */
char *
path_link(const char *path, const struct manifest_id *id,
    char buf[STORE_PATH_MAX])
{
	char target[STORE_PATH_MAX];
	size_t used = 0;

	assert(path[0] != '/');
	for (; *path != '\0'; path++)
		if (*path == '/') {
			assert(used + 3 < STORE_PATH_MAX);
			memcpy(buf + used, "../", 3);
			used += 3;
		}
	path_manifest(id, target);
	assert(used + strlen(target) < STORE_PATH_MAX);
	memcpy(buf + used, target, strlen(target) + 1);
	return buf;
}

/* A link may be anybody's: each part has to meet its grammar before it is used.
 * Read from the end, since a media type has a slash in it. */
int
path_link_parse(const char *target, struct manifest_id *ret)
{
	struct manifest_id id;
	struct err e;
	const char *type, *alg, *hex;
	char alg_name[16];
	size_t len;

	while (strncmp(target, "../", 3) == 0)
		target += 3;
	if (strncmp(target, "manifests/", 10) != 0)
		return 0;
	type = target + 10;
	hex = strrchr(type, '/');
	if (hex == NULL)
		return 0;
	for (alg = hex; alg > type && alg[-1] != '/'; alg--)
		continue;
	len = (size_t)(hex - alg);
	if (alg == type || len >= sizeof(alg_name))
		return 0;
	memcpy(alg_name, alg, len);
	alg_name[len] = '\0';
	len = (size_t)(alg - type) - 1;
	if (len > MEDIA_TYPE_MAX)
		return 0;
	memcpy(id.media_type, type, len);
	id.media_type[len] = '\0';
	if (!name_is_manifest_type(id.media_type) ||
	    !digest_alg_parse(alg_name, &id.digest.alg) ||
	    digest_parse_hex(id.digest.alg, hex + 1, &id.digest, &e) == -1)
		return 0;
	*ret = id;
	return 1;
}

char *
path_parent(const char *path, char buf[STORE_PATH_MAX])
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return print(buf, ".");
	return print(buf, "%.*s", (int)(slash - path), path);
}
