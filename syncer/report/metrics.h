#ifndef CDR_REPORT_METRICS_H
#define CDR_REPORT_METRICS_H

#include <stdio.h>

#include "report/status_view.h"

/* metrics_print(view, images, out): in the text format of Prometheus. */
struct metrics_images;
void metrics_print(const struct status_view *, const struct metrics_images *,
    FILE *);

/*
 * What is said of each image, of very many of them too: of all, as long as they
 * are no more than METRICS_IMAGES_MAX; else of those that have failed, up to
 * METRICS_FAILED_MAX.  And of repositories, up to METRICS_REPOSITORIES_MAX:
 * those with failures first, then the largest.
 */
struct metrics_image {
	const char *image;
	bool is_well, has_failed;
	int64_t last_success, last_listed;	/* of 1970; 0: never */
	uint64_t size;
};
struct metrics_images *metrics_images_new(void);
void metrics_images_free(struct metrics_images *);

/* metrics_images_add(m, image): in the order of names. */
void metrics_images_add(struct metrics_images *, const struct metrics_image *);

/* metrics_images_end(m): that was the last one.  metrics_images_print is for
 * metrics_print. */
void metrics_images_end(struct metrics_images *);
void metrics_images_print(const struct metrics_images *, FILE *);

/* metrics_family(out, name, type, help), metrics_labelled(out, name, key,
 * value, n): the lines of a metric.  metrics_labels(out, name, pairs, n): the
 * same with several labels: keys and values in turn, up to a NULL.
 * metrics_single(out, name, type, help, n): of one that has a single value. */
void metrics_family(FILE *, const char *, const char *, const char *);
void metrics_labelled(FILE *, const char *, const char *, const char *,
    uint64_t);
void metrics_labels(FILE *, const char *, const char *const *, uint64_t);
void metrics_single(FILE *, const char *, const char *, const char *,
    uint64_t);

#endif
