#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report/colour.h"

static bool
is_set(const char *value)
{
	return value != NULL && value[0] != '\0';
}

static bool
is_zero(const char *value)
{
	return value != NULL && strcmp(value, "0") == 0;
}

bool
colour_judge(const struct colour_env *env, bool is_terminal)
{
	if (is_set(env->no_color))
		return false;
	if (is_set(env->force) && !is_zero(env->force))
		return true;
	return is_terminal && !is_zero(env->clicolor) && is_set(env->term) &&
	    strcmp(env->term, "dumb") != 0;
}

/* Asked once for each of the two. */
static bool
is_wanted(FILE *to)
{
	static int known[2] = { -1, -1 };
	int *is = &known[to == stderr], fd = fileno(to);
	struct colour_env env;

	if (*is == -1) {
		env = (struct colour_env){
			.no_color = getenv("NO_COLOR"),
			.force = getenv("CLICOLOR_FORCE"),
			.clicolor = getenv("CLICOLOR"),
			.term = getenv("TERM"),
		};
		*is = colour_judge(&env, fd != -1 && isatty(fd) == 1);
	}
	return *is == 1;
}

/* Those that are readable on a bright and on a dark ground (ECMA-48 SGR). */
const char *
colour(FILE *to, enum colour which)
{
	static const char *const codes[] = {
		[COLOUR_GOOD] = "\033[32m",
		[COLOUR_ODD] = "\033[33m",
		[COLOUR_BAD] = "\033[1;31m",
		[COLOUR_HEAD] = "\033[1m",
	};

	return is_wanted(to) ? codes[which] : "";
}

const char *
colour_end(FILE *to)
{
	return is_wanted(to) ? "\033[0m" : "";
}
