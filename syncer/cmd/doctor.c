/*
 * cdr doctor: is the mirror all that a client needs, are this node's clients
 * told of it, and do their pulls go through it?  What is looked at, and in
 * which order, is in doctor/patient.h.
 */
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/doctor_peers.h"
#include "cmd/inputs.h"
#include "cmd/words.h"
#include "doctor/patient.h"
#include "doctor/proof.h"
#include "doctor/registry_check.h"
#include "layout/mem.h"
#include "node/trust.h"
#include "node/under.h"
#include "node/wish.h"
#include "registry/authorities.h"
#include "registry/proxy.h"
#include "report/colour.h"
#include "report/report.h"

static const char usage[] =
"usage: cdr doctor [--mirror URL] [OPTION]... [IMAGE]\n"
"       cdr doctor --peers NODES --mirror URL [--ring URL] [--anew] [IMAGE]\n"
"       cdr doctor --registry [--registries FILE] [--json] IMAGE\n"
"\n"
"Find out why a node does not pull from the mirror. Checks the mirror's name,\n"
"connection and TLS; its answers to all that clients ask for IMAGE (default: the\n"
"first one of its catalog); and how this node's clients are set up. Prints a\n"
"line for each check: ok, warn or FAIL, what it found, and how to mend it.\n"
"Changes nothing, but --pull makes a client pull the image.\n"
"\n"
"      --mirror URL        http(s)://HOST[:PORT] (default: the one that this\n"
"                          node's clients are set up for)\n"
"      --ca FILE           the CA of the mirror's certificate\n"
"      --client-cert FILE\n"
"      --client-key FILE   the client certificate that the mirror asks for\n"
"                          (default of these three: the files that this node's\n"
"                          clients use)\n"
"      --access-log FILE   find these requests in nginx's access log, in the\n"
"                          common format or in JSON\n"
"      --pull CLIENT       make crictl, ctr, podman, docker or k3s pull IMAGE,\n"
"                          and find that in the access log too\n"
"      --prefix DIR        look at the node whose root is mounted at DIR\n"
"      --json              print one JSON object\n"
"      --peers NODES       look at a ring of peers, from one of its nodes: each\n"
"                          peer of the file NODES, or DNS:NAME[:PORT]; then all\n"
"                          pieces of IMAGE, through the ring, hashed. A wrong one\n"
"                          is told with the peer that brought it\n"
"      --ring URL          this node's own peer (default http://127.0.0.1:5000)\n"
"      --anew              have peers fetch anew what is wrong\n"
"      --registry          find out whether cdr sync can get IMAGE from its\n"
"                          registry: each endpoint, its login, the manifest\n"
"      --registries FILE   settings of registries (default: $CDR_REGISTRIES)\n"
"  -h, --help              print this\n"
"\n"
"Exit: 0 all is well, or there are warnings; 1 something is wrong; 2 usage;\n"
"4 interrupted.\n";

struct args {
	const char *mirror, *ca, *cert, *key, *log, *client, *prefix, *image;
	const char *registries;
	bool json, registry;
	struct doctor_peers peers;
};

struct visit {
	struct args *args;
	struct node_wish wish;		/* the mirror, looked at */
	struct node_uses uses;
	struct node_trust trust;
	char *ca, *cert, *key;		/* files that are used */
	struct findings findings;
	char mark[17];
	char *title;			/* of --registry: the image */
	bool is_titled;			/* it has been said */
};

static void
make_mark(char mark[17])
{
	unsigned char bytes[8] = { 0 };
	size_t i;

	/* A mark that is no secret: zeros would do, if need be. */
	if (getrandom(bytes, sizeof(bytes), GRND_NONBLOCK) == -1)
		memset(bytes, 0, sizeof(bytes));
	for (i = 0; i < sizeof(bytes); i++)
		snprintf(mark + 2 * i, 3, "%02x", bytes[i]);
}

/* What counts before what does not, and of these what cdr has written. */
static unsigned
worth(const struct node_use *u)
{
	return (u->state == NODE_USE_COUNTS ? 4 : 0) + (u->is_ours ? 2 : 0) +
	    (u->fault == NULL ? 1 : 0);
}

static int
mirror_of_node(struct visit *v, struct err *e)
{
	const struct node_use *best = NULL;
	struct url u;
	char *base;
	size_t i;
	int rc;

	for (i = 0; i < v->uses.count; i++)
		if (v->uses.uses[i].mirror[0] != '\0' && (best == NULL ||
		    worth(&v->uses.uses[i]) > worth(best)))
			best = &v->uses.uses[i];
	if (best == NULL || !node_use_url(best, &u))
		return err_set(e, ERR_INPUT, "which mirror? No client of this "
		    "node is set up for one: give --mirror URL");
	base = xasprintf("%s://%s:%u", u.https ? "https" : "http", u.host,
	    u.port);
	url_done(&u);
	rc = node_wish_mirror(&v->wish, base, e);
	free(base);
	return rc;
}

/* The mirror, and what the node's clients know it by. */
static int
find_mirror(struct visit *v, struct err *e)
{
	const struct args *a = v->args;
	int root, rc;

	if (under_open(a->prefix, &root, e) == -1)
		return err_wrap(e, "--prefix");
	node_uses_read(root, &v->uses);
	rc = a->mirror != NULL ? node_wish_mirror(&v->wish, a->mirror, e) :
	    mirror_of_node(v, e);
	if (rc == 0)
		node_trust_find(root, &v->uses, &v->wish.mirror,
		    v->wish.place, &v->trust);
	close(root);
	return rc;
}

/* ${said} on the command line, or ${told} to the node's clients. */
static char *
file_of(const struct visit *v, const char *said, const char *told)
{
	bool is_here = strcmp(v->args->prefix, "/") == 0;

	if (said != NULL)
		return xstrdup(said);
	if (told == NULL || !v->wish.mirror.https)
		return NULL;
	return xasprintf("%s%s", is_here ? "" : v->args->prefix, told);
}

static void
choose_files(struct visit *v)
{
	const struct args *a = v->args;

	v->ca = file_of(v, a->ca, v->trust.ca);
	v->cert = file_of(v, a->cert, v->trust.cert);
	v->key = file_of(v, a->key, a->cert != NULL ? NULL : v->trust.key);
}

/* Those of the command line have been looked at. */
static bool
can_read(struct findings *f, const char *file)
{
	struct err e;

	if (file == NULL || access(file, R_OK) == 0)
		return true;
	err_sys(&e, "%s", file);
	finding_add(f, FINDING_FAIL, "tls", "%s: this node's clients are told "
	    "to use it: put it there, or run cdr as a user who may read it",
	    e.msg);
	return false;
}

static bool
can_read_files(struct visit *v)
{
	return can_read(&v->findings, v->ca) &&
	    can_read(&v->findings, v->cert) && can_read(&v->findings, v->key);
}

static void
examine(struct visit *v, struct patient *p, const struct ask_how *how)
{
	struct err e;
	struct proof proof = {
		.findings = &v->findings, .log = v->args->log, .mark = v->mark,
		.client = v->args->client, .image = &p->image,
		.stop_fd = how->stop_fd
	};

	if (ask_open(&p->ask, how, &e) == -1)
		finding_add(&v->findings, FINDING_FAIL, "http", "%s", e.msg);
	else if (v->args->peers.nodes != NULL)
		doctor_peers_check(&v->args->peers, p);
	else if (reach_check(p) && image_check(p) &&
	    node_image_check(p) && content_check(p) &&
	    blob_check(p) && shapes_check(p) && !p->ask.stopped)
		proof_check(&proof);
	ask_close(&p->ask);
}

static int
visit(struct visit *v, struct err *e)
{
	struct args *a = v->args;
	bool rings = a->peers.nodes != NULL;
	struct ask_how how = { .mark = v->mark, .stop_fd = cmd_stop_fd() };
	struct patient p = { .findings = &v->findings };
	int rc;

	make_mark(v->mark);
	rc = rings ? doctor_peers_read(&a->peers, e) : 0;
	if (rc == 0)
		rc = find_mirror(v, e);
	if (rc == 0 && a->image != NULL) {
		rc = image_ref_parse(a->image, &p.image, e);
		p.has_image = rc == 0;
	}
	if (rc == -1)
		return -1;
	choose_files(v);
	how.ca = v->ca;
	how.cert = v->cert;
	how.key = v->key;
	node_check(&v->findings, &v->uses, rings ? &a->peers.near.mirror :
	    &v->wish.mirror, &how);
	p.mirror = &v->wish.mirror;
	p.how = &how;
	p.uses = &v->uses;
	how.base = v->wish.base;
	if (can_read_files(v))
		examine(v, &p, &how);
	if (p.has_manifest)
		manifest_done(&p.manifest);
	if (p.has_image)
		image_ref_done(&p.image);
	return 0;
}

/* --- the registry's side -------------------------------------------------- */

static int
visit_registry(struct visit *v, struct err *e)
{
	struct registries *registries = NULL;
	struct keyring *keyring = NULL;
	struct image_ref image = { .registry = NULL };
	struct registry_visit r = {
		.findings = &v->findings, .mark = v->mark, .image = &image,
		.stop_fd = cmd_stop_fd()
	};
	int rc = -1;

	make_mark(v->mark);
	credentials_init();
	if (image_ref_parse(v->args->image, &image, e) == -1 ||
	    inputs_registries(v->args->registries, &registries, e) == -1 ||
	    inputs_credentials(&keyring, e) == -1)
		goto out;
	r.registries = registries;
	r.keyring = keyring;
	v->title = image_ref_text(&image);
	registry_check(&r);
	rc = 0;
out:
	image_ref_done(&image);
	registries_free(registries);
	keyring_free(keyring);
	return rc;
}

/* --- saying it ----------------------------------------------------------- */

static void
say_title(struct visit *v)
{
	if (!v->is_titled)
		printf("%s\n", v->title != NULL ? v->title : v->wish.base);
	v->is_titled = true;
}

/* At once: what does not answer takes its time, and somebody looks on. */
static void
say_one(void *cookie, const struct finding *f)
{
	static const enum colour colours[] = {
		[FINDING_OK] = COLOUR_GOOD,
		[FINDING_WARN] = COLOUR_ODD,
		[FINDING_FAIL] = COLOUR_BAD,
	};

	say_title(cookie);
	printf("%s%-4s%s  %-9s %s\n", colour(stdout, colours[f->level]),
	    finding_word(f->level), colour_end(stdout), f->check, f->text);
	fflush(stdout);
}

static void
say_end(struct visit *v, bool is_all)
{
	size_t fails = v->findings.fails;

	say_title(v);
	if (!is_all)
		printf("Interrupted: some checks were not made.\n");
	else if (fails == 0)
		printf("All is well.\n");
	else
		printf("%zu thing%s wrong; begin with the first FAIL.\n",
		    fails, fails == 1 ? " is" : "s are");
}

static void
say_json(struct visit *v, bool is_all)
{
	const struct findings *f = &v->findings;
	json_t *checks = json_array(), *all;
	size_t i;

	for (i = 0; i < f->count; i++)
		json_array_append_new(checks, json_pack("{ss ss ss}",
		    "check", f->list[i].check, "result",
		    f->list[i].level == FINDING_OK ? "ok" :
		    f->list[i].level == FINDING_WARN ? "warn" : "fail",
		    "message", f->list[i].text));
	all = json_pack("{ss ss sb so}", v->title != NULL ? "image" :
	    "mirror", v->title != NULL ? v->title : v->wish.base, "mark",
	    v->mark, "ok", is_all && f->fails == 0, "checks", checks);
	json_dumpf(all, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(all);
}

static int
doctor(struct args *a)
{
	struct visit v = {
		.args = a, .findings = { .stop_fd = cmd_stop_fd() }
	};
	struct err e;
	int rc, code = EXIT_INPUT;
	bool is_all;

	if (!a->json)
		v.findings.tell = say_one;
	v.findings.cookie = &v;
	rc = a->registry ? visit_registry(&v, &e) : visit(&v, &e);
	is_all = !findings_stopped(&v.findings);
	if (rc == -1) {
		report(REPORT_ERROR, "%s", e.msg);
	} else {
		(a->json ? say_json : say_end)(&v, is_all);
		code = !is_all ? EXIT_INTERRUPTED : v.findings.fails > 0 ?
		    EXIT_SOME_FAILED : EXIT_OK;
	}
	free(v.title);
	free(v.ca);
	free(v.cert);
	free(v.key);
	node_trust_done(&v.trust);
	node_uses_done(&v.uses);
	node_wish_done(&v.wish);
	findings_done(&v.findings);
	doctor_peers_done(&v.args->peers);
	return fflush(stdout) == 0 ? code : EXIT_STORE;
}

/* --- arguments ----------------------------------------------------------- */

enum option_value {
	MIRROR = 256,
	CA,
	CLIENT_CERT,
	CLIENT_KEY,
	ACCESS_LOG,
	PULL,
	PREFIX,
	REGISTRIES,
	PEERS,
	RING
};

static const char **
value_of(struct args *a, int c)
{
	switch (c) {
	case MIRROR:
		return &a->mirror;
	case CA:
		return &a->ca;
	case CLIENT_CERT:
		return &a->cert;
	case CLIENT_KEY:
		return &a->key;
	case ACCESS_LOG:
		return &a->log;
	case PULL:
		return &a->client;
	case PREFIX:
		return &a->prefix;
	case REGISTRIES:
		return &a->registries;
	case PEERS:
		return &a->peers.nodes;
	case RING:
		return &a->peers.ring;
	default:
		return NULL;
	}
}

static int
wrong(const char *what, const char *word)
{
	fprintf(stderr, "cdr doctor: %s%s\nTry 'cdr doctor --help'.\n", what,
	    word);
	return EXIT_INPUT;
}

static int
check_args(struct args *a)
{
	const char *files[] = { a->ca, a->cert, a->key };
	size_t i;

	if ((a->cert == NULL) != (a->key == NULL))
		return wrong("--client-cert and --client-key belong together",
		    "");
	for (i = 0; i < 3; i++)
		if (files[i] != NULL && access(files[i], R_OK) == -1)
			return wrong("cannot read ", files[i]);
	if (a->registry && a->image == NULL)
		return wrong("--registry wants an IMAGE", "");
	if (a->registry && (a->mirror != NULL || a->ca != NULL ||
	    a->cert != NULL || a->log != NULL || a->client != NULL))
		return wrong("--registry is about a registry, and goes with "
		    "--registries and --json alone", "");
	if (!a->registry && a->registries != NULL)
		return wrong("--registries goes with --registry", "");
	if (a->peers.nodes != NULL && (a->registry || a->mirror == NULL ||
	    a->log != NULL || a->client != NULL))
		return wrong("--peers wants the --mirror behind the ring, and "
		    "is not for --registry, --access-log and --pull", "");
	if (a->peers.nodes == NULL && (a->peers.ring != NULL || a->peers.anew))
		return wrong("--ring and --anew go with --peers", "");
	if (a->client != NULL && !proof_is_client(a->client))
		return wrong("--pull takes ", proof_clients());
	return EXIT_OK;
}

static int
take_option(void *cookie, int letter, const char *arg)
{
	struct args *a = cookie;
	const char **value = value_of(a, letter);

	if (value != NULL)
		*value = arg;
	else if (letter == 'j')
		a->json = true;
	else if (letter == 'r')
		a->registry = true;
	else if (letter == 'a')
		a->peers.anew = true;
	return -1;
}

int
cmd_doctor(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "mirror", required_argument, NULL, MIRROR },
		{ "ca", required_argument, NULL, CA },
		{ "client-cert", required_argument, NULL, CLIENT_CERT },
		{ "client-key", required_argument, NULL, CLIENT_KEY },
		{ "access-log", required_argument, NULL, ACCESS_LOG },
		{ "pull", required_argument, NULL, PULL },
		{ "prefix", required_argument, NULL, PREFIX },
		{ "json", no_argument, NULL, 'j' },
		{ "registry", no_argument, NULL, 'r' },
		{ "registries", required_argument, NULL, REGISTRIES },
		{ "peers", required_argument, NULL, PEERS },
		{ "ring", required_argument, NULL, RING },
		{ "anew", no_argument, NULL, 'a' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	static const struct words words = {
		.command = "cdr doctor", .shorts = "h", .longs = longs,
		.usage = usage,
	};
	struct args a = { .prefix = "/" };
	struct err e;
	int code;

	report_init(REPORT_TEXT, REPORT_INFO);
	code = words_read(argc, argv, &words, take_option, &a);
	if (code != -1)
		return code;
	if (optind < argc)
		a.image = argv[optind++];
	if (optind < argc)
		return wrong("unexpected ", argv[optind]);
	if (check_args(&a) != EXIT_OK)
		return EXIT_INPUT;
	if (proxy_check(&e) == -1)
		return wrong(e.msg, "");
	if (authorities_check(&e) == -1)
		report(REPORT_WARNING, "%s; going on without it", e.msg);
	return doctor(&a);
}
