#ifndef CDR_CMD_EXPORT_INPUTS_H
#define CDR_CMD_EXPORT_INPUTS_H

#include "bundle/bundle_key.h"
#include "bundle/inventory.h"
#include "image/list.h"
#include "report/report.h"

/* What people have said to cdr export. */
struct export_options {
	const char *root, *to, *inventory, *to_site, *site, *key, *boot;
	const char **lists;
	size_t list_count;
	struct bundle_keys *keys;	/* of inventories */
	uint64_t split;
	unsigned expires_s, wait;
	bool plan, json;
	enum report_level level;
};

/* And the files that they have named, read and judged. */
struct export_inputs {
	struct image_list *list;
	struct inventory inventory;
	char from[BUNDLE_SITE_MAX + 1];
	char name[BUNDLE_SITE_MAX + 1];	/* of the list */
};

/*
 * export_inputs_read(o, words, ret, e): the lists and the words up to a NULL,
 * the inventory and its signature, who we are, and whether the key can sign.
 * ${ret} is all zero before.  Return 0, or -1 with ${e} set;
 * export_inputs_done in any case.
 */
int export_inputs_read(const struct export_options *, char **,
    struct export_inputs *, struct err *);
void export_inputs_done(struct export_inputs *);

#endif
