#include <string.h>

#include "report/status_groups.h"

/* Two of one number, or one without a result, are nobody's. */
void
status_groups_read(const json_t *head, struct status_groups *ret)
{
	const json_t *o;
	struct status_group one = { 0 };
	uint64_t id;
	size_t i;

	ret->count = 0;
	ret->last_id = 0;
	json_array_foreach(json_object_get(head, "groups"), i, o) {
		id = status_get_count(o, "group");
		one.id = (unsigned)id;
		one.last_listed = status_get_time(o, "last_listed");
		one.images = status_get_count(o, "images");
		if (id == 0 || id > STATUS_GROUP_ID_MAX ||
		    ret->count == STATUS_GROUPS_MAX ||
		    !status_result_read(json_string_value(json_object_get(o,
		    "result")), &one.result) ||
		    status_groups_find(ret, one.id) != NULL)
			continue;
		ret->each[ret->count++] = one;
		if (one.id > ret->last_id)
			ret->last_id = one.id;
	}
}

json_t *
status_groups_json(const struct status_groups *g)
{
	json_t *list = json_array(), *o;
	size_t i;

	for (i = 0; i < g->count; i++) {
		o = json_object();
		status_set_count(o, "group", g->each[i].id);
		json_object_set_new(o, "result",
		    json_string(status_result_name(g->each[i].result)));
		status_set_time(o, "last_listed", g->each[i].last_listed);
		status_set_count(o, "images", g->each[i].images);
		json_array_append_new(list, o);
	}
	return list;
}

struct status_group *
status_groups_find(struct status_groups *g, unsigned id)
{
	size_t i;

	for (i = 0; i < g->count; i++)
		if (g->each[i].id == id)
			return &g->each[i];
	return NULL;
}

struct status_group *
status_groups_add(struct status_groups *g, enum status_result result,
    int64_t last_listed)
{
	struct status_group one = { .result = result,
	    .last_listed = last_listed };

	if (g->count == STATUS_GROUPS_MAX)
		return NULL;
	one.id = ++g->last_id;
	g->each[g->count] = one;
	return &g->each[g->count++];
}

void
status_groups_forget_empty(struct status_groups *g)
{
	size_t i, kept = 0;

	for (i = 0; i < g->count; i++)
		if (g->each[i].images > 0)
			g->each[kept++] = g->each[i];
	g->count = kept;
}

void
status_groups_make_room(struct status_groups *g, size_t count)
{
	size_t i, oldest;

	while (g->count + count > STATUS_GROUPS_MAX) {
		oldest = 0;
		for (i = 1; i < g->count; i++)
			if (g->each[i].last_listed <
			    g->each[oldest].last_listed)
				oldest = i;
		g->each[oldest] = g->each[--g->count];
	}
}
