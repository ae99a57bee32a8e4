#ifndef CDR_BUNDLE_BOOT_H
#define CDR_BUNDLE_BOOT_H

#include <stddef.h>
#include <stdint.h>

#include "bundle/save.h"
#include "layout/err.h"
#include "layout/store.h"

/*
 * The folder boot/ of a stick, for a site that has nothing:
 *
 *	START.md install ...	as "make boot" has left them in a folder
 *	cdr-ARCH		the static cdr
 *	images-ARCH.tar		what images.list of that folder names
 *	SHA256SUMS		of all these
 *	SHA256SUMS.sig		if there is a key
 */
#define BOOT_FOLDER	"boot"

/* boot_source(): where "make boot" or "make install" have put these: $CDR_BOOT,
 * else beside or above the program; NULL if there is no such folder.  free(3)
 * it. */
char *boot_source(void);

struct boot_wish {
	const struct store *store;	/* has to stay open */
	const char *source;		/* boot_source */
	const char *arches;		/* as Debian calls them, with commas */
	save_warn *warn;
	void *cookie;
};

/*
 * boot_new(wish, ret, e): all that is needed is looked for, and nothing is
 * written.  Return 0, or -1 with ${e} set: ERR_INPUT where it is not one that
 * there can be, ERR_NOT_FOUND where an image is not in the tree.  boot_free
 * accepts NULL.
 */
struct boot;
int boot_new(const struct boot_wish *, struct boot **, struct err *);
void boot_free(struct boot *);

/* boot_bytes(b): of the programs and the images. */
uint64_t boot_bytes(const struct boot *);

/*
 * boot_write(b, dir, key, stop_fd, e): into ${dir}, in the place of one that is
 * there; it appears when it is whole and on stable storage.  ${key}: a private
 * key, or NULL.  Return 0 or -1; ERR_CANCELLED when ${stop_fd} (-1: none) has
 * become readable.
 */
int boot_write(const struct boot *, const char *, const char *, int,
    struct err *);

#endif
