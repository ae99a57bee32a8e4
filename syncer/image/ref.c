/* References as people type them; the grammar is that of
 * distribution/reference, by way of layout/name.c. */
#include <stdlib.h>
#include <string.h>

#include "image/ref.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "layout/name.h"

#define DOCKER_HUB	"docker.io"
#define OFFICIAL	"library/"

static bool
has_upper(const char *s)
{
	return strpbrk(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != NULL;
}

/*
 * "http://", "docker://" and so on.  Without this "http:" would be taken for a
 * registry with an empty port, and the message would puzzle.
 */
static int
refuse_scheme(const char *text, struct err *e)
{
	const char *end = strstr(text, "://");

	if (end == NULL || strcspn(text, "/@") < (size_t)(end - text))
		return 0;
	return err_set(e, ERR_INPUT,
	    "remove \"%.*s\": an image is registry/repository:tag",
	    end - text > 40 ? 40 : (int)(end + 3 - text), text);
}

/*
 * The checks below only pick the sentence: what is allowed is for layout/name.c
 * to say.  Upper case comes first, since that is what people get wrong.
 */
static int
check_registry(const char *name, struct err *e)
{
	if (name_is_registry(name))
		return 0;
	if (has_upper(name))
		return err_set(e, ERR_INPUT,
		    "registry \"%.80s\": registry names are lower case", name);
	if (strlen(name) > REGISTRY_NAME_MAX)
		return err_set(e, ERR_INPUT,
		    "registry \"%.80s...\" is longer than %u characters", name,
		    REGISTRY_NAME_MAX);
	return err_set(e, ERR_INPUT, "\"%.80s\" is not a registry: write a "
	    "host name, with or without :port", name);
}

static int
check_repository(const char *name, struct err *e)
{
	if (name_is_repository(name))
		return 0;
	if (*name == '\0')
		return err_set(e, ERR_INPUT, "the repository name is empty");
	if (has_upper(name))
		return err_set(e, ERR_INPUT, "repository \"%.80s\": "
		    "repository names are lower case", name);
	if (strlen(name) > REPOSITORY_NAME_MAX)
		return err_set(e, ERR_INPUT,
		    "repository \"%.80s...\" is longer than %u characters",
		    name, REPOSITORY_NAME_MAX);
	return err_set(e, ERR_INPUT, "\"%.80s\" is not a repository name: "
	    "write lower-case letters and digits with single \".\", \"_\", "
	    "\"__\" or hyphens between them, in parts separated by \"/\"",
	    name);
}

static int
check_tag(const char *tag, struct err *e)
{
	if (name_is_tag(tag))
		return 0;
	if (*tag == '\0')
		return err_set(e, ERR_INPUT, "the tag after \":\" is empty");
	if (strlen(tag) > TAG_MAX)
		return err_set(e, ERR_INPUT,
		    "tag \"%.80s...\" is longer than %u characters", tag,
		    TAG_MAX);
	return err_set(e, ERR_INPUT, "\"%.80s\" is not a tag: write letters, "
	    "digits, \"_\", \".\" and \"-\", the first one not \".\" or \"-\"",
	    tag);
}

/*
 * The length of the first component if that is a registry, else 0.  This is the
 * rule of the Docker client: without it "user/app" would be a host.
 */
static size_t
registry_length(const char *text)
{
	size_t len = strcspn(text, "/");

	if (text[len] != '/')
		return 0;
	if (memchr(text, '.', len) != NULL || memchr(text, ':', len) != NULL)
		return len;
	return len == strlen("localhost") &&
	    memcmp(text, "localhost", len) == 0 ? len : 0;
}

/* All the names that Docker Hub has had (quirks.md#hub-names). */
static bool
is_docker_hub(const char *name)
{
	return strcmp(name, DOCKER_HUB) == 0 ||
	    strcmp(name, "index.docker.io") == 0 ||
	    strcmp(name, "registry-1.docker.io") == 0;
}

/* ${name} is what is left before "@": registry/repository. */
static int
take_names(const char *name, struct image_ref *ref, struct err *e)
{
	size_t len = registry_length(name);

	ref->registry = len == 0 ? xstrdup(DOCKER_HUB) : xstrndup(name, len);
	if (check_registry(ref->registry, e) == -1)
		return -1;
	if (len > 0)
		name += len + 1;
	/* Only Docker Hub has official images below a name of its own. */
	if (!is_docker_hub(ref->registry)) {
		ref->repository = xstrdup(name);
	} else {
		free(ref->registry);
		ref->registry = xstrdup(DOCKER_HUB);
		ref->repository = xasprintf("%s%s", *name == '\0' ||
		    strchr(name, '/') != NULL ? "" : OFFICIAL, name);
	}
	return check_repository(ref->repository, e);
}

/* A digest has a colon too, so it is cut off before the tag is looked for.  The
 * first "@": a name cannot have one. */
static int
take_digest(char *text, struct image_ref *ref, struct err *e)
{
	char *at = strchr(text, '@');

	if (at == NULL)
		return 0;
	*at = '\0';
	ref->has_digest = true;
	return digest_parse(at + 1, &ref->digest, e);
}

/* Cut the tag off ${name}; a colon before the first "/" is a port's. */
static int
take_tag(char *name, struct image_ref *ref, struct err *e)
{
	char *colon = strchr(name + registry_length(name), ':');

	if (colon == NULL)
		return 0;
	*colon = '\0';
	ref->tag = xstrdup(colon + 1);
	return check_tag(ref->tag, e);
}

/* From the end to the beginning: what is cut off first cannot be mistaken for a
 * part of what comes later. */
int
image_ref_parse(const char *text, struct image_ref *ret, struct err *e)
{
	struct image_ref ref = { .registry = NULL };
	char *copy = xstrdup(text);
	int rc = -1;

	if (refuse_scheme(copy, e) == -1 ||
	    take_digest(copy, &ref, e) == -1 ||
	    take_tag(copy, &ref, e) == -1 ||
	    take_names(copy, &ref, e) == -1)
		goto out;
	/* A digest alone gets no tag: nobody asked for "latest" to move. */
	if (ref.tag == NULL && !ref.has_digest)
		ref.tag = xstrdup("latest");
	*ret = ref;
	rc = 0;
out:
	if (rc == -1)
		image_ref_done(&ref);
	free(copy);
	return rc;
}

bool
image_ref_is_bare(const char *text)
{
	return strpbrk(text + registry_length(text), ":@") == NULL;
}

void
image_ref_done(struct image_ref *ref)
{
	free(ref->registry);
	free(ref->repository);
	free(ref->tag);
	memset(ref, 0, sizeof(*ref));
}

/* What image_ref_parse reads back to the same. */
char *
image_ref_text(const struct image_ref *ref)
{
	char digest[DIGEST_TEXT_MAX] = "";

	if (ref->has_digest)
		digest_text(&ref->digest, digest);
	return xasprintf("%s/%s%s%s%s%s", ref->registry, ref->repository,
	    ref->tag != NULL ? ":" : "", ref->tag != NULL ? ref->tag : "",
	    ref->has_digest ? "@" : "", digest);
}

const char *
image_ref_short(const char *name)
{
	static const char hub[] = "docker.io/", official[] = "library/";

	if (strncmp(name, hub, strlen(hub)) != 0)
		return name;
	name += strlen(hub);
	return strncmp(name, official, strlen(official)) == 0 ?
	    name + strlen(official) : name;
}

static int
compare_digests(const struct digest *a, const struct digest *b)
{
	if (a->alg != b->alg)
		return a->alg < b->alg ? -1 : 1;
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

/* What is absent comes first.  The tail of a short digest is zero. */
char *
image_ref_behind(const char *registry)
{
	char *name = xstrdup(registry);
	char *colon = strrchr(name, ':');

	/* An address of IPv6 can stand in no name, with or without a port. */
	if (colon != NULL && name[0] != '[')
		*colon = '_';
	return name;
}

int
image_ref_compare(const struct image_ref *a, const struct image_ref *b)
{
	int order = strcmp(a->registry, b->registry);

	if (order == 0)
		order = strcmp(a->repository, b->repository);
	if (order == 0 && a->tag != NULL && b->tag != NULL)
		order = strcmp(a->tag, b->tag);
	else if (order == 0)
		order = (a->tag != NULL) - (b->tag != NULL);
	if (order == 0 && a->has_digest && b->has_digest)
		order = compare_digests(&a->digest, &b->digest);
	else if (order == 0)
		order = a->has_digest - b->has_digest;
	return order;
}
