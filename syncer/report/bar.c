#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "report/bar.h"

/* In the order in which they stand in the line. */
enum part {
	PART_BAR,
	PART_PERCENT,
	PART_COUNT,
	PART_BYTES,
	PART_RATE,
	PART_TIME,
	PART_TAIL,
	PARTS
};

#define PART_MAX	64u
#define BAR_LEAST	10u
#define BAR_MOST	30u
#define TAIL_LEAST	20u
#define GAP		2u
#define NARROW		60u
/* Of so much of the rate that is allowed it is said to be at its limit. */
#define AT_LIMIT	85u

struct line {
	char parts[PARTS][PART_MAX];
	const char *tail;
	size_t widths[PARTS];		/* 0: not in it */
	size_t used;
};

unsigned
bar_part(const struct report_totals *t)
{
	double all = (double)t->bytes + (double)t->wanted_bytes;

	return t->wanted_bytes == 0 ? t->part_permille :
	    (unsigned)((double)t->bytes * 1000 / all);
}

unsigned
bar_permille(const struct report_totals *t)
{
	size_t done = t->unchanged + t->updated + t->held + t->failed;
	double part = 0;

	if (t->images == 0)
		return 0;
	/* Those that only ask where their tags point have nothing yet. */
	if (t->wanted > 0 || t->running == 0)
		part = (double)t->active * bar_part(t) / 1000;
	part = ((double)done + part) * 1000 / (double)t->images;
	return part > 1000 ? 1000 : (unsigned)part;
}

/* "1:02:03", "4:05", "3 d 04 h". */
static void
time_text(uint64_t seconds, char *buf)
{
	if (seconds >= 100 * 3600)
		snprintf(buf, PART_MAX, "%llu d %02llu h left",
		    (unsigned long long)(seconds / 86400),
		    (unsigned long long)(seconds / 3600 % 24));
	else if (seconds >= 3600)
		snprintf(buf, PART_MAX, "%llu:%02llu:%02llu left",
		    (unsigned long long)(seconds / 3600),
		    (unsigned long long)(seconds / 60 % 60),
		    (unsigned long long)(seconds % 60));
	else
		snprintf(buf, PART_MAX, "%llu:%02llu left",
		    (unsigned long long)(seconds / 60),
		    (unsigned long long)(seconds % 60));
}

void
bar_of_run(const struct report_totals *t, struct report_work *ret)
{
	*ret = (struct report_work){
		.what = "image",
		.done = t->unchanged + t->updated + t->held + t->failed,
		.all = t->images,
		.permille = bar_permille(t),
		.bytes = t->bytes,
		.left_bytes = t->wanted_bytes,
		.limit_rate = t->limit_rate,
		.waits = t->waits,
		.names = t->names,
	};
}

static void
count_text(const struct report_work *w, bool is_narrow, char *buf)
{
	char all[24] = "";
	uint64_t many = w->all > 0 ? w->all : w->done;

	if (w->all > 0)
		snprintf(all, sizeof(all), "/%llu", (unsigned long long)w->all);
	if (is_narrow)
		snprintf(buf, PART_MAX, "%llu%s", (unsigned long long)w->done,
		    all);
	else
		snprintf(buf, PART_MAX, "%llu%s %.20s%s",
		    (unsigned long long)w->done, all, w->what,
		    many == 1 ? "" : "s");
}

/* By the rate of the last seconds: what it was an hour ago is of no use. */
static void
left_text(const struct report_work *w, uint64_t rate, char *buf)
{
	uint64_t seconds = UINT64_MAX;
	char size[REPORT_BYTES_MAX];

	if (w->left_bytes > 0 && rate > 0)
		seconds = w->left_bytes / rate;
	if (w->most_s > 0 && seconds > w->most_s)
		seconds = w->most_s;
	if (seconds < UINT64_MAX)
		time_text(seconds, buf);
	else if (w->left_bytes > 0)
		snprintf(buf, PART_MAX, "%s left",
		    report_bytes(w->left_bytes, size));
}

static void
write_parts(const struct report_work *w, uint64_t rate, bool is_narrow,
    struct line *l)
{
	char size[REPORT_BYTES_MAX];

	if (w->permille <= 1000)
		snprintf(l->parts[PART_PERCENT], PART_MAX, "%3u%%",
		    w->permille / 10);
	count_text(w, is_narrow, l->parts[PART_COUNT]);
	if (w->bytes > 0)
		snprintf(l->parts[PART_BYTES], PART_MAX, "%s",
		    report_bytes(w->bytes, size));
	if (rate > 0)
		snprintf(l->parts[PART_RATE], PART_MAX, "%s/s%s",
		    report_bytes(rate, size), w->limit_rate > 0 &&
		    rate >= w->limit_rate / 100 * AT_LIMIT ? " (limit)" : "");
	left_text(w, rate, l->parts[PART_TIME]);
	l->tail = w->waits != NULL ? w->waits : w->names;
}

static void
take(struct line *l, enum part part, size_t width, size_t room)
{
	size_t gap = l->used > 0 ? GAP : 0;

	if (width == 0 || l->used + gap + width > room)
		return;
	l->widths[part] = width;
	l->used += gap + width;
}

/* The most important first.  Who waits wants to know for what; who does not,
 * how long it takes. */
static void
fit(struct line *l, const struct report_work *w, size_t room)
{
	static const enum part orders[2][PARTS] = {
		{ PART_COUNT, PART_PERCENT, PART_TIME, PART_RATE, PART_BAR,
		  PART_TAIL, PART_BYTES },
		{ PART_COUNT, PART_TAIL, PART_PERCENT, PART_TIME, PART_RATE,
		  PART_BAR, PART_BYTES },
	};
	size_t i, tail = l->tail == NULL ? 0 : strlen(l->tail), width;
	bool is_waiting = w->waits != NULL;
	enum part part;

	for (i = 0; i < PARTS; i++) {
		part = orders[is_waiting][i];
		width = part == PART_TAIL ? tail : strlen(l->parts[part]);
		if (part == PART_BAR)
			width = w->permille <= 1000 ? BAR_LEAST + 2 : 0;
		if (part == PART_TAIL && tail > TAIL_LEAST &&
		    (!is_waiting || l->used + GAP + tail > room))
			width = TAIL_LEAST;
		take(l, part, width, room);
	}
}

/* What is left over: names first, as far as there are any, then the bar. */
static void
stretch(struct line *l, size_t room)
{
	size_t more = room - l->used, wish;

	if (l->widths[PART_TAIL] > 0) {
		wish = strlen(l->tail) - l->widths[PART_TAIL];
		wish = wish < more ? wish : more;
		l->widths[PART_TAIL] += wish;
		more -= wish;
	}
	if (l->widths[PART_BAR] > 0) {
		wish = BAR_MOST - BAR_LEAST;
		l->widths[PART_BAR] += wish < more ? wish : more;
	}
}

static void
draw_bar(unsigned permille, size_t width, char *buf)
{
	size_t cells = width - 2, full = cells * permille / 1000;

	buf[0] = '[';
	memset(buf + 1, '#', full);
	memset(buf + 1 + full, '-', cells - full);
	buf[width - 1] = ']';
	buf[width] = '\0';
}

/* A text that is cut ends so. */
static void
draw_tail(const char *tail, size_t width, char *buf)
{
	bool is_cut = strlen(tail) > width;

	snprintf(buf, BAR_MAX, "%.*s%s", (int)(is_cut ? width - 2 : width),
	    tail, is_cut ? ".." : "");
}

char *
bar_text(const struct report_work *w, uint64_t rate, unsigned width,
    char buf[BAR_MAX])
{
	struct line l = { .used = 0 };
	char text[BAR_MAX];
	size_t i, len = 0, room = width < 2 ? 0 : width - 1;

	if (room > BAR_MAX - 1)
		room = BAR_MAX - 1;
	write_parts(w, rate, width < NARROW, &l);
	fit(&l, w, room);
	stretch(&l, room);
	buf[0] = '\0';
	for (i = 0; i < PARTS; i++) {
		if (l.widths[i] == 0)
			continue;
		if (i == PART_BAR)
			draw_bar(w->permille, l.widths[i], text);
		else if (i == PART_TAIL)
			draw_tail(l.tail, l.widths[i], text);
		else
			snprintf(text, sizeof(text), "%s", l.parts[i]);
		len += (size_t)snprintf(buf + len, BAR_MAX - len, "%s%s",
		    len > 0 ? "  " : "", text);
	}
	return buf;
}
