#ifndef CDR_CMD_LISTS_H
#define CDR_CMD_LISTS_H

/*
 * lists_catch_up(root): a tag has moved, or is held or pinned.  If no writer is
 * at work, what is written of the tree as a whole is written anew; else that
 * writer does so at its end.  What goes wrong is a warning: the next run makes
 * up for it.
 */
void lists_catch_up(const char *root);

#endif
