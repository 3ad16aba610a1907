/* conv2d and its gradients: the choice of the algorithm, and the direct one, which takes every stride, padding, dilation and number of
   groups. Forward and input gradient are one correlation: the gradient for stride s is s * s interleaved correlations of stride 1. The
   file includes itself for float and for double. */
#ifndef REAL
#include "conv.h"
#include "gemm.h"

/* Multiply-adds that make a part, and the bytes of source rows that a run of output rows should read. */
enum { PART_WORK = 1 << 20, RUN_BYTES = 24 << 10 };

/* One axis of a correlation: output t reads the source at t * step + off[k] with tap[k] of the weight, off ascending; it is written
   at from + t * apart. */
typedef struct { long n, count, step, from, apart, *off, *tap; } conv_axis;

static void spread_axis(conv_axis *a, long n, long stride, long pad, long dilation, long count) {
    *a = (conv_axis){n, count, stride, 0, 1, a->off, a->tap};
    for (long k = 0; k < n; k++) { a->off[k] = k * dilation - pad; a->tap[k] = k; }
}

/* The outputs from, from + stride, ... of an input gradient of that length: those taps that meet them on the grid of the gradient. */
static void phase_axis(conv_axis *a, long n, long stride, long pad, long dilation, long length, long from) {
    *a = (conv_axis){0, from < length ? (length - from + stride - 1) / stride : 0, 1, from, stride, a->off, a->tap};
    for (long k = n - 1; k >= 0; k--)
        if ((from + pad - k * dilation) % stride == 0) { a->off[a->n] = (from + pad - k * dilation) / stride; a->tap[a->n++] = k; }
}

static conv_shape conv_read(const wb_call *c, const wb_array *image, const wb_array *result, long kh, long kw) {
    const long *i = c->i, *x = image->shape, *y = result->shape;
    return (conv_shape){x[0], x[1], x[2], x[3], y[1], y[2], y[3], kh, kw, i[0], i[1], i[2], i[3], i[4], i[5], i[6]};
}


static conv_weight weight_of(const wb_array *a) {
    return (conv_weight){a->data, a->strides[0], a->strides[1], a->strides[2], a->strides[3]};
}

/* Below so many channels the transforms cost more than the multiplications that they save. */
enum { WINOGRAD_LEAST = 12, WINOGRAD_WEIGHT_LEAST = 32 };
static int is_winograd(const conv_shape *s, long from, long to) {
    return s->kh == 3 && s->kw == 3 && s->sh == 1 && s->sw == 1 && s->dh == 1 && s->dw == 1 && s->groups == 1 && s->ph <= 2 && s->pw <= 2 &&
           WB_MIN(from, to) >= WINOGRAD_LEAST;
}
static int is_winograd_weight(const conv_shape *s) {
    return s->n > 0 && is_winograd(s, s->c, s->o) && WB_MIN(s->c, s->o) >= WINOGRAD_WEIGHT_LEAST;
}

static int tile_of(const wb_call *c) { return c->i[9] == 4 ? 4 : 2; }

/* Many channels, 1 x 1: one product for the whole batch, every pixel by the weight as a matrix in row-major order. */
enum { PRODUCT_LEAST = 128 };
static int is_product(const conv_shape *s, conv_weight w) {
    return s->kh == 1 && s->kw == 1 && s->sh == 1 && s->sw == 1 && s->ph == 0 && s->pw == 0 && s->groups == 1 && s->h == s->ho &&
           s->w == s->wo && WB_MIN(s->c, s->o) >= PRODUCT_LEAST && w.c == 1 && w.o == s->c;
}
static int is_depthwise(const conv_shape *s) { return s->groups > 1 && s->groups == s->c && s->groups == s->o; }

#define REAL 32
#include "conv.c"
#undef REAL
#define REAL 64
#include "conv.c"

WB_FAMILY(conv) {
    WB_KERNEL("conv2d", WB_F32, WB_CALL, WB_NHWC, conv2d_f32);
    WB_KERNEL("conv2d", WB_F64, WB_CALL, WB_NHWC, conv2d_f64);
    WB_KERNEL("conv2d_input_backward", WB_F32, WB_CALL, WB_NHWC, conv2d_input_backward_f32);
    WB_KERNEL("conv2d_input_backward", WB_F64, WB_CALL, WB_NHWC, conv2d_input_backward_f64);
    WB_KERNEL("conv2d_weight_backward", WB_F32, WB_CALL, WB_NHWC, conv2d_weight_backward_f32);
    WB_KERNEL("conv2d_weight_backward", WB_F64, WB_CALL, WB_NHWC, conv2d_weight_backward_f64);
}
#else
#include "real.h"
#include "microkernel.h"
#define correlation F(correlation_job)
#define phase F(correlation_phase)

typedef struct { conv_axis y, x; long segments, len, *segment; real *packed; } phase;
typedef struct {
    const real *src, *bias;
    real *dst, *zeros;
    long n, hs, ws, cs, hd, wd, cd, groups, cg, og;            /* channels a group: cg in the source, og in the result */
    long panels, width, phases, rows, columns, part_rows, run_rows, top, span_y, left, span_x, step_y, step_x;
    conv_weight weight;                                        /* strides: o over result channels, c over source channels */
    long group_step;
    phase *phase;
    char *scratch;
    size_t scratch_bytes;
} correlation;

/* Which pieces of the source a phase multiplies: whole rows of taps where they lie side by side, else single taps. */
static void F(plan_segments)(const correlation *j, phase *p) {
    int joined = j->groups == 1;
    for (long k = 1; k < p->x.n; k++) joined &= p->x.off[k] == p->x.off[k - 1] + 1;
    long across = joined ? (p->x.n > 0) : p->x.n;
    p->segments = p->y.n * across;
    p->len = joined ? p->x.n * j->cs : j->cg;
    for (long i = 0; i < p->y.n; i++)
        for (long k = 0; k < across; k++)
            p->segment[i * across + k] = ((p->y.off[i] - j->top) * j->columns + p->x.off[k] - j->left) * j->cs;
}

/* One panel of the weight of every phase: [group][panel][tap, source channel][width], zeros beyond the last channel. */
static int F(pack_panel)(void *arg, long part) {
    const correlation *j = arg;
    long group = part / j->panels, n0 = part % j->panels * j->width, n = WB_MIN(j->width, j->og - n0);
    const real *w = (const real *)j->weight.data + group * j->group_step + n0 * j->weight.o;
    for (long f = 0; f < j->phases; f++) {
        const phase *p = &j->phase[f];
        real *to = p->packed + part * p->y.n * p->x.n * j->cg * j->width;
        for (long y = 0; y < p->y.n; y++)
            for (long x = 0; x < p->x.n; x++, to += j->cg * j->width) {
                const real *from = w + p->y.tap[y] * j->weight.i + p->x.tap[x] * j->weight.j;
                if (n < j->width) memset(to, 0, (size_t)(j->cg * j->width) * sizeof *to);
                if (j->weight.o == 1)
                    for (long k = 0; k < j->cg; k++) memcpy(to + k * j->width, from + k * j->weight.c, (size_t)n * sizeof *to);
                else
                    for (long q = 0; q < n; q++)
                        for (long k = 0; k < j->cg; k++) to[k * j->width + q] = from[q * j->weight.o + k * j->weight.c];
            }
    }
    return 0;
}

static void F(run_phase)(const correlation *j, const phase *p, const real *src, long image, long t0, long rows, long *pixel, long *to) {
    long count = rows * p->x.count, size = p->y.n * p->x.n * j->cg * j->width;
    for (long y = 0, q = 0; y < rows; y++)
        for (long x = 0; x < p->x.count; x++, q++) {
            pixel[q] = (y * p->y.step * j->columns + x * p->x.step) * j->cs;
            to[q] = ((image * j->hd + p->y.from + (t0 + y) * p->y.apart) * j->wd + p->x.from + x * p->x.apart) * j->cd;
        }
    for (long g = 0; g < j->groups; g++)
        for (long panel = 0; panel < j->panels; panel++) {
            long n0 = panel * j->width, n = WB_MIN(j->width, j->og - n0), vectors = j->width / VR;
            const real *b = p->packed + (g * j->panels + panel) * size;
            const real *init = j->bias ? j->bias + (g * j->panels + panel) * j->width : j->zeros;
            real *dst = j->dst + g * j->og + n0;
            for (long q = 0, r; q < count; q += r) {
                r = tile_rows(count - q);
#define CASE(R, W) F(tile_gather)(R, W, src + g * j->cg, pixel + q, p->segment, p->segments, p->len, b, init, dst, to + q, n)
                TILE_SWITCH(r, vectors, CASE)
#undef CASE
            }
        }
}

/* A part is some rows of outputs, counted through all images; it goes on in runs whose source rows stay in the near caches. */
static int F(correlation_part)(void *arg, long part) {
    const correlation *j = arg;
    long pixels = j->run_rows * WB_MAX(j->phase[0].x.count, 1);
    long *pixel = (long *)(j->scratch + (size_t)wb_pool_slot() * j->scratch_bytes), *to = pixel + pixels;
    real *window = (real *)(to + pixels);
    long end = WB_MIN((part + 1) * j->part_rows, j->n * j->rows);
    for (long row = part * j->part_rows, rows; row < end; row += rows) {
        long image = row / j->rows, t0 = row % j->rows, y0 = t0 * j->step_y + j->top;
        rows = WB_MIN(WB_MIN(j->run_rows, end - row), j->rows - t0);
        const real *from = j->src + image * j->hs * j->ws * j->cs, *src = window;
        long tall = (rows - 1) * j->step_y + j->span_y;
        if (j->left == 0 && j->columns == j->ws && y0 >= 0 && y0 + tall <= j->hs) src = from + y0 * j->ws * j->cs;
        else F(copy_window)(from, j->hs, j->ws, j->cs, y0, tall, j->left, j->columns, window);
        for (long f = 0; f < j->phases; f++) {
            const phase *p = &j->phase[f];
            long have = WB_MIN(rows, p->y.count - t0);
            if (have > 0 && p->x.count > 0) F(run_phase)(j, p, src, image, t0, have, pixel, to);
        }
    }
    return 0;
}

/* The source window that the outputs of all phases need. */
static void F(plan_window)(correlation *j) {
    long top = 0, bottom = 0, left = 0, right = 0, work = 0, any = 0;
    for (long f = 0; f < j->phases; f++) {
        const conv_axis *y = &j->phase[f].y, *x = &j->phase[f].x;
        j->rows = WB_MAX(j->rows, y->count);
        work += x->count * y->n * x->n * j->cg * j->cd;
        if (!y->n || !x->n) continue;
        top = any ? WB_MIN(top, y->off[0]) : y->off[0];
        left = any ? WB_MIN(left, x->off[0]) : x->off[0];
        bottom = any ? WB_MAX(bottom, y->off[y->n - 1]) : y->off[y->n - 1];
        right = any ? WB_MAX(right, x->off[x->n - 1]) : x->off[x->n - 1];
        any = 1;
    }
    j->step_y = j->phase[0].y.step;
    j->step_x = j->phase[0].x.step;
    j->top = top;
    j->left = left;
    j->span_y = bottom - top + 1;
    j->span_x = right - left + 1;
    j->columns = (WB_MAX(j->phase[0].x.count, 1) - 1) * j->step_x + j->span_x;
    if (left >= 0 && left + j->columns <= j->ws) {             /* no column is padding: rows are read in place where none is either */
        j->left = 0;
        j->columns = j->ws;
    }
    long line = j->columns * j->cs * (long)sizeof(real), halo = j->span_y - j->step_y;
    j->part_rows = WB_MAX(PART_WORK / WB_MAX(work, 1), 1);
    j->run_rows = WB_MIN(WB_MAX(RUN_BYTES / WB_MAX(line * j->step_y, 1), 2 * WB_MAX(halo, 1)), j->rows);
    j->run_rows = WB_MAX(WB_MIN(j->run_rows, j->part_rows), 1);
}

static int F(correlate)(correlation *j, const real *bias) {
    long sizes = 0, total = j->n * j->hd * j->wd;
    if (!total) return 0;
    F(plan_window)(j);
    j->width = panel_width(j->og, VR);
    j->panels = (j->og + j->width - 1) / j->width;
    long channels = j->groups * j->panels * j->width, slots = wb_pool_slots();
    for (long f = 0; f < j->phases; f++) sizes += j->phase[f].y.n * j->phase[f].x.n * j->cg * channels;
    size_t tables = 2 * (size_t)(j->run_rows * WB_MAX(j->phase[0].x.count, 1)) * sizeof(long);
    size_t window = (size_t)(((j->run_rows - 1) * j->step_y + j->span_y) * j->columns * j->cs) * sizeof(real);
    j->scratch_bytes = (tables + window + 63) / 64 * 64;
    size_t bytes = (size_t)(sizes + 2 * channels) * sizeof(real) + 64 + (size_t)slots * j->scratch_bytes;
    char *memory = wb_alloc(bytes);
    if (!memory) return WB_NO_MEMORY;
    j->scratch = memory;
    real *packed = (real *)(memory + (size_t)slots * j->scratch_bytes), *padded = packed + sizes;
    for (long f = 0; f < j->phases; f++) {
        j->phase[f].packed = packed;
        packed += j->phase[f].y.n * j->phase[f].x.n * j->cg * channels;
        F(plan_segments)(j, &j->phase[f]);
    }
    memset(padded, 0, 2 * (size_t)channels * sizeof(real));
    j->zeros = padded + channels;
    for (long g = 0; g < j->groups && bias; g++) memcpy(padded + g * j->panels * j->width, bias + g * j->og, (size_t)j->og * sizeof(real));
    j->bias = bias ? padded : NULL;
    long parts = j->groups * j->panels;
    if (sizes < 1 << 14) for (long p = 0; p < parts; p++) F(pack_panel)(j, p);
    else wb_pool_run(F(pack_panel), j, parts);
    wb_pool_run(F(correlation_part), j, (j->n * j->rows + j->part_rows - 1) / j->part_rows);
    wb_free(memory, bytes);
    return 0;
}

/* y = x * weight + bias; backward: the gradient of x from that of y. */
static int F(direct)(const conv_shape *s, const real *src, conv_weight w, const real *bias, real *dst, int backward) {
    long phases = backward ? s->sh * s->sw : 1, taps = s->kh * s->kw, each = 2 * (s->kh + s->kw) + taps;
    size_t bytes = (size_t)phases * (sizeof(phase) + (size_t)each * sizeof(long));
    phase *plan = wb_alloc(bytes);
    if (!plan) return WB_NO_MEMORY;
    long *table = (long *)(plan + phases);
    for (long f = 0; f < phases; f++, table += each) {
        phase *p = &plan[f];
        p->segment = table + 2 * (s->kh + s->kw);
        p->y.off = table;
        p->y.tap = table + s->kh;
        p->x.off = table + 2 * s->kh;
        p->x.tap = p->x.off + s->kw;
        if (backward) {
            phase_axis(&p->y, s->kh, s->sh, s->ph, s->dh, s->h, f / s->sw);
            phase_axis(&p->x, s->kw, s->sw, s->pw, s->dw, s->w, f % s->sw);
        } else {
            spread_axis(&p->y, s->kh, s->sh, s->ph, s->dh, s->ho);
            spread_axis(&p->x, s->kw, s->sw, s->pw, s->dw, s->wo);
        }
    }
    correlation j = {.src = src, .dst = dst, .n = s->n, .groups = s->groups, .phases = phases, .phase = plan, .weight = w};
    j.group_step = s->o / s->groups * w.o;
    if (backward) {
        j.hs = s->ho; j.ws = s->wo; j.cs = s->o; j.hd = s->h; j.wd = s->w; j.cd = s->c;
        j.weight.o = w.c;
        j.weight.c = w.o;
    } else {
        j.hs = s->h; j.ws = s->w; j.cs = s->c; j.hd = s->ho; j.wd = s->wo; j.cd = s->o;
    }
    j.cg = j.cs / s->groups;
    j.og = j.cd / s->groups;
    int code = F(correlate)(&j, bias);
    wb_free(plan, bytes);
    return code;
}

static int F(conv2d)(const wb_call *c) {
    const wb_array *x = c->in[0], *w = c->in[1], *y = c->out[0];
    if (!y || !y->n) return 0;
    conv_shape s = conv_read(c, x, y, w->shape[2], w->shape[3]);
    conv_weight weight = weight_of(w);
    const real *from = (const real *)x->data, *bias = c->in[2] ? (const real *)c->in[2]->data : NULL;
    real *to = (real *)y->data;
    if (is_depthwise(&s)) return NAME(F(depthwise))(&s, from, weight, bias, to);
    if (is_product(&s, weight)) return NAME(F(gemm))(s.n * s.h * s.w, s.o, s.c, from, s.c, 1, (const real *)w->data, 1, s.c, bias, 0, to, s.o);
#if REAL == 32
    if (is_winograd(&s, s.c, s.o)) return NAME(winograd)(&s, from, weight, bias, to, 0, tile_of(c));
#endif
    return F(direct)(&s, from, weight, bias, to, 0);
}

static int F(conv2d_input_backward)(const wb_call *c) {
    const wb_array *grad = c->in[0], *w = c->in[1], *x = c->out[0];
    if (!x || !x->n) return 0;
    conv_shape s = conv_read(c, x, grad, w->shape[2], w->shape[3]);
    conv_weight weight = weight_of(w);
    const real *from = (const real *)grad->data;
    real *to = (real *)x->data;
    if (is_depthwise(&s)) return NAME(F(depthwise_input_backward))(&s, from, weight, to);
    if (is_product(&s, weight)) return NAME(F(gemm))(s.n * s.h * s.w, s.c, s.o, from, s.o, 1, (const real *)w->data, s.c, 1, NULL, 0, to, s.c);
#if REAL == 32
    if (is_winograd(&s, s.o, s.c)) return NAME(winograd)(&s, from, weight, NULL, to, 1, tile_of(c));
#endif
    return F(direct)(&s, from, weight, NULL, to, 1);
}

static int F(conv2d_weight_backward)(const wb_call *c) {
    const wb_array *g = c->in[0], *x = c->in[1], *w = c->out[0];
    if (!w || !w->n) return 0;
    conv_shape s = conv_read(c, x, g, w->shape[2], w->shape[3]);
    conv_weight to = weight_of(w);
    const real *grad = (const real *)g->data, *from = (const real *)x->data;
    if (is_depthwise(&s)) return NAME(F(depthwise_weight_backward))(&s, grad, from, to);
    if (s.n > 0 && is_product(&s, to))
        return NAME(F(gemm))(s.o, s.c, s.n * s.h * s.w, grad, 1, s.o, from, s.c, 1, NULL, 0, (real *)w->data, s.c);
#if REAL == 32
    if (is_winograd_weight(&s)) return NAME(winograd_weight_backward)(&s, grad, from, to, tile_of(c));
#endif
    return NAME(F(direct_weight_backward))(&s, grad, from, to);
}
#undef correlation
#undef phase
#endif
