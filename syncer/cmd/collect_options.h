#ifndef CDR_CMD_COLLECT_OPTIONS_H
#define CDR_CMD_COLLECT_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout/err.h"
#include "layout/gc.h"
#include "layout/store.h"
#include "mirror/keep_use.h"

/* What may go, and when: the options that gc, and sync with --gc, share. */
struct collect_options {
	int64_t unlisted_s;		/* KEEP_FOREVER */
	unsigned grace_s;
	uint64_t min_free;		/* bytes; 0: no matter */
	unsigned min_free_percent;	/* of the file system */
	uint64_t max_size;
	unsigned max_delete;		/* percent */
	const char **in_use;		/* files */
	size_t in_use_count;
	bool is_given;			/* any of them */
};

/* For the table of getopt_long(3). */
enum collect_letter {
	COLLECT_KEEP_UNLISTED = 512,
	COLLECT_GRACE,
	COLLECT_MIN_FREE,
	COLLECT_MAX_SIZE,
	COLLECT_MAX_DELETE,
	COLLECT_IN_USE
};
#define COLLECT_LONGS \
	{ "keep-unlisted", required_argument, NULL, COLLECT_KEEP_UNLISTED }, \
	{ "grace", required_argument, NULL, COLLECT_GRACE }, \
	{ "min-free", required_argument, NULL, COLLECT_MIN_FREE }, \
	{ "max-size", required_argument, NULL, COLLECT_MAX_SIZE }, \
	{ "max-delete", required_argument, NULL, COLLECT_MAX_DELETE }, \
	{ "in-use", required_argument, NULL, COLLECT_IN_USE }

/* And for the help. */
#define COLLECT_USAGE \
"      --keep-unlisted T\n" \
"                      what no list has had for so long goes: 30d, 12w; 0: what\n" \
"                      is not in these lists; the default is forever\n" \
"      --grace T       what nothing leads to any more stays for so long, for\n" \
"                      nodes that are in the middle of a pull (default: 24h)\n" \
"      --min-free SIZE remove more than that until so much of the file system\n" \
"                      is free: 20G, or 10%; what is on no list goes first,\n" \
"                      then history, then what is within its grace; nothing\n" \
"                      that is listed or pinned\n" \
"      --max-size SIZE the same, until the tree is no larger\n" \
"      --max-delete N% do nothing if more of the images would go (default: 30%)\n" \
"      --in-use FILE   keep what this names: references, digests and image IDs,\n" \
"                      or what \"kubectl get pods -A -o json\" prints; - is\n" \
"                      standard input; may be given several times\n"

/* collect_options_init(o, argc): the defaults; so many files at most.
 * collect_options_done releases. */
void collect_options_init(struct collect_options *, int argc);
void collect_options_done(struct collect_options *);

/* collect_option(letter, arg, ret, e): return 1; 0: it is none of these; -1
 * with ${e} set (ERR_INPUT), which begins with its name. */
int collect_option(int, const char *, struct collect_options *, struct err *);

/* collect_use_read(o, ret, e): the files of --in-use.  Return 0, or -1 with
 * ${e} set (ERR_INPUT). */
int collect_use_read(const struct collect_options *, struct keep_use *,
    struct err *);

/* collect_min_free(o, store): bytes. */
uint64_t collect_min_free(const struct collect_options *,
    const struct store *);

#endif
