#ifndef CDR_REPORT_ROTATED_H
#define CDR_REPORT_ROTATED_H

#include <stddef.h>

/*
 * The logs that a log was before it was rotated, the oldest first, by the names
 * of logrotate: LOG-20261130 (dateext), then LOG.2 and LOG.1.  Compressed ones
 * are not among them; at most ROTATED_MAX are looked at.
 *
 * rotated_find(log, ret): none where the folder cannot be read.
 * rotated_done: releases what is in it.
 */
struct rotated {
	char **paths;
	size_t count;
};

void rotated_find(const char *, struct rotated *);
void rotated_done(struct rotated *);

#endif
