#ifndef CDR_REPORT_STATUS_LINE_H
#define CDR_REPORT_STATUS_LINE_H

#include "report/book.h"
#include "report/status_groups.h"
#include "report/status_record.h"

/* A line of status.json, mostly without reading all of it.  ${groups} are those
 * of book_line_head, or what has become of them. */

/* status_line_group(groups, line): which the image is of; NULL: of none. */
struct status_group *status_line_group(struct status_groups *,
    const struct book_line *);

/* status_line_success(groups, line), status_line_listed(groups, line): when it
 * was last well, and last listed; seconds since 1970; 0: never. */
int64_t status_line_success(struct status_groups *, const struct book_line *);
int64_t status_line_listed(struct status_groups *, const struct book_line *);

/* status_line_read(groups, line): NULL where it makes no sense. */
struct status_record *status_line_read(struct status_groups *,
    const struct book_line *);

/* status_line_holds(line, record): is what it says of the image so still? */
bool status_line_holds(const struct book_line *, const struct status_record *);

#endif
