#ifndef CDR_EXPORT_WRITE_H
#define CDR_EXPORT_WRITE_H

#include "bundle/export_pack.h"

/*
 * A bundle on its way to a folder.  All files have names there that nobody
 * takes for those of a bundle, until all of them are on stable storage.
 */
struct export_files {
	const struct store *store;
	int dir;
	const struct statement *statement;
	const char *text, *signature;	/* of it; NULL: not signed */
	size_t text_len, signature_len;
	const struct export_parts *parts;
	int stop_fd;			/* -1: none */
	/* Told: objects of the tree that are other than they should be. */
	struct digest_set *bad;
};

/*
 * export_write(f, e): return 0; 1 where ${f->bad} was told of something, so
 * that this bundle is of no use; or -1 with ${e} set: ERR_CANCELLED where it
 * was told to stop.
 */
int export_write(struct export_files *, struct err *);

/* export_name(f, e): the files get their names, the statement as the last one.
 * What has such a name already is an error (ERR_INPUT).  Return 0 or -1. */
int export_name(struct export_files *, struct err *);

/* export_drop(f): what has no such name yet goes. */
void export_drop(const struct export_files *);

/* export_folder(path, ret, e): open a folder to write to; it is made where it
 * is absent.  What an export that died has left in it goes, if nobody else is
 * at work there; parts that have their names, too, if their statement has not.
 * Return 0 or -1. */
int export_folder(const char *, int *, struct err *);

/* export_fits(f, e): is there room in the folder for all of it, and are its
 * names free?  Return 0, or -1 with ${e} set (ERR_ROOM, ERR_INPUT), before
 * anything is written. */
int export_fits(const struct export_files *, struct err *);

#endif
