#ifndef CDR_REPORT_BOOK_H
#define CDR_REPORT_BOOK_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include "layout/store.h"

/*
 * A list of images in status/, a line each, of which little is written anew
 * when little has changed.  NAME.json has a first line, which changes with each
 * writing, and the images that are other than in NAME-earlier.json, or not
 * there; that one is written anew, with all of them, when these have become
 * many.  As long as all of them are few there is no NAME-earlier.json.  The
 * first line names the one that it is about by its "id", so that a death
 * between the two is seen.
 */
struct book_kind {
	const char *name;
	size_t line_max;
	int (*order)(const char *, const char *);	/* of images */
};

/* --- reading ----------------------------------------------------------- */

struct book_in;

struct book_line {
	const char *text;		/* an object; until the next call */
	size_t len;
	const char *image;		/* until the next call */
	bool is_earlier;		/* it is in NAME-earlier.json */
};

/* book_open(store, kind): NULL if there is nothing that can be read.
 * book_close accepts NULL. */
struct book_in *book_open(const struct store *, const struct book_kind *);
void book_close(struct book_in *);

/* book_head(in): the first line, as an object; NULL if that is lost. */
const json_t *book_head(const struct book_in *);

/* book_line_head(in): the first line that the earlier images were written with,
 * or have been known to since. */
const json_t *book_line_head(const struct book_in *);

/* book_written(in): the time of the files; 0 if it is not certain that all
 * lines are there. */
time_t book_written(const struct book_in *);

/* book_peek(in, ret): the next image, in order, which book_skip leaves behind;
 * false: there are no more. */
bool book_peek(struct book_in *, struct book_line *);
void book_skip(struct book_in *);

/* book_is_damaged(in): lines are lost, as far as it has been read. */
bool book_is_damaged(const struct book_in *);

/* --- writing ----------------------------------------------------------- */

struct book_out;

struct book_print {
	/* The first line of NAME.json, which ends with "images":[ and a line
	 * feed; ${earlier} is to be its member of that name, unless it is
	 * NULL. */
	void (*head)(FILE *, const char *earlier, void *cookie);
	/* Where all is written anew, before the other: members for the first
	 * line of NAME-earlier.json, with a comma before each; and what is to
	 * stand there for a line, which is free(3)d, or NULL: the line itself.
	 * Either may be NULL. */
	void (*earlier_head)(FILE *, void *cookie);
	char *(*settle)(const struct book_line *, void *cookie);
	void *cookie;
};

/* book_begin(store, kind, e): NULL with ${e} set. */
struct book_out *book_begin(struct store *, const struct book_kind *,
    struct err *);

/* book_put(out, image, text, len): all images, in order. */
void book_put(struct book_out *, const char *, const char *, size_t);

/* book_end(out, print, e): put the files into place.  book_drop(out): write
 * nothing. */
int book_end(struct book_out *, const struct book_print *, struct err *);
void book_drop(struct book_out *);

/* --- a member of a line, without reading all of it --------------------- */

/*
 * Lines are objects without objects inside, as compact as Jansson prints them.
 * book_text(line, key, ret_len): a text that has nothing escaped in it, not
 * ended; NULL if there is none.  book_count: a whole number, or 0;
 * book_count_or(line, key, none): or ${none}.  book_time: a time, or 0.
 */
const char *book_text(const struct book_line *, const char *, size_t *);
uint64_t book_count(const struct book_line *, const char *);
uint64_t book_count_or(const struct book_line *, const char *, uint64_t);
int64_t book_time(const struct book_line *, const char *);

#endif
