/*
 * image_ref_parse: what it takes passes the grammars of layout/name.h, and
 * printed and parsed again it is the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "image/ref.h"
#include "layout/mem.h"
#include "layout/name.h"

static void
must(int ok)
{
	if (!ok)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct image_ref ref = { .registry = NULL }, again;
	struct err e = { .code = ERR_NONE };
	char *text = xstrndup((const char *)data, len), *printed;

	if (image_ref_parse(text, &ref, &e) == -1) {
		must(e.code == ERR_INPUT && e.msg[0] != '\0');
		must(ref.registry == NULL);
		free(text);
		return 0;
	}
	must(name_is_registry(ref.registry));
	must(name_is_repository(ref.repository));
	must(ref.tag == NULL || name_is_tag(ref.tag));
	must(ref.tag != NULL || ref.has_digest);
	printed = image_ref_text(&ref);
	must(image_ref_parse(printed, &again, &e) == 0);
	must(image_ref_compare(&ref, &again) == 0);
	image_ref_done(&ref);
	image_ref_done(&again);
	free(printed);
	free(text);
	return 0;
}
