#ifndef CDR_MIRROR_JOB_STATUS_H
#define CDR_MIRROR_JOB_STATUS_H

#include "report/status.h"
#include "mirror/agenda.h"
#include "mirror/job.h"

/* job_status(s, image, report): what status.json will tell of a job's end. */
void job_status(struct status *, const char *, const struct job_report *);

/* job_status_rest(s, agenda): what is still there was never begun; empties
 * it. */
void job_status_rest(struct status *, struct agenda *);

#endif
