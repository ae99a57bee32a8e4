/* Two halves: what is to be there, and writing it.  What "make boot" has left
 * is ours, and yet no link in it is followed: a stick has no links. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bundle/boot.h"
#include "bundle/boot_internal.h"
#include "image/list.h"
#include "image/platform.h"
#include "layout/fsutil.h"
#include "layout/limits.h"
#include "layout/mem.h"

#define LIST_FILE	"images.list"

/* --- where it is ------------------------------------------------------- */

static bool
is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* PREFIX/bin/cdr has PREFIX/share/cdr/boot; build/cdr has build/boot. */
char *
boot_source(void)
{
	static const char *const places[] = { "../share/cdr/boot", "boot" };
	const char *set = getenv("CDR_BOOT");
	char self[PATH_MAX], *slash, *path;
	ssize_t len;
	size_t i;

	if (set != NULL && set[0] != '\0')
		return xstrdup(set);
	len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (len <= 0)
		return NULL;
	self[len] = '\0';
	slash = strrchr(self, '/');
	if (slash == NULL)
		return NULL;
	*slash = '\0';
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		path = xasprintf("%s/%s", self, places[i]);
		if (is_folder(path))
			return path;
		free(path);
	}
	return NULL;
}

/* --- the programs ------------------------------------------------------ */

static bool
is_arch(const char *name, size_t len)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";

	return len > 0 && len < BOOT_ARCH_MAX && strspn(name, letters) >= len;
}

static int
add_arch(struct boot *b, const char *name, size_t len, struct err *e)
{
	struct boot_arch *arch;
	struct stat st;
	char *file;
	size_t i;

	if (!is_arch(name, len))
		return err_set(e, ERR_INPUT, "\"%.*s\" is no architecture: "
		    "write amd64 or arm64", (int)(len < 80 ? len : 80), name);
	for (i = 0; i < b->arch_count; i++)
		if (strncmp(b->arches[i].name, name, len) == 0 &&
		    b->arches[i].name[len] == '\0')
			return 0;
	if (b->arch_count == BOOT_ARCHES_MAX)
		return err_set(e, ERR_INPUT, "more than %u architectures",
		    BOOT_ARCHES_MAX);
	arch = &b->arches[b->arch_count++];
	memcpy(arch->name, name, len);
	arch->name[len] = '\0';
	file = xasprintf("cdr-%s", arch->name);
	i = fstatat(b->source_fd, file, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode);
	free(file);
	if (i == 0)
		return err_set(e, ERR_INPUT, "there is no cdr-%s in %s: \"make "
		    "boot\" makes it", arch->name, b->source);
	b->bytes += (uint64_t)st.st_size;
	return 0;
}

static int
add_arches(struct boot *b, const char *names, struct err *e)
{
	size_t len;

	for (;;) {
		len = strcspn(names, ",");
		if (add_arch(b, names, len, e) == -1)
			return -1;
		if (names[len] == '\0')
			return 0;
		names += len + 1;
	}
}

/* --- the images -------------------------------------------------------- */

static void
take_complaint(void *cookie, const char *where, const char *what)
{
	struct err *e = cookie;

	if (e->code == ERR_NONE)
		err_set(e, ERR_INPUT, "%s: %s", where, what);
}

static int
read_list(struct boot *b, struct image_list **ret, struct err *e)
{
	char *path = xasprintf("%s/" LIST_FILE, b->source), *text;
	struct image_list *list;
	size_t len;
	int rc = fs_read_named(path, LIST_BYTES_MAX, &text, &len, e);

	if (rc == 0)
		rc = err_set(e, ERR_INPUT, "%s: no such file", path);
	if (rc == -1) {
		free(path);
		return -1;
	}
	e->code = ERR_NONE;
	list = list_new(take_complaint, e);
	list_read(list, path, text, len);
	rc = list_end(list);
	free(text);
	free(path);
	if (rc == -1)
		list_free(list);
	else
		*ret = list;
	return rc;
}

static int
add_image(struct boot_arch *arch, const struct list_entry *entry,
    const struct boot_wish *wish, struct err *e)
{
	struct platform_set one = { .count = 0 };
	struct save_wish image = { .ref = &entry->ref, .platforms = &one };
	char *platform = xasprintf("linux/%s", arch->name);
	char *name = image_ref_text(&entry->ref);
	int rc;

	if (entry->tags != NULL)
		rc = err_set(e, ERR_INPUT, "%s: write a tag or a digest, not "
		    "a pattern", name);
	else
		rc = platform_set_parse(platform, &one, e);
	if (rc == 0)
		rc = save_add(arch->images, &image, wish->warn, wish->cookie,
		    e);
	if (rc == -1)
		err_wrap(e, "%s: %s for %s", LIST_FILE, name, platform);
	platform_set_done(&one);
	free(platform);
	free(name);
	return rc;
}

static int
add_images(struct boot *b, const struct boot_wish *wish, struct err *e)
{
	struct image_list *list;
	struct boot_arch *arch;
	size_t i, j;
	int rc = 0;

	if (read_list(b, &list, e) == -1)
		return -1;
	for (i = 0; i < b->arch_count && rc == 0; i++) {
		arch = &b->arches[i];
		arch->images = save_new(wish->store);
		for (j = 0; j < list_count(list) && rc == 0; j++)
			rc = add_image(arch, list_at(list, j), wish, e);
		b->bytes += save_bytes(arch->images);
	}
	list_free(list);
	return rc;
}

/* --- all of it --------------------------------------------------------- */

int
boot_new(const struct boot_wish *wish, struct boot **ret, struct err *e)
{
	struct boot *b = xcalloc(1, sizeof(*b));

	b->source = xstrdup(wish->source);
	b->source_fd = open(wish->source, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (b->source_fd == -1) {
		err_sys(e, "%s", wish->source);
		e->code = ERR_INPUT;
		goto out;
	}
	if (add_arches(b, wish->arches, e) == -1 ||
	    add_images(b, wish, e) == -1)
		goto out;
	*ret = b;
	return 0;
out:
	boot_free(b);
	return -1;
}

void
boot_free(struct boot *b)
{
	size_t i;

	if (b == NULL)
		return;
	for (i = 0; i < b->arch_count; i++)
		save_free(b->arches[i].images);
	if (b->source_fd != -1)
		close(b->source_fd);
	free(b->source);
	free(b);
}

uint64_t
boot_bytes(const struct boot *b)
{
	return b->bytes;
}
