/*
 * Two sources, asked in this order (docker/cli,
 * quirks.md#credential-helpers): what helpers have said, and the file.  A
 * serial number goes with whatever is handed out, so that "this was refused"
 * can be told from "there is something newer".
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "layout/fsutil.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "registry/keyring.h"

#define LOOK_MS		1000
#define ANSWER_MS	(10 * 60 * 1000)
#define AGAIN_MS	(60 * 1000)

/* What config.json is called, and what a mounted secret is called
 * (quirks.md#kubernetes-secrets). */
static const char *const names[] = {
	"config.json", ".dockerconfigjson", ".dockercfg"
};

#define NAMES	(sizeof(names) / sizeof(names[0]))

/* Which file was read.  A mounted secret is a symbolic link that is swapped. */
struct identity {
	size_t name;		/* NAMES: none is there */
	int error;		/* errno: it cannot be looked at */
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec modified, changed;
};

/* What a helper has for a server. */
struct answer {
	struct answer *next;
	char *suffix, *server;
	bool is_asked;		/* right now */
	bool is_known;
	bool has_any;
	struct credential credential;
	unsigned long serial;
	int64_t end_ms;		/* of its time */
	int64_t again_ms;	/* a refusal before is not worth a question */
};

struct keyring {
	char *dir;
	struct credentials *credentials;	/* NULL: none */
	struct identity identity;
	bool has_looked;
	int64_t looked_ms;
	unsigned long serial;			/* the last one given out */
	unsigned long read_serial;
	struct answer *answers;
};

struct keyring *
keyring_new(const char *dir)
{
	struct keyring *k = xcalloc(1, sizeof(*k));

	k->dir = dir != NULL ? xstrdup(dir) : NULL;
	k->read_serial = ++k->serial;
	return k;
}

static void
answer_forget(struct answer *a)
{
	credential_done(&a->credential);
	a->is_known = a->has_any = false;
}

void
keyring_free(struct keyring *k)
{
	struct answer *a;

	if (k == NULL)
		return;
	while ((a = k->answers) != NULL) {
		k->answers = a->next;
		answer_forget(a);
		free(a->suffix);
		free(a->server);
		free(a);
	}
	credentials_free(k->credentials);
	free(k->dir);
	free(k);
}

/* --- the file ---------------------------------------------------------- */

/* A folder that cannot be looked into is told once, not each second. */
static void
look(const struct keyring *k, struct identity *ret)
{
	struct stat st;
	char *path;
	int rc;

	for (ret->name = 0; ret->name < NAMES; ret->name++) {
		path = xasprintf("%s/%s", k->dir, names[ret->name]);
		rc = stat(path, &st);
		ret->error = rc == -1 ? errno : 0;
		free(path);
		if (rc == 0) {
			ret->dev = st.st_dev;
			ret->ino = st.st_ino;
			ret->size = st.st_size;
			ret->modified = st.st_mtim;
			ret->changed = st.st_ctim;
			return;
		}
		if (ret->error != ENOENT && ret->error != ENOTDIR)
			return;
	}
	ret->error = 0;
}

static bool
same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/* Times alone would miss a file that was put back; the inode tells it. */
static bool
same(const struct identity *a, const struct identity *b)
{
	return a->name == b->name && a->error == b->error &&
	    a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	    same_time(&a->modified, &b->modified) &&
	    same_time(&a->changed, &b->changed);
}

/* ${ret} is NULL where the file is gone since it was looked at. */
static int
read_file(const struct keyring *k, const char *name,
    struct credentials **ret, struct err *e)
{
	char *path = xasprintf("%s/%s", k->dir, name), *buf = NULL;
	size_t len = 0;
	int rc;

	*ret = NULL;
	rc = fs_read_named(path, CONFIG_BYTES_MAX, &buf, &len, e);
	if (rc == 1) {
		rc = credentials_parse(path, buf, len, ret, e);
		/* Passwords do not stay in memory that is given back. */
		explicit_bzero(buf, len);
		free(buf);
	}
	if (rc == -1)
		e->code = ERR_INPUT;
	free(path);
	return rc;
}

int
keyring_read(struct keyring *k, int64_t now_ms, struct err *e)
{
	struct identity now = { 0 };
	struct credentials *credentials = NULL;

	if (k->dir == NULL ||
	    (k->has_looked && now_ms - k->looked_ms < LOOK_MS))
		return 0;
	look(k, &now);
	k->looked_ms = now_ms;
	if (k->has_looked && same(&now, &k->identity))
		return 0;
	/* If it changes while it is read, it is another one next time. */
	k->has_looked = true;
	k->identity = now;
	if (now.error != 0) {
		errno = now.error;
		err_sys(e, "%s/%s", k->dir, names[now.name]);
		e->code = ERR_INPUT;
		return -1;
	}
	if (now.name < NAMES &&
	    read_file(k, names[now.name], &credentials, e) == -1)
		return -1;
	credentials_free(k->credentials);
	k->credentials = credentials;
	k->read_serial = ++k->serial;
	assert(k->read_serial > 0);
	return 0;
}

/* --- helpers ----------------------------------------------------------- */

/* A few: one for each registry that has a helper. */
static struct answer *
answer_find(struct keyring *k, const char *suffix, const char *server)
{
	struct answer *a;

	for (a = k->answers; a != NULL; a = a->next)
		if (strcmp(a->suffix, suffix) == 0 &&
		    strcmp(a->server, server) == 0)
			return a;
	a = xcalloc(1, sizeof(*a));
	a->suffix = xstrdup(suffix);
	a->server = xstrdup(server);
	a->next = k->answers;
	k->answers = a;
	return a;
}

/* The helper for a registry, and what it has said; NULL: there is none. */
static struct answer *
answer_of(struct keyring *k, const char *registry)
{
	const char *suffix, *server;

	if (k->credentials == NULL)
		return NULL;
	suffix = credentials_helper(k->credentials, registry, &server);
	return suffix != NULL ? answer_find(k, suffix, server) : NULL;
}

/* Serials grow: the newer of the two sources. */
static unsigned long
serial_of(const struct keyring *k, const struct answer *a)
{
	return a != NULL && a->serial > k->read_serial ? a->serial :
	    k->read_serial;
}

static void
copy(const struct credential *from, struct credential *to)
{
	*to = (struct credential){ 0 };
	if (from->username != NULL)
		to->username = xstrdup(from->username);
	if (from->password != NULL)
		to->password = xstrdup(from->password);
	if (from->identity_token != NULL)
		to->identity_token = xstrdup(from->identity_token);
	if (from->registry_token != NULL)
		to->registry_token = xstrdup(from->registry_token);
}

enum keyring_found
keyring_find(struct keyring *k, const char *registry, const char *repository,
    int64_t now_ms, struct credential *ret, unsigned long *ret_serial)
{
	struct answer *a = answer_of(k, registry);

	*ret_serial = serial_of(k, a);
	if (a != NULL) {
		if (!a->is_known || now_ms >= a->end_ms)
			return KEYRING_UNKNOWN;
		if (a->has_any) {
			copy(&a->credential, ret);
			return KEYRING_FOUND;
		}
	}
	if (k->credentials != NULL &&
	    credentials_find(k->credentials, registry, repository, ret) == 1)
		return KEYRING_FOUND;
	return KEYRING_NONE;
}

bool
keyring_names(const struct keyring *k, const char *registry)
{
	return k->credentials != NULL &&
	    credentials_name(k->credentials, registry);
}

const char *
keyring_fault(const struct keyring *k, const char *registry,
    const char *repository)
{
	return k->credentials == NULL ? NULL :
	    credentials_fault(k->credentials, registry, repository);
}

bool
keyring_ask(struct keyring *k, const char *registry, const char **ret_suffix,
    const char **ret_server)
{
	struct answer *a = answer_of(k, registry);

	if (a == NULL || a->is_asked)
		return false;
	a->is_asked = true;
	*ret_suffix = a->suffix;
	*ret_server = a->server;
	return true;
}

/* "Nothing" is an answer as well, and kept for as long. */
void
keyring_answer(struct keyring *k, const char *suffix, const char *server,
    struct credential *answer, int64_t now_ms)
{
	struct answer *a = answer_find(k, suffix, server);

	answer_forget(a);
	a->is_asked = false;
	a->is_known = true;
	a->serial = ++k->serial;
	a->end_ms = now_ms + ANSWER_MS;
	if (answer != NULL) {
		a->has_any = true;
		a->credential = *answer;
		*answer = (struct credential){ 0 };
	}
}

/* A helper that was refused may have a new token by now; one that still has the
 * same is not asked for each of a thousand images. */
bool
keyring_again(struct keyring *k, const char *registry, unsigned long serial,
    int64_t now_ms)
{
	struct answer *a = answer_of(k, registry);

	if (serial_of(k, a) != serial)
		return true;
	if (a == NULL)
		return false;
	if (!a->is_known || a->is_asked)
		return true;
	if (now_ms < a->again_ms)
		return false;
	a->again_ms = now_ms + AGAIN_MS;
	answer_forget(a);
	return true;
}
