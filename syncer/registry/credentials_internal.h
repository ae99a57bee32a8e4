#ifndef CDR_REGISTRY_CREDENTIALS_INTERNAL_H
#define CDR_REGISTRY_CREDENTIALS_INTERNAL_H

#include "registry/credentials.h"

/* Shared by credentials.c, which reads, and credentials_find.c. */

/* What an entry is for: "https://Reg.Example/v2/team/" is host "reg.example"
 * and path "team". */
struct credentials_key {
	char *host;		/* lower case, with the port; may have "*" */
	char *path;		/* "": all repositories */
};

struct entry {
	struct credentials_key key;
	struct credential what;	/* nothing, where a helper has it */
	char *fault;		/* why it cannot be used; or NULL */
};

struct helper {
	struct credentials_key key;
	char *suffix;		/* "": no helper */
	char *fault;		/* why suffix is ""; or NULL */
};

struct credentials {
	struct entry *entries;
	size_t entry_count;
	struct helper *helpers;
	size_t helper_count;
	char *store;		/* credsStore; NULL or "": none */
};

/*
 * credentials_key_parse(text): a key, or a registry as people write it.  It
 * never fails: what is no registry matches none.  credentials_key_done
 * releases.
 */
struct credentials_key credentials_key_parse(const char *);
void credentials_key_done(struct credentials_key *);

/* credentials_key_shown(text): the part of a key that a message may show, its
 * end.  Some write a user name into the key too, and it may be a secret. */
const char *credentials_key_shown(const char *);

#endif
