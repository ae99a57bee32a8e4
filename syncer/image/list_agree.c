#include <assert.h>
#include <stdlib.h>

#include "image/list_agree.h"
#include "layout/mem.h"

/* What lines have said of one tag together. */
struct list_pin {
	struct list_pin *next;
	struct digest digest;		/* that one of them wants */
	const char *file;		/* where that is said */
	unsigned line;
	bool has_other;			/* another one wants: */
	struct digest other;
	const char *other_file;		/* that is said here; or, without
					 * has_other, that it is the tag's */
	unsigned other_line;
};

char *
list_place(const char *file, unsigned line)
{
	if (file == NULL)
		return xstrdup("command line");
	return line == 0 ? xstrdup(file) : xasprintf("%s:%u", file, line);
}

/* --- keys -------------------------------------------------------------- */

/* The rules are interned: one rule, one address. */
const char *
list_difference(const struct list_entry *a, const struct list_entry *b)
{
	if (a->platforms != b->platforms)
		return "platform=";
	if (a->referrers != b->referrers)
		return "referrers=";
	if (a->signed_by != b->signed_by)
		return "signed=";
	if (a->keep != b->keep)
		return "keep=";
	return a->keep_for_s != b->keep_for_s ? "keep-for=" : NULL;
}

int
list_dispute(const struct list_entry *a, const struct list_entry *b,
    struct err *e)
{
	char *first = list_place(a->file, a->line);
	char *second = list_place(b->file, b->line);

	assert(a->tags != NULL && b->tags != NULL);
	err_set(e, ERR_INPUT, "%.200s (tags=%.80s) and %.200s (tags=%.80s) "
	    "both want it, with a different %s: make them agree, or give the "
	    "tag a line of its own", first, a->tags->text, second,
	    b->tags->text, list_difference(a, b));
	free(first);
	free(second);
	return -1;
}

const char *
list_keys_differ(const struct list_entry *a, const struct list_entry *b)
{
	const char *key = list_difference(a, b);

	if (key != NULL)
		return key;
	if (a->newest != b->newest)
		return "newest=";
	return a->priority != b->priority ? "priority=" : NULL;
}

/* --- one tag, and a digest, or two ------------------------------------- */

static struct list_pin *
add_pin(struct list_pin **pins, struct list_entry *entry,
    const struct list_entry *from)
{
	struct list_pin *pin = xcalloc(1, sizeof(*pin));

	pin->digest = from->ref.digest;
	pin->file = from->file;
	pin->line = from->line;
	pin->next = *pins;
	*pins = pin;
	entry->pin = pin;
	return pin;
}

static void
note_other(struct list_pin *pin, const struct list_entry *entry)
{
	pin->has_other = entry->ref.has_digest;
	if (pin->has_other)
		pin->other = entry->ref.digest;
	pin->other_file = entry->file;
	pin->other_line = entry->line;
}

/* The first two that disagree are told. */
void
list_pin(struct list_pin **pins, struct list_entry *first,
    const struct list_entry *later)
{
	struct list_pin *pin = first->pin;

	if (first->ref.tag == NULL || (pin != NULL && pin->has_other))
		return;
	if (pin != NULL) {
		if (later->ref.has_digest &&
		    !digest_equal(&later->ref.digest, &pin->digest))
			note_other(pin, later);
	} else if (first->ref.has_digest && (!later->ref.has_digest ||
	    !digest_equal(&later->ref.digest, &first->ref.digest))) {
		note_other(add_pin(pins, first, first), later);
		first->ref.has_digest = false;
	} else if (!first->ref.has_digest && later->ref.has_digest) {
		note_other(add_pin(pins, first, later), first);
	}
}

int
list_agree(const struct list_entry *entry, const struct digest *at,
    struct err *e)
{
	char pinned[DIGEST_TEXT_MAX], other[DIGEST_TEXT_MAX], *first, *second;
	const struct list_pin *pin = entry->pin;

	if (pin == NULL || (!pin->has_other && (at == NULL ||
	    digest_equal(at, &pin->digest))))
		return 0;
	first = list_place(pin->file, pin->line);
	second = list_place(pin->other_file, pin->other_line);
	err_set(e, ERR_INPUT, "%.200s pins it to %s, and %.200s wants %s%s: "
	    "take one of the two out", first, digest_text(&pin->digest,
	    pinned), second, digest_text(pin->has_other ? &pin->other : at,
	    other), pin->has_other ? "" : ", where the tag points to");
	free(first);
	free(second);
	return -1;
}

void
list_pins_done(struct list_pin *pin)
{
	struct list_pin *next;

	for (; pin != NULL; pin = next) {
		next = pin->next;
		free(pin);
	}
}
