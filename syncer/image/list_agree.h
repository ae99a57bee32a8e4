#ifndef CDR_IMAGE_LIST_AGREE_H
#define CDR_IMAGE_LIST_AGREE_H

#include "image/list.h"

/*
 * What several lines say of one image: for list.c, which finds such lines.
 */

/* list_place(file, line): where a line stands, for people; free(3) it. */
char *list_place(const char *, unsigned);

/* list_keys_differ(a, b): the key of which two entries for one image have
 * another value, or NULL. */
const char *list_keys_differ(const struct list_entry *,
    const struct list_entry *);

/*
 * list_pin(pins, first, later): ${later} is about the tag of ${first}, with a
 * digest or without.  ${first} then stands for both.  Where they disagree it is
 * an error of these lines alone, for list_agree to tell: others of the list are
 * of no less use.  ${pins} keeps what is made; list_pins_done releases it.
 */
void list_pin(struct list_pin **, struct list_entry *,
    const struct list_entry *);
void list_pins_done(struct list_pin *);

#endif
