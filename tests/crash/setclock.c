/*
 * Preloaded into a program: somebody sets its clock.  The file that $CLOCK_FILE
 * names has the seconds by which it is wrong; without it, it is right.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long
wrong_by(void)
{
	const char *name = getenv("CLOCK_FILE");
	FILE *in = name == NULL ? NULL : fopen(name, "r");
	char text[32] = "";

	if (in == NULL)
		return 0;
	if (fgets(text, sizeof(text), in) == NULL)
		text[0] = '\0';
	fclose(in);
	return strtol(text, NULL, 10);
}

int
clock_gettime(clockid_t id, struct timespec *ret)
{
	int rc = (int)syscall(SYS_clock_gettime, id, ret);

	if (rc == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
		ret->tv_sec += wrong_by();
	return rc;
}

int
gettimeofday(struct timeval *ret, void *zone)
{
	struct timespec now = { 0, 0 };

	(void)zone;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	ret->tv_sec = now.tv_sec;
	ret->tv_usec = now.tv_nsec / 1000;
	return 0;
}

time_t
time(time_t *ret)
{
	struct timespec now = { 0, 0 };

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (ret != NULL)
		*ret = now.tv_sec;
	return now.tv_sec;
}
