#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "registry/ascii.h"
#include "registry/no_proxy.h"
#include "registry/reach.h"

#define SEPARATORS	", \t\r\n"

/* What is asked. */
struct target {
	const char *host;
	unsigned port;
	bool is_address;
	uint8_t address[16];
};

/* 1 to 65535; 0: none. */
static unsigned
port_of(const char *s)
{
	unsigned port = 0;

	if (*s == '\0')
		return 0;
	for (; *s != '\0'; s++) {
		if (!ascii_is_digit(*s) || port > 65535)
			return 0;
		port = port * 10 + (unsigned)(*s - '0');
	}
	return port <= 65535 ? port : 0;
}

/* Where the port begins, behind its colon; NULL: there is none.  A bare v6
 * address has colons of its own. */
static char *
find_port(char *word)
{
	char *colon = strrchr(word, ':');

	if (colon == NULL || colon == word)
		return NULL;
	if (colon[-1] == ']' || strchr(word, ':') == colon)
		return colon;
	return NULL;
}

static bool
is_network(const char *word, const struct target *t, bool *ret_has)
{
	struct reach_list list = { NULL, 0 };
	struct err ignored;

	if (strchr(word, '/') == NULL ||
	    reach_list_add(&list, word, &ignored) == -1)
		return false;
	*ret_has = t->is_address &&
	    reach_list_has_address(&list, t->address);
	reach_list_done(&list);
	return true;
}

/* By whole labels. */
static bool
is_below(const char *host, const char *domain)
{
	size_t h = strlen(host), d = strlen(domain);

	return h > d && host[h - d - 1] == '.' &&
	    strcmp(host + h - d, domain) == 0;
}

/* Without its port. */
static bool
place_has(const char *word, const struct target *t)
{
	uint8_t address[16];

	if (reach_parse(word, address))
		return t->is_address &&
		    memcmp(address, t->address, sizeof(address)) == 0;
	if (t->is_address)
		return false;
	if (strncmp(word, "*.", 2) == 0)
		return is_below(t->host, word + 2);
	if (word[0] == '.')
		return is_below(t->host, word + 1);
	return strcmp(t->host, word) == 0 || is_below(t->host, word);
}

static bool
word_has(char *word, const struct target *t)
{
	char *port;
	bool has;

	if (strcmp(word, "*") == 0)
		return true;
	if (is_network(word, t, &has))
		return has;
	port = find_port(word);
	if (port != NULL) {
		if (port_of(port + 1) != t->port)
			return false;
		*port = '\0';
	}
	if (word[0] != '\0' && word[strlen(word) - 1] == '.')
		word[strlen(word) - 1] = '\0';
	return strpbrk(word, "abcdefghijklmnopqrstuvwxyz0123456789") != NULL &&
	    place_has(word, t);
}

bool
no_proxy_has(const char *list, const char *host, unsigned port)
{
	struct target t = { .port = port };
	size_t len = strlen(host), i;
	/* "host." is the same place. */
	char *name = xstrndup(host, len > 1 && host[len - 1] == '.' ?
	    len - 1 : len), *word;
	bool has = false;

	t.host = name;
	t.is_address = reach_parse(name, t.address);
	for (list += strspn(list, SEPARATORS); *list != '\0' && !has;
	    list += len, list += strspn(list, SEPARATORS)) {
		len = strcspn(list, SEPARATORS);
		word = xstrndup(list, len);
		for (i = 0; i < len; i++)
			word[i] = ascii_lower(word[i]);
		has = word_has(word, &t);
		free(word);
	}
	free(name);
	return has;
}
