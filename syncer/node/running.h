#ifndef CDR_NODE_RUNNING_H
#define CDR_NODE_RUNNING_H

#include <stdbool.h>
#include <time.h>

/*
 * A program that runs on a node, by /proc below its root: where that is
 * not mounted, or is another machine's, there is none.
 */
struct running {
	unsigned pid;
	time_t since;		/* to the second, or one before */
};

/* running_containerd(root, config, ret): the one that reads the file ${config}
 * (from the root on), and not dockerd's or k3s' own.  Of several the one that
 * has run for longest.  Return false for none. */
bool running_containerd(int, const char *, struct running *);

/* running_program(root, name, ret): the one of that name, as /proc/PID/comm has
 * it, that has run for longest. */
bool running_program(int, const char *, struct running *);

#endif
