#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "layout/mem.h"
#include "node/hosts_toml.h"
#include "node/toml.h"
#include "node/under.h"

/* What is there of one host's table, or of the file's own for "server". */
struct look {
	const char *path;	/* of the file */
	struct hosts_toml *file;
	struct hosts_host *host;
};

void
hosts_toml_done(struct hosts_toml *h)
{
	size_t i, k;

	for (i = 0; i < h->count; i++) {
		for (k = 0; k < h->list[i].ca_count; k++)
			free(h->list[i].ca[k]);
		free(h->list[i].ca);
		free(h->list[i].cert);
		free(h->list[i].key);
		free(h->list[i].url);
		free(h->list[i].fault);
		free(h->list[i].missing);
	}
	free(h->list);
	free(h->fault);
	*h = (struct hosts_toml){ 0 };
}

/* The first thing that is wrong is enough. */
static void
file_fault(struct look *l, const struct toml *at, const char *what)
{
	if (l->file->fault == NULL)
		l->file->fault = xasprintf("/%s: line %u: %s", l->path,
		    at->line, what);
}

static void
host_fault(struct hosts_host *h, const char *path, const char *what,
    const char *todo)
{
	if (h->fault == NULL)
		h->fault = xasprintf("/%s: line %u: %s%s", path, h->line, what,
		    todo);
}

/* --- one host ------------------------------------------------------------- */

/* A path without "/" in front begins in the folder of the file. */
static char *
on_node(const char *path, const char *value)
{
	const char *name = strrchr(path, '/');
	size_t len = name == NULL ? 0 : (size_t)(name - path);

	if (value[0] == '/')
		return xstrdup(value);
	return xasprintf("/%.*s/%s", (int)len, path, value);
}

static void
add_ca(struct look *l, const struct toml *v)
{
	struct hosts_host *h = l->host;

	if (v->kind != TOML_STRING) {
		file_fault(l, v, "ca is neither a string nor a list of "
		    "strings: containerd leaves the whole file out");
		return;
	}
	h->ca = xreallocarray(h->ca, h->ca_count + 1, sizeof(char *));
	h->ca[h->ca_count++] = on_node(l->path, v->text);
}

static void
read_ca(struct look *l, const struct toml *v)
{
	const struct toml *one;

	if (v == NULL || v->kind != TOML_ARRAY) {
		if (v != NULL)
			add_ca(l, v);
		return;
	}
	for (one = v->child; one != NULL; one = one->next)
		add_ca(l, one);
}

/* client = "both", ["both", ...], or [["certificate", "key"], ...]. */
static void
read_client(struct look *l, const struct toml *v)
{
	const struct toml *cert, *key = NULL;

	if (v == NULL)
		return;
	cert = v->kind == TOML_ARRAY ? v->child : v;
	if (cert != NULL && cert->kind == TOML_ARRAY) {
		cert = cert->child;
		key = cert == NULL ? NULL : cert->next;
		if (key == NULL || key->next != NULL) {
			file_fault(l, v, "client is no pair of a certificate "
			    "and a key: containerd leaves the whole file out");
			return;
		}
	}
	if (cert == NULL)
		return;
	if (cert->kind != TOML_STRING || (key != NULL &&
	    key->kind != TOML_STRING)) {
		file_fault(l, v, "client has something that is no string: "
		    "containerd leaves the whole file out");
		return;
	}
	l->host->cert = on_node(l->path, cert->text);
	if (key != NULL && key->text[0] != '\0')
		l->host->key = on_node(l->path, key->text);
}

/* No list, or an empty one, stands for all of them. */
static void
read_capabilities(struct look *l, const struct toml *v)
{
	static const char todo[] = ": write capabilities = [\"pull\", "
	    "\"resolve\"]";
	bool pull = false, resolve = false;
	const struct toml *one;

	if (v == NULL || (v->kind == TOML_ARRAY && v->child == NULL))
		return;
	if (v->kind != TOML_ARRAY) {
		file_fault(l, v, "capabilities is no list: containerd leaves "
		    "the whole file out: write capabilities = [\"pull\", "
		    "\"resolve\"]");
		return;
	}
	for (one = v->child; one != NULL; one = one->next) {
		if (one->kind != TOML_STRING ||
		    (strcasecmp(one->text, "pull") != 0 &&
		    strcasecmp(one->text, "resolve") != 0 &&
		    strcasecmp(one->text, "push") != 0 &&
		    strcasecmp(one->text, "referrers") != 0)) {
			file_fault(l, one, "capabilities has a word that "
			    "containerd does not know: it leaves the whole "
			    "file out");
			return;
		}
		pull = pull || strcasecmp(one->text, "pull") == 0;
		resolve = resolve || strcasecmp(one->text, "resolve") == 0;
	}
	if (!pull)
		host_fault(l->host, l->path, "capabilities without \"pull\": "
		    "containerd does not pull from there", todo);
	else if (!resolve)
		host_fault(l->host, l->path, "capabilities without "
		    "\"resolve\": containerd asks others what a tag stands "
		    "for", todo);
}

static void
want_kind(struct look *l, const struct toml *table, const char *key,
    enum toml_kind kind)
{
	const struct toml *v = toml_get(table, key);

	if (v != NULL && v->kind != kind)
		file_fault(l, v, kind == TOML_BOOLEAN ? "neither true nor "
		    "false, without quotes: containerd leaves the whole file "
		    "out" : kind == TOML_STRING ? "no string: containerd "
		    "leaves the whole file out" : "no table: containerd leaves "
		    "the whole file out");
}

/* How many "/" are there that begin a part? */
static unsigned
parts_of(const char *path)
{
	unsigned n = 0;

	for (; *path != '\0'; path++)
		n += *path == '/' && path[1] != '/' && path[1] != '\0';
	return n;
}

/*
 * containerd puts "/v2" behind the path, unless it ends so or override_path
 * says that it is whole.  The mirror answers below /v2, /v2/REGISTRY and
 * /REGISTRY/v2.
 */
static void
read_path(struct look *l, bool is_whole)
{
	const char *rest = strstr(l->host->url, "://"), *path;
	unsigned parts;
	bool is_v2;

	rest = rest == NULL ? l->host->url : rest + 3;
	path = rest + strcspn(rest, "/");
	parts = parts_of(path);
	is_v2 = strncmp(path, "/v2", 3) == 0 &&
	    (path[3] == '/' || path[3] == '\0');
	if (is_whole && !is_v2)
		host_fault(l->host, l->path, "override_path, and a path "
		    "without /v2: the mirror answers nothing there: ",
		    "write \"/v2/REGISTRY\" as its path, or neither path nor "
		    "override_path");
	else if (!is_whole && is_v2 && parts > 1)
		host_fault(l->host, l->path, "a path behind /v2, and no "
		    "override_path: containerd asks below \"/v2/...../v2\", "
		    "where the mirror answers nothing: ",
		    "write override_path = true, or leave the path out");
	else if (parts > 2 || (!is_whole && parts > 1 && !is_v2))
		host_fault(l->host, l->path, "a path below which the mirror "
		    "answers nothing: ", "leave it out");
}

static void
read_host(const char *path, struct hosts_toml *file, const char *url,
    const struct toml *at, const struct toml *table, bool is_server)
{
	struct look l = { .path = path, .file = file };
	const struct toml *whole = toml_get(table, "override_path");

	file->list = xreallocarray(file->list, file->count + 1,
	    sizeof(*file->list));
	l.host = &file->list[file->count++];
	*l.host = (struct hosts_host){
		.url = xstrdup(url), .line = at->line, .is_server = is_server
	};
	want_kind(&l, table, "override_path", TOML_BOOLEAN);
	want_kind(&l, table, "skip_verify", TOML_BOOLEAN);
	want_kind(&l, table, "dial_timeout", TOML_STRING);
	want_kind(&l, table, "header", TOML_TABLE);
	read_capabilities(&l, toml_get(table, "capabilities"));
	read_ca(&l, toml_get(table, "ca"));
	read_client(&l, toml_get(table, "client"));
	read_path(&l, whole != NULL && strcmp(whole->text, "true") == 0);
	if (at->form == TOML_DOTTED || at->form == TOML_INLINE)
		host_fault(l.host, path, "not a table of its own: containerd "
		    "2.x does not see it: ", "write [host.\"URL\"] above its "
		    "keys");
}

/* --- the file ------------------------------------------------------------- */

static void
read_root(const char *path, const struct toml *root, struct hosts_toml *ret)
{
	struct look l = { .path = path, .file = ret };
	const struct toml *hosts = toml_get(root, "host"), *one;
	const struct toml *server = toml_get(root, "server");
	struct toml is_header = { .form = TOML_HEADER };

	if (hosts != NULL && hosts->kind != TOML_TABLE)
		file_fault(&l, hosts, "host is no table: containerd leaves the "
		    "whole file out");
	else
		for (one = hosts == NULL ? NULL : hosts->child; one != NULL;
		    one = one->next) {
			if (one->kind != TOML_TABLE)
				file_fault(&l, one, "a host is no table: "
				    "containerd leaves the whole file out");
			else
				read_host(path, ret, one->key, one, one,
				    false);
		}
	want_kind(&l, root, "server", TOML_STRING);
	if (toml_string(server) == NULL || server->text[0] == '\0')
		return;
	is_header.line = server->line;
	read_host(path, ret, server->text, &is_header, root, true);
}

/* What is no TOML is as if it were not there, and containerd says so in its log
 * alone. */
void
hosts_toml_read(const char *path, const char *text, struct hosts_toml *ret)
{
	struct toml *root;
	struct err e;

	*ret = (struct hosts_toml){ 0 };
	if (toml_read(path, text, &root, &e) == -1) {
		ret->fault = xasprintf("%s: containerd leaves the whole file "
		    "out: mend it", e.msg);
		return;
	}
	read_root(path, root, ret);
	toml_free(root);
}

/* NULL where it is one. */
static const char *
is_no_pem(int root, const char *path)
{
	char *text = NULL;
	struct err e;
	const char *what = NULL;
	int rc;

	if (strstr(path, "/../") != NULL)
		return NULL;	/* it may lead out of the root */
	rc = under_read(root, path + 1, &text, NULL, &e);
	/* A link, or what we may not read, may be right. */
	if (rc == 0)
		what = "is not there";
	else if (rc == 1 && strstr(text, "-----BEGIN ") == NULL)
		what = "is no PEM file";
	free(text);
	return what;
}

static void
check_file(int root, const char *in, const char *key, const char *path,
    struct hosts_host *h)
{
	const char *what = path == NULL ? NULL : is_no_pem(root, path);

	if (what == NULL || h->fault != NULL)
		return;
	h->fault = xasprintf("/%s: %s \"%s\" %s: every pull that reads this "
	    "file fails: put it there", in, key, path, what);
	h->missing = xstrdup(path);
}

void
hosts_toml_files(int root, const char *path, struct hosts_toml *h)
{
	struct hosts_host *one;
	size_t i, k;

	for (i = 0; i < h->count; i++) {
		one = &h->list[i];
		for (k = 0; k < one->ca_count; k++)
			check_file(root, path, "ca", one->ca[k], one);
		check_file(root, path, "client", one->cert, one);
		check_file(root, path, "client", one->key, one);
	}
}
