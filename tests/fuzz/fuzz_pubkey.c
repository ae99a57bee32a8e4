/* The file of a public key. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "image/pubkey.h"
#include "layout/limits.h"

static void
must(int ok)
{
	if (!ok)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pubkey *key = NULL;
	struct err e = { 0 };

	if (pubkey_parse((const char *)data, size, &key, &e) == -1) {
		must(key == NULL && e.code == ERR_INPUT && e.msg[0] != '\0');
		return 0;
	}
	must(key != NULL && size <= PUBKEY_BYTES_MAX);
	/* Nothing signs the empty text by accident. */
	must(!pubkey_verify(key, "", 0, "", 0));
	must(!pubkey_verify(key, data, size, data, size));
	pubkey_free(key);
	return 0;
}
