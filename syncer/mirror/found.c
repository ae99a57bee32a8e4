#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "layout/name.h"
#include "mirror/found.h"
#include "report/printable.h"
#include "report/report.h"

static const char *const kind_names[VERIFY_KINDS] = {
	[VERIFY_BYTES] = "bytes",
	[VERIFY_UNREADABLE] = "unreadable",
	[VERIFY_UNSTEADY] = "unsteady",
	[VERIFY_CACHED] = "cached",
	[VERIFY_MISSING] = "missing",
	[VERIFY_SIZE] = "size",
	[VERIFY_TYPE] = "type",
	[VERIFY_LINK] = "link",
	[VERIFY_LIST] = "list",
	[VERIFY_FOREIGN] = "foreign",
};

void
found_init(struct found *f, bool as_json)
{
	memset(f, 0, sizeof(*f));
	if (as_json)
		f->json = json_array();
}

void
found_done(struct found *f)
{
	size_t i;

	for (i = 0; i < f->count; i++) {
		repair_object_done(&f->objects[i]);
		free(f->paths[i]);
	}
	free(f->objects);
	free(f->paths);
	free(f->is_missing);
	free(f->rows);
	free(f->others);
	digest_set_done(&f->by_digest);
	json_decref(f->json);
	memset(f, 0, sizeof(*f));
}

/* --- one of them ------------------------------------------------------- */

static void
set_text(json_t *row, const char *key, const char *text)
{
	char *copy = xstrdup(text);

	printable(copy);
	json_object_set_new(row, key, json_string(copy));
	free(copy);
}

static json_t *
add_row(struct found *f, const struct verify_finding *v)
{
	char text[DIGEST_TEXT_MAX];
	json_t *row;

	if (f->json == NULL || f->told >= FOUND_TOLD_MAX)
		return NULL;
	row = json_object();
	set_text(row, "kind", kind_names[v->kind]);
	set_text(row, "path", v->path);
	set_text(row, "what", v->what);
	if (v->digest != NULL)
		set_text(row, "digest", digest_text(v->digest, text));
	if (v->is_out)
		json_object_set_new(row, "quarantined", json_true());
	if (v->is_mended)
		json_object_set_new(row, "mended", json_true());
	json_array_append_new(f->json, row);
	return row;
}

static void
grow(struct found *f)
{
	f->room = f->room == 0 ? 16 : 2 * f->room;
	f->objects = xreallocarray(f->objects, f->room, sizeof(*f->objects));
	f->paths = xreallocarray(f->paths, f->room, sizeof(*f->paths));
	f->is_missing = xreallocarray(f->is_missing, f->room,
	    sizeof(*f->is_missing));
	f->rows = xreallocarray(f->rows, f->room, sizeof(*f->rows));
	f->others = xreallocarray(f->others, f->room, sizeof(*f->others));
}

/* The object, or NULL.  The same bytes may be a manifest of two types, each in
 * a place of its own; ${type} is NULL for a blob. */
static struct repair_object *
place_of(const struct found *f, const struct digest *d, const char *type,
    size_t *ret)
{
	uintptr_t place = (uintptr_t)digest_set_get(&f->by_digest, d);

	if (type == NULL)
		type = "";
	for (; place != 0; place = f->others[*ret]) {
		*ret = place - 1;
		if (strcmp(f->objects[*ret].media_type, type) == 0)
			return &f->objects[*ret];
	}
	return NULL;
}

/* The value is the place: it need not be a pointer to anything. */
static void
add_place(struct found *f, size_t i)
{
	const struct digest *d = &f->objects[i].digest;
	void *first = digest_set_remove(&f->by_digest, d);

	f->others[i] = (uintptr_t)first;
	digest_set_add(&f->by_digest, d, (void *)(uintptr_t)(i + 1));
}

static void
add_object(struct found *f, const struct verify_finding *v, json_t *row)
{
	struct repair_object *o;
	size_t i;

	if (place_of(f, v->digest, v->media_type, &i) != NULL)
		return;
	if (f->count == FOUND_OBJECTS_MAX) {
		f->left_out++;
		return;
	}
	if (f->count == f->room)
		grow(f);
	o = &f->objects[f->count];
	memset(o, 0, sizeof(*o));
	o->digest = *v->digest;
	if (v->media_type != NULL)
		snprintf(o->media_type, sizeof(o->media_type), "%s",
		    v->media_type);
	f->paths[f->count] = xstrdup(v->path);
	f->is_missing[f->count] = v->kind == VERIFY_MISSING;
	f->rows[f->count] = row;
	add_place(f, f->count++);
}

static enum report_level
count(struct found *f, const struct verify_finding *v, json_t *row)
{
	switch (v->kind) {
	case VERIFY_BYTES:
	case VERIFY_UNREADABLE:
	case VERIFY_UNSTEADY:
		if (v->is_out)
			add_object(f, v, row);
		else
			f->bad++;
		return REPORT_ERROR;
	case VERIFY_MISSING:
		add_object(f, v, row);
		return REPORT_ERROR;
	case VERIFY_LIST:
		if (strchr(v->path, '/') == NULL)
			f->bad_lists++;
		/* FALLTHROUGH */
	case VERIFY_SIZE:
	case VERIFY_TYPE:
	case VERIFY_LINK:
		f->structure += !v->is_mended;
		f->mended += v->is_mended;
		return v->is_mended ? REPORT_WARNING : REPORT_ERROR;
	case VERIFY_FOREIGN:
		f->foreign++;
		break;
	case VERIFY_CACHED:
		break;
	}
	return REPORT_WARNING;
}

void
found_tell(void *cookie, const struct verify_finding *v)
{
	struct found *f = cookie;
	enum report_level level;
	json_t *row;
	size_t i;

	if (f->is_again && (v->digest == NULL || v->is_mended ||
	    (v->kind != VERIFY_MISSING && !v->is_out) ||
	    place_of(f, v->digest, v->media_type, &i) != NULL))
		return;
	row = add_row(f, v);
	level = count(f, v, row);
	if (f->told++ < FOUND_TOLD_MAX)
		report_result(level, "%s: %s%s%s", v->path, v->what, v->is_out ?
		    "; it is in quarantine now" : "", v->is_mended ?
		    "; mended" : "");
	else if (f->told == FOUND_TOLD_MAX + 1)
		report_result(REPORT_WARNING, "there is more; it is counted, "
		    "and not told");
}

/* --- who needs them ---------------------------------------------------- */

static void
add_source(void *cookie, const struct verify_reached *r)
{
	struct found *f = cookie;
	struct repair_object *o;
	size_t i;

	o = place_of(f, r->digest, r->media_type, &i);
	if (o != NULL)
		repair_add_source(o, r->registry, r->repository, r->size);
}

int
found_sources(struct found *f, const struct store *store,
    const struct verify_rules *rules, struct err *e)
{
	return verify_reach(store, rules, &f->by_digest, add_source, f, e);
}

static void
add_digest(void *cookie, const struct store_bad *bad)
{
	digest_set_add(cookie, &bad->digest, NULL);
}

void
found_recognize(struct found *f, const struct store *store)
{
	struct digest_set noted = { 0 };
	size_t i;

	store_bad_each(store, add_digest, &noted);
	for (i = 0; i < f->count; i++)
		f->known += f->is_missing[i] &&
		    digest_set_has(&noted, &f->objects[i].digest);
	digest_set_done(&noted);
}

/* What was taken out has been noted before it was. */
static size_t
to_note(const struct found *f, const struct digest_set *noted,
    struct store_bad *ret)
{
	size_t i, n = 0;

	for (i = 0; i < f->count; i++) {
		if (!f->is_missing[i] || f->objects[i].is_mended ||
		    digest_set_has(noted, &f->objects[i].digest))
			continue;
		ret[n].what = "missing";
		ret[n].path = f->paths[i];
		ret[n++].digest = f->objects[i].digest;
	}
	return n;
}

int
found_note(struct found *f, struct store *store, bool is_whole,
    struct err *e)
{
	struct store_bad *bad = xcalloc(f->count + 1, sizeof(*bad));
	struct digest_set noted = { 0 };
	struct err later;
	size_t n;
	int rc;

	rc = store_step_begin(store, e);
	if (rc == 0) {
		store_bad_each(store, add_digest, &noted);
		n = to_note(f, &noted, bad);
		rc = store_bad_update(store, bad, n, is_whole &&
		    f->left_out == 0 ? &f->by_digest : NULL, e);
		if (store_step_end(store, &later) == -1 && rc == 0) {
			*e = later;
			rc = -1;
		}
	}
	digest_set_done(&noted);
	free(bad);
	return rc;
}

/* --- what has come of them --------------------------------------------- */

void
found_settle(struct found *f)
{
	struct repair_object *o;
	size_t i;

	for (i = 0; i < f->count; i++) {
		o = &f->objects[i];
		if (!o->is_mended)
			continue;
		f->mended++;
		report_result(REPORT_INFO, "%s: mended", f->paths[i]);
		if (f->rows[i] != NULL)
			json_object_set_new(f->rows[i], "mended", json_true());
	}
}

size_t
found_unmended(const struct found *f)
{
	size_t i, n = f->left_out;

	for (i = 0; i < f->count; i++)
		n += !f->objects[i].is_mended;
	return n;
}

/* The images that need one object. */
struct named {
	char *images[FOUND_IMAGES_MAX];
	size_t count;
};

struct naming {
	struct found *f;
	struct store *store;
	bool withdraw;
	struct named *named;
	struct err *err;
	bool failed;
};

static void
withdraw(struct naming *n, const struct verify_reached *r)
{
	int rc = store_withdraw(n->store, r->registry, r->repository,
	    r->reference, &r->root->digest, n->err);

	n->failed = n->failed || rc == -1;
	if (rc != 1)
		return;
	n->f->withdrawn++;
	report_result(REPORT_WARNING, "%s/%s:%s: withdrawn; the next sync that "
	    "has it in its list brings it back", r->registry, r->repository,
	    r->reference);
}

static void
name_image(void *cookie, const struct verify_reached *r)
{
	struct naming *n = cookie;
	struct named *of;
	size_t i;

	if (place_of(n->f, r->digest, r->media_type, &i) == NULL ||
	    n->f->objects[i].is_mended)
		return;
	of = &n->named[i];
	if (!name_is_tag(r->reference))
		return;
	if (of->count++ < FOUND_IMAGES_MAX)
		of->images[of->count - 1] = xasprintf("%s/%s:%s",
		    r->registry, r->repository, r->reference);
	if (n->withdraw)
		withdraw(n, r);
}

static void
tell_unmended(struct found *f, size_t i, const struct named *of)
{
	json_t *images = json_array();
	char *all = NULL;
	size_t k, len = 0, count_told = of->count < FOUND_IMAGES_MAX ?
	    of->count : FOUND_IMAGES_MAX;
	FILE *out = xtext_open(&all, &len);

	for (k = 0; k < count_told; k++) {
		fprintf(out, "%s%s", k == 0 ? "" : ", ", of->images[k]);
		json_array_append_new(images, json_string(of->images[k]));
	}
	if (of->count > count_told)
		fprintf(out, " and %zu more", of->count - count_told);
	xtext_close(out);
	report_result(REPORT_ERROR, "%s: %s%s%s%s", f->paths[i],
	    of->count == 0 ? "no tag needs it" : "needed by ", all,
	    f->objects[i].err.code == ERR_NONE ? "" : "; it cannot be mended: ",
	    f->objects[i].err.code == ERR_NONE ? "" : f->objects[i].err.msg);
	if (f->rows[i] != NULL)
		json_object_set(f->rows[i], "images", images);
	json_decref(images);
	free(all);
}

int
found_name(struct found *f, struct store *store,
    const struct verify_rules *rules, bool is_withdrawing, struct err *e)
{
	struct naming n = { .f = f, .store = store,
	    .withdraw = is_withdrawing, .err = e };
	size_t i, k;
	int rc;

	if (found_unmended(f) == f->left_out)
		return 0;
	n.named = xcalloc(f->count, sizeof(*n.named));
	rc = verify_reach(store, rules, &f->by_digest, name_image, &n, e);
	for (i = 0; i < f->count; i++) {
		if (!f->objects[i].is_mended)
			tell_unmended(f, i, &n.named[i]);
		for (k = 0; k < n.named[i].count &&
		    k < FOUND_IMAGES_MAX; k++)
			free(n.named[i].images[k]);
	}
	free(n.named);
	return rc == -1 || n.failed ? -1 : 0;
}
