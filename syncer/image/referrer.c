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

	snprintf(buf, TAG_MAX + 1, "%s-%.64s%s", digest_alg_name(id->alg),
	    digest_hex(id, hex), suffix);
	return buf;
}

/* A member of ${from} that is a string goes into ${to}. */
static int
copy_string(json_t *to, const char *key, const json_t *from)
{
	const char *value = json_string_value(from);

	if (value == NULL || value[0] == '\0')
		return 0;
	json_object_set_new(to, key, json_string(value));
	return 1;
}

int
referrer_describe(const char *buf, size_t len, const struct manifest_id *id,
    char **ret, struct err *e)
{
	char text[DIGEST_TEXT_MAX];
	json_t *root, *descriptor, *annotations;

	if (readjson_load(buf, len, 0, &root, e) == -1)
		return -1;
	descriptor = json_pack("{ss ss sI}", "mediaType", id->media_type,
	    "digest", digest_text(&id->digest, text),
	    "size", (json_int_t)len);
	if (!copy_string(descriptor, "artifactType",
	    readjson_member(root, "artifactType")))
		(void)copy_string(descriptor, "artifactType", json_object_get(
		    readjson_member(root, "config"), "mediaType"));
	annotations = readjson_member(root, "annotations");
	if (json_is_object(annotations))
		json_object_set(descriptor, "annotations", annotations);
	*ret = json_dumps(descriptor, JSON_COMPACT);
	json_decref(descriptor);
	json_decref(root);
	if (*ret == NULL)
		return err_set(e, ERR_DATA, "its annotations cannot be "
		    "written again");
	return 0;
}

static const char *
digest_in(const json_t *descriptor)
{
	const char *digest = json_string_value(json_object_get(descriptor,
	    "digest"));

	return digest == NULL ? "" : digest;
}

/* Return where the descriptor belongs, or -1 if it is there. */
static long
place(const json_t *manifests, const char *digest)
{
	size_t i, count = json_array_size(manifests);
	int order;

	for (i = 0; i < count; i++) {
		order = strcmp(digest_in(json_array_get(manifests, i)),
		    digest);
		if (order == 0)
			return -1;
		if (order > 0)
			break;
	}
	return (long)i;
}

int
referrer_merge(const char *old, const char *descriptor, char **ret,
    struct err *e)
{
	json_t *index = NULL, *entry = NULL, *manifests;
	int rc = -1;
	long at;

	if (readjson_load(descriptor, strlen(descriptor), 0, &entry, e) == -1)
		goto out;
	if (old == NULL)
		index = json_pack("{si ss s[]}", "schemaVersion", 2,
		    "mediaType", MEDIA_OCI_INDEX, "manifests");
	else if (readjson_load(old, strlen(old), 0, &index, e) == -1)
		goto out;
	manifests = json_object_get(index, "manifests");
	if (!json_is_array(manifests)) {
		err_set(e, ERR_DATA, "the list of referrers is damaged");
		goto out;
	}
	at = place(manifests, digest_in(entry));
	if (at == -1) {
		rc = 0;
		goto out;
	}
	json_array_insert(manifests, (size_t)at, entry);
	*ret = json_dumps(index, JSON_COMPACT);
	rc = *ret == NULL ? err_set(e, ERR_DATA, "cannot be written") : 1;
out:
	json_decref(entry);
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
