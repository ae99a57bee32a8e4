#ifndef CDR_TESTS_SCRATCH_H
#define CDR_TESTS_SCRATCH_H

/*
 * A fresh folder for a test: cmocka's setup and teardown.  The test's ${state}
 * is a struct scratch.  Included after <cmocka.h>.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct scratch {
	char path[64];
	int dir;
};

/* Where hundreds of trees are made, no time is lost on a disk. */
static const char *scratch_top = "/tmp";

static inline void
scratch_in_memory(void)
{
	if (access("/dev/shm", W_OK | X_OK) == 0)
		scratch_top = "/dev/shm";
}

static inline int
scratch_setup(void **state)
{
	struct scratch *s = calloc(1, sizeof(*s));

	snprintf(s->path, sizeof(s->path), "%s/cdr-unit.XXXXXX", scratch_top);
	if (mkdtemp(s->path) == NULL)
		return -1;
	s->dir = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = s;
	return s->dir == -1 ? -1 : 0;
}

/* Links are not followed. */
static inline void
scratch_remove(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	DIR *dir = fd == -1 ? NULL : fdopendir(fd);
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			scratch_remove(fd, entry->d_name);
	if (dir != NULL)
		closedir(dir);
	(void)unlinkat(at, name, dir != NULL ? AT_REMOVEDIR : 0);
}

static inline int
scratch_teardown(void **state)
{
	struct scratch *s = *state;

	close(s->dir);
	scratch_remove(AT_FDCWD, s->path);
	free(s);
	return 0;
}

/* scratch_put(s, path, text): a file with these contents. */
static inline void
scratch_put(const struct scratch *s, const char *path, const char *text)
{
	int fd = openat(s->dir, path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

/* scratch_get(s, path): its contents, or NULL; free(3) them. */
static inline char *
scratch_get(const struct scratch *s, const char *path)
{
	int fd = openat(s->dir, path, O_RDONLY);
	char *text = calloc(1, 1u << 16);
	ssize_t n;

	if (fd == -1) {
		free(text);
		return NULL;
	}
	n = read(fd, text, (1u << 16) - 1);
	assert_true(n >= 0);
	close(fd);
	return text;
}

static inline bool
scratch_has(const struct scratch *s, const char *path)
{
	struct stat sb;

	return fstatat(s->dir, path, &sb, AT_SYMLINK_NOFOLLOW) == 0;
}

/* scratch_mode(s, path): the permission bits; links are followed. */
static inline unsigned
scratch_mode(const struct scratch *s, const char *path)
{
	struct stat sb;

	assert_int_equal(fstatat(s->dir, path, &sb, 0), 0);
	return sb.st_mode & 07777;
}

/* scratch_count(s, path): how many names are in a folder. */
static inline int
scratch_count(const struct scratch *s, const char *path)
{
	int fd = openat(s->dir, path, O_RDONLY | O_DIRECTORY), count = 0;
	DIR *dir = fd == -1 ? NULL : fdopendir(fd);
	struct dirent *entry;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			count++;
	closedir(dir);
	return count;
}

#endif
