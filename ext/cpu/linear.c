/* linear and its backwards. Few rows: dot products; the rest: products of matrices. The file includes itself for float and for double. */
#ifndef REAL
#include "gemm.h"

enum { FEW_ROWS = 8 };

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

/* y (m, n) from x (m, k), w (n, k) */
typedef struct {
    const real *x, *w, *bias;
    real *y;
    long m, n, k, parts;
} F(linear_job);

static int F(linear_few)(void *arg, long part) {
    const F(linear_job) *s = arg;
    long blocks = (s->n + VR - 1) / VR, lo = blocks * part / s->parts * VR, hi = WB_MIN(s->n, blocks * (part + 1) / s->parts * VR);
    F(dots)(s->m, hi - lo, s->k, 1, s->x, s->k, s->w + lo * s->k, s->k, s->bias ? s->bias + lo : NULL, s->y + lo, s->n);
    return 0;
}

static int F(linear)(const wb_call *c) {
    const wb_array *x = c->in[0], *w = c->in[1];
    F(linear_job) s = {.x = (const real *)x->data, .w = (const real *)w->data, .bias = c->in[2] ? (const real *)c->in[2]->data : NULL,
                       .y = (real *)c->out[0]->data, .m = 0, .n = w->shape[0], .k = w->shape[1]};
    s.m = c->out[0]->n / WB_MAX(s.n, 1);
    if (c->out[0]->n == 0) return 0;
    if (s.m < FEW_ROWS || s.k == 0) {
        s.parts = WB_MIN((s.n + VR - 1) / VR, wb_parts((double)s.m * s.n * s.k * 2 / VB + s.n * s.k * 0.1));
        return wb_pool_run(F(linear_few), &s, s.parts);
    }
    return NAME(F(gemm))(s.m, s.n, s.k, s.x, s.k, 1, s.w, 1, s.k, s.bias, 0, s.y, s.n);
}

/* dx (m, k) = g (m, n) w (n, k) */
static int F(linear_input_backward)(const wb_call *c) {
    const wb_array *g = c->in[0], *w = c->in[1], *to = c->out[0];
    long n = w->shape[0], k = w->shape[1];
    return to->n ? NAME(F(gemm))(to->n / k, k, n, (const real *)g->data, n, 1, (const real *)w->data, k, 1, NULL, 0, (real *)to->data, k) : 0;
}

/* dw (n, k) = g^T x, db (n) = column sums of g, which is x here */
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
    if (c->n_out > 1 && c->out[1]) {
        F(linear_job) s = {.x = (const real *)g->data, .y = (real *)c->out[1]->data, .m = m, .n = n};
        s.parts = WB_MAX(1, WB_MIN((n + 8 * VR - 1) / (8 * VR), wb_parts(m * n * 0.15)));
        wb_pool_run(F(bias_part), &s, s.parts);
    }
    if (!weight || weight->n == 0) return 0;
    return NAME(F(gemm))(n, k, m, (const real *)g->data, 1, n, (const real *)x->data, k, 1, NULL, 0, (real *)weight->data, k);
}
#endif
