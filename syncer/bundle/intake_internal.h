#ifndef CDR_BUNDLE_INTAKE_INTERNAL_H
#define CDR_BUNDLE_INTAKE_INTERNAL_H

#include "bundle/intake.h"

/* Shared by intake*.c alone. */

#define INTAKE_STATEMENT	"statement"
#define INTAKE_MOVED		"moved"
#define INTAKE_NAME_MAX		32u

/* intake_who(s, ret): for the ledger. */
void intake_who(const struct statement *, struct ledger_bundle *);

/* intake_table_name(number, buf): "table-N" for part number N, from 0 on. */
char *intake_table_name(size_t, char buf[INTAKE_NAME_MAX]);

/* intake_fail(in, e): the tree cannot be used any more, or the run is to end.
 * Return false. */
bool intake_fail(struct intake *, const struct err *);

/* intake_is_here(store, row): the object, or these bytes of it. */
bool intake_is_here(const struct store *, const struct table_row *);

/*
 * intake_check_table(in, text, len, ret_number, ret, e): which part has it?
 * It has to be one that the statement tells of, and table_done releases ${ret}.
 * intake_saved_table(in, number, ret): the one of an earlier run; 1 or 0.
 */
int intake_check_table(const struct intake *, const char *, size_t, size_t *,
    struct table *, struct err *);
int intake_saved_table(const struct intake *, size_t, struct table *);

/* intake_parts_of(in, digest): the names of parts that have something of it, as
 * far as they have come; free(3) it. */
char *intake_parts_of(const struct intake *, const struct digest *);

/* intake_has_room(in): do all bytes fit that are not here yet?  Else the err is
 * set. */
bool intake_has_room(struct intake *);

/* intake_types(in): what images wait for, and is here as another type, is here
 * as theirs then. */
void intake_types(struct intake *);

/* intake_publish(in): all images that are ready; false as intake_fail. */
bool intake_publish(struct intake *);

/* intake_show(in): how far it is, at the bottom of a terminal. */
void intake_show(const struct intake *);

/* --- intake_moved.c ---------------------------------------------------- */

/* intake_read_moved(in, e): what is in the way of an older bundle. */
int intake_read_moved(struct intake *, struct err *);
bool intake_must_stay(const struct intake *, const struct statement_image *);

/* intake_read_who(store, id, ret, ret_moved, e): who has left this folder
 * behind?  1, and the text of its file "moved", to be free(3)d, or NULL; 0 if
 * nobody can tell; -1.  intake_is_before(a, b): of one sender, and older. */
int intake_read_who(const struct store *, const char *, struct ledger_bundle *,
    char **, struct err *);
bool intake_is_before(const struct ledger_bundle *,
    const struct ledger_bundle *);

/* intake_moved_text(store, s, ret_len, ret_count): such a file: the tags that
 * lead to where the bundle wants them. */
char *intake_moved_text(const struct store *, const struct statement *,
    size_t *, size_t *);

/* --- intake_tidy.c ----------------------------------------------------- */

/* intake_tidy(in, e): the state goes, its own and that of those before it.
 * intake_clean(in, e): it is whole: the ledger says so, then that.  0 or -1. */
int intake_tidy(struct intake *, struct err *);
int intake_clean(struct intake *, struct err *);

/* intake_each_blob(store, id, fn, cookie, e): of each blob in the tables that a
 * bundle has left.  0 or -1. */
typedef void intake_blob_fn(void *, const struct digest *);
int intake_each_blob(const struct store *, const char *, intake_blob_fn *,
    void *, struct err *);

#endif
