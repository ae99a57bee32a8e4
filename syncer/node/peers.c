/* The members of a ring: addresses, their spelling, and files of them. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "layout/fsutil.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "node/peers.h"
#include "registry/ascii.h"

/* The spelling that inet_ntop has for it; false for what is no address. */
static bool
spell(const char *host, char ret[INET6_ADDRSTRLEN], bool *ret_six)
{
	unsigned char raw[sizeof(struct in6_addr)];
	int family = strchr(host, ':') != NULL ? AF_INET6 : AF_INET;

	*ret_six = family == AF_INET6;
	return inet_pton(family, host, raw) == 1 &&
	    inet_ntop(family, raw, ret, INET6_ADDRSTRLEN) != NULL;
}

bool
peer_is_address(const char *host)
{
	char text[INET6_ADDRSTRLEN];
	bool six;

	return spell(host, text, &six);
}

int
peers_add(struct peers *p, const char *host, uint16_t port, struct err *e)
{
	struct peer one = { .port = port };
	size_t at = 0;
	bool six;
	int order = 1;

	if (!spell(host, one.address, &six))
		return err_set(e, ERR_INPUT, "\"%.100s\" is not an address",
		    host);
	snprintf(one.text, sizeof(one.text), six ? "[%s]:%u" : "%s:%u",
	    one.address, port);
	while (at < p->count &&
	    (order = strcmp(p->list[at].text, one.text)) < 0)
		at++;
	if (at < p->count && order == 0)
		return 0;
	if (p->count == PEERS_MAX)
		return err_set(e, ERR_LIMIT, "more than %u peers", PEERS_MAX);
	p->list = xgrow(p->list, p->count, sizeof(*p->list));
	memmove(&p->list[at + 1], &p->list[at],
	    (p->count - at) * sizeof(*p->list));
	p->list[at] = one;
	p->count++;
	return 0;
}

void
peers_done(struct peers *p)
{
	free(p->list);
	*p = (struct peers){ 0 };
}

bool
peers_same(const struct peers *a, const struct peers *b)
{
	size_t i;

	if (a->count != b->count)
		return false;
	for (i = 0; i < a->count; i++)
		if (strcmp(a->list[i].text, b->list[i].text) != 0)
			return false;
	return true;
}

const struct peer *
peers_find(const struct peers *p, const char *address, uint16_t port)
{
	size_t i;

	for (i = 0; i < p->count; i++)
		if (strcmp(p->list[i].address, address) == 0 &&
		    (port == 0 || p->list[i].port == port))
			return &p->list[i];
	return NULL;
}

/* Only an own address can be bound. */
bool
peers_is_here(const char *address)
{
	struct sockaddr_in four = { .sin_family = AF_INET };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	bool is_here, is_six = strchr(address, ':') != NULL;
	int fd = socket(is_six ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC,
	    0);

	if (fd == -1)
		return false;
	if (is_six)
		is_here = inet_pton(AF_INET6, address, &six.sin6_addr) == 1 &&
		    bind(fd, (struct sockaddr *)&six, sizeof(six)) == 0;
	else
		is_here = inet_pton(AF_INET, address, &four.sin_addr) == 1 &&
		    bind(fd, (struct sockaddr *)&four, sizeof(four)) == 0;
	close(fd);
	return is_here;
}

static bool
is_name(const char *host)
{
	size_t i;

	if (!ascii_is_alnum(host[0]) || strlen(host) > PEER_NAME_MAX)
		return false;
	for (i = 0; host[i] != '\0'; i++)
		if (!ascii_is_alnum(host[i]) && strchr(".-_", host[i]) == NULL)
			return false;
	/* What looks like an address and is none. */
	return strspn(host, "0123456789.") != i;
}

static int
read_port(const char *text, uint16_t *ret)
{
	unsigned long n;
	char *end;

	if (!ascii_is_digit(text[0]) || strlen(text) > 5)
		return -1;
	n = strtoul(text, &end, 10);
	if (*end != '\0' || n < 1 || n > UINT16_MAX)
		return -1;
	*ret = (uint16_t)n;
	return 0;
}

/* Where HOST ends and, behind that, PORT begins, which may be NULL.  "fd00::1"
 * is all host.  Return the first byte of HOST, or NULL. */
static const char *
cut(const char *text, const char **ret_end, const char **ret_port)
{
	const char *colon = strchr(text, ':');

	*ret_port = NULL;
	if (text[0] == '[') {
		*ret_end = strchr(text, ']');
		if (*ret_end == NULL)
			return NULL;
		if ((*ret_end)[1] == ':')
			*ret_port = *ret_end + 2;
		else if ((*ret_end)[1] != '\0')
			return NULL;
		return text + 1;
	}
	*ret_end = text + strlen(text);
	if (colon != NULL && strchr(colon + 1, ':') == NULL) {
		*ret_end = colon;
		*ret_port = colon + 1;
	}
	return text;
}

int
peer_place(const char *text, uint16_t port, char **ret_host,
    uint16_t *ret_port, struct err *e)
{
	char canonical[INET6_ADDRSTRLEN];
	const char *end, *port_text, *from = cut(text, &end, &port_text);
	bool six, is_good;
	char *host;

	is_good = from != NULL && (port_text == NULL ||
	    read_port(port_text, &port) == 0);
	host = is_good ? xstrndup(from, (size_t)(end - from)) : xstrdup("");
	if (spell(host, canonical, &six)) {
		is_good = is_good && (six || text[0] != '[');
		free(host);
		host = xstrdup(canonical);
	} else {
		is_good = is_good && text[0] != '[' && is_name(host);
	}
	if (!is_good) {
		free(host);
		return err_set(e, ERR_INPUT, "\"%.100s\" is not HOST, "
		    "HOST:PORT or [IPv6]:PORT", text);
	}
	*ret_host = host;
	*ret_port = port;
	return 0;
}

/* Who can ask there?  0: nobody, or whoever has it means another one by it; 1:
 * this machine alone; 2: others. */
static int
reach(const char *address)
{
	struct in6_addr six;
	struct in_addr four;
	unsigned first;

	if (inet_pton(AF_INET, address, &four) == 1) {
		first = ntohl(four.s_addr) >> 24;
		return first == 0 || first >= 224 ? 0 : first == 127 ? 1 : 2;
	}
	if (inet_pton(AF_INET6, address, &six) != 1 ||
	    IN6_IS_ADDR_UNSPECIFIED(&six) || IN6_IS_ADDR_MULTICAST(&six) ||
	    IN6_IS_ADDR_LINKLOCAL(&six) || IN6_IS_ADDR_V4MAPPED(&six))
		return 0;
	return IN6_IS_ADDR_LOOPBACK(&six) ? 1 : 2;
}

static int
check_node(const char *host, const char *address, struct err *e)
{
	int how = reach(address);

	if (how == 0)
		return err_set(e, ERR_INPUT, "%s is no node's address",
		    address);
	if (how == 1 && !peer_is_address(host) &&
	    strcmp(host, "localhost") != 0)
		return err_set(e, ERR_INPUT, "%s is %s on this machine: write "
		    "the address that the other nodes know", host, address);
	return 0;
}

static int
read_line(struct peers *p, const char *line, peers_names_fn *names,
    struct err *e)
{
	struct peers got = { 0 };
	char *host = NULL;
	uint16_t port;
	size_t i;
	int rc;

	if (peer_place(line, PEER_PORT, &host, &port, e) == -1)
		return -1;
	rc = peer_is_address(host) ? peers_add(&got, host, port, e) :
	    names(&got, host, port, e);
	for (i = 0; rc == 0 && i < got.count; i++)
		if (check_node(host, got.list[i].address, e) == -1 ||
		    peers_add(p, got.list[i].address, port, e) == -1)
			rc = -1;
	peers_done(&got);
	free(host);
	return rc;
}

int
peers_read(struct peers *p, const char *path, const char *text,
    peers_names_fn *names, struct err *e)
{
	struct peers fresh = { 0 };
	unsigned number = 0;
	size_t len, i;
	int rc = 0;

	for (; rc == 0 && *text != '\0'; text += len + (text[len] == '\n')) {
		char *line;

		len = strcspn(text, "\n");
		number++;
		line = xstrndup(text + strspn(text, " \t\r"), len);
		line[strcspn(line, "#\r\n")] = '\0';
		for (i = strlen(line); i > 0 && strchr(" \t", line[i - 1]);)
			line[--i] = '\0';
		if (line[0] != '\0' &&
		    read_line(&fresh, line, names, e) == -1)
			rc = err_wrap(e, "%s:%u", path, number);
		free(line);
	}
	for (i = 0; rc == 0 && i < fresh.count; i++)
		rc = peers_add(p, fresh.list[i].address, fresh.list[i].port, e);
	peers_done(&fresh);
	return rc;
}

int
peers_gather(struct peers *p, const char *nodes, peers_names_fn *names,
    struct err *e)
{
	static const char dns[] = "DNS:";
	char *text = NULL, *host = NULL;
	uint16_t port;
	size_t len, i;
	int rc;

	if (strncmp(nodes, dns, strlen(dns)) == 0) {
		rc = peer_place(nodes + strlen(dns), PEER_PORT, &host, &port,
		    e);
		if (rc == 0)
			rc = names(p, host, port, e);
		for (i = 0; rc == 0 && i < p->count; i++)
			if (reach(p->list[i].address) == 0)
				rc = err_set(e, ERR_INPUT, "%s is %s, which "
				    "is no node's address", host,
				    p->list[i].address);
	} else {
		rc = fs_read_named(nodes, CONFIG_BYTES_MAX, &text, &len, e);
		rc = rc == 0 ? err_set(e, ERR_INPUT, "%s: no such file",
		    nodes) : rc == 1 ? peers_read(p, nodes, text, names, e) :
		    -1;
	}
	free(host);
	free(text);
	if (rc == 0 && p->count == 0)
		rc = err_set(e, ERR_INPUT, "%s: there is no peer in it",
		    nodes);
	if (rc == -1)
		peers_done(p);
	return rc;
}
