/* Depthwise convolution, one channel a group: no products of matrices, so vectors run along the channels. The file includes itself for
   float and for double. */
#ifndef REAL
#include "conv.h"

/* Outputs side by side that share the load of a weight; most rows of a weight on the fast path; multiply-adds of a part; most partial
   sums of a weight's gradient. */
enum { STRIP = 4, REACH = 8, DEPTHWISE_WORK = 1 << 18, DEPTHWISE_SUMS = 16 };

/* Weights of 3 or 5 columns and strides of 1 or 2 have code of their own: calls CASE(columns, stride). */
#define DEPTHWISE_SWITCH(s, CASE) \
    switch ((s)->kw * 2 + (s)->sw) { case 7: CASE(3, 1); break; case 8: CASE(3, 2); break; case 11: CASE(5, 1); break; case 12: CASE(5, 2); break; }
static int is_common(const conv_shape *s) { return (s->kw == 3 || s->kw == 5) && s->sw <= 2 && s->dw == 1 && s->kh <= REACH; }

#define REAL 32
#include "depthwise.c"
#undef REAL
#define REAL 64
#include "depthwise.c"
#else
#include "real.h"
#define job F(depthwise_job)
#define reach F(depthwise_reach)

typedef struct {
    const conv_shape *s;
    const real *a, *b, *bias;                                  /* forward: source; backward: gradient, source */
    real *to, *packed;                                         /* packed: the weight, or partial sums of its gradient, as [tap][channel] */
    long parts, part_rows;
} job;

/* The source lines that an output row reads, and the row of taps for each. */
typedef struct { long n; const real *line[REACH], *tap[REACH]; } reach;

static reach F(reach_of)(const job *j, const real *image, long y, int up) {
    const conv_shape *s = j->s;
    reach r = {0};
    for (long i = 0; i < s->kh; i++) {
        long v = up ? y + s->ph - i * s->dh : y * s->sh - s->ph + i * s->dh;
        if (up && v % s->sh) continue;
        if (up) v = v < 0 ? -1 : v / s->sh;
        if (v < 0 || v >= (up ? s->ho : s->h)) continue;
        r.line[r.n] = image + v * (up ? s->wo : s->w) * s->c;
        r.tap[r.n++] = j->packed + i * s->kw * s->c;
    }
    return r;
}

/* STRIP results side by side for some lanes of channels. Column at + q of the source meets result r with tap k where q = r * S + k, or
   going UP, from a gradient to its input, where r = q * S + k. `inner`: no column lies outside the source and no result outside the
   image, which are the results from `from` to `until`. All constants are known to the compiler, so that only loads and sums remain. */
static inline __attribute__((always_inline)) void F(strip)(const int K, const int S, const int UP, const int inner, const int whole,
                                                           const reach *rows, const real *bias, real *to, long step, long lanes, long at,
                                                           long width, long from, long until) {
    const int columns = UP ? (STRIP - 1) / S + (K - 1) / S + 1 : (STRIP - 1) * S + K;
    vr start = bias ? F(get)(bias, lanes, 0) : (vr){0}, acc[STRIP];
#pragma GCC unroll 4
    for (int r = 0; r < STRIP; r++) acc[r] = start;
    for (long i = 0; i < rows->n; i++) {
        const real *line = rows->line[i] + at * step, *tap = rows->tap[i];
        vr weight[5];
#pragma GCC unroll 5
        for (int k = 0; k < K; k++) weight[k] = whole ? F(load)(tap + k * step) : F(get)(tap + k * step, lanes, 0);
#pragma GCC unroll 16
        for (int n = 0; n < columns; n++) {
            const int q = UP ? n - (K - 1) / S : n;
            if (inner || (at + q >= 0 && at + q < width)) {
                vr v = whole ? F(load)(line + q * step) : F(get)(line + q * step, lanes, 0);
#pragma GCC unroll 5
                for (int k = 0; k < K; k++) {
                    if (UP && q * S + k >= 0 && q * S + k < STRIP) acc[q * S + k] += weight[k] * v;
                    if (!UP && q >= k && (q - k) % S == 0 && (q - k) / S < STRIP) acc[(q - k) / S] += weight[k] * v;
                }
            }
        }
    }
#pragma GCC unroll 4
    for (int r = 0; r < STRIP; r++)
        if (inner || (r >= from && r < until)) {
            if (whole) F(store)(to + r * step, acc[r]);
            else F(put)(to + r * step, acc[r], lanes);
        }
}

/* A row of `count` results from lines of `width` columns: all channels of a strip, whose inputs stay near, before the next. */
static inline __attribute__((always_inline)) void F(row)(const int K, const int S, const int UP, const job *j, reach rows, real *to,
                                                         long count, long width) {
    long step = j->s->c, pad = j->s->pw;
    for (long x = UP ? -pad : 0; x < count; x += STRIP) {
        long at = UP ? (x + pad) / S : x * S - pad, from = -x, until = count - x, c = 0;
        long low = UP ? at - (K - 1) / S : at, high = UP ? at + (STRIP - 1) / S : at + (STRIP - 1) * S + K - 1;
        reach here = rows;
#define STRIPS(inner, whole, lanes) \
        F(strip)(K, S, UP, inner, whole, &here, j->bias ? j->bias + c : NULL, to + x * step + c, step, lanes, at, width, from, until); \
        for (long i = 0; i < rows.n; i++) { here.line[i] += VR; here.tap[i] += VR; }
        if (low >= 0 && high < width && from <= 0 && until >= STRIP) for (; c + VR <= step; c += VR) { STRIPS(1, 1, VR) }
        else for (; c + VR <= step; c += VR) { STRIPS(0, 1, VR) }
        if (c < step) { STRIPS(0, 0, step - c) }
#undef STRIPS
    }
}

#define CASE(K, S) F(row)(K, S, 0, j, rows, to, s->wo, s->w)
static void F(forward_row)(const job *j, reach rows, real *to) { const conv_shape *s = j->s; DEPTHWISE_SWITCH(s, CASE) }
#undef CASE
#define CASE(K, S) F(row)(K, S, 1, j, rows, to, s->w, s->wo)
static void F(input_row)(const job *j, reach rows, real *to) { const conv_shape *s = j->s; DEPTHWISE_SWITCH(s, CASE) }
#undef CASE

/* Any other weight: STRIP results from column x0 of row y that see no edge of the image sideways, for a whole vector of channels. */
static void F(any_strip)(const job *j, const real *image, real *to, long y, long x0, long c) {
    const conv_shape *s = j->s;
    long next = s->sw * s->c;
    vr start = j->bias ? F(load)(j->bias + c) : (vr){0}, a0 = start, a1 = start, a2 = start, a3 = start;
    for (long i = 0; i < s->kh; i++) {
        long v = y * s->sh - s->ph + i * s->dh;
        if (v < 0 || v >= s->h) continue;
        const real *p = image + (v * s->w + x0 * s->sw - s->pw) * s->c + c, *w = j->packed + i * s->kw * s->c + c;
        for (long k = 0; k < s->kw; k++, w += s->c, p += s->dw * s->c) {
            vr weight = F(load)(w);
            a0 += weight * F(load)(p);
            a1 += weight * F(load)(p + next);
            a2 += weight * F(load)(p + 2 * next);
            a3 += weight * F(load)(p + 3 * next);
        }
    }
    F(store)(to, a0); F(store)(to + s->c, a1); F(store)(to + 2 * s->c, a2); F(store)(to + 3 * s->c, a3);
}

/* One result for some lanes of channels; taps outside the image are left out. */
static void F(single)(const job *j, const real *image, real *to, long y, long x0, long c, long lanes) {
    const conv_shape *s = j->s;
    vr acc = j->bias ? F(get)(j->bias + c, lanes, 0) : (vr){0};
    for (long i = 0; i < s->kh; i++) {
        long v = y * s->sh - s->ph + i * s->dh;
        if (v < 0 || v >= s->h) continue;
        for (long k = 0; k < s->kw; k++) {
            long u = x0 * s->sw - s->pw + k * s->dw;
            const real *w = j->packed + (i * s->kw + k) * s->c + c;
            if (u >= 0 && u < s->w) acc += F(get)(w, lanes, 0) * F(get)(image + (v * s->w + u) * s->c + c, lanes, 0);
        }
    }
    F(put)(to, acc, lanes);
}

static int F(forward_part)(void *arg, long part) {
    const job *j = arg;
    const conv_shape *s = j->s;
    long end = WB_MIN((part + 1) * j->part_rows, s->n * s->ho), reach = s->w - 1 - (s->kw - 1) * s->dw + s->pw;
    long first = WB_MIN((s->pw + s->sw - 1) / s->sw, s->wo), last = WB_MAX(reach < 0 ? 0 : WB_MIN(reach / s->sw + 1, s->wo), first);
    for (long r = part * j->part_rows; r < end; r++) {
        const real *image = j->a + r / s->ho * s->h * s->w * s->c;
        real *row = j->to + r * s->wo * s->c;
        long whole = s->c / VR * VR, y = r % s->ho;
        if (is_common(s)) {
            F(forward_row)(j, F(reach_of)(j, image, y, 0), row);
            continue;
        }
        for (long x = 0, n; x < s->wo; x += n) {               /* all channels of a few columns: their inputs stay near */
            n = x >= first && x + STRIP <= last ? STRIP : 1;
            real *to = row + x * s->c;
            if (n == 1) for (long c = 0; c < whole; c += VR) F(single)(j, image, to + c, y, x, c, VR);
            else for (long c = 0; c < whole; c += VR) F(any_strip)(j, image, to + c, y, x, c);
            for (long q = 0; q < n && whole < s->c; q++) F(single)(j, image, to + q * s->c + whole, y, x + q, whole, s->c - whole);
        }
    }
    return 0;
}

/* Rows of the input's gradient: each element gathers what the taps that met it brought. */
static int F(input_part)(void *arg, long part) {
    const job *j = arg;
    const conv_shape *s = j->s;
    long end = WB_MIN((part + 1) * j->part_rows, s->n * s->h);
    for (long r = part * j->part_rows; r < end; r++) {
        const real *grad = j->a + r / s->h * s->ho * s->wo * s->c;
        real *row = j->to + r * s->w * s->c;
        if (is_common(s)) {
            F(input_row)(j, F(reach_of)(j, grad, r % s->h, 1), row);
            continue;
        }
        memset(row, 0, (size_t)(s->w * s->c) * sizeof *row);
        for (long i = 0; i < s->kh; i++) {
            long v = r % s->h + s->ph - i * s->dh;
            if (v < 0 || v % s->sh || v / s->sh >= s->ho) continue;
            for (long k = 0; k < s->kw; k++) {
                const real *line = grad + v / s->sh * s->wo * s->c, *w = j->packed + (i * s->kw + k) * s->c;
                for (long u = 0; u < s->wo; u++) {
                    long x = u * s->sw - s->pw + k * s->dw;
                    if (x < 0 || x >= s->w) continue;
                    const real *g = line + u * s->c;
                    real *to = row + x * s->c;
                    for (long c = 0, n; c < s->c; c += VR) {
                        n = s->c - c;
                        F(put)(to + c, F(get)(to + c, n, 0) + F(get)(w + c, n, 0) * F(get)(g + c, n, 0), n);
                    }
                }
            }
        }
    }
    return 0;
}

/* The sums of some rows for every tap. */
static int F(weight_part)(void *arg, long part) {
    const job *j = arg;
    const conv_shape *s = j->s;
    real *sums = j->packed + part * s->kh * s->kw * s->c;
    long end = WB_MIN((part + 1) * j->part_rows, s->n * s->ho);
    memset(sums, 0, (size_t)(s->kh * s->kw * s->c) * sizeof *sums);
    for (long r = part * j->part_rows; r < end; r++)
        for (long i = 0; i < s->kh; i++) {
            long v = r % s->ho * s->sh - s->ph + i * s->dh;
            if (v < 0 || v >= s->h) continue;
            const real *line = j->b + (r / s->ho * s->h + v) * s->w * s->c, *grad = j->a + r * s->wo * s->c;
            for (long k = 0; k < s->kw; k++) {
                long from = k * s->dw - s->pw, first = from < 0 ? (-from + s->sw - 1) / s->sw : 0;
                long last = from < s->w ? WB_MIN(s->wo, (s->w - 1 - from) / s->sw + 1) : 0;
                real *sum = sums + (i * s->kw + k) * s->c;
                for (long c = 0; c < s->c; c += VR) {
                    long lanes = s->c - c, next = s->sw * s->c;
                    vr acc = F(get)(sum + c, lanes, 0);
                    const real *g = grad + first * s->c + c, *x = line + (first * s->sw + from) * s->c + c;
                    if (lanes >= VR) for (long u = first; u < last; u++, g += s->c, x += next) acc += F(load)(g) * F(load)(x);
                    else for (long u = first; u < last; u++, g += s->c, x += next) acc += F(get)(g, lanes, 0) * F(get)(x, lanes, 0);
                    F(put)(sum + c, acc, lanes);
                }
            }
        }
    return 0;
}

static void F(pack)(const conv_shape *s, conv_weight w, real *to) {
    for (long i = 0; i < s->kh; i++)
        for (long k = 0; k < s->kw; k++)
            for (long c = 0; c < s->c; c++) *to++ = ((const real *)w.data)[c * w.o + i * w.i + k * w.j];
}

static int F(run)(job *j, conv_weight weight, wb_task task, long rows, long row_work) {
    const conv_shape *s = j->s;
    size_t bytes = (size_t)(s->kh * s->kw * s->c) * sizeof(real);
    if (!(j->packed = wb_alloc(bytes))) return WB_NO_MEMORY;
    F(pack)(s, weight, j->packed);
    j->part_rows = WB_MAX(DEPTHWISE_WORK / WB_MAX(row_work, 1), 1);
    wb_pool_run(task, j, (rows + j->part_rows - 1) / j->part_rows);
    wb_free(j->packed, bytes);
    return 0;
}

int NAME(F(depthwise))(const conv_shape *s, const real *x, conv_weight weight, const real *bias, real *y) {
    job j = {.s = s, .a = x, .bias = bias, .to = y};
    return F(run)(&j, weight, F(forward_part), s->n * s->ho, s->wo * s->c * s->kh * s->kw);
}

int NAME(F(depthwise_input_backward))(const conv_shape *s, const real *grad, conv_weight weight, real *to) {
    if (s->sh == 1 && s->sw == 1) {                            /* a correlation itself, with the taps in reverse */
        conv_shape turned = *s;
        turned.h = s->ho; turned.w = s->wo; turned.ho = s->h; turned.wo = s->w;
        turned.ph = (s->kh - 1) * s->dh - s->ph;
        turned.pw = (s->kw - 1) * s->dw - s->pw;
        weight.data = (real *)weight.data + (s->kh - 1) * weight.i + (s->kw - 1) * weight.j;
        weight.i = -weight.i;
        weight.j = -weight.j;
        return NAME(F(depthwise))(&turned, grad, weight, NULL, to);
    }
    job j = {.s = s, .a = grad, .to = to};
    return F(run)(&j, weight, F(input_part), s->n * s->h, s->wo * s->c * s->kh * s->kw);
}

int NAME(F(depthwise_weight_backward))(const conv_shape *s, const real *grad, const real *x, conv_weight to) {
    long rows = s->n * s->ho, size = s->kh * s->kw * s->c;
    double work = (double)rows * (double)(s->wo * size);
    job j = {.s = s, .a = grad, .b = x};
    j.parts = WB_MAX(WB_MIN(DEPTHWISE_SUMS, (long)(work / DEPTHWISE_WORK)), 1);
    j.part_rows = WB_MAX((rows + j.parts - 1) / j.parts, 1);
    j.parts = WB_MAX((rows + j.part_rows - 1) / j.part_rows, 1);
    size_t bytes = (size_t)(j.parts * size) * sizeof(real);
    if (!(j.packed = wb_alloc(bytes))) return WB_NO_MEMORY;
    wb_pool_run(F(weight_part), &j, j.parts);
    for (long p = 1; p < j.parts; p++)
        for (long q = 0; q < size; q++) j.packed[q] += j.packed[p * size + q];
    for (long q = 0; q < size; q++) ((real *)to.data)[q % s->c * to.o + q / s->c / s->kw * to.i + q / s->c % s->kw * to.j] = j.packed[q];
    wb_free(j.packed, bytes);
    return 0;
}
#undef job
#undef reach
#endif
