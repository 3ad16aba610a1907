/* Pooling over planes: vectors run along the channels. The file includes itself for float and for double. */
#ifndef REAL
#include "isa.h"

/* Elements read by a part. */
enum { POOL_WORK = 1 << 16, POOL_CHANNELS = 64 };

typedef struct {
    const wb_call *c;
    long n, ch, h, w, ho, wo, kh, kw, sh, sw, ph, pw, dh, dw, part_rows, blocks;
    int adaptive, count_pad;
    long divisor;
} pool_job;

static long ceil_div(long a, long b) { return (a + b - 1) / b; }
static pool_job pool_read(const wb_call *c, const wb_array *image, const wb_array *result) {
    const long *x = image->shape, *y = result->shape;
    return (pool_job){.c = c, .n = x[0], .ch = x[1], .h = x[2], .w = x[3], .ho = y[2], .wo = y[3]};
}
static void pool_window(pool_job *j, const long *i) {
    j->kh = i[0]; j->kw = i[1]; j->sh = i[2]; j->sw = i[3]; j->ph = i[4]; j->pw = i[5];
}
static void avg_attributes(pool_job *j, const long *i) {
    pool_window(j, i);
    j->count_pad = i[6] != 0;
    j->divisor = i[7];
}
/* Which inputs an average takes along an axis, and how many count. */
static void pool_span(const pool_job *j, long out, long size, long outs, long k, long stride, long pad, long *lo, long *hi, long *count) {
    if (j->adaptive) {
        *lo = out * size / outs;
        *hi = ceil_div((out + 1) * size, outs);
        *count = *hi - *lo;
        return;
    }
    long from = out * stride - pad, to = WB_MIN(from + k, size + pad);
    *lo = WB_MAX(from, 0);
    *hi = WB_MAX(WB_MIN(to, size), *lo);
    *count = j->count_pad ? to - from : *hi - *lo;
}
/* Forward parts are rows of results, backward parts a block of channels of an image: the windows of a plane may overlap. */
static int pool_forward(pool_job *j, wb_task task, long window) {
    j->part_rows = WB_MAX(POOL_WORK / WB_MAX(j->wo * j->ch * window, 1), 1);
    return wb_pool_run(task, j, ceil_div(j->n * j->ho, j->part_rows));
}
static int pool_backward(pool_job *j, wb_task task) {
    j->blocks = ceil_div(j->ch, POOL_CHANNELS);
    long planes = j->n * j->blocks, each = WB_MAX(j->h * j->w * WB_MIN(j->ch, POOL_CHANNELS), 1);
    j->part_rows = WB_MAX(POOL_WORK / 2 / each, 1);
    return wb_pool_run(task, j, ceil_div(planes, j->part_rows));
}

#define REAL 32
#include "pool.c"
#undef REAL
#define REAL 64
#include "pool.c"

WB_FAMILY(pool) {
    WB_KERNEL("max_pool2d", WB_F32, WB_CALL, WB_NHWC, max_pool2d_f32);
    WB_KERNEL("max_pool2d", WB_F64, WB_CALL, WB_NHWC, max_pool2d_f64);
    WB_KERNEL("max_pool2d_backward", WB_F32, WB_CALL, WB_NHWC, max_pool2d_backward_f32);
    WB_KERNEL("max_pool2d_backward", WB_F64, WB_CALL, WB_NHWC, max_pool2d_backward_f64);
    WB_KERNEL("avg_pool2d", WB_F32, WB_CALL, WB_NHWC, avg_pool2d_f32);
    WB_KERNEL("avg_pool2d", WB_F64, WB_CALL, WB_NHWC, avg_pool2d_f64);
    WB_KERNEL("avg_pool2d_backward", WB_F32, WB_CALL, WB_NHWC, avg_pool2d_backward_f32);
    WB_KERNEL("avg_pool2d_backward", WB_F64, WB_CALL, WB_NHWC, avg_pool2d_backward_f64);
    WB_KERNEL("adaptive_avg_pool2d", WB_F32, WB_CALL, WB_NHWC, adaptive_avg_pool2d_f32);
    WB_KERNEL("adaptive_avg_pool2d", WB_F64, WB_CALL, WB_NHWC, adaptive_avg_pool2d_f64);
    WB_KERNEL("adaptive_avg_pool2d_backward", WB_F32, WB_CALL, WB_NHWC, adaptive_avg_pool2d_backward_f32);
    WB_KERNEL("adaptive_avg_pool2d_backward", WB_F64, WB_CALL, WB_NHWC, adaptive_avg_pool2d_backward_f64);
}
#else
#include "real.h"

/* As in PyTorch: the first of equal values, the last NaN; -inf counts, padding does not. */
static int F(max_part)(void *arg, long part) {
    const pool_job *j = arg;
    const real *src = (const real *)j->c->in[0]->data;
    real *dst = (real *)j->c->out[0]->data;
    int64_t *indices = j->c->n_out > 1 && j->c->out[1] ? (int64_t *)j->c->out[1]->data : NULL;
    long end = WB_MIN((part + 1) * j->part_rows, j->n * j->ho);
    for (long row = part * j->part_rows; row < end; row++) {
        const real *image = src + row / j->ho * j->h * j->w * j->ch;
        long y = row % j->ho * j->sh - j->ph, i0 = y < 0 ? ceil_div(-y, j->dh) : 0;
        for (long q = 0; q < j->wo; q++) {
            long x = q * j->sw - j->pw, k0 = x < 0 ? ceil_div(-x, j->dw) : 0, at = (row * j->wo + q) * j->ch;
            for (long c = 0; c < j->ch; c += VR) {
                vr best = F(splat)(-INFINITY);
                mr where = (mr){0} + (__typeof__(where[0]))((y + i0 * j->dh) * j->w + x + k0 * j->dw);
                for (long i = i0; i < j->kh && y + i * j->dh < j->h; i++)
                    for (long k = k0; k < j->kw && x + k * j->dw < j->w; k++) {
                        long index = (y + i * j->dh) * j->w + x + k * j->dw;
                        vr v = F(get)(image + index * j->ch + c, j->ch - c, 0);
                        mr better = (mr)(v > best) | (mr)(v != v);
                        best = F(select)(better, v, best);
                        where = (better & ((mr){0} + (__typeof__(where[0]))index)) | (~better & where);
                    }
                F(put)(dst + at + c, best, j->ch - c);
                if (indices)
                    for (long l = 0; l < WB_MIN(VR, j->ch - c); l++) indices[at + c + l] = where[l];
            }
        }
    }
    return 0;
}

static int F(max_pool2d)(const wb_call *c) {
    if (!c->out[0] || !c->out[0]->n) return 0;
    pool_job j = pool_read(c, c->in[0], c->out[0]);
    pool_window(&j, c->i);
    j.dh = c->i[6];
    j.dw = c->i[7];
    return pool_forward(&j, F(max_part), j.kh * j.kw);
}

/* Zeroes this part's channels of a plane; they lie in runs of `have` with the other channels between. */
static real *F(clear_plane)(const pool_job *j, long image, long c0, long have) {
    real *plane = (real *)j->c->out[0]->data + image * j->h * j->w * j->ch + c0;
    for (long p = 0; p < j->h * j->w; p++) memset(plane + p * j->ch, 0, (size_t)have * sizeof *plane);
    return plane;
}

static int F(max_backward_part)(void *arg, long part) {
    const pool_job *j = arg;
    long end = WB_MIN((part + 1) * j->part_rows, j->n * j->blocks);
    for (long b = part * j->part_rows; b < end; b++) {
        long image = b / j->blocks, c0 = b % j->blocks * POOL_CHANNELS, have = WB_MIN(POOL_CHANNELS, j->ch - c0);
        real *plane = F(clear_plane)(j, image, c0, have);
        const real *grad = (const real *)j->c->in[0]->data + image * j->ho * j->wo * j->ch + c0;
        const int64_t *index = (const int64_t *)j->c->in[1]->data + image * j->ho * j->wo * j->ch + c0;
        for (long q = 0; q < j->ho * j->wo; q++, grad += j->ch, index += j->ch)
            for (long c = 0; c < have; c++)                    /* a window that dilation led past the image has its index outside */
                if (index[c] >= 0 && index[c] < j->h * j->w) plane[index[c] * j->ch + c] += grad[c];
    }
    return 0;
}

static int F(max_pool2d_backward)(const wb_call *c) {
    if (!c->out[0] || !c->out[0]->n) return 0;
    pool_job j = pool_read(c, c->out[0], c->in[0]);
    return pool_backward(&j, F(max_backward_part));
}

static int F(avg_part)(void *arg, long part) {
    const pool_job *j = arg;
    long end = WB_MIN((part + 1) * j->part_rows, j->n * j->ho);
    for (long row = part * j->part_rows; row < end; row++) {
        const real *image = (const real *)j->c->in[0]->data + row / j->ho * j->h * j->w * j->ch;
        real *dst = (real *)j->c->out[0]->data + row * j->wo * j->ch;
        long y0, y1, ny, x0, x1, nx;
        pool_span(j, row % j->ho, j->h, j->ho, j->kh, j->sh, j->ph, &y0, &y1, &ny);
        for (long q = 0; q < j->wo; q++, dst += j->ch) {
            pool_span(j, q, j->w, j->wo, j->kw, j->sw, j->pw, &x0, &x1, &nx);
            real count = j->divisor ? j->divisor : ny * nx;
            int any = y0 < y1 && x0 < x1;
            for (long c = 0; c < j->ch; c += VR) {
                vr sum = {0};
                for (long y = y0; y < y1 && any; y++) {        /* row by row: long sums lose less */
                    vr line = {0};
                    for (long x = x0; x < x1; x++) line += F(get)(image + (y * j->w + x) * j->ch + c, j->ch - c, 0);
                    sum += line;
                }
                if (any) sum /= count;
                F(put)(dst + c, sum, j->ch - c);
            }
        }
    }
    return 0;
}

static int F(avg_backward_part)(void *arg, long part) {
    const pool_job *j = arg;
    long end = WB_MIN((part + 1) * j->part_rows, j->n * j->blocks);
    for (long b = part * j->part_rows; b < end; b++) {
        long image = b / j->blocks, c0 = b % j->blocks * POOL_CHANNELS, have = WB_MIN(POOL_CHANNELS, j->ch - c0), y0, y1, ny, x0, x1, nx;
        real *plane = F(clear_plane)(j, image, c0, have);
        const real *grad = (const real *)j->c->in[0]->data + image * j->ho * j->wo * j->ch + c0;
        for (long p = 0; p < j->ho; p++) {
            pool_span(j, p, j->h, j->ho, j->kh, j->sh, j->ph, &y0, &y1, &ny);
            for (long q = 0; q < j->wo; q++, grad += j->ch) {
                pool_span(j, q, j->w, j->wo, j->kw, j->sw, j->pw, &x0, &x1, &nx);
                real count = j->divisor ? j->divisor : ny * nx;
                for (long c = 0; c < have && x0 < x1; c += VR) {
                    vr share = F(get)(grad + c, have - c, 0) / count;
                    for (long y = y0; y < y1; y++)
                        for (long x = x0; x < x1; x++) {
                            real *to = plane + (y * j->w + x) * j->ch + c;
                            F(put)(to, F(get)(to, have - c, 0) + share, have - c);
                        }
                }
            }
        }
    }
    return 0;
}

static int F(avg_pool2d)(const wb_call *c) {
    if (!c->out[0] || !c->out[0]->n) return 0;
    pool_job j = pool_read(c, c->in[0], c->out[0]);
    avg_attributes(&j, c->i);
    return pool_forward(&j, F(avg_part), j.kh * j.kw);
}

static int F(avg_pool2d_backward)(const wb_call *c) {
    if (!c->out[0] || !c->out[0]->n) return 0;
    pool_job j = pool_read(c, c->out[0], c->in[0]);
    avg_attributes(&j, c->i);
    return pool_backward(&j, F(avg_backward_part));
}

static int F(adaptive_avg_pool2d)(const wb_call *c) {
    if (!c->out[0] || !c->out[0]->n) return 0;
    pool_job j = pool_read(c, c->in[0], c->out[0]);
    j.adaptive = 1;
    return pool_forward(&j, F(avg_part), ceil_div(j.h, j.ho) * ceil_div(j.w, j.wo));
}

static int F(adaptive_avg_pool2d_backward)(const wb_call *c) {
    if (!c->out[0] || !c->out[0]->n) return 0;
    pool_job j = pool_read(c, c->out[0], c->in[0]);
    j.adaptive = 1;
    return pool_backward(&j, F(avg_backward_part));
}
#endif
