#include <stdio.h>
#include <string.h>

#include "transfer/refusals.h"

/* Whose kind of failure is that of all? */
static int
weight_of(enum err_code code, bool is_down)
{
	if (code == ERR_CANCELLED)
		return 4;
	if (is_down)
		return 1;
	return code == ERR_NOT_FOUND ? 2 : 3;
}

void
refusals_add(struct refusals *r, const char *place, bool is_down,
    const struct err *e)
{
	struct err *sum = &r->err;
	size_t used = r->weight == 0 ? 0 : strlen(sum->msg);
	int weight = weight_of(e->code, is_down);

	snprintf(sum->msg + used, sizeof(sum->msg) - used, "%s%s: %s",
	    used > 0 ? "; " : "", place, e->msg);
	if (weight <= r->weight)
		return;
	r->weight = weight;
	sum->code = e->code;
}
