/* cdr doctor --peers: the ring of peers that this node is one of. */
#include "cmd/doctor_peers.h"
#include "doctor/peers_check.h"

#define RING	"http://127.0.0.1:5000"

int
doctor_peers_read(struct doctor_peers *d, struct err *e)
{
	if (node_wish_mirror(&d->near, d->ring != NULL ? d->ring : RING, e) ==
	    -1)
		return err_wrap(e, "--ring");
	if (peers_gather(&d->peers, d->nodes, peers_resolve, e) == -1)
		return err_wrap(e, "--peers");
	return 0;
}

void
doctor_peers_done(struct doctor_peers *d)
{
	peers_done(&d->peers);
	node_wish_done(&d->near);
}

/* What only clients ask for is looked at without --peers. */
void
doctor_peers_check(struct doctor_peers *d, struct patient *mirror)
{
	struct peers_visit v = {
		.mirror = mirror, .peers = &d->peers, .ring = d->near.base,
		.anew = d->anew
	};

	if (reach_check(mirror) && image_check(mirror) &&
	    content_check(mirror) && !mirror->ask.stopped)
		peers_check(&v);
}
