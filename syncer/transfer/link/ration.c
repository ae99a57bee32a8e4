#include "transfer/link/ration.h"

enum ration_verdict
ration_judge(const struct ration *r)
{
	if (r->is_closed)
		return RATION_STOP;
	if (r->keep == 0 || r->left < 0)
		return RATION_GO;
	if (r->left <= (int64_t)r->keep)
		return RATION_STOP;
	/* Each of those in flight may cost one of them. */
	return r->left - (int64_t)r->flight <= (int64_t)r->keep ?
	    RATION_WAIT : RATION_GO;
}

int64_t
ration_pause_s(bool is_pull_limit, int64_t retry_after_ms)
{
	if (!is_pull_limit)
		return 0;
	return retry_after_ms > 0 ? (retry_after_ms + 999) / 1000 : -1;
}
