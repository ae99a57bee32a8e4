/* The file of hooks: it is read or refused with a sentence, whatever it is. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hook/hook.h"

static void
must(int ok)
{
	if (!ok)
		abort();
}

static char path[64];

static void
put(const char *name, const void *text, size_t len)
{
	char file[128];
	int fd;

	snprintf(file, sizeof(file), "%s/%s", path, name);
	fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	must(fd != -1 && write(fd, text, len) == (ssize_t)len);
	close(fd);
}

/* One folder in memory, as long as it runs. */
static void
begin(void)
{
	snprintf(path, sizeof(path), "/dev/shm/cdr-fuzz.XXXXXX");
	must(mkdtemp(path) != NULL);
	put("key", "zot:0123456789abcdef\n", 21);
}

static void
end(void)
{
	char file[128];

	snprintf(file, sizeof(file), "%s/key", path);
	unlink(file);
	snprintf(file, sizeof(file), "%s/config", path);
	unlink(file);
	rmdir(path);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hooks *h = NULL;
	char config[128];
	struct err e = { .code = ERR_NONE };

	if (path[0] == '\0') {
		begin();
		atexit(end);
	}
	put("config", data, size);
	snprintf(config, sizeof(config), "%s/config", path);
	if (hooks_read(config, &h, &e) == 0) {
		hooks_free(h);
		return 0;
	}
	must(h == NULL && e.code == ERR_INPUT && e.msg[0] != '\0');
	return 0;
}
