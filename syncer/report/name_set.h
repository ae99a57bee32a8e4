#ifndef CDR_REPORT_NAME_SET_H
#define CDR_REPORT_NAME_SET_H

#include "report/blob_count.h"

/*
 * Names of images, of very many too: eight bytes for each, of which two that
 * differ are the same once in a very long time.  All zero is empty.
 */
struct name_set {
	struct blob_count keys;
};

void name_set_add(struct name_set *, const char *);
bool name_set_has(const struct name_set *, const char *);
void name_set_done(struct name_set *);

/* name_set_key(name): what it is known by. */
uint64_t name_set_key(const char *);

#endif
