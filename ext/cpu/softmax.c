/* softmax, log_softmax and their backwards over [outer, size, inner]. The file includes itself for float and for double. */
#ifndef REAL
#include "isa.h"

/* A lane of sums stays narrow for so many elements, then goes to a double. */
enum { SOFTMAX_BLOCK = 1024 };
typedef struct { const wb_call *c; long units, parts; int take_log; } softmax_job;

#define REAL 32
#include "softmax.c"
#undef REAL
#define REAL 64
#include "softmax.c"

WB_FAMILY(softmax) {
    WB_KERNEL("softmax", WB_F32, WB_CALL, 0, softmax_f32);
    WB_KERNEL("softmax", WB_F64, WB_CALL, 0, softmax_f64);
    WB_KERNEL("log_softmax", WB_F32, WB_CALL, 0, log_softmax_f32);
    WB_KERNEL("log_softmax", WB_F64, WB_CALL, 0, log_softmax_f64);
    WB_KERNEL("softmax_backward", WB_F32, WB_CALL, 0, softmax_backward_f32);
    WB_KERNEL("softmax_backward", WB_F64, WB_CALL, 0, softmax_backward_f64);
    WB_KERNEL("log_softmax_backward", WB_F32, WB_CALL, 0, log_softmax_backward_f32);
    WB_KERNEL("log_softmax_backward", WB_F64, WB_CALL, 0, log_softmax_backward_f64);
}
#else
#include "real.h"
#include "real_math.h"

static void F(forward_row)(const real *x, real *y, long n, int take_log) {
    vr top = F(splat)(-INFINITY);
    for (long j = 0; j < n; j += VR) top = F(max)(F(get)(x + j, n - j, -INFINITY), top);
    top = F(splat)(F(max_lanes)(top));
    double total = 0;
    for (long block = 0; block < n; block += SOFTMAX_BLOCK) {
        vr sum = {0};
        for (long j = block; j < WB_MIN(n, block + SOFTMAX_BLOCK); j += VR) {
            vr e = F(exp)(F(get)(x + j, n - j, -INFINITY) - top);
            if (!take_log) F(put)(y + j, e, n - j);
            sum += e;
        }
        total += F(sum_lanes)(sum);
    }
    vr by = F(splat)(take_log ? log(total) : 1 / total);
    if (take_log) for (long j = 0; j < n; j += VR) F(put)(y + j, F(get)(x + j, n - j, 0) - top - by, n - j);
    else for (long j = 0; j < n; j += VR) F(put)(y + j, F(get)(y + j, n - j, 0) * by, n - j);
}

/* w columns side by side, one a lane; the elements of a column are `inner` apart. */
static void F(forward_columns)(const real *x, real *y, long n, long inner, long w, int take_log) {
    vr top = F(splat)(-INFINITY), sum = {0}, by;
    for (long k = 0; k < n; k++) top = F(max)(F(get)(x + k * inner, w, 0), top);
    for (long k = 0; k < n; k++) {
        vr e = F(exp)(F(get)(x + k * inner, w, 0) - top);
        if (!take_log) F(put)(y + k * inner, e, w);
        sum += e;
    }
    for (int l = 0; l < VR; l++) by[l] = take_log ? log(sum[l]) : 1 / sum[l];
    if (take_log) for (long k = 0; k < n; k++) F(put)(y + k * inner, F(get)(x + k * inner, w, 0) - top - by, w);
    else for (long k = 0; k < n; k++) F(put)(y + k * inner, F(get)(y + k * inner, w, 0) * by, w);
}

static int F(forward_part)(void *arg, long part) {
    softmax_job *job = arg;
    const real *x = (const real *)job->c->in[0]->data;
    real *y = (real *)job->c->out[0]->data;
    long n = job->c->i[1], inner = job->c->i[2], blocks = (inner + VR - 1) / VR;
    for (long u = job->units * part / job->parts; u < job->units * (part + 1) / job->parts; u++) {
        if (inner == 1) { F(forward_row)(x + u * n, y + u * n, n, job->take_log); continue; }
        long j = u % blocks * VR, at = u / blocks * n * inner + j;
        F(forward_columns)(x + at, y + at, n, inner, WB_MIN(VR, inner - j), job->take_log);
    }
    return 0;
}

/* softmax: y (g - sum g y); its logarithm: g - exp(y) sum g. */
static inline vr F(backward)(vr g, vr y, vr s, int take_log) {
    if (take_log) return g - F(exp)(y) * s;
    return y * (g - s);
}

static void F(backward_row)(const real *g, const real *y, real *d, long n, int take_log) {
    double total = 0;
    for (long block = 0; block < n; block += SOFTMAX_BLOCK) {
        vr sum = {0};
        for (long j = block; j < WB_MIN(n, block + SOFTMAX_BLOCK); j += VR) {
            vr a = F(get)(g + j, n - j, 0);
            if (!take_log) a *= F(get)(y + j, n - j, 0);
            sum += a;
        }
        total += F(sum_lanes)(sum);
    }
    vr s = F(splat)(total);
    for (long j = 0; j < n; j += VR) F(put)(d + j, F(backward)(F(get)(g + j, n - j, 0), F(get)(y + j, n - j, 0), s, take_log), n - j);
}

static void F(backward_columns)(const real *g, const real *y, real *d, long n, long inner, long w, int take_log) {
    vr s = {0};
    for (long k = 0; k < n; k++) {
        vr a = F(get)(g + k * inner, w, 0);
        if (!take_log) a *= F(get)(y + k * inner, w, 0);
        s += a;
    }
    for (long k = 0; k < n; k++)
        F(put)(d + k * inner, F(backward)(F(get)(g + k * inner, w, 0), F(get)(y + k * inner, w, 0), s, take_log), w);
}

static int F(backward_part)(void *arg, long part) {
    softmax_job *job = arg;
    const real *g = (const real *)job->c->in[0]->data, *y = (const real *)job->c->in[1]->data;
    real *d = (real *)job->c->out[0]->data;
    long n = job->c->i[1], inner = job->c->i[2], blocks = (inner + VR - 1) / VR;
    for (long u = job->units * part / job->parts; u < job->units * (part + 1) / job->parts; u++) {
        if (inner == 1) { F(backward_row)(g + u * n, y + u * n, d + u * n, n, job->take_log); continue; }
        long j = u % blocks * VR, at = u / blocks * n * inner + j;
        F(backward_columns)(g + at, y + at, d + at, n, inner, WB_MIN(VR, inner - j), job->take_log);
    }
    return 0;
}

static int F(run)(const wb_call *c, wb_task task, int take_log, double ns) {
    long outer = c->i[0], n = c->i[1], inner = c->i[2], blocks = inner == 1 ? 1 : (inner + VR - 1) / VR;
    if (outer * n * inner == 0) return 0;
    softmax_job job = {c, outer * blocks, 1, take_log};
    job.parts = WB_MIN(job.units, wb_parts(outer * n * inner * ns));
    return wb_pool_run(task, &job, job.parts);
}

static int F(softmax)(const wb_call *c) { return F(run)(c, F(forward_part), 0, REAL == 32 ? 1.2 : 8); }
static int F(log_softmax)(const wb_call *c) { return F(run)(c, F(forward_part), 1, REAL == 32 ? 1.2 : 8); }
static int F(softmax_backward)(const wb_call *c) { return F(run)(c, F(backward_part), 0, 0.5); }
static int F(log_softmax_backward)(const wb_call *c) { return F(run)(c, F(backward_part), 1, REAL == 32 ? 1.2 : 8); }
#endif
