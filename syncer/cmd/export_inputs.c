#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundle/site.h"
#include "cmd/export_inputs.h"
#include "cmd/inputs.h"
#include "layout/fsutil.h"
#include "layout/limits.h"

static int
read_list(const struct export_options *o, char **words,
    struct export_inputs *in, struct err *e)
{
	const char *path = o->lists[0], *slash;
	size_t i;

	in->list = list_new(inputs_complain, NULL);
	for (i = 0; i < o->list_count; i++)
		if (inputs_list(in->list, o->lists[i], e) == -1)
			return -1;
	for (i = 0; words[i] != NULL; i++)
		list_add(in->list, words[i]);
	if (list_end(in->list) == -1)
		return err_set(e, ERR_INPUT, "the list has errors, so nothing "
		    "is exported");
	if (list_count(in->list) == 0)
		return err_set(e, ERR_INPUT, "no image is named");
	if (o->list_count != 1 || words[0] != NULL || strcmp(path, "-") == 0)
		return 0;
	slash = strrchr(path, '/');
	(void)site_fit(slash == NULL ? path : slash + 1, in->name);
	return 0;
}

static int
check_signature(const struct export_options *o, const char *buf, size_t len,
    const struct inventory *inv, struct err *e)
{
	if (bundle_keys_count(o->keys) == 0)
		return 0;
	if (inv->text_len == len)
		return err_set(e, ERR_SIGNATURE, "it is not signed");
	return bundle_verify(o->keys, INVENTORY_NAMESPACE, buf, inv->text_len,
	    buf + inv->text_len, len - inv->text_len, e);
}

static int
read_inventory(const struct export_options *o, struct export_inputs *in,
    struct err *e)
{
	const size_t max = (size_t)BUNDLE_TEXT_MAX + BUNDLE_SIGNATURE_MAX;
	const char *name = o->inventory;
	char *buf = NULL;
	size_t len = 0;
	int rc;

	if (name == NULL)
		return 0;
	if (strcmp(name, "-") == 0) {
		name = "standard input";
		rc = fs_read_all(STDIN_FILENO, max, &buf, &len, e);
	} else {
		rc = fs_read_named(name, max, &buf, &len, e);
		if (rc == 0)
			return err_set(e, ERR_INPUT, "%s: no such file", name);
	}
	if (rc != -1)
		rc = inventory_parse(buf, len, &in->inventory, e);
	if (rc != -1)
		rc = check_signature(o, buf, len, &in->inventory, e);
	free(buf);
	return rc == -1 ? err_wrap(e, "%s", name) : 0;
}

/* A key that cannot sign is found before anything is read. */
static int
try_key(const struct export_options *o, struct err *e)
{
	char *signature;
	size_t len;

	if (o->key == NULL)
		return 0;
	if (bundle_sign(o->key, BUNDLE_NAMESPACE, "", 0, &signature, &len,
	    e) == -1)
		return err_wrap(e, "--sign");
	free(signature);
	return 0;
}

int
export_inputs_read(const struct export_options *o, char **words,
    struct export_inputs *in, struct err *e)
{
	if (site_name(o->site, in->from, e) == -1 || try_key(o, e) == -1 ||
	    read_list(o, words, in, e) == -1)
		return -1;
	return read_inventory(o, in, e);
}

void
export_inputs_done(struct export_inputs *in)
{
	list_free(in->list);
	inventory_done(&in->inventory);
}
