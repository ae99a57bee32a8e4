#include <stdlib.h>
#include <string.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "report/outside.h"
#include "report/printable.h"
#include "report/status_doc.h"

json_t *
status_doc_read_most(const struct store *store, const char *name, size_t most,
    bool *ret_damaged)
{
	char *text;
	json_t *o = NULL;
	struct err ignored;
	FILE *in;
	size_t len;
	int rc = store_open_status(store, name, &in, &ignored);

	*ret_damaged = rc == -1;
	if (rc != 1)
		return NULL;
	text = xmalloc(most + 1);
	len = fread(text, 1, most + 1, in);
	if (len <= most && !ferror(in))
		o = json_loadb(text, len, 0, NULL);
	fclose(in);
	free(text);
	if (json_is_object(o))
		return o;
	json_decref(o);
	*ret_damaged = true;
	return NULL;
}

json_t *
status_doc_read(const struct store *store, const char *name,
    bool *ret_damaged)
{
	return status_doc_read_most(store, name, STATUS_HEAD_MAX, ret_damaged);
}

static void
print(FILE *out, void *cookie)
{
	json_dumpf(cookie, out, JSON_COMPACT | JSON_ENSURE_ASCII);
	fputc('\n', out);
}

int
status_doc_write(struct store *store, const char *name, json_t *o,
    struct err *e)
{
	int rc = store_write_status(store, name, print, o, e);

	json_decref(o);
	return rc;
}

static bool
says(const struct store *store, const char *name, const char *text)
{
	char buf[4096];
	struct err ignored;
	size_t len, left = strlen(text);
	bool is_same = true;
	FILE *in;

	if (store_open_status(store, name, &in, &ignored) != 1)
		return false;
	while (is_same && (len = fread(buf, 1, sizeof(buf), in)) > 0) {
		is_same = len <= left && memcmp(buf, text, len) == 0;
		if (is_same) {
			text += len;
			left -= len;
		}
	}
	fclose(in);
	return is_same && left == 0;
}

static void
print_text(FILE *out, void *cookie)
{
	fputs(cookie, out);
}

int
status_doc_replace(struct store *store, const char *name, const char *text,
    struct err *e)
{
	char *copy;
	int rc;

	if (says(store, name, text))
		return 0;
	copy = xstrdup(text);
	rc = store_write_status(store, name, print_text, copy, e);
	free(copy);
	return rc;
}

void
status_set_error(json_t *o, const char *text)
{
	char *error;

	if (text == NULL)
		return;
	error = xstrdup(text);
	outside_show(error);
	if (strlen(error) > STATUS_ERROR_MAX)
		error[STATUS_ERROR_MAX] = '\0';
	printable(error);
	json_object_set_new(o, "error", json_string(error));
	free(error);
}
