#ifndef CDR_DOCTOR_ACCESS_LOG_H
#define CDR_DOCTOR_ACCESS_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "layout/err.h"

/* nginx's access log: the common and the combined format, and JSON, an object a
 * line. */

#define LOG_FIELD_MAX	512u

struct log_entry {
	char client[LOG_FIELD_MAX];	/* address */
	char agent[LOG_FIELD_MAX];
	/* METHOD TARGET, or of a JSON log what it has of that. */
	char method[16];
	char target[LOG_FIELD_MAX];	/* "" where the log has the next two */
	char repository[LOG_FIELD_MAX];	/* with the registry in front */
	char kind[32];			/* "manifest", "blob" */
	long status;
};

/* access_log_parse(line, len, ret): return 1, or 0 for a line of another
 * kind.  Fields that are longer are cut. */
int access_log_parse(const char *, size_t, struct log_entry *);

/* access_log_size(path, ret, e): where it ends now. */
int access_log_size(const char *, off_t *, struct err *);

/*
 * access_log_each(path, from, fn, cookie, e): each line that began at or behind
 * ${from}, at most LOG_BYTES_MAX of them; from the beginning where the file is
 * shorter now.  Return 0 or -1.
 */
typedef void access_log_fn(void *cookie, const struct log_entry *);
int access_log_each(const char *, off_t, access_log_fn *, void *,
    struct err *);

#endif
