#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/record.h"
#include "cmd/export_print.h"
#include "layout/mem.h"
#include "layout/pins.h"
#include "report/report.h"

static const char *
site_of(const struct export *x)
{
	return strcmp(x->statement.to, "*") == 0 ? "any site" :
	    x->statement.to;
}

static char *
image_name(const struct statement_image *image, char buf[FULL_NAME_MAX])
{
	char text[DIGEST_TEXT_MAX];

	return full_name(image->registry, image->repository,
	    image->tag != NULL ? image->tag :
	    digest_text(&image->root.digest, text), buf);
}

static uint64_t
file_bytes(const struct export *x)
{
	uint64_t bytes = x->text_len + x->signature_len;
	size_t i;

	for (i = 0; i < x->parts.count; i++)
		bytes += export_part_bytes(x, i);
	return bytes;
}

static const char *
plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static size_t
known(const struct export *x)
{
	size_t i, n = 0;

	for (i = 0; i < x->statement.image_count; i++)
		n += x->rows[i].is_known;
	return n;
}

/* --- for people -------------------------------------------------------- */

static void
print_sum(const struct export *x)
{
	char bytes[REPORT_BYTES_MAX], stem[BUNDLE_FILE_MAX + 1];
	const struct statement *s = &x->statement;
	size_t objects = x->set.manifests.count + x->set.blobs.count;

	printf("%s.cdr for %s: %zu image%s, %zu object%s, %s in %zu part%s\n",
	    bundle_stem(s->from, s->to, s->seq, stem), site_of(x),
	    s->image_count, plural(s->image_count), objects, plural(objects),
	    report_bytes(file_bytes(x), bytes), x->parts.count,
	    plural(x->parts.count));
}

static void
print_image(const struct export *x, size_t i)
{
	const struct statement_image *image = &x->statement.images[i];
	char name[FULL_NAME_MAX], digest[DIGEST_TEXT_MAX];
	char bytes[REPORT_BYTES_MAX];

	printf("%-44s  %.19s  %10s  %s%s%s\n", image_name(image, name),
	    digest_text(&image->root.digest, digest),
	    x->rows[i].bytes == 0 ? "-" :
	    report_bytes(x->rows[i].bytes, bytes),
	    image->platforms[0] == '\0' ? "-" : image->platforms,
	    x->rows[i].is_known ? "  there" : "",
	    x->rows[i].is_held ? "  held" : "");
}

void
export_print_plan(const struct export *x)
{
	const struct inventory *inv = x->order->inventory;
	size_t i, n = x->statement.image_count;
	char bytes[REPORT_BYTES_MAX];

	printf("%-44s  %-19s  %10s  %s\n", "IMAGE", "DIGEST", "GOES ALONG",
	    "PLATFORMS");
	for (i = 0; i < n; i++)
		print_image(x, i);
	for (i = 0; i < x->parts.count; i++)
		printf("%s  %s, %zu object%s\n", x->parts.items[i].table.part,
		    report_bytes(export_part_bytes(x, i), bytes),
		    x->parts.items[i].table.count,
		    plural(x->parts.items[i].table.count));
	fputs("would write ", stdout);
	print_sum(x);
	printf("then %s has %zu image%s of this bundle, %s in all; it had "
	    "%zu\n", site_of(x), n, plural(n),
	    report_bytes(x->set.bytes_all, bytes), known(x));
	if (inv == NULL)
		return;
	printf("%s had %s free when its inventory was written, ", inv->site,
	    report_bytes(inv->free_bytes, bytes));
	record_print_time(stdout, inv->written);
	putchar('\n');
}

void
export_print_end(const struct export *x, const char *dir)
{
	printf("wrote to %s: ", dir);
	print_sum(x);
	if (x->order->key == NULL)
		puts("it is not signed: an import takes it with --unsigned "
		    "alone, or with a signature that is made elsewhere");
}

void
export_warn(const struct export *x)
{
	const struct inventory *inv = x->order->inventory;
	char need[REPORT_BYTES_MAX], have[REPORT_BYTES_MAX];
	uint64_t bytes = export_set_bytes(&x->set);

	if (inv != NULL && bytes > inv->free_bytes)
		report(REPORT_WARNING, "%s lacks room: the bundle brings %s, "
		    "and %s were free there", inv->site,
		    report_bytes(bytes, need),
		    report_bytes(inv->free_bytes, have));
}

/* --- for programs ------------------------------------------------------ */

static json_t *
platforms_json(const char *text)
{
	json_t *all = json_array();
	size_t len;

	for (; *text != '\0'; text += len + (text[len] == ',')) {
		len = strcspn(text, ",");
		json_array_append_new(all, json_stringn(text, len));
	}
	return all;
}

static json_t *
images_json(const struct export *x)
{
	const struct statement_image *image;
	char name[FULL_NAME_MAX], digest[DIGEST_TEXT_MAX];
	json_t *all = json_array();
	size_t i;

	for (i = 0; i < x->statement.image_count; i++) {
		image = &x->statement.images[i];
		json_array_append_new(all, json_pack(
		    "{ss ss ss so sI sI sb sb}",
		    "image", image_name(image, name), "digest",
		    digest_text(&image->root.digest, digest), "mediaType",
		    image->root.media_type, "platforms",
		    platforms_json(image->platforms), "manifests",
		    (json_int_t)image->count + 1, "bytes",
		    (json_int_t)x->rows[i].bytes, "known",
		    x->rows[i].is_known, "held", x->rows[i].is_held));
	}
	return all;
}

static json_t *
parts_json(const struct export *x)
{
	json_t *all = json_array();
	size_t i;

	for (i = 0; i < x->parts.count; i++)
		json_array_append_new(all, json_pack("{ss sI sI}", "name",
		    x->parts.items[i].table.part, "bytes",
		    (json_int_t)export_part_bytes(x, i), "objects",
		    (json_int_t)x->parts.items[i].table.count));
	return all;
}

static json_t *
left_json(const struct export *x)
{
	json_t *all = json_array();
	size_t i;

	for (i = 0; i < x->left_count; i++)
		json_array_append_new(all, json_pack("{ss ss}", "image",
		    x->left[i].image, "error", x->left[i].why));
	return all;
}

static json_t *
time_json(int64_t when)
{
	char *text;
	size_t len;
	FILE *out = xtext_open(&text, &len);
	json_t *string;

	record_print_time(out, when);
	xtext_close(out);
	string = json_string(text);
	free(text);
	return string;
}

void
export_print_json(const struct export *x)
{
	const struct statement *s = &x->statement;
	const struct inventory *inv = x->order->inventory;
	char stem[BUNDLE_FILE_MAX + 1];
	json_t *o = json_pack("{ss ss ss ss sI ss sb sb}",
	    "bundle", bundle_stem(s->from, s->to, s->seq, stem), "id", s->id,
	    "from", s->from, "to", s->to, "seq", (json_int_t)s->seq, "list",
	    s->list, "plan", x->order->is_plan, "signed",
	    x->order->key != NULL);

	json_object_set_new(o, "images", images_json(x));
	json_object_set_new(o, "left_out", left_json(x));
	json_object_set_new(o, "parts", parts_json(x));
	json_object_set_new(o, "objects", json_integer((json_int_t)
	    (x->set.manifests.count + x->set.blobs.count)));
	json_object_set_new(o, "bytes",
	    json_integer((json_int_t)export_set_bytes(&x->set)));
	json_object_set_new(o, "bytes_all",
	    json_integer((json_int_t)x->set.bytes_all));
	json_object_set_new(o, "file_bytes",
	    json_integer((json_int_t)file_bytes(x)));
	if (inv != NULL) {
		json_object_set_new(o, "site_free_bytes",
		    json_integer((json_int_t)inv->free_bytes));
		json_object_set_new(o, "inventory_written",
		    time_json(inv->written));
	}
	json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(o);
}
