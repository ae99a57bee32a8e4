/* What is in use, out of any bytes.  Of JSON that is understood no image may be
 * missing: what is not in use may be deleted.  So the whole of it is read once
 * more, in one piece, and the images are counted. */
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "image/readjson.h"
#include "layout/mem.h"
#include "mirror/keep_use.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
must(bool condition)
{
	if (!condition)
		abort();
}

static size_t
count_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL && text[0] != '\0';
}

static size_t
count_list(const char *key, const json_t *list)
{
	static const char *const keys[] = {
		"containers", "initContainers", "ephemeralContainers",
		"containerStatuses", "initContainerStatuses",
		"ephemeralContainerStatuses",
	};
	const json_t *item;
	size_t i, count = 0;
	bool is_one = false;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		is_one |= strcmp(key, keys[i]) == 0;
	for (i = 0; i < json_array_size(list); i++) {
		item = json_array_get(list, i);
		if (is_one)
			count += count_text(item, "image") +
			    count_text(item, "imageID");
		else if (strcmp(key, "volumes") == 0)
			count += count_text(json_object_get(item, "image"),
			    "reference");
	}
	return count;
}

static size_t
count_all(json_t *value)
{
	size_t i, count = 0;
	const char *key;
	json_t *member;

	json_object_foreach(value, key, member)
		count += count_list(key, member) + count_all(member);
	for (i = 0; i < json_array_size(value); i++)
		count += count_all(json_array_get(value, i));
	return count;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = xstrndup((const char *)data, len);
	struct keep_use use = { .words = 0 };
	json_t *whole;
	struct err e;

	len = strlen(text);
	if (keep_use_read(&use, "use", text, len, &e) == 0) {
		must(use.words > 0);
		must(use.digests.count + use.names.count > 0);
		if (readjson_load(text, len, 0, &whole, &e) == 0) {
			must(count_all(whole) <= use.words);
			json_decref(whole);
		}
	} else {
		must(e.code == ERR_INPUT);
	}
	keep_use_done(&use);
	free(text);
	return 0;
}
