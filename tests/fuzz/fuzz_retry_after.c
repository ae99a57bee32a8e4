/* Retry-After, at several times of day. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "registry/retry.h"

static void
must(int ok)
{
	if (!ok)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int64_t nows[] = {
		0, 784111777, 951782400, 1790000000, 4102444800, 253402300799,
	};
	char *text = xstrndup((const char *)data, size);
	int64_t got, before = -1;
	size_t i;

	for (i = 0; i < sizeof(nows) / sizeof(nows[0]); i++) {
		got = retry_after_parse(text, nows[i]);
		must(got == retry_after_parse(text, nows[i]));
		must(got >= -1 && got <= (int64_t)RETRY_AFTER_MAX_S * 1000);
		must(got == -1 || got % 1000 == 0);
		/* What is a time stays one, and comes nearer; but a year of
		 * two digits moves with us. */
		if (i > 0 && strchr(text, '-') == NULL)
			must((got == -1) == (before == -1) && got <= before);
		before = got;
	}
	free(text);
	return 0;
}
