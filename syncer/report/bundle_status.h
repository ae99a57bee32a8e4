#ifndef CDR_REPORT_BUNDLE_STATUS_H
#define CDR_REPORT_BUNDLE_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout/limits.h"
#include "layout/store.h"

/*
 * status/bundles.json: the last whole bundle of each sender, which ones are on
 * the way and what they wait for, and how imports have ended.  Written by who
 * imports, for each bundle that it has looked into, before status.json: the
 * metrics are written with that one.
 */
#define BUNDLE_STATUS_FILE	"bundles.json"
#define BUNDLE_STATUS_NAME_MAX	64u	/* bytes of a site's name, and NUL */
#define BUNDLE_STATUS_ID_MAX	33u

enum bundle_result {
	BUNDLE_STATUS_OK,		/* all of it is here */
	BUNDLE_STATUS_WAITING,		/* parts are missing */
	BUNDLE_STATUS_FAILED,		/* they are not, but some images could
					 * not be published */
	BUNDLE_STATUS_INTERRUPTED,
	BUNDLE_STATUS_STORE,		/* the tree cannot be used any more */
	BUNDLE_STATUS_REPEATED,		/* it was whole before */
	BUNDLE_STATUS_OLDER,		/* refused: its seq is too low */
	BUNDLE_STATUS_TOO_FAR,		/* refused: it is too high */
	BUNDLE_STATUS_FORGOTTEN,	/* --forget */
	BUNDLE_STATUS_RESULTS
};
extern const char *const bundle_status_results[BUNDLE_STATUS_RESULTS];

/* One bundle.  Names are as the statement has them; ${to} may be "*". */
struct bundle_status_run {
	const char *from, *to, *id;
	uint64_t seq;
	int64_t created, now;		/* seconds since 1970 */
	enum bundle_result result;
	const char *error;		/* NULL: none */
	uint64_t images;		/* of its statement */
	uint64_t missing_images;	/* not published for want of objects */
	uint64_t missing_parts;
	/* Of these the first ones by name, as many as one likes: no more than
	 * BUNDLE_STATUS_NAMED are kept. */
	const char *const *part_names;
	size_t part_name_count;
	const char *const *image_names;
	size_t image_name_count;
};

/*
 * bundle_status_save(store, run, e): one bundle has been looked into.  One that
 * is OK takes the place of the last one of its from and to, if its seq is
 * greater, and nothing up to its seq, nor what its sender made for others
 * before it, is on the way any longer.  One that is WAITING, FAILED,
 * INTERRUPTED or STORE is on the way from now on, and one that is REPEATED,
 * OLDER or FORGOTTEN no longer.  One that is REPEATED may have been whole
 * without having been told of.  All are counted.  No more than
 * BUNDLE_STATUS_STREAMS and BUNDLE_STATUS_WAITS are kept, the latest ones.
 * Return 0, or -1 with ${e} set.
 */
int bundle_status_save(struct store *, const struct bundle_status_run *,
    struct err *);

/* What the file says of one from and to. */
struct bundle_stream {
	char from[BUNDLE_STATUS_NAME_MAX], to[BUNDLE_STATUS_NAME_MAX];
	uint64_t seq;			/* of the last whole one; 0: none */
	int64_t created, imported;
	uint64_t waiting;		/* bundles that are on the way, */
	uint64_t missing_parts, missing_images;	/* and what they lack */
	int64_t since;			/* the first of them came; 0: none */
};

struct bundle_status {
	struct bundle_stream streams[BUNDLE_STATUS_STREAMS +
	    BUNDLE_STATUS_WAITS];
	size_t count;
	uint64_t runs[BUNDLE_STATUS_RESULTS];
};

/* bundle_status_read(store, ret): false, and nothing in it, where no import has
 * written anything, or what it wrote is damaged. */
bool bundle_status_read(const struct store *, struct bundle_status *);

#endif
