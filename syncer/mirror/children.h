#ifndef CDR_MIRROR_CHILDREN_H
#define CDR_MIRROR_CHILDREN_H

#include "layout/children.h"

/* What layout/children.h asks for, with the readers of image/.  It needs no
 * cookie. */
children_fn children_each;

#endif
