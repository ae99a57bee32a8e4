/*
 * Lists of referrers (OCI distribution-spec, "Listing Referrers"), which the
 * mirror makes itself from what it has: a registry's own list names what may
 * not be here.
 */
#include <assert.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/media.h"
#include "image/readjson.h"
#include "image/referrer.h"
#include "layout/limits.h"

char *
referrer_tag(const struct digest *id, const char *suffix,
    char buf[TAG_MAX + 1])
{
	char hex[DIGEST_HEX_MAX];
	int len;

	len = snprintf(buf, TAG_MAX + 1, "%s-%.64s%s",
	    digest_alg_name(id->alg), digest_hex(id, hex), suffix);
	assert(len > 0 && (size_t)len <= TAG_MAX);
	(void)len;
	return buf;
}

/* A member of ${from} that is a string goes into ${to}. */
static int
copy_string(json_t *to, const char *key, const json_t *from)
{
	const char *value = json_string_value(from);

	if (value == NULL || value[0] == '\0' ||
	    strlen(value) > MEDIA_TYPE_MAX)
		return 0;
	json_object_set_new(to, key, json_string(value));
	return 1;
}

/* Texts alone (descriptor.md), so that no list is deeper than others. */
static void
copy_annotations(json_t *to, json_t *from)
{
	json_t *copy, *value;
	const char *key;

	if (!json_is_object(from))
		return;
	copy = json_object();
	json_object_foreach(from, key, value)
		if (json_is_string(value))
			json_object_set(copy, key, value);
	json_object_set_new(to, "annotations", copy);
}

/* Annotations are what makes one too large; without them it is still found. */
static char *
dump_descriptor(json_t *descriptor)
{
	char *text = json_dumps(descriptor, JSON_COMPACT);

	if (text == NULL || strlen(text) <= REFERRER_BYTES_MAX)
		return text;
	free(text);
	json_object_del(descriptor, "annotations");
	return json_dumps(descriptor, JSON_COMPACT);
}

/* An image manifest has no artifactType as a rule; the specification has the
 * configuration's type stand for it. */
int
referrer_describe(const char *buf, size_t len, const struct manifest_id *id,
    char **ret, struct err *e)
{
	char text[DIGEST_TEXT_MAX];
	json_t *root, *descriptor;

	if (readjson_load(buf, len, 0, &root, e) == -1)
		return -1;
	descriptor = json_pack("{ss ss sI}", "mediaType", id->media_type,
	    "digest", digest_text(&id->digest, text),
	    "size", (json_int_t)len);
	if (!copy_string(descriptor, "artifactType",
	    readjson_member(root, "artifactType")))
		(void)copy_string(descriptor, "artifactType", json_object_get(
		    readjson_member(root, "config"), "mediaType"));
	copy_annotations(descriptor, readjson_member(root, "annotations"));
	*ret = dump_descriptor(descriptor);
	json_decref(descriptor);
	json_decref(root);
	if (*ret == NULL)
		return err_set(e, ERR_DATA,
		    "its annotations cannot be written as JSON");
	return 0;
}

static const char *
digest_in(const json_t *descriptor)
{
	const char *digest = json_string_value(json_object_get(descriptor,
	    "digest"));

	return digest == NULL ? "" : digest;
}

/* Where the descriptor belongs: before the first that is not before it. */
static size_t
place(const json_t *manifests, const char *digest)
{
	size_t low = 0, high = json_array_size(manifests), middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (strcmp(digest_in(json_array_get(manifests, middle)),
		    digest) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Return 1, 0 if it is there already, or -1. */
static int
insert(json_t *manifests, const char *descriptor, struct err *e)
{
	json_t *entry;
	const char *digest;
	size_t at;
	int rc = 0;

	if (readjson_load(descriptor, strlen(descriptor), 0, &entry, e) == -1)
		return -1;
	digest = digest_in(entry);
	at = place(manifests, digest);
	if (at == json_array_size(manifests) ||
	    strcmp(digest_in(json_array_get(manifests, at)), digest) != 0) {
		json_array_insert(manifests, at, entry);
		rc = 1;
	}
	json_decref(entry);
	return rc;
}

static int
insert_all(json_t *manifests, const char *const *descriptors, size_t count,
    struct err *e)
{
	size_t i;
	int rc, changed = 0;

	for (i = 0; i < count; i++) {
		rc = insert(manifests, descriptors[i], e);
		if (rc == -1)
			return -1;
		changed |= rc;
	}
	if (json_array_size(manifests) > MANIFEST_CHILDREN_MAX)
		return err_set(e, ERR_LIMIT, "more than %u manifests have it "
		    "as their subject", MANIFEST_CHILDREN_MAX);
	return changed;
}

static char *
dump(const json_t *index, struct err *e)
{
	char *text = json_dumps(index, JSON_COMPACT);

	if (text == NULL)
		err_set(e, ERR_DATA, "cannot be written");
	else if (strlen(text) > REFERRERS_BYTES_MAX)
		err_set(e, ERR_LIMIT, "a list of referrers of more than %u "
		    "bytes", REFERRERS_BYTES_MAX);
	else if (readjson_check(text, strlen(text), e) == 0)
		return text;
	free(text);
	return NULL;
}

/* As much of it as its readers take: they read it whole, or not at all. */
static char *
dump_readable(json_t *index, json_t *manifests, struct err *e)
{
	char *text = dump(index, e);
	size_t i;

	if (text != NULL || e->code != ERR_LIMIT)
		return text;
	for (i = 0; i < json_array_size(manifests); i++)
		json_object_del(json_array_get(manifests, i), "annotations");
	return dump(index, e);
}

/* The list that is there is read again rather than trusted: an older version of
 * this program, or a disk, may have left something else. */
int
referrer_merge(const char *old, const char *const *descriptors, size_t count,
    char **ret, struct err *e)
{
	json_t *index, *manifests;
	int rc;

	if (old == NULL)
		index = json_pack("{si ss s[]}", "schemaVersion", 2,
		    "mediaType", MEDIA_OCI_INDEX, "manifests");
	else if (readjson_load(old, strlen(old), 0, &index, e) == -1)
		return -1;
	manifests = json_object_get(index, "manifests");
	if (!json_is_array(manifests))
		rc = err_set(e, ERR_DATA, "the list of referrers is damaged");
	else
		rc = insert_all(manifests, descriptors, count, e);
	if (rc == 1) {
		*ret = dump_readable(index, manifests, e);
		rc = *ret == NULL ? -1 : 1;
	}
	json_decref(index);
	return rc;
}

/* What has no digest names nothing that could be here. */
static bool
is_kept(const json_t *entry, bool (*keep)(void *, const struct digest *),
    void *cookie)
{
	const char *text = json_string_value(json_object_get(entry, "digest"));
	struct digest digest;
	struct err ignored;

	return text != NULL && digest_parse(text, &digest, &ignored) == 0 &&
	    keep(cookie, &digest);
}

int
referrer_filter(const char *list, bool (*keep)(void *, const struct digest *),
    void *cookie, char **ret, struct err *e)
{
	json_t *index, *manifests;
	size_t i = 0, before;
	int rc = 0;

	if (readjson_load(list, strlen(list), 0, &index, e) == -1)
		return -1;
	manifests = json_object_get(index, "manifests");
	if (!json_is_array(manifests)) {
		json_decref(index);
		return err_set(e, ERR_DATA, "the list of referrers is damaged");
	}
	before = json_array_size(manifests);
	while (i < json_array_size(manifests))
		if (is_kept(json_array_get(manifests, i), keep, cookie))
			i++;
		else
			json_array_remove(manifests, i);
	if (i == 0)
		rc = 2;
	else if (i < before) {
		*ret = dump(index, e);
		rc = *ret == NULL ? -1 : 1;
	}
	json_decref(index);
	return rc;
}

static bool
is_signature(const char *type)
{
	static const char *const types[] = {
		"application/vnd.dev.cosign.artifact.sig.",
		"application/vnd.dev.sigstore.bundle.",
		"application/vnd.cncf.notary.signature",
	};
	size_t i;

	for (i = 0; type != NULL && i < sizeof(types) / sizeof(types[0]); i++)
		if (strncmp(type, types[i], strlen(types[i])) == 0)
			return true;
	return false;
}

size_t
referrer_count(const char *buf, size_t len, bool *ret_signed)
{
	json_t *index, *entry;
	struct err ignored;
	size_t i, count = 0;

	*ret_signed = false;
	if (readjson_load(buf, len, 0, &index, &ignored) == -1)
		return 0;
	json_array_foreach(json_object_get(index, "manifests"), i, entry) {
		count++;
		if (is_signature(json_string_value(json_object_get(entry,
		    "artifactType"))))
			*ret_signed = true;
	}
	json_decref(index);
	return count;
}

/* What begins as an object and cannot be read is a broken list: whoever reads
 * it says so. */
bool
referrer_is_list(const char *buf, size_t len)
{
	json_t *root;
	struct err e;
	size_t i = 0;
	bool ret;

	while (i < len && strchr(" \t\r\n", buf[i]) != NULL && buf[i] != '\0')
		i++;
	if (i == len || buf[i] != '{')
		return false;
	if (readjson_load(buf, len, 0, &root, &e) == -1)
		return true;
	ret = json_object_get(root, "manifests") != NULL ||
	    json_object_get(root, "mediaType") != NULL;
	json_decref(root);
	return ret;
}
