#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/inputs.h"
#include "image/ref.h"
#include "layout/clock.h"
#include "layout/fsutil.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "report/report.h"

/* Return 1, 0 if there is no such file, or -1. */
static int
read_input(const char *path, size_t max, char **ret, size_t *len,
    struct err *e)
{
	int rc = fs_read_named(path, max, ret, len, e);

	if (rc == -1)
		e->code = ERR_INPUT;
	return rc;
}

void
inputs_complain(void *cookie, const char *where, const char *what)
{
	(void)cookie;
	report(REPORT_ERROR, "%s: %s", where, what);
}

/* "-i nginx:1.27" */
static int
no_list(const char *path, struct err *e)
{
	struct image_ref ref;
	struct err ignored;
	bool is_image = path[0] != '/' && strncmp(path, "./", 2) != 0 &&
	    strstr(path, ".txt") == NULL && !image_ref_is_bare(path) &&
	    image_ref_parse(path, &ref, &ignored) == 0;

	if (!is_image)
		return err_set(e, ERR_INPUT, "%s: no such file", path);
	image_ref_done(&ref);
	return err_set(e, ERR_INPUT, "%s: no such file; an image is written "
	    "without -i, which is for lists", path);
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
			return no_list(path, e);
	}
	if (rc == -1)
		return -1;
	/* A template that has failed, for example. */
	if (!list_read(list, name, buf, len))
		report(REPORT_WARNING, "%s: there is no image in this list",
		    name);
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

void
inputs_words(struct image_list *list, int argc, char **argv)
{
	char *text, *longer;
	int i;

	for (i = 0; i < argc;) {
		text = xstrdup(argv[i++]);
		while (i < argc && strchr(argv[i], '=') != NULL) {
			longer = xasprintf("%s %s", text, argv[i++]);
			free(text);
			text = longer;
		}
		list_add(list, text);
		free(text);
	}
}

/* The entry whose repository all others have as well, or NULL. */
static const struct list_entry *
only_repository(const struct image_list *list)
{
	const struct list_entry *first = NULL, *other;
	size_t i;

	for (i = 0; i < list_count(list); i++) {
		other = list_at(list, i);
		if (first == NULL)
			first = other;
		if (strcmp(first->ref.registry, other->ref.registry) != 0 ||
		    strcmp(first->ref.repository, other->ref.repository) != 0)
			return NULL;
	}
	return first;
}

/* REPOSITORY, or the list, says whose tags are that have none. */
static int
settle_owner(struct ocidir *layout, const char *repository,
    const struct image_list *list, struct err *e)
{
	const struct list_entry *only = only_repository(list);
	struct image_ref ref;

	if (repository == NULL) {
		if (only != NULL)
			ocidir_own(layout, only->ref.registry,
			    only->ref.repository);
		return 0;
	}
	if (!image_ref_is_bare(repository))
		return err_set(e, ERR_INPUT, "\"%.80s\" is not just the name "
		    "of a repository", repository);
	if (image_ref_parse(repository, &ref, e) == -1)
		return -1;
	ocidir_own(layout, ref.registry, ref.repository);
	image_ref_done(&ref);
	return 0;
}

int
inputs_layout(const char *text, const struct image_list *list,
    struct ocidir **ret, struct err *e)
{
	const char *colon = strchr(text, ':');
	char *dir = xstrndup(text, colon != NULL ? (size_t)(colon - text) :
	    strlen(text));
	int rc;

	rc = ocidir_open(dir, ret, e);
	free(dir);
	if (rc == 0)
		rc = settle_owner(*ret, colon != NULL ? colon + 1 : NULL,
		    list, e);
	return rc == -1 ? err_wrap(e, "--from") : 0;
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

/* Who sets it means to have credentials: without them all would go on, as
 * nobody in particular. */
static void
mind_credentials_dir(const char *dir)
{
	const char *set = getenv("DOCKER_CONFIG");
	struct stat st;

	if (set == NULL || set[0] == '\0')
		return;
	if (stat(dir, &st) == -1)
		report(REPORT_WARNING, "the environment's DOCKER_CONFIG: %s: "
		    "%s; going on without credentials", dir, strerror(errno));
	else if (!S_ISDIR(st.st_mode))
		report(REPORT_WARNING, "the environment's DOCKER_CONFIG: %s "
		    "is no folder, and has to be the one that config.json is "
		    "in; going on without credentials", dir);
}

int
inputs_credentials(struct keyring **ret, struct err *e)
{
	char *dir = credentials_dir();

	if (dir != NULL)
		mind_credentials_dir(dir);
	*ret = keyring_new(dir);
	free(dir);
	return keyring_read(*ret, clock_ms(), e);
}
