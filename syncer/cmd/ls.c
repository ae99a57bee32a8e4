/* cdr ls: what is in the tree. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/ls_history.h"
#include "cmd/words.h"
#include "image/filter.h"
#include "layout/mem.h"
#include "layout/name.h"
#include "layout/pins.h"
#include "layout/store.h"
#include "report/colour.h"
#include "report/report.h"
#include "mirror/walk.h"

static const char usage[] =
"usage: cdr ls [-r ROOT] [--json] [FILTER]...\n"
"       cdr ls [-r ROOT] [--json] --history REF\n"
"\n"
"List the images of a tree: reference, digest, the platforms that are here, the\n"
"size of all that the image reaches (images share blobs), when it was\n"
"published, whether its tag is held there, whether it is pinned, and how many\n"
"foreign layers it lacks.\n"
"\n"
"  FILTER            only images that fit, or one of several: nginx, any part of\n"
"                    a name; nginx:1.27, that one; :1.27, a tag; sha256:3f9c or\n"
"                    3f9c12, the beginning of a digest; 'nginx:1.*' and\n"
"                    'ghcr.io/*', patterns with *, ? and [...]\n"
"  -r, --root ROOT   the tree (default: $CDR_ROOT, or /srv/cdr)\n"
"      --json        print one array of objects\n"
"      --history REF which digests REF had, the newest first; what of them is\n"
"                    whole here, and where 'cdr rollback' can set it\n"
"  -h, --help        print this\n"
"\n"
"Exit: 0 all is well; 1 an image cannot be read; 2 usage; 3 no tree at ROOT.\n";

struct lister {
	const struct store *store;
	struct pins pins;
	char **filters;			/* up to a NULL; none: all */
	bool json;
	size_t count;
	bool failed;
};

/* One line's worth. */
struct row {
	const char *image;
	char digest[DIGEST_TEXT_MAX];
	const char *media_type;
	char published[STORE_TIME_MAX];
	bool held, pinned;
	struct walk walk;
};

static char *
platforms_text(const struct walk *w)
{
	char *all = xstrdup(""), *longer;
	char text[PLATFORM_TEXT_MAX];
	size_t i;

	for (i = 0; i < w->have_count; i++) {
		longer = xasprintf("%s%s%s", all, i == 0 ? "" : ",",
		    platform_text(&w->have[i], text));
		free(all);
		all = longer;
	}
	return all;
}

static void
put_text(struct lister *l, const struct row *r)
{
	char size[REPORT_BYTES_MAX];
	char *platforms = platforms_text(&r->walk);

	if (l->count == 0)
		printf("%s%-44s  %-19s  %8s  %-20s  %s%s\n",
		    colour(stdout, COLOUR_HEAD), "IMAGE", "DIGEST", "SIZE",
		    "PUBLISHED", "PLATFORMS", colour_end(stdout));
	printf("%-44s  %.19s  %8s  %-20s  %s%s", r->image, r->digest,
	    report_bytes(r->walk.bytes, size), r->published,
	    platforms[0] == '\0' ? "-" : platforms, r->held ? "  held" : "");
	if (r->pinned)
		printf("  pinned");
	if (r->walk.elsewhere > 0)
		printf("  %zu layer(s) elsewhere", r->walk.elsewhere);
	putchar('\n');
	free(platforms);
}

static void
put_json(struct lister *l, const struct row *r)
{
	json_t *row, *platforms = json_array();
	char text[PLATFORM_TEXT_MAX];
	size_t i;

	for (i = 0; i < r->walk.have_count; i++)
		json_array_append_new(platforms,
		    json_string(platform_text(&r->walk.have[i], text)));
	row = json_pack("{ss ss ss so sI sI ss}", "image", r->image,
	    "digest", r->digest, "mediaType", r->media_type,
	    "platforms", platforms, "bytes", (json_int_t)r->walk.bytes,
	    "blobs", (json_int_t)r->walk.blob_count,
	    "published", r->published);
	if (r->held)
		json_object_set_new(row, "held", json_true());
	if (r->pinned)
		json_object_set_new(row, "pinned", json_true());
	if (r->walk.elsewhere > 0)
		json_object_set_new(row, "elsewhere",
		    json_integer((json_int_t)r->walk.elsewhere));
	fputs(l->count == 0 ? "[\n" : ",\n", stdout);
	json_dumpf(row, stdout, JSON_COMPACT);
	json_decref(row);
}

/* A hold that nobody can read holds the tag as well. */
static bool
is_held(const struct store *store, const char *registry,
    const char *repository, const char *reference)
{
	struct err ignored;
	struct digest at;

	return name_is_tag(reference) && store_held_get(store, registry,
	    repository, reference, &at, &ignored) != 0;
}

static bool
is_wanted(const struct lister *l, const char *registry,
    const char *repository, const char *reference, const struct digest *digest)
{
	char text[DIGEST_TEXT_MAX];
	size_t i;

	digest_text(digest, text);
	for (i = 0; l->filters[i] != NULL; i++)
		if (filter_matches(l->filters[i], registry, repository,
		    reference, text))
			return true;
	return i == 0;
}

static int
list_image(void *cookie, const char *registry, const char *repository,
    const char *reference, const struct manifest_id *id, struct err *e)
{
	static const struct platform_set all = { .all = true };
	struct digest_set none = { 0 };
	struct lister *l = cookie;
	struct row r = { .media_type = id->media_type };
	char name[FULL_NAME_MAX];
	struct walk_from from = {
		.store = l->store,
		.registry = registry,
		.repository = repository,
		.root = id->digest,
		.platforms = &all,
		.absent = &none,
		.as_blobs = &none,
	};

	if (!is_wanted(l, registry, repository, reference, &id->digest))
		return 0;
	r.held = is_held(l->store, registry, repository, reference);
	if (store_published_at(l->store, registry, repository, reference,
	    r.published, e) == -1)
		return -1;
	r.image = full_name(registry, repository, reference, name);
	r.pinned = pins_have(&l->pins, r.image);
	digest_text(&id->digest, r.digest);
	if (walk_image(&from, &r.walk, e) == -1) {
		report(REPORT_ERROR, "%s: %s", r.image, e->msg);
		l->failed = true;
	} else {
		if (l->json)
			put_json(l, &r);
		else
			put_text(l, &r);
		l->count++;
		walk_done(&r.walk);
	}
	return 0;
}

static int
list(const char *root, char **filters, bool json)
{
	struct lister l = { .json = json, .filters = filters };
	struct store *store;
	struct err e;
	int rc;

	if (store_open(root, STORE_READ, &store, &e) == -1) {
		report(REPORT_ERROR, "%s", e.msg);
		return EXIT_STORE;
	}
	l.store = store;
	if (store_pins_read(store, &l.pins, &e) == -1)
		report(REPORT_WARNING, "%s", e.msg);
	rc = store_each_reference(store, list_image, &l, &e);
	if (rc == -1)
		report(REPORT_ERROR, "%s: %s", root, e.msg);
	if (json)
		fputs(l.count == 0 ? "[]\n" : "\n]\n", stdout);
	if (rc == 0 && l.count == 0 && !l.failed)
		report(REPORT_INFO, filters[0] == NULL ? "%s: no image is here "
		    "yet" : "%s: no image fits", root);
	pins_done(&l.pins);
	store_close(store);
	if (fflush(stdout) != 0)
		return EXIT_STORE;
	return rc == -1 ? EXIT_STORE : l.failed ? EXIT_SOME_FAILED : EXIT_OK;
}

int
cmd_ls(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "root", required_argument, NULL, 'r' },
		{ "json", no_argument, NULL, 'j' },
		{ "history", required_argument, NULL, 'H' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	static const struct words words = {
		.command = "cdr ls", .shorts = "r:h", .longs = longs,
		.usage = usage,
	};
	const char *root = NULL, *history = NULL;
	bool json = false;
	int c;

	report_init(REPORT_TEXT, REPORT_INFO);
	while ((c = words_next(argc, argv, &words)) != -1) {
		switch (c) {
		case 'r':
			root = optarg;
			break;
		case 'j':
			json = true;
			break;
		case 'H':
			history = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return EXIT_OK;
		default:
			fputs("Try 'cdr ls --help'.\n", stderr);
			return EXIT_INPUT;
		}
	}
	if (history != NULL && optind < argc) {
		words_unexpected(&words, argv[optind]);
		fputs("Try 'cdr ls --help'.\n", stderr);
		return EXIT_INPUT;
	}
	if (history != NULL)
		return ls_history(cmd_root(root), history, json);
	return list(cmd_root(root), argv + optind, json);
}
