/* One line at the bottom that is drawn over and over: nothing of it
 * is for a file. */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "layout/clock.h"
#include "report/progress.h"

#define REDRAW_MS	200
/* The rate is that of the last few seconds. */
#define RATE_SAMPLES	16

static bool enabled, drawn;
static int64_t drawn_at_ms;
static struct {
	int64_t at_ms;
	uint64_t bytes;
} samples[RATE_SAMPLES];
static size_t sample_count;

void
progress_init(bool is_terminal)
{
	enabled = is_terminal;
}

/* "\r" and "erase to the end of the line" (ECMA-48 EL), which every
 * terminal has. */
void
progress_clear(void)
{
	if (drawn)
		fputs("\r\033[K", stderr);
	drawn = false;
	drawn_at_ms = 0;
}

/* Asked each time: people resize windows. */
static unsigned
terminal_width(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == -1 || size.ws_col == 0)
		return 80;
	return size.ws_col;
}

/* Bytes a second over the samples that are kept. */
static uint64_t
rate(uint64_t bytes, int64_t now)
{
	size_t oldest = sample_count < RATE_SAMPLES ? 0 :
	    sample_count % RATE_SAMPLES;
	int64_t span;
	uint64_t ret = 0;

	if (sample_count > 0) {
		span = now - samples[oldest].at_ms;
		if (span > 0)
			ret = (bytes - samples[oldest].bytes) * 1000 /
			    (uint64_t)span;
	}
	samples[sample_count % RATE_SAMPLES].at_ms = now;
	samples[sample_count % RATE_SAMPLES].bytes = bytes;
	sample_count++;
	return ret;
}

/* By the rate of the last seconds: what it was an hour ago is of no use. */
static void
format_left(const struct report_totals *t, uint64_t per_second, char *buf,
    size_t len)
{
	char size[REPORT_BYTES_MAX];
	uint64_t seconds;

	if (t->wanted == 0) {
		buf[0] = '\0';
		return;
	}
	snprintf(buf, len, "%zu object%s, %s left", t->wanted,
	    t->wanted == 1 ? "" : "s", report_bytes(t->wanted_bytes, size));
	if (per_second == 0)
		return;
	seconds = t->wanted_bytes / per_second;
	len -= strlen(buf);
	buf += strlen(buf);
	if (seconds >= 3600)
		snprintf(buf, len, " (%llu h %02llu min)",
		    (unsigned long long)(seconds / 3600),
		    (unsigned long long)(seconds / 60 % 60));
	else
		snprintf(buf, len, " (%llu:%02llu)",
		    (unsigned long long)(seconds / 60),
		    (unsigned long long)(seconds % 60));
}

/* Five times a second: more often nobody can read it. */
bool
progress_due(void)
{
	return enabled && clock_ms() - drawn_at_ms >= REDRAW_MS;
}

/* One column less than there are: the last one makes some terminals wrap. */
void
progress_draw(const struct report_totals *t)
{
	char line[512], left[128], flight[32];
	char have[REPORT_BYTES_MAX], speed[REPORT_BYTES_MAX];
	int64_t now;
	uint64_t per_second;
	unsigned width;
	bool is_waiting;

	now = clock_ms();
	per_second = rate(t->bytes, now);
	format_left(t, per_second, left, sizeof(left));
	snprintf(flight, sizeof(flight), "%u in flight", t->running);
	is_waiting = t->running == 0 && t->waits != NULL;
	snprintf(line, sizeof(line), "%zu/%zu images  %s  %s/s  %s  %s",
	    t->unchanged + t->updated + t->held + t->failed, t->images,
	    report_bytes(t->bytes, have), report_bytes(per_second, speed),
	    is_waiting ? t->waits : flight, left);
	width = terminal_width();
	fprintf(stderr, "\r\033[K%.*s", (int)width - 1, line);
	fflush(stderr);
	drawn = true;
	drawn_at_ms = now;
}
