#ifndef CDR_REPORT_BOOK_INTERNAL_H
#define CDR_REPORT_BOOK_INTERNAL_H

#include "report/book.h"

/* Shared by book_read.c and book_write.c, and by nobody else. */

#define BOOK_END		".json"
#define BOOK_EARLIER_END	"-earlier.json"
#define BOOK_NAME_MAX		64
#define BOOK_KEY_MAX		32u
/* A full reference. */
#define BOOK_IMAGE_MAX		1024
#define BOOK_LINE_BEGIN		"{\"image\":\""
#define BOOK_GONE_END		"\",\"gone\":true}"

/* One of the files, line by line. */
struct book_file {
	const struct book_kind *kind;
	FILE *in;			/* NULL: there is none */
	time_t written;
	char *buf;			/* of line_max: the line, ended */
	size_t len;
	bool has_line;			/* and it has not been left behind */
	bool is_over;
	bool is_damaged;		/* lines are lost */
	char image[BOOK_IMAGE_MAX];	/* of this line, or of the last one */
};

/* book_file_open(store, kind, end, ret): its first line; NULL if there is
 * none that makes sense, and ${ret} is as before.  book_file_close: all zero
 * then. */
json_t *book_file_open(const struct store *, const struct book_kind *,
    const char *, struct book_file *);
void book_file_close(struct book_file *);

/* book_file_read(f, kind, in): read lines from a stream, which is closed with
 * it. */
void book_file_read(struct book_file *, const struct book_kind *, FILE *);

/* book_file_more(f): is there a line? */
bool book_file_more(struct book_file *);

#endif
