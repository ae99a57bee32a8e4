#ifndef CDR_WATCH_NOTICE_H
#define CDR_WATCH_NOTICE_H

/*
 * Something has changed in one of some folders, by inotify(7): a wake-up call
 * and no more, for who looks for himself.  It does not come from NFS and the
 * like, nor where there are too many watchers: look from time to time anyway.
 */
struct notice;

struct notice *notice_new(void);
void notice_free(struct notice *);

/* notice_folder(n, path): this folder, too; as often as one likes, since
 * another one may be there by now. */
void notice_folder(struct notice *, const char *);

/* notice_fd(n): readable after a change; -1: there is no such thing here.
 * notice_drain(n): until the next one. */
int notice_fd(const struct notice *);
void notice_drain(struct notice *);

#endif
