/*
 * cdr node-config peers: have this node's nginx take what it serves from the
 * mirror and from the other nodes' peers.  What its files say is in
 * node/for_peers.c and nginx/cdr-peer*.conf.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/node_peers.h"
#include "cmd/node_peers_options.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "node/install.h"
#include "node/peers.h"
#include "node/under.h"
#include "report/report.h"

#define RECORD		"peers"

/* --- what is wanted ------------------------------------------------------ */

static int
read_nodes(struct peers_args *a, struct err *e)
{
	struct peers_wish *w = &a->wish;

	peers_done(&w->ring);
	return peers_gather(&w->ring, a->nodes, peers_resolve, e) == -1 ?
	    err_wrap(e, "--nodes") : 0;
}

static const struct peer *
find_self(const struct peers_args *a)
{
	const struct peers *ring = &a->wish.ring;
	size_t i;

	if (a->self != NULL)
		return peers_find(ring, a->self, a->self_port);
	for (i = 0; i < ring->count; i++)
		if (peers_is_here(ring->list[i].address))
			return &ring->list[i];
	return NULL;
}

/* Who is not on the list is refused by those who are: until it is, a node has
 * a ring of its own. */
static int
settle_self(struct peers_args *a, struct err *e)
{
	struct peers_wish *w = &a->wish;
	const struct peer *me = find_self(a);
	char *address;

	if (me == NULL && a->self == NULL)
		return err_set(e, ERR_INPUT, "--nodes %s: no address there is "
		    "this node's: give --self ADDRESS", a->nodes);
	if (me == NULL) {
		peers_done(&w->ring);
		if (peers_add(&w->ring, a->self, a->self_port != 0 ?
		    a->self_port : PEER_PORT, e) == -1)
			return err_wrap(e, "--self");
		me = &w->ring.list[0];
	}
	address = xstrdup(me->address);
	free(w->self);
	w->self = address;
	w->self_port = me->port;
	return 0;
}

static int
find_mirror(struct peers_args *a, struct err *e)
{
	struct peers_wish *w = &a->wish;
	const struct url *u = &w->mirror.mirror;
	char *host = NULL;
	uint16_t port;
	int rc;

	peers_done(&w->origin);
	if (peer_place(u->host, (uint16_t)u->port, &host, &port, e) == -1)
		return err_wrap(e, "--mirror");
	rc = peer_is_address(host) ? peers_add(&w->origin, host, port, e) :
	    peers_resolve(&w->origin, host, port, e);
	if (rc == 0 && u->https && w->mirror_name == NULL) {
		if (peer_is_address(host))
			rc = err_set(e, ERR_INPUT, "https, and an address: "
			    "nginx can only look for a name in a certificate: "
			    "give --mirror-name NAME");
		else
			w->mirror_name = xstrdup(host);
	}
	free(host);
	return rc == -1 ? err_wrap(e, "--mirror") : 0;
}

static void
or_else(char **text, const char *usual)
{
	if (*text == NULL)
		*text = xstrdup(usual);
}

/* All that stays as it is while we follow. */
static int
check(struct peers_args *a, struct err *e)
{
	struct peers_wish *w = &a->wish;

	or_else(&w->listen, "127.0.0.1:5000");
	or_else(&w->cache, "/var/cache/cdr-peer");
	or_else(&w->run, "/run/cdr-peer");
	or_else(&w->peer_name, "cdr-peer");
	if (node_wish_check(&w->mirror, e) == -1 ||
	    node_wish_path("--cache", w->cache, e) == -1 ||
	    node_wish_path("--run", w->run, e) == -1 ||
	    node_wish_path("--peer-ca", w->peer_ca, e) == -1 ||
	    node_wish_path("--peer-cert", w->peer_cert, e) == -1 ||
	    node_wish_path("--peer-key", w->peer_key, e) == -1)
		return -1;
	if (strlen(w->run) > PEER_RUN_MAX)
		return err_set(e, ERR_INPUT, "--run: more than %u bytes",
		    PEER_RUN_MAX);
	if ((w->peer_ca == NULL) != (w->peer_cert == NULL) ||
	    (w->peer_ca == NULL) != (w->peer_key == NULL))
		return err_set(e, ERR_INPUT, "--peer-ca, --peer-cert and "
		    "--peer-key belong together");
	if (a->nodes == NULL)
		return err_set(e, ERR_INPUT, "which nodes? Give --nodes FILE "
		    "or --nodes DNS:NAME");
	if (a->follow_s > 0 && !a->install)
		return err_set(e, ERR_INPUT, "--follow goes with --install");
	return 0;
}

/* What may be another one next time. */
static int
gather(struct peers_args *a, struct node_plan *plan, struct err *e)
{
	struct peers_wish *w = &a->wish;
	char *listen = w->listen_peers, *bad = NULL;
	const struct peer *me;
	int rc = -1;

	if (read_nodes(a, e) == -1 || settle_self(a, e) == -1 ||
	    find_mirror(a, e) == -1 ||
	    node_bad(a->root, w, &bad, &a->trouble, e) == -1)
		goto out;
	me = peers_find(&w->ring, w->self, w->self_port);
	w->bad = bad;
	if (listen == NULL)
		w->listen_peers = xstrdup(me->text);
	rc = peers_plan(w, plan, e);
	if (listen == NULL) {
		free(w->listen_peers);
		w->listen_peers = NULL;
	}
out:
	w->bad = NULL;
	free(bad);
	return rc;
}

/* --- doing --------------------------------------------------------------- */

static void
said(void *cookie, const char *what, const char *path)
{
	struct peers_args *a = cookie;

	if (strcmp(what, "unchanged") == 0)
		return;
	a->wrote++;
	printf("%s /%s\n", what, path);
}

static int
once(struct peers_args *a, struct err *e)
{
	struct node_plan plan = { 0 };
	size_t i;
	int rc = gather(a, &plan, e);

	a->wrote = 0;
	if (rc == 0 && a->install)
		rc = install_write(a->root, RECORD, &plan, said, NULL, a,
		    &a->left, e);
	for (i = 0; rc == 0 && !a->install && i < plan.count; i++)
		printf("# --- /%s:\n%s\n", plan.files[i].path,
		    plan.files[i].text);
	if (rc == 0 && a->left > 0)
		report(REPORT_ERROR, "%s", e->msg);
	node_plan_done(&plan);
	fflush(stdout);
	return rc;
}

/* The same trouble is told once, and that it is over. */
static void
tell(char told[ERR_MSG_MAX], const struct err *e, const char *then)
{
	if (e != NULL && strcmp(told, e->msg) != 0)
		report(REPORT_WARNING, "%s%s", e->msg, then);
	else if (e == NULL && told[0] != '\0')
		report(REPORT_INFO, "all is well again");
	snprintf(told, ERR_MSG_MAX, "%s", e != NULL ? e->msg : "");
}

/* Only what is wrong on the command line ends this; a name that nobody can look
 * up now may be looked up later, and a file may be mended. */
static int
follow(struct peers_args *a)
{
	struct pollfd stop = { .fd = cmd_stop_fd(), .events = POLLIN };
	struct err e;
	int rc;

	do {
		a->trouble.code = ERR_NONE;
		rc = once(a, &e);
		tell(a->told, rc == -1 ? &e : NULL, "; the files stay as they "
		    "are");
		tell(a->told_mirror, a->trouble.code != ERR_NONE ?
		    &a->trouble : NULL, "");
	} while (poll(&stop, 1, (int)(a->follow_s * 1000)) == 0);
	return EXIT_OK;
}

static int
configure(struct peers_args *a)
{
	struct err e;
	int rc = check(a, &e);

	if (rc == 0 && a->follow_s > 0)
		return follow(a);
	if (rc == 0)
		rc = once(a, &e);
	if (rc == -1) {
		report(REPORT_ERROR, "%s", e.msg);
		return a->install && e.code != ERR_INPUT &&
		    e.code != ERR_LIMIT && e.code != ERR_NET ? EXIT_STORE :
		    EXIT_INPUT;
	}
	if (a->trouble.code != ERR_NONE)
		report(REPORT_WARNING, "%s", a->trouble.msg);
	if (a->install && a->wrote == 0 && a->left == 0)
		puts("Nothing to change.");
	else if (!a->install)
		puts("# Nothing has been written; --install writes it.");
	return a->left > 0 ? EXIT_SOME_FAILED : EXIT_OK;
}

static int
take_back(struct peers_args *a)
{
	struct err e = { .code = ERR_NONE };
	int done = install_remove(a->root, RECORD, said, a, &a->left, &e);

	if (done == -1 || a->left > 0)
		report(REPORT_ERROR, "%s", e.msg);
	if (done == -1)
		return e.code == ERR_INPUT ? EXIT_INPUT : EXIT_STORE;
	if (done == 0)
		puts("Nothing to remove for peers.");
	return a->left > 0 ? EXIT_SOME_FAILED : EXIT_OK;
}

static int
run(struct peers_args *a)
{
	struct err e;
	int code;

	if (under_open(a->prefix, &a->root, &e) == -1) {
		report(REPORT_ERROR, "--prefix: %s", e.msg);
		return EXIT_INPUT;
	}
	code = a->remove ? take_back(a) : configure(a);
	close(a->root);
	return fflush(stdout) != 0 ? EXIT_STORE : code;
}

int
cmd_node_peers(int argc, char **argv)
{
	struct peers_args a;
	int code;

	report_init(REPORT_TEXT, REPORT_INFO);
	code = peers_options(&a, argc, argv);
	if (code == -1)
		code = run(&a);
	peers_options_done(&a);
	return code;
}
