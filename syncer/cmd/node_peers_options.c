/* cdr node-config peers: its usage and its options. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/node_peers_options.h"
#include "cmd/size.h"
#include "cmd/words.h"
#include "image/duration.h"
#include "layout/mem.h"
#include "report/report.h"

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
set_self(struct peers_args *a, const char *text, struct err *e)
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
	uint64_t n;

	if (size_parse(text, min, (uint64_t)1 << 50, &n, e) == -1)
		return err_wrap(e, "%s", option);
	if (size_is_bare(text))
		return err_set(e, ERR_INPUT, "%s: \"%s\" is a number of "
		    "bytes: write %sG", option, text, text);
	*to = n;
	return 0;
}

/* Return 0, or -1 with ${e} set. */
static int
take_option(struct peers_args *a, int c, const char *arg, struct err *e)
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

/* Return -1 to go on, or an exit code. */
static int
take(void *cookie, int c, const char *arg)
{
	struct err e;

	if (take_option(cookie, c, arg, &e) == 0)
		return -1;
	report(REPORT_ERROR, "%s", e.msg);
	return EXIT_INPUT;
}

int
peers_options_wrong(const char *what)
{
	if (what != NULL)
		fprintf(stderr, "cdr node-config peers: %s\n", what);
	fputs("Try 'cdr node-config peers --help'.\n", stderr);
	return EXIT_INPUT;
}

int
peers_options(struct peers_args *a, int argc, char **argv)
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
	static const struct words words = {
		.command = "cdr node-config peers", .shorts = "h",
		.longs = longs, .usage = usage,
	};
	struct err e;
	int rc, code;

	*a = (struct peers_args){ .prefix = "/", .root = -1 };
	rc = set_size(&a->wish.uplink, "--uplink", UPLINK, 1, &e);
	if (rc == 0)
		rc = set_size(&a->wish.min_free, "--min-free", "2G", 0, &e);
	if (rc == -1) {
		report(REPORT_ERROR, "%s", e.msg);
		return EXIT_INPUT;
	}
	code = words_read(argc, argv, &words, take, a);
	if (code == -1 && optind < argc) {
		words_unexpected(&words, argv[optind]);
		return peers_options_wrong(NULL);
	}
	if (code == -1 && a->install && a->remove)
		return peers_options_wrong("--install and --remove exclude "
		    "each other");
	return code;
}

void
peers_options_done(struct peers_args *a)
{
	peers_wish_done(&a->wish);
	free(a->self);
	a->self = NULL;
}
