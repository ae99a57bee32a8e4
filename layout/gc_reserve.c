/* A file that is there to be removed: on a disk without a free byte, or without
 * a free file, gc begins by that. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gc_internal.h"

#define RESERVE_BYTES	(1u << 20)
/* Where less is free, it is left to those who need it. */
#define PLENTY_BYTES	(64u << 20)
#define PLENTY_FILES	1000u
/* What lists and records need, at least. */
#define SCARCE_BYTES	(256u << 10)
#define SCARCE_FILES	16u

static bool
is_file(const struct store *st)
{
	struct stat sb;

	return fstatat(st->root, STORE_RESERVE_FILE, &sb,
	    AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(sb.st_mode) &&
	    sb.st_size == RESERVE_BYTES;
}

/* Nobody waits for it to be on the disk: it is made again. */
void
store_reserve_make(struct store *st)
{
	char tmp[STORE_TMP_MAX];
	struct store_space space;
	struct err ignored;
	int fd;

	if (is_file(st) || store_space(st, &space, &ignored) == -1 ||
	    space.bytes_free < PLENTY_BYTES ||
	    (space.files != 0 && space.files_free < PLENTY_FILES))
		return;
	fd = store_tmp_create(st, tmp);
	if (fd == -1)
		return;
	if (posix_fallocate(fd, 0, RESERVE_BYTES) != 0 || renameat(st->root,
	    tmp, st->root, STORE_RESERVE_FILE) == -1)
		(void)unlinkat(st->root, tmp, 0);
	close(fd);
}

static bool
is_scarce(const struct store *st)
{
	struct store_space space;
	struct err ignored;

	return store_space(st, &space, &ignored) == 0 &&
	    (space.bytes_free < SCARCE_BYTES ||
	    (space.files != 0 && space.files_free < SCARCE_FILES));
}

/* Where there is no reserve, or it does not do, what each run writes again. */
void
gc_reserve_use(struct store *st)
{
	static const char *const files[] = {
		STORE_RESERVE_FILE, "status/blobs-earlier.json",
		"status/blobs.json", "status/images-earlier.json",
		"status/images.json", "_state/created"
	};
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]) && is_scarce(st); i++)
		(void)unlinkat(st->root, files[i], 0);
}
