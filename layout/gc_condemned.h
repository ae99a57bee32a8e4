#ifndef CDR_GC_CONDEMNED_H
#define CDR_GC_CONDEMNED_H

#include "gc_table.h"
#include "store.h"

/*
 * _state/condemned: for how long what is in the tree has been of no use.  The
 * clocks of two runs may differ by anything, so a run adds to each age what has
 * passed since the run before, which is nothing where time has gone backwards,
 * and half of the term at most.
 */
enum gc_class {
	GC_CLASS_LINK,		/* registry/repository@alg:hex */
	GC_CLASS_MANIFEST,	/* alg:hex */
	GC_CLASS_BLOB,		/* alg:hex */
	GC_CLASS_UNFINISHED,	/* alg:hex: a manifest that no repository has
				 * had so far */
	GC_CLASS_PARTIAL,	/* a name in _state/partial */
	GC_CLASS_QUARANTINE,	/* a name in _state/quarantine */
	GC_CLASS_IMPORT		/* a name in _state/import */
};

struct gc_ages {
	struct gc_table table;
	struct gc_key key;
	bool is_known;			/* when the last run was: */
	int64_t last, now;
};

/* gc_ages_read(st, key, now, ret): a file that cannot be read, or makes no
 * sense anywhere, is as none: all ages begin anew. */
void gc_ages_read(const struct store *, const struct gc_key *, int64_t,
    struct gc_ages *);
void gc_ages_done(struct gc_ages *);

/* gc_age(ages, class, name, term, ret): what is this old by now, in a class of
 * that term?  False, and 0, where it is new. */
bool gc_age(const struct gc_ages *, enum gc_class, uint64_t, int64_t,
    uint32_t *);

/*
 * gc_condemned_line(line, ret_age, ret_class, ret_name): take apart a line,
 * without its end; ${ret_name} points into it.  False: it makes no sense.
 * gc_condemned_head(line, ret): the first line, and the time in it.
 */
bool gc_condemned_line(const char *, uint32_t *, enum gc_class *,
    const char **);
bool gc_condemned_head(const char *, int64_t *);

/* The file that the next run will find.  gc_condemned_add: where there are too
 * many, this one will be new then.  gc_condemned_close(w, keep, e): ${keep}:
 * durably, in place of the old one; accepts one that was not opened. */
struct gc_condemned {
	struct store *st;
	FILE *stream;
	size_t count;
	char tmp[64];
};
int gc_condemned_open(struct store *, int64_t, struct gc_condemned *,
    struct err *);
void gc_condemned_add(struct gc_condemned *, uint32_t, enum gc_class,
    const char *);
int gc_condemned_close(struct gc_condemned *, bool, struct err *);

#endif
