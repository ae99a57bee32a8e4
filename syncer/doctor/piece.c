#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "doctor/piece.h"
#include "layout/limits.h"

bool
piece_size(const char *text, uint64_t *ret)
{
	static const char head[] = "bytes=0-";
	uint64_t last = 0;
	const char *p;

	if (strncmp(text, head, strlen(head)) != 0)
		return false;
	p = text + strlen(head);
	if (*p == '\0')
		return false;
	for (; *p != '\0'; p++) {
		if (*p < '0' || *p > '9' || last >= MANIFEST_BYTES_MAX)
			return false;
		last = last * 10 + (uint64_t)(*p - '0');
	}
	if (last >= MANIFEST_BYTES_MAX)
		return false;
	*ret = last + 1;
	return true;
}

struct piece
piece_at(size_t n, uint64_t each, uint64_t size)
{
	struct piece p = { .from = n * each, .size = size };

	p.to = size - p.from < each ? size : p.from + each;
	return p;
}

size_t
piece_count(uint64_t each, uint64_t size)
{
	return (size_t)(size / each + (size % each > 0));
}

bool
piece_wrong(const struct piece *p, const struct digest *d,
    const struct piece_said *said, char *why, size_t size)
{
	char text[DIGEST_TEXT_MAX], range[80], etag[DIGEST_TEXT_MAX + 2];

	snprintf(range, sizeof(range), "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64,
	    p->from, p->to - 1, p->size);
	snprintf(etag, sizeof(etag), "\"%s\"", digest_text(d, text));
	if (said->status != 206)
		snprintf(why, size, "the answer is %ld, not 206", said->status);
	else if (strcmp(said->range, range) != 0)
		snprintf(why, size, "it is another range, \"%s\"", said->range);
	else if (said->len != p->to - p->from)
		snprintf(why, size, "it has %zu bytes, not %" PRIu64, said->len,
		    p->to - p->from);
	else if (strcmp(said->etag, etag) != 0)
		snprintf(why, size, "its ETag is %s, not the digest",
		    said->etag[0] != '\0' ? said->etag : "not there");
	else
		return false;
	return true;
}

bool
piece_by(const char *text)
{
	return text[0] != '\0' &&
	    text[strspn(text, "0123456789abcdefABCDEF.:[]")] == '\0';
}
