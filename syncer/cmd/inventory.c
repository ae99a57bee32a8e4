/* cdr inventory: what is here, for who makes the next bundle. */
#include <stdio.h>
#include <stdlib.h>

#include "bundle/bundle_key.h"
#include "bundle/inventory.h"
#include "bundle/ledger.h"
#include "bundle/site.h"
#include "cmd/cmd.h"
#include "cmd/words.h"
#include "layout/base64.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "layout/store.h"
#include "report/report.h"

static const char usage[] =
"usage: cdr inventory [-r ROOT] [--site NAME] [--sign KEY]\n"
"\n"
"Print what the tree has: which manifests, what of them is bad or missing, the\n"
"last bundle of each sender, and how much room there is. 'cdr export --for' makes\n"
"a bundle of it that has what is lacking, and nothing else.\n"
"\n"
"  -r, --root ROOT   the tree (default: $CDR_ROOT, or /srv/cdr)\n"
"      --site NAME   who we are (default: $CDR_SITE, or the host's name)\n"
"      --sign KEY    sign it with this private key (PKCS #8: Ed25519, P-256)\n"
"  -h, --help        print this\n"
"\n"
"Exit: 0 all is well; 2 usage, or the key cannot be used; 3 no tree at ROOT, or\n"
"it cannot be read.\n";

/* The last one of each stream. */
static struct inventory_bundle *
bundles_of(const struct ledger *l)
{
	struct inventory_bundle *all = xcalloc(l->last_count + 1,
	    sizeof(*all));
	size_t i;

	for (i = 0; i < l->last_count; i++) {
		snprintf(all[i].from, sizeof(all[i].from), "%s",
		    l->last[i].from);
		snprintf(all[i].to, sizeof(all[i].to), "%s", l->last[i].to);
		snprintf(all[i].id, sizeof(all[i].id), "%s", l->last[i].id);
		all[i].seq = l->last[i].seq;
	}
	return all;
}

static int
write_it(const struct store *store, const char *site, FILE *out,
    struct err *e)
{
	struct inventory_bundle *bundles;
	struct ledger ledger;
	int rc;

	if (ledger_read(store, &ledger, e) == -1)
		return -1;
	bundles = bundles_of(&ledger);
	rc = inventory_write(store, site, bundles, ledger.last_count, out, e);
	free(bundles);
	ledger_free(&ledger);
	return rc;
}

/* As text: what is none becomes base64, as cosign has it.  NULL: it cannot be
 * made. */
static char *
signature_of(const char *key, const char *text, size_t len, struct err *e)
{
	char *sig, *base64, *line;
	size_t sig_len;

	if (bundle_sign(key, INVENTORY_NAMESPACE, text, len, &sig, &sig_len,
	    e) == -1)
		return NULL;
	if (sig[0] == '-')
		return sig;
	base64 = base64_encode(sig, sig_len);
	line = xasprintf("%s\n", base64);
	free(base64);
	free(sig);
	return line;
}

/* Nothing is printed before all of it is there. */
static int
print(const char *text, size_t len, const char *key)
{
	char *sig = NULL;
	struct err e;

	if (len > BUNDLE_TEXT_MAX - BUNDLE_SIGNATURE_MAX) {
		report(REPORT_ERROR, "the inventory has %zu bytes, more than "
		    "the %u that are read", len,
		    BUNDLE_TEXT_MAX - BUNDLE_SIGNATURE_MAX);
		return EXIT_STORE;
	}
	if (key != NULL &&
	    (sig = signature_of(key, text, len, &e)) == NULL) {
		report(REPORT_ERROR, "--sign %s", e.msg);
		return EXIT_INPUT;
	}
	fwrite(text, 1, len, stdout);
	if (sig != NULL)
		fputs(sig, stdout);
	free(sig);
	return fflush(stdout) == 0 && !ferror(stdout) ? EXIT_OK : EXIT_STORE;
}

static int
run(const char *root, const char *wanted, const char *key)
{
	char site[BUNDLE_SITE_MAX + 1], *text = NULL;
	size_t len = 0;
	struct store *store;
	struct err e;
	FILE *out;
	int code, rc;

	if (site_name(wanted, site, &e) == -1) {
		report(REPORT_ERROR, "%s", e.msg);
		return EXIT_INPUT;
	}
	if (store_open(root, STORE_READ, &store, &e) == -1) {
		report(REPORT_ERROR, "%s", e.msg);
		return EXIT_STORE;
	}
	out = xtext_open(&text, &len);
	rc = write_it(store, site, out, &e);
	xtext_close(out);
	store_close(store);
	report_clear();
	if (rc == -1)
		report(REPORT_ERROR, "%s: %s", root, e.msg);
	code = rc == -1 ? EXIT_STORE : print(text, len, key);
	free(text);
	return code;
}

struct wishes {
	const char *root, *site, *key;
};

static int
take_option(void *cookie, int letter, const char *arg)
{
	struct wishes *o = cookie;

	switch (letter) {
	case 'r':
		o->root = arg;
		break;
	case 'S':
		o->site = arg;
		break;
	case 'K':
		o->key = arg;
		break;
	}
	return -1;
}

int
cmd_inventory(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "root", required_argument, NULL, 'r' },
		{ "site", required_argument, NULL, 'S' },
		{ "sign", required_argument, NULL, 'K' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	static const struct words words = {
		.command = "cdr inventory", .shorts = "r:h", .longs = longs,
		.usage = usage,
	};
	struct wishes o = { .root = NULL };
	int code;

	report_init(REPORT_TEXT, REPORT_INFO);
	code = words_read(argc, argv, &words, take_option, &o);
	if (code != -1)
		return code;
	if (optind < argc) {
		words_unexpected(&words, argv[optind]);
		fputs("Try 'cdr inventory --help'.\n", stderr);
		return EXIT_INPUT;
	}
	return run(cmd_root(o.root), o.site, o.key);
}
