/* The gradient of a convolution's weight, for every stride, padding, dilation and number of groups. The file includes itself for float
   and for double. */
#ifndef REAL
#include "conv.h"
#include "gemm.h"

/* Multiply-adds of a part, most parts and bytes of their sums, bytes of source and gradient rows that are summed over at a time. */
enum { OUTER_WORK = 1 << 20, OUTER_PARTS = 16, OUTER_BYTES = 32 << 20, OUTER_RUN = 24 << 10 };
/* Products instead of tiles: from so many channels and parts on, by blocks of channels, over so many pixels at a time. */
enum { PRODUCT_LEAST = 64, PRODUCT_LEAST_PARTS = 8, PRODUCT_BLOCK = 128, PRODUCT_PIXELS = 256 };

#define REAL 32
#include "conv_weight.c"
#undef REAL
#define REAL 64
#include "conv_weight.c"
#else
#include "real.h"
#include "microkernel.h"
#define outer F(outer_job)
#define products F(product_job)

/* Sums of outer products of source and gradient pixels, [tap, channel] x [output], one partial sum a part. */
typedef struct {
    const conv_shape *s;
    const real *grad, *src;
    conv_weight to;
    long cg, og, width, panels, joined, columns, span, parts, part_rows, run_rows, depth, size;
    real *partial;
    char *scratch;
    size_t scratch_bytes;
} outer;

static void F(outer_run)(const outer *j, const real *window, const real *packed, long rows, real *sum) {
    const conv_shape *s = j->s;
    long across = j->joined ? 1 : s->kw, len = j->joined ? s->kw * s->c : j->cg, pixels = rows * s->wo;
    long vectors = j->width / VR, ldc = j->panels * j->width;
    for (long g = 0; g < s->groups; g++)
        for (long panel = 0; panel < j->panels; panel++)
            for (long tap = 0; tap < s->kh * across; tap++) {
                const real *a = window + (tap / across * s->dh * j->columns + tap % across * s->dw) * s->c + g * j->cg;
                const real *b = packed + (g * j->panels + panel) * pixels * j->width;
                real *c = sum + (g * j->depth + tap * len) * ldc + panel * j->width;
                for (long m = 0, r; m < len; m += r) {
                    r = tile_rows(len - m);
#define CASE(R, W) F(tile_outer)(R, W, a + m, s->sh * j->columns * s->c, s->sw * s->c, rows, s->wo, b, c + m * ldc, ldc)
                    TILE_SWITCH(r, vectors, CASE)
#undef CASE
                }
            }
}

static int F(outer_part)(void *arg, long part) {
    const outer *j = arg;
    const conv_shape *s = j->s;
    real *window = (real *)(j->scratch + (size_t)wb_pool_slot() * j->scratch_bytes), *sum = j->partial + part * j->size;
    real *packed = window + ((j->run_rows - 1) * s->sh + j->span) * j->columns * s->c;
    long end = WB_MIN((part + 1) * j->part_rows, s->n * s->ho);
    memset(sum, 0, (size_t)j->size * sizeof *sum);
    for (long row = part * j->part_rows, rows; row < end; row += rows) {
        long image = row / s->ho, t0 = row % s->ho;
        rows = WB_MIN(WB_MIN(j->run_rows, end - row), s->ho - t0);
        F(copy_window)(j->src + image * s->h * s->w * s->c, s->h, s->w, s->c, t0 * s->sh - s->ph, (rows - 1) * s->sh + j->span, -s->pw,
                       j->columns, window);
        const real *grad = j->grad + row * s->wo * s->o;
        for (long g = 0; g < s->groups; g++)
            for (long panel = 0; panel < j->panels; panel++) {
                long n = WB_MIN(j->width, j->og - panel * j->width);
                const real *from = grad + g * j->og + panel * j->width;
                real *to = packed + (g * j->panels + panel) * rows * s->wo * j->width;
                for (long p = 0; p < rows * s->wo; p++, from += s->o, to += j->width)
                    for (long v = 0; v < j->width; v += VR) F(store)(to + v, n > v ? F(get)(from + v, n - v, 0) : (vr){0});
            }
        F(outer_run)(j, window, packed, rows, sum);
    }
    return 0;
}

/* Adds the partial sums in their order and writes some rows [group, tap, channel] of the result. */
static int F(outer_gather)(void *arg, long part) {
    const outer *j = arg;
    const conv_shape *s = j->s;
    long ldc = j->panels * j->width, total = s->groups * j->depth, end = WB_MIN((part + 1) * 64, total);
    for (long m = part * 64; m < end; m++) {
        real *sum = j->partial + m * ldc;
        for (long p = 1; p < j->parts; p++)
            for (long v = 0; v < ldc; v += VR) F(store)(sum + v, F(load)(sum + v) + F(load)(sum + p * j->size + v));
        long g = m / j->depth, tap = m % j->depth / j->cg, c = m % j->cg;
        real *to = (real *)j->to.data + g * j->og * j->to.o + c * j->to.c + tap / s->kw * j->to.i + tap % s->kw * j->to.j;
        for (long o = 0; o < j->og; o++) to[o * j->to.o] = sum[o];
    }
    return 0;
}

/* Many channels: a matrix product for each tap and block of channels, over pixels that are gathered some at a time. */
typedef struct {
    const conv_shape *s;
    const real *grad, *src;
    conv_weight to;
    long across, down;
    char *scratch;
    size_t scratch_bytes;
} products;

static int F(product_part)(void *arg, long part) {
    const products *j = arg;
    const conv_shape *s = j->s;
    long tap = part / (j->across * j->down), o0 = part / j->across % j->down * PRODUCT_BLOCK, c0 = part % j->across * PRODUCT_BLOCK;
    long o = WB_MIN(PRODUCT_BLOCK, s->o - o0), c = WB_MIN(PRODUCT_BLOCK, s->c - c0), total = s->n * s->ho * s->wo;
    real *pixels = (real *)(j->scratch + (size_t)wb_pool_slot() * j->scratch_bytes), *sum = pixels + PRODUCT_PIXELS * PRODUCT_BLOCK;
    for (long q0 = 0; q0 < total; q0 += PRODUCT_PIXELS) {
        long have = WB_MIN(PRODUCT_PIXELS, total - q0);
        for (long q = 0; q < have; q++) {
            long image = (q0 + q) / (s->ho * s->wo), y = (q0 + q) / s->wo % s->ho * s->sh - s->ph + tap / s->kw * s->dh;
            long x = (q0 + q) % s->wo * s->sw - s->pw + tap % s->kw * s->dw;
            const real *from = j->src + ((image * s->h + y) * s->w + x) * s->c + c0;
            if (y >= 0 && y < s->h && x >= 0 && x < s->w) memcpy(pixels + q * c, from, (size_t)c * sizeof *pixels);
            else memset(pixels + q * c, 0, (size_t)c * sizeof *pixels);
        }
        if (NAME(F(gemm))(o, c, have, j->grad + q0 * s->o + o0, 1, s->o, pixels, c, 1, q0 ? sum : NULL, c, sum, c)) return WB_NO_MEMORY;
    }
    real *to = (real *)j->to.data + o0 * j->to.o + c0 * j->to.c + tap / s->kw * j->to.i + tap % s->kw * j->to.j;
    for (long r = 0; r < o; r++)
        for (long k = 0; k < c; k++) to[r * j->to.o + k * j->to.c] = sum[r * c + k];
    return 0;
}

static int F(by_products)(const conv_shape *s, const real *grad, const real *src, conv_weight to) {
    products j = {s, grad, src, to, (s->c + PRODUCT_BLOCK - 1) / PRODUCT_BLOCK, (s->o + PRODUCT_BLOCK - 1) / PRODUCT_BLOCK, NULL, 0};
    j.scratch_bytes = (PRODUCT_PIXELS + PRODUCT_BLOCK) * PRODUCT_BLOCK * sizeof(real);
    size_t bytes = (size_t)wb_pool_slots() * j.scratch_bytes;
    if (!(j.scratch = wb_alloc(bytes))) return WB_NO_MEMORY;
    int failed = wb_pool_run(F(product_part), &j, s->kh * s->kw * j.across * j.down);
    wb_free(j.scratch, bytes);
    return failed;
}

int NAME(F(direct_weight_backward))(const conv_shape *s, const real *grad, const real *src, conv_weight to) {
    if (s->groups == 1 && WB_MIN(s->c, s->o) >= PRODUCT_LEAST && s->n * s->ho * s->wo > 0 &&
        s->kh * s->kw * s->c * s->o >= PRODUCT_LEAST_PARTS * PRODUCT_BLOCK * PRODUCT_BLOCK)
        return F(by_products)(s, grad, src, to);
    outer j = {.s = s, .grad = grad, .src = src, .to = to, .cg = s->c / s->groups, .og = s->o / s->groups};
    j.width = panel_width(j.og, VR);
    j.panels = (j.og + j.width - 1) / j.width;
    j.joined = s->groups == 1 && s->dw == 1;
    j.columns = (WB_MAX(s->wo, 1) - 1) * s->sw + (s->kw - 1) * s->dw + 1;
    j.span = (s->kh - 1) * s->dh + 1;
    j.depth = s->kh * s->kw * j.cg;
    j.size = s->groups * j.depth * j.panels * j.width;
    long rows = s->n * s->ho, slots = wb_pool_slots(), line = (j.columns * s->sh * s->c + s->wo * s->o) * (long)sizeof(real);
    double work = (double)rows * (double)s->wo * (double)(j.depth * s->o);
    long most = WB_MAX(WB_MIN(OUTER_PARTS, OUTER_BYTES / (j.size * (long)sizeof(real) + 1)), 1);
    j.parts = WB_MAX(WB_MIN(most, (long)(work / OUTER_WORK)), 1);
    j.part_rows = WB_MAX((rows + j.parts - 1) / j.parts, 1);
    j.parts = WB_MAX((rows + j.part_rows - 1) / j.part_rows, 1);
    j.run_rows = WB_MAX(WB_MIN(WB_MIN(OUTER_RUN / WB_MAX(line, 1), j.part_rows), s->ho), 1);
    long window = ((j.run_rows - 1) * s->sh + j.span) * j.columns * s->c, packed = j.run_rows * s->wo * s->groups * j.panels * j.width;
    j.scratch_bytes = ((size_t)(window + packed) * sizeof(real) + 63) / 64 * 64;
    size_t bytes = (size_t)slots * j.scratch_bytes + (size_t)(j.parts * j.size) * sizeof(real);
    char *memory = wb_alloc(bytes);
    if (!memory) return WB_NO_MEMORY;
    j.scratch = memory;
    j.partial = (real *)(memory + (size_t)slots * j.scratch_bytes);
    wb_pool_run(F(outer_part), &j, j.parts);
    long gathers = (s->groups * j.depth + 63) / 64;
    if (j.parts * j.size < 1 << 14) for (long p = 0; p < gathers; p++) F(outer_gather)(&j, p);
    else wb_pool_run(F(outer_gather), &j, gathers);
    wb_free(memory, bytes);
    return 0;
}
#undef outer
#undef products
#endif
