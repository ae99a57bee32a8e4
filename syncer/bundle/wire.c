#include <string.h>

#include "bundle/wire.h"

bool
wire_number(struct wire *w, uint32_t *ret)
{
	const unsigned char *p = w->at;

	if (w->left < 4)
		return false;
	*ret = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
	w->at += 4;
	w->left -= 4;
	return true;
}

bool
wire_string(struct wire *w, struct wire *ret)
{
	uint32_t len;

	if (!wire_number(w, &len) || len > w->left)
		return false;
	*ret = (struct wire){ w->at, len };
	w->at += len;
	w->left -= len;
	return true;
}

bool
wire_is(const struct wire *w, const char *text)
{
	return w->left == strlen(text) && memcmp(w->at, text, w->left) == 0;
}

void
wire_put_number(FILE *out, uint32_t n)
{
	const unsigned char bytes[4] = {
		(unsigned char)(n >> 24), (unsigned char)(n >> 16),
		(unsigned char)(n >> 8), (unsigned char)n,
	};

	fwrite(bytes, 1, sizeof(bytes), out);
}

void
wire_put(FILE *out, const void *bytes, size_t len)
{
	wire_put_number(out, (uint32_t)len);
	fwrite(bytes, 1, len, out);
}
