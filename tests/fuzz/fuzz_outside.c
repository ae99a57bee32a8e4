/*
 * The gate for outsiders' words: the first line is a secret, the rest what
 * somebody says.  Nothing shown has it, whole; what is shown is printable, ends
 * within its bounds, and stays as it is when it is looked at again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "layout/base64.h"
#include "layout/mem.h"
#include "report/outside.h"

static void
must(int ok)
{
	if (!ok)
		abort();
}

static int
has(const char *text, const char *secret)
{
	size_t len = strlen(secret);

	for (; *text != '\0'; text++)
		if (strncasecmp(text, secret, len) == 0)
			return 1;
	return 0;
}

static void
check_shown(const char *shown, const char *secret)
{
	size_t i;

	must(strlen(shown) < OUTSIDE_WORDS_MAX);
	for (i = 0; shown[i] != '\0'; i++)
		must((unsigned char)shown[i] >= ' ' && shown[i] != 127);
	if (secret[0] != '\0' && strncmp(shown, "(left out", 9) != 0 &&
	    strchr(secret, '*') == NULL)
		must(!has(shown, secret));
}

static void
check(const char *secret, const char *words, size_t len)
{
	char to[OUTSIDE_WORDS_MAX], *text, *encoded;

	outside_secret(secret);
	outside_token(secret);
	check_shown(outside_quote(to, sizeof(to), words, len), secret);
	text = xasprintf("%s%s", to, secret);
	check_shown(outside_quote(to, sizeof(to), text, strlen(text)),
	    secret);
	outside_show(text);
	free(text);
	encoded = base64_encode(secret, strlen(secret));
	if (strlen(secret) >= OUTSIDE_SHORT) {
		text = xasprintf("! %s !", encoded);
		must(strstr(outside_quote(to, sizeof(to), text, strlen(text)),
		    "***") != NULL);
		free(text);
	}
	free(encoded);
	outside_forget();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const uint8_t *end = len == 0 ? NULL : memchr(data, '\n', len);
	char *secret;

	if (end == NULL)
		return 0;
	secret = xstrndup((const char *)data, (size_t)(end - data));
	check(secret, (const char *)end + 1,
	    len - (size_t)(end + 1 - data));
	free(secret);
	return 0;
}
