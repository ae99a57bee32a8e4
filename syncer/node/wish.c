/*
 * What the person wants on the node.  All of it goes into files of several
 * formats, and into messages that people paste into a shell: what would need
 * quoting in any of them is refused here, so that no for_*.c has to quote.
 */
#include <stdlib.h>
#include <string.h>

#include "image/slips.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "layout/name.h"
#include "node/wish.h"
#include "registry/ascii.h"
#include "registry/registries.h"

/* What a host and a port are made of, v6 in brackets included: none of it means
 * anything to a TOML, YAML or JSON string, or to a shell. */
static bool
is_plain_host(const char *host)
{
	for (; *host != '\0'; host++)
		if (!ascii_is_alnum(*host) && strchr(".-_:[]", *host) == NULL)
			return false;
	return true;
}

/* Nothing but scheme, host and port, and libcurl's "/" behind. */
static bool
is_only_host(const struct url *u)
{
	const char *path = strstr(u->text, "://");

	path = path == NULL ? NULL : strchr(path + 3, '/');
	return path == NULL || strcmp(path, "/") == 0;
}

/* A port that is the scheme's own is left out, as clients leave it out when
 * they look for certificates. */
static int
take_url(const char *option, const char *text, struct url *ret, char **base,
    char **place, struct err *e)
{
	struct url u;
	bool standard;

	if (slips_scheme(text, e) == -1 || url_parse(text, &u, e) == -1) {
		if (strstr(text, "://") == NULL && strchr(text, ':') == NULL &&
		    is_plain_host(text))
			err_set(e, ERR_INPUT, "write http://%.80s or "
			    "https://%.80s", text, text);
		e->code = ERR_INPUT;
		return err_wrap(e, "%s", option);
	}
	if (!is_plain_host(u.host) || !is_only_host(&u)) {
		url_done(&u);
		return err_set(e, ERR_INPUT, "%s: write only scheme, "
		    "host and port, such as http://10.0.0.5:5000, without a "
		    "path or a query", option);
	}
	url_done(ret);
	free(*base);
	free(*place);
	standard = u.port == (u.https ? 443 : 80);
	*ret = u;
	*place = standard ? xstrdup(u.host) :
	    xasprintf("%s:%u", u.host, u.port);
	*base = xasprintf("%s://%s", u.https ? "https" : "http", *place);
	return 0;
}

int
node_wish_mirror(struct node_wish *w, const char *text, struct err *e)
{
	return take_url("--mirror", text, &w->mirror, &w->base, &w->place, e);
}

int
node_wish_behind(struct node_wish *w, const char *text, struct err *e)
{
	return take_url("--behind", text, &w->behind, &w->behind_base,
	    &w->behind_place, e);
}

/* The three names of Docker Hub are one: clients look for docker.io
 * (quirks.md#hub-names). */
int
node_wish_registry(struct node_wish *w, const char *name, struct err *e)
{
	size_t i;

	name = registries_canonical(name);
	/* Clients take a name without a dot for a part of a path. */
	if (!name_is_registry(name) || (strpbrk(name, ".:") == NULL &&
	    strcmp(name, "localhost") != 0))
		return err_set(e, ERR_INPUT, "--registry: \"%.100s\" is not "
		    "the name of a registry, such as docker.io or "
		    "reg.example:5000", name);
	for (i = 0; i < w->registry_count; i++)
		if (strcmp(w->registries[i], name) == 0)
			return 0;
	if (w->registry_count == NODE_REGISTRIES_MAX)
		return err_set(e, ERR_LIMIT, "--registry: more than %u of them",
		    NODE_REGISTRIES_MAX);
	w->registries = xreallocarray(w->registries, w->registry_count + 1,
	    sizeof(char *));
	w->registries[w->registry_count++] = xstrdup(name);
	return 0;
}

/* ".." is refused, since the client may resolve it in another way. */
int
node_wish_path(const char *option, const char *path, struct err *e)
{
	const char *p;

	if (path == NULL)
		return 0;
	if (path[0] != '/')
		return err_set(e, ERR_INPUT, "%s: %.200s: give the full path, "
		    "which begins with /: the client reads the file there",
		    option, path);
	for (p = path; *p != '\0'; p++)
		if (!ascii_is_alnum(*p) && strchr("/._-+@=:,", *p) == NULL)
			return err_set(e, ERR_INPUT, "%s: the path may have "
			    "only letters, digits and / . _ - + @ = : , in it, "
			    "because it is written into a client's file",
			    option);
	for (p = path; (p = strstr(p, "/..")) != NULL; p += 3)
		if (p[3] == '/' || p[3] == '\0')
			return err_set(e, ERR_INPUT,
			    "%s: %.200s: give a path without \"..\"", option,
			    path);
	return 0;
}

/* What can only be said of all options together. */
int
node_wish_check(const struct node_wish *w, struct err *e)
{
	if (w->base == NULL)
		return err_set(e, ERR_INPUT, "which mirror? Give --mirror "
		    "http://HOST:PORT, where nginx listens");
	if ((w->cert_path == NULL) != (w->key_path == NULL))
		return err_set(e, ERR_INPUT, "--client-cert and --client-key "
		    "belong together");
	if (w->behind_base != NULL && strcmp(w->base, w->behind_base) == 0)
		return err_set(e, ERR_INPUT, "--behind: that is the mirror of "
		    "--mirror already");
	if (!w->mirror.https && !w->behind.https &&
	    (w->ca_path != NULL || w->cert_path != NULL))
		return err_set(e, ERR_INPUT, "%s: plain http does not use "
		    "certificates: write https, or leave them out", w->base);
	if (node_wish_path("--ca", w->ca_path, e) == -1 ||
	    node_wish_path("--client-cert", w->cert_path, e) == -1 ||
	    node_wish_path("--client-key", w->key_path, e) == -1)
		return -1;
	return 0;
}

static void
free_secret(char *text)
{
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
}

void
node_wish_done(struct node_wish *w)
{
	size_t i;

	url_done(&w->mirror);
	free(w->base);
	free(w->place);
	url_done(&w->behind);
	free(w->behind_base);
	free(w->behind_place);
	for (i = 0; i < w->registry_count; i++)
		free(w->registries[i]);
	free(w->registries);
	free(w->ca_path);
	free(w->cert_path);
	free(w->key_path);
	free(w->ca);
	free(w->cert);
	free_secret(w->key);
	*w = (struct node_wish){ 0 };
}
