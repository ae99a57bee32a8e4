#ifndef CDR_REPORT_METRICS_H
#define CDR_REPORT_METRICS_H

#include <stdio.h>

#include "report/status_view.h"

/* metrics_print(view, out): the text exposition format of Prometheus, 0.0.4. */
void metrics_print(const struct status_view *, FILE *);

#endif
