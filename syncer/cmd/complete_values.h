#ifndef CDR_CMD_COMPLETE_VALUES_H
#define CDR_CMD_COMPLETE_VALUES_H

/*
 * complete_values(command, option): what may stand behind this option, or, with
 * ${option} "", in the place of a word: words with blanks between them, or one
 * of these:
 *   ":file", ":dir"   a name
 *   ":ref"            an image of the tree
 *   ":key"            words of an image list, behind an image
 *   ":client"         a client of a node
 *   ":kind"           what an image can be (image/kind.h)
 *   ":none"           it is refused, though the parser knows it
 *   ""                anything
 * NULL: it is in no table, which is a mistake of ours.
 */
const char *complete_values(const char *, const char *);

/* complete_key_values(key): the same for a key of an image list. */
const char *complete_key_values(const char *);

#endif
