/* What registries say of the pulls that are left. */
#include <string.h>

#include "layout/limits.h"
#include "report/status_internal.h"

/* Few registries count pulls. */
static json_t *
pulls_of(const struct status *s, const char *registry)
{
	json_t *o;
	size_t i;

	json_array_foreach(s->pulls, i, o)
		if (strcmp(json_string_value(json_object_get(o, "registry")),
		    registry) == 0)
			return o;
	return NULL;
}

/* Two accounts of one registry: the one that runs out first is what people
 * have to know of. */
void
status_pulls(struct status *s, const struct status_pulls *p)
{
	json_t *o = pulls_of(s, p->registry);

	if (p->left < 0 || (o != NULL &&
	    status_get_count(o, "left") <= (uint64_t)p->left))
		return;
	if (o == NULL) {
		if (json_array_size(s->pulls) == SUMMARY_REGISTRIES_MAX)
			return;
		o = json_object();
		json_array_append_new(s->pulls, o);
	}
	json_object_clear(o);
	json_object_set_new(o, "registry", json_string(p->registry));
	status_set_count(o, "left", (uint64_t)p->left);
	if (p->limit > 0)
		status_set_count(o, "limit", (uint64_t)p->limit);
	if (p->window_s > 0)
		status_set_count(o, "window_s", (uint64_t)p->window_s);
	status_set_time(o, "more_at", p->more_at);
}

/* Of registries that have said nothing since.  The file may have been
 * edited. */
void
status_pulls_read(struct status *s, const json_t *list)
{
	const json_t *o;
	size_t i;

	json_array_foreach(list, i, o) {
		struct status_pulls p = {
			.registry = json_string_value(json_object_get(o,
			    "registry")),
			.left = (int64_t)status_get_count(o, "left"),
			.limit = (int64_t)status_get_count(o, "limit"),
			.window_s = (int64_t)status_get_count(o, "window_s"),
			.more_at = status_get_time(o, "more_at"),
		};

		if (p.registry != NULL && pulls_of(s, p.registry) == NULL)
			status_pulls(s, &p);
	}
}
