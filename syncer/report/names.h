#ifndef CDR_REPORT_NAMES_H
#define CDR_REPORT_NAMES_H

#include <stddef.h>

/* Some names for people, such as "nginx:1.27, redis:7 and 3 more". */
#define NAMES_TEXT_MAX	512u
struct names {
	char text[NAMES_TEXT_MAX];
	size_t len;
	size_t count;			/* of those that are in it */
};

/* names_add(n, name): one more, as far as there is room: ${n} is zeroed before
 * the first.  More than NAMED nobody reads. */
#define NAMED	3u
void names_add(struct names *, const char *);

/* names_end(n, all): so many there are.  Return the text, or NULL where there
 * are none. */
const char *names_end(struct names *, size_t);

#endif
