#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout/limits.h"
#include "mirror/keep_book.h"
#include "mirror/keep_terms.h"

#define FILE_NAME	"unlisted"

/* Digits and a blank or the end; -1 for what is none, or longer than a
 * century. */
static int64_t
read_number(const char **at)
{
	int64_t n = 0;
	const char *begin = *at;

	for (; **at >= '0' && **at <= '9' && *at - begin < 11; (*at)++)
		n = n * 10 + (**at - '0');
	return *at == begin || (**at != ' ' && **at != '\n') ? -1 : n;
}

/* What has passed; of a clock that has not been set nothing is believed, and
 * the run is none that the next one could count from. */
static int64_t
step_of(struct keep_terms *terms, int64_t last, int64_t now, int64_t term_s)
{
	int64_t step = now - last;

	if (now < KEEP_TIME_MIN) {
		terms->last = last;
		return 0;
	}
	if (last < KEEP_TIME_MIN)
		return 0;
	return step < 0 ? 0 : step > term_s / 2 ? term_s / 2 : step;
}

/* "AGE LISTED NAME", which ends at ${eol}; false: that makes no sense. */
static bool
read_line(struct keep_terms *terms, const char *at, const char *eol,
    int64_t step)
{
	char name[USE_WORD_MAX];
	struct named *image;
	int64_t age, when;
	size_t len;

	age = read_number(&at);
	if (age == -1 || *at++ != ' ')
		return false;
	when = read_number(&at);
	if (when == -1 || *at++ != ' ' || at >= eol)
		return false;
	len = (size_t)(eol - at);
	if (len >= sizeof(name))
		return false;
	memcpy(name, at, len);
	name[len] = '\0';
	image = name_table_add(&terms->ages, name);
	image->number = age + step;
	image->when = when;
	return true;
}

/* A file that is damaged anywhere is of no use: what else is wrong in it
 * nobody sees. */
static bool
read_lines(struct keep_terms *terms, const char *at, int64_t step)
{
	const char *eol;

	for (; *at != '\0'; at = eol + 1) {
		eol = strchr(at, '\n');
		if (eol == NULL || terms->ages.count >= STATUS_IMAGES_MAX ||
		    !read_line(terms, at, eol, step))
			return false;
	}
	return true;
}

void
keep_terms_read(const struct store *store, int64_t now, int64_t term_s,
    struct keep_terms *ret)
{
	char *text = NULL;
	const char *at;
	struct err ignored;
	size_t len;
	int64_t last, step;

	*ret = (struct keep_terms){ .last = now };
	if (store_read_state(store, FILE_NAME, UNLISTED_BYTES_MAX, &text, &len,
	    &ignored) != 1)
		return;
	at = text;
	last = read_number(&at);
	if (last != -1 && *at == '\n') {
		step = step_of(ret, last, now, term_s);
		if (!read_lines(ret, at + 1, step))
			name_table_done(&ret->ages);
	}
	free(text);
}

void
keep_terms_done(struct keep_terms *terms)
{
	name_table_done(&terms->ages);
}

int64_t
keep_terms_age(const struct keep_terms *terms, const char *image,
    int64_t listed)
{
	const struct named *known = name_table_find(&terms->ages, image);

	return known == NULL || known->when != listed ? 0 : known->number;
}

void
keep_terms_head(const struct keep_terms *terms, FILE *out)
{
	fprintf(out, "%" PRId64 "\n", terms->last < 0 ? 0 : terms->last);
}

void
keep_terms_put(const struct keep_terms *terms, const char *image,
    int64_t listed, FILE *out)
{
	fprintf(out, "%" PRId64 " %" PRId64 " %s\n",
	    keep_terms_age(terms, image, listed), listed, image);
}

int
keep_terms_write(struct store *store, const char *buf, size_t len,
    struct err *e)
{
	return store_write_state(store, FILE_NAME, buf, len, e);
}
