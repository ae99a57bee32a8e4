#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/complete.h"
#include "cmd/complete_values.h"
#include "image/kind.h"
#include "image/ref.h"
#include "image/wishes.h"
#include "layout/mem.h"
#include "layout/pins.h"
#include "layout/store.h"
#include "node/client.h"

/* More of them nobody looks at. */
#define REFS_MAX	2000u
#define ABOUT_MAX	90u

/* Behind the command, as the shell has them; the last is to be completed. */
static struct {
	bool is_asked;
	int count;
	char **words;
} asked;

bool
complete_is_asked(void)
{
	return asked.is_asked;
}

static const char *
current(void)
{
	return asked.words[asked.count - 1];
}

/* ${before} stands in front of each, and is typed already. */
static void
offer(const char *before, const char *word, const char *typed,
    const char *about)
{
	if (strncmp(word, typed, strlen(typed)) == 0)
		printf("%s%s\t%s\n", before, word, about);
}

/* --- what --help says of an option -------------------------------------- */

/* Where its line stands in ${usage}, behind its name; or NULL. */
static const char *
find_line(const char *usage, const char *name)
{
	size_t len = strlen(name);
	const char *line = usage, *at, *eol;

	for (; *line != '\0'; line = eol + (*eol != '\0')) {
		eol = line + strcspn(line, "\n");
		at = line + strspn(line, " ");
		if (at == line || *at != '-')
			continue;
		for (; (at = strstr(at, "--")) != NULL && at < eol; at += 2)
			if (strncmp(at + 2, name, len) == 0 &&
			    strchr(" ,=\n", at[2 + len]) != NULL)
				return at + 2 + len;
	}
	return NULL;
}

/* Behind what stands for a value, such as "SIZE" or "HH:MM-HH:MM"; ${eol} where
 * another option follows it. */
static const char *
skip_value(const char *at, const char *eol)
{
	const char *end;

	if (*at == '=')
		at += strcspn(at, " \n");
	if (*at != ' ' || at[1] < 'A' || at[1] > 'Z' || at[2] == ' ')
		return *at == ' ' && at[1] >= 'A' && at[1] <= 'Z' ? at + 2 :
		    *at == ',' ? eol : at;
	end = at + 1 + strcspn(at + 1, " ,\n");
	return *end == ',' ? eol : end;
}

/* The beginning of a sentence, which may go on in the lines below. */
static void
print_about(const char *usage, const char *name)
{
	const char *at = find_line(usage, name);
	char text[ABOUT_MAX + 1];
	size_t len = 0;

	if (at == NULL)
		return;
	at = skip_value(at, at + strcspn(at, "\n"));
	for (at += strspn(at, "\n "); *at != '\0' && len < ABOUT_MAX; at++) {
		if (strchr(";:(", *at) != NULL || (*at == '.' &&
		    strchr(" \n", at[1]) != NULL))
			break;
		text[len++] = *at == '\n' ? ' ' : *at;
		if (*at != '\n')
			continue;
		while (at[1] == ' ')
			at++;
		if (strchr("-\n", at[1]) != NULL || *at == '\n')
			break;
	}
	if (len == ABOUT_MAX)
		while (len > 0 && text[len - 1] != ' ')
			len--;
	while (len > 0 && strchr(" ,", text[len - 1]) != NULL)
		len--;
	if (text[0] != '-')
		printf("%.*s", (int)len, text);
}

/* --- the tree ------------------------------------------------------------ */

struct refs {
	const char *before, *typed;
	size_t count;
};

/* By its short name, or as far as it was typed in full. */
static int
offer_ref(void *cookie, const char *registry, const char *repository,
    const char *reference, const struct manifest_id *id, struct err *e)
{
	struct refs *refs = cookie;
	char full[FULL_NAME_MAX];
	const char *name = full_name(registry, repository, reference, full);
	const char *shown = image_ref_short(name);

	(void)id;
	if (strncmp(shown, refs->typed, strlen(refs->typed)) != 0)
		shown = name;
	if (strncmp(shown, refs->typed, strlen(refs->typed)) != 0)
		return 0;
	offer(refs->before, shown, refs->typed, "");
	return ++refs->count < REFS_MAX ? 0 : err_set(e, ERR_LIMIT, "enough");
}

/* The value of -r or --root among the words, or NULL. */
static const char *
typed_root(void)
{
	const char *word, *root = NULL;
	int i;

	for (i = 0; i + 1 < asked.count; i++) {
		word = asked.words[i];
		if (strcmp(word, "-r") == 0 || strcmp(word, "--root") == 0)
			root = asked.words[i + 1];
		else if (strncmp(word, "--root=", 7) == 0)
			root = word + 7;
	}
	return root;
}

static void
offer_refs(const char *before, const char *typed)
{
	struct refs refs = { .before = before, .typed = typed };
	struct store *store;
	struct err ignored;

	if (store_open(cmd_root(typed_root()), STORE_READ, &store,
	    &ignored) == -1)
		return;
	store_each_reference(store, offer_ref, &refs, &ignored);
	store_close(store);
}

/* --- values -------------------------------------------------------------- */

static void
offer_words(const char *before, const char *words, const char *typed)
{
	char word[64];
	size_t len;

	for (; *words != '\0'; words += len + (words[len] == ' ')) {
		len = strcspn(words, " ");
		snprintf(word, sizeof(word), "%.*s", (int)len, words);
		offer(before, word, typed, "");
	}
}

/* Is it one of those from ${at} to ${end}, with a comma behind each? */
static bool
has_word(const char *at, const char *end, const char *word)
{
	for (; at < end; at += strcspn(at, ",") + 1)
		if (strcspn(at, ",") == strlen(word) &&
		    strncmp(at, word, strlen(word)) == 0)
			return true;
	return false;
}

/* Several with commas between them: the last one is to be completed, and is
 * none of the others. */
static void
offer_list(const char *before, const char *words, const char *typed)
{
	const char *last = strrchr(typed, ',');
	char *longer, *left = xstrdup(""), *more, word[64];
	size_t len;

	last = last == NULL ? typed : last + 1;
	for (; *words != '\0'; words += len + (words[len] == ' ')) {
		len = strcspn(words, " ");
		snprintf(word, sizeof(word), "%.*s", (int)len, words);
		if (has_word(typed, last, word))
			continue;
		more = xasprintf("%s%s ", left, word);
		free(left);
		left = more;
	}
	longer = xasprintf("%s%.*s", before, (int)(last - typed), typed);
	offer_words(longer, left, last);
	free(longer);
	free(left);
}

static void
offer_clients(const char *before, const char *typed)
{
	const struct node_client *c;
	size_t i;

	for (i = 0; (c = node_clients(i)) != NULL; i++)
		offer(before, c->name, typed, c->about);
	offer(before, "peers", typed, "an nginx on each node");
}

static void
offer_kinds(const char *before, const char *typed)
{
	size_t i;

	for (i = 0; kind_at(i) != NULL; i++)
		offer(before, kind_at(i), typed, "");
}

static void offer_values(const char *, const char *, const char *);

/* "platform=" and what stands behind it. */
static void
offer_keys(const char *typed)
{
	const char *value = strchr(typed, '=');
	char word[64], before[sizeof(word) + 1];
	size_t i;

	for (i = 0; value == NULL && wishes_key(i) != NULL; i++) {
		snprintf(word, sizeof(word), "%s=", wishes_key(i));
		offer("", word, typed, "a key of the image list");
	}
	if (value == NULL || value - typed >= (int)sizeof(word) - 2)
		return;
	snprintf(word, sizeof(word), "%.*s", (int)(value - typed), typed);
	if (!wishes_is_key(word))
		return;
	typed = value + 1;
	value = complete_key_values(word);
	snprintf(before, sizeof(before), "%s=", word);
	offer_values(before, value == NULL ? ":unknown" : value, typed);
}

static void
offer_values(const char *before, const char *values, const char *typed)
{
	if (strcmp(values, ":ref") == 0)
		offer_refs(before, typed);
	else if (strcmp(values, ":client") == 0)
		offer_clients(before, typed);
	else if (strcmp(values, ":kind") == 0)
		offer_kinds(before, typed);
	else if (strcmp(values, ":key") == 0)
		offer_keys(typed);
	else if (values[0] == ':')
		printf("%s\t%s\n", values, before);
	else if (values[0] == ',')
		offer_list(before, values + 1, typed);
	else
		offer_words(before, values, typed);
}

/* --- options ------------------------------------------------------------- */

static const char *
more_at(const struct words *w, size_t i)
{
	return w->more == NULL ? NULL : w->more[i];
}

static void
offer_option(const struct words *w, const char *name, const char *typed)
{
	const char *values = complete_values(w->command, name);

	if (strncmp(name, typed, strlen(typed)) != 0 ||
	    (values != NULL && strcmp(values, ":none") == 0))
		return;
	printf("--%s\t", name);
	if (w->also != NULL && find_line(w->usage, name) == NULL)
		print_about(w->also, name);
	else
		print_about(w->usage, name);
	putchar('\n');
}

static void
offer_options(const struct words *w, const char *typed)
{
	const struct option *o;
	size_t i;

	for (o = w->longs; o->name != NULL; o++)
		offer_option(w, o->name, typed);
	for (i = 0; more_at(w, i) != NULL; i++)
		offer_option(w, more_at(w, i), typed);
}

/* The option that needs a value, for which ${word} stands alone; or NULL. */
static const char *
wants_value(const struct words *w, const char *word)
{
	bool is_long = strncmp(word, "--", 2) == 0;
	const struct option *o;
	size_t i;

	if (word[0] != '-' || word[1] == '\0')
		return NULL;
	for (o = w->longs; o->name != NULL; o++)
		if (o->has_arg == required_argument && (is_long ?
		    strcmp(o->name, word + 2) == 0 : word[2] == '\0' &&
		    o->val == word[1] && strchr(w->shorts, word[1]) != NULL))
			return o->name;
	for (i = 0; more_at(w, i) != NULL; i++)
		if (is_long && strcmp(more_at(w, i), word + 2) == 0)
			return more_at(w, i);
	return NULL;
}

static void
offer_value(const struct words *w, const char *option, const char *before,
    const char *typed)
{
	const char *values = complete_values(w->command, option);
	const char *colon = strchr(typed, ':');
	char *longer;

	if (strcmp(option, "from") != 0 || colon == NULL ||
	    strstr(typed, "://") != NULL) {
		offer_values(before, values == NULL ? ":unknown" : values,
		    typed);
		return;
	}
	/* "oci:" and the name of a folder. */
	longer = xasprintf("%s%.*s", before, (int)(colon + 1 - typed), typed);
	offer_values(longer, strncmp(typed, "oci", 3) == 0 ? ":dir" : ":file",
	    "");
	free(longer);
}

/* "--name=", and the beginning of a value. */
static void
offer_joined(const struct words *w, const char *word, size_t name_len)
{
	char name[64], before[sizeof(name) + 3];

	snprintf(name, sizeof(name), "%.*s", (int)name_len - 2, word + 2);
	snprintf(before, sizeof(before), "--%s=", name);
	if (complete_values(w->command, name) != NULL)
		offer_value(w, name, before, word + name_len + 1);
}

/* What stands behind an option that wants a value is none. */
static bool
has_image(const struct words *w)
{
	int i;

	for (i = 0; i + 1 < asked.count; i++)
		if (asked.words[i][0] != '-' && (i == 0 ||
		    wants_value(w, asked.words[i - 1]) == NULL))
			return true;
	return false;
}

void
complete_answer(const struct words *w)
{
	const char *word = current(), *option = NULL, *values;

	if (asked.count > 1)
		option = wants_value(w, asked.words[asked.count - 2]);
	values = complete_values(w->command, "");
	if (option != NULL)
		offer_value(w, option, "", word);
	else if (strncmp(word, "--", 2) == 0 && strchr(word, '=') != NULL)
		offer_joined(w, word, strcspn(word, "="));
	else if (word[0] == '-')
		offer_options(w, word + (word[1] == '-' ? 2 : 1));
	else if (strcmp(values, ":key") != 0 || has_image(w))
		offer_values("", values, word);
	fflush(stdout);
}

/* --- commands ------------------------------------------------------------ */

static int
offer_commands(const struct command *const *tables)
{
	const struct command *c;

	for (; *tables != NULL; tables++)
		for (c = *tables; c->name != NULL; c++)
			if (c->about != NULL)
				offer("", c->name, current(), c->about);
	offer("", "help", current(), "print what a command takes");
	offer("", "--help", current(), "list the commands");
	offer("", "--version", current(), "which one this is");
	return EXIT_OK;
}

/* It comes to its table of options, and words_next then back here. */
static int
ask(const struct command *c)
{
	static char full_name[32], peers[] = "peers";
	char *argv[] = { full_name, NULL, NULL };
	bool is_peers = strcmp(c->name, "node-config") == 0 &&
	    asked.count > 1 && strcmp(asked.words[0], peers) == 0;

	snprintf(full_name, sizeof(full_name), "cdr %s", c->name);
	if (is_peers)
		argv[1] = peers;
	asked.is_asked = true;
	return c->run(is_peers ? 2 : 1, argv);
}

int
complete_run(int argc, char **argv, const struct command *const *tables)
{
	const struct command *c;

	if (argc < 2)
		return EXIT_INPUT;
	asked.words = argv + 1;
	asked.count = argc - 1;
	if (asked.count == 1 ||
	    (asked.count == 2 && strcmp(asked.words[0], "help") == 0))
		return offer_commands(tables);
	for (; *tables != NULL; tables++)
		for (c = *tables; c->name != NULL; c++)
			if (strcmp(c->name, asked.words[0]) == 0 &&
			    c->about != NULL) {
				asked.words++;
				asked.count--;
				return ask(c);
			}
	return EXIT_OK;
}
