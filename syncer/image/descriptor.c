/*
 * Descriptors (image-spec descriptor.md), the entries of which manifests are
 * made.  All is a stranger's: a member that decides anything has to be right,
 * one that only informs is left out where it is wrong.
 */
#include <stdlib.h>
#include <string.h>

#include "image/descriptor.h"
#include "image/readjson.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "layout/name.h"

/* BuildKit's annotations (quirks.md#attestations). */
#define ANNOTATION_TYPE		"vnd.docker.reference.type"
#define ANNOTATION_DIGEST	"vnd.docker.reference.digest"
/* Others': quirks.md#one-platform-several-entries. */
#define ANNOTATION_SOCI		"com.amazon.soci.image-manifest-digest"
#define ANNOTATION_ZSTD		"io.github.containers.compression.zstd"

/* The specification wants it in each descriptor; without it there is no telling
 * how to go on. */
int
descriptor_media_type(const json_t *object, char **ret, struct err *e)
{
	const char *type = NULL;

	if (readjson_need(object, "mediaType", &type, e) == -1)
		return -1;
	if (!name_is_media_type(type))
		return err_set(e, ERR_DATA, "mediaType is not a media type");
	*ret = xstrdup(type);
	media_lower(*ret);
	return 0;
}

/* Nobody is served it, and some say "sbom", or nothing
 * (quirks.md#types-of-layers).  Jansson lets through UTF-8 alone. */
static int
any_type(const json_t *object, char **ret, struct err *e)
{
	const char *type = "";
	const unsigned char *s;

	if (readjson_string(object, "mediaType", &type, e) == -1)
		return -1;
	for (s = (const unsigned char *)type; *s != '\0'; s++)
		if (*s < ' ' || *s == 0x7f || (*s == 0xc2 && s[1] < 0xa0))
			return err_set(e, ERR_DATA,
			    "mediaType has an unprintable character");
	*ret = xstrdup(type);
	media_lower(*ret);
	return 0;
}

/* It is listed and filtered by, nothing more. */
int
descriptor_artifact_type(const json_t *object, char **ret, struct err *e)
{
	const char *type = NULL;
	int rc = readjson_string(object, "artifactType", &type, e);

	if (rc == 1 && name_is_media_type(type))
		*ret = xstrdup(type);
	return rc == -1 ? -1 : 0;
}

/* 1e3 and 1000.0 are real numbers to Jansson, and refused: descriptor.md says
 * int64. */
static int
get_size(const json_t *object, uint64_t *ret, struct err *e)
{
	json_t *value = readjson_member(object, "size");
	json_int_t size;

	if (value == NULL)
		return err_set(e, ERR_DATA, "size is missing");
	if (!json_is_integer(value))
		return err_set(e, ERR_DATA, "size is not a whole number");
	size = json_integer_value(value);
	/* An unsigned reader would take -1 for all that there is. */
	if (size < 0)
		return err_set(e, ERR_DATA, "size is negative");
	if ((uint64_t)size > BLOB_BYTES_MAX)
		return err_set(e, ERR_LIMIT, "size %lld is over %llu",
		    (long long)size, (unsigned long long)BLOB_BYTES_MAX);
	*ret = (uint64_t)size;
	return 0;
}

/*
 * Whether ${text} is a digest by the grammar of descriptor.md, with an
 * algorithm that is not ours (quirks.md#digest-algorithms); if so its name goes
 * to ${ret}, cut to fit.
 */
static bool
is_foreign_digest(const char *text, char ret[32])
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789+._-");
	const char *encoded = text + len + 1;
	size_t rest;

	if (len == 0 || text[len] != ':' || strncmp(text, "sha256:", 7) == 0 ||
	    strncmp(text, "sha512:", 7) == 0)
		return false;
	rest = strspn(encoded, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789=_-");
	if (rest == 0 || encoded[rest] != '\0')
		return false;
	if (len > 31)
		len = 31;
	memcpy(ret, text, len);
	ret[len] = '\0';
	return true;
}

/* Return 1; 0 and ${algorithm} where the algorithm is unknown; or -1. */
static int
get_digest(const json_t *object, struct digest *ret, char algorithm[32],
    struct err *e)
{
	struct err why;
	const char *text = NULL;

	if (readjson_need(object, "digest", &text, e) == -1)
		return -1;
	if (is_foreign_digest(text, algorithm))
		return 0;
	/* The reason quotes the text, which is a stranger's. */
	if (digest_parse(text, ret, &why) == -1)
		return err_set(e, ERR_DATA, "digest is not sha256: with 64 or "
		    "sha512: with 128 of the digits 0-9a-f");
	return 1;
}

/*
 * One part of a platform into ${part}, which has ${room}.  It is shown to
 * people and compared, so no more than printable ASCII gets in; real ones are
 * plain words and numbers.
 */
static int
get_part(const json_t *platform, const char *key, char *part, size_t room,
    struct err *e)
{
	const char *s = NULL;
	size_t i;
	int rc = readjson_string(platform, key, &s, e);

	if (rc != 1)
		return rc;
	if (strlen(s) >= room)
		return err_set(e, ERR_LIMIT,
		    "%s is longer than %zu characters", key, room - 1);
	for (i = 0; s[i] != '\0'; i++)
		if (s[i] < ' ' || s[i] > '~')
			return err_set(e, ERR_DATA,
			    "%s has an unprintable character", key);
	memcpy(part, s, i + 1);
	return 0;
}

/* Members that are not known, such as os.features, make no difference here: the
 * index keeps its bytes. */
int
descriptor_platform(const json_t *object, struct platform *ret, struct err *e)
{
	struct platform p = { .os = "" };

	if (get_part(object, "os", p.os, sizeof(p.os), e) == -1 ||
	    get_part(object, "architecture", p.architecture,
	    sizeof(p.architecture), e) == -1 ||
	    get_part(object, "variant", p.variant, sizeof(p.variant),
	    e) == -1 ||
	    get_part(object, "os.version", p.os_version,
	    sizeof(p.os_version), e) == -1)
		return -1;
	platform_normalise(&p);
	*ret = p;
	return 0;
}

/* An empty platform says as much as none. */
static int
read_platform(const json_t *json, struct descriptor *d, struct err *e)
{
	json_t *platform = readjson_member(json, "platform");

	if (platform == NULL)
		return 0;
	if (!json_is_object(platform))
		return err_set(e, ERR_DATA, "platform is not an object");
	if (descriptor_platform(platform, &d->platform, e) == -1)
		return err_wrap(e, "platform");
	d->has_platform = d->platform.os[0] != '\0' ||
	    d->platform.architecture[0] != '\0';
	return 0;
}

static bool
has_real_platform(const struct descriptor *d)
{
	return d->has_platform && (strcmp(d->platform.os, "unknown") != 0 ||
	    strcmp(d->platform.architecture, "unknown") != 0);
}

/*
 * An entry that has a real platform is an image to every client, whatever its
 * annotations say, so here too.  Annotations are free text: one that is no
 * digest is no error.
 */
static void
read_annotations(const json_t *json, struct descriptor *d)
{
	const json_t *all = readjson_member(json, "annotations");
	const char *type, *attested;
	struct err ignored;

	type = json_string_value(json_object_get(all, ANNOTATION_TYPE));
	attested = json_string_value(json_object_get(all, ANNOTATION_SOCI));
	if (!has_real_platform(d)) {
		if (attested == NULL)
			attested = json_string_value(json_object_get(all,
			    ANNOTATION_DIGEST));
		d->is_attestation = attested != NULL || (type != NULL &&
		    strcmp(type, "attestation-manifest") == 0);
	}
	d->has_attested = attested != NULL &&
	    digest_parse(attested, &d->attested, &ignored) == 0;
	d->is_special = json_object_get(all, ANNOTATION_ZSTD) != NULL ||
	    json_array_size(json_object_get(json_object_get(json, "platform"),
	    "os.features")) > 0;
}

void
descriptor_done(struct descriptor *d)
{
	free(d->media_type);
	free(d->artifact_type);
	free(d->data);
	free(d->urls);
	memset(d, 0, sizeof(*d));
}

/* What cannot be a URL in any case is passed over here; url_parse judges the
 * rest. */
static bool
may_be_url(const char *text)
{
	const char *s;

	for (s = text; *s > ' ' && *s <= '~'; s++)
		continue;
	return *s == '\0' && s > text && (size_t)(s - text) <= URL_MAX;
}

/* One behind the other, each with a line end. */
static void
read_urls(const json_t *json, struct descriptor *d)
{
	const json_t *all = readjson_member(json, "urls");
	size_t i, count = 0;
	const char *url;
	char *longer;

	d->has_urls = json_array_size(all) > 0;
	for (i = 0; i < json_array_size(all) && count < LAYER_URLS_MAX; i++) {
		url = json_string_value(json_array_get(all, i));
		if (url == NULL || !may_be_url(url))
			continue;
		longer = xasprintf("%s%s\n", count == 0 ? "" : d->urls, url);
		free(d->urls);
		d->urls = longer;
		count++;
	}
}

/* "data" stays base64 here: whoever uses it has to check size and digest
 * anyway. */
static int
read_entry(const json_t *json, struct descriptor *d, struct err *e)
{
	const char *data = NULL;
	int rc;

	if (descriptor_media_type(json, &d->media_type, e) == -1 ||
	    get_size(json, &d->size, e) == -1 ||
	    descriptor_artifact_type(json, &d->artifact_type, e) == -1 ||
	    read_platform(json, d, e) == -1)
		return -1;
	rc = readjson_string(json, "data", &data, e);
	if (rc == 1)
		d->data = xstrdup(data);
	read_annotations(json, d);
	d->has_urls = json_array_size(readjson_member(json, "urls")) > 0;
	return rc == -1 ? -1 : 0;
}

/* Of a blob digest and size are enough. */
static int
read_members(const json_t *json, struct descriptor *d, struct err *e)
{
	if (d->role == DESCRIPTOR_MANIFEST)
		return read_entry(json, d, e);
	if (any_type(json, &d->media_type, e) == -1 ||
	    get_size(json, &d->size, e) == -1)
		return -1;
	read_urls(json, d);
	return 0;
}

int
descriptor_read(const json_t *json, enum descriptor_role role,
    struct descriptor *ret, char algorithm[32], struct err *e)
{
	struct descriptor d = { .role = role };
	int rc;

	if (!json_is_object(json))
		return err_set(e, ERR_DATA,
		    "a descriptor must be an object");
	/* A child that will be left out has to be well-formed nonetheless:
	 * else one odd letter in a digest would hide a broken manifest. */
	rc = get_digest(json, &d.digest, algorithm, e);
	if (rc != -1 && read_members(json, &d, e) == -1)
		rc = -1;
	if (rc == 1)
		*ret = d;
	else
		descriptor_done(&d);
	return rc;
}
