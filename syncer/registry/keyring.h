#ifndef CDR_REGISTRY_KEYRING_H
#define CDR_REGISTRY_KEYRING_H

#include <stdbool.h>
#include <stdint.h>

#include "layout/err.h"
#include "registry/credentials.h"

/*
 * The credentials of a run as they are now: files are read at use, so that a
 * secret that is rotated needs no signal and no restart, and what helpers have
 * answered is kept for some minutes.  The network thread's alone.
 */
struct keyring;

/* keyring_new(dir): config.json, .dockerconfigjson or .dockercfg in ${dir}; the
 * first that is there, and no other.  ${dir} NULL: there is none. */
struct keyring *keyring_new(const char *);
void keyring_free(struct keyring *);

/*
 * keyring_read(k, now_ms, e): read the file if it is another one than before;
 * look at most once a second.  Return 0, or -1 with ${e} set (ERR_INPUT), once
 * for each file that is wrong: what was known before stays.
 */
int keyring_read(struct keyring *, int64_t, struct err *);

enum keyring_found {
	KEYRING_NONE,
	KEYRING_FOUND,
	KEYRING_UNKNOWN		/* a helper has to be asked first */
};

/*
 * keyring_find(k, registry, repository, now_ms, ret, ret_serial): what a helper
 * has for ${registry}, else what the file has (credentials_find).  ${ret} is a
 * copy, for credential_done, of KEYRING_FOUND alone.  ${ret_serial} changes
 * whenever what is found may; it is never 0.
 */
enum keyring_found keyring_find(struct keyring *, const char *, const char *,
    int64_t, struct credential *, unsigned long *);

/* keyring_names(k, registry): does the file speak of it, and not just of all
 * registries? */
bool keyring_names(const struct keyring *, const char *);

/* keyring_fault(k, registry, repository): where keyring_find has found nothing:
 * why what is in the file cannot be used; NULL: nothing is. */
const char *keyring_fault(const struct keyring *, const char *,
    const char *);

/*
 * keyring_ask(k, registry, ret_suffix, ret_server): after KEYRING_UNKNOWN.
 * Return true if the caller has to run that helper, and then to call
 * keyring_answer; false if somebody is at it.  What ${ret_suffix} and
 * ${ret_server} point to stays until then.
 */
bool keyring_ask(struct keyring *, const char *, const char **,
    const char **);

/* keyring_answer(k, suffix, server, answer, now_ms): takes what ${answer}
 * points to; NULL: the helper has nothing, or does not work. */
void keyring_answer(struct keyring *, const char *, const char *,
    struct credential *, int64_t);

/*
 * keyring_again(k, registry, serial, now_ms): a registry has refused what
 * keyring_find gave with ${serial}.  Return whether to ask keyring_find again:
 * there is something newer, or the helper may have.  A helper is asked again at
 * once the first time, and then once a minute.
 */
bool keyring_again(struct keyring *, const char *, unsigned long, int64_t);

#endif
