#include "report/name_set.h"

/* FNV-1a; then the bits are mixed, since the set goes by the last ones. */
uint64_t
name_set_key(const char *name)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (; *name != '\0'; name++)
		h = (h ^ (unsigned char)*name) * 0x100000001b3u;
	h = (h ^ h >> 32) * 0xd6e8feb86659fd93u;
	return h ^ h >> 32;
}

void
name_set_add(struct name_set *s, const char *name)
{
	(void)blob_count_add(&s->keys, name_set_key(name));
}

bool
name_set_has(const struct name_set *s, const char *name)
{
	return blob_count_has(&s->keys, name_set_key(name));
}

void
name_set_done(struct name_set *s)
{
	blob_count_done(&s->keys);
}
