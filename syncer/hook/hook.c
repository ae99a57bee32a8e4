/* One call of a hook: whose it is, whether it may, and what it tells of. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "hook/hook_internal.h"
#include "layout/base64.h"
#include "layout/limits.h"
#include "layout/mem.h"

#define ROOT		"/hook/"

/* Senders that sign, by the names of their headers. */
static const char *const signatures[] = {
	"X-Hub-Signature-256", "X-Gitea-Signature", "X-Forgejo-Signature",
	"X-Gogs-Signature", "X-JFrog-Event-Auth", "X-Nexus-Webhook-Signature",
	"X-Signature-256", "X-Signature",
};

/* Those that have in a header what their body means. */
static const char *const kinds[] = {
	"Ce-Type", "X-GitHub-Event", "X-Gitea-Event", "X-Forgejo-Event",
	"X-Nexus-Webhook-Id",
};

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* One that is there twice is not there: who is to say which of them counts? */
static const char *
header(const struct hook_request *request, const char *name)
{
	const char *const *h = request->headers, *value = NULL;

	for (; h[0] != NULL; h += 2) {
		if (strcasecmp(h[0], name) != 0)
			continue;
		if (value != NULL)
			return NULL;
		value = h[1];
	}
	return value;
}

static const char *
first_header(const struct hook_request *request, const char *const *names,
    size_t count)
{
	const char *value = NULL;
	size_t i;

	for (i = 0; i < count && value == NULL; i++)
		value = header(request, names[i]);
	return value;
}

/* What stands behind the scheme in Authorization (RFC 9110 section 11.4). */
static const char *
credentials(const struct hook_request *request, const char *scheme)
{
	const char *value = header(request, "Authorization");
	size_t len = strlen(scheme);

	if (value == NULL || strncasecmp(value, scheme, len) != 0 ||
	    value[len] != ' ')
		return NULL;
	return value + len + strspn(value + len, " ");
}

/* USER:PASSWORD; NULL where it is none. */
static char *
decoded(const char *value)
{
	unsigned char *plain;
	size_t len;

	if (value == NULL)
		return NULL;
	plain = base64_decode(value, &len);
	if (plain == NULL || strlen((char *)plain) == len)
		return (char *)plain;
	secret_wipe(plain, len);
	free(plain);
	return NULL;
}

/*
 * What this request has in the place of the secret, or NULL.  ${rest} is what
 * stands behind the hook's name in its path, "/" and all.  secret_wipe and
 * free(3) it.
 */
static char *
given(const struct hook *hook, const struct hook_request *request,
    const char *rest)
{
	const char *value = NULL;

	if ((hook->place == HOOK_URL) != (*rest == '/'))
		return NULL;
	switch (hook->place) {
	case HOOK_URL:
		value = rest + 1;
		break;
	case HOOK_SIGNATURE:
		value = hook->header == NULL ? first_header(request, signatures,
		    COUNT(signatures)) : header(request, hook->header);
		break;
	case HOOK_AUTHORIZATION:
		value = header(request, "Authorization");
		break;
	case HOOK_BEARER:
		value = credentials(request, "Bearer");
		break;
	case HOOK_BASIC:
		return decoded(credentials(request, "Basic"));
	case HOOK_HEADER:
		value = header(request, hook->header);
		break;
	}
	return value == NULL ? NULL : xstrdup(value);
}

/* All are looked at, whichever it is. */
static const struct hook *
find(const struct hooks *h, const char *name)
{
	const struct hook *found = NULL;
	size_t i;

	for (i = 0; i < h->count; i++)
		if (strcmp(h->all[i].name, name) == 0)
			found = &h->all[i];
	return found;
}

static void
refuse(struct hook_note *note, int status, const char *code,
    const char *message)
{
	note->status = status;
	snprintf(note->reply, sizeof(note->reply),
	    "{\"errors\":[{\"code\":\"%s\",\"message\":\"%s\"}]}", code,
	    message);
}

struct counting {
	hook_event_take *take;
	void *cookie;
	size_t count;
};

static void
count_event(void *cookie, const struct hook_event *event)
{
	struct counting *c = cookie;

	c->count++;
	c->take(c->cookie, event);
}

static void
take_body(const struct hook *hook, const struct hook_request *request,
    struct counting *c, struct hook_note *note)
{
	note->status = 202;
	note->form = events_read(request->body, request->len,
	    first_header(request, kinds, COUNT(kinds)), hook->registry,
	    count_event, c);
	note->events = c->count;
	if (note->form != NULL && strcmp(note->form, "event-grid") == 0 &&
	    events_proof(request->body, request->len, note->reply,
	    sizeof(note->reply)))
		note->status = 200;
}

/* ${path}: what stands behind "/hook/", and is ours to change. */
static void
call(const struct hooks *h, const struct hook_request *request, char *path,
    struct counting *c, struct hook_note *note)
{
	char *rest, *text = NULL;
	const struct hook *hook;
	char name[HOOK_NAME_MAX + 1] = "";
	size_t len;
	bool right;

	path[strcspn(path, "?#")] = '\0';
	len = strcspn(path, "/");
	rest = path + len;
	if (len < sizeof(name))
		memcpy(name, path, len);
	hook = find(h, name);
	if (hook != NULL)
		text = given(hook, request, rest);
	right = secret_check(hook == NULL ? NULL : hook->secret, text,
	    request->body, request->len);
	if (text != NULL)
		secret_wipe(text, strlen(text));
	free(text);
	note->name = hook == NULL ? NULL : hook->name;
	if (right)
		take_body(hook, request, c, note);
	else
		refuse(note, 401, "UNAUTHORIZED",
		    "no such hook, or not its secret");
}

void
hooks_call(const struct hooks *h, const struct hook_request *request,
    hook_event_take *take, void *cookie, struct hook_note *note)
{
	struct counting c = { .take = take, .cookie = cookie };
	size_t root = strlen(ROOT);
	char *path;

	memset(note, 0, sizeof(*note));
	if (strncmp(request->path, ROOT, root) != 0) {
		refuse(note, 400, "UNSUPPORTED", "no request for a hook");
		return;
	}
	if (strcmp(request->method, "POST") != 0) {
		refuse(note, 405, "UNSUPPORTED", "hooks are called by POST");
		return;
	}
	path = xstrdup(request->path + root);
	call(h, request, path, &c, note);
	/* It may have had a "?" that is a NUL by now. */
	secret_wipe(path, strlen(request->path + root));
	free(path);
}
