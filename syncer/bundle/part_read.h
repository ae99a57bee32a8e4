#ifndef CDR_BUNDLE_PART_READ_H
#define CDR_BUNDLE_PART_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bundle/bundle_name.h"
#include "layout/err.h"

/*
 * A part as it comes from a stick or a pipe, one member after the other.  It is
 * ustar and nothing else: a link, a device, a folder, a record of PAX or GNU, a
 * name that is not one of bundle_name.h, or one that came before, ends it.
 * Not one byte is read beyond its end, so that in a pipe another one may
 * follow.
 */
struct part;

struct part_member {
	char name[BUNDLE_MEMBER_MAX];
	uint64_t size;
};

/*
 * part_open(fd, name, ret, e): ${name} is for messages.  The descriptor stays
 * the caller's.  part_close accepts NULL.
 */
int part_open(int, const char *, struct part **, struct err *);
void part_close(struct part *);

/* part_stop_by(p, fd): where the part has to be waited for, in a pipe, reading
 * ends as soon as ${fd} becomes readable (ERR_CANCELLED). */
void part_stop_by(struct part *, int);

/*
 * part_next(p, ret, e): the next member; what was not read of the one before is
 * skipped.  Return 1; 0 at the end of the part; -1 with ${e} set, which names
 * part and member: ERR_DATA, or ERR_SYS where it cannot be read.  It stays at
 * its end, or where it went wrong: part_has_failed(p).
 */
bool part_has_failed(const struct part *);
int part_next(struct part *, struct part_member *, struct err *);

/*
 * part_data(p, ret, ret_len, e): the next bytes of the member, until the next
 * call.  Return 1, 0 at its end, -1 as above.
 * part_text(p, max, ret, ret_len, e): all of it, of at most so many bytes, with
 * a NUL behind; free(3) it.  Return 0, or -1 (ERR_LIMIT, too).
 */
int part_data(struct part *, const void **, size_t *, struct err *);
int part_text(struct part *, size_t, char **, size_t *, struct err *);

/* part_is_empty(p): it ended before its first member: nothing is there. */
bool part_is_empty(const struct part *);

#endif
