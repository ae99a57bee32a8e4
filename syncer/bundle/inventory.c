/* An inventory, read: what a site has. */
#include <stdlib.h>
#include <string.h>

#include "bundle/inventory.h"
#include "bundle/record.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "layout/pins.h"

struct parse {
	struct records r;
	struct inventory inv;
};

static bool
is_to(const char *name)
{
	return strcmp(name, "*") == 0 || bundle_is_site(name);
}

static int
read_bundle(struct parse *p, struct err *e)
{
	struct inventory *inv = &p->inv;
	char **words = p->r.words;
	struct inventory_bundle *b;
	size_t i;

	if (inv->bundle_count >= BUNDLE_SENDERS_MAX)
		return records_fail(&p->r, ERR_LIMIT, e, "bundles of more "
		    "than %u senders", BUNDLE_SENDERS_MAX);
	if (!bundle_is_site(words[1]) || !is_to(words[2]) ||
	    !bundle_is_id(words[4]))
		return records_fail(&p->r, ERR_DATA, e, "it should be "
		    "\"bundle FROM TO SEQ ID\"");
	for (i = 0; i < inv->bundle_count; i++)
		if (strcmp(inv->bundles[i].from, words[1]) == 0 &&
		    strcmp(inv->bundles[i].to, words[2]) == 0)
			return records_fail(&p->r, ERR_DATA, e, "there was "
			    "one of that sender already");
	inv->bundles = xgrow(inv->bundles, inv->bundle_count,
	    sizeof(*inv->bundles));
	b = &inv->bundles[inv->bundle_count];
	memset(b, 0, sizeof(*b));
	snprintf(b->from, sizeof(b->from), "%s", words[1]);
	snprintf(b->to, sizeof(b->to), "%s", words[2]);
	snprintf(b->id, sizeof(b->id), "%s", words[4]);
	if (records_number(&p->r, 3, BUNDLE_SEQ_MAX, &b->seq, e) == -1)
		return -1;
	inv->bundle_count++;
	return 0;
}

static int
read_image(struct parse *p, struct err *e)
{
	struct full_name name;
	struct digest digest;

	if (!full_name_split(p->r.words[1], &name))
		return records_fail(&p->r, ERR_DATA, e, "word 2 is no full "
		    "reference, such as docker.io/library/nginx:1.27");
	if (records_digest(&p->r, 2, &digest, e) == -1)
		return -1;
	p->inv.image_count++;
	return 0;
}

static int
read_digest(struct parse *p, struct digest_set *set, struct err *e)
{
	struct digest digest;

	if (records_digest(&p->r, 1, &digest, e) == -1)
		return -1;
	if (!digest_set_add(set, &digest, NULL))
		return records_fail(&p->r, ERR_DATA, e, "it was there "
		    "already");
	return 0;
}

/* The end is no failure here: what stands behind it is a signature. */
static int
read_body(struct parse *p, struct err *e)
{
	static const struct {
		const char *word;
		size_t count;
	} kinds[] = {
		{ "bundle", 5 }, { "image", 3 }, { "linked", 2 }, { "bad", 2 },
		{ "end", 1 },
	};
	size_t now = 0, i;
	int rc = 0;

	for (;;) {
		if (records_next(&p->r, e) == -1)
			return -1;
		for (i = now; i < 5; i++)
			if (records_at(&p->r, kinds[i].word, kinds[i].count))
				break;
		if (i == 5)
			return records_fail(&p->r, ERR_DATA, e, "it is no "
			    "record, or it does not belong here");
		now = i;
		if (i == 0)
			rc = read_bundle(p, e);
		else if (i == 1)
			rc = read_image(p, e);
		else if (i < 4)
			rc = read_digest(p, i == 2 ? &p->inv.linked :
			    &p->inv.bad, e);
		if (rc == -1 || i == 4)
			return rc;
	}
}

static int
read_all(struct parse *p, struct err *e)
{
	struct inventory *inv = &p->inv;

	if (records_next(&p->r, e) == -1)
		return -1;
	if (!records_at(&p->r, "cdr-inventory", 2))
		return records_fail(&p->r, ERR_DATA, e, "it is no inventory");
	if (strcmp(p->r.words[1], "1") != 0)
		return records_fail(&p->r, ERR_DATA, e, "it is of a version "
		    "other than 1");
	if (records_word(&p->r, "site", inv->site, sizeof(inv->site),
	    bundle_is_site, e) == -1 ||
	    records_word_time(&p->r, "written", &inv->written, e) == -1 ||
	    records_word_number(&p->r, "free", INT64_MAX, &inv->free_bytes,
	    e) == -1 || read_body(p, e) == -1)
		return -1;
	inv->text_len = p->r.next;
	if (p->r.len - p->r.next > BUNDLE_SIGNATURE_MAX)
		return records_fail(&p->r, ERR_LIMIT, e, "more stands behind "
		    "it than a signature can be");
	return 0;
}

int
inventory_parse(const char *buf, size_t len, struct inventory *ret,
    struct err *e)
{
	struct parse p;
	int rc = -1;

	memset(&p, 0, sizeof(p));
	if (records_open(&p.r, "the inventory", buf, len, e) == -1)
		goto out;
	if (read_all(&p, e) == -1)
		goto out;
	*ret = p.inv;
	memset(&p.inv, 0, sizeof(p.inv));
	rc = 0;
out:
	inventory_done(&p.inv);
	records_close(&p.r);
	return rc;
}

void
inventory_done(struct inventory *inv)
{
	free(inv->bundles);
	digest_set_done(&inv->linked);
	digest_set_done(&inv->bad);
	memset(inv, 0, sizeof(*inv));
}
