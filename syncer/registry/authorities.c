/* For memmem. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "layout/fsutil.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "registry/ascii.h"
#include "registry/authorities.h"

static const char begins[] = "-----BEGIN CERTIFICATE-----";
static const char ends[] = "-----END CERTIFICATE-----";

struct pem {
	char *text;
	size_t len, room;
	size_t count;			/* of certificates */
	bool one_will_do;
};

/* libcurl drops a whole file for one block that is none. */
static bool
is_sound(const char *s, const char *end)
{
	size_t symbols = 0;

	for (; s < end; s++) {
		if (ascii_is_alnum(*s) || (*s != '\0' &&
		    strchr("+/=", *s) != NULL))
			symbols++;
		else if (*s == '\0' || strchr(" \t\r\n", *s) == NULL)
			return false;
	}
	return symbols > 0 && symbols % 4 == 0;
}

/* Between certificates files have names, comments and, some of them, keys. */
static void
take(struct pem *pem, const char *buf, size_t len)
{
	const char *s = buf, *end = buf + len, *stop = NULL;
	size_t more;

	while ((s = memmem(s, (size_t)(end - s), begins,
	    strlen(begins))) != NULL) {
		if (stop == NULL || stop < s)
			stop = memmem(s, (size_t)(end - s), ends,
			    strlen(ends));
		if (stop == NULL)
			return;
		if (!is_sound(s + strlen(begins), stop)) {
			s += strlen(begins);
			continue;
		}
		stop += strlen(ends);
		more = (size_t)(stop - s);
		if (pem->len + more + 1 > AUTHORITIES_BYTES_MAX)
			return;
		if (pem->len + more + 2 > pem->room) {
			pem->room = 2 * (pem->len + more + 2);
			pem->text = xreallocarray(pem->text, pem->room, 1);
		}
		memcpy(pem->text + pem->len, s, more);
		pem->len += more;
		pem->text[pem->len++] = '\n';
		pem->text[pem->len] = '\0';
		pem->count++;
		if (pem->one_will_do)
			return;
		s = stop;
	}
}

/* Return 0, or -1 with ${e} set where it has no certificate. */
static int
take_file(struct pem *pem, const char *path, struct err *e)
{
	size_t len = 0, before = pem->count;
	char *buf = NULL;
	int rc = fs_read_named(path, AUTHORITIES_BYTES_MAX, &buf, &len, e);

	if (rc == 0)
		return err_set(e, ERR_INPUT, "%s: no such file", path);
	if (rc == -1) {
		e->code = ERR_INPUT;
		return -1;
	}
	take(pem, buf, len);
	free(buf);
	return pem->count > before ? 0 : err_set(e, ERR_INPUT,
	    "%s: no certificate in it (-----BEGIN CERTIFICATE-----)", path);
}

/* OpenSSL's folders have each certificate again under the hash of its subject,
 * a link within the folder.  What Kubernetes mounts leads to "..data/". */
static bool
is_second_name(DIR *dir, const char *name)
{
	char to[256];
	ssize_t len = readlinkat(dirfd(dir), name, to, sizeof(to));

	return len > 0 && memchr(to, '/', (size_t)len) == NULL;
}

/* Any name will do, as for Go; files without a certificate are passed over. */
static int
take_folder(struct pem *pem, const char *path, struct err *e)
{
	size_t before = pem->count, looked = 0;
	struct dirent *entry;
	struct err ignored;
	struct stat st;
	DIR *dir = opendir(path);
	char *file;

	if (dir == NULL) {
		err_sys(e, "%s", path);
		e->code = ERR_INPUT;
		return -1;
	}
	while ((entry = readdir(dir)) != NULL &&
	    looked++ < AUTHORITIES_FILES_MAX) {
		if (entry->d_name[0] == '.' ||
		    fstatat(dirfd(dir), entry->d_name, &st, 0) == -1 ||
		    !S_ISREG(st.st_mode) || is_second_name(dir, entry->d_name))
			continue;
		file = xasprintf("%s/%s", path, entry->d_name);
		(void)take_file(pem, file, &ignored);
		free(file);
		if (pem->one_will_do && pem->count > before)
			break;
	}
	closedir(dir);
	return pem->count > before ? 0 : err_set(e, ERR_INPUT,
	    "%s: no certificate in any of its files", path);
}

static const char *
set_in(const char *variable)
{
	const char *value = getenv(variable);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

/* Several, with colons in between.  Return 0, or -1 for the first that has
 * none. */
static int
take_folders(struct pem *pem, const char *paths, struct err *e)
{
	struct err why;
	size_t len;
	char *path;
	int rc = 0;

	for (; *paths != '\0'; paths += len + (paths[len] == ':')) {
		len = strcspn(paths, ":");
		if (len == 0)
			continue;
		path = xstrndup(paths, len);
		if (take_folder(pem, path, &why) == -1 && rc == 0) {
			*e = why;
			rc = -1;
		}
		free(path);
	}
	return rc;
}

int
authorities_check(struct err *e)
{
	const char *file = set_in("SSL_CERT_FILE");
	const char *folders = set_in("SSL_CERT_DIR");
	struct pem pem = { .one_will_do = true };
	int rc = 0;

	if (file != NULL && take_file(&pem, file, e) == -1)
		rc = err_wrap(e, "the environment's SSL_CERT_FILE");
	else if (folders != NULL && take_folders(&pem, folders, e) == -1)
		rc = err_wrap(e, "the environment's SSL_CERT_DIR");
	free(pem.text);
	return rc;
}

/* As Go has it: SSL_CERT_FILE stands in for the system's file, SSL_CERT_DIR for
 * its folder, in which that file is again. */
int
authorities_read(const char *standard, const char *ca_file,
    struct authorities *ret, struct err *e)
{
	const char *file = set_in("SSL_CERT_FILE");
	const char *folders = set_in("SSL_CERT_DIR");
	struct pem pem = { .text = NULL };
	struct authorities a = { .pem = NULL };
	struct err ignored;
	size_t before;

	if (ca_file != NULL && take_file(&pem, ca_file, e) == -1) {
		free(pem.text);
		return -1;
	}
	a.is_set = file != NULL && take_file(&pem, file, &ignored) == 0;
	before = pem.count;
	if (folders != NULL)
		(void)take_folders(&pem, folders, &ignored);
	a.has_folders = pem.count > before;
	/* Where nothing is set, libcurl reads that by itself. */
	if (standard != NULL && pem.count > 0 &&
	    !(a.is_set && a.has_folders))
		(void)take_file(&pem, standard, &ignored);
	a.is_set |= a.has_folders;
	a.pem = pem.text;
	a.len = pem.len;
	*ret = a;
	return 0;
}

void
authorities_done(struct authorities *a)
{
	free(a->pem);
	a->pem = NULL;
}
