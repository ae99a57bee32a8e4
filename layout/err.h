#ifndef CDR_ERR_H
#define CDR_ERR_H

/*
 * An error is a kind, for the program, and a sentence, for a person.  It lives
 * with the caller: nothing is allocated and nothing has to be released.
 */
enum err_code {
	ERR_NONE = 0,
	ERR_INPUT,		/* the list, an argument, the configuration */
	ERR_STORE,		/* the store cannot be used: locked, full */
	ERR_SYS,		/* a system call on one object failed */
	ERR_DATA,		/* bytes that are not what they claim to be */
	ERR_LIMIT,		/* a number from outside is over its cap */
	ERR_NOT_FOUND,		/* the registry does not have it */
	ERR_DENIED,		/* the registry wants other credentials */
	ERR_SIGNATURE,		/* not signed by the key that is required */
	ERR_NET,		/* transport, or an answer without sense */
	ERR_CANCELLED,		/* given up because the run ends */
	ERR_ROOM,		/* more than the file system has room for */
	ERR_DIGEST		/* bytes with another digest than was asked */
};

#define ERR_MSG_MAX	768

struct err {
	enum err_code code;
	char msg[ERR_MSG_MAX];
};

/* err_set(e, code, fmt, ...): replace what is in ${e}.  Return -1. */
int err_set(struct err *, enum err_code, const char *, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * err_sys(e, fmt, ...): as err_set, with ": " and the meaning of errno behind
 * it.  The code is ERR_STORE where errno speaks of the whole file system (full,
 * over quota, read-only), else ERR_SYS.  Return -1.
 */
int err_sys(struct err *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

/* err_wrap(e, fmt, ...): put "context: " before the sentence.  Return -1. */
int err_wrap(struct err *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

#endif
