#ifndef CDR_CMD_NODE_PEERS_OPTIONS_H
#define CDR_CMD_NODE_PEERS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout/err.h"
#include "node/peers.h"

/* The words behind "cdr node-config peers", and what comes of them. */
struct peers_args {
	struct peers_wish wish;
	const char *nodes, *prefix;
	char *self;		/* --self, in its usual spelling */
	uint16_t self_port;	/* 0: any */
	bool install, remove;
	unsigned follow_s;	/* 0: no */
	int root;
	size_t wrote, left;
	struct err trouble;	/* with the mirror, that stops nothing */
	/* What was told last, while following. */
	char told[ERR_MSG_MAX], told_mirror[ERR_MSG_MAX];
};

/*
 * peers_options(a, argc, argv): fill ${a}, which peers_options_done releases,
 * also after a failure.  Return -1 where the command is to be run, or an exit
 * code: help was asked for, or something is wrong, and that has been told.
 */
int peers_options(struct peers_args *, int, char **);
void peers_options_done(struct peers_args *);

/* peers_options_wrong(what): tell it, and where there is help.  Return the exit
 * code. */
int peers_options_wrong(const char *);

#endif
