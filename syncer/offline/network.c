/* In the place of cmd/network.c. */
#include <stddef.h>
#include <stdio.h>

#include "cmd/cmd.h"

static int
is_absent(int argc, char **argv)
{
	(void)argc;
	fprintf(stderr, "%s: this cdr has no network in it, for sites without "
	    "one; that command is in the other cdr\n", argv[0]);
	return EXIT_INPUT;
}

const struct command network_commands[] = {
	{ "sync", is_absent, NULL },
	{ "watch", is_absent, NULL },
	{ "doctor", is_absent, NULL },
	{ NULL, NULL, NULL }
};

const char network_note[] = ", without a network";
