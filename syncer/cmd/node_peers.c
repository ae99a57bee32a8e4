/*
 * cdr node-config peers: have this node's nginx take what it serves from the
 * mirror and from the other nodes' peers.  What its files say is in
 * node/for_peers.c and nginx/cdr-peer*.conf.
 */
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/node_peers.h"
#include "cmd/size.h"
#include "image/duration.h"
#include "layout/fsutil.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "node/install.h"
#include "node/peers.h"
#include "node/under.h"
#include "report/report.h"

#define RECORD		"peers"
#define FOLLOW_MAX_S	86400u
#define UPLINK		"12M"

static const char usage[] =
"usage: cdr node-config peers --mirror URL --nodes NODES [OPTION]...\n"
"       cdr node-config peers --mirror URL --nodes NODES --install "
"[OPTION]...\n"
"       cdr node-config peers --remove [--prefix DIR]\n"
"\n"
"Write the files of a peer: an nginx on this node that takes what it serves\n"
"from the mirror and from the peers of the other nodes, so that each piece\n"
"comes from the mirror once. The command prints them; --install writes them to\n"
"/" PEER_DIR ". scripts/peer runs nginx with them.\n"
"\n"
"      --mirror URL          where the mirror's nginx listens\n"
"      --nodes NODES         all peers, this one too: a file with\n"
"                            ADDRESS[:PORT] a line, or DNS:NAME[:PORT], all\n"
"                            addresses of a name. The port is 5002 where none\n"
"                            is written\n"
"      --self ADDRESS[:PORT] which one this node is (default: the one that\n"
"                            this machine has)\n"
"      --listen ADDR:PORT    for clients of this node (default 127.0.0.1:5000)\n"
"      --listen-peers ADDR:PORT\n"
"                            for the other peers (default: as on the list)\n"
"      --cache DIR           a folder for the pieces (default\n"
"                            /var/cache/cdr-peer)\n"
"      --min-free SIZE       keep so much of that disk free (default 2G)\n"
"      --max-size SIZE       and let the cache have no more than that\n"
"      --uplink RATE         bytes a second that come from the mirror (default\n"
"                            " UPLINK "): the size of a piece, and how long a\n"
"                            peer may be silent, follow from it\n"
"      --ca FILE             the CA of the mirror's certificate\n"
"      --client-cert FILE\n"
"      --client-key FILE     the client certificate that the mirror asks for\n"
"      --mirror-name NAME    the name on the mirror's certificate (default: the\n"
"                            host of URL, if that is a name)\n"
"      --peer-ca FILE        peers know each other by certificates of this CA,\n"
"                            and not by address\n"
"      --peer-cert FILE\n"
"      --peer-key FILE       this peer's own, for both sides of a connection\n"
"      --peer-name NAME      the name on all peers' certificates (default\n"
"                            cdr-peer)\n"
"      --run DIR             for sockets of this nginx (default /run/cdr-peer)\n"
"      --prefix DIR          write below DIR; other paths are as nginx sees\n"
"                            them\n"
"      --install             write the files\n"
"      --follow T            with --install: go on, look again each T (such as\n"
"                            30s), and write what has changed\n"
"      --remove              undo what --install did\n"
"  -h, --help                print this\n"
"\n"
"Exit: 0 done; 1 done, but a file that somebody has changed had to stay;\n"
"2 usage, or it cannot be done: nothing was touched; 3 a file could not be\n"
"written.\n";

struct args {
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

/* --- what is wanted ------------------------------------------------------ */

static int
read_nodes(struct args *a, struct err *e)
{
	struct peers_wish *w = &a->wish;

	peers_done(&w->ring);
	return peers_gather(&w->ring, a->nodes, peers_resolve, e) == -1 ?
	    err_wrap(e, "--nodes") : 0;
}

static const struct peer *
find_self(const struct args *a)
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
settle_self(struct args *a, struct err *e)
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
find_mirror(struct args *a, struct err *e)
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
check(struct args *a, struct err *e)
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
		return err_set(e, ERR_INPUT, "--socket: more than %u bytes",
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
gather(struct args *a, struct node_plan *plan, struct err *e)
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
	struct args *a = cookie;

	if (strcmp(what, "unchanged") == 0)
		return;
	a->wrote++;
	printf("%s /%s\n", what, path);
}

static int
once(struct args *a, struct err *e)
{
	struct node_plan plan = { 0 };
	size_t i;
	int rc = gather(a, &plan, e);

	a->wrote = 0;
	if (rc == 0 && a->install)
		rc = install_write(a->root, RECORD, &plan, said, a, &a->left,
		    e);
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
follow(struct args *a)
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
configure(struct args *a)
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
take_back(struct args *a)
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

/* --- arguments ----------------------------------------------------------- */

enum option_value {
	MIRROR = 256,
	NODES,
	SELF,
	LISTEN,
	LISTEN_PEERS,
	CACHE,
	MIN_FREE,
	MAX_SIZE,
	UPLINK_RATE,
	CA,
	CLIENT_CERT,
	CLIENT_KEY,
	MIRROR_NAME,
	PEER_CA,
	PEER_CERT,
	PEER_KEY,
	PEER_NAME,
	RUN,
	PREFIX,
	INSTALL,
	FOLLOW,
	REMOVE
};

static int
set_listen(char **to, const char *option, const char *text, struct err *e)
{
	struct peers one = { 0 };
	char *host = NULL;
	uint16_t port = 0;
	int rc = peer_place(text, 0, &host, &port, e);

	if (rc == 0 && (port == 0 || !peer_is_address(host)))
		rc = err_set(e, ERR_INPUT, "\"%.100s\" is not ADDRESS:PORT",
		    text);
	if (rc == 0)
		rc = peers_add(&one, host, port, e);
	if (rc == 0) {
		free(*to);
		*to = xstrdup(one.list[0].text);
	}
	peers_done(&one);
	free(host);
	return rc == -1 ? err_wrap(e, "%s", option) : 0;
}

static int
set_name(char **to, const char *option, const char *text, struct err *e)
{
	char *host = NULL;
	uint16_t port = 0;

	if (peer_place(text, 0, &host, &port, e) == -1 || port != 0 ||
	    peer_is_address(host)) {
		free(host);
		return err_set(e, ERR_INPUT, "%s: \"%.100s\" is not a name",
		    option, text);
	}
	free(*to);
	*to = host;
	return 0;
}

static int
set_self(struct args *a, const char *text, struct err *e)
{
	char *host = NULL;
	uint16_t port = 0;

	if (peer_place(text, 0, &host, &port, e) == -1)
		return err_wrap(e, "--self");
	if (!peer_is_address(host)) {
		free(host);
		return err_set(e, ERR_INPUT, "--self: \"%.100s\" is not an "
		    "address", text);
	}
	free(a->self);
	a->self = host;
	a->self_port = port;
	return 0;
}

static int
set_path(char **to, const char *path)
{
	free(*to);
	*to = xstrdup(path);
	return 0;
}

static int
set_size(uint64_t *to, const char *option, const char *text, uint64_t min,
    struct err *e)
{
	if (size_parse(text, min, (uint64_t)1 << 50, to, e) == -1)
		return err_wrap(e, "%s", option);
	return 0;
}

/* Return 0, or -1 with ${e} set. */
static int
take_option(struct args *a, int c, const char *arg, struct err *e)
{
	struct peers_wish *w = &a->wish;

	switch (c) {
	case MIRROR:
		return node_wish_mirror(&w->mirror, arg, e);
	case NODES:
		a->nodes = arg;
		return 0;
	case SELF:
		return set_self(a, arg, e);
	case LISTEN:
		return set_listen(&w->listen, "--listen", arg, e);
	case LISTEN_PEERS:
		return set_listen(&w->listen_peers, "--listen-peers", arg, e);
	case CACHE:
		return set_path(&w->cache, arg);
	case MIN_FREE:
		return set_size(&w->min_free, "--min-free", arg, 0, e);
	case MAX_SIZE:
		return set_size(&w->max_size, "--max-size", arg,
		    (uint64_t)16 << 20, e);
	case UPLINK_RATE:
		return set_size(&w->uplink, "--uplink", arg, 1 << 10, e);
	case CA:
		return set_path(&w->mirror.ca_path, arg);
	case CLIENT_CERT:
		return set_path(&w->mirror.cert_path, arg);
	case CLIENT_KEY:
		return set_path(&w->mirror.key_path, arg);
	case MIRROR_NAME:
		return set_name(&w->mirror_name, "--mirror-name", arg, e);
	case PEER_CA:
		return set_path(&w->peer_ca, arg);
	case PEER_CERT:
		return set_path(&w->peer_cert, arg);
	case PEER_KEY:
		return set_path(&w->peer_key, arg);
	case PEER_NAME:
		return set_name(&w->peer_name, "--peer-name", arg, e);
	case RUN:
		return set_path(&w->run, arg);
	case PREFIX:
		a->prefix = arg;
		return 0;
	case INSTALL:
		a->install = true;
		return 0;
	case FOLLOW:
		return duration_parse(arg, FOLLOW_MAX_S, &a->follow_s, e) ==
		    -1 ? err_wrap(e, "--follow") : 0;
	default:
		a->remove = true;
		return 0;
	}
}

static int
wrong(const char *what)
{
	fprintf(stderr, "cdr node-config peers: %s\n"
	    "Try 'cdr node-config peers --help'.\n", what);
	return EXIT_INPUT;
}

static int
run(struct args *a)
{
	struct err e;
	int code;

	if (a->install && a->remove)
		return wrong("--install and --remove exclude each other");
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
	static const struct option longs[] = {
		{ "mirror", required_argument, NULL, MIRROR },
		{ "nodes", required_argument, NULL, NODES },
		{ "self", required_argument, NULL, SELF },
		{ "listen", required_argument, NULL, LISTEN },
		{ "listen-peers", required_argument, NULL, LISTEN_PEERS },
		{ "cache", required_argument, NULL, CACHE },
		{ "min-free", required_argument, NULL, MIN_FREE },
		{ "max-size", required_argument, NULL, MAX_SIZE },
		{ "uplink", required_argument, NULL, UPLINK_RATE },
		{ "ca", required_argument, NULL, CA },
		{ "client-cert", required_argument, NULL, CLIENT_CERT },
		{ "client-key", required_argument, NULL, CLIENT_KEY },
		{ "mirror-name", required_argument, NULL, MIRROR_NAME },
		{ "peer-ca", required_argument, NULL, PEER_CA },
		{ "peer-cert", required_argument, NULL, PEER_CERT },
		{ "peer-key", required_argument, NULL, PEER_KEY },
		{ "peer-name", required_argument, NULL, PEER_NAME },
		{ "run", required_argument, NULL, RUN },
		{ "prefix", required_argument, NULL, PREFIX },
		{ "install", no_argument, NULL, INSTALL },
		{ "follow", required_argument, NULL, FOLLOW },
		{ "remove", no_argument, NULL, REMOVE },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	struct args a = { .prefix = "/", .root = -1 };
	struct err e;
	int c, rc, code = -1;

	report_init(REPORT_TEXT, REPORT_INFO);
	rc = set_size(&a.wish.uplink, "--uplink", UPLINK, 1, &e);
	if (rc == 0)
		rc = set_size(&a.wish.min_free, "--min-free", "2G", 0, &e);
	while (rc == 0 && code == -1 && (c = getopt_long(argc, argv, "h",
	    longs, NULL)) != -1) {
		if (c == 'h') {
			fputs(usage, stdout);
			code = EXIT_OK;
		} else if (c == '?') {
			code = wrong("see above");
		} else {
			rc = take_option(&a, c, optarg, &e);
		}
	}
	if (rc == -1) {
		report(REPORT_ERROR, "%s", e.msg);
		code = EXIT_INPUT;
	} else if (code == -1 && optind < argc) {
		code = wrong("there are words that are no option");
	} else if (code == -1) {
		code = run(&a);
	}
	peers_wish_done(&a.wish);
	free(a.self);
	return code;
}
