/* The receiver's place in the file system. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "layout/mem.h"
#include "watch/receiver_internal.h"

/* Whether somebody listens there: 1, 0, or -1 with ${e} set. */
static int
is_listened_at(const struct sockaddr_un *at, struct err *e)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int rc;

	if (fd == -1)
		return err_sys(e, "cannot make a socket");
	if (connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0 ||
	    errno == EAGAIN)
		rc = 1;
	else if (errno == ECONNREFUSED || errno == ENOENT)
		rc = 0;
	else
		rc = err_sys(e, "%s", at->sun_path);
	close(fd);
	return rc;
}

static int
check_place(const char *path, const struct sockaddr_un *at, struct err *e)
{
	struct stat st;
	int rc;

	if (lstat(path, &st) == -1)
		return errno == ENOENT ? 0 : err_sys(e, "%s", path);
	if (!S_ISSOCK(st.st_mode))
		return err_set(e, ERR_INPUT, "%s: is there, and is no socket",
		    path);
	rc = is_listened_at(at, e);
	if (rc == 1)
		return err_set(e, ERR_INPUT, "%s: another process listens at "
		    "it", path);
	return rc;
}

/* Under a name of its own until it listens and has its mode: who finds it under
 * the other one finds it ready, and a dead one is replaced in the same step. */
static int
listen_at(const char *path, struct sockaddr_un *at, int *ret_fd,
    struct stat *ret_stat, struct err *e)
{
	char *name = xasprintf("%s.new", path);
	int fd = -1, rc = -1;
	mode_t mask;

	if (strlen(name) >= sizeof(at->sun_path)) {
		err_set(e, ERR_INPUT, "%s: the path of a socket has at most "
		    "%zu characters", path, sizeof(at->sun_path) - 5);
		goto out;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1) {
		err_sys(e, "cannot make a socket");
		goto out;
	}
	memcpy(at->sun_path, name, strlen(name) + 1);
	unlink(name);
	mask = umask(0117);
	rc = bind(fd, (struct sockaddr *)at, sizeof(*at));
	umask(mask);
	if (rc == -1 || listen(fd, SOMAXCONN) == -1 ||
	    lstat(name, ret_stat) == -1 || rename(name, path) == -1) {
		rc = err_sys(e, "%s: cannot listen", path);
		unlink(name);
		goto out;
	}
	*ret_fd = fd;
	fd = -1;
	rc = 0;
out:
	if (fd != -1)
		close(fd);
	free(name);
	return rc;
}

int
receiver_listen(const char *path, int *ret_fd, struct stat *ret_stat,
    struct err *e)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	if (check_place(path, &at, e) == -1)
		return -1;
	return listen_at(path, &at, ret_fd, ret_stat, e);
}
