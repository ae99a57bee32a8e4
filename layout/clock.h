#ifndef CDR_CLOCK_H
#define CDR_CLOCK_H

#include <stdint.h>

/* clock_ms(): milliseconds that only ever go forward. */
int64_t clock_ms(void);

#endif
