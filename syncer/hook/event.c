/* What senders of hooks say, whoever they are: which form a body has, and what
 * all forms share. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hook/event_internal.h"
#include "image/readjson.h"
#include "image/ref.h"
#include "layout/digest.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "layout/name.h"

static bool
event_image(struct events *ev, const json_t *root)
{
	const json_t *images = json_object_get(root, "images");
	const char *image = event_text(root, "image");
	size_t i;

	if (image == NULL && !json_is_array(images))
		return false;
	if (image != NULL)
		event_tell_ref(ev, image);
	for (i = 0; i < json_array_size(images); i++) {
		image = event_string(json_array_get(images, i));
		if (image != NULL)
			event_tell_ref(ev, image);
	}
	return true;
}

static const struct {
	const char *name;
	events_form *read;
} forms[] = {
	{ "distribution", event_distribution },
	{ "event-grid", event_event_grid },
	{ "harbor", event_harbor },
	{ "zot", event_zot },
	{ "docker-hub", event_docker_hub },
	{ "aliyun", event_aliyun },
	{ "quay", event_quay },
	{ "github", event_github },
	{ "gitea", event_gitea },
	{ "ecr", event_ecr },
	{ "pubsub", event_pubsub },
	{ "artifactory", event_artifactory },
	{ "nexus", event_nexus },
	{ "acr", event_acr },
	{ "image", event_image },
};

bool
event_has(const char *text, const char *beginning)
{
	return text != NULL && strncmp(text, beginning, strlen(beginning)) == 0;
}

const char *
event_string(const json_t *value)
{
	const char *text = json_string_value(value);

	if (text == NULL || *text == '\0' ||
	    strlen(text) != json_string_length(value))
		return NULL;
	return text;
}

const char *
event_text(const json_t *object, const char *key)
{
	return event_string(json_object_get(object, key));
}

bool
event_is(const json_t *object, const char *key, const char *want)
{
	const char *text = event_text(object, key);

	return text != NULL && strcmp(text, want) == 0;
}

char *
event_lower(const char *text)
{
	char *copy = text == NULL ? NULL : xstrdup(text), *c;

	for (c = copy; c != NULL && *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	return copy;
}

char *
event_host(const char *url)
{
	const char *scheme = url == NULL ? NULL : strstr(url, "://");
	char *host;

	if (url == NULL)
		return NULL;
	host = event_lower(scheme == NULL ? url : scheme + 3);
	host[strcspn(host, "/")] = '\0';
	if (*host != '\0')
		return host;
	free(host);
	return NULL;
}

/* The rule of image_ref_parse for what may be a host before a "/". */
static bool
is_host(const char *text, size_t len)
{
	return memchr(text, '.', len) != NULL ||
	    memchr(text, ':', len) != NULL ||
	    (len == strlen("localhost") && memcmp(text, "localhost", len) == 0);
}

/* "registry/repository", as a list has it: 0, or -1 where no list can. */
static int
names_of(const struct events *ev, const char *host, const char *repository,
    struct image_ref *ret)
{
	char *at = event_lower(ev->registry != NULL ? ev->registry : host);
	char *name = NULL;
	int rc = -1;
	struct err e;

	if (at != NULL && *at != '\0') {
		if (!is_host(at, strlen(at)))
			goto out;
		name = xasprintf("%s/%s", at, repository);
	} else {
		name = xstrdup(repository);
	}
	if (image_ref_is_bare(name))
		rc = image_ref_parse(name, ret, &e);
out:
	free(at);
	free(name);
	return rc;
}

void
event_tell(struct events *ev, const char *host, const char *repository,
    const char *tag, const char *digest)
{
	struct hook_event event = { .tag = tag };
	struct image_ref names;
	struct digest d;
	struct err e;

	if (repository == NULL || ev->count == ev->most)
		return;
	if (tag != NULL && digest_parse(tag, &d, &e) == 0) {
		event.tag = NULL;
		digest = tag;
	}
	if (event.tag != NULL && *event.tag == '\0')
		event.tag = NULL;
	if (event.tag != NULL && !name_is_tag(event.tag))
		return;
	if (digest != NULL && digest_parse(digest, &d, &e) == 0)
		event.digest = digest;
	if (names_of(ev, host, repository, &names) == -1)
		return;
	event.registry = names.registry;
	event.repository = names.repository;
	ev->count++;
	ev->take(ev->cookie, &event);
	image_ref_done(&names);
}

void
event_tell_ref(struct events *ev, const char *text)
{
	char *copy = xstrdup(text), *repository = copy, *host = NULL;
	char *digest = strchr(copy, '@'), *tag;
	size_t len = strcspn(copy, "/");

	if (digest != NULL)
		*digest++ = '\0';
	if (copy[len] == '/' && is_host(copy, len)) {
		host = copy;
		copy[len] = '\0';
		repository = copy + len + 1;
	}
	tag = strchr(repository, ':');
	if (tag != NULL)
		*tag++ = '\0';
	event_tell(ev, host, repository, tag, digest);
	free(copy);
}

/* Real ones have numbers that Jansson would call too big for an integer, and a
 * NUL in a text makes that text none, and not the whole body. */
json_t *
event_load(const char *text, size_t len)
{
	struct err e;

	if (readjson_check(text, len, &e) == -1)
		return NULL;
	return json_loadb(text, len, JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL,
	    NULL);
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/*
 * GitHub and Gitea send "payload=" and the body as a form has it, unless they
 * are told otherwise.  Return the body; free(3) it.
 */
static char *
form_decode(const char *text, size_t len, size_t *ret_len)
{
	char *out = xmalloc(len + 1);
	size_t i, n = 0;

	for (i = 0; i < len && text[i] != '&'; i++) {
		if (text[i] == '%' && len - i > 2 &&
		    hex_value(text[i + 1]) != -1 &&
		    hex_value(text[i + 2]) != -1) {
			out[n++] = (char)(hex_value(text[i + 1]) * 16 +
			    hex_value(text[i + 2]));
			i += 2;
		} else {
			out[n++] = text[i] == '+' ? ' ' : text[i];
		}
	}
	out[n] = '\0';
	*ret_len = n;
	return out;
}

#define FORM		"payload="

static bool
is_form(const char *body, size_t len)
{
	return len >= strlen(FORM) && memcmp(body, FORM, strlen(FORM)) == 0;
}

static json_t *
load_body(const char *body, size_t len)
{
	char *copy;
	json_t *root;

	if (len > HOOK_BODY_MAX)
		return NULL;
	if (!is_form(body, len))
		return event_load(body, len);
	copy = form_decode(body + strlen(FORM), len - strlen(FORM), &len);
	root = event_load(copy, len);
	free(copy);
	return root;
}

const char *
events_read(const char *body, size_t len, const char *kind,
    const char *registry, hook_event_take *take, void *cookie)
{
	struct events ev = {
		.kind = kind, .registry = registry, .take = take,
		.cookie = cookie, .most = HOOK_EVENTS_MAX,
	};
	json_t *root = load_body(body, len);
	const char *name = NULL;
	size_t i;

	for (i = 0; root != NULL && name == NULL &&
	    i < sizeof(forms) / sizeof(forms[0]); i++)
		if (forms[i].read(&ev, root))
			name = forms[i].name;
	json_decref(root);
	return name;
}

/* Its characters are those of the codes that there are: they are sent back. */
bool
events_proof(const char *body, size_t len, char *reply, size_t size)
{
	json_t *root = load_body(body, len);
	const json_t *first = json_array_get(root, 0);
	const char *code = event_text(json_object_get(first, "data"),
	    "validationCode");
	bool is_one = event_is(first, "eventType",
	    "Microsoft.EventGrid.SubscriptionValidationEvent") &&
	    code != NULL && strlen(code) <= EVENTS_PROOF_MAX &&
	    code[strspn(code, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")] == '\0';

	if (is_one)
		snprintf(reply, size, "{\"validationResponse\":\"%s\"}", code);
	json_decref(root);
	return is_one;
}

/* The first word of a line; the others say how it is wanted. */
static void
take_line(struct events *ev, const char *line, size_t len)
{
	size_t begin = 0, end;
	char *word;

	while (begin < len && strchr(" \t\r", line[begin]) != NULL)
		begin++;
	for (end = begin; end < len && strchr(" \t\r", line[end]) == NULL;)
		end++;
	if (end == begin || line[begin] == '#')
		return;
	word = xstrndup(line + begin, end - begin);
	if (strcmp(word, "default") != 0)
		event_tell_ref(ev, word);
	free(word);
}

const char *
events_read_file(const char *text, size_t len, hook_event_take *take,
    void *cookie)
{
	struct events ev = {
		.take = take, .cookie = cookie, .most = SIZE_MAX,
	};
	size_t begin = 0, end;

	while (begin < len && strchr(" \t\r\n", text[begin]) != NULL)
		begin++;
	if (begin < len && (text[begin] == '{' || text[begin] == '[' ||
	    is_form(text + begin, len - begin)))
		return events_read(text + begin, len - begin, NULL, NULL, take,
		    cookie);
	if (len > HOOK_BODY_MAX || memchr(text, '\0', len) != NULL)
		return NULL;
	for (; begin < len; begin = end + 1) {
		for (end = begin; end < len && text[end] != '\n';)
			end++;
		take_line(&ev, text + begin, end - begin);
	}
	return ev.count > 0 ? "list" : NULL;
}
