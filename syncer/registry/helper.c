/* docker-credential-helpers, credentials/credentials.go: the protocol is a word
 * as argument, a line in, JSON out. */
#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "registry/helper.h"
#include "registry/program.h"

/* The message that means "none" comes on standard output, and an exit code. */
static enum helper_end
judge(const struct program_end *end, struct credential *ret, struct err *e)
{
	static const char none[] = "credentials not found";
	char line[PROGRAM_LINE_MAX];

	if (WIFEXITED(end->status) && WEXITSTATUS(end->status) == 0)
		return credential_from_helper(end->out, end->len, ret,
		    e) == 0 ? HELPER_ANSWERED : HELPER_FAILED;
	if (strstr(end->out, none) != NULL || strstr(end->notes, none) != NULL)
		return HELPER_NONE;
	err_set(e, ERR_SYS, "%s", program_complaint(end, line));
	return HELPER_FAILED;
}

enum helper_end
helper_get(const char *suffix, const char *server, int timeout_ms,
    const atomic_bool *stop, struct credential *ret, struct err *e)
{
	char *program = xasprintf("docker-credential-%s", suffix);
	char get[] = "get";
	char *argv[] = { program, get, NULL };
	struct program p = {
		.argv = argv,
		.input = server,
		.timeout_ms = timeout_ms,
		.out_max = HELPER_BYTES_MAX,
		.stop = stop,
		.stop_fd = -1,
	};
	enum helper_end answer = HELPER_FAILED;
	struct program_end end;

	assert(strchr(suffix, '/') == NULL);
	if (program_run(&p, &end, e) == 0) {
		answer = judge(&end, ret, e);
		program_end_done(&end);
	}
	if (answer == HELPER_FAILED)
		err_wrap(e, "%s get %.200s", program, server);
	free(program);
	return answer;
}
