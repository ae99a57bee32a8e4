#ifndef CDR_REGISTRY_CREDENTIALS_H
#define CDR_REGISTRY_CREDENTIALS_H

#include <stdbool.h>
#include <stddef.h>

#include "layout/err.h"

/* What to show a registry.  NULL where there is none; never logged. */
struct credential {
	char *username;
	char *password;
	char *identity_token;	/* for the OAuth2 refresh grant */
	char *registry_token;	/* a Bearer token as it is */
};

/* Everything that was found, in memory. */
struct credentials;

/*
 * credentials_init(): from now on the JSON library wipes whatever it releases:
 * it keeps copies of every secret that it reads.  Once, before there is a
 * second thread that uses that library.
 */
void credentials_init(void);

/*
 * credentials_parse(name, buf, len, ret, e): a config.json ("auths"), or the
 * old .dockercfg (the inner map alone).  An empty file, and ${buf} NULL, is
 * one without entries.  Messages name ${name} and the entry, never a value.
 * An entry without a secret ({}) says that a helper has it, and is passed over.
 * One that cannot be used is no error before it is needed: credentials_fault.
 * Return 0, or -1 with ${e} set (ERR_INPUT).  Wiping ${buf} is for the caller.
 */
int credentials_parse(const char *, const char *, size_t,
    struct credentials **, struct err *);
void credentials_free(struct credentials *);

/*
 * credentials_find(c, registry, repository, ret): the entry for ${registry}
 * (as people write it) with the longest path that is a prefix, by whole
 * components, of ${repository}; then exact host; then host globs ("*": any
 * run of characters inside one label).  Keys are normalised: scheme, /v1/,
 * /v2/ go; docker.io, index.docker.io, registry-1.docker.io are one
 * (quirks.md#keys-of-auths).  Of two that are equal in all this the first
 * counts.  Return 1 with a copy in ${ret}, or 0, also where that entry cannot
 * be used.  credential_done wipes and releases.
 */
int credentials_find(const struct credentials *, const char *, const char *,
    struct credential *);
void credential_done(struct credential *);

/*
 * credentials_fault(c, registry, repository): what is wrong with the entry, or
 * the helper, that would be the one; NULL: nothing.  It belongs to ${c}, and
 * names the entry, and nothing that is in it.
 */
const char *credentials_fault(const struct credentials *, const char *,
    const char *);

/* credentials_name(c, registry): is it written there, as a key without "*" of
 * "auths" or "credHelpers"? */
bool credentials_name(const struct credentials *, const char *);

/*
 * credentials_helper(c, registry, ret_server): the suffix of the
 * docker-credential- program that config.json names for ${registry}
 * (credHelpers, then credsStore), or NULL; an empty suffix in credHelpers
 * means none even where there is a credsStore, and so does one that could be
 * a path.  ${ret_server} gets what to ask
 * it for: ${registry} itself, or https://index.docker.io/v1/ for Docker Hub.
 * The suffix has only letters, digits and "._-", and belongs to ${c}.
 */
const char *credentials_helper(const struct credentials *, const char *,
    const char **ret_server);

/*
 * credential_from_helper(buf, len, ret, e): what a helper printed
 * ({"Username","Secret"}; the user name "<token>" means an identity token).
 * Return 0, or -1 with ${e} set (ERR_INPUT).
 */
int credential_from_helper(const char *, size_t, struct credential *,
    struct err *);

#endif
