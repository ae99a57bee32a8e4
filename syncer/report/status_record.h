#ifndef CDR_REPORT_STATUS_RECORD_H
#define CDR_REPORT_STATUS_RECORD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout/digest.h"
#include "layout/err.h"
#include "layout/limits.h"

/* One image of status.json: shared by status*.c and metrics.c. */

enum status_result {
	STATUS_UPDATED,
	STATUS_UNCHANGED,
	STATUS_FAILED,
	STATUS_HELD,			/* the tag stays where it was set */
	STATUS_NOT_REACHED,		/* the run ended before it could */
	STATUS_RESULTS			/* how many */
};

struct status_record {
	enum status_result result;
	enum err_code reason;		/* STATUS_FAILED */
	bool has_digest;
	struct digest digest;		/* of the last success */
	int64_t last_success;		/* seconds since 1970; 0: never */
	int64_t last_listed;
	uint64_t bytes, objects;	/* fetched in the last try */
	uint64_t size;			/* in bytes, of all it reaches */
	int64_t duration_ms;
	unsigned keep, keep_for_s;	/* what its line says of history */
	bool is_guess;			/* another record of the image, if there
					 * is one, knows better */
	char *error;			/* STATUS_FAILED, else NULL */
	char *key;			/* the name of the one that has to have
					 * signed it, or NULL; status.json has
					 * it only where: */
	char key_id[KEY_ID_MAX];	/* which one that is, whatever its file
					 * is called; "": not known */
	bool is_verified;		/* it has, this digest */
	bool is_refuted;		/* of a failure: it has not, ${digest},
					 * which is not what is here */
	char image[];			/* the full reference */
};

/* status_record_new(image): all else is zero, but for keep, which is
 * KEEP_DEFAULT.  status_record_free accepts NULL. */
struct status_record *status_record_new(const char *image);
void status_record_free(struct status_record *);

/* status_record_set_error(r, text): as much of it as is kept. */
void status_record_set_error(struct status_record *, const char *);

/* status_record_set_key(r, path, id): the key in that file; NULL: none.  Its
 * name is that of the file, without its folder. */
void status_record_set_key(struct status_record *, const char *, const char *);

/* status_record_keep_key(r, old): ${r} is about the digest of ${old} after all,
 * and has not been looked at: is that verified still? */
void status_record_keep_key(struct status_record *,
    const struct status_record *);

/* status_result_name(result); status_result_read(text, ret): false where
 * ${text}, which may be NULL, is none. */
const char *status_result_name(enum status_result);
bool status_result_read(const char *, enum status_result *);

/* status_reason(code): "not_found": what monitoring counts failures by. */
#define STATUS_REASONS	(ERR_DIGEST + 1)
const char *status_reason(enum err_code);

/* status_record_json(r): json_decref it. */
json_t *status_record_json(const struct status_record *);

/* status_record_read(object): NULL where it makes no sense. */
struct status_record *status_record_read(const json_t *);

/* status_set_time(object, key, t): RFC 3339; nothing where ${t} is 0.
 * status_get_time: 0 where there is none.  status_time(text): the same of the
 * text itself, which may be NULL. */
void status_set_time(json_t *, const char *, int64_t);
int64_t status_get_time(const json_t *, const char *);
int64_t status_time(const char *);

/* status_set_count, status_get_count: a number that is not negative; 0 where
 * there is none, or one that JSON cannot carry exactly everywhere (2^53). */
void status_set_count(json_t *, const char *, uint64_t);
uint64_t status_get_count(const json_t *, const char *);

#endif
