#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "layout/fsutil.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "node/containerd.h"
#include "node/running.h"
#include "node/under.h"
#include "registry/ascii.h"

/* A decimal number, and what is behind it; false where there is none. */
static bool
take_number(const char **p, unsigned long long *ret)
{
	unsigned long long n = 0;

	if (!ascii_is_digit(**p))
		return false;
	for (; ascii_is_digit(**p); ++*p) {
		if (n > (ULLONG_MAX - 9) / 10)
			return false;
		n = 10 * n + (unsigned long long)(**p - '0');
	}
	*ret = n;
	return true;
}

static bool
boot_of(const char *stat, unsigned long long *ret)
{
	static const char name[] = "\nbtime ";
	const char *at = strstr(stat, name);

	if (at == NULL)
		return false;
	at += sizeof(name) - 1;
	return take_number(&at, ret);
}

/* When the machine was started, in seconds since 1970. */
static bool
find_boot(int root, unsigned long long *ret)
{
	char *stat = NULL;
	struct err e;
	bool found = under_read(root, "proc/stat", &stat, NULL, &e) == 1 &&
	    boot_of(stat, ret);

	free(stat);
	return found;
}

/* The 22nd field is when it began, in ticks since the start of the machine; the
 * second, the name, may have anything in it but ends with the last ")". */
static bool
ticks_of(const char *stat, unsigned long long *ret)
{
	const char *p = strrchr(stat, ')');
	unsigned field;

	if (p == NULL)
		return false;
	for (field = 2; field < 22; field++) {
		p = strchr(p, ' ');
		if (p == NULL)
			return false;
		p++;
	}
	return take_number(&p, ret);
}

/* ${*ret} is NULL where it cannot be read. */
static void
read_of(int root, const char *pid, const char *name, char **ret)
{
	char *path = xasprintf("proc/%s/%s", pid, name);
	struct err e;

	*ret = NULL;
	(void)under_read(root, path, ret, NULL, &e);
	free(path);
}

/* Arguments end with a NUL each.  Without --config it is the usual file. */
static bool
reads_config(int root, const char *pid, const char *config)
{
	char *path = xasprintf("proc/%s/cmdline", pid), *buf = NULL, *p;
	const char *value = "/" CONTAINERD_CONFIG;
	size_t len = 0;
	struct err e;

	if (fs_read_file(root, path, NODE_FILE_BYTES_MAX, &buf, &len, &e) == 1)
		for (p = buf; p < buf + len; p += strlen(p) + 1) {
			if (strncmp(p, "--config=", 9) == 0)
				value = p + 9;
			else if ((strcmp(p, "--config") == 0 ||
			    strcmp(p, "-c") == 0) &&
			    p + strlen(p) + 1 < buf + len)
				value = p + strlen(p) + 1;
		}
	free(path);
	len = value[0] == '/' && strcmp(value + 1, config) == 0;
	free(buf);
	return len == 1;
}

/* ${config} NULL: it does not matter which file it reads. */
static bool
look_at(int root, const char *pid, const char *name, const char *config,
    unsigned long long boot, struct running *ret)
{
	char *comm, *stat = NULL;
	unsigned long long ticks = 0, number = 0;
	const char *p = pid;
	bool found = false;

	read_of(root, pid, "comm", &comm);
	if (comm != NULL && strncmp(comm, name, strlen(name)) == 0 &&
	    strcmp(comm + strlen(name), "\n") == 0 &&
	    (config == NULL || reads_config(root, pid, config)))
		read_of(root, pid, "stat", &stat);
	if (stat != NULL && ticks_of(stat, &ticks) && take_number(&p,
	    &number)) {
		ret->pid = (unsigned)number;
		ret->since = (time_t)(boot + ticks /
		    (unsigned long long)sysconf(_SC_CLK_TCK));
		found = true;
	}
	free(stat);
	free(comm);
	return found;
}

static bool
find(int root, const char *name, const char *config, struct running *ret)
{
	unsigned long long boot;
	struct running one;
	char **names = NULL;
	size_t count = 0, i;
	struct err e;
	bool found = false;

	if (!find_boot(root, &boot) ||
	    under_list(root, "proc", &names, &count, &e) != 1)
		return false;
	for (i = 0; i < count; i++)
		if (ascii_is_digit(names[i][0]) && look_at(root, names[i],
		    name, config, boot, &one) && (!found ||
		    one.since < ret->since)) {
			*ret = one;
			found = true;
		}
	fs_list_free(names, count);
	return found;
}

bool
running_containerd(int root, const char *config, struct running *ret)
{
	return find(root, "containerd", config, ret);
}

bool
running_program(int root, const char *name, struct running *ret)
{
	return find(root, name, NULL, ret);
}
