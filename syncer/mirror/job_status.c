#include <stdlib.h>
#include <time.h>

#include "mirror/job_status.h"

static void
succeeded(struct status_record *r, const struct job_report *report)
{
	r->last_success = (int64_t)time(NULL);
	r->has_digest = report->has_digest;
	r->digest = report->digest;
	r->size = report->total_bytes;
	r->is_verified = report->is_verified;
}

/* Also of an image that has failed: the list holds whatever came of it. */
static struct status_record *
new_record(const char *image, const struct list_entry *entry)
{
	struct status_record *r = status_record_new(image);

	r->keep = entry->keep;
	r->keep_for_s = entry->keep_for_s;
	return r;
}

void
job_status(struct status *s, const char *image,
    const struct job_report *report)
{
	struct status_record *r = new_record(image, report->entry);

	r->objects = report->objects;
	r->bytes = report->bytes;
	r->duration_ms = report->duration_ms;
	status_record_set_key(r, report->key, report->key_id);
	switch (report->result) {
	case JOB_UNCHANGED:
		r->result = STATUS_UNCHANGED;
		succeeded(r, report);
		break;
	case JOB_UPDATED:
		r->result = STATUS_UPDATED;
		succeeded(r, report);
		break;
	case JOB_HELD:
		r->result = STATUS_HELD;
		if (report->has_digest)
			succeeded(r, report);
		break;
	case JOB_FAILED:
		r->result = STATUS_FAILED;
		r->reason = report->err->code;
		r->is_refuted = report->err->code == ERR_SIGNATURE &&
		    report->has_digest;
		r->digest = report->digest;
		status_record_set_error(r, report->err->msg);
		break;
	case JOB_PLANNED:	/* of which no status is written */
	case JOB_CANCELLED:
		r->result = STATUS_NOT_REACHED;
		break;
	}
	status_image(s, r);
}

void
job_status_rest(struct status *s, struct agenda *agenda,
    struct relist *patterns)
{
	struct agenda_item item;
	struct status_record *r;
	char *image;

	while (agenda_next(agenda, &item)) {
		/* What tags it would have found nobody knows. */
		if (item.entry->tags != NULL) {
			relist_add(patterns, item.entry);
			continue;
		}
		image = image_ref_text(&item.entry->ref);
		r = new_record(image, item.entry);
		free(image);
		r->result = STATUS_NOT_REACHED;
		status_image(s, r);
	}
}
