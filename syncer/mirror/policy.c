#include <assert.h>
#include <fcntl.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout/digest.h"
#include "layout/fsutil.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "mirror/policy.h"

struct key_file {
	char *path;
	struct pubkey *key;
	char id[KEY_ID_MAX];
};

struct policy {
	const struct registries *registries;
	const char *standard;		/* NULL: none */
	void *files;			/* tsearch(3), by path */
	size_t count;
};

static int
compare_files(const void *a, const void *b)
{
	const struct key_file *x = a, *y = b;

	return strcmp(x->path, y->path);
}

/* NULL: it has not been read. */
static const struct key_file *
find(const struct policy *p, const char *path)
{
	struct key_file wanted = { .path = xstrdup(path) };
	struct key_file *const *node = tfind(&wanted, &p->files,
	    compare_files);

	free(wanted.path);
	return node == NULL ? NULL : *node;
}

static int
read_key(const char *path, struct pubkey **ret, struct err *e)
{
	char *buf;
	size_t len;
	int rc;

	rc = fs_read_named(path, PUBKEY_BYTES_MAX, &buf, &len, e);
	if (rc == -1)
		return -1;
	if (rc == 0)
		return err_set(e, ERR_INPUT, "%s: no such file", path);
	rc = pubkey_parse(buf, len, ret, e);
	/* Somebody may have named a private one. */
	explicit_bzero(buf, len);
	free(buf);
	return rc == -1 ? err_wrap(e, "%s", path) : 0;
}

static void
set_id(struct key_file *file)
{
	size_t len;
	unsigned char *der = pubkey_der(file->key, &len);
	char text[DIGEST_TEXT_MAX];
	struct digest digest;

	digest_of(DIGEST_SHA256, der, len, &digest);
	free(der);
	snprintf(file->id, sizeof(file->id), "%s",
	    strchr(digest_text(&digest, text), ':') + 1);
}

static int
add(struct policy *p, const char *path, struct err *e)
{
	struct key_file *file;
	struct pubkey *key;

	if (find(p, path) != NULL)
		return 0;
	if (p->count == PUBKEYS_MAX)
		return err_set(e, ERR_INPUT, "more than %u public keys",
		    PUBKEYS_MAX);
	if (read_key(path, &key, e) == -1) {
		e->code = ERR_INPUT;
		return -1;
	}
	file = xmalloc(sizeof(*file));
	file->path = xstrdup(path);
	file->key = key;
	set_id(file);
	if (tsearch(file, &p->files, compare_files) == NULL)
		abort();	/* out of memory */
	p->count++;
	return 0;
}

/* The path that holds for an image, or NULL. */
static const char *
path_for(const struct policy *p, const struct list_entry *entry)
{
	const char *path = entry->signed_by;

	if (path != NULL && path[0] != '\0')
		return path;
	path = registries_require_signed(p->registries, entry->ref.registry);
	return path != NULL ? path : p->standard;
}

static int
explain(const struct list_entry *entry, struct err *e)
{
	if (entry->signed_by == NULL || entry->signed_by[0] == '\0')
		return err_wrap(e, "%s: require_signed", entry->ref.registry);
	if (entry->file == NULL)
		return err_wrap(e, "signed=");
	return err_wrap(e, "%s:%u: signed=", entry->file, entry->line);
}

int
policy_new(const struct image_list *list, const struct registries *registries,
    const char *standard, struct policy **ret, struct err *e)
{
	struct policy *p = xcalloc(1, sizeof(*p));
	const struct list_entry *entry;
	const char *path;
	size_t i;
	int rc = 0;

	p->registries = registries;
	p->standard = standard;
	if (standard != NULL && add(p, standard, e) == -1)
		rc = err_wrap(e, "--require-signed");
	for (i = 0; i < list_count(list) && rc == 0; i++) {
		entry = list_at(list, i);
		path = path_for(p, entry);
		if (path != NULL && add(p, path, e) == -1)
			rc = explain(entry, e);
	}
	if (rc == -1) {
		policy_free(p);
		return -1;
	}
	*ret = p;
	return 0;
}

void
policy_free(struct policy *p)
{
	struct key_file *file;

	if (p == NULL)
		return;
	while (p->files != NULL) {
		file = *(struct key_file **)p->files;
		tdelete(file, &p->files, compare_files);
		free(file->path);
		pubkey_free(file->key);
		free(file);
	}
	free(p);
}

struct policy_key
policy_key(const struct policy *p, const struct list_entry *entry)
{
	const char *path = path_for(p, entry);
	struct policy_key none = { .key = NULL };
	const struct key_file *file;

	if (path == NULL)
		return none;
	file = find(p, path);
	/* The entries of a pattern are as the pattern was. */
	assert(file != NULL);
	return (struct policy_key){ file->key, file->path, file->id };
}
