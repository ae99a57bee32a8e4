#ifndef CDR_NOTIFY_NOTIFY_INTERNAL_H
#define CDR_NOTIFY_NOTIFY_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout/store.h"
#include "notify/notify.h"
#include "registry/registries.h"

/* Shared by the files of notify.h: notify_file.c reads that of --notify,
 * notify_queue.c knows _state/notify, notify_post.c posts. */

/* Something that was published, by a number that only grows.  All strings are
 * in its text. */
struct notify_event {
	uint64_t number;
	int64_t at;			/* seconds since 1970 */
	const char *registry, *repository;
	const char *tag;		/* NULL: by digest alone */
	const char *media_type, *digest;
	char text[];
};

struct notify_child {
	char *name, *url, *secret;
	struct registry_config config;
	uint64_t taken;			/* it has had all up to this number */
	bool is_known;			/* _state/notify has told so */
	bool was_behind;		/* when this run began */
};

/* By number. */
struct notify_queue {
	struct notify_event **events;
	size_t count, room;
	uint64_t last;			/* number that was given out */
	size_t lost;			/* for which there was no room */
};

struct notify {
	struct notify_child *children;
	size_t count;
	struct notify_queue queue;
	struct store *store;
	bool is_written;		/* the file is as it is here */
	bool has_failed;		/* to write it, which is told once */
};

/*
 * notify_queue_add(q, at, registry, repository, tag, id): number it, as the
 * last one.  Return it.
 */
const struct notify_event *notify_queue_add(struct notify_queue *, int64_t,
    const char *, const char *, const char *, const struct manifest_id *);

/* notify_queue_line(event): its line of the file; free(3) it. */
char *notify_queue_line(const struct notify_event *);

/* notify_queue_fold(q): of each image only the last event, and no more than
 * NOTIFY_WAITING_MAX: the oldest go. */
void notify_queue_fold(struct notify_queue *);

/* notify_queue_drop(q, goes, cookie): those of which ${goes} says so. */
typedef bool notify_goes(void *cookie, const struct notify_event *);
void notify_queue_drop(struct notify_queue *, notify_goes *, void *);
void notify_queue_done(struct notify_queue *);

/*
 * notify_queue_read(n, text): events, and what children have taken; a line that
 * is damaged is left out.  Return whether it is all as it would be written now;
 * false also where it is no such file.
 */
bool notify_queue_read(struct notify *, char *);

/* notify_queue_text(n, ret_len): the file; free(3) it. */
char *notify_queue_text(const struct notify *, size_t *);

/* notify_body(q, after, ret_upto, ret_count): the events behind number
 * ${after}, as many as one POST has, and the number of the last one; free(3)
 * it.  NULL: there is none. */
char *notify_body(const struct notify_queue *, uint64_t, uint64_t *, size_t *);

/* notify_post(n, timeout_ms, stop_fd): to all children at once what they have
 * not had; each success is noted in ${taken}.  It tells what has failed. */
void notify_post(struct notify *, int, int);

#endif
