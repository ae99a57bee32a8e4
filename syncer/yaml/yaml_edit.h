#ifndef CDR_YAML_YAML_EDIT_H
#define CDR_YAML_YAML_EDIT_H

#include "layout/err.h"

/*
 * YAML that a person wrote, with values of ours put in and taken out: all else
 * stays byte for byte, comments, order and ends of lines.
 *
 * What is ours is YAML as well: mappings in which texts and lists of texts
 * stand.  A text of a list comes first in the list that is there.
 */

/*
 * yaml_edit_put(text, ours, mark, ret, ret_line, e): what of ${ours} is not
 * there.  New lines end in ${mark}; in flow style there are none.  Return 0,
 * and free(3) ${ret}; or -1 with ${e} and ${ret_line} (0: no one line) set:
 * ERR_DATA where ${text} is no YAML, or several documents, or has a key twice;
 * ERR_INPUT where it cannot be added to: another text is there, an alias, or
 * something that is no mapping or list.
 */
int yaml_edit_put(const char *, const char *, const char *, char **,
    unsigned *, struct err *);

/*
 * yaml_edit_take(text, ours, mark, ret, ret_line, e): without ${ours}, and
 * without what is empty then.  Where ${mark} is in ${text}, lines without it
 * stay.  As above; ERR_INPUT where something of ours cannot be taken out.
 */
int yaml_edit_take(const char *, const char *, const char *, char **,
    unsigned *, struct err *);

/*
 * yaml_edit_joined(text, ours, ret, e): both in one, written anew, for a person
 * to read: comments are lost, and texts below "auth" are three stars.
 */
int yaml_edit_joined(const char *, const char *, char **, struct err *);

#endif
