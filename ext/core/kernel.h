#pragma once
/* The contract between the funnel and a kernel. A kernel neither validates nor knows Python: shapes, dtypes and layouts are settled
   before it is called, without the GIL when the work is large. How it cuts its work into parts may depend on shapes only, never on
   the number of threads: that is what makes results equal for any number of them. */
#include "array.h"

enum { WB_MAX_IN = 12, WB_MAX_OUT = 6, WB_MAX_ATTR = 32 };

/* WB_MAP: the inner loop of an elementwise op, like a NumPy ufunc's. p: the operands' pointers, inputs first, then outputs;
   s: their strides in elements (0: one value for all, 1: contiguous, others possible); n: how many; a: the op's float attributes.
   Outputs may be the very memory of an input (in-place), never a shifted overlap. */
typedef void (*wb_map)(char **p, const long *s, long n, const double *a);

/* WB_CALL: everything else. Attributes are those that the op's inference returns, in its order. */
typedef struct wb_call {
    int n_in, n_out;
    const wb_array *in[WB_MAX_IN];    /* NULL where an optional tensor is None */
    wb_array *out[WB_MAX_OUT];        /* fresh memory, not zeroed; NULL where the caller does not want it */
    const long *i;
    const double *f;
} wb_call;
typedef int (*wb_call_fn)(const wb_call *c);      /* 0, or one of wb_error */
enum wb_error { WB_OK = 0, WB_NO_MEMORY = 1, WB_BAD_INDEX = 2, WB_UNSUPPORTED = 3 /* take the NumPy body instead */ };

enum wb_kind { WB_MAP, WB_CALL };
enum wb_flags {
    WB_STRIDED = 1,                   /* takes inputs of any strides; otherwise the funnel hands over row-major inputs */
    WB_NHWC = 2,                      /* 4-D inputs are handed over and 4-D outputs made channels-last */
    WB_HEAVY = 4,                     /* a map that costs several ns an element: parallel from a smaller size */
};
typedef struct wb_kernel { const char *op; int dtype, kind; unsigned flags; void *fn; } wb_kernel;

void wb_register(const wb_kernel *k);             /* dtype: that of the inputs after promotion */
void wb_register_cast(int from, int to, wb_map fn);
