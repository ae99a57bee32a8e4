#ifndef CDR_WATCH_LOOP_H
#define CDR_WATCH_LOOP_H

#include <stdbool.h>
#include <stddef.h>

#include "image/list.h"

/* What cdr watch does until it is told to stop. */
struct watch {
	const char *root;
	char *const *sync;		/* the words behind "cdr sync", up to a
					 * NULL */
	const char *const *lists;	/* its list files; and what else is in
					 * the list */
	size_t list_count;
	void (*add)(void *cookie, struct image_list *);
	bool (*is_signed)(void *cookie, const char *registry);
					/* hints_signed_fn; after add() */
	void *cookie;
	const char *socket, *hooks;	/* struct hear_from */
	const char *spool;
	unsigned every_s, jitter_s;	/* every_s 0: not by the clock */
	unsigned settle_first_s, settle_s, settle_most_s, hint_jitter_s;
	int stop_fd;			/* readable when it is to end */
};

/*
 * watch_loop(w): return an exit code of cdr sync: that of the first run where
 * nothing can become of any (2), of the run that was at work when it was told
 * to stop, or 0, also where images have failed in that one.
 */
int watch_loop(const struct watch *);

#endif
