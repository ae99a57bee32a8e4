/* The images of a bundle, one after the other, with what is about them; and
 * which cannot go. */
#include <stdlib.h>
#include <string.h>

#include "bundle/export_choose.h"
#include "bundle/export_internal.h"
#include "image/ref.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "mirror/keep_list.h"
#include "report/report.h"

struct making {
	struct export *x;
	struct export_wishes wishes;
	char *name;			/* of the image at hand */
	size_t room;
};

static void
leave_out(struct export *x, const char *image, const char *why)
{
	x->left = xreallocarray(x->left, x->left_count + 1,
	    sizeof(*x->left));
	x->left[x->left_count].image = xstrdup(image);
	x->left[x->left_count++].why = xstrdup(why);
	report(REPORT_ERROR, "%s: %s", image, why);
}

static void
tell_lame(void *cookie, const char *what)
{
	struct making *m = cookie;

	m->x->lame++;
	report(REPORT_ERROR, "%s: %s", m->name, what);
}

static void
tell_unmet(void *cookie, const struct list_entry *entry)
{
	struct making *m = cookie;
	char *text = image_ref_text(&entry->ref);

	leave_out(m->x, text, "nothing that the pattern finds is here");
	free(text);
}

/* A digest that a list demands is not the one that is here. */
static bool
is_other(struct making *m, const struct export_wish *wish,
    const struct export_image *image)
{
	char want[DIGEST_TEXT_MAX], have[DIGEST_TEXT_MAX], *why;
	const struct list_entry *entry = wish->entry;

	if (entry == NULL || !entry->ref.has_digest ||
	    digest_equal(&entry->ref.digest, &image->image.root.digest))
		return false;
	why = xasprintf("the list wants %s, and here it is %s",
	    digest_text(&entry->ref.digest, want),
	    digest_text(&image->image.root.digest, have));
	leave_out(m->x, m->name, why);
	free(why);
	return true;
}

/* Two repositories may serve the same bytes as two types, but a bundle has them
 * once. */
static bool
is_at_odds(struct making *m, const struct export_image *image)
{
	char text[DIGEST_TEXT_MAX], *why;
	struct digest digest;

	if (export_set_agrees(&m->x->set, image, &digest))
		return false;
	why = xasprintf("another image of the bundle has %s as another type: "
	    "export it by itself", digest_text(&digest, text));
	leave_out(m->x, m->name, why);
	free(why);
	return true;
}

/* The statement takes the image. */
static void
take(struct making *m, struct export_image *image)
{
	struct export *x = m->x;
	struct statement *s = &x->statement;
	struct export_row *row;

	if (s->image_count == m->room) {
		m->room = m->room == 0 ? 64 : 2 * m->room;
		s->images = xreallocarray(s->images, m->room,
		    sizeof(*s->images));
		x->rows = xreallocarray(x->rows, m->room, sizeof(*x->rows));
	}
	row = &x->rows[s->image_count];
	row->bytes = export_set_add(&x->set, image);
	row->is_held = image->image.is_held;
	row->is_known = digest_set_has(&x->set.has_manifests,
	    &image->image.root.digest);
	s->images[s->image_count++] = image->image;
	memset(&image->image, 0, sizeof(image->image));
}

static int take_wish(struct making *, const struct export_wish *, unsigned,
    struct err *);

/* What is about it comes right behind it; what is about that, too, as far as
 * anybody would look for it. */
static int
take_companions(struct making *m, const struct export_wish *of,
    const struct export_image *image, unsigned depth, struct err *e)
{
	struct export_wish wish = { .registry = of->registry,
	    .repository = of->repository };
	size_t i;
	int rc = 0;

	for (i = 0; i < image->companion_count && rc == 0; i++) {
		wish.reference = image->companions[i];
		if (depth < MANIFEST_DEPTH_MAX && export_wish_claim(
		    &m->wishes, wish.registry, wish.repository,
		    wish.reference))
			rc = take_wish(m, &wish, depth + 1, e);
	}
	return rc;
}

static int
take_reached(struct making *m, const struct export_wish *wish, unsigned depth,
    struct err *e)
{
	struct export_from from = {
		.store = m->x->order->store,
		.registry = wish->registry,
		.repository = wish->repository,
		.reference = wish->reference,
		.bad = &m->x->bad,
		.lame = tell_lame,
		.cookie = m,
	};
	struct export_image image;
	int rc;

	rc = export_reach(&from, &image, e);
	if (rc == 0)
		leave_out(m->x, m->name, e->msg);
	if (rc != 1)
		return rc == -1 ? err_wrap(e, "%s", m->name) : 0;
	rc = 0;
	if (!is_other(m, wish, &image) && !is_at_odds(m, &image)) {
		take(m, &image);
		rc = take_companions(m, wish, &image, depth, e);
	}
	export_image_done(&image);
	return rc;
}

static int
take_wish(struct making *m, const struct export_wish *wish, unsigned depth,
    struct err *e)
{
	char *before = m->name;
	int rc;

	if (m->x->statement.image_count == BUNDLE_IMAGES_MAX)
		return err_set(e, ERR_INPUT, "a bundle has %u images at most",
		    BUNDLE_IMAGES_MAX);
	m->name = keep_list_image(wish->registry, wish->repository,
	    wish->reference);
	rc = take_reached(m, wish, depth, e);
	free(m->name);
	m->name = before;
	return rc;
}

static void
show(const struct making *m, size_t i)
{
	const struct export_wish *wish = &m->wishes.items[i];
	char *name = keep_list_image(wish->registry, wish->repository,
	    wish->reference);
	struct report_work w = {
		.what = "image",
		.done = i,
		.all = m->wishes.count,
		.permille = report_permille(i, m->wishes.count),
		.names = image_ref_short(name),
	};

	report_work(&w);
	free(name);
}

static int
take_all(struct making *m, struct err *e)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < m->wishes.count && rc == 0; i++) {
		if (report_progress_due())
			show(m, i);
		rc = take_wish(m, &m->wishes.items[i], 0, e);
	}
	return rc;
}

int
export_images(struct export *x, struct err *e)
{
	const struct export_order *o = x->order;
	struct making m = { .x = x };
	int rc = 0;

	if (o->inventory != NULL)
		rc = export_set_has(&x->set, o->store, o->inventory, e);
	if (rc == 0)
		rc = export_choose(o->list, o->store, &m.wishes, tell_unmet,
		    &m, e);
	if (rc == 0)
		rc = take_all(&m, e);
	export_wishes_done(&m.wishes);
	if (rc == -1)
		return -1;
	return x->statement.image_count == 0;
}
