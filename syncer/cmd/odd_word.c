#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/cmd.h"
#include "cmd/odd_word.h"
#include "image/slips.h"

static bool
is_among(const char *const *words, size_t count, const char *word, size_t len)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (strlen(words[i]) == len && memcmp(words[i], word, len) == 0)
			return true;
	return false;
}

/* Those that somebody may leave "platform=" out before. */
static bool
is_platform(const char *word)
{
	static const char *const systems[] = { "linux", "windows", "darwin",
	    "freebsd" };
	static const char *const machines[] = { "amd64", "arm64", "arm", "386",
	    "ppc64le", "riscv64", "s390x", "loong64", "mips64le", "x86_64",
	    "aarch64" };
	const char *slash = strchr(word, '/');

	return slash != NULL &&
	    is_among(systems, sizeof(systems) / sizeof(systems[0]), word,
	    (size_t)(slash - word)) &&
	    is_among(machines, sizeof(machines) / sizeof(machines[0]),
	    slash + 1, strcspn(slash + 1, "/"));
}

static bool
is_path(const char *word)
{
	return word[0] == '/' || word[0] == '~' ||
	    strncmp(word, "./", 2) == 0 || strncmp(word, "../", 3) == 0 ||
	    strcmp(word, ".") == 0 || strcmp(word, "..") == 0;
}

/* A folder with the name of an image may lie anywhere; a file whose name has an
 * ending is hardly by chance there. */
static int
check_file(const char *word, struct err *e)
{
	struct stat st;
	bool is_here = strpbrk(word, ":@=") == NULL && stat(word, &st) == 0;

	if (is_here && S_ISREG(st.st_mode) &&
	    (is_path(word) || strchr(word, '.') != NULL))
		return err_set(e, ERR_INPUT, "\"%.80s\" is a file: -i %.80s "
		    "reads it as a list of images", word, word);
	if (is_path(word))
		return err_set(e, ERR_INPUT, "\"%.80s\" is a path, not an "
		    "image such as nginx:1.27; -i LIST reads a list, and "
		    "-r ROOT says where the tree is", word);
	return 0;
}

int
odd_word(const char *word, struct err *e)
{
	if (strcmp(word, "help") == 0 || strcmp(word, "version") == 0 ||
	    cmd_is_command(word))
		return err_set(e, ERR_INPUT, "\"%s\" is a word of cdr's own, "
		    "and is not taken for an image here: see 'cdr --help'; "
		    "the image is library/%s", word, word);
	if (is_platform(word))
		return err_set(e, ERR_INPUT, "\"%.40s\" is a platform: write "
		    "platform=%.40s behind the image; docker.io/%.40s is an "
		    "image", word, word, word);
	return check_file(word, e);
}

/* The name of its first member, as long as that is. */
#define TAR_NAME	100u
#define TAR_MAGIC	257u
#define TAR_BLOCK	512u

static size_t
read_begin(const char *path, char buf[TAR_BLOCK])
{
	FILE *file;
	struct stat st;
	size_t len;

	if (stat(path, &st) == -1 || !S_ISREG(st.st_mode) ||
	    (file = fopen(path, "re")) == NULL)
		return 0;
	len = fread(buf, 1, TAR_BLOCK, file);
	fclose(file);
	return len;
}

int
odd_bundle(const char *path, struct err *e)
{
	static const char gzip[] = "\x1f\x8b", zstd[] = "\x28\xb5\x2f\xfd";
	static const char *const members[] = { "oci-layout", "blobs/",
	    "index.json", "manifest.json", "repositories" };
	char buf[TAR_BLOCK + 1] = "";
	size_t i, len = read_begin(path, buf);

	if (len > 4 && (memcmp(buf, gzip, 2) == 0 ||
	    memcmp(buf, zstd, 4) == 0))
		return err_set(e, ERR_INPUT, "%.300s: it is compressed, and no "
		    "part of a bundle is", path);
	if (len < TAR_BLOCK || memcmp(buf + TAR_MAGIC, "ustar", 5) != 0)
		return 0;
	buf[TAR_NAME] = '\0';
	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (strncmp(buf, members[i], strlen(members[i])) == 0)
			return err_set(e, ERR_INPUT, "%.300s: these are images "
			    "as 'cdr save' and docker save write them, and no "
			    "bundle: docker load, podman load, or ctr images "
			    "import takes them", path);
	return 0;
}

int
odd_source(const char *text, struct err *e)
{
	struct stat st;

	if (strncmp(text, "docker://", 9) == 0)
		return err_set(e, ERR_INPUT, "a registry is no source for "
		    "--from: it is the first part of an image's name, such as "
		    "quay.io/org/app");
	if (strncmp(text, "file://", 7) == 0 || strncmp(text, "dir:", 4) == 0)
		return err_set(e, ERR_INPUT, "write oci:%.200s", text +
		    (text[0] == 'f' ? 7 : 4));
	if (strstr(text, "://") != NULL)
		return 0;
	if (strncmp(text, "oci:", 4) == 0 || strncmp(text, "bundle:", 7) == 0)
		return text[strcspn(text, ":") + 1] != '\0' ? 0 : err_set(e,
		    ERR_INPUT, "which folder? Write %sDIR", text);
	if (is_path(text) || (stat(text, &st) == 0 && S_ISDIR(st.st_mode)))
		return err_set(e, ERR_INPUT, "a folder is written oci:%.200s; "
		    "it has to be a tree of cdr, or an OCI layout", text);
	return slips_scheme(text, e);
}
