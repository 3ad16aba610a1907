#pragma once
/* What the chosen instruction set offers: the core reads it once at import. */
#include "kernel.h"
const wb_kernel *wb_kernels(int *n);
wb_map wb_cast(int from, int to);                    /* NULL: no conversion kernel */
