#include <stdio.h>
#include <string.h>

#include "report/status_lists.h"
#include "report/status_record.h"
#include "report/unlisted.h"

static bool
is_name(const char *s)
{
	return s != NULL && s[0] != '\0' && strlen(s) < STATUS_LIST_NAME_MAX &&
	    strspn(s, "0123456789abcdef-") == strlen(s);
}

static size_t
find(const struct status_lists *l, const char *name)
{
	size_t i;

	for (i = 0; i < l->count; i++)
		if (strcmp(l->each[i].name, name) == 0)
			break;
	return i;
}

void
status_lists_read(const json_t *head, struct status_lists *ret)
{
	const json_t *o;
	const char *name;
	int64_t last;
	size_t i;

	ret->count = 0;
	json_array_foreach(json_object_get(head, "lists"), i, o) {
		name = json_string_value(json_object_get(o, "list"));
		last = status_get_time(o, "last_listed");
		if (!is_name(name) || last == 0 ||
		    ret->count == STATUS_LISTS_MAX ||
		    find(ret, name) < ret->count)
			continue;
		snprintf(ret->each[ret->count].name, STATUS_LIST_NAME_MAX,
		    "%s", name);
		ret->each[ret->count++].last_listed = last;
	}
}

json_t *
status_lists_json(const struct status_lists *l)
{
	json_t *list = json_array(), *o;
	size_t i;

	for (i = 0; i < l->count; i++) {
		o = json_object();
		json_object_set_new(o, "list", json_string(l->each[i].name));
		status_set_time(o, "last_listed", l->each[i].last_listed);
		json_array_append_new(list, o);
	}
	return list;
}

static void
forget(struct status_lists *l, size_t i)
{
	l->each[i] = l->each[--l->count];
}

void
status_lists_put(struct status_lists *l, const char *name, int64_t now)
{
	size_t i, oldest = 0;

	for (i = l->count; i-- > 0;)
		if (l->each[i].last_listed < now - UNLISTED_AFTER_S)
			forget(l, i);
	i = find(l, name);
	if (i == STATUS_LISTS_MAX) {
		for (i = 1; i < l->count; i++)
			if (l->each[i].last_listed <
			    l->each[oldest].last_listed)
				oldest = i;
		forget(l, oldest);
		i = l->count;
	}
	if (i == l->count)
		l->count++;
	snprintf(l->each[i].name, STATUS_LIST_NAME_MAX, "%s", name);
	l->each[i].last_listed = now;
}

/* A list that has had no run since may have the image as well: who listed it
 * last is all that is known. */
bool
status_lists_have(const struct status_lists *l, int64_t last_listed)
{
	size_t i;

	for (i = 0; i < l->count; i++)
		if (l->each[i].last_listed <= last_listed)
			return true;
	return l->count == 0;
}
