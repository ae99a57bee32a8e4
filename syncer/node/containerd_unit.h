#ifndef CDR_NODE_CONTAINERD_UNIT_H
#define CDR_NODE_CONTAINERD_UNIT_H

/*
 * containerd_unit(root): with which file systemd starts containerd: what
 * --config says in containerd.service and its drop-ins, from the root on;
 * free(3) it.  NULL where nothing is said, or where it cannot be told.
 */
char *containerd_unit(int);

#endif
