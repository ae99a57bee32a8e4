#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/ls_print.h"
#include "layout/mem.h"
#include "report/colour.h"
#include "report/report.h"

/* --- for people -------------------------------------------------------- */

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
put_head(const struct ls_print *p)
{
	fputs(colour(stdout, COLOUR_HEAD), stdout);
	printf("%-*s  %-*s  %8s  ", p->width, "IMAGE", p->is_narrow ? 12 : 19,
	    "DIGEST", "SIZE");
	if (p->form == LS_WIDE)
		printf("%8s  ", "OWN");
	printf("%-*s  ", p->is_narrow ? 10 : 20, "PUBLISHED");
	if (p->form == LS_WIDE)
		printf("%-11s  %-12s  %-11s  ", "KIND", "SIGNATURE", "STATE");
	printf("PLATFORMS%s\n", colour_end(stdout));
}

/* "held,pinned"; "-" if there is nothing to say. */
static char *
state_text(const struct ls_row *r)
{
	char *text = xasprintf("%s%s%s", r->is_held ? ",held" : "",
	    r->is_pinned ? ",pinned" : "", r->is_unlisted ? ",unlisted" : "");

	if (text[0] == '\0') {
		free(text);
		return xstrdup("-");
	}
	memmove(text, text + 1, strlen(text));
	return text;
}

static void
put_wide(const struct ls_row *r)
{
	char *state = state_text(r);

	printf("%-11s  %-12s  %-11s  ", r->kind, r->verified[0] != '\0' ?
	    r->verified : r->is_signed ? "unchecked" : "-", state);
	free(state);
}

/* What is so of few has no column of its own. */
static void
put_notes(const struct ls_print *p, const struct ls_row *r)
{
	if (p->form == LS_TEXT && strcmp(r->kind, "image") != 0)
		printf("  %s", r->kind);
	if (p->form == LS_TEXT && r->is_held)
		fputs("  held", stdout);
	if (p->form == LS_TEXT && r->is_pinned)
		fputs("  pinned", stdout);
	if (r->walk.elsewhere > 0)
		printf("  %zu layer(s) elsewhere", r->walk.elsewhere);
	putchar('\n');
}

static void
put_text(const struct ls_print *p, const struct ls_row *r)
{
	char size[REPORT_BYTES_MAX], *platforms = platforms_text(&r->walk);

	if (p->count == 0)
		put_head(p);
	printf("%-*s  %.*s  %8s  ", p->width, r->image,
	    p->is_narrow ? 12 : 19, p->is_narrow ? strchr(r->digest, ':') + 1 :
	    r->digest, report_bytes(r->walk.bytes, size));
	if (p->form == LS_WIDE)
		printf("%8s  ", r->has_own ? report_bytes(r->own, size) : "-");
	printf("%-*.*s  ", p->is_narrow ? 10 : 20, p->is_narrow ? 10 : 20,
	    r->published);
	if (p->form == LS_WIDE)
		put_wide(r);
	fputs(platforms[0] == '\0' ? "-" : platforms, stdout);
	put_notes(p, r);
	free(platforms);
}

/* --- for programs ------------------------------------------------------ */

static json_t *
platforms_json(const struct walk *w)
{
	json_t *all = json_array();
	char text[PLATFORM_TEXT_MAX];
	size_t i;

	for (i = 0; i < w->have_count; i++)
		json_array_append_new(all,
		    json_string(platform_text(&w->have[i], text)));
	return all;
}

/* What is not so, or not known, is left out. */
static void
add_odd(json_t *row, const struct ls_row *r)
{
	if (r->walk.kind != NULL)
		json_object_set_new(row, "type", json_string(r->walk.kind));
	if (r->is_held)
		json_object_set_new(row, "held", json_true());
	if (r->is_pinned)
		json_object_set_new(row, "pinned", json_true());
	if (r->walk.elsewhere > 0)
		json_object_set_new(row, "elsewhere",
		    json_integer((json_int_t)r->walk.elsewhere));
	if (r->referrers > 0)
		json_object_set_new(row, "referrers",
		    json_integer((json_int_t)r->referrers));
	if (r->is_signed)
		json_object_set_new(row, "signed", json_true());
	if (r->verified[0] != '\0')
		json_object_set_new(row, "verified",
		    json_string(r->verified));
	if (r->has_own)
		json_object_set_new(row, "own",
		    json_integer((json_int_t)r->own));
	if (r->is_unlisted)
		json_object_set_new(row, "last_listed",
		    r->last_listed[0] == '\0' ? json_true() :
		    json_string(r->last_listed));
}

static void
put_json(const struct ls_print *p, const struct ls_row *r)
{
	json_t *row = json_pack("{ss ss ss ss so sI sI ss}", "image", r->image,
	    "digest", r->digest, "mediaType", r->media_type, "kind", r->kind,
	    "platforms", platforms_json(&r->walk), "bytes",
	    (json_int_t)r->walk.bytes, "blobs",
	    (json_int_t)r->walk.blob_count, "published", r->published);

	add_odd(row, r);
	fputs(p->count == 0 ? "[\n" : ",\n", stdout);
	json_dumpf(row, stdout, JSON_COMPACT);
	json_decref(row);
}

/* --- all of them ------------------------------------------------------- */

void
ls_print(struct ls_print *p, const struct ls_row *r)
{
	switch (p->form) {
	case LS_NAMES:
		puts(r->image);
		break;
	case LS_JSON:
		put_json(p, r);
		break;
	case LS_TEXT:
	case LS_WIDE:
		put_text(p, r);
		break;
	}
	p->count++;
}

void
ls_print_end(const struct ls_print *p)
{
	if (p->form == LS_JSON)
		fputs(p->count == 0 ? "[]\n" : "\n]\n", stdout);
}
