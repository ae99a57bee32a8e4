/* JSON of strangers: counted before it is parsed, cleaned before
 * it is quoted. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "image/readjson.h"
#include "layout/limits.h"

/*
 * Jansson spends up to 80 bytes of heap on one byte of "{},{},": 320 MiB for a
 * manifest of the largest size.  So count first.  Each value stands behind one
 * of [ { : , and each of those counts, whether or not a value follows.
 */
int
readjson_check(const char *buf, size_t len, struct err *e)
{
	size_t i, values = 0, depth = 0;
	bool in_string = false;

	if (len > MANIFEST_BYTES_MAX)
		return err_set(e, ERR_LIMIT, "%zu bytes of JSON, more than %u",
		    len, MANIFEST_BYTES_MAX);
	for (i = 0; i < len; i++) {
		if (in_string) {
			if (buf[i] == '\\')
				i++;
			else if (buf[i] == '"')
				in_string = false;
			continue;
		}
		/* Jansson stops where this scan and its own would differ: at
		 * the first byte that is no JSON. */
		in_string = buf[i] == '"';
		if (buf[i] == '[' || buf[i] == '{')
			depth++;
		else if ((buf[i] == ']' || buf[i] == '}') && depth > 0)
			depth--;
		if (buf[i] != '\0' && strchr("[{:,", buf[i]) != NULL)
			values++;
		if (depth > JSON_DEPTH_MAX)
			return err_set(e, ERR_LIMIT,
			    "JSON deeper than %u levels", JSON_DEPTH_MAX);
		if (values > JSON_VALUES_MAX)
			return err_set(e, ERR_LIMIT,
			    "JSON of more than %u values", JSON_VALUES_MAX);
	}
	return 0;
}

/* Jansson quotes the source behind "near": not for a terminal to see. */
int
readjson_load(const char *buf, size_t len, size_t flags, json_t **ret,
    struct err *e)
{
	json_error_t je;
	json_t *root;
	char *near;

	if (readjson_check(buf, len, e) == -1)
		return -1;
	root = json_loadb(buf, len, flags, &je);
	if (root == NULL) {
		near = strstr(je.text, " near ");
		if (near != NULL)
			*near = '\0';
		return err_set(e, ERR_DATA,
		    "not valid JSON: line %d, column %d: %s", je.line,
		    je.column, je.text);
	}
	/* All that we read are objects. */
	if (!json_is_object(root)) {
		json_decref(root);
		return err_set(e, ERR_DATA, "JSON, but not an object");
	}
	*ret = root;
	return 0;
}

/* null counts as absent, as it does for the clients, which are
 * written in Go. */
json_t *
readjson_member(const json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	return json_is_null(value) ? NULL : value;
}

int
readjson_string(const json_t *object, const char *key, const char **ret,
    struct err *e)
{
	json_t *value = readjson_member(object, key);

	if (value == NULL)
		return 0;
	if (!json_is_string(value))
		return err_set(e, ERR_DATA, "%s is not a string", key);
	*ret = json_string_value(value);
	return 1;
}

int
readjson_need(const json_t *object, const char *key, const char **ret,
    struct err *e)
{
	int rc = readjson_string(object, key, ret, e);

	if (rc == 0)
		return err_set(e, ERR_DATA, "%s is missing", key);
	return rc == 1 ? 0 : -1;
}
