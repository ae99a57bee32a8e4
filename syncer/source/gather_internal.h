#ifndef CDR_SOURCE_GATHER_INTERNAL_H
#define CDR_SOURCE_GATHER_INTERNAL_H

#include "source/gather.h"

/* One line of the list.  A million are allowed. */
struct gather_line {
	char *text;		/* the reference, as it is printed */
	char *name;		/* the same, made complete; without a tag where
				 * a pattern picks them */
	char *keys;		/* NULL: none */
	const char *file;
	unsigned line;
	unsigned order;		/* of its file; 0: the kept one */
};

struct gather_file {
	struct gather_file *next;
	char name[];
};

struct gather_asked {
	char *name;
	size_t times;
};

struct gather {
	gather_tell *tell;
	void *cookie;
	struct gather_file *files;
	const char *file;
	unsigned files_read, order;
	struct gather_line *lines;
	size_t count, room;
	bool is_full;
	char **left;		/* comments */
	size_t left_count;	/* also of those that are not among them */
	struct gather_asked *asked;
	size_t asked_count;
	size_t asked_more;	/* questions for names that had no place */
};

/* gather_unique(g): sorted, and the same image with the same pattern once. */
void gather_unique(struct gather *);

#endif
