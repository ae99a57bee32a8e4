/* index.json and manifest.json of a file of images. */
#include <jansson.h>
#include <stdlib.h>

#include "bundle/save_internal.h"
#include "layout/mem.h"

#define ANNOTATION_NAME	"io.containerd.image.name"
#define ANNOTATION_REF	"org.opencontainers.image.ref.name"

/* Members stand in the order in which they are set. */
static char *
print(json_t *value, size_t *ret_len)
{
	char *text = NULL;
	FILE *out = xtext_open(&text, ret_len);

	json_dumpf(value, out, JSON_COMPACT);
	xtext_close(out);
	json_decref(value);
	return text;
}

static void
set_text(json_t *object, const char *key, const char *value)
{
	if (value[0] != '\0')
		json_object_set_new(object, key, json_string(value));
}

static json_t *
platform_of(const struct platform *p)
{
	json_t *object = json_object();

	set_text(object, "architecture", p->architecture);
	set_text(object, "os", p->os);
	set_text(object, "os.version", p->os_version);
	set_text(object, "variant", p->variant);
	return object;
}

/* Without a tag there is no ref.name: podman would take it for one. */
static json_t *
entry_of(const struct save_entry *entry)
{
	char text[DIGEST_TEXT_MAX];
	json_t *object = json_pack("{ss ss sI}",
	    "mediaType", entry->id.media_type,
	    "digest", digest_text(&entry->id.digest, text),
	    "size", (json_int_t)entry->size);
	json_t *annotations = json_object();

	if (entry->has_platform)
		json_object_set_new(object, "platform",
		    platform_of(&entry->platform));
	set_text(annotations, ANNOTATION_NAME, entry->name);
	if (entry->tag != NULL)
		set_text(annotations, ANNOTATION_REF, entry->tag);
	json_object_set_new(object, "annotations", annotations);
	return object;
}

char *
save_index_text(const struct save *s, size_t *ret_len)
{
	json_t *entries = json_array();
	size_t i;

	for (i = 0; i < s->entry_count; i++)
		json_array_append_new(entries, entry_of(&s->entries[i]));
	return print(json_pack("{si ss so}", "schemaVersion", 2, "mediaType",
	    MEDIA_OCI_INDEX, "manifests", entries), ret_len);
}

static json_t *
item_of(const struct save_item *item)
{
	char name[SAVE_NAME_MAX];
	json_t *names = json_array(), *layers = json_array();
	size_t i;

	for (i = 0; i < item->name_count; i++)
		json_array_append_new(names, json_string(item->names[i]));
	for (i = 0; i < item->layer_count; i++)
		json_array_append_new(layers, json_string(
		    save_member_name(&item->layers[i], name)));
	return json_pack("{ss so so}", "Config",
	    save_member_name(&item->config, name), "RepoTags", names, "Layers",
	    layers);
}

char *
save_manifest_text(const struct save *s, size_t *ret_len)
{
	json_t *items = json_array();
	size_t i;

	for (i = 0; i < s->item_count; i++)
		json_array_append_new(items, item_of(&s->items[i]));
	return print(items, ret_len);
}
