#pragma once
/* Products of matrices, on the pool where that pays. */
#include "isa.h"

/* C (m, n) = A B + I. A's element (i, p) is at i * ars + p * acs, B's (p, j) at p * brs + j * bcs; of each two strides one is 1. I is NULL for
   nothing, may be C itself, and has the row length ldi (0: one row for all). Returns 0 or WB_NO_MEMORY. */
int NAME(gemm_f32)(long m, long n, long k, const float *a, long ars, long acs, const float *b, long brs, long bcs, const float *i, long ldi,
                   float *c, long ldc);
int NAME(gemm_f64)(long m, long n, long k, const double *a, long ars, long acs, const double *b, long brs, long bcs, const double *i, long ldi,
                   double *c, long ldc);
