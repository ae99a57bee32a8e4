#include "doctor/catalog.h"
#include "image/readjson.h"
#include "layout/mem.h"

int
catalog_first(const char *buf, size_t len, const char *key, char **ret,
    struct err *e)
{
	json_t *all, *list;
	const char *first;
	int rc = 0;

	if (readjson_load(buf, len, 0, &all, e) == -1)
		return -1;
	list = readjson_member(all, key);
	first = json_string_value(json_array_get(list, 0));
	if (list != NULL && (!json_is_array(list) ||
	    (json_array_size(list) > 0 && first == NULL))) {
		rc = err_set(e, ERR_DATA, "\"%s\" is no list of strings", key);
	} else if (first != NULL) {
		*ret = xstrdup(first);
		rc = 1;
	}
	json_decref(all);
	return rc;
}
