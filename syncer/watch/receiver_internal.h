#ifndef CDR_WATCH_RECEIVER_INTERNAL_H
#define CDR_WATCH_RECEIVER_INTERNAL_H

#include <sys/stat.h>

#include "watch/receiver.h"

/*
 * receiver_listen(path, ret_fd, ret_stat, e): a socket that listens at ${path},
 * with mode 0660, in place of one that a dead process has left.  ${ret_stat} is
 * of its name, which tells later whether that is still ours.
 */
int receiver_listen(const char *, int *, struct stat *, struct err *);

/* What came of all calls so far, and of what a person was told. */
struct told;
struct receiver_notes {
	struct receiver_counts counts;
	struct told *told;
	size_t told_count;
};

/* receiver_note(n, note, now): count a call, and tell of it what is wrong, of
 * each hook once a minute.  receiver_notes_done releases. */
void receiver_note(struct receiver_notes *, const struct hook_note *,
    int64_t);
void receiver_notes_done(struct receiver_notes *);

#endif
