#ifndef CDR_REPORT_COLOUR_H
#define CDR_REPORT_COLOUR_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Colours for a person who looks on: on a terminal alone, and not where
 * NO_COLOR, CLICOLOR=0 or TERM=dumb is in the environment; anywhere with
 * CLICOLOR_FORCE (no-color.org, bixense.com/clicolors).  What has a colour says
 * the same without it.
 */
enum colour {
	COLOUR_GOOD,
	COLOUR_ODD,
	COLOUR_BAD,
	COLOUR_HEAD
};

/* colour(to, which), colour_end(to): what to print before and behind it on
 * standard output or error; "" where there are no colours. */
const char *colour(FILE *, enum colour);
const char *colour_end(FILE *);

/* colour_judge(env, is_terminal): by these variables, NULL where one is not
 * set. */
struct colour_env {
	const char *no_color, *force, *clicolor, *term;
};
bool colour_judge(const struct colour_env *, bool);

#endif
