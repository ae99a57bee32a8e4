#ifndef CDR_SOURCE_OCI_LAYOUT_H
#define CDR_SOURCE_OCI_LAYOUT_H

#include "layout/err.h"
#include "source/gather.h"

/* oci_layout_read(g, folder, e): the images that an OCI image layout, such as a
 * tree of cdr-layout(5), has by their full names.  Return 1; 0 where it is
 * none; -1 with ${e} set. */
int oci_layout_read(struct gather *, const char *, struct err *);

#endif
