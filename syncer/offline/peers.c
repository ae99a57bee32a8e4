/* In the place of cmd/node_bad.c and node/peers_names.c: without a network, and
 * without the resolver, which a static program cannot have. */
#include <stdlib.h>

#include "cmd/node_peers.h"
#include "node/peers_bad.h"
#include "node/under.h"

int
peers_resolve(struct peers *p, const char *host, uint16_t port, struct err *e)
{
	(void)p;
	(void)port;
	return err_set(e, ERR_INPUT, "%.253s: this cdr looks up no names: "
	    "write addresses", host);
}

int
node_bad(int root, const struct peers_wish *w, char **ret, struct err *trouble,
    struct err *e)
{
	char *now = NULL;

	(void)w;
	trouble->code = ERR_NONE;
	if (under_read(root, PEER_BAD, &now, NULL, e) == -1)
		return -1;
	*ret = peers_bad(now, NULL);
	free(now);
	return 0;
}
