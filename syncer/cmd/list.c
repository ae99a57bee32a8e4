/* cdr list: an image list out of what people have. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/inputs.h"
#include "cmd/words.h"
#include "layout/fsutil.h"
#include "layout/limits.h"
#include "report/report.h"
#include "source/gather.h"
#include "source/lines.h"
#include "source/source.h"

static const char usage[] =
"usage: cdr list [-i LIST] SOURCE...\n"
"\n"
"Print an image list, for 'cdr sync -i', of the images that SOURCE names. It is\n"
"recognised by what is in it: Kubernetes manifests and 'kubectl get -o json',\n"
"rendered charts, a compose file, 'crictl images -o json', text with an image a\n"
"line, regsync.yml, YAML of 'skopeo sync', an OCI layout or a tree. Of nginx's\n"
"access log, as comments: what was asked for and not found.\n"
"\n"
"SOURCE is a file; a folder, of which *.yaml, *.yml and *.json are read; or -,\n"
"standard input. What cannot be taken over is named, in a comment too.\n"
"\n"
"  -i, --images LIST  the list so far: its images stay, with their keys\n"
"  -h, --help         print this\n"
"\n"
"Exit: 0 all is taken over; 1 something is not, the rest is printed; 2 usage, or\n"
"a source that makes no sense: nothing is printed.\n";

static void
on_left(void *cookie, const char *where, const char *what)
{
	(void)cookie;
	report(REPORT_WARNING, "%s: %s", where, what);
}

/* It has to be a list that sync takes; then its words are taken over. */
static int
read_kept(struct gather *g, const char *path, struct err *e)
{
	struct image_list *list = list_new(inputs_complain, NULL);
	char *buf = NULL;
	size_t len = 0;
	int rc;

	if (strcmp(path, "-") == 0) {
		path = "standard input";
		rc = fs_read_all(STDIN_FILENO, LIST_BYTES_MAX, &buf, &len, e) ==
		    0 ? 1 : -1;
	} else {
		rc = fs_read_named(path, LIST_BYTES_MAX, &buf, &len, e);
	}
	if (rc == 0)
		rc = err_set(e, ERR_INPUT, "%s: no such file", path);
	if (rc == 1) {
		(void)list_read(list, path, buf, len);
		rc = list_end(list) == 0 ? 0 : err_set(e, ERR_INPUT, "%s is "
		    "not right, so nothing is printed", path);
	}
	if (rc == 0) {
		gather_file(g, path, true);
		lines_read(g, buf, len);
	}
	free(buf);
	list_free(list);
	return rc;
}

static int
print(struct gather *g)
{
	if (gather_settle(g) == 0)
		report(REPORT_WARNING, "there is no image in it");
	gather_print(g, stdout);
	if (fflush(stdout) != 0)
		return EXIT_STORE;
	return gather_has_left(g) ? EXIT_SOME_FAILED : EXIT_OK;
}

static int
list(const char *kept, char **sources)
{
	struct gather *g = gather_new(on_left, NULL);
	struct err e;
	int code;

	if (kept != NULL && read_kept(g, kept, &e) == -1)
		goto out;
	for (; *sources != NULL; sources++)
		if (source_read(g, *sources, &e) == -1)
			goto out;
	code = print(g);
	gather_free(g);
	return code;
out:
	report(REPORT_ERROR, "%s", e.msg);
	gather_free(g);
	return EXIT_INPUT;
}

static int
take_images(void *cookie, int letter, const char *arg)
{
	const char **kept = cookie;

	(void)letter;
	*kept = arg;
	return -1;
}

int
cmd_list(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "images", required_argument, NULL, 'i' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	static const struct words words = {
		.command = "cdr list", .shorts = "i:h", .longs = longs,
		.usage = usage,
	};
	const char *kept = NULL;
	int code;

	report_init(REPORT_TEXT, REPORT_INFO);
	code = words_read(argc, argv, &words, take_images, &kept);
	if (code != -1)
		return code;
	if (optind == argc) {
		fputs("cdr list: which source? A file, a folder, or - for "
		    "standard input\n"
		    "Try 'cdr list --help'.\n", stderr);
		return EXIT_INPUT;
	}
	return list(kept, argv + optind);
}
