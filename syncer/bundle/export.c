/*
 * A bundle, from the list to the stick.  All that is in it is chosen before the
 * first byte is written: the statement, which stands in front, says it all.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundle/bundle_key.h"
#include "bundle/export.h"
#include "bundle/export_internal.h"
#include "bundle/export_seq.h"
#include "bundle/export_write.h"
#include "bundle/tarfile.h"
#include "layout/fsutil.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "report/report.h"

/* Whatever the key and the form: SSHSIG has some 300. */
#define SIGNATURE_ROOM	1024u

/* So often all begins anew, each time without what was found bad. */
#define TRIES_MAX	8

/* --- the statement ----------------------------------------------------- */

static struct export_seen
seen_there(const struct export_order *o)
{
	struct export_seen seen = { .is_signed = o->is_inventory_signed };
	const struct inventory *inv = o->inventory;
	size_t i;

	for (i = 0; inv != NULL && i < inv->bundle_count; i++)
		if (strcmp(inv->bundles[i].from, o->from) == 0 &&
		    strcmp(inv->bundles[i].to, o->to) == 0)
			seen.seq = inv->bundles[i].seq;
	return seen;
}

static int
make_id(char id[BUNDLE_ID_MAX + 1], struct err *e)
{
	unsigned char bytes[BUNDLE_ID_MAX / 2];
	size_t i;
	int rc = 0, fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);

	if (fd == -1 || read(fd, bytes, sizeof(bytes)) !=
	    (ssize_t)sizeof(bytes))
		rc = err_sys(e, "/dev/urandom: cannot read");
	if (fd != -1)
		close(fd);
	for (i = 0; rc == 0 && i < sizeof(bytes); i++)
		snprintf(id + 2 * i, 3, "%02x", bytes[i]);
	return rc;
}

/* A list of which something stays here is not all there. */
static int
fill_head(struct export *x, struct err *e)
{
	const struct export_order *o = x->order;
	struct statement *s = &x->statement;
	const struct export_seen seen = seen_there(o);

	snprintf(s->from, sizeof(s->from), "%s", o->from);
	snprintf(s->to, sizeof(s->to), "%s", o->to);
	if (x->left_count == 0)
		snprintf(s->list, sizeof(s->list), "%s", o->name);
	s->created = o->now;
	s->expires = o->expires_s == 0 ? 0 : o->now + o->expires_s;
	if (make_id(s->id, e) == -1)
		return -1;
	return o->is_plan ?
	    export_seq_next(o->store, o->from, o->to, &seen, &s->seq, e) :
	    export_seq_take(o->store, o->from, o->to, &seen, &s->seq, e);
}

static void
fill_part(const struct export_part *part, struct statement_part *ret)
{
	char *text;
	size_t len;
	FILE *out = xtext_open(&text, &len);

	table_print(&part->table, out);
	xtext_close(out);
	memset(ret, 0, sizeof(*ret));
	memcpy(ret->name, part->table.part, sizeof(ret->name));
	ret->bytes = part->bytes;
	ret->objects = part->table.count;
	ret->table_size = len;
	digest_of(DIGEST_SHA256, text, len, &ret->table);
	free(text);
}

static int
fill_parts(struct export *x, struct err *e)
{
	struct export_rules rules = {
		.split = x->order->split,
		.signature = x->order->key == NULL ? 0 : SIGNATURE_ROOM,
	};
	struct statement *s = &x->statement;
	size_t i;

	memcpy(rules.id, s->id, sizeof(rules.id));
	bundle_stem(s->from, s->to, s->seq, rules.stem);
	if (export_pack(&rules, s, &x->set.manifests, &x->set.blobs,
	    &x->parts, e) == -1)
		return -1;
	s->parts = xcalloc(x->parts.count + 1, sizeof(*s->parts));
	for (i = 0; i < x->parts.count; i++)
		fill_part(&x->parts.items[i], &s->parts[i]);
	s->part_count = x->parts.count;
	return 0;
}

static int
print_and_sign(struct export *x, struct err *e)
{
	const struct export_order *o = x->order;
	FILE *out = xtext_open(&x->text, &x->text_len);

	statement_print(&x->statement, out);
	xtext_close(out);
	if (o->key == NULL || o->is_plan)
		return 0;
	if (bundle_sign(o->key, BUNDLE_NAMESPACE, x->text, x->text_len,
	    &x->signature, &x->signature_len, e) == -1)
		return -1;
	if (x->signature_len > SIGNATURE_ROOM)
		return err_set(e, ERR_INPUT, "%s: a signature of %zu bytes",
		    o->key, x->signature_len);
	return 0;
}

/* --- all of it --------------------------------------------------------- */

/* But for what was found bad. */
static void
forget(struct export *x)
{
	statement_done(&x->statement);
	export_set_done(&x->set);
	export_parts_done(&x->parts);
	while (x->left_count > 0) {
		x->left_count--;
		free(x->left[x->left_count].image);
		free(x->left[x->left_count].why);
	}
	free(x->left);
	free(x->rows);
	free(x->text);
	free(x->signature);
	x->left = NULL;
	x->rows = NULL;
	x->text = x->signature = NULL;
	x->text_len = x->signature_len = 0;
	x->lame = 0;
}

int
export_make(struct export *x, const struct export_order *order, struct err *e)
{
	int rc;

	forget(x);
	x->order = order;
	rc = export_images(x, e);
	if (rc == 0)
		rc = fill_head(x, e);
	if (rc == 0)
		rc = fill_parts(x, e);
	if (rc == 0)
		rc = print_and_sign(x, e);
	return rc;
}

void
export_done(struct export *x)
{
	forget(x);
	digest_set_done(&x->bad);
}

static int
write_once(struct export *x, int dir, int stop_fd, struct err *e)
{
	struct export_files f = {
		.store = x->order->store,
		.dir = dir,
		.statement = &x->statement,
		.text = x->text, .text_len = x->text_len,
		.signature = x->signature, .signature_len = x->signature_len,
		.parts = &x->parts,
		.stop_fd = stop_fd,
		.bad = &x->bad,
	};
	int rc = export_fits(&f, e);

	if (rc == 0)
		rc = export_write(&f, e);
	if (rc == 0)
		rc = export_name(&f, e);
	if (rc != 0)
		export_drop(&f);
	return rc;
}

int
export_run(struct export *x, int dir, int stop_fd, struct err *e)
{
	int rc, tries;

	for (tries = 1; (rc = write_once(x, dir, stop_fd, e)) == 1; tries++) {
		if (tries == TRIES_MAX)
			return err_set(e, ERR_STORE, "each time that the tree "
			    "is read more of it is bad");
		report(REPORT_WARNING, "once more, without what is bad");
		rc = export_make(x, x->order, e);
		if (rc != 0)
			break;
	}
	return rc;
}

uint64_t
export_part_bytes(const struct export *x, size_t i)
{
	const struct table *t = &x->parts.items[i].table;
	uint64_t bytes = tarfile_room(x->text_len) +
	    tarfile_room(x->statement.parts[i].table_size) + TARFILE_END;
	size_t k;

	if (x->order->key != NULL)
		bytes += tarfile_room(x->signature == NULL ? SIGNATURE_ROOM :
		    x->signature_len);
	for (k = 0; k < t->count; k++)
		bytes += tarfile_room(t->rows[k].length);
	return bytes;
}
