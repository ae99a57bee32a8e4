/* config.json, .dockercfg and what a credential helper prints. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "registry/credentials.h"

static const char *const registries[] = {
	"docker.io", "registry-1.docker.io", "ghcr.io", "h.example",
	"h.example:5000", "my.azurecr.io", "localhost:5000", "[::1]:5000", "h",
};

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
check_credential(const struct credential *c)
{
	const char *s = c->registry_token;

	must(c->registry_token != NULL || c->identity_token != NULL ||
	    (c->username != NULL && c->password != NULL));
	for (; s != NULL && *s != '\0'; s++)
		must((unsigned char)*s >= ' ' && *s != 0x7f);
}

static void
check_helper(const struct credentials *c, const char *registry)
{
	const char *server = NULL;
	const char *suffix = credentials_helper(c, registry, &server);

	must((suffix == NULL) == (server == NULL));
	if (suffix == NULL)
		return;
	must(*suffix != '\0');
	must(suffix[strspn(suffix, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")] == '\0');
	must(server == registry ||
	    strcmp(server, "https://index.docker.io/v1/") == 0);
}

static void
check_all(const struct credentials *c)
{
	struct credential one, two;
	size_t i;
	int found;

	for (i = 0; i < sizeof(registries) / sizeof(registries[0]); i++) {
		found = credentials_find(c, registries[i], "team/app", &one);
		must(found == 0 || found == 1);
		if (found == 1) {
			check_credential(&one);
			/* the path of a key covers what is below, too */
			must(credentials_find(c, registries[i], "team/app/x",
			    &two) == 1);
			credential_done(&one);
			credential_done(&two);
		}
		must(found == 0 ||
		    credentials_fault(c, registries[i], "team/app") == NULL);
		check_helper(c, registries[i]);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct credentials *c = NULL;
	struct credential one = { 0 };
	struct err e = { 0 };

	if (credentials_parse("NAME", text, size, &c, &e) == 0) {
		check_all(c);
		credentials_free(c);
	} else {
		must(c == NULL && e.code == ERR_INPUT);
		must(strncmp(e.msg, "NAME: ", 6) == 0);
	}
	if (credential_from_helper(text, size, &one, &e) == 0) {
		check_credential(&one);
		credential_done(&one);
	} else {
		must(e.code == ERR_INPUT && one.username == NULL &&
		    one.password == NULL && one.identity_token == NULL);
	}
	return 0;
}
