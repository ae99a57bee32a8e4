#ifndef CDR_BUNDLE_RECORD_H
#define CDR_BUNDLE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "layout/digest.h"
#include "layout/err.h"

/*
 * The lines that the texts of this room are made of: words of printable ASCII
 * with one blank between them, and one LF at the end.
 */
#define RECORD_WORDS_MAX	7u

struct records {
	const char *what;	/* "the statement", for messages */
	char *text;		/* a copy, which is cut into words */
	size_t len;
	size_t next;		/* where the next line begins */
	size_t line;		/* the number of this one */
	char *words[RECORD_WORDS_MAX];
	size_t count;
};

/* records_open(r, what, buf, len, e): at most BUNDLE_TEXT_MAX bytes.
 * records_close releases, also after a failure. */
int records_open(struct records *, const char *, const char *, size_t,
    struct err *);
void records_close(struct records *);

/* records_next(r, e): take the next line apart; -1 with ${e} set where there is
 * none, or none that is right. */
int records_next(struct records *, struct err *);

/* records_at(r, word, count): does this line begin with that word, and has it
 * so many, this one included? */
bool records_at(const struct records *, const char *, size_t);

/* records_fail(r, code, e, fmt, ...): "the statement, line 7: " and that.
 * Return -1. */
int records_fail(const struct records *, enum err_code, struct err *,
    const char *, ...) __attribute__((format(printf, 4, 5)));

/* records_word(r, word, ret, size, is_fit, e): the next line has to be that
 * word and one more, which is fit; it is copied into ${ret}. */
int records_word(struct records *, const char *, char *, size_t,
    bool (*)(const char *), struct err *);

/* The same for numbers and times.  Of the others: word number ${at} of this
 * line; a number is decimal, without a zero in front, and at most ${max}. */
int records_word_number(struct records *, const char *, uint64_t, uint64_t *,
    struct err *);
int records_word_time(struct records *, const char *, int64_t *, struct err *);
int records_number(const struct records *, size_t, uint64_t, uint64_t *,
    struct err *);
int records_time(const struct records *, size_t, int64_t *, struct err *);
int records_digest(const struct records *, size_t, struct digest *,
    struct err *);

/* records_end(r, e): this line is "end", and nothing comes behind it. */
int records_end(const struct records *, struct err *);

/*
 * Times are RFC 3339, to the second, Z: from 1 to RECORD_TIME_MAX, which is the
 * last one of the year 9999.
 * record_print_time(out, when).  record_time(word, ret): one that is printed
 * so; else false.
 */
#define RECORD_TIME_MAX	INT64_C(253402300799)
void record_print_time(FILE *, int64_t);
bool record_time(const char *, int64_t *);

#endif
