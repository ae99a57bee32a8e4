/*
 * cdr node-config: have a node's client pull from the mirror.  What each client
 * needs is in node/for_*.c; how files are written and taken back, in
 * node/install.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/guess.h"
#include "cmd/node_peers.h"
#include "cmd/node_show.h"
#include "cmd/words.h"
#include "image/near.h"
#include "layout/mem.h"
#include "layout/store.h"
#include "node/ask.h"
#include "node/client.h"
#include "node/install.h"
#include "node/under.h"
#include "registry/program.h"
#include "report/report.h"

#define VERSION_TIMEOUT_MS	10000
#define VERSION_BYTES_MAX	(64u << 10)

static const char usage[] =
"usage: cdr node-config CLIENT --mirror URL [OPTION]...\n"
"       cdr node-config CLIENT --mirror URL --install [OPTION]...\n"
"       cdr node-config CLIENT --remove [--prefix DIR]\n"
"\n"
"Make the CLIENT of this node pull images from the mirror at URL, such as\n"
"http://10.0.0.5:5000. The command prints what it would write, and where;\n"
"--install writes it. --remove undoes it: every file is then as it was before.\n"
"\n";

static const char options[] =
"\n"
"      --mirror URL          where nginx listens: http(s)://HOST[:PORT]\n"
"      --behind URL          ask this one next: where --mirror is a peer of this\n"
"                            node, the mirror itself\n"
"      --registry NAME       use the mirror for this registry; may be given\n"
"                            several times (default: all registries if CLIENT\n"
"                            can do that, else docker.io)\n"
"  -r, --root ROOT           use the mirror for all registries in this tree\n"
"      --only                never ask the registries themselves\n"
"      --ca FILE             the CA of the mirror's certificate; this and the\n"
"                            next two are paths on the node\n"
"      --client-cert FILE\n"
"      --client-key FILE     the client certificate that the mirror asks for\n"
"      --client-version V    the version of CLIENT (default: what the one that\n"
"                            is here says of itself)\n"
"      --prefix DIR          configure the node whose root is mounted at DIR\n"
"      --install             write the files\n"
"      --unasked             do not ask containerd or dockerd itself whether it\n"
"                            starts with them\n"
"      --remove              undo what --install did\n"
"      --json                print what would be written as JSON\n"
"  -h, --help                print this\n"
"\n"
"Where it is safe, the command adds to a file of yours, and keeps the original\n"
"as FILE.before-cdr. It leaves any other file of yours alone, and says what to\n"
"put in by hand.\n"
"\n"
"Exit: 0 done, or nothing to do; 1 done, but a file that cdr wrote and no longer\n"
"needs had to stay, because somebody changed it; 2 usage, or it cannot be done:\n"
"nothing was touched; 3 a file could not be written.\n";

struct args {
	const struct node_client *client;
	struct node_wish wish;
	const char *version, *prefix, *tree;
	bool install, remove, unasked, json;
	struct node_asking asking;
	int root;		/* --prefix, opened; -1: not yet */
	bool wrote;
	size_t left;		/* files that had to stay */
};

static void
help(void)
{
	const struct node_client *c;
	size_t i;

	fputs(usage, stdout);
	for (i = 0; (c = node_clients(i)) != NULL; i++)
		printf("  %-10s  %s\n", c->name, c->about);
	printf("  %-10s  %s\n", "peers", "an nginx on each node (has options "
	    "of its own: peers --help)");
	fputs(options, stdout);
}

/* --- what is wanted ------------------------------------------------------ */

/* Only what a program on this very machine says counts; sudo's $PATH may have
 * another one, or none. */
static void
ask_version(struct args *a)
{
	char option[] = "--version";
	char *name = node_program(a->root, a->client->program);
	char *argv[] = { name, option, NULL };
	struct program p = {
		.argv = argv,
		.timeout_ms = VERSION_TIMEOUT_MS,
		.out_max = VERSION_BYTES_MAX,
		.stop_fd = -1,
	};
	struct program_end end;
	struct err e;

	if (program_run(&p, &end, &e) == 0) {
		a->wish.has_version = WIFEXITED(end.status) &&
		    WEXITSTATUS(end.status) == 0 &&
		    node_version_find(end.out, &a->wish.version);
		program_end_done(&end);
	}
	free(name);
}

static int
find_version(struct args *a, struct err *e)
{
	if (a->version != NULL) {
		a->wish.has_version = node_version_find(a->version,
		    &a->wish.version);
		return a->wish.has_version ? 0 : err_set(e, ERR_INPUT,
		    "--client-version: \"%.100s\" is not a version, such as "
		    "1.7.24", a->version);
	}
	if (a->client->program != NULL && strcmp(a->prefix, "/") == 0)
		ask_version(a);
	return 0;
}

static int
add_registry(void *cookie, const char *registry, const char *repository,
    const char *reference, const struct manifest_id *id, struct err *e)
{
	(void)repository;
	(void)reference;
	(void)id;
	return node_wish_registry(cookie, registry, e);
}

static int
read_tree(struct args *a, struct err *e)
{
	struct store *store;
	int rc;

	if (store_open(a->tree, STORE_READ, &store, e) == -1)
		return -1;
	rc = store_each_reference(store, add_registry, &a->wish, e);
	store_close(store);
	if (rc == 0 && a->wish.registry_count == 0)
		rc = err_set(e, ERR_INPUT, "%s: there is no image in it yet",
		    a->tree);
	return rc;
}

static int
read_pem(const struct args *a, const char *option, const char *path, char **ret,
    struct err *e)
{
	int rc;

	if (path == NULL)
		return 0;
	rc = under_read(a->root, path + 1, ret, NULL, e);
	if (rc == 1 && strstr(*ret, "-----BEGIN ") == NULL)
		rc = err_set(e, ERR_INPUT, "%s: %s: not a PEM file", option,
		    path);
	if (rc == 0)
		rc = err_set(e, ERR_INPUT, "%s: %s: no such file%s%s", option,
		    path, strcmp(a->prefix, "/") == 0 ? "" : " below ",
		    strcmp(a->prefix, "/") == 0 ? "" : a->prefix);
	return rc == -1 ? -1 : 0;
}

/* All that can be looked at before anything is made of it. */
static int
complete(struct args *a, struct err *e)
{
	struct node_wish *w = &a->wish;

	if (a->tree != NULL && read_tree(a, e) == -1)
		return -1;
	if (node_wish_check(w, e) == -1 ||
	    read_pem(a, "--ca", w->ca_path, &w->ca, e) == -1 ||
	    read_pem(a, "--client-cert", w->cert_path, &w->cert, e) == -1 ||
	    read_pem(a, "--client-key", w->key_path, &w->key, e) == -1)
		return -1;
	return find_version(a, e);
}

static struct node_show
shown(const struct args *a, const struct node_plan *p)
{
	return (struct node_show){ .client = a->client, .wish = &a->wish,
		.plan = p, .root = a->root };
}

/* --- doing --------------------------------------------------------------- */

static void
said(void *cookie, const char *what, const char *path)
{
	struct args *a = cookie;

	if (strcmp(what, "unchanged") != 0)
		a->wrote = true;
	printf("%s /%s\n", what, path);
}

static int
ask(void *cookie, const struct node_file *file, const char *at, struct err *e)
{
	struct args *a = cookie;

	return node_asking(&a->asking, file, at, e);
}

static int
install(struct args *a, const struct node_plan *p, struct err *e)
{
	struct node_show show;

	if (p->printed != NULL)
		return err_set(e, ERR_INPUT, "--install: there is no file of "
		    "%s on the node to write: leave --install out, and use "
		    "what is printed", a->client->name);
	a->asking.root = a->root;
	if (install_write(a->root, a->client->record, p, said,
	    a->unasked || strcmp(a->prefix, "/") != 0 ? NULL : ask, a,
	    &a->left, e) == -1)
		return -1;
	if (a->left > 0)
		report(REPORT_ERROR, "%s", e->msg);
	if (!a->wrote) {
		if (a->left == 0)
			puts("Nothing to change.");
		return 0;
	}
	show = shown(a, p);
	node_show_notes(&show);
	if (a->asking.silent.code != ERR_NONE)
		printf("# Note: %s.\n", a->asking.silent.msg);
	printf("Then: %s. \"cdr doctor\" tells whether pulls come from the "
	    "mirror.\n", a->client->reload);
	return 0;
}

static int
take_back(struct args *a)
{
	struct err e = { .code = ERR_NONE };
	int done = install_remove(a->root, a->client->record, said, a,
	    &a->left, &e);

	if (done == -1) {
		report(REPORT_ERROR, "%s", e.msg);
		return e.code == ERR_INPUT ? EXIT_INPUT : EXIT_STORE;
	}
	if (a->left > 0)
		report(REPORT_ERROR, "%s", e.msg);
	if (done == 0)
		printf("Nothing to remove for %s.\n", a->client->name);
	else if (a->wrote)
		printf("Then: %s.\n", a->client->undo != NULL ?
		    a->client->undo : a->client->reload);
	return a->left > 0 ? EXIT_SOME_FAILED : EXIT_OK;
}

static int
show(const struct args *a, const struct node_plan *p, struct err *e)
{
	struct node_show s = shown(a, p);

	return a->json ? node_show_json(&s, e) : node_show_text(&s, e);
}

static int
configure(struct args *a)
{
	struct node_plan plan = { 0 };
	struct err e;
	int rc = complete(a, &e);

	if (rc == 0)
		rc = a->client->plan(&a->wish, &plan, &e);
	if (rc == 0)
		rc = node_client_settle(a->client, a->root, &a->wish, &plan,
		    &e);
	if (rc == 0)
		rc = a->install ? install(a, &plan, &e) : show(a, &plan, &e);
	node_plan_done(&plan);
	if (rc == -1)
		report(REPORT_ERROR, "%s", e.msg);
	if (fflush(stdout) != 0)
		return EXIT_STORE;
	if (rc == 0)
		return a->left > 0 ? EXIT_SOME_FAILED : EXIT_OK;
	return a->install && e.code != ERR_INPUT &&
	    e.code != ERR_LIMIT ? EXIT_STORE : EXIT_INPUT;
}

/* --- arguments ----------------------------------------------------------- */

enum option_value {
	MIRROR = 256,
	BEHIND,
	REGISTRY,
	ONLY,
	CA,
	CLIENT_CERT,
	CLIENT_KEY,
	CLIENT_VERSION,
	PREFIX,
	INSTALL,
	UNASKED,
	REMOVE,
	JSON
};

static void
set_path(char **to, const char *path)
{
	free(*to);
	*to = xstrdup(path);
}

/* Return 1, 0 where it is no option of ours, -1 with ${e} set. */
static int
take_option(struct args *a, int c, const char *arg, struct err *e)
{
	switch (c) {
	case MIRROR:
		return node_wish_mirror(&a->wish, arg, e) == -1 ? -1 : 1;
	case BEHIND:
		return node_wish_behind(&a->wish, arg, e) == -1 ? -1 : 1;
	case REGISTRY:
		return node_wish_registry(&a->wish, arg, e) == -1 ? -1 : 1;
	case ONLY:
		a->wish.only = true;
		return 1;
	case CA:
		set_path(&a->wish.ca_path, arg);
		return 1;
	case CLIENT_CERT:
		set_path(&a->wish.cert_path, arg);
		return 1;
	case CLIENT_KEY:
		set_path(&a->wish.key_path, arg);
		return 1;
	case CLIENT_VERSION:
		a->version = arg;
		return 1;
	case PREFIX:
		a->prefix = arg;
		return 1;
	case INSTALL:
		a->install = true;
		return 1;
	case UNASKED:
		a->unasked = true;
		return 1;
	case REMOVE:
		a->remove = true;
		return 1;
	case JSON:
		a->json = true;
		return 1;
	case 'r':
		a->tree = arg;
		return 1;
	default:
		return 0;
	}
}

static int
wrong(const char *what, const char *word)
{
	fprintf(stderr, "cdr node-config: %s%s%s%s\n"
	    "Try 'cdr node-config --help'.\n", what,
	    word != NULL ? " \"" : "", word != NULL ? word : "",
	    word != NULL ? "\"" : "");
	return EXIT_INPUT;
}

static int
no_client(const char *name)
{
	const char *hint = guess_client(name);
	const struct node_client *c;
	struct near near = { .word = name };
	size_t i;

	for (i = 0; (c = node_clients(i)) != NULL; i++)
		near_try(&near, c->name);
	near_try(&near, "peers");
	fprintf(stderr, "cdr node-config: there is no client \"%s\"", name);
	if (hint == NULL && near.best != NULL)
		fprintf(stderr, "; did you mean %s?", near.best);
	else if (hint != NULL)
		fprintf(stderr, "; %s", hint);
	fputs("\nTry 'cdr node-config --help'.\n", stderr);
	return EXIT_INPUT;
}

/* One word too many. */
static int
no_place(const char *word)
{
	if (strstr(word, "://") != NULL || strchr(word, ':') != NULL)
		fprintf(stderr, "cdr node-config: unexpected \"%s\"; --mirror "
		    "URL says where nginx listens\n", word);
	else if (strcmp(word, "peers") == 0)
		fputs("cdr node-config: \"peers\" stands first, before its "
		    "options\n", stderr);
	else
		return wrong("one client at a time; unexpected", word);
	fputs("Try 'cdr node-config --help'.\n", stderr);
	return EXIT_INPUT;
}

static int
run(struct args *a, int argc, char **argv)
{
	struct err e;
	int rc;

	if (optind == argc)
		return wrong("which client? Name one, such as containerd or "
		    "k3s", NULL);
	a->client = node_client_find(argv[optind]);
	if (a->client == NULL)
		return no_client(argv[optind]);
	if (optind + 1 < argc)
		return no_place(argv[optind + 1]);
	if (a->install && a->remove)
		return wrong("--install and --remove exclude each other", NULL);
	if (a->json && (a->install || a->remove))
		return wrong("--json is for what would be written: leave out "
		    "--install and --remove", NULL);
	if (under_open(a->prefix, &a->root, &e) == -1) {
		report(REPORT_ERROR, "--prefix: %s", e.msg);
		return EXIT_INPUT;
	}
	rc = a->remove ? take_back(a) : configure(a);
	close(a->root);
	return rc;
}

int
cmd_node_config(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "mirror", required_argument, NULL, MIRROR },
		{ "behind", required_argument, NULL, BEHIND },
		{ "registry", required_argument, NULL, REGISTRY },
		{ "root", required_argument, NULL, 'r' },
		{ "only", no_argument, NULL, ONLY },
		{ "ca", required_argument, NULL, CA },
		{ "client-cert", required_argument, NULL, CLIENT_CERT },
		{ "client-key", required_argument, NULL, CLIENT_KEY },
		{ "client-version", required_argument, NULL, CLIENT_VERSION },
		{ "prefix", required_argument, NULL, PREFIX },
		{ "install", no_argument, NULL, INSTALL },
		{ "unasked", no_argument, NULL, UNASKED },
		{ "remove", no_argument, NULL, REMOVE },
		{ "json", no_argument, NULL, JSON },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	static const struct words words = {
		.command = "cdr node-config", .shorts = "r:h", .longs = longs,
		.usage = options,
	};
	struct args a = { .prefix = "/", .root = -1 };
	struct err e;
	int c, rc = 1, code;

	/* It has options of its own. */
	if (argc > 1 && strcmp(argv[1], "peers") == 0)
		return cmd_node_peers(argc - 1, argv + 1);
	report_init(REPORT_TEXT, REPORT_INFO);
	while (rc == 1 && (c = words_next(argc, argv, &words)) != -1) {
		if (c == 'h') {
			help();
			node_wish_done(&a.wish);
			return EXIT_OK;
		}
		rc = take_option(&a, c, optarg, &e);
	}
	if (rc == -1)
		report(REPORT_ERROR, "%s", e.msg);
	else if (rc == 0)
		fputs("Try 'cdr node-config --help'.\n", stderr);
	code = rc == 1 ? run(&a, argc, argv) : EXIT_INPUT;
	node_wish_done(&a.wish);
	return code;
}
