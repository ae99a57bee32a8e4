/* What verify has to know of manifests and lists, all of which are JSON. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/layout_index.h"
#include "image/manifest.h"
#include "image/referrer.h"
#include "layout/mem.h"
#include "mirror/verify_rules.h"

static int
each_child(const struct manifest *m, child_fn *fn, void *cookie,
    struct err *e)
{
	const struct descriptor *d;
	struct child child;
	size_t i;

	for (i = 0; i < m->count; i++) {
		d = &m->children[i];
		child = (struct child){
			.digest = d->digest,
			.size = d->size,
			.is_entry = d->role == DESCRIPTOR_MANIFEST,
			.is_config = d->role == DESCRIPTOR_CONFIG,
			.has_urls = d->has_urls,
		};
		if (fn(cookie, &child, e) == -1)
			return -1;
	}
	return 0;
}

/* An unknown type leads nowhere; its bytes must not be of a known one. */
static int
look(void *cookie, const struct manifest_id *id, const char *buf, size_t len,
    child_fn *fn, void *fn_cookie, struct verify_look *ret, struct err *e)
{
	struct manifest m;
	int rc;

	(void)cookie;
	if (media_kind(id->media_type) == MEDIA_OTHER)
		return manifest_check_opaque(buf, len, id->media_type, e);
	if (manifest_parse(buf, len, id->media_type, &m, e) == -1)
		return -1;
	snprintf(ret->media_type, sizeof(ret->media_type), "%s",
	    m.media_type);
	ret->has_subject = m.has_subject;
	if (m.has_subject)
		ret->subject = m.subject.digest;
	rc = each_child(&m, fn, fn_cookie, e);
	manifest_done(&m);
	return rc == -1 ? -1 : 1;
}

/* --- lists ------------------------------------------------------------- */

static int
each_name(const json_t *array, verify_entry_fn *fn, void *cookie)
{
	size_t i;

	if (!json_is_array(array))
		return -1;
	for (i = 0; i < json_array_size(array); i++)
		if (!json_is_string(json_array_get(array, i)))
			return -1;
	for (i = 0; i < json_array_size(array); i++)
		fn(cookie, json_string_value(json_array_get(array, i)), NULL);
	return 0;
}

static int
each_descriptor(const json_t *array, verify_entry_fn *fn, void *cookie)
{
	struct digest digest;
	const char *text;
	struct err e;
	size_t i;

	if (!json_is_array(array))
		return -1;
	for (i = 0; i < json_array_size(array); i++) {
		text = json_string_value(json_object_get(json_array_get(array,
		    i), "digest"));
		if (text == NULL || digest_parse(text, &digest, &e) == -1)
			return -1;
		fn(cookie, "", &digest);
	}
	return 0;
}

/* One without a whole name is none of ours. */
static int
each_entry(const char *buf, size_t len, verify_entry_fn *fn, void *cookie)
{
	char text[DIGEST_TEXT_MAX], *name;
	const struct layout_entry *entry;
	struct layout_index index;
	struct err e;
	size_t i;

	if (layout_index_parse(buf, len, &index, &e) == -1)
		return -1;
	for (i = 0; i < index.count; i++) {
		entry = &index.entries[i];
		if (entry->registry == NULL)
			name = xstrdup("");
		else
			name = xasprintf("%s/%s%c%s %s", entry->registry,
			    entry->repository, entry->tag == NULL ? '@' : ':',
			    entry->tag == NULL ? digest_text(&entry->digest,
			    text) : entry->tag, entry->media_type);
		fn(cookie, name, &entry->digest);
		free(name);
	}
	layout_index_done(&index);
	return 0;
}

static int
list(void *cookie, enum verify_list kind, const char *buf, size_t len,
    verify_entry_fn *fn, void *fn_cookie)
{
	json_t *o;
	int rc = -1;

	(void)cookie;
	if (kind == VERIFY_INDEX)
		return each_entry(buf, len, fn, fn_cookie);
	o = json_loadb(buf, len, JSON_REJECT_DUPLICATES, NULL);
	if (o == NULL)
		return -1;
	switch (kind) {
	case VERIFY_TAGS:
		rc = each_name(json_object_get(o, "tags"), fn, fn_cookie);
		break;
	case VERIFY_CATALOG:
		rc = each_name(json_object_get(o, "repositories"), fn,
		    fn_cookie);
		break;
	case VERIFY_REFERRERS:
		rc = each_descriptor(json_object_get(o, "manifests"), fn,
		    fn_cookie);
		break;
	case VERIFY_INDEX:
		break;
	}
	json_decref(o);
	return rc;
}

void
verify_rules_json(struct verify_rules *ret)
{
	ret->look = look;
	ret->list = list;
	ret->describe = referrer_describe;
	ret->merge = referrer_merge;
}
