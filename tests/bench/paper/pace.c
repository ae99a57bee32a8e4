/*
 * Preloaded into a server: what it sends on each connection that it accepts
 * comes at most at PACE_BYTES_S, as over a long way with a window.  The kernel
 * paces it, from the first byte on and whatever is asked for.
 */
#define _GNU_SOURCE	/* accept4, RTLD_NEXT */

#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>

int
accept4(int listener, struct sockaddr *addr, socklen_t *len, int flags)
{
	static int (*real)(int, struct sockaddr *, socklen_t *, int);
	const char *said = getenv("PACE_BYTES_S");
	uint64_t rate = said == NULL ? 0 : strtoull(said, NULL, 10);
	int fd;

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "accept4");
	fd = real(listener, addr, len, flags);
	if (fd != -1 && rate > 0)
		setsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &rate,
		    sizeof(rate));
	return fd;
}
