#include <stdio.h>
#include <string.h>

#include "transfer/object.h"

void
object_of(const struct descriptor *d, enum object_kind kind,
    struct object *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->kind = kind;
	ret->id = d->digest;
	ret->size = d->size;
	snprintf(ret->media_type, sizeof(ret->media_type), "%s",
	    d->media_type);
}
