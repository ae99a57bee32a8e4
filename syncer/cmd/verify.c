/* cdr verify: is the tree what it says it is? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/aside.h"
#include "cmd/cmd.h"
#include "cmd/inputs.h"
#include "cmd/odd_word.h"
#include "cmd/size.h"
#include "cmd/verify_run.h"
#include "cmd/words.h"
#include "image/duration.h"
#include "image/ref.h"
#include "layout/mem.h"
#include "mirror/repair.h"
#include "registry/url.h"
#include "report/report.h"
#include "transfer/link/limit.h"

static const char usage[] =
"usage: cdr verify [OPTION]... [REF]...\n"
"\n"
"Find out whether the tree is what it says it is: links, manifests, lists, then\n"
"the bytes of all blobs.  What is bad is taken out of service, so that nobody\n"
"gets wrong bytes.\n"
"\n"
"  REF                 look at this image only, and at what it needs\n"
"  -r, --root ROOT     the tree (default: $CDR_ROOT, or /srv/cdr)\n"
"      --quick         do not read the bytes of blobs\n"
"      --repair        fetch again what is bad or missing, and put links and\n"
"                      lists right\n"
"      --from URL      fetch it from another CDR mirror, not from the registries\n"
"      --from oci:DIR[:REPOSITORY]\n"
"                      fetch it from an OCI image layout, or from another ROOT\n"
"      --from bundle:PATH\n"
"                      take it from the parts of bundles in a folder, or from one\n"
"      --registries FILE\n"
"                      settings for registries, as for cdr sync\n"
"      --wait T        wait so long for another run on ROOT to end, before\n"
"                      anything is fetched\n"
"      --limit-rate SIZE\n"
"                      read and receive at most so many bytes a second\n"
"      --max-time T    read for so long (30, 10m, 2h); the next run goes on from\n"
"                      there\n"
"      --withdraw      take away the tags of images that need what is bad or\n"
"                      missing\n"
"      --go-on         do not stop after ten bad files, and take out also what\n"
"                      is read differently each time\n"
"      --json          print what was found as one object\n"
"  -q, --quiet         print errors only\n"
"  -h, --help          print this\n"
"\n"
"Exit: 0 all is well, or has been mended; 1 something is wrong; 2 usage, or no\n"
"such image; 3 the tree cannot be used; 4 interrupted: run it again to go on.\n";

#define WAIT_MAX_S	(7 * 24 * 3600)
/* Less would never get through a large blob, and all begin with it. */
#define RATE_MIN	((uint64_t)10 << 10)

/* --- what is asked for ------------------------------------------------- */

enum {
	QUICK = 256,
	REPAIR,
	FROM,
	REGISTRIES,
	WAIT,
	LIMIT_RATE,
	MAX_TIME,
	WITHDRAW,
	GO_ON,
	JSON
};

static int
bad_usage(void)
{
	fputs("Try 'cdr verify --help'.\n", stderr);
	return EXIT_INPUT;
}

/* Return -1 to go on, or an exit code. */
static int
parse_number(int option, const char *arg, struct verify_wishes *o)
{
	const char *name = "limit-rate";
	struct err e;
	int rc;

	if (option == LIMIT_RATE) {
		rc = size_parse(arg, RATE_MIN, LIMIT_RATE_MAX,
		    &o->limit_rate, &e);
	} else if (option == MAX_TIME) {
		name = "max-time";
		rc = duration_parse(arg, WAIT_MAX_S, &o->max_time, &e);
	} else {
		name = "wait";
		rc = duration_parse(arg, WAIT_MAX_S, &o->wait, &e);
	}
	if (rc == 0)
		return -1;
	fprintf(stderr, "cdr verify: --%s: %s\n", name, e.msg);
	return bad_usage();
}

static int
parse_one(void *cookie, int option, const char *arg)
{
	struct verify_wishes *o = cookie;

	switch (option) {
	case 'r':
		o->root = arg;
		break;
	case 'q':
		o->level = REPORT_ERROR;
		break;
	case QUICK:
		o->quick = true;
		break;
	case REPAIR:
		o->repair = true;
		break;
	case FROM:
		o->from = arg;
		break;
	case REGISTRIES:
		o->registries = arg;
		break;
	case WITHDRAW:
		o->withdraw = true;
		break;
	case GO_ON:
		o->go_on = true;
		break;
	case JSON:
		o->json = true;
		break;
	case LIMIT_RATE:
	case MAX_TIME:
	case WAIT:
		return parse_number(option, arg, o);
	}
	return -1;
}

static bool
is_layout(const char *from)
{
	return strncmp(from, INPUTS_LAYOUT, strlen(INPUTS_LAYOUT)) == 0;
}

/* Nothing has to be asked over a network. */
static bool
is_here(const char *from)
{
	return is_layout(from) || strncmp(from, VERIFY_BUNDLE,
	    strlen(VERIFY_BUNDLE)) == 0;
}

static int
check_options(const struct verify_wishes *o)
{
	struct url url;
	struct err e;

	if (!o->repair && (o->from != NULL || o->registries != NULL ||
	    o->wait > 0)) {
		fprintf(stderr, "cdr verify: --%s needs --repair\n",
		    o->from != NULL ? "from" : o->registries != NULL ?
		    "registries" : "wait");
		return bad_usage();
	}
	if (o->from == NULL || (is_here(o->from) &&
	    odd_source(o->from, &e) == 0))
		return -1;
	if (odd_source(o->from, &e) == -1 ||
	    url_parse(o->from, &url, &e) == -1) {
		fprintf(stderr, "cdr verify: --from: %s\n", e.msg);
		return bad_usage();
	}
	url_done(&url);
	return -1;
}

static int
parse_options(int argc, char **argv, struct verify_wishes *o)
{
	static const struct option longs[] = {
		{ "root", required_argument, NULL, 'r' },
		{ "quick", no_argument, NULL, QUICK },
		{ "repair", no_argument, NULL, REPAIR },
		{ "from", required_argument, NULL, FROM },
		{ "registries", required_argument, NULL, REGISTRIES },
		{ "wait", required_argument, NULL, WAIT },
		{ "limit-rate", required_argument, NULL, LIMIT_RATE },
		{ "max-time", required_argument, NULL, MAX_TIME },
		{ "withdraw", no_argument, NULL, WITHDRAW },
		{ "go-on", no_argument, NULL, GO_ON },
		{ "json", no_argument, NULL, JSON },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	static const struct words words = {
		.command = "cdr verify", .shorts = "r:qh", .longs = longs,
		.usage = usage,
	};
	int code = words_read(argc, argv, &words, parse_one, o);

	return code == -1 ? check_options(o) : code;
}

/* An image by tag, or by the digest that it has here. */
static int
read_refs(int argc, char **argv, struct verify_inputs *in, struct err *e)
{
	struct image_ref *ref;
	int i;

	in->refs = xcalloc((size_t)argc + 1, sizeof(*in->refs));
	in->digests = xcalloc((size_t)argc + 1, sizeof(*in->digests));
	in->only = xcalloc((size_t)argc + 1, sizeof(*in->only));
	for (i = 0; i < argc; i++) {
		ref = &in->refs[in->count];
		if (image_ref_parse(argv[i], ref, e) == -1)
			return -1;
		in->only[in->count] = (struct verify_reference){
			.registry = ref->registry,
			.repository = ref->repository,
			.reference = ref->has_digest ? digest_text(
			    &ref->digest, in->digests[in->count]) : ref->tag,
		};
		in->count++;
	}
	return 0;
}

static int
read_layout(const char *text, struct ocidir **ret, struct err *e)
{
	struct image_list *none = list_new(NULL, NULL);
	int rc = inputs_layout(text, none, ret, e);

	list_free(none);
	return rc;
}

static int
read_inputs(const struct verify_wishes *o, int argc, char **argv,
    struct verify_inputs *in, struct err *e)
{
	if (read_refs(argc, argv, in, e) == -1)
		return -1;
	if (!o->repair)
		return 0;
	if (repair_ready(o->from != NULL && is_here(o->from), e) == -1 ||
	    inputs_registries(o->registries, &in->registries, e) == -1)
		return -1;
	if (o->from != NULL && is_layout(o->from) && read_layout(o->from +
	    strlen(INPUTS_LAYOUT), &in->layout, e) == -1)
		return -1;
	return inputs_credentials(&in->keyring, e);
}

static void
inputs_done(struct verify_inputs *in)
{
	size_t i;

	for (i = 0; i < in->count; i++)
		image_ref_done(&in->refs[i]);
	free(in->refs);
	free(in->digests);
	free(in->only);
	registries_free(in->registries);
	keyring_free(in->keyring);
	ocidir_close(in->layout);
}

int
cmd_verify(int argc, char **argv)
{
	struct verify_wishes o = { .level = REPORT_INFO };
	struct verify_inputs in = { .count = 0 };
	struct err e;
	int code = parse_options(argc, argv, &o);

	if (code != -1)
		return code;
	/* A look alone is short, and somebody waits for it. */
	if (!o.quick && !aside_begin(&code))
		return code;
	report_init(REPORT_TEXT, o.level);
	if (o.json)
		report_results_aside();
	credentials_init();
	if (read_inputs(&o, argc - optind, argv + optind, &in, &e) == -1) {
		report(REPORT_ERROR, "%s", e.msg);
		code = EXIT_INPUT;
	} else {
		code = verify_all(&o, &in);
	}
	inputs_done(&in);
	return code;
}
