/* ECR and Artifact Registry, which speak through other services of their
 * clouds; Artifactory and Nexus, which have more than images. */
#include <stdlib.h>
#include <string.h>

#include "hook/event_internal.h"
#include "layout/base64.h"
#include "layout/mem.h"

static void
ecr_push(struct events *ev, const json_t *root, const json_t *detail)
{
	const char *account = event_text(root, "account");
	const char *region = event_text(root, "region");
	char *host;

	if (account == NULL || region == NULL)
		return;
	host = xasprintf("%s.dkr.ecr.%s.amazonaws.com%s", account, region,
	    event_has(region, "cn-") ? ".cn" : "");
	event_tell(ev, host, event_text(detail, "repository-name"),
	    event_text(detail, "image-tag"),
	    event_text(detail, "image-digest"));
	free(host);
}

bool
event_ecr(struct events *ev, const json_t *root)
{
	const json_t *detail = json_object_get(root, "detail");

	if (event_text(root, "detail-type") == NULL)
		return false;
	if (event_is(root, "detail-type", "ECR Image Action") &&
	    event_is(detail, "action-type", "PUSH") &&
	    event_is(detail, "result", "SUCCESS"))
		ecr_push(ev, root, detail);
	return true;
}

/* A push of a tag has both, and its digest is not of that tag alone. */
static bool
pubsub_message(struct events *ev, const json_t *message)
{
	const char *action = event_text(message, "action");
	const char *digest = event_text(message, "digest");
	const char *tag = event_text(message, "tag");
	const char *at = digest == NULL ? NULL : strchr(digest, '@');
	char *ref;

	if (action == NULL || (digest == NULL && tag == NULL))
		return false;
	if (strcmp(action, "INSERT") != 0)
		return true;
	ref = xasprintf("%s%s", tag == NULL ? digest : tag,
	    tag == NULL || at == NULL ? "" : at);
	event_tell_ref(ev, ref);
	free(ref);
	return true;
}

bool
event_pubsub(struct events *ev, const json_t *root)
{
	const char *data = event_text(json_object_get(root, "message"), "data");
	unsigned char *text = NULL;
	json_t *message = NULL;
	bool is_one = false;
	size_t len;

	if (data != NULL)
		text = base64_decode(data, &len);
	if (text != NULL)
		message = event_load((const char *)text, len);
	if (message != NULL)
		is_one = pubsub_message(ev, message);
	json_decref(message);
	free(text);
	return is_one;
}

/*
 * Whether the key of its repository is a part of the image's name depends on
 * how it is served: below a path, or by a host or port of its own.  So both are
 * told; what nobody mirrors costs nothing.
 */
static void
artifactory_push(struct events *ev, const json_t *root, const json_t *data)
{
	char *host = event_host(event_text(root, "jpd_origin"));
	const char *sum = event_text(data, "sha256");
	const char *key = event_text(data, "repo_key");
	const char *name = event_text(data, "image_name");
	const char *tag = event_text(data, "tag");
	char *digest = sum == NULL ? NULL : xasprintf("sha256:%s", sum);
	char *path = key == NULL || name == NULL ? NULL :
	    xasprintf("%s/%s", key, name);

	if (host != NULL || ev->registry != NULL) {
		event_tell(ev, host, path, tag, digest);
		event_tell(ev, host, name, tag, digest);
	}
	free(path);
	free(digest);
	free(host);
}

/* Older ones send what is in "data" alone. */
bool
event_artifactory(struct events *ev, const json_t *root)
{
	const json_t *data = json_object_get(root, "data");

	if (event_text(root, "event_type") == NULL ||
	    (event_text(root, "domain") == NULL &&
	    event_text(root, "repo_key") == NULL))
		return false;
	if (!json_is_object(data))
		data = root;
	if ((event_is(root, "domain", "docker") ||
	    event_text(root, "domain") == NULL) &&
	    (event_is(root, "event_type", "pushed") ||
	    event_is(root, "event_type", "promoted")))
		artifactory_push(ev, root, data);
	return true;
}

/* It does not say its own host. */
bool
event_nexus(struct events *ev, const json_t *root)
{
	const json_t *component = json_object_get(root, "component");

	if (event_text(root, "repositoryName") == NULL ||
	    !json_is_object(component))
		return false;
	if (event_is(component, "format", "docker") &&
	    (event_is(root, "action", "CREATED") ||
	    event_is(root, "action", "UPDATED")))
		event_tell(ev, NULL, event_text(component, "name"),
		    event_text(component, "version"), NULL);
	return true;
}
