#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "layout/mem.h"
#include "watch/notice.h"

/* A file is there whole, or gone: written and closed, or renamed. */
#define CHANGES	(IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | \
		IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

struct notice {
	int fd;
};

struct notice *
notice_new(void)
{
	struct notice *n = xcalloc(1, sizeof(*n));

	n->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	return n;
}

void
notice_free(struct notice *n)
{
	if (n == NULL)
		return;
	if (n->fd != -1)
		close(n->fd);
	free(n);
}

/* The same folder once more is the same watch. */
void
notice_folder(struct notice *n, const char *path)
{
	if (n->fd != -1)
		(void)inotify_add_watch(n->fd, path, CHANGES);
}

int
notice_fd(const struct notice *n)
{
	return n->fd;
}

void
notice_drain(struct notice *n)
{
	char events[16384];

	while (n->fd != -1 && read(n->fd, events, sizeof(events)) > 0)
		;
}
