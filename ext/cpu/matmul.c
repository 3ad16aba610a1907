/* bmm and dot. A matrix comes with one of its two strides 1 (either may be anything where it has one row or column);
   batch strides may be 0. The file includes itself for float and for double. */
#ifndef REAL
#include "gemm.h"

enum { TINY = 1 << 13 /* multiply-adds that are not worth a packing */, DOT_BLOCK = 1 << 13 };

/* Which stride is 1, and the other. */
typedef struct { int transposed; long ld; } stored;
static stored matmul_stored(long rows, long cols, long row_stride, long col_stride) {
    if (col_stride == 1 || cols <= 1) return (stored){0, rows <= 1 ? WB_MAX(cols, 1) : row_stride};
    return (stored){1, col_stride};
}

#define REAL 32
#include "matmul.c"
#undef REAL
#define REAL 64
#include "matmul.c"

#define REGISTER(op, flags) \
    WB_KERNEL(#op, WB_F32, WB_CALL, flags, WB_CAT(op, f32)); \
    WB_KERNEL(#op, WB_F64, WB_CALL, flags, WB_CAT(op, f64));
WB_FAMILY(matmul) {
    REGISTER(bmm, WB_STRIDED)
    REGISTER(dot, 0)
}
#else
#include "real.h"
#include "tile.h"

static inline real *F(at)(const wb_array *a) { return (real *)a->data; }

/* ---- y[j] = sum over p of x[p] a[j * out + p * along]: a matrix times a vector, from either side ---- */
typedef struct { const real *x, *a; real *y; long m, k, out, along, parts; } F(vector_job);

/* y[:n] of at most `vectors` vectors, where a's rows lie along the result */
static inline __attribute__((always_inline)) void F(combine)(int vectors, const F(vector_job) *s, long j, long n) {
    vr sum[8] = {{0}};
    for (long p = 0; p < s->k; p++)
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++) sum[v] += s->x[p] * F(get)(s->a + p * s->along + j + v * VR, n - v * VR, 0);
#pragma GCC unroll 8
    for (int v = 0; v < vectors; v++) F(put)(s->y + j + v * VR, sum[v], n - v * VR);
}

static int F(vector_part)(void *arg, long part) {
    const F(vector_job) *s = arg;
    long blocks = (s->m + VR - 1) / VR, j = blocks * part / s->parts * VR, end = WB_MIN(s->m, blocks * (part + 1) / s->parts * VR);
    if (s->along == 1) {
        if (j < end) F(dots)(1, end - j, s->k, 1, s->x, s->k, s->a + j * s->out, s->out, NULL, s->y + j, s->m);
        return 0;
    }
    for (; j + 8 * VR <= end; j += 8 * VR) F(combine)(8, s, j, 8 * VR);
    for (; j < end; j += VR) F(combine)(1, s, j, end - j);
    return 0;
}

/* ---- bmm: (batch, m, k) x (batch, k, n) ---- */
typedef struct { const wb_call *c; long m, n, k, parts; stored a, b; } F(bmm_job);

/* The product number l. */
static int F(product)(const F(bmm_job) *s, long l) {
    const wb_array *a = s->c->in[0], *b = s->c->in[1];
    const real *pa = F(at)(a) + l * a->strides[0], *pb = F(at)(b) + l * b->strides[0];
    real *y = F(at)(s->c->out[0]) + l * s->m * s->n;
    long m = s->m, n = s->n, k = s->k;
    F(vector_job) v = {pb, pa, y, m, k, a->strides[1], a->strides[2], 1};
    long step = b->strides[1];
    if (m == 1 && n > 1) {
        v = (F(vector_job)){pa, pb, y, n, k, b->strides[2], b->strides[1], 1};
        step = a->strides[2];
    }
    if ((m == 1 || n == 1) && step == 1 && (v.out == 1 || v.along == 1)) {
        v.parts = WB_MIN((v.m + VR - 1) / VR, wb_parts((double)v.m * k * sizeof(real) / 20));
        wb_pool_run(F(vector_part), &v, v.parts);
    } else if (m * n * k <= TINY && !s->b.transposed)
        F(multiply)(m, n, k, 1, pa, a->strides[1], a->strides[2], pb, s->b.ld, 2 * VR, NULL, 0, y, n);
    else if (m * n * k <= TINY && !s->a.transposed)
        F(dots)(m, n, k, 1, pa, s->a.ld, pb, s->b.ld, NULL, y, n);
    else {
        long ars = s->a.transposed ? 1 : s->a.ld, acs = s->a.transposed ? s->a.ld : 1;
        long brs = s->b.transposed ? 1 : s->b.ld, bcs = s->b.transposed ? s->b.ld : 1;
        return NAME(F(gemm))(m, n, k, pa, ars, acs, pb, brs, bcs, NULL, 0, y, n);
    }
    return 0;
}

static int F(bmm_part)(void *arg, long part) {
    const F(bmm_job) *s = arg;
    long batch = s->c->out[0]->shape[0];
    int code = 0;
    for (long l = batch * part / s->parts; !code && l < batch * (part + 1) / s->parts; l++) code = F(product)(s, l);
    return code;
}

static int F(bmm)(const wb_call *c) {
    const wb_array *a = c->in[0], *b = c->in[1], *y = c->out[0];
    F(bmm_job) s = {.c = c, .m = y->shape[1], .n = y->shape[2], .k = a->shape[2], .parts = 1};
    if (y->n == 0) return 0;
    if (s.k == 0) {
        memset(y->data, 0, y->n * sizeof(real));
        return 0;
    }
    s.a = matmul_stored(s.m, s.k, a->strides[1], a->strides[2]);
    s.b = matmul_stored(s.k, s.n, b->strides[1], b->strides[2]);
    double one = (double)s.m * s.n * s.k;
    if (one > TINY && (y->shape[0] < 8 || one > 1 << 24)) {            /* few or large: every product is cut */
        int code = 0;
        for (long l = 0; !code && l < y->shape[0]; l++) code = F(product)(&s, l);
        return code;
    }
    s.parts = WB_MIN(y->shape[0], wb_parts(y->shape[0] * (one / VB + 30)));
    return wb_pool_run(F(bmm_part), &s, s.parts);
}

/* ---- dot: blocks in lanes, parts in doubles, then the parts in their order ---- */
typedef struct { const real *x, *y; long n, parts; double sums[64]; } F(dot_job);

static int F(dot_part)(void *arg, long part) {
    F(dot_job) *s = arg;
    long blocks = (s->n + DOT_BLOCK - 1) / DOT_BLOCK;
    long lo = blocks * part / s->parts * DOT_BLOCK, hi = WB_MIN(s->n, blocks * (part + 1) / s->parts * DOT_BLOCK);
    double total = 0;
    for (long block = lo; block < hi; block += DOT_BLOCK) {
        long end = WB_MIN(hi, block + DOT_BLOCK), j = block;
        vr sum[4] = {{0}};
        for (; j + 4 * VR <= end; j += 4 * VR)
#pragma GCC unroll 4
            for (int v = 0; v < 4; v++) sum[v] += F(load)(s->x + j + v * VR) * F(load)(s->y + j + v * VR);
        for (; j < end; j += VR) sum[0] += F(get)(s->x + j, end - j, 0) * F(get)(s->y + j, end - j, 0);
        total += F(sum_lanes)((sum[0] + sum[1]) + (sum[2] + sum[3]));
    }
    s->sums[part] = total;
    return 0;
}

static int F(dot)(const wb_call *c) {
    F(dot_job) s = {.x = F(at)(c->in[0]), .y = F(at)(c->in[1]), .n = c->in[0]->n};
    s.parts = WB_MIN((s.n + DOT_BLOCK - 1) / DOT_BLOCK, wb_parts(s.n * 0.1 * sizeof(real)));
    wb_pool_run(F(dot_part), &s, s.parts);
    double total = 0;
    for (long p = 0; p < s.parts; p++) total += s.sums[p];
    *F(at)(c->out[0]) = total;
    return 0;
}

#endif
