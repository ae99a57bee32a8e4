#ifndef CDR_REGISTRY_REGISTRIES_INTERNAL_H
#define CDR_REGISTRY_REGISTRIES_INTERNAL_H

#include <limits.h>

#include "registry/endpoint.h"
#include "registry/registries.h"

/* Shared by registries.c, which reads the file, and registries_config.c, which
 * says what holds where. */

#define RETRY_CAP_MS	60000
#define UNSET	UINT_MAX
/* The entry for all registries. */
#define ANY	"*"

/* The settings are two tables: a new one is one line in registries.c, one here,
 * one in the structure of registries.h, and one in registries_config.c. */
enum number {
	MAX_CONNECTIONS,
	MIN_PULLS_LEFT,
	MAX_TRIES,
	RETRY_DELAY_MS,
	STALL_TIMEOUT_S,
	FIRST_BYTE_TIMEOUT_S,
	CONNECT_TIMEOUT_S,
	MIN_RATE,
	NUMBER_COUNT
};

struct number_setting {
	const char *key;
	unsigned min, max, standard;
};
extern const struct number_setting registries_numbers[NUMBER_COUNT];

enum text {
	ENDPOINT,
	CA_FILE,
	CLIENT_CERT,
	CLIENT_KEY,
	REQUIRE_SIGNED,
	TEXT_COUNT
};

/* One member of the object. */
struct exception {
	char *name;
	unsigned number[NUMBER_COUNT];	/* UNSET */
	char *text[TEXT_COUNT];		/* NULL: not set */
	char *endpoints[ENDPOINTS_MAX];	/* in their order; endpoint is one */
	size_t endpoint_count;
	struct reach_list places;
};

struct registries {
	struct exception *exceptions;
	size_t count;
	unsigned connections;		/* 0: CONNECTIONS_STANDARD */
};

/* registries_find(r, name): the entry of that name, or NULL. */
const struct exception *registries_find(const struct registries *,
    const char *);

#endif
