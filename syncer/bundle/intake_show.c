/* For who looks on. */
#include "bundle/intake_internal.h"
#include "image/ref.h"
#include "report/names.h"

/* Which images come next: objects are in the order of these. */
static const char *
find_names(const struct intake *in, struct names *names, size_t *ret_left)
{
	char full[FULL_NAME_MAX];
	const struct need *need;
	size_t i, left = 0;

	for (i = 0; i < needs_count(in->needs); i++) {
		need = needs_at(in->needs, i);
		if (need->state != NEED_WAITS && need->state != NEED_READY)
			continue;
		if (left++ < NAMED)
			names_add(names, image_ref_short(intake_name(
			    need->image, full)));
	}
	*ret_left = left;
	return names_end(names, left);
}

/* Where no tag moves, objects come alone. */
void
intake_show(const struct intake *in)
{
	uint64_t all = in->all_bytes > in->read_bytes ? in->all_bytes :
	    in->read_bytes;
	struct names names = { .count = 0 };
	struct report_work w = {
		.what = "object",
		.done = in->totals.objects,
		.permille = report_permille(in->read_bytes, all),
		.bytes = in->read_bytes,
		.left_bytes = all - in->read_bytes,
		.names = in->who.from,
	};
	size_t left = 0;

	if (in->needs != NULL) {
		w.names = find_names(in, &names, &left);
		w.what = "image";
		w.all = needs_count(in->needs);
		w.done = w.all - left;
	}
	report_work(&w);
}
