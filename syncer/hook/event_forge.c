/* Packages of GitHub, and of Gitea and Forgejo.  Their names may have upper
 * case, which an image's name has not. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "hook/event_internal.h"
#include "layout/mem.h"

static char *
joined(const char *owner, const char *name)
{
	char *both, *lower;

	if (owner == NULL || name == NULL)
		return NULL;
	both = xasprintf("%s/%s", owner, name);
	lower = event_lower(both);
	free(both);
	return lower;
}

/* Where it says so, an installation's own registry. */
static char *
github_host(const json_t *version)
{
	char *host = event_host(event_text(version, "package_url"));

	if (host != NULL && strchr(host, '.') != NULL)
		return host;
	free(host);
	return xstrdup("ghcr.io");
}

static void
github_package(struct events *ev, const json_t *package)
{
	const json_t *version = json_object_get(package, "package_version");
	const json_t *tag = json_object_get(json_object_get(version,
	    "container_metadata"), "tag");
	const char *type = event_text(package, "package_type");
	const char *owner = event_text(package, "namespace");
	const char *digest = event_text(tag, "digest");
	char *host, *path;

	if (type == NULL || (strcasecmp(type, "container") != 0 &&
	    strcasecmp(type, "docker") != 0))
		return;
	if (owner == NULL)
		owner = event_text(json_object_get(package, "owner"), "login");
	if (digest == NULL)
		digest = event_text(version, "version");
	host = github_host(version);
	path = joined(owner, event_text(package, "name"));
	event_tell(ev, host, path, event_text(tag, "name"), digest);
	free(path);
	free(host);
}

/* "ping" comes when a hook is made. */
bool
event_github(struct events *ev, const json_t *root)
{
	const json_t *package = json_object_get(root, "package");

	if (json_object_get(root, "zen") != NULL &&
	    json_object_get(root, "hook_id") != NULL)
		return true;
	if (package == NULL)
		package = json_object_get(root, "registry_package");
	if (event_text(package, "package_type") == NULL)
		return false;
	if (event_is(root, "action", "published") ||
	    event_is(root, "action", "updated"))
		github_package(ev, package);
	return true;
}

bool
event_gitea(struct events *ev, const json_t *root)
{
	const json_t *package = json_object_get(root, "package");
	const char *type = event_text(package, "type");
	char *host, *path;

	if (type == NULL || event_text(package, "version") == NULL)
		return false;
	if (strcmp(type, "container") == 0 &&
	    event_is(root, "action", "created")) {
		host = event_host(event_text(package, "html_url"));
		path = joined(event_text(json_object_get(package, "owner"),
		    "login"), event_text(package, "name"));
		event_tell(ev, host, path, event_text(package, "version"),
		    NULL);
		free(path);
		free(host);
	}
	return true;
}
