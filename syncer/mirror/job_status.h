#ifndef CDR_MIRROR_JOB_STATUS_H
#define CDR_MIRROR_JOB_STATUS_H

#include "report/status.h"
#include "mirror/agenda.h"
#include "mirror/job.h"
#include "mirror/relist.h"

/* job_status(s, image, report): what status.json will tell of a job's end. */
void job_status(struct status *, const char *, const struct job_report *);

/* job_status_rest(s, agenda, patterns): what is still there was never begun;
 * empties it.  ${patterns} gets those that were never looked up. */
void job_status_rest(struct status *, struct agenda *, struct relist *);

#endif
