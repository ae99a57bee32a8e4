/* cdr pin, cdr unpin: keep an image whatever a list says. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/refresh.h"
#include "cmd/words.h"
#include "image/ref.h"
#include "layout/mem.h"
#include "layout/pins.h"
#include "layout/store.h"
#include "mirror/tags_here.h"
#include "report/report.h"

static const char usage[] =
"usage: cdr pin [-r ROOT] [REF]...\n"
"       cdr unpin [-r ROOT] REF...\n"
"\n"
"Keep images, whatever a list says, and whatever 'cdr gc' is told.\n"
"\n"
"  REF               nginx:1.27: whatever the tag leads to; nginx@sha256:..: this\n"
"                    manifest of the repository.  Without one, 'cdr pin' lists\n"
"                    what is pinned\n"
"  -r, --root ROOT   the tree (default: $CDR_ROOT, or /srv/cdr)\n"
"  -h, --help        print this\n"
"\n"
"Exit: 0 all is well; 1 an image is not here, or was not pinned; 2 usage; 3 the\n"
"tree cannot be used.\n";

struct pinned {
	char name[FULL_NAME_MAX];
	struct image_ref ref;
	char reference[DIGEST_TEXT_MAX + TAG_MAX];
	bool is_changed;
};

struct pinning {
	const char *root;
	bool is_pin;
	struct pinned *all;
	size_t count;
	bool failed;
};

static const char *
own_name(const struct pinning *o)
{
	return o->is_pin ? "pin" : "unpin";
}

static int
bad_usage(const struct pinning *o)
{
	fprintf(stderr, "Try 'cdr %s --help'.\n", own_name(o));
	return EXIT_INPUT;
}

/* --- listing ----------------------------------------------------------- */

/* People may have written one that keeps nothing. */
static int
print_pin(const struct store *store, const char *name, struct err *e)
{
	struct manifest_id id;
	struct full_name n;
	int rc;

	rc = full_name_split(name, &n) ? store_reference_get(store,
	    n.registry, n.repository, n.reference, &id, e) : 0;
	if (rc != -1)
		printf("%s%s\n", name, rc == 1 ? "" : "  not here");
	return rc == -1 ? -1 : 0;
}

static int
list(const struct pinning *o)
{
	struct pins pins = { NULL, 0, 0, NULL };
	struct store *store;
	const char *name;
	struct err e;
	size_t at = 0;
	int rc;

	if (store_open(o->root, STORE_READ, &store, &e) == -1) {
		report(REPORT_ERROR, "%s", e.msg);
		return EXIT_STORE;
	}
	rc = store_pins_read(store, &pins, &e);
	while (rc == 0 && (name = pins_next(&pins, &at)) != NULL)
		rc = print_pin(store, name, &e);
	pins_done(&pins);
	store_close(store);
	if (rc == -1) {
		report(REPORT_ERROR, "%s: %s", o->root, e.msg);
		return EXIT_STORE;
	}
	return fflush(stdout) == 0 ? EXIT_OK : EXIT_STORE;
}

/* --- changing ---------------------------------------------------------- */

static int
change_one(struct pinning *o, struct pinned *one, const struct store *store,
    struct pins *pins, struct err *e)
{
	struct manifest_id id;
	char *others;
	int rc;

	if (!o->is_pin) {
		one->is_changed = pins_remove(pins, one->name);
		if (!one->is_changed) {
			report(REPORT_ERROR, "%s: it is not pinned",
			    one->name);
			o->failed = true;
		}
		return 0;
	}
	rc = store_reference_get(store, one->ref.registry,
	    one->ref.repository, one->reference, &id, e);
	if (rc == 0) {
		others = tags_here(store, one->ref.registry,
		    one->ref.repository);
		report(REPORT_ERROR, "%s: it is not here%s", one->name,
		    others);
		free(others);
		o->failed = true;
	} else if (rc == 1) {
		one->is_changed = pins_add(pins, one->name);
	}
	return rc == -1 ? -1 : 0;
}

static int
change_all(struct pinning *o, struct store *store, struct err *e)
{
	bool is_changed = false;
	struct pins pins;
	size_t i;
	int rc;

	if (store_pins_read(store, &pins, e) == -1)
		return -1;
	for (i = 0, rc = 0; i < o->count && rc == 0; i++) {
		rc = change_one(o, &o->all[i], store, &pins, e);
		is_changed |= o->all[i].is_changed;
	}
	/* What is there already is made durable. */
	if (rc == 0 && (is_changed || pins.count > 0))
		rc = store_pins_write(store, &pins, e);
	pins_done(&pins);
	return rc;
}

/* One step, whatever many there are. */
static int
change_in_step(struct pinning *o, struct store *store, struct err *e)
{
	struct err why;
	int rc;

	if (store_step_begin(store, e) == -1)
		return -1;
	rc = change_all(o, store, e);
	if (store_step_end(store, rc == -1 ? &why : e) == -1)
		rc = -1;
	return rc;
}

static int
change(struct pinning *o)
{
	bool is_changed = false;
	struct store *store;
	struct err e;
	size_t i;
	int rc;

	if (store_open(o->root, STORE_STEP, &store, &e) == -1) {
		report(REPORT_ERROR, "%s", e.msg);
		return EXIT_STORE;
	}
	rc = change_in_step(o, store, &e);
	store_close(store);
	if (rc == -1) {
		report(REPORT_ERROR, "%s: %s", o->root, e.msg);
		return e.code == ERR_STORE ? EXIT_STORE : EXIT_SOME_FAILED;
	}
	for (i = 0; i < o->count; i++) {
		is_changed |= o->all[i].is_changed;
		if (o->all[i].is_changed)
			printf("%sned  %s\n", own_name(o), o->all[i].name);
	}
	if (fflush(stdout) != 0)
		return EXIT_STORE;
	if (is_changed)
		refresh_if_free(o->root);
	return o->failed ? EXIT_SOME_FAILED : EXIT_OK;
}

/* --- words ------------------------------------------------------------- */

static int
parse_one(const char *word, struct pinned *ret, struct err *e)
{
	if (image_ref_parse(word, &ret->ref, e) == -1)
		return -1;
	if (ret->ref.tag != NULL && ret->ref.has_digest)
		return err_set(e, ERR_INPUT, "%.300s: a tag or a digest, but "
		    "not both", word);
	if (ret->ref.tag != NULL)
		snprintf(ret->reference, sizeof(ret->reference), "%s",
		    ret->ref.tag);
	else
		digest_text(&ret->ref.digest, ret->reference);
	full_name(ret->ref.registry, ret->ref.repository, ret->reference,
	    ret->name);
	return 0;
}

static int
parse_all(char **words, struct pinning *o, struct err *e)
{
	size_t count = 0;

	while (words[count] != NULL)
		count++;
	o->all = xcalloc(count + 1, sizeof(*o->all));
	for (; o->count < count; o->count++)
		if (parse_one(words[o->count], &o->all[o->count], e) == -1)
			return -1;
	return 0;
}

static int
take_root(void *cookie, int letter, const char *arg)
{
	struct pinning *o = cookie;

	(void)letter;
	o->root = arg;
	return -1;
}

/* Return -1 to go on, or an exit code. */
static int
parse_options(int argc, char **argv, struct pinning *o)
{
	static const struct option longs[] = {
		{ "root", required_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	const struct words words = {
		.command = o->is_pin ? "cdr pin" : "cdr unpin",
		.shorts = "r:h", .longs = longs, .usage = usage,
	};

	return words_read(argc, argv, &words, take_root, o);
}

static int
run(int argc, char **argv, bool is_pin)
{
	struct pinning o = { .is_pin = is_pin };
	struct err e;
	size_t i;
	int code;

	report_init(REPORT_TEXT, REPORT_INFO);
	code = parse_options(argc, argv, &o);
	if (code != -1)
		return code;
	o.root = cmd_root(o.root);
	if (parse_all(argv + optind, &o, &e) == -1) {
		fprintf(stderr, "cdr %s: %s\n", own_name(&o), e.msg);
		code = bad_usage(&o);
	} else if (o.count == 0 && !is_pin) {
		fputs("cdr unpin: which image?\n", stderr);
		code = bad_usage(&o);
	} else {
		code = o.count == 0 ? list(&o) : change(&o);
	}
	/* The one that made no sense may be half done. */
	for (i = 0; o.all != NULL && i <= o.count; i++)
		image_ref_done(&o.all[i].ref);
	free(o.all);
	return code;
}

int
cmd_pin(int argc, char **argv)
{
	return run(argc, argv, true);
}

int
cmd_unpin(int argc, char **argv)
{
	return run(argc, argv, false);
}
