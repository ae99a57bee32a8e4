/*
 * Waits for SIGTERM or SIGINT, as the first process of a container that only
 * has to be there: see k8s/overlays/nodes.  A first process ignores what it
 * does not wait for.
 */
#include <signal.h>
#include <stddef.h>

int
main(void)
{
	sigset_t set;
	int number;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return 1;
	return sigwait(&set, &number) != 0;
}
