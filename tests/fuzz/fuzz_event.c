/* A hook's body, or a file that was dropped: what comes of it could stand in a
 * list, and the same body means the same each time. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hook/event.h"
#include "image/ref.h"
#include "layout/digest.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "layout/name.h"

static void
must(int ok)
{
	if (!ok)
		abort();
}

static size_t count;

static void
on_event(void *cookie, const struct hook_event *event)
{
	const char *registry = cookie;
	struct image_ref ref;
	struct digest d;
	struct err e;
	char *text = xasprintf("%s/%s", event->registry, event->repository);

	count++;
	must(registry == NULL || strcmp(event->registry, registry) == 0);
	must(event->tag == NULL || name_is_tag(event->tag));
	must(event->digest == NULL ||
	    digest_parse(event->digest, &d, &e) == 0);
	must(image_ref_is_bare(text));
	must(image_ref_parse(text, &ref, &e) == 0);
	must(strcmp(ref.registry, event->registry) == 0);
	must(strcmp(ref.repository, event->repository) == 0);
	image_ref_done(&ref);
	free(text);
}

static void
try_body(const char *body, size_t len, const char *kind, const char *registry)
{
	union { const char *in; void *out; } cookie = { .in = registry };
	const char *form;

	count = 0;
	form = events_read(body, len, kind, registry, on_event, cookie.out);
	must(form != NULL || count == 0);
	must(count <= HOOK_EVENTS_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Exactly as large: a byte behind it is not looked at. */
	char *body = xmalloc(size == 0 ? 1 : size);
	char reply[EVENTS_PROOF_MAX + 64];
	const char *form;

	if (size > 0)
		memcpy(body, data, size);
	try_body(body, size, NULL, NULL);
	try_body(body, size, "zotregistry.image.updated", "reg.example:5000");
	try_body(body, size, "package", "ghcr.io");
	if (events_proof(body, size, reply, sizeof(reply)))
		must(strpbrk(reply + 1, "{<\\\n") == NULL);
	count = 0;
	form = events_read_file(body, size, on_event, NULL);
	must(form != NULL || count == 0);
	/* A line has a name of one letter at least. */
	must(count <= (form != NULL && strcmp(form, "list") == 0 ?
	    (size + 1) / 2 : HOOK_EVENTS_MAX));
	free(body);
	return 0;
}
