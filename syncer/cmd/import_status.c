#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd/cmd.h"
#include "cmd/import_status.h"
#include "cmd/refresh.h"
#include "layout/mem.h"
#include "mirror/holdings.h"
#include "report/bundle_status.h"
#include "report/status.h"

/* --- bundles.json ------------------------------------------------------ */

static enum bundle_result
result_of(const struct intake *in, enum intake_end end)
{
	switch (end) {
	case INTAKE_WHOLE:
		break;
	case INTAKE_WAITS:
		return BUNDLE_STATUS_WAITING;
	case INTAKE_FAILED:
		return BUNDLE_STATUS_FAILED;
	case INTAKE_SEEN:
		return BUNDLE_STATUS_REPEATED;
	case INTAKE_OLDER:
		return BUNDLE_STATUS_OLDER;
	case INTAKE_TOO_FAR:
		return BUNDLE_STATUS_TOO_FAR;
	case INTAKE_STOPPED:
		return BUNDLE_STATUS_INTERRUPTED;
	case INTAKE_STORE_FAILED:
		return BUNDLE_STATUS_STORE;
	}
	return in->bad_parts > 0 && in->needs == NULL ? BUNDLE_STATUS_FAILED :
	    BUNDLE_STATUS_OK;
}

/* The first images that wait; how many there are in ${names}. */
static size_t
name_waiting(const struct intake *in, char **names)
{
	char name[FULL_NAME_MAX];
	const struct need *need;
	size_t i, count = 0;

	for (i = 0; in->needs != NULL && i < needs_count(in->needs) &&
	    count < BUNDLE_STATUS_NAMED; i++) {
		need = needs_at(in->needs, i);
		if (need->state == NEED_WAITS)
			names[count++] = xstrdup(intake_name(need->image,
			    name));
	}
	return count;
}

static void
save_bundle(struct store *store, const struct intake *in, enum intake_end end)
{
	char *names[BUNDLE_STATUS_NAMED];
	size_t i, count = name_waiting(in, names);
	struct bundle_status_run run = {
		.from = in->who.from, .to = in->who.to, .id = in->who.id,
		.seq = in->who.seq, .created = in->who.created,
		.now = (int64_t)time(NULL),
		.result = result_of(in, end),
		.error = in->err.code == ERR_NONE ? NULL : in->err.msg,
		.images = in->totals.images,
		.missing_images = in->missing_images,
		.missing_parts = in->missing_parts,
		.part_names = (const char *const *)in->part_names,
		.part_name_count = in->part_name_count,
		.image_names = (const char *const *)names,
		.image_name_count = count,
	};
	struct err e;

	if (bundle_status_save(store, &run, &e) == -1)
		report(REPORT_WARNING, "cannot write the status of bundles: "
		    "%s", e.msg);
	for (i = 0; i < count; i++)
		free(names[i]);
}

/* --- status.json ------------------------------------------------------- */

static void
add_image(struct status *status, const struct need *need)
{
	char name[FULL_NAME_MAX];
	struct status_record *r = status_record_new(intake_name(need->image,
	    name));

	switch (need->state) {
	case NEED_SAME:
	case NEED_UPDATED:
		r->result = need->state == NEED_SAME ? STATUS_UNCHANGED :
		    STATUS_UPDATED;
		r->last_success = (int64_t)time(NULL);
		r->has_digest = true;
		r->digest = need->image->root.digest;
		r->size = need->size;
		break;
	case NEED_HELD:
		r->result = STATUS_HELD;
		break;
	case NEED_FAILED:
		r->result = STATUS_FAILED;
		r->reason = need->err.code;
		status_record_set_error(r, need->err.msg);
		break;
	case NEED_STAYS:
		r->result = STATUS_UNCHANGED;
		break;
	case NEED_WAITS:
	case NEED_READY:
		r->result = STATUS_NOT_REACHED;
		break;
	}
	status_image(status, r);
}

/* As a list whose name is its sender's. */
static char *
list_name(const struct intake *in, char buf[STATUS_LIST_NAME_MAX])
{
	char *text = xasprintf("bundle %s", in->who.from);
	char hex[DIGEST_HEX_MAX];
	struct digest d;

	digest_of(DIGEST_SHA256, text, strlen(text), &d);
	free(text);
	snprintf(buf, STATUS_LIST_NAME_MAX, "%.16s", digest_hex(&d, hex));
	return buf;
}

static void
save_run(struct store *store, const struct intake *in, enum intake_end end,
    int code)
{
	char name[STATUS_LIST_NAME_MAX];
	struct status *status = status_new(in->started);
	struct status_end how = {
		.now = (int64_t)time(NULL),
		.exit_code = code,
		.result = end == INTAKE_STORE_FAILED ? "store" :
		    end == INTAKE_STOPPED ? "interrupted" :
		    code == EXIT_OK ? "ok" : "failed",
		.error = in->err.code == ERR_NONE ? NULL : in->err.msg,
		.totals = in->totals,
	};
	struct holdings_end lists = { store, how.now };
	struct err e;
	size_t i;

	status_list(status, list_name(in, name));
	for (i = 0; i < needs_count(in->needs); i++)
		add_image(status, needs_at(in->needs, i));
	if (end != INTAKE_STORE_FAILED) {
		refresh_bad(store);
		status_holdings(status, holdings_end, &lists);
	}
	if (status_save(status, store, &how, &e) == -1)
		report(REPORT_WARNING, "cannot write the status: %s", e.msg);
	status_free(status);
}

void
import_status(struct store *store, const struct intake *in,
    enum intake_end end, int code)
{
	save_bundle(store, in, end);
	if (in->needs != NULL)
		save_run(store, in, end, code);
	else if (end != INTAKE_STORE_FAILED) {
		/* No run: but monitoring has to see that one was refused. */
		refresh_bad(store);
		refresh_status(store, NULL);
	}
}

void
import_status_forgotten(struct store *store, const struct ledger_bundle *who)
{
	struct bundle_status_run run = {
		.from = who->from, .to = who->to, .id = who->id,
		.seq = who->seq, .created = who->created,
		.now = (int64_t)time(NULL),
		.result = BUNDLE_STATUS_FORGOTTEN,
	};
	struct err e;

	if (bundle_status_save(store, &run, &e) == -1)
		report(REPORT_WARNING, "cannot write the status of bundles: "
		    "%s", e.msg);
	refresh_status(store, NULL);
}
