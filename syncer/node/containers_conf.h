#ifndef CDR_NODE_CONTAINERS_CONF_H
#define CDR_NODE_CONTAINERS_CONF_H

#include "layout/err.h"
#include "node/entries.h"

/*
 * registries.conf of podman, CRI-O, skopeo and buildah, as their library reads
 * it: the main file, then its drop-ins by their names.  An entry of a later
 * file replaces one of the same prefix.  A user's own main file hides all of
 * these from that user's programs, and a user's own drop-ins come behind them
 * (quirks.md#podman-and-cri-o).
 */
#define CONTAINERS_CONF		"etc/containers/registries.conf"
#define CONTAINERS_OF_USER	".config/containers/registries.conf"
#define CONTAINERS_CLIENT	"podman and CRI-O"
#define CONTAINERS_USER		"podman of a user"
#define CONTAINERS_DROP_INS	"etc/containers/registries.conf.d"
#define CONTAINERS_PODMAN	CONTAINERS_DROP_INS "/50-cdr-podman.conf"
#define CONTAINERS_CRI_O	CONTAINERS_DROP_INS "/50-cdr-cri-o.conf"

/* containers_conf_fn(cookie, path, text): of each file, in order. */
typedef void containers_conf_fn(void *, const char *, const char *);

/* containers_conf_each(root, fn, bad, cookie): those of the system.  ${bad} is
 * told what cannot be read. */
void containers_conf_each(int, containers_conf_fn *,
    void (*)(void *, const char *), void *);

/*
 * containers_conf_named(root): the file that stands in the place of the main
 * one, a user's too, since a variable of the environment names it: /etc/
 * environment's, or, of "/", our own; NULL: none.  free(3) it.
 */
#define CONTAINERS_VARIABLE	"CONTAINERS_REGISTRIES_CONF"
char *containers_conf_named(int);

/* containers_conf_users(root, fn, cookie): of each user the main file and the
 * drop-ins, where there are any; homes are those of /etc/passwd and below
 * /home. */
void containers_conf_users(int, containers_conf_fn *, void *);

/* containers_conf_read(client, path, text, entries, e): those of one file.
 * Return 0, or -1 with ${e} set (ERR_INPUT) where the library does not take it:
 * then it pulls nothing at all. */
int containers_conf_read(const char *, const char *, const char *,
    struct node_entries *, struct err *);

#endif
