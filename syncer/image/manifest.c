/*
 * Manifests and indexes (image-spec manifest.md, image-index.md; Docker's
 * "image manifest version 2, schema 2" has the same members).  Their bytes are
 * kept as they are; this is what the program itself goes by.
 */
#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "image/descriptor.h"
#include "image/manifest.h"
#include "image/readjson.h"
#include "layout/limits.h"
#include "layout/mem.h"

/* m->children has room.  Repeated layers stay: their order is the image. */
static int
add_child(struct manifest *m, const json_t *json, enum descriptor_role role,
    struct err *e)
{
	char algorithm[32];
	int rc;

	rc = descriptor_read(json, role, &m->children[m->count], algorithm, e);
	if (rc == 1)
		m->count++;
	if (rc == 0 && m->skipped++ == 0)
		memcpy(m->skipped_algorithm, algorithm, sizeof(algorithm));
	return rc == -1 ? -1 : 0;
}

/* The array ${key}; with ${config} before it if that is not NULL.  Without a
 * list there is nothing in it: Go writes null for none, and clients take it
 * (quirks.md#types-of-layers).  But an index has one: {} is none. */
static int
add_children(struct manifest *m, const json_t *root, const json_t *config,
    const char *key, enum descriptor_role role, struct err *e)
{
	const json_t *array = readjson_member(root, key);
	size_t i, count = json_array_size(array);

	if (role == DESCRIPTOR_MANIFEST &&
	    json_object_get(root, key) == NULL)
		return err_set(e, ERR_DATA, "%s is missing", key);
	if (array != NULL && !json_is_array(array))
		return err_set(e, ERR_DATA, "%s is not an array", key);
	if (count + (config != NULL) > MANIFEST_CHILDREN_MAX)
		return err_set(e, ERR_LIMIT, "more than %u %s",
		    MANIFEST_CHILDREN_MAX, key);
	/* Checked first, so that a stranger does not size this. */
	m->children = xcalloc(count + 1, sizeof(m->children[0]));
	if (config != NULL &&
	    add_child(m, config, DESCRIPTOR_CONFIG, e) == -1)
		return err_wrap(e, "config");
	for (i = 0; i < count; i++)
		if (add_child(m, json_array_get(array, i), role, e) == -1)
			return err_wrap(e, "%s[%zu]", key, i);
	assert(m->count + m->skipped == count + (config != NULL));
	return 0;
}

/* Which keys have the children follows from the kind alone. */
static int
read_children(struct manifest *m, const json_t *root, struct err *e)
{
	const json_t *config;

	if (m->kind == MEDIA_INDEX)
		return add_children(m, root, NULL, "manifests",
		    DESCRIPTOR_MANIFEST, e);
	/* quirks.md#artifact-manifests */
	if (m->kind == MEDIA_ARTIFACT)
		return add_children(m, root, NULL, "blobs", DESCRIPTOR_LAYER,
		    e);
	config = readjson_member(root, "config");
	if (config == NULL)
		return err_set(e, ERR_DATA, "config is missing");
	return add_children(m, root, config, "layers", DESCRIPTOR_LAYER, e);
}

/* Nobody can be listed as referring to what we cannot name. */
static int
read_subject(struct manifest *m, const json_t *root, struct err *e)
{
	const json_t *subject = readjson_member(root, "subject");
	char algorithm[32];
	int rc;

	if (subject == NULL)
		return 0;
	/* Its digest is what counts; what is there is another's business. */
	rc = descriptor_read(subject, DESCRIPTOR_LAYER, &m->subject,
	    algorithm, e);
	if (rc == -1)
		return err_wrap(e, "subject");
	m->has_subject = rc == 1;
	return 0;
}

/*
 * What the keys say where the body has no mediaType
 * (quirks.md#type-of-a-manifest).  "blobs" is not among them: an artifact
 * manifest always has its type.
 */
static enum media_kind
sniff(const json_t *root)
{
	if (readjson_member(root, "manifests") != NULL)
		return MEDIA_INDEX;
	if (readjson_member(root, "config") != NULL &&
	    readjson_member(root, "layers") != NULL)
		return MEDIA_IMAGE;
	if (readjson_member(root, "fsLayers") != NULL)
		return MEDIA_SCHEMA1;
	return MEDIA_OTHER;
}

/*
 * The type of a body that does not say.  Only OCI allows that, but a Docker
 * configuration gives a Docker manifest away.
 */
static const char *
type_for(enum media_kind kind, const json_t *root)
{
	const char *config = json_string_value(json_object_get(
	    json_object_get(root, "config"), "mediaType"));

	if (kind == MEDIA_INDEX)
		return MEDIA_OCI_INDEX;
	if (kind == MEDIA_SCHEMA1)
		return MEDIA_DOCKER_SCHEMA1;
	if (config != NULL && strcmp(config, MEDIA_DOCKER_CONFIG) == 0)
		return MEDIA_DOCKER_MANIFEST;
	return MEDIA_OCI_MANIFEST;
}

/* Set kind and media_type; ${told} is NULL or what others say it is. */
static int
settle_type(struct manifest *m, const json_t *root, const char *told,
    struct err *e)
{
	enum media_kind claimed = told == NULL ? MEDIA_OTHER : media_kind(told);
	const char *type = told;

	if (readjson_member(root, "mediaType") != NULL) {
		if (descriptor_media_type(root, &m->media_type, e) == -1)
			return -1;
		m->kind = media_kind(m->media_type);
	} else {
		m->kind = sniff(root);
		if (m->kind == MEDIA_OTHER)
			m->kind = claimed;
		else if (m->kind != claimed)
			type = type_for(m->kind, root);
		/* "" does not get out: check_shape refuses MEDIA_OTHER. */
		m->media_type = xstrdup(type != NULL ? type : "");
	}
	/* Before the contradiction: this is what the reader has to know
	 * (quirks.md#schema-1). */
	if (m->kind == MEDIA_SCHEMA1)
		return err_set(e, ERR_DATA, "a Docker schema 1 manifest, which "
		    "no current client can use: choose a newer tag, or have "
		    "the image pushed again with a current tool");
	if (claimed != MEDIA_OTHER && claimed != m->kind)
		return err_set(e, ERR_DATA, "the body is %s, but was said to "
		    "be %s", m->media_type, told);
	return 0;
}

/*
 * One body that two readers take for two things is an attack on one of them
 * (quirks.md#two-kinds-in-one-body).
 */
static int
check_shape(const struct manifest *m, const json_t *root, struct err *e)
{
	bool entries = readjson_member(root, "manifests") != NULL;
	bool layers = readjson_member(root, "layers") != NULL ||
	    readjson_member(root, "config") != NULL;
	json_t *version = readjson_member(root, "schemaVersion");

	if (m->kind == MEDIA_OTHER)
		return err_set(e, ERR_DATA, "neither an image manifest nor an "
		    "index%s%s", m->media_type[0] == '\0' ? "" :
		    ", but of the type ", m->media_type);
	if (readjson_member(root, "fsLayers") != NULL ||
	    (m->kind != MEDIA_IMAGE && layers) ||
	    (m->kind != MEDIA_INDEX && entries))
		return err_set(e, ERR_DATA,
		    "ambiguous: it has the keys of two kinds of manifest");
	/* Absent, it fails no client that we know of. */
	if (version != NULL && (!json_is_integer(version) ||
	    json_integer_value(version) != 2))
		return err_set(e, ERR_DATA, "schemaVersion is not 2");
	return 0;
}

/* A key twice is refused: of two readers one takes the first, the other the
 * last (RFC 8259 section 4). */
int
manifest_parse(const char *buf, size_t len, const char *type,
    struct manifest *ret, struct err *e)
{
	struct manifest m = { .media_type = NULL };
	json_t *root = NULL;
	int rc = -1;

	if (readjson_load(buf, len, JSON_REJECT_DUPLICATES, &root, e) == -1)
		goto out;
	if (settle_type(&m, root, type, e) == -1 ||
	    check_shape(&m, root, e) == -1 ||
	    descriptor_artifact_type(root, &m.artifact_type, e) == -1 ||
	    read_subject(&m, root, e) == -1 ||
	    read_children(&m, root, e) == -1)
		goto out;
	assert(m.kind == MEDIA_INDEX || m.kind == MEDIA_IMAGE ||
	    m.kind == MEDIA_ARTIFACT);
	*ret = m;
	rc = 0;
out:
	if (rc == -1)
		manifest_done(&m);
	json_decref(root);
	return rc;
}

/* What a type that nobody knows is made of is its own affair; JSON that is
 * broken, or has a key twice, is nobody's manifest. */
int
manifest_check_opaque(const char *buf, size_t len, const char *type,
    struct err *e)
{
	struct err ignored;
	const char *said;
	json_t *root;
	int rc = 0;

	assert(media_kind(type) == MEDIA_OTHER);
	if (readjson_load(buf, len, 0, &root, &ignored) == -1)
		return 0;
	said = json_string_value(readjson_member(root, "mediaType"));
	if (said != NULL && strcmp(said, type) != 0)
		rc = err_set(e, ERR_DATA, "the body is %.*s, but was said to "
		    "be %s", (int)MEDIA_TYPE_MAX, said, type);
	else if (said == NULL && sniff(root) != MEDIA_OTHER)
		rc = err_set(e, ERR_DATA, "the body is a manifest, but was "
		    "said to be %s", type);
	json_decref(root);
	return rc;
}

void
manifest_done(struct manifest *m)
{
	size_t i;

	for (i = 0; i < m->count; i++)
		descriptor_done(&m->children[i]);
	free(m->children);
	if (m->has_subject)
		descriptor_done(&m->subject);
	free(m->media_type);
	free(m->artifact_type);
	memset(m, 0, sizeof(*m));
}

/* A key twice is no error here: clients read such a file, and take the last. */
int
manifest_config_platform(const char *buf, size_t len, struct platform *ret,
    struct err *e)
{
	struct platform p;
	json_t *root = NULL;
	int rc = -1;

	if (readjson_load(buf, len, 0, &root, e) == -1)
		goto out;
	if (descriptor_platform(root, &p, e) == -1)
		goto out;
	rc = p.architecture[0] != '\0';
	if (rc == 1)
		*ret = p;
out:
	json_decref(root);
	return rc;
}
