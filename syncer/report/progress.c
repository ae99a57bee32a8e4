/* One line at the bottom that is drawn over and over: nothing of it
 * is for a file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "layout/clock.h"
#include "report/bar.h"
#include "report/outside.h"
#include "report/progress.h"

#define REDRAW_MS	200
/* The rate is that of the last few seconds. */
#define RATE_SAMPLES	16

/* "\r" and "erase to the end of the screen" (ECMA-48 ED), which every terminal
 * has that is not dumb. */
#define ERASE	"\r\033[J"

/* In the environment of what progress_watched speaks of. */
#define WATCHED	"CDR_WATCHED"

static bool enabled, drawn, is_shared, is_watched, is_at_end;
static int64_t drawn_at_ms;
static struct {
	int64_t at_ms;
	uint64_t bytes;
} samples[RATE_SAMPLES];
static size_t sample_count;

void
progress_init(bool is_wanted)
{
	const char *term = getenv("TERM");

	enabled = is_wanted && isatty(STDERR_FILENO) == 1 && term != NULL &&
	    term[0] != '\0' && strcmp(term, "dumb") != 0;
	is_watched = getenv(WATCHED) != NULL;
	/* Whoever ends leaves nothing of it behind. */
	if (enabled && !is_at_end)
		is_at_end = atexit(progress_clear) == 0;
}

void
progress_watched(void)
{
	setenv(WATCHED, "1", 1);
	is_shared = enabled;
}

/* Who has put it into the background types something else now.  What a watch
 * has begun is where that is, which is its parent. */
static bool
is_in_background(void)
{
	pid_t group = tcgetpgrp(STDERR_FILENO);

	return group != -1 && group != getpgrp() &&
	    !(is_watched && group == getpgid(getppid()));
}

static bool
is_drawn_by_others(void)
{
	return is_shared && !is_in_background();
}

void
progress_clear(void)
{
	if (drawn || is_drawn_by_others())
		fputs(ERASE, stderr);
	drawn = false;
	drawn_at_ms = 0;
}

const char *
progress_room(void)
{
	if (is_drawn_by_others())
		return ERASE;
	progress_clear();
	return "";
}

/* Asked each time: people resize windows. */
unsigned
progress_columns(int fd)
{
	struct winsize size;

	if (isatty(fd) != 1)
		return 0;
	if (ioctl(fd, TIOCGWINSZ, &size) == -1 || size.ws_col == 0)
		return 80;
	return size.ws_col;
}

/* Bytes a second over the samples that are kept.  The line is drawn more often
 * than they are taken where it makes room for others. */
static uint64_t
rate(uint64_t bytes, int64_t now)
{
	size_t oldest = sample_count < RATE_SAMPLES ? 0 :
	    sample_count % RATE_SAMPLES;
	size_t last = (sample_count + RATE_SAMPLES - 1) % RATE_SAMPLES;
	int64_t span;
	uint64_t ret = 0;

	/* Something else has begun, which counts from 0 on. */
	if (sample_count > 0 && bytes < samples[last].bytes) {
		sample_count = 0;
		oldest = last = 0;
	}
	if (sample_count > 0) {
		span = now - samples[oldest].at_ms;
		/* In less it is what came at once. */
		if (span >= REDRAW_MS)
			ret = (bytes - samples[oldest].bytes) * 1000 /
			    (uint64_t)span;
	}
	if (sample_count > 0 && now - samples[last].at_ms < REDRAW_MS)
		return ret;
	samples[sample_count % RATE_SAMPLES].at_ms = now;
	samples[sample_count % RATE_SAMPLES].bytes = bytes;
	sample_count++;
	return ret;
}

/* Five times a second: more often nobody can read it. */
bool
progress_due(void)
{
	return enabled && clock_ms() - drawn_at_ms >= REDRAW_MS;
}

/* The cursor is left at the beginning of the line: a window that gets narrower
 * breaks the line in two, and all of it is behind the cursor then. */
void
progress_draw(const struct report_work *w)
{
	char line[BAR_MAX];
	int64_t now = clock_ms();

	if (!enabled)
		return;
	drawn_at_ms = now;
	bar_text(w, rate(w->bytes, now), progress_columns(STDERR_FILENO), line);
	outside_show(line);
	if (is_in_background())
		return;
	fprintf(stderr, "\r%s\033[J\r", line);
	fflush(stderr);
	drawn = true;
}

void
progress_run(const struct report_totals *totals)
{
	static unsigned part;
	struct report_totals t = *totals;
	struct report_work w;

	t.part_permille = part;
	part = bar_part(&t);
	bar_of_run(&t, &w);
	progress_draw(&w);
}
