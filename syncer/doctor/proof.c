/* That a node pulls from the mirror is proved in one way: it pulls, and the
 * mirror's log has it.  Everything else is what files promise. */
#include <assert.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "doctor/access_log.h"
#include "doctor/proof.h"
#include "layout/clock.h"
#include "layout/mem.h"
#include "registry/program.h"

#define PULL_TIMEOUT_MS	(15 * 60 * 1000)
#define PULL_BYTES_MAX	(16u << 20)
/* nginx writes a line when the request is over. */
#define LOG_WAIT_MS	2000
#define LOOK_MS		100

#define ARGS_MAX	8

/* How to have each of them pull; the image goes behind. */
static const struct {
	const char *name;
	const char *argv[ARGS_MAX];
} pulls[] = {
	{ "crictl", { "crictl", "pull" } },
	{ "ctr", { "ctr", "images", "pull", "--hosts-dir",
	    "/etc/containerd/certs.d" } },
	{ "podman", { "podman", "pull" } },
	{ "docker", { "docker", "pull" } },
	{ "k3s", { "k3s", "crictl", "pull" } },
};

#define PULL_COUNT	(sizeof(pulls) / sizeof(pulls[0]))

const char *
proof_clients(void)
{
	return "crictl, ctr, podman, docker or k3s";
}

static size_t
find_client(const char *name)
{
	size_t i;

	for (i = 0; i < PULL_COUNT; i++)
		if (strcmp(pulls[i].name, name) == 0)
			break;
	return i;
}

int
proof_is_client(const char *name)
{
	return find_client(name) < PULL_COUNT;
}

/* --- what the log has ---------------------------------------------------- */

struct search {
	const struct proof *proof;
	char *marked;			/* what our User-Agent has in it */
	size_t marks;
	char client[LOG_FIELD_MAX];	/* our address, as nginx sees it */
	size_t pulled, others;
};

/* Our own requests tell which address this node has for nginx. */
static void
on_mark(void *cookie, const struct log_entry *entry)
{
	struct search *s = cookie;

	if (strstr(entry->agent, s->marked) == NULL)
		return;
	s->marks++;
	memcpy(s->client, entry->client, sizeof(s->client));
}

/* Is it about this image's repository?  CDR's own log has the repository; of
 * other formats the path has to tell. */
static bool
is_of_image(const struct log_entry *entry, const struct image_ref *image)
{
	char *full = xasprintf("%s/%s", image->registry, image->repository);
	char *part = xasprintf("/%s/manifests/", image->repository);
	bool is_it = entry->repository[0] != '\0' ?
	    strcmp(entry->repository, full) == 0 &&
	    strcmp(entry->kind, "manifest") == 0 :
	    strstr(entry->target, part) != NULL;

	free(full);
	free(part);
	return is_it;
}

/* Pulls from other addresses are other nodes' and prove nothing here; where the
 * log has no addresses, any pull counts. */
static void
on_pull(void *cookie, const struct log_entry *entry)
{
	struct search *s = cookie;

	if (strstr(entry->agent, s->marked) != NULL || entry->status >= 300 ||
	    entry->status < 200 || !is_of_image(entry, s->proof->image))
		return;
	if (s->client[0] == '\0' || strcmp(s->client, entry->client) == 0)
		s->pulled++;
	else
		s->others++;
}

/* Also ends when the person interrupts. */
static bool
waits(const struct proof *p, int64_t until_ms)
{
	struct pollfd fd = { .fd = p->stop_fd, .events = POLLIN };

	return clock_ms() < until_ms &&
	    poll(&fd, p->stop_fd == -1 ? 0 : 1, LOOK_MS) == 0;
}

/* Return 0, or -1 with the reason said. */
static int
look(const struct proof *p, off_t from, access_log_fn *fn, struct search *s)
{
	struct err e;

	if (access_log_each(p->log, from, fn, s, &e) == 0)
		return 0;
	finding_add(p->findings, FINDING_FAIL, "log", "%s: give --access-log "
	    "the file that nginx writes, and run cdr as a user who may read it",
	    e.msg);
	return -1;
}

/* nginx writes its log when it pleases: a while is waited for it. */
static int
find_marks(const struct proof *p, struct search *s)
{
	int64_t until = clock_ms() + LOG_WAIT_MS;
	off_t size;
	struct err e;
	int rc;

	do {
		s->marks = 0;
		/* The end of a long log is enough. */
		if (access_log_size(p->log, &size, &e) == -1)
			size = 0;
		rc = look(p, size > (1 << 20) ? size - (1 << 20) : 0, on_mark,
		    s);
	} while (rc == 0 && s->marks == 0 && waits(p, until));
	if (rc == -1)
		return -1;
	if (s->marks == 0)
		finding_add(p->findings, FINDING_FAIL, "log", "%s has none of "
		    "the requests that doctor has just made (User-Agent with "
		    "\"mark/%s\"): check that it is this mirror's log, and "
		    "that access_log is on and writes the User-Agent", p->log,
		    p->mark);
	else
		finding_add(p->findings, FINDING_OK, "log", "%zu requests of "
		    "this command are in %s, from %s", s->marks, p->log,
		    s->client[0] != '\0' ? s->client : "this node");
	return s->marks == 0 ? -1 : 0;
}

/* --- a pull -------------------------------------------------------------- */

/* Return 0, or -1 with the reason said.  Whether the node has the image already
 * does not matter: clients ask for the manifest in any case. */
static int
pull(const struct proof *p)
{
	size_t which = find_client(p->client), n = 0;
	char *argv[ARGS_MAX + 2], *image = image_ref_text(p->image);
	char line[PROGRAM_LINE_MAX];
	struct program program = {
		.argv = argv,
		.timeout_ms = PULL_TIMEOUT_MS,
		.out_max = PULL_BYTES_MAX,
		.stop_fd = p->stop_fd,
	};
	struct program_end end;
	struct err e;
	int rc;

	assert(which < PULL_COUNT);
	for (; pulls[which].argv[n] != NULL; n++)
		argv[n] = xstrdup(pulls[which].argv[n]);
	argv[n++] = image;
	argv[n] = NULL;
	rc = program_run(&program, &end, &e);
	if (rc == -1) {
		finding_add(p->findings, FINDING_FAIL, "pull", "%s: %s",
		    p->client, e.msg);
	} else {
		if (!WIFEXITED(end.status) || WEXITSTATUS(end.status) != 0) {
			finding_add(p->findings, FINDING_FAIL, "pull", "%s "
			    "cannot pull %s: %s", p->client, image,
			    program_complaint(&end, line));
			rc = -1;
		}
		program_end_done(&end);
	}
	while (n-- > 0)
		free(argv[n]);
	return rc;
}

static void
judge_pull(const struct proof *p, off_t from, struct search *s)
{
	int64_t until = clock_ms() + LOG_WAIT_MS;
	int rc;

	do {
		s->pulled = s->others = 0;
		rc = look(p, from, on_pull, s);
	} while (rc == 0 && s->pulled == 0 && waits(p, until));
	if (rc == -1)
		return;
	if (s->pulled > 0)
		finding_add(p->findings, FINDING_OK, "pull", "%s pulled, and "
		    "asked this mirror (%zu times for a manifest)", p->client,
		    s->pulled);
	else
		finding_add(p->findings, FINDING_FAIL, "pull", "%s pulled, and "
		    "did not ask this mirror: set it up with \"cdr "
		    "node-config\", and restart it", p->client);
}

/* Marks before the pull: a log that does not have them would not have the
 * pull either. */
void
proof_check(const struct proof *p)
{
	struct search s = { .proof = p };
	off_t from = 0;
	struct err e;

	s.marked = xasprintf("mark/%s", p->mark);
	if (p->log == NULL)
		finding_add(p->findings, FINDING_OK, "log", "nginx's access "
		    "log has these requests, with \"mark/%s\" in their "
		    "User-Agent; give --access-log FILE to have doctor look "
		    "for them", p->mark);
	else if (find_marks(p, &s) == -1)
		goto out;
	if (p->client == NULL)
		goto out;
	if (p->log != NULL && access_log_size(p->log, &from, &e) == -1)
		from = 0;
	if (pull(p) == -1)
		goto out;
	if (p->log != NULL)
		judge_pull(p, from, &s);
	else
		finding_add(p->findings, FINDING_WARN, "pull",
		    "%s pulled; give --access-log FILE to find out from where",
		    p->client);
out:
	free(s.marked);
}
