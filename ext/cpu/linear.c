/* linear and its backwards. Few rows: dot products; small matrices: tiles of our own; the rest: BLAS on blocks of the result. The file
   includes itself for float and for double. */
#ifndef REAL
#include "isa.h"
#include "../core/blas.h"

enum { FEW_ROWS = 8, SMALL_WEIGHT = 1 << 14 /* elements */, BLOCK_ROWS = 192, BLOCK_COLS = 384 };

#define REAL 32
#include "linear.c"
#undef REAL
#define REAL 64
#include "linear.c"

WB_FAMILY(linear) {
    WB_KERNEL("linear", WB_F32, WB_CALL, 0, linear_f32);
    WB_KERNEL("linear", WB_F64, WB_CALL, 0, linear_f64);
    WB_KERNEL("linear_input_backward", WB_F32, WB_CALL, 0, linear_input_backward_f32);
    WB_KERNEL("linear_input_backward", WB_F64, WB_CALL, 0, linear_input_backward_f64);
    WB_KERNEL("linear_weight_backward", WB_F32, WB_CALL, 0, linear_weight_backward_f32);
    WB_KERNEL("linear_weight_backward", WB_F64, WB_CALL, 0, linear_weight_backward_f64);
}
#else
#include "real.h"
#include "tile.h"
#if REAL == 32
#define F_GEMM wb_sgemm
#define F_GEMM1 wb_sgemm1
#else
#define F_GEMM wb_dgemm
#define F_GEMM1 wb_dgemm1
#endif

/* y (m, n) from x (m, k), w (n, k); packed: w in panels. */
typedef struct {
    const real *x, *w, *bias, *packed;
    real *y;
    long m, n, k, parts, rows, cols;          /* rows, cols: how many blocks */
} F(linear_job);

static int F(linear_few)(void *arg, long part) {
    const F(linear_job) *s = arg;
    long blocks = (s->n + VR - 1) / VR, lo = blocks * part / s->parts * VR, hi = WB_MIN(s->n, blocks * (part + 1) / s->parts * VR);
    F(dots)(s->m, hi - lo, s->k, 1, s->x, s->k, s->w + lo * s->k, s->k, s->bias ? s->bias + lo : NULL, s->y + lo, s->n);
    return 0;
}

static int F(linear_small)(void *arg, long part) {
    const F(linear_job) *s = arg;
    long blocks = (s->m + 5) / 6, lo = blocks * part / s->parts * 6, hi = WB_MIN(s->m, blocks * (part + 1) / s->parts * 6);
    F(multiply)(hi - lo, s->n, s->k, 1, s->x + lo * s->k, s->k, 1, s->packed, 2 * VR, s->k * 2 * VR, s->bias, 0, s->y + lo * s->n, s->n);
    return 0;
}

static int F(linear_block)(void *arg, long part) {
    const F(linear_job) *s = arg;
    long a = part / s->cols, b = part % s->cols;
    long i = s->m * a / s->rows, m = s->m * (a + 1) / s->rows - i, j = s->n * b / s->cols, n = s->n * (b + 1) / s->cols - j;
    real *y = s->y + i * s->n + j;
    for (long r = 0; r < m; r++) memcpy(y + r * s->n, s->bias + j, n * sizeof *y);
    F_GEMM1(0, 1, m, n, s->k, 1, s->x + i * s->k, s->k, s->w + j * s->k, s->k, 1, y, s->n);
    return 0;
}

static int F(linear)(const wb_call *c) {
    const wb_array *x = c->in[0], *w = c->in[1];
    F(linear_job) s = {.x = (const real *)x->data, .w = (const real *)w->data, .bias = c->in[2] ? (const real *)c->in[2]->data : NULL,
                       .y = (real *)c->out[0]->data, .m = 0, .n = w->shape[0], .k = w->shape[1]};
    s.m = c->out[0]->n / WB_MAX(s.n, 1);
    double work = (double)s.m * s.n * s.k;
    if (c->out[0]->n == 0) return 0;
    if (s.m < FEW_ROWS || s.k == 0) {
        s.parts = WB_MIN((s.n + VR - 1) / VR, wb_parts(work * 2 / VB + s.n * s.k * 0.1));
        return wb_pool_run(F(linear_few), &s, s.parts);
    }
    if (s.n * s.k <= SMALL_WEIGHT) {
        size_t bytes = (size_t)((s.n + 2 * VR - 1) / (2 * VR) * 2 * VR * s.k) * sizeof(real);
        real *packed = wb_alloc(bytes);
        if (!packed) return WB_NO_MEMORY;
        F(pack_transposed)(s.w, s.k, s.n, s.k, packed);
        s.packed = packed;
        s.parts = WB_MIN((s.m + 5) / 6, wb_parts(work / VB));
        wb_pool_run(F(linear_small), &s, s.parts);
        wb_free(packed, bytes);
        return 0;
    }
    if (!s.bias) {
        F_GEMM(0, 1, s.m, s.n, s.k, s.x, s.k, s.w, s.k, 0, s.y, s.n);
        return 0;
    }
    s.rows = (s.m + BLOCK_ROWS - 1) / BLOCK_ROWS;
    s.cols = (s.n + BLOCK_COLS - 1) / BLOCK_COLS;
    for (long want = WB_MIN(8, wb_parts(work / VB)); s.rows * s.cols < want;) {
        if (s.n / s.cols >= 2 * (s.m / s.rows)) s.cols *= 2;
        else s.rows *= 2;
    }
    return wb_pool_run(F(linear_block), &s, s.rows * s.cols);
}

/* dx (m, k) = g (m, n) w (n, k) */
static int F(linear_input_part)(void *arg, long part) {
    const F(linear_job) *s = arg;
    long blocks = (s->m + 5) / 6, lo = blocks * part / s->parts * 6, hi = WB_MIN(s->m, blocks * (part + 1) / s->parts * 6);
    F(multiply)(hi - lo, s->k, s->n, 1, s->x + lo * s->n, s->n, 1, s->w, s->k, 2 * VR, NULL, 0, s->y + lo * s->k, s->k);
    return 0;
}

static int F(linear_input_backward)(const wb_call *c) {
    const wb_array *g = c->in[0], *w = c->in[1];
    F(linear_job) s = {.x = (const real *)g->data, .w = (const real *)w->data, .y = (real *)c->out[0]->data, .n = w->shape[0],
                       .k = w->shape[1]};
    s.m = c->out[0]->n / WB_MAX(s.k, 1);
    if (c->out[0]->n == 0) return 0;
    if (s.n * s.k > SMALL_WEIGHT) {
        F_GEMM(0, 0, s.m, s.k, s.n, s.x, s.n, s.w, s.k, 0, s.y, s.k);
        return 0;
    }
    s.parts = WB_MIN((s.m + 5) / 6, wb_parts((double)s.m * s.n * s.k / VB));
    return wb_pool_run(F(linear_input_part), &s, s.parts);
}

/* dw (n, k) = g^T x, db (n) = column sums of g: x is g, w is x. */
static inline __attribute__((always_inline)) void F(column_sums)(int vectors, const real *g, long ldg, long m, long n, real *to) {
    double total[4 * VR] = {0};
    for (long block = 0; block < m; block += 64) {
        vr sum[4] = {{0}};
        for (long i = block; i < WB_MIN(m, block + 64); i++)
#pragma GCC unroll 4
            for (int v = 0; v < vectors; v++) sum[v] += F(get)(g + i * ldg + v * VR, n - v * VR, 0);
        for (int v = 0; v < vectors; v++)
            for (int l = 0; l < VR; l++) total[v * VR + l] += sum[v][l];
    }
    for (long l = 0; l < WB_MIN(vectors * VR, n); l++) to[l] = total[l];
}

static int F(linear_weight_part)(void *arg, long part) {
    const F(linear_job) *s = arg;
    long blocks = (s->n + 5) / 6, lo = blocks * part / s->parts * 6, hi = WB_MIN(s->n, blocks * (part + 1) / s->parts * 6);
    F(multiply)(hi - lo, s->k, s->m, 1, s->x + lo, 1, s->n, s->w, s->k, 2 * VR, NULL, 0, s->y + lo * s->k, s->k);
    return 0;
}

static int F(bias_part)(void *arg, long part) {
    const F(linear_job) *s = arg;
    long blocks = (s->n + VR - 1) / VR, lo = blocks * part / s->parts * VR, hi = WB_MIN(s->n, blocks * (part + 1) / s->parts * VR);
    for (; lo + 4 * VR <= hi; lo += 4 * VR) F(column_sums)(4, s->x + lo, s->n, s->m, 4 * VR, s->y + lo);
    for (; lo < hi; lo += VR) F(column_sums)(1, s->x + lo, s->n, s->m, hi - lo, s->y + lo);
    return 0;
}

static int F(linear_weight_backward)(const wb_call *c) {
    const wb_array *g = c->in[0], *x = c->in[1], *weight = c->out[0];
    long n = g->shape[g->ndim - 1], k = x->shape[x->ndim - 1], m = n ? g->n / n : 0;
    F(linear_job) s = {.x = (const real *)g->data, .w = (const real *)x->data, .m = m, .n = n, .k = k};
    if (c->n_out > 1 && c->out[1]) {
        s.y = (real *)c->out[1]->data;
        s.parts = WB_MAX(1, WB_MIN((n + 8 * VR - 1) / (8 * VR), wb_parts(m * n * 0.15)));
        wb_pool_run(F(bias_part), &s, s.parts);
    }
    if (!weight || weight->n == 0) return 0;
    s.y = (real *)weight->data;
    if (m * n > SMALL_WEIGHT || m * k > SMALL_WEIGHT) {
        F_GEMM(1, 0, n, k, m, s.x, n, s.w, k, 0, s.y, k);
        return 0;
    }
    s.parts = WB_MIN((n + 5) / 6, wb_parts((double)m * n * k / VB));
    return wb_pool_run(F(linear_weight_part), &s, s.parts);
}
#undef F_GEMM
#undef F_GEMM1
#endif
