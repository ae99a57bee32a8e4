#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/inputs.h"
#include "layout/clock.h"
#include "layout/fsutil.h"
#include "layout/limits.h"
#include "layout/mem.h"

/* Return 1, 0 if there is no such file, or -1. */
static int
read_input(const char *path, size_t max, char **ret, size_t *len,
    struct err *e)
{
	int rc = fs_read_file(AT_FDCWD, path, max, ret, len, e);

	if (rc == -1)
		e->code = ERR_INPUT;
	return rc;
}

int
inputs_list(struct image_list *list, const char *path, struct err *e)
{
	const char *name = path;
	char *buf;
	size_t len;
	int rc;

	if (strcmp(path, "-") == 0) {
		name = "standard input";
		rc = fs_read_all(STDIN_FILENO, LIST_BYTES_MAX, &buf, &len, e);
		if (rc == -1)
			return err_wrap(e, "%s", name);
	} else {
		rc = read_input(path, LIST_BYTES_MAX, &buf, &len, e);
		if (rc == 0)
			return err_set(e, ERR_INPUT, "%s: no such file", path);
	}
	if (rc == -1)
		return -1;
	list_read(list, name, buf, len);
	free(buf);
	return 0;
}

int
inputs_registries(const char *path, struct registries **ret, struct err *e)
{
	char *buf = NULL;
	size_t len = 0;
	int rc;

	if (path == NULL)
		path = getenv("CDR_REGISTRIES");
	if (path == NULL || path[0] == '\0')
		return registries_parse("", NULL, 0, ret, e);
	rc = read_input(path, CONFIG_BYTES_MAX, &buf, &len, e);
	if (rc == 0)
		return err_set(e, ERR_INPUT, "%s: no such file", path);
	if (rc == 1)
		rc = registries_parse(path, buf, len, ret, e);
	if (rc == 0)
		rc = registries_check(*ret, e) == -1 ?
		    err_wrap(e, "%s", path) : 0;
	free(buf);
	return rc;
}

static char *
credentials_dir(void)
{
	const char *dir = getenv("DOCKER_CONFIG");
	const char *home = getenv("HOME");

	if (dir != NULL && dir[0] != '\0')
		return xstrdup(dir);
	if (home != NULL && home[0] != '\0')
		return xasprintf("%s/.docker", home);
	return NULL;
}

int
inputs_credentials(struct keyring **ret, struct err *e)
{
	char *dir = credentials_dir();

	*ret = keyring_new(dir);
	free(dir);
	return keyring_read(*ret, clock_ms(), e);
}
