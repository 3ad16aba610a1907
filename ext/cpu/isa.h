#pragma once
/* Every .c file beside this one is compiled once per instruction set. NAME(f) is f_v2, f_v3, ...; VB is the vector's size in bytes.
   Whatever is not wrapped in NAME must be static: an inline function with external linkage could be taken by the linker from
   the object of a higher level for everybody. */
#include "../core/kernel.h"
#include "../core/pool.h"
#include "../core/alloc.h"
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#define WB_CAT_(a, b) a##_##b
#define WB_CAT(a, b) WB_CAT_(a, b)
#define NAME(f) WB_CAT(f, SUF)

typedef float   vf __attribute__((vector_size(VB), aligned(4), may_alias));     /* loads and stores may be unaligned */
typedef double  vd __attribute__((vector_size(VB), aligned(8), may_alias));
typedef int32_t vi __attribute__((vector_size(VB), aligned(4), may_alias));
enum { VF = VB / 4, VD = VB / 8 };

#define WB_MIN(a, b) ((a) < (b) ? (a) : (b))
#define WB_MAX(a, b) ((a) > (b) ? (a) : (b))

/* A family file ends with WB_FAMILY(conv) { WB_KERNEL("conv2d", WB_F32, WB_CALL, WB_NHWC, conv2d_f32); ... }; the build makes the
   list of families from the file names, so that a new kernel touches this one file. */
#define WB_FAMILY(name) void NAME(wb_family_##name)(void)
#define WB_KERNEL(op_, dtype_, kind_, flags_, fn_) wb_register(&(const wb_kernel){.op = op_, .dtype = dtype_, .kind = kind_, .flags = flags_, .fn = (void *)(fn_)})
