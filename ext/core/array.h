#pragma once
/* What a kernel sees of a tensor: memory and geometry, nothing of Python. */
enum wb_dtype { WB_BOOL, WB_U8, WB_I8, WB_I16, WB_I32, WB_I64, WB_F16, WB_BF16, WB_F32, WB_F64, WB_C64, WB_C128, WB_DTYPES };
enum { WB_MAX_DIMS = 12 };
/* A dense tensor fills its memory without gaps or overlap, in some order of its dimensions. */
enum wb_layout { WB_CONTIGUOUS = 1 /* row-major */, WB_CHANNELS_LAST = 2 /* 4-D, N H W C in memory */, WB_DENSE = 4 };

typedef struct wb_array {
    char *data;                       /* the first element */
    long  n;                          /* number of elements */
    int   ndim, dtype;
    int   device;                     /* 0: cpu */
    unsigned layout;                  /* wb_layout bits */
    long  shape[WB_MAX_DIMS];
    long  strides[WB_MAX_DIMS];       /* in elements, never negative; 0 where broadcast */
} wb_array;

static const long wb_itemsize[WB_DTYPES] = {1, 1, 1, 2, 4, 8, 2, 2, 4, 8, 8, 16};
