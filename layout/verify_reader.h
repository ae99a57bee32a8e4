#ifndef CDR_VERIFY_READER_H
#define CDR_VERIFY_READER_H

#include <stdint.h>
#include <sys/types.h>

/*
 * Files that are read once, one after the other, without washing out of memory
 * what readers of the tree are served from.  verify_reader_next(r, ret): the
 * next piece, of VERIFY_STEP bytes at most; its length, 0 at the end, or -1
 * with errno set; verify_reader_give_back(r) when it has been used.
 * verify_reader_close(r): another file may be opened.  verify_reader_free
 * accepts NULL.
 */
/* What is read at once, and how much more is asked for ahead. */
#define VERIFY_STEP	(256u << 10)
#define VERIFY_AHEAD	(4u << 20)

struct verify_reader;
struct verify_reader *verify_reader_new(void);
void verify_reader_free(struct verify_reader *);
struct verify_reader *verify_reader_open(struct verify_reader *, int, off_t);
ssize_t verify_reader_next(struct verify_reader *, const uint8_t **);
void verify_reader_give_back(struct verify_reader *);
void verify_reader_close(struct verify_reader *);

#endif
