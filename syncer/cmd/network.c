#include <stddef.h>

#include "cmd/cmd.h"

const struct command network_commands[] = {
	{ "sync", cmd_sync, "mirror the images of a list" },
	{ "watch", cmd_watch, "the same for ever: by the clock, after pushes" },
	{ "doctor", cmd_doctor, "find out why a node does not pull from it" },
	{ NULL, NULL, NULL }
};

const char network_note[] = "";
