#ifndef CDR_IMAGE_LIST_H
#define CDR_IMAGE_LIST_H

#include <stddef.h>

#include "image/platform.h"
#include "image/ref.h"
#include "layout/err.h"

/* One image that somebody asked for. */
struct list_entry {
	struct image_ref ref;			/* owned by the list */
	const struct platform_set *platforms;	/* owned by the list */
	const char *file;	/* owned by the list; NULL: the command line */
	unsigned line;		/* 0: from the command line */
};

/*
 * The image list (cdr(1), "IMAGE LIST").  Entries stand in the order in which
 * they were read; after list_end equal ones are there once.
 */
struct image_list;

/*
 * What is wrong, one call a complaint, in order; at most LIST_COMPLAINTS_MAX,
 * then, from list_end, one that says how many more there are.  ${where} is
 * "file:line", "file", "command line" or "image list" (that last one).
 */
typedef void list_complain(void *cookie, const char *where, const char *what);

struct image_list *list_new(list_complain *, void *cookie);
void list_free(struct image_list *);

/*
 * list_read(list, name, buf, len): add the lines of a file whose text is
 * ${buf}; ${name} is for messages.  All of the text is read whatever is wrong.
 * "default" lines hold to the end of the file.
 */
void list_read(struct image_list *, const char *name, const char *buf,
    size_t len);

/* list_add(list, text): one REF from the command line, all platforms unless
 * the text goes on with key=value words as in a list line. */
void list_add(struct image_list *, const char *text);

/*
 * list_end(list): find duplicates, and lines that disagree about one image:
 * same registry, repository and tag (or digest, where there is no tag), but
 * other platforms or another digest.  What list_at has returned before is void.
 * Return 0 if nothing has been complained of since list_new, else -1.
 */
int list_end(struct image_list *);

size_t list_count(const struct image_list *);
const struct list_entry *list_at(const struct image_list *, size_t);

#endif
