#include <stdlib.h>
#include <string.h>

#include "bundle/export_seq.h"
#include "bundle/inventory.h"
#include "bundle/ledger.h"
#include "bundle/record.h"
#include "layout/limits.h"
#include "layout/mem.h"

#define SENT_FILE	"bundles-sent"

struct sent {
	struct inventory_bundle *items;	/* without an id */
	size_t count;
};

static bool
is_to(const char *name)
{
	return strcmp(name, "*") == 0 || bundle_is_site(name);
}

static int
read_row(const struct records *r, struct sent *sent, struct err *e)
{
	struct inventory_bundle *b;

	if (!bundle_is_site(r->words[1]) || !is_to(r->words[2]))
		return records_fail(r, ERR_DATA, e, "it should be \"sent FROM "
		    "TO SEQ\"");
	if (sent->count == BUNDLE_SENDERS_MAX)
		return records_fail(r, ERR_LIMIT, e, "more than %u sites",
		    BUNDLE_SENDERS_MAX);
	sent->items = xgrow(sent->items, sent->count, sizeof(*sent->items));
	b = &sent->items[sent->count++];
	memset(b, 0, sizeof(*b));
	snprintf(b->from, sizeof(b->from), "%s", r->words[1]);
	snprintf(b->to, sizeof(b->to), "%s", r->words[2]);
	return records_number(r, 3, BUNDLE_SEQ_MAX, &b->seq, e);
}

static int
parse(struct records *r, struct sent *sent, struct err *e)
{
	if (records_next(r, e) == -1)
		return -1;
	if (!records_at(r, "cdr-bundles-sent", 2) ||
	    strcmp(r->words[1], "1") != 0)
		return records_fail(r, ERR_DATA, e, "it should be "
		    "\"cdr-bundles-sent 1\"");
	for (;;) {
		if (records_next(r, e) == -1)
			return -1;
		if (!records_at(r, "sent", 4))
			return records_end(r, e);
		if (read_row(r, sent, e) == -1)
			return -1;
	}
}

static void
sent_done(struct sent *sent)
{
	free(sent->items);
	memset(sent, 0, sizeof(*sent));
}

/* Numbers that are given away twice are refused at the site, so a file that
 * makes no sense is no reason to begin with 1 again. */
static int
read_sent(const struct store *store, struct sent *sent, struct err *e)
{
	struct records r;
	char *text;
	size_t len;
	int rc;

	rc = store_read_state(store, SENT_FILE, BUNDLE_TEXT_MAX, &text, &len,
	    e);
	if (rc != 1)
		return rc;
	rc = records_open(&r, "_state/" SENT_FILE, text, len, e);
	if (rc == 0)
		rc = parse(&r, sent, e);
	records_close(&r);
	free(text);
	if (rc == -1) {
		sent_done(sent);
		err_wrap(e, "which numbers bundles have had cannot be read; "
		    "without that file the next one has the number behind that "
		    "of the inventory");
		e->code = ERR_STORE;
	}
	return rc;
}

static struct inventory_bundle *
find(struct sent *sent, const char *from, const char *to)
{
	size_t i;

	for (i = 0; i < sent->count; i++)
		if (strcmp(sent->items[i].from, from) == 0 &&
		    strcmp(sent->items[i].to, to) == 0)
			return &sent->items[i];
	return NULL;
}

static int
next_of(const struct inventory_bundle *last, const struct export_seen *seen,
    uint64_t *ret, struct err *e)
{
	uint64_t ours = last == NULL ? 0 : last->seq;
	uint64_t seq = ours < seen->seq ? seen->seq : ours;

	if (!seen->is_signed && seq - ours > LEDGER_JUMP)
		return err_set(e, ERR_SIGNATURE, "the inventory says that the "
		    "site has seen number %llu, and the last one from here was "
		    "%llu: to go on from there it has to be signed (cdr "
		    "inventory --sign), and its key be named by --key",
		    (unsigned long long)seen->seq, (unsigned long long)ours);
	if (seq >= BUNDLE_SEQ_MAX)
		return err_set(e, ERR_LIMIT, "there is no number left for a "
		    "bundle");
	*ret = seq + 1;
	return 0;
}

int
export_seq_next(const struct store *store, const char *from, const char *to,
    const struct export_seen *seen, uint64_t *ret, struct err *e)
{
	struct sent sent = { NULL, 0 };
	int rc = read_sent(store, &sent, e);

	if (rc == 0)
		rc = next_of(find(&sent, from, to), seen, ret, e);
	sent_done(&sent);
	return rc;
}

static int
write_sent(struct store *store, const struct sent *sent, struct err *e)
{
	const struct inventory_bundle *b;
	char *text;
	size_t i, len;
	FILE *out = xtext_open(&text, &len);
	int rc;

	fputs("cdr-bundles-sent 1\n", out);
	for (i = 0; i < sent->count; i++) {
		b = &sent->items[i];
		fprintf(out, "sent %s %s %llu\n", b->from, b->to,
		    (unsigned long long)b->seq);
	}
	fputs("end\n", out);
	xtext_close(out);
	rc = store_write_state(store, SENT_FILE, text, len, e);
	free(text);
	return rc;
}

/* One more than can be read would be the last one. */
static struct inventory_bundle *
find_or_add(struct sent *sent, const char *from, const char *to,
    struct err *e)
{
	struct inventory_bundle *b = find(sent, from, to);

	if (b != NULL)
		return b;
	if (sent->count == BUNDLE_SENDERS_MAX) {
		err_set(e, ERR_LIMIT, "_state/" SENT_FILE ": %u pairs of a "
		    "sender and a site are in it, and there is no room for "
		    "more; one name of the sender, by --site, needs one a site",
		    BUNDLE_SENDERS_MAX);
		return NULL;
	}
	sent->items = xgrow(sent->items, sent->count, sizeof(*sent->items));
	b = &sent->items[sent->count++];
	memset(b, 0, sizeof(*b));
	snprintf(b->from, sizeof(b->from), "%s", from);
	snprintf(b->to, sizeof(b->to), "%s", to);
	return b;
}

static int
take(struct store *store, const char *from, const char *to,
    const struct export_seen *seen, uint64_t *ret, struct err *e)
{
	struct sent sent = { NULL, 0 };
	struct inventory_bundle *b;
	uint64_t seq = 0;
	int rc = read_sent(store, &sent, e);

	if (rc == 0)
		rc = next_of(find(&sent, from, to), seen, &seq, e);
	b = rc == 0 ? find_or_add(&sent, from, to, e) : NULL;
	if (b == NULL) {
		rc = -1;
	} else {
		b->seq = seq;
		rc = write_sent(store, &sent, e);
	}
	if (rc == 0)
		*ret = seq;
	sent_done(&sent);
	return rc;
}

int
export_seq_take(struct store *store, const char *from, const char *to,
    const struct export_seen *seen, uint64_t *ret, struct err *e)
{
	struct err later;
	int rc;

	if (store_step_begin(store, e) == -1)
		return -1;
	rc = take(store, from, to, seen, ret, e);
	if (store_step_end(store, rc == -1 ? &later : e) == -1)
		rc = -1;
	return rc;
}
