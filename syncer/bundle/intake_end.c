/* What is missing when no more comes, and for whom. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bundle/intake_internal.h"
#include "layout/clock.h"
#include "layout/fsutil.h"
#include "layout/mem.h"

/* So many parts, and images that wait for them, are told by name. */
#define TOLD_MAX	10u

/* Is all of it here, as far as is known? */
static bool
is_part_here(const struct intake *in, size_t number)
{
	struct table t;
	size_t i;
	bool is_here = intake_saved_table(in, number, &t) == 1;

	if (!is_here)
		return false;
	for (i = 0; i < t.count && is_here; i++)
		is_here = intake_is_here(in->rules->store, &t.rows[i]);
	table_done(&t);
	return is_here;
}

static void
find_missing_parts(struct intake *in)
{
	const struct statement *s = &in->b->s;
	size_t i;

	for (i = 0; i < s->part_count; i++) {
		if (is_part_here(in, i))
			continue;
		if (in->missing_parts++ >= TOLD_MAX)
			continue;
		in->part_names = xreallocarray(in->part_names,
		    in->part_name_count + 1, sizeof(char *));
		in->part_names[in->part_name_count++] =
		    xstrdup(s->parts[i].name);
	}
}

/* How many images are in this state; those that wait for what no part has
 * fail. */
static size_t
count_state(const struct intake *in, enum need_state state)
{
	size_t i, count = 0;

	for (i = 0; i < needs_count(in->needs); i++)
		count += needs_at(in->needs, i)->state == state;
	return count;
}

/* All parts are here, and they have not got it. */
static void
give_up(struct intake *in)
{
	char text[DIGEST_TEXT_MAX];
	struct need *need;
	size_t i;

	for (i = 0; i < needs_count(in->needs); i++) {
		need = needs_at(in->needs, i);
		if (need->state != NEED_WAITS)
			continue;
		need->state = NEED_FAILED;
		err_set(&need->err, ERR_NOT_FOUND, "%s is not here, and in no "
		    "part of the bundle: have the next one made by an "
		    "inventory of today", digest_text(&need->lacks, text));
	}
}

static void
tell_failed(struct intake *in)
{
	char name[FULL_NAME_MAX];
	const struct need *need;
	size_t i;

	for (i = 0; i < needs_count(in->needs); i++) {
		need = needs_at(in->needs, i);
		if (need->state == NEED_FAILED && !need->is_told)
			report(REPORT_ERROR, "%s: %s", intake_name(need->image,
			    name), need->err.msg);
	}
}

/* The run ends with 1 for that, so it is told also where errors alone are. */
static void
tell_missing(const struct intake *in)
{
	char name[FULL_NAME_MAX], *names = xstrdup(""), *longer;
	const struct need *need;
	size_t i, told = 0;

	for (i = 0; i < in->part_name_count; i++)
		report_result(REPORT_ERROR, "missing: %s", in->part_names[i]);
	if (in->missing_parts > in->part_name_count)
		report_result(REPORT_ERROR, "missing: and %zu parts more",
		    in->missing_parts - in->part_name_count);
	for (i = 0; i < needs_count(in->needs) && told < TOLD_MAX; i++) {
		need = needs_at(in->needs, i);
		if (need->state != NEED_WAITS)
			continue;
		longer = xasprintf("%s%s%s", names, told++ > 0 ? ", " : "",
		    intake_name(need->image, name));
		free(names);
		names = longer;
	}
	if (in->missing_images > 0)
		report_result(REPORT_ERROR, "%zu image%s wait%s for %s: %s%s",
		    in->missing_images, in->missing_images == 1 ? "" : "s",
		    in->missing_images == 1 ? "s" : "",
		    in->missing_parts == 1 ? "it" : "these parts", names,
		    in->missing_images > told ? ", ..." : "");
	free(names);
}

static void
count_images(struct intake *in)
{
	struct report_totals *t = &in->totals;

	t->unchanged = count_state(in, NEED_SAME) +
	    count_state(in, NEED_STAYS);
	t->updated = count_state(in, NEED_UPDATED);
	t->held = count_state(in, NEED_HELD);
	t->failed = count_state(in, NEED_FAILED);
	t->cancelled = count_state(in, NEED_WAITS) +
	    count_state(in, NEED_READY);
}

static enum intake_end
end_moving(struct intake *in)
{
	struct err e;

	/* Parts that nobody waits for are not missing. */
	count_images(in);
	if (in->totals.cancelled > 0)
		find_missing_parts(in);
	if (in->totals.cancelled > 0 && in->missing_parts == 0) {
		give_up(in);
		count_images(in);
	}
	tell_failed(in);
	in->missing_images = in->totals.cancelled;
	tell_missing(in);
	if (in->totals.failed + in->totals.cancelled > 0)
		return in->totals.cancelled > 0 ? INTAKE_WAITS : INTAKE_FAILED;
	if (intake_clean(in, &e) == -1) {
		(void)intake_fail(in, &e);
		return INTAKE_STORE_FAILED;
	}
	return INTAKE_WHOLE;
}

enum intake_end
intake_end(struct intake *in)
{
	bool is_settled = in->is_refused || intake_settle(in);
	struct err e;

	flow_rest(in->rules->flow);
	in->totals.duration_ms = clock_ms() - in->started_ms;
	if (in->has_failed || !is_settled) {
		if (in->needs != NULL)
			count_images(in);
		return in->err.code == ERR_CANCELLED ? INTAKE_STOPPED :
		    INTAKE_STORE_FAILED;
	}
	if (in->verdict == LEDGER_TOO_FAR)
		return INTAKE_TOO_FAR;
	if (in->is_refused)
		return INTAKE_STORE_FAILED;
	if (in->moves)
		return end_moving(in);
	/* One that was overtaken has moved some. */
	if (in->needs != NULL)
		count_images(in);
	/* Who was killed after the last tag, and before that. */
	if (in->verdict == LEDGER_SEEN && intake_tidy(in, &e) == -1) {
		(void)intake_fail(in, &e);
		return INTAKE_STORE_FAILED;
	}
	return in->verdict == LEDGER_SEEN ? INTAKE_SEEN : INTAKE_OLDER;
}

void
intake_done(struct intake *in)
{
	needs_free(in->needs);
	digest_set_done(&in->stays);
	fs_list_free(in->part_names, in->part_name_count);
}
