#include <string.h>

#include "image/media.h"
#include "layout/name.h"

/* Exact: a type with parameters has not been through media_trim. */
static const struct {
	const char *type;
	enum media_kind kind;
} kinds[] = {
	{ MEDIA_OCI_INDEX,		MEDIA_INDEX },
	{ MEDIA_DOCKER_LIST,		MEDIA_INDEX },
	{ MEDIA_OCI_MANIFEST,		MEDIA_IMAGE },
	{ MEDIA_DOCKER_MANIFEST,	MEDIA_IMAGE },
	{ MEDIA_OCI_ARTIFACT,		MEDIA_ARTIFACT },
	{ MEDIA_DOCKER_SCHEMA1,		MEDIA_SCHEMA1 },
	{ MEDIA_DOCKER_SCHEMA1_SIGNED,	MEDIA_SCHEMA1 },
};

const char *const media_manifests[MEDIA_MANIFESTS] = {
	MEDIA_OCI_INDEX, MEDIA_OCI_MANIFEST, MEDIA_DOCKER_LIST,
	MEDIA_DOCKER_MANIFEST, MEDIA_OCI_ARTIFACT,
};

/* Both kinds of foreign layer come in several compressions. */
static const char *const foreign_prefixes[] = {
	"application/vnd.docker.image.rootfs.foreign.",
	"application/vnd.oci.image.layer.nondistributable.",
};

/* What is not in the table is kept and served all the same: image-spec
 * image-index.md forbids to fail for it. */
enum media_kind
media_kind(const char *type)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(type, kinds[i].type) == 0)
			return kinds[i].kind;
	return MEDIA_OTHER;
}

bool
media_is_foreign(const char *type)
{
	size_t i;
	size_t count = sizeof(foreign_prefixes) / sizeof(foreign_prefixes[0]);

	for (i = 0; i < count; i++)
		if (strncmp(type, foreign_prefixes[i],
		    strlen(foreign_prefixes[i])) == 0)
			return true;
	return false;
}

/* Helm charts, WebAssembly and policies come as images with a configuration of
 * their own kind, which has no platform. */
bool
media_is_image_config(const char *type)
{
	return strcmp(type, MEDIA_OCI_CONFIG) == 0 ||
	    strcmp(type, MEDIA_DOCKER_CONFIG) == 0;
}

void
media_lower(char *type)
{
	for (; *type != '\0'; type++)
		if (*type >= 'A' && *type <= 'Z')
			*type = (char)(*type - 'A' + 'a');
}

int
media_trim(const char *header, char *buf, size_t room)
{
	size_t len;

	/* Parameters, as in "; charset=utf-8", are not for registries to
	 * add (distribution-spec, "Pulling manifests"), but some do
	 * (quirks.md#type-of-a-manifest). */
	header += strspn(header, " \t");
	len = strcspn(header, ";");
	while (len > 0 && strchr(" \t\r\n", header[len - 1]) != NULL)
		len--;
	if (len >= room)
		return 0;
	memcpy(buf, header, len);
	buf[len] = '\0';
	media_lower(buf);
	return name_is_media_type(buf);
}
