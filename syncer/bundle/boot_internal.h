#ifndef CDR_BUNDLE_BOOT_INTERNAL_H
#define CDR_BUNDLE_BOOT_INTERNAL_H

#include "bundle/boot.h"
#include "layout/limits.h"

struct boot_arch {
	char name[BOOT_ARCH_MAX];
	struct save *images;
};

struct boot {
	char *source;
	int source_fd;
	struct boot_arch arches[BOOT_ARCHES_MAX];
	size_t arch_count;
	uint64_t bytes;
};

#endif
