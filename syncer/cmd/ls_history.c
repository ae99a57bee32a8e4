/* What one reference led to when, and where it can be set back to. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/ls_history.h"
#include "image/ref.h"
#include "layout/digest_set.h"
#include "layout/name.h"
#include "layout/pins.h"
#include "layout/store.h"
#include "layout/tag_history.h"
#include "mirror/children.h"
#include "mirror/tags_here.h"
#include "report/report.h"

struct past {
	const struct store *store;
	const char *registry, *repository;
	char reference[DIGEST_TEXT_MAX + TAG_MAX];
	struct manifest_id current;
	bool is_held;
	struct digest held_at;
	struct tag_history history;
	struct digest_set shown;	/* by a newer line */
	bool json;
	size_t count;
};

/* One line, and what is to be said of it. */
struct entry {
	const struct tag_history_line *line;
	bool is_current, is_held;	/* of the newest line of a digest */
	bool is_whole;
	struct err lacks;
};

static void
print_text(const struct past *p, const struct entry *x)
{
	char digest[DIGEST_TEXT_MAX];

	if (p->count == 0)
		printf("%-20s  %-9s  %-71s  %s\n", "TIME", "HOW", "DIGEST",
		    "NOW");
	printf("%-20s  %-9s  %s", x->line->time,
	    x->line->is_rollback ? "rollback" : "published",
	    digest_text(&x->line->digest, digest));
	if (x->is_current)
		fputs("  current", stdout);
	if (x->is_held)
		fputs("  held", stdout);
	if (x->line->back > 0)
		printf("  -%u", x->line->back);
	if (x->line->is_left && !x->is_current)
		fputs("  rolled back from", stdout);
	if (!x->is_whole)
		printf("  not whole here: %s", x->lacks.msg);
	putchar('\n');
}

static void
print_json(const struct past *p, const struct entry *x)
{
	char digest[DIGEST_TEXT_MAX];
	json_t *row = json_pack("{ss ss ss sb}", "time", x->line->time,
	    "digest", digest_text(&x->line->digest, digest),
	    "how", x->line->is_rollback ? "rollback" : "published",
	    "whole", x->is_whole);

	if (x->is_current)
		json_object_set_new(row, "current", json_true());
	if (x->is_held)
		json_object_set_new(row, "held", json_true());
	if (x->line->back > 0)
		json_object_set_new(row, "back",
		    json_integer((json_int_t)x->line->back));
	if (x->line->is_left)
		json_object_set_new(row, "left", json_true());
	if (!x->is_whole)
		json_object_set_new(row, "lacks", json_string(x->lacks.msg));
	fputs(p->count == 0 ? "[\n" : ",\n", stdout);
	json_dumpf(row, stdout, JSON_COMPACT);
	json_decref(row);
}

/* A digest that the repository has no link to any more is gone, though its
 * objects may lie here for another one. */
static int
look_at(const struct past *p, struct entry *x, struct err *e)
{
	char text[DIGEST_TEXT_MAX];
	struct manifest_id id;
	int rc;

	rc = store_reference_get(p->store, p->registry, p->repository,
	    digest_text(&x->line->digest, text), &id, e);
	if (rc == 1)
		rc = store_is_whole(p->store, p->registry, p->repository, &id,
		    children_each, NULL, &x->lacks);
	else if (rc == 0)
		err_set(&x->lacks, ERR_NOT_FOUND, "the repository does not "
		    "have it any more");
	x->is_whole = rc == 1;
	if (rc == -1 && x->lacks.code != ERR_NONE)
		*e = x->lacks;
	return rc == -1 ? -1 : 0;
}

static int
print_line(struct past *p, const struct tag_history_line *line, struct err *e)
{
	bool is_newest = digest_set_add(&p->shown, &line->digest, NULL);
	struct entry x = { .line = line, .lacks.code = ERR_NONE };

	x.is_current = is_newest &&
	    digest_equal(&line->digest, &p->current.digest);
	x.is_held = is_newest && p->is_held &&
	    digest_equal(&line->digest, &p->held_at);
	if (look_at(p, &x, e) == -1)
		return -1;
	if (p->json)
		print_json(p, &x);
	else
		print_text(p, &x);
	p->count++;
	return 0;
}

/* Return 1, 0 if there is no such reference, -1. */
static int
read_past(struct past *p, struct err *e)
{
	struct err why;
	int rc;

	rc = store_reference_get(p->store, p->registry, p->repository,
	    p->reference, &p->current, e);
	if (rc != 1)
		return rc;
	if (name_is_tag(p->reference)) {
		rc = store_held_get(p->store, p->registry, p->repository,
		    p->reference, &p->held_at, &why);
		p->is_held = rc == 1;
		if (rc == -1)
			report(REPORT_WARNING, "%s", why.msg);
	}
	if (store_history_read(p->store, p->registry, p->repository,
	    p->reference, &p->history, e) == -1)
		return -1;
	tag_history_judge(&p->history, &p->current.digest);
	return 1;
}

static int
print_past(struct past *p, const char *name)
{
	struct err e;
	char *others;
	size_t i;
	int rc = read_past(p, &e);

	for (i = p->history.count; rc == 1 && i-- > 0;)
		if (print_line(p, &p->history.lines[i], &e) == -1)
			rc = -1;
	if (p->json && rc != 0)
		fputs(p->count == 0 ? "[]\n" : "\n]\n", stdout);
	if (rc == 0) {
		others = tags_here(p->store, p->registry, p->repository);
		report(REPORT_ERROR, "%s: it is not here%s", name, others);
		free(others);
	} else if (rc == -1)
		report(REPORT_ERROR, "%s: %s", name, e.msg);
	if (fflush(stdout) != 0)
		return EXIT_STORE;
	return rc == 1 ? EXIT_OK : EXIT_SOME_FAILED;
}

static int
print_reference(const char *root, const struct image_ref *ref, bool json)
{
	struct past p = { .registry = ref->registry,
	    .repository = ref->repository, .json = json };
	char name[FULL_NAME_MAX];
	struct store *store;
	struct err e;
	int code;

	if (ref->tag != NULL)
		snprintf(p.reference, sizeof(p.reference), "%s", ref->tag);
	else
		digest_text(&ref->digest, p.reference);
	if (store_open(root, STORE_READ, &store, &e) == -1) {
		report(REPORT_ERROR, "%s", e.msg);
		return EXIT_STORE;
	}
	p.store = store;
	code = print_past(&p, full_name(ref->registry, ref->repository,
	    p.reference, name));
	tag_history_done(&p.history);
	digest_set_done(&p.shown);
	store_close(store);
	return code;
}

int
ls_history(const char *root, const char *name, bool json)
{
	struct image_ref ref;
	struct err e;
	int code;

	if (image_ref_parse(name, &ref, &e) == -1) {
		fprintf(stderr, "cdr ls: %s\nTry 'cdr ls --help'.\n", e.msg);
		return EXIT_INPUT;
	}
	if (ref.tag != NULL && ref.has_digest) {
		fprintf(stderr, "cdr ls: %.300s: a tag or a digest, but not "
		    "both\nTry 'cdr ls --help'.\n", name);
		code = EXIT_INPUT;
	} else {
		code = print_reference(root, &ref, json);
	}
	image_ref_done(&ref);
	return code;
}
