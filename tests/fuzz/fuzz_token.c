/* A token server's answer.  What comes out can stand in a header, lives for a
 * while, and nothing of the body is in a message. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "registry/token.h"
#include "report/outside.h"

static void
must(int ok)
{
	if (!ok)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *text = (const char *)data;
	struct token_cache cache = { .count = 0 };
	char realm[] = "https://auth.example/token";
	const struct challenge from = { .realm = realm };
	struct err e = { .code = ERR_NONE };
	char *value = NULL;
	int64_t life = 0;
	size_t i;

	if (token_parse(text, len, &value, &life, &e) == -1) {
		must(e.code == ERR_NET && value == NULL);
		must(strstr(e.msg, "token server") != NULL);
		return 0;
	}
	must(life >= TOKEN_LIFETIME_MIN_S && life <= TOKEN_LIFETIME_MAX_S);
	must(value[0] != '\0');
	for (i = 0; value[i] != '\0'; i++)
		must(value[i] > ' ' && value[i] < 127);
	token_set(&cache, token_get(&cache, &from, "scope"), value, life, 0);
	token_cache_done(&cache);
	outside_forget();
	return 0;
}
