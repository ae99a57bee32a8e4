/*
 * What one night of verify leaves to the next, and the lines of status/bad.
 * The first byte says which.  What is read is written such that it is read
 * again as the same; a path of a line is one below blobs/ or manifests/.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "layout/verify_internal.h"

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
check_state(const char *text)
{
	struct verify_state s, again;
	char once[VERIFIED_BYTES_MAX], twice[VERIFIED_BYTES_MAX];

	if (!verify_state_parse(text, &s))
		return;
	must(s.pass > 0 && s.started >= 0 && s.before >= 0);
	must(verify_state_parse(verify_state_print(&s, once), &again));
	must(strcmp(once, verify_state_print(&again, twice)) == 0);
}

static void
check_line(char *text)
{
	struct store_bad bad;

	if (!store_bad_parse(text, &bad))
		return;
	must(strncmp(bad.path, "blobs/sha", 9) == 0 ||
	    strncmp(bad.path, "manifests/application/", 22) == 0);
	must(strstr(bad.path, "..") == NULL ||
	    strstr(bad.path, "/../") == NULL);
	must(strlen(bad.time) < STORE_TIME_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size == 0)
		return 0;
	text = xstrndup((const char *)data + 1, size - 1);
	if (data[0] == 's')
		check_state(text);
	else
		check_line(text);
	free(text);
	return 0;
}
