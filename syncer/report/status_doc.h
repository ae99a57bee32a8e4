#ifndef CDR_REPORT_STATUS_DOC_H
#define CDR_REPORT_STATUS_DOC_H

#include <jansson.h>
#include <stdbool.h>

#include "layout/store.h"

/*
 * A small file of status/: one object on one line, of at most STATUS_HEAD_MAX
 * bytes.
 *
 * status_doc_read(store, name, ret_damaged): json_decref it; NULL where there
 * is none or it makes no sense, in which case ${ret_damaged} is true.
 */
json_t *status_doc_read(const struct store *, const char *, bool *);

/* status_doc_read_most(store, name, most, ret_damaged): the same of a file that
 * may have ${most} bytes. */
json_t *status_doc_read_most(const struct store *, const char *, size_t,
    bool *);

/* status_doc_write(store, name, object, e): takes ${object}.  Return 0 or -1;
 * store_sync_status is still to come. */
int status_doc_write(struct store *, const char *, json_t *, struct err *);

/* status_doc_replace(store, name, text, e): ${text} is to be what the file
 * says; if it says so already, it stays as it is, for those who look at its
 * time. */
int status_doc_replace(struct store *, const char *, const char *,
    struct err *);

/* status_set_error(object, text): as its member "error", as much of it as all
 * may see; nothing where ${text} is NULL. */
void status_set_error(json_t *, const char *);

#endif
