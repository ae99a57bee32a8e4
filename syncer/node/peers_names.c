/* Names of peers, of which the system's resolver is asked. */
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#include "node/peers.h"

/* Those of the other end: an address with a zone is no peer's. */
int
peers_resolve(struct peers *p, const char *host, uint16_t port, struct err *e)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *all, *one;
	char text[INET6_ADDRSTRLEN];
	int rc = getaddrinfo(host, NULL, &hints, &all);

	if (rc != 0)
		return err_set(e, ERR_NET, "%.253s: %s", host,
		    gai_strerror(rc));
	for (one = all; rc == 0 && one != NULL; one = one->ai_next)
		if (getnameinfo(one->ai_addr, one->ai_addrlen, text,
		    sizeof(text), NULL, 0, NI_NUMERICHOST) == 0 &&
		    strchr(text, '%') == NULL)
			rc = peers_add(p, text, port, e);
	freeaddrinfo(all);
	return rc;
}
