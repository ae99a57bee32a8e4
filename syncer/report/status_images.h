#ifndef CDR_REPORT_STATUS_IMAGES_H
#define CDR_REPORT_STATUS_IMAGES_H

#include "report/book.h"
#include "report/metrics.h"
#include "report/status_groups.h"

/*
 * The images of status.json: those of a run, and what is known of the others.
 * All records are this run's, sorted by image, each of them once.
 */
struct status_images {
	struct store *store;
	int64_t now;			/* the end of the run */
	struct status_record *const *records;
	size_t count;
	/* Which images, of those without such a record, have left the
	 * tree. */
	bool (*is_gone)(void *cookie, const char *image, int64_t last_success,
	    int64_t last_listed);
	/* No run has ended, so that all others stay as they are.  ${now} is the
	 * end of the last whole run. */
	bool is_refresh;
	/* The run was not about all of its list, or there was none: what is
	 * said of patterns stays. */
	bool is_partial;
	/* Called for each that failed in runs that ended then; may be NULL. */
	void (*failed)(void *cookie, const struct status_record *);
	int64_t failed_from, failed_to;
	/* Called for each image; may be NULL. */
	void (*see)(void *cookie, const struct metrics_image *);
	/* Called for each that a key has verified, at a digest; may be NULL. */
	void (*verified)(void *cookie, const char *image, const char *digest,
	    size_t, const char *key, size_t);
	/* The first line of status.json; it tells of the groups, too. */
	void (*head)(FILE *, const char *earlier, const struct status_groups *,
	    void *cookie);
	void *cookie;
	/* Told by status_images_write, and before ${head} is called: */
	struct metrics_images *metrics;	/* filled */
	uint64_t images, image_bytes;	/* mirrored at some time */
	bool is_damaged;		/* lines were lost */
};

/* status_images_write(images, e): read the old file once more, and put the new
 * one into place.  Return 0 or -1. */
int status_images_write(struct status_images *, struct err *);

/* What status.json is, for who reads its first line. */
extern const struct book_kind status_book;

#endif
