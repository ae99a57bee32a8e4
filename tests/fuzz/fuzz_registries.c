/* The file of --registries. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "layout/limits.h"
#include "layout/name.h"
#include "registry/registries.h"

static const char *const names[] = {
	"docker.io", "index.docker.io", "h.example", "h.example:5000", "h",
	"localhost:5000", "127.0.0.1", "[::1]:5000", "Not A Name",
};

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
check_endpoint(const struct url *u)
{
	struct url again;
	struct err e;
	size_t len = strlen(u->text);

	must(len <= URL_MAX && u->text[len - 1] == '/');
	must(strncmp(u->text, u->https ? "https://" : "http://",
	    u->https ? 8 : 7) == 0);
	must(u->text[strcspn(u->text, "?#@ ")] != '?');
	must(u->port >= 1 && u->port <= 65535 && u->host[0] != '\0');
	must(url_parse(u->text, &again, &e) == 0);
	must(strcmp(again.text, u->text) == 0 && url_same_origin(u, &again));
	url_done(&again);
}

static void
check_config(const struct registry_config *c)
{
	must(c->name != NULL);
	check_endpoint(&c->endpoint);
	must(c->max_connections >= 1 && c->max_connections <= 64);
	must(c->retry.max_tries >= 1 && c->retry.base_ms >= 1);
	must(c->retry.base_ms <= c->retry.cap_ms);
	must(c->stall_timeout_s >= 1 && c->connect_timeout_s >= 1);
	must(c->ca_file == NULL || c->ca_file[0] != '\0');
	must(c->client_key == NULL || c->client_cert != NULL);
	must(c->below == NULL || name_is_repository(c->below));
	must(c->account != NULL && (c->below == NULL || !c->is_lent));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct registries *r = NULL;
	struct registry_config c;
	struct err e = { 0 };
	size_t i, at;

	if (registries_parse("NAME", (const char *)data, size, &r, &e) == -1) {
		must(r == NULL && e.code == ERR_INPUT);
		must(strncmp(e.msg, "NAME: ", 6) == 0);
		return 0;
	}
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (registries_config(r, names[i], &c, &e) == -1) {
			must(strcmp(names[i], "Not A Name") == 0);
			continue;
		}
		check_config(&c);
		registry_config_done(&c);
		for (at = 1; registries_config_at(r, names[i], at, &c,
		    &e) == 1; at++) {
			check_config(&c);
			registry_config_done(&c);
		}
		must(at <= ENDPOINTS_MAX);
	}
	must(registries_require_signed(r, "h") == NULL ||
	    registries_require_signed(r, "h")[0] != '\0');
	registries_free(r);
	return 0;
}
