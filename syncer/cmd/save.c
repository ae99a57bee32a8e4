/* cdr save: images in one tar file, for whoever loads such. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundle/outfile.h"
#include "bundle/save.h"
#include "cmd/cmd.h"
#include "cmd/words.h"
#include "image/duration.h"
#include "layout/mem.h"
#include "layout/pins.h"
#include "layout/store.h"
#include "report/report.h"

static const char usage[] =
"usage: cdr save [-q] [-r ROOT] [--platform P] [--index] REF... -o FILE\n"
"\n"
"Write images into one tar file, which docker, podman, skopeo, containerd,\n"
"nerdctl, k3s and kind load.  A REF may be followed by platform=P.\n"
"\n"
"  REF               a tag, such as nginx:1.27; with a digest behind it\n"
"                    (nginx:1.27@sha256:...) it gets that name as well, as pods\n"
"                    with a digest want it; or a digest alone\n"
"  -o, --output FILE the file; it is there when it is whole.  -: standard output\n"
"      --platform P  which one, such as linux/arm64; all: the index with all that\n"
"                    it lists, which has to be here (default: the only one that\n"
"                    is here)\n"
"      --index       the index, though not all that it lists is here, or wanted:\n"
"                    not for kind, k3s and rke2\n"
"  -r, --root ROOT   the tree (default: $CDR_ROOT, or /srv/cdr)\n"
"      --wait T      wait so long while things are being removed from the tree\n"
"                    (default: 0)\n"
"  -q, --quiet       print errors only\n"
"  -h, --help        print this\n"
"\n"
"Exit: 0 all is well; 1 an image cannot be saved, and there is no file; 2 usage;\n"
"3 no tree at ROOT, or the file cannot be written; 4 interrupted.\n";

struct wanted {
	struct image_ref ref;
	char *name;
	const struct platform_set *platforms;	/* NULL: not said */
	struct platform_set own;
};

struct options {
	const char *root, *output;
	bool is_sparse, has_platform;
	struct platform_set platforms;
	unsigned wait_s;
	enum report_level level;
	struct wanted *all;
	size_t count;
};

static int
bad_usage(void)
{
	fputs("Try 'cdr save --help'.\n", stderr);
	return EXIT_INPUT;
}

static void
tell_warning(void *cookie, const char *what)
{
	(void)cookie;
	report(REPORT_WARNING, "%s", what);
}

/* Each that cannot be saved is told of. */
static int
add_all(const struct options *o, struct save *s)
{
	int code = EXIT_OK;
	struct save_wish wish = { .is_sparse = o->is_sparse };
	struct err e;
	size_t i;

	for (i = 0; i < o->count; i++) {
		wish.ref = &o->all[i].ref;
		wish.platforms = o->all[i].platforms;
		if (save_add(s, &wish, tell_warning, NULL, &e) == 0)
			continue;
		report(REPORT_ERROR, "%s: %s", o->all[i].name, e.msg);
		code = EXIT_SOME_FAILED;
	}
	return code;
}

static int
tell_failure(const struct options *o, const struct err *e)
{
	report(REPORT_ERROR, "%s: %s", o->output, e->msg);
	if (e->code == ERR_CANCELLED)
		return EXIT_INTERRUPTED;
	return e->code == ERR_STORE || e->code == ERR_SYS ||
	    e->code == ERR_ROOM ? EXIT_STORE : EXIT_SOME_FAILED;
}

static int
write_file(const struct options *o, const struct save *s)
{
	struct outfile *out;
	struct err e;

	if (outfile_open(o->output, save_bytes(s), &out, &e) == -1) {
		report(REPORT_ERROR, "%s", e.msg);
		return e.code == ERR_INPUT ? EXIT_INPUT : EXIT_STORE;
	}
	if (save_write(s, outfile_fd(out), cmd_stop_fd(), &e) == -1) {
		outfile_drop(out);
		return tell_failure(o, &e);
	}
	if (outfile_finish(out, &e) == -1) {
		report(REPORT_ERROR, "%s", e.msg);
		return EXIT_STORE;
	}
	return EXIT_OK;
}

static int
write_out(const struct options *o, const struct save *s)
{
	char size[REPORT_BYTES_MAX];
	struct err e;
	int code = EXIT_OK;

	if (strcmp(o->output, "-") == 0)
		report_results_aside();
	if (strcmp(o->output, "-") != 0)
		code = write_file(o, s);
	else if (save_write(s, STDOUT_FILENO, cmd_stop_fd(), &e) == -1)
		code = tell_failure(o, &e);
	if (code == EXIT_OK)
		report_result(REPORT_INFO, "%s: %zu image%s, %s", o->output,
		    save_count(s), save_count(s) == 1 ? "" : "s",
		    report_bytes(save_bytes(s), size));
	return code;
}

static int
run(const struct options *o)
{
	const struct store_patience patience = { .seconds = o->wait_s,
	    .stop_fd = cmd_stop_fd() };
	struct store *store = NULL;
	struct save *s;
	struct err e;
	int code;

	if (store_open(o->root, STORE_READ, &store, &e) == -1 ||
	    store_keep(store, &patience, &e) != 0) {
		report(REPORT_ERROR, "%s", e.msg);
		store_close(store);
		return EXIT_STORE;
	}
	s = save_new(store);
	code = add_all(o, s);
	if (code == EXIT_OK)
		code = write_out(o, s);
	save_free(s);
	store_close(store);
	return code;
}

/* --- words ------------------------------------------------------------- */

static int
parse_key(const char *word, struct options *o, struct err *e)
{
	static const char key[] = "platform=";
	struct wanted *w = o->count == 0 ? NULL : &o->all[o->count - 1];

	if (strncmp(word, key, strlen(key)) != 0)
		return err_set(e, ERR_INPUT, "\"%.300s\": of the keys of a "
		    "list, only platform= means something here", word);
	if (w == NULL)
		return err_set(e, ERR_INPUT, "\"%.300s\" has to stand behind "
		    "an image", word);
	if (w->platforms == &w->own)
		return err_set(e, ERR_INPUT, "%.300s: platform= twice",
		    w->name);
	if (platform_set_parse(word + strlen(key), &w->own, e) == -1)
		return -1;
	w->platforms = &w->own;
	return 0;
}

static int
parse_words(char **words, struct options *o, struct err *e)
{
	struct wanted *w;

	for (; *words != NULL; words++) {
		if (strchr(*words, '=') != NULL) {
			if (parse_key(*words, o, e) == -1)
				return -1;
			continue;
		}
		w = &o->all[o->count];
		if (image_ref_parse(*words, &w->ref, e) == -1)
			return -1;
		w->name = image_ref_text(&w->ref);
		w->platforms = o->has_platform ? &o->platforms : NULL;
		o->count++;
	}
	if (o->count == 0)
		return err_set(e, ERR_INPUT, "which image?");
	if (o->output == NULL)
		return err_set(e, ERR_INPUT, "which file?  Say -o FILE");
	if (strcmp(o->output, "-") == 0 && isatty(STDOUT_FILENO))
		return err_set(e, ERR_INPUT, "standard output is a terminal, "
		    "which is no place for a tar file");
	return 0;
}

/* Return 0, or -1 with ${e} set. */
static int
parse_option(int c, const char *arg, struct options *o, struct err *e)
{
	switch (c) {
	case 'r':
		o->root = arg;
		return 0;
	case 'o':
		o->output = arg;
		return 0;
	case 'p':
		platform_set_done(&o->platforms);
		o->has_platform = platform_set_parse(arg, &o->platforms,
		    e) == 0;
		return o->has_platform ? 0 : -1;
	case 'i':
		o->is_sparse = true;
		return 0;
	case 'q':
		o->level = REPORT_ERROR;
		return 0;
	default:
		return duration_parse(arg, WAIT_MAX_S, &o->wait_s, e);
	}
}

/* Return -1 to go on, or an exit code. */
static int
take_option(void *cookie, int letter, const char *arg)
{
	struct err e;

	if (parse_option(letter, arg, cookie, &e) == 0)
		return -1;
	fprintf(stderr, "cdr save: %s\n", e.msg);
	return bad_usage();
}

static int
parse_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "root", required_argument, NULL, 'r' },
		{ "output", required_argument, NULL, 'o' },
		{ "platform", required_argument, NULL, 'p' },
		{ "index", no_argument, NULL, 'i' },
		{ "wait", required_argument, NULL, 'w' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	static const struct words words = {
		.command = "cdr save", .shorts = "r:o:qh", .longs = longs,
		.usage = usage,
	};

	return words_read(argc, argv, &words, take_option, o);
}

int
cmd_save(int argc, char **argv)
{
	struct options o = { .level = REPORT_INFO };
	struct err e;
	size_t i;
	int code;

	report_init(REPORT_TEXT, REPORT_INFO);
	o.all = xcalloc((size_t)argc, sizeof(*o.all));
	code = parse_options(argc, argv, &o);
	o.root = cmd_root(o.root);
	if (code == -1 && parse_words(argv + optind, &o, &e) == -1) {
		fprintf(stderr, "cdr save: %s\n", e.msg);
		code = bad_usage();
	}
	if (code == -1) {
		report_init(REPORT_TEXT, o.level);
		code = run(&o);
	}
	for (i = 0; i < o.count; i++) {
		image_ref_done(&o.all[i].ref);
		platform_set_done(&o.all[i].own);
		free(o.all[i].name);
	}
	free(o.all);
	platform_set_done(&o.platforms);
	return code;
}
