#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "registry/url.h"
#include "transfer/elsewhere.h"

/* Nobody waits long for what is not needed. */
#define TRIES_MAX	2u

static struct source *
find(const struct traffic *t, const struct source *home, const char *origin,
    size_t *ret_count)
{
	struct source *source;

	*ret_count = 0;
	for (source = t->sources; source != NULL; source = source->next) {
		if (source->up->home == NULL)
			continue;
		++*ret_count;
		if (source->up->home == home->up &&
		    strcmp(source->up->config.name, origin) == 0)
			return source;
	}
	return NULL;
}

/* A digest decides whether the bytes are right: so plain http will do, where
 * the registry itself has https. */
static int
judge(struct registry_config *config, const struct url *url, struct err *e)
{
	config->endpoint.https = false;
	return url_may_follow(&config->endpoint, url, &config->places, e);
}

/* What is the registry's alone stays there.  Whom it trusts holds here as well,
 * as for its redirects. */
static struct source *
make(struct traffic *t, const struct source *home,
    struct registry_config *config, char *origin)
{
	static const struct challenge nothing = { .scheme = CHALLENGE_NONE };
	struct source *source;

	free(config->name);
	config->name = origin;
	free(config->client_cert);
	free(config->client_key);
	config->client_cert = config->client_key = NULL;
	if (config->retry.max_tries > TRIES_MAX)
		config->retry.max_tries = TRIES_MAX;
	source = traffic_source(t, config, NULL);
	source->up->home = home->up;
	source->up->keyring = NULL;
	site_learn(&source->up->self, "", &nothing);
	return source;
}

struct source *
elsewhere_source(struct traffic *t, const struct source *home,
    struct registry_config *config, const char *url, struct err *e)
{
	struct url at = { .text = NULL };
	struct source *source = NULL;
	char *origin = NULL;
	size_t count;

	if (url_parse(url, &at, e) == -1 || judge(config, &at, e) == -1)
		goto out;
	origin = xasprintf("%s://%s:%u", at.https ? "https" : "http", at.host,
	    at.port);
	source = find(t, home, origin, &count);
	if (source == NULL && count >= ELSEWHERE_MAX) {
		err_set(e, ERR_LIMIT, "layers are at more than %u places",
		    ELSEWHERE_MAX);
	} else if (source == NULL) {
		source = make(t, home, config, origin);
		memset(config, 0, sizeof(*config));
		origin = NULL;
	}
out:
	free(origin);
	url_done(&at);
	registry_config_done(config);
	return source;
}
