/* Winograd's minimal filtering for 3 x 3 convolutions of stride 1: tiles of TILE x TILE outputs are products in a transformed space of
   (TILE + 2)^2 points, with 2.25 (TILE 2) or 4 (TILE 4) times fewer multiplications; Lavin and Gray (2016), "Fast algorithms for
   convolutional neural networks". TILE 2 loses no accuracy, TILE 4 about a digit. The file includes itself for both. */
#ifndef TILE
#include "conv.h"
#include "gemm.h"
#define REAL 32
#include "real.h"
#include "microkernel.h"
#undef REAL

/* Bytes of transformed tiles that a part of the products works on, and that a step of the weight's gradient does; channels summed at a
   time; tiles of a part of the gradient's transforms, rows of a block of its products. */
enum { TILE_BYTES = 128 << 10, STEP_BYTES = 4 << 20, STEP_LEAST = 256, SUM_BLOCK = 256, TRANSFORM_TILES = 48, PRODUCT_ROWS = 128 };

typedef struct {
    long n, h, w, c, ho, wo, o, ph, pw;                        /* source, result, and the padding of the source */
    long down, across, tiles, chunk, ldv, ldm, vstep, mstep, panels, width, first;
    const float *x, *y_read, *bias;
    float *y, *zeros, *u, *v, *m;
    conv_weight weight;                                        /* strides: o over result channels, c over source channels */
    int flip;
    char *scratch;
    size_t scratch_bytes;
} winograd_job;

static void winograd_tiles(winograd_job *j, int tile) {
    j->down = (j->ho + tile - 1) / tile;
    j->across = (j->wo + tile - 1) / tile;
    j->tiles = j->n * j->down * j->across;
    j->ldv = (j->c + VF - 1) / VF * VF;
    j->width = panel_width(j->o, VF);
    j->panels = (j->o + j->width - 1) / j->width;
    j->ldm = j->panels * j->width;
}
/* Planes of the transformed space lie one line further than a whole number of tiles: their stores do not meet in the same cache set. */
static long winograd_plane(long tiles, long width) { return tiles * width + 16; }

#define TILE 2
#include "winograd.c"
#undef TILE
#define TILE 4
#include "winograd.c"
#undef TILE

int NAME(winograd)(const conv_shape *s, const float *x, conv_weight weight, const float *bias, float *y, int flip, int tile) {
    winograd_job j = {s->n, s->h, s->w, s->c, s->ho, s->wo, s->o, s->ph, s->pw, .x = x, .y = y, .weight = weight, .flip = flip};
    if (flip) {
        j.h = s->ho; j.w = s->wo; j.c = s->o; j.ho = s->h; j.wo = s->w; j.o = s->c; j.ph = 2 - s->ph; j.pw = 2 - s->pw;
        j.weight.o = weight.c;
        j.weight.c = weight.o;
    }
    return tile == 4 ? winograd_run_4(&j, bias) : winograd_run_2(&j, bias);
}

int NAME(winograd_weight_backward)(const conv_shape *s, const float *grad, const float *x, conv_weight to, int tile) {
    winograd_job j = {s->n, s->h, s->w, s->c, s->ho, s->wo, s->o, s->ph, s->pw, .x = x, .y_read = grad, .weight = to};
    return tile == 4 ? weight_run_4(&j) : weight_run_2(&j);
}
#else
#define T(name) WB_CAT(name, TILE)
#undef SIDE
#undef POINTS
#define SIDE (TILE + 2)
#define POINTS (SIDE * SIDE)

/* One axis of each transform: d and o step by s and t vectors. */
#if TILE == 2
static inline void T(to_points)(const vf *d, int s, vf *o, int t) {
    o[0] = d[0] - d[2 * s]; o[t] = d[s] + d[2 * s]; o[2 * t] = d[2 * s] - d[s]; o[3 * t] = d[s] - d[3 * s];
}
static inline void T(from_points)(const vf *d, int s, vf *o, int t) {
    o[0] = d[0] + d[s] + d[2 * s]; o[t] = d[s] - d[2 * s] - d[3 * s];
}
static inline void T(weight_to_points)(const vf *g, int s, vf *o, int t) {
    vf a = (g[0] + g[2 * s]) * 0.5f, b = g[s] * 0.5f;
    o[0] = g[0]; o[t] = a + b; o[2 * t] = a - b; o[3 * t] = g[2 * s];
}
static inline void T(grad_to_points)(const vf *d, int s, vf *o, int t) {       /* the transpose of from_points */
    o[0] = d[0]; o[t] = d[0] + d[s]; o[2 * t] = d[0] - d[s]; o[3 * t] = -d[s];
}
static inline void T(weight_from_points)(const vf *u, int s, vf *o, int t) {   /* the transpose of weight_to_points */
    vf a = (u[s] + u[2 * s]) * 0.5f, b = (u[s] - u[2 * s]) * 0.5f;
    o[0] = u[0] + a; o[t] = b; o[2 * t] = a + u[3 * s];
}
#else
static inline void T(to_points)(const vf *d, int s, vf *o, int t) {
    vf a = d[4 * s] - 4 * d[2 * s], b = d[3 * s] - 4 * d[s], c = d[4 * s] - d[2 * s], e = 2 * (d[3 * s] - d[s]);
    o[0] = 4 * d[0] - 5 * d[2 * s] + d[4 * s];
    o[t] = a + b; o[2 * t] = a - b; o[3 * t] = c + e; o[4 * t] = c - e;
    o[5 * t] = 4 * d[s] - 5 * d[3 * s] + d[5 * s];
}
static inline void T(from_points)(const vf *d, int s, vf *o, int t) {
    vf a = d[s] + d[2 * s], b = d[s] - d[2 * s], c = d[3 * s] + d[4 * s], e = d[3 * s] - d[4 * s];
    o[0] = d[0] + a + c; o[t] = 2 * e + b; o[2 * t] = 4 * c + a; o[3 * t] = 8 * e + b + d[5 * s];
}
static inline void T(weight_to_points)(const vf *g, int s, vf *o, int t) {
    vf a = (g[0] + g[2 * s]) * (-1.f / 6), b = g[s] * (-1.f / 6), c = g[0] * (1.f / 24) + g[2 * s] * (1.f / 6), e = g[s] * (1.f / 12);
    o[0] = g[0] * 0.25f; o[t] = a + b; o[2 * t] = a - b; o[3 * t] = c + e; o[4 * t] = c - e; o[5 * t] = g[2 * s];
}
static inline void T(grad_to_points)(const vf *d, int s, vf *o, int t) {
    vf a = d[0] + d[2 * s], b = d[s] + d[3 * s], c = 4 * d[2 * s] + d[0], e = 8 * d[3 * s] + 2 * d[s];
    o[0] = d[0]; o[t] = a + b; o[2 * t] = a - b; o[3 * t] = c + e; o[4 * t] = c - e; o[5 * t] = d[3 * s];
}
static inline void T(weight_from_points)(const vf *u, int s, vf *o, int t) {
    vf a = u[s] + u[2 * s], b = u[2 * s] - u[s], c = u[3 * s] + u[4 * s], e = u[3 * s] - u[4 * s];
    o[0] = 0.25f * u[0] - (1.f / 6) * a + (1.f / 24) * c;
    o[t] = (1.f / 6) * b + (1.f / 12) * e;
    o[2 * t] = (1.f / 6) * (c - a) + u[5 * s];
}
#endif

/* One panel of the transformed weight: [point][panel][source channel][width]. */
static int T(winograd_weight)(void *arg, long part) {
    const winograd_job *j = arg;
    const float *w = j->weight.data;
    for (long q = 0; q < j->width; q += VF) {
        long n = part * j->width + q, lanes = WB_MIN(VF, j->o - n);
        for (long k = 0; k < j->c; k++) {
            vf g[9] = {{0}}, half[SIDE * 3], u[POINTS];
            for (long l = 0; l < lanes; l++)
                for (int i = 0; i < 9; i++) {
                    int tap = j->flip ? 8 - i : i;
                    g[i][l] = w[(n + l) * j->weight.o + k * j->weight.c + tap / 3 * j->weight.i + tap % 3 * j->weight.j];
                }
            for (int i = 0; i < 3; i++) T(weight_to_points)(g + i, 3, half + i, 3);
            for (int i = 0; i < SIDE; i++) T(weight_to_points)(half + i * 3, 1, u + i * SIDE, 1);
            for (int p = 0; p < POINTS; p++) F(store)(j->u + ((p * j->panels + part) * j->c + k) * j->width + q, u[p]);
        }
    }
    return 0;
}

/* Lanes of channels of the tiles of a run into v[point][tile][channel]. Columns are transformed once and shared by neighbours. */
MICRO T(input_lanes)(const int whole, const float *const *line, long lanes, long w, long c, long x, long count, float *v,
                     long ldv, long vstep) {
    vf columns[SIDE][SIDE], d[SIDE], o[SIDE];
    for (long t = 0; t < count; t++, x += TILE, v += ldv) {
        if (t) UNROLL_ROWS for (int q = 0; q < 2; q++) UNROLL_ROWS for (int i = 0; i < SIDE; i++) columns[q][i] = columns[q + TILE][i];
        UNROLL_ROWS for (int q = 0; q < SIDE; q++) {
            if (q < 2 && t) continue;
            if (x + q < 0 || x + q >= w) {
                UNROLL_ROWS for (int i = 0; i < SIDE; i++) columns[q][i] = (vf){0};
                continue;
            }
            UNROLL_ROWS for (int i = 0; i < SIDE; i++) {
                const float *from = line[i] + (x + q) * c;
                d[i] = whole ? F(load)(from) : F(get)(from, lanes, 0);
            }
            T(to_points)(d, 1, columns[q], 1);
        }
        UNROLL_ROWS for (int i = 0; i < SIDE; i++) {
            T(to_points)(&columns[0][i], SIDE, o, 1);
            UNROLL_ROWS for (int q = 0; q < SIDE; q++) F(store)(v + (i * SIDE + q) * vstep, o[q]);
        }
    }
}

/* Tiles [at, at + count) of one row of tiles. */
static void T(input_run)(const winograd_job *j, long row, long at, long count, float *v, long vstep) {
    const float *image = j->x + row / j->down * j->h * j->w * j->c, *line[SIDE];
    long y0 = row % j->down * TILE - j->ph, x0 = at * TILE - j->pw;
    for (int i = 0; i < SIDE; i++) line[i] = y0 + i >= 0 && y0 + i < j->h ? image + (y0 + i) * j->w * j->c : j->zeros;
    for (long c = 0; c < j->c; c += VF) {
        if (j->c - c >= VF) T(input_lanes)(1, line, VF, j->w, j->c, x0, count, v + c, j->ldv, vstep);
        else T(input_lanes)(0, line, j->c - c, j->w, j->c, x0, count, v + c, j->ldv, vstep);
        for (int i = 0; i < SIDE; i++) line[i] += VF;
    }
}

MICRO T(output_lanes)(const int whole, const float *m, long mstep, vf bias, float *y, long down, long across,
                      long row, long o, long lanes) {
    vf d[SIDE], half[TILE * SIDE], out[TILE * TILE];
    UNROLL_ROWS for (int q = 0; q < SIDE; q++) {
        UNROLL_ROWS for (int i = 0; i < SIDE; i++) d[i] = F(load)(m + (i * SIDE + q) * mstep);
        T(from_points)(d, 1, half + q, SIDE);
    }
    UNROLL_ROWS for (int i = 0; i < TILE; i++) T(from_points)(half + i * SIDE, 1, out + i * TILE, 1);
    UNROLL_ROWS for (int i = 0; i < TILE; i++)
        UNROLL_ROWS for (int q = 0; q < TILE; q++) {
            if (whole) F(store)(y + i * row + q * o, out[i * TILE + q] + bias);
            else if (i < down && q < across) F(put)(y + i * row + q * o, out[i * TILE + q] + bias, lanes);
        }
}

static void T(output_run)(const winograd_job *j, long row, long at, long count, const float *m) {
    long y0 = row % j->down * TILE;
    float *y = j->y + ((row / j->down * j->ho + y0) * j->wo + at * TILE) * j->o;
    for (long t = 0; t < count; t++, m += j->ldm, y += TILE * j->o)
        for (long c = 0; c < j->o; c += VF) {
            long down = j->ho - y0, across = j->wo - (at + t) * TILE, lanes = j->o - c, line = j->wo * j->o;
            vf bias = F(get)(j->bias + c, lanes, 0);
            if (down >= TILE && across >= TILE && lanes >= VF) T(output_lanes)(1, m + c, j->mstep, bias, y + c, TILE, TILE, line, j->o, VF);
            else T(output_lanes)(0, m + c, j->mstep, bias, y + c, down, across, line, j->o, lanes);
        }
}

/* A part: some tiles through all three steps. */
static int T(winograd_part)(void *arg, long part) {
    const winograd_job *j = arg;
    float *v = (float *)(j->scratch + (size_t)wb_pool_slot() * j->scratch_bytes), *m = v + POINTS * j->vstep;
    long first = part * j->chunk, have = WB_MIN(j->chunk, j->tiles - first);
    for (long t = 0, count; t < have; t += count) {
        long at = (first + t) % j->across;
        count = WB_MIN(j->across - at, have - t);
        T(input_run)(j, (first + t) / j->across, at, count, v + t * j->ldv, j->vstep);
    }
    for (long p = 0; p < POINTS; p++)
        for (long k = 0; k < j->c; k += SUM_BLOCK)
            for (long panel = 0; panel < j->panels; panel++) {
                const float *b = j->u + ((p * j->panels + panel) * j->c + k) * j->width;
                F(panel_product)(have, j->width / VF, v + p * j->vstep + k, j->ldv, WB_MIN(SUM_BLOCK, j->c - k), b,
                                 m + p * j->mstep + panel * j->width, j->ldm, k > 0);
            }
    for (long t = 0, count; t < have; t += count) {
        long at = (first + t) % j->across;
        count = WB_MIN(j->across - at, have - t);
        T(output_run)(j, (first + t) / j->across, at, count, m + t * j->ldm);
    }
    return 0;
}

static int T(winograd_run)(winograd_job *j, const float *bias) {
    winograd_tiles(j, TILE);
    long fit = TILE_BYTES / (POINTS * (j->ldv + j->ldm) * (long)sizeof(float)) / TILE_ROWS * TILE_ROWS;
    j->chunk = WB_MIN(WB_MAX(fit, 8 * TILE_ROWS), j->tiles);
    j->vstep = winograd_plane(j->chunk, j->ldv);
    j->mstep = winograd_plane(j->chunk, j->ldm);
    long zeros = WB_MAX(j->w * j->c, j->o), u = POINTS * j->c * j->ldm, slots = wb_pool_slots();
    j->scratch_bytes = (size_t)(POINTS * (j->vstep + j->mstep)) * sizeof(float);
    size_t bytes = (size_t)slots * j->scratch_bytes + (size_t)(u + zeros) * sizeof(float);
    if (!(j->scratch = wb_alloc(bytes))) return WB_NO_MEMORY;
    j->u = (float *)(j->scratch + (size_t)slots * j->scratch_bytes);
    j->zeros = j->u + u;
    memset(j->zeros, 0, (size_t)zeros * sizeof(float));
    j->bias = bias ? bias : j->zeros;
    if (u < 1 << 14) for (long p = 0; p < j->panels; p++) T(winograd_weight)(j, p);
    else wb_pool_run(T(winograd_weight), j, j->panels);
    wb_pool_run(T(winograd_part), j, (j->tiles + j->chunk - 1) / j->chunk);
    wb_free(j->scratch, bytes);
    return 0;
}

/* Gradient of the weight, in steps of j->chunk tiles from j->first: first both sides are transformed, ... */
static int T(gradient_transform)(void *arg, long part) {
    const winograd_job *j = arg;
    long end = WB_MIN(WB_MIN((part + 1) * TRANSFORM_TILES, j->chunk), j->tiles - j->first);
    for (long t = part * TRANSFORM_TILES, count; t < end; t += count) {
        long at = (j->first + t) % j->across, row = (j->first + t) / j->across, y0 = row % j->down * TILE;
        count = WB_MIN(j->across - at, end - t);
        T(input_run)(j, row, at, count, j->v + t * j->ldv, j->vstep);
        const float *image = j->y_read + row / j->down * j->ho * j->wo * j->o;
        for (long q = 0; q < count; q++)
            for (long c = 0; c < j->o; c += VF) {
                vf d[TILE * TILE], half[SIDE * TILE], o[SIDE];
                for (int i = 0; i < TILE * TILE; i++) {
                    long y = y0 + i / TILE, x = (at + q) * TILE + i % TILE;
                    d[i] = (vf){0};
                    if (y < j->ho && x < j->wo) d[i] = F(get)(image + (y * j->wo + x) * j->o + c, j->o - c, 0);
                }
                for (int i = 0; i < TILE; i++) T(grad_to_points)(d + i, TILE, half + i, TILE);
                for (int i = 0; i < SIDE; i++) {
                    T(grad_to_points)(half + i * TILE, 1, o, 1);
                    for (int p = 0; p < SIDE; p++) F(store)(j->m + (i * SIDE + p) * j->mstep + (t + q) * j->ldm + c, o[p]);
                }
            }
    }
    return 0;
}

/* ... then the products of a point are added to u[point][source channel][result channel], some rows a part, ... */
static int T(gradient_product)(void *arg, long part) {
    const winograd_job *j = arg;
    long p = part % POINTS, row = part / POINTS * PRODUCT_ROWS, have = WB_MIN(j->chunk, j->tiles - j->first);
    float *u = j->u + (p * j->c + row) * j->ldm;
    return NAME(gemm_f32)(WB_MIN(PRODUCT_ROWS, j->c - row), j->o, have, j->v + p * j->vstep + row, 1, j->ldv, j->m + p * j->mstep, j->ldm, 1,
                          j->first ? u : NULL, j->ldm, u, j->ldm);
}

/* ... and at last a row of sums is brought back: some source channels a part. */
static int T(gradient_result)(void *arg, long part) {
    const winograd_job *j = arg;
    for (long k = part * 8; k < WB_MIN(part * 8 + 8, j->c); k++)
        for (long n = 0; n < j->o; n += VF) {
            vf u[POINTS], half[3 * SIDE], g[9];
            for (int p = 0; p < POINTS; p++) u[p] = F(load)(j->u + (p * j->c + k) * j->ldm + n);
            for (int i = 0; i < SIDE; i++) T(weight_from_points)(u + i, SIDE, half + i, SIDE);
            for (int i = 0; i < 3; i++) T(weight_from_points)(half + i * SIDE, 1, g + i * 3, 1);
            for (long l = 0; l < WB_MIN(VF, j->o - n); l++) {
                float *to = (float *)j->weight.data + (n + l) * j->weight.o + k * j->weight.c;
                for (int i = 0; i < 9; i++) to[i / 3 * j->weight.i + i % 3 * j->weight.j] = g[i][l];
            }
        }
    return 0;
}

static int T(weight_run)(winograd_job *j) {
    winograd_tiles(j, TILE);
    long fit = STEP_BYTES / (POINTS * (j->ldv + j->ldm) * (long)sizeof(float)) / TRANSFORM_TILES * TRANSFORM_TILES;
    j->chunk = WB_MIN(WB_MAX(fit, STEP_LEAST), j->tiles);
    j->vstep = winograd_plane(j->chunk, j->ldv);
    j->mstep = winograd_plane(j->chunk, j->ldm);
    long zeros = j->w * j->c, u = POINTS * j->c * j->ldm;
    size_t bytes = (size_t)(POINTS * (j->vstep + j->mstep) + u + zeros) * sizeof(float);
    if (!(j->v = wb_alloc(bytes))) return WB_NO_MEMORY;
    j->m = j->v + POINTS * j->vstep;
    j->u = j->m + POINTS * j->mstep;
    j->zeros = j->u + u;
    memset(j->zeros, 0, (size_t)zeros * sizeof(float));
    int failed = 0;
    for (j->first = 0; !failed && j->first < j->tiles; j->first += j->chunk) {
        long have = WB_MIN(j->chunk, j->tiles - j->first);
        wb_pool_run(T(gradient_transform), j, (have + TRANSFORM_TILES - 1) / TRANSFORM_TILES);
        failed = wb_pool_run(T(gradient_product), j, (j->c + PRODUCT_ROWS - 1) / PRODUCT_ROWS * POINTS);
    }
    if (!failed) wb_pool_run(T(gradient_result), j, (j->c + 7) / 8);
    wb_free(j->v, bytes);
    return failed;
}
#undef T
#endif
