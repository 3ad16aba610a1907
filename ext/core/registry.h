#pragma once
/* What the chosen instruction set offers: the core reads it once at import. */
#include "kernel.h"
const wb_kernel *wb_kernels(int *n);
wb_map wb_cast(int from, int to);                    /* NULL: no conversion kernel */
const char *wb_dispatch(const char *force);          /* register the best level's kernels, or those of `force`; the level's name, NULL: cannot run it */
const char *wb_levels(void);                         /* "v3 v2": of what was built, what this CPU can run, best first */
