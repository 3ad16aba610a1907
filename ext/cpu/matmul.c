/* bmm, addmm, mv, dot and outer. A matrix comes with one of its two strides 1 (either may be anything where it has one row or column);
   batch strides may be 0. Small products go on tiles of our own, the rest to BLAS. The file includes itself for float and for double. */
#ifndef REAL
#include "isa.h"
#include "../core/blas.h"

enum { TINY = 1 << 13 /* multiply-adds, where a call of BLAS costs more than the product */, ADDMM_ROWS = 192, ADDMM_COLS = 384 };
enum { DOT_BLOCK = 1 << 13 };

/* A matrix as BLAS takes it. */
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
    REGISTER(addmm, WB_STRIDED)
    REGISTER(mv, WB_STRIDED)
    REGISTER(dot, 0)
    REGISTER(outer, 0)
}
#else
#include "real.h"
#include "tile.h"
#if REAL == 32
#define GEMM wb_sgemm
#define GEMM1 wb_sgemm1
#else
#define GEMM wb_dgemm
#define GEMM1 wb_dgemm1
#endif

static inline real *F(at)(const wb_array *a) { return (real *)a->data; }

/* ---- bmm: (batch, m, k) x (batch, k, n) ---- */
typedef struct { const wb_call *c; long m, n, k, parts; stored a, b; } F(bmm_job);

static int F(bmm_part)(void *arg, long part) {
    const F(bmm_job) *s = arg;
    const wb_array *a = s->c->in[0], *b = s->c->in[1], *y = s->c->out[0];
    for (long l = y->shape[0] * part / s->parts; l < y->shape[0] * (part + 1) / s->parts; l++) {
        const real *pa = F(at)(a) + l * a->strides[0], *pb = F(at)(b) + l * b->strides[0];
        real *py = F(at)(y) + l * s->m * s->n;
        if (s->m * s->n * s->k <= TINY && !s->b.transposed)
            F(multiply)(s->m, s->n, s->k, 1, pa, a->strides[1], a->strides[2], pb, s->b.ld, 2 * VR, NULL, 0, py, s->n);
        else if (s->m * s->n * s->k <= TINY && !s->a.transposed)
            F(dots)(s->m, s->n, s->k, 1, pa, s->a.ld, pb, s->b.ld, NULL, py, s->n);
        else GEMM1(s->a.transposed, s->b.transposed, s->m, s->n, s->k, 1, pa, s->a.ld, pb, s->b.ld, 0, py, s->n);
    }
    return 0;
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
        for (long l = 0; l < y->shape[0]; l++)
            GEMM(s.a.transposed, s.b.transposed, s.m, s.n, s.k, F(at)(a) + l * a->strides[0], s.a.ld, F(at)(b) + l * b->strides[0], s.b.ld, 0,
                 F(at)(y) + l * s.m * s.n, s.n);
        return 0;
    }
    s.parts = WB_MIN(y->shape[0], wb_parts(y->shape[0] * (one / VB + 30)));
    return wb_pool_run(F(bmm_part), &s, s.parts);
}

/* ---- addmm: beta input + alpha a b; input (m, n) with strides that may be 0; f = [beta, alpha] ---- */
typedef struct { const wb_call *c; long m, n, k, rows, cols; stored a, b; } F(addmm_job);

static int F(addmm_part)(void *arg, long part) {
    const F(addmm_job) *s = arg;
    const wb_array *input = s->c->in[0], *a = s->c->in[1], *b = s->c->in[2], *y = s->c->out[0];
    long u = part / s->cols, v = part % s->cols, i = s->m * u / s->rows, j = s->n * v / s->cols;
    long m = s->m * (u + 1) / s->rows - i, n = s->n * (v + 1) / s->cols - j, step = input->strides[1];
    real beta = s->c->f[0], alpha = s->c->f[1], *to = F(at)(y) + i * s->n + j;
    for (long r = 0; beta != 0 && r < m; r++) {                        /* beta 0 drops what is in input, NaN too */
        const real *from = F(at)(input) + (i + r) * input->strides[0] + j * step;
        for (long l = 0; l < n; l++) to[r * s->n + l] = beta * from[l * step];
    }
    const real *pa = F(at)(a) + i * a->strides[0], *pb = F(at)(b) + j * b->strides[1];
    if (s->k == 0) {
        for (long r = 0; beta == 0 && r < m; r++) memset(to + r * s->n, 0, n * sizeof *to);
    } else if (m * n * s->k <= TINY && !s->b.transposed)
        F(multiply)(m, n, s->k, alpha, pa, a->strides[0], a->strides[1], pb, s->b.ld, 2 * VR, beta != 0 ? to : NULL, s->n, to, s->n);
    else GEMM1(s->a.transposed, s->b.transposed, m, n, s->k, alpha, pa, s->a.ld, pb, s->b.ld, beta != 0, to, s->n);
    return 0;
}

static int F(addmm)(const wb_call *c) {
    const wb_array *a = c->in[1], *b = c->in[2];
    F(addmm_job) s = {.c = c, .m = a->shape[0], .n = b->shape[1], .k = a->shape[1]};
    if (c->out[0]->n == 0) return 0;
    s.a = matmul_stored(s.m, s.k, a->strides[0], a->strides[1]);
    s.b = matmul_stored(s.k, s.n, b->strides[0], b->strides[1]);
    s.rows = (s.m + ADDMM_ROWS - 1) / ADDMM_ROWS;
    s.cols = (s.n + ADDMM_COLS - 1) / ADDMM_COLS;
    for (long want = WB_MIN(8, wb_parts((double)s.m * s.n * s.k / VB)); s.rows * s.cols < want && s.rows * s.cols < s.m * s.n;) {
        if (s.n / s.cols >= 2 * (s.m / s.rows)) s.cols *= 2;
        else s.rows *= 2;
    }
    return wb_pool_run(F(addmm_part), &s, s.rows * s.cols);
}

/* ---- mv: (m, k) x (k) ---- */
typedef struct { const wb_array *a; const real *x; real *y; long m, k, parts; } F(mv_job);

static int F(mv_part)(void *arg, long part) {
    const F(mv_job) *s = arg;
    long blocks = (s->m + VR - 1) / VR, lo = blocks * part / s->parts * VR, hi = WB_MIN(s->m, blocks * (part + 1) / s->parts * VR);
    if (lo == hi) return 0;
    const real *a = F(at)(s->a) + lo * s->a->strides[0];
    if (s->a->strides[1] == 1 || s->k == 1) F(dots)(1, hi - lo, s->k, 1, s->x, s->k, a, s->a->strides[0], NULL, s->y + lo, s->m);
    else F(multiply)(1, hi - lo, s->k, 1, s->x, s->k, 1, a, s->a->strides[1], 2 * VR, NULL, 0, s->y + lo, s->m);
    return 0;
}

static int F(mv)(const wb_call *c) {
    const wb_array *a = c->in[0], *x = c->in[1];
    F(mv_job) s = {a, F(at)(x), F(at)(c->out[0]), a->shape[0], a->shape[1], 1};
    if (s.m == 0) return 0;
    real *dense = NULL;
    if (x->n > 1 && x->strides[0] != 1) {
        if (!(dense = wb_alloc(s.k * sizeof *dense))) return WB_NO_MEMORY;
        for (long j = 0; j < s.k; j++) dense[j] = s.x[j * x->strides[0]];
        s.x = dense;
    }
    s.parts = WB_MIN((s.m + VR - 1) / VR, wb_parts((double)s.m * s.k * sizeof(real) / 20));
    wb_pool_run(F(mv_part), &s, s.parts);
    if (dense) wb_free(dense, s.k * sizeof *dense);
    return 0;
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

/* ---- outer: (m) x (n) ---- */
typedef struct { const real *x, *y; real *to; long m, n, parts; } F(outer_job);

static int F(outer_part)(void *arg, long part) {
    const F(outer_job) *s = arg;
    for (long i = s->m * part / s->parts; i < s->m * (part + 1) / s->parts; i++)
        for (long j = 0; j < s->n; j += VR) F(put)(s->to + i * s->n + j, F(get)(s->y + j, s->n - j, 0) * s->x[i], s->n - j);
    return 0;
}

static int F(outer)(const wb_call *c) {
    F(outer_job) s = {F(at)(c->in[0]), F(at)(c->in[1]), F(at)(c->out[0]), c->in[0]->n, c->in[1]->n, 1};
    s.parts = WB_MIN(s.m, wb_parts((double)s.m * s.n * 0.15 * sizeof(real) / 4));
    return wb_pool_run(F(outer_part), &s, s.parts);
}
#undef GEMM
#undef GEMM1
#endif
