#ifndef CDR_MEM_H
#define CDR_MEM_H

#include <stddef.h>
#include <stdio.h>

/*
 * Allocation that does not return NULL: a process of a few MiB that cannot get
 * a few bytes more has nothing sensible left to do, so it says so and aborts.
 */
void *xmalloc(size_t);
void *xcalloc(size_t, size_t);
void *xreallocarray(void *, size_t, size_t);

/* xgrow(list, count, size): a list of count items gets room for one more, and
 * for as many as it has, so that n of them cost n.  For lists that only grow by
 * this. */
void *xgrow(void *, size_t, size_t);

char *xstrdup(const char *);
char *xstrndup(const char *, size_t);
char *xasprintf(const char *, ...) __attribute__((format(printf, 1, 2)));

/* xtext_open(ret, ret_len): a stream into a text that grows, as
 * open_memstream(3).  xtext_close(stream): from here on it is there, with a NUL
 * behind; free(3) it. */
FILE *xtext_open(char **, size_t *);
void xtext_close(FILE *);

#endif
