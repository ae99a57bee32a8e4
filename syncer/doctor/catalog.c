#include "doctor/catalog.h"
#include "image/readjson.h"
#include "layout/mem.h"

/* A mirror may be anybody's server: what is no list of strings is told,
 * and not used. */
int
catalog_get(const char *buf, size_t len, const char *key, size_t n,
    char **ret, struct err *e)
{
	json_t *all, *list;
	const char *found;
	int rc = 0;

	if (readjson_load(buf, len, 0, &all, e) == -1)
		return -1;
	list = readjson_member(all, key);
	found = json_string_value(json_array_get(list, n));
	if (list != NULL && (!json_is_array(list) ||
	    (json_array_size(list) > n && found == NULL))) {
		rc = err_set(e, ERR_DATA, "\"%s\" is not a list of strings",
		    key);
	} else if (found != NULL) {
		*ret = xstrdup(found);
		rc = 1;
	}
	json_decref(all);
	return rc;
}
