/* Batch norm over rows x channels in memory: (N, C), or N H W C. The file includes itself for float and for double. */
#ifndef REAL
#include "isa.h"

/* Elements of a part, most parts (each keeps sums for all channels), bytes of rows that are summed narrow before they go to doubles. */
enum { NORM_WORK = 1 << 15, NORM_PARTS = 32, NORM_BYTES = 16 << 10 };

typedef struct {
    const wb_call *c;
    long rows, ch, parts, block;
    int relu, training;
    const char *x, *g;
    char *y;
    double *sums;                                              /* [part][2][channel] */
    void *table;                                               /* [4][channel]: shift or mean, scale, and what the second pass adds */
} norm_job;

static norm_job norm_read(const wb_call *c, const wb_array *x, long itemsize) {
    long ch = x->shape[1], rows = ch ? x->n / ch : 0;
    norm_job j = {.c = c, .rows = rows, .ch = ch, .training = c->i[0] != 0};
    j.parts = WB_MAX(WB_MIN(WB_MIN(NORM_PARTS, x->n / NORM_WORK), rows), 1);
    j.block = WB_MIN(WB_MAX(NORM_BYTES / WB_MAX(ch * itemsize, 1), 8), 256);
    return j;
}

#define REAL 32
#include "norm_batch.c"
#undef REAL
#define REAL 64
#include "norm_batch.c"

WB_FAMILY(norm_batch) {
    WB_KERNEL("batch_norm", WB_F32, WB_CALL, WB_NHWC, batch_norm_f32);
    WB_KERNEL("batch_norm", WB_F64, WB_CALL, WB_NHWC, batch_norm_f64);
    WB_KERNEL("batch_norm_backward", WB_F32, WB_CALL, WB_NHWC, batch_norm_backward_f32);
    WB_KERNEL("batch_norm_backward", WB_F64, WB_CALL, WB_NHWC, batch_norm_backward_f64);
}
#else
#include "real.h"

/* Adds to sums[0][c] and sums[1][c], for lanes of channels and some rows: forward d and d * d of d = x - shift, backward g and g * d. Two
   rows at a time, for the latency of a sum. */
static inline __attribute__((always_inline)) void F(sum_lanes_of)(const int backward, const real *x, const real *g, vr shift, long rows,
                                                                  long ch, long lanes, double *sums) {
    vr s0 = {0}, s1 = {0}, q0 = {0}, q1 = {0};
    long r = 0;
    for (; r + 2 <= rows; r += 2) {
        vr d0 = F(get)(x + r * ch, lanes, 0) - shift, d1 = F(get)(x + (r + 1) * ch, lanes, 0) - shift;
        vr g0 = backward ? F(get)(g + r * ch, lanes, 0) : d0, g1 = backward ? F(get)(g + (r + 1) * ch, lanes, 0) : d1;
        s0 += g0; s1 += g1; q0 += g0 * d0; q1 += g1 * d1;
    }
    if (r < rows) {
        vr d = F(get)(x + r * ch, lanes, 0) - shift, e = backward ? F(get)(g + r * ch, lanes, 0) : d;
        s0 += e; q0 += e * d;
    }
    s0 += s1; q0 += q1;
    for (long l = 0; l < lanes && l < VR; l++) { sums[l] += s0[l]; sums[ch + l] += q0[l]; }
}

static int F(sum_part)(void *arg, long part) {
    const norm_job *j = arg;
    long lo = j->rows * part / j->parts, hi = j->rows * (part + 1) / j->parts, ch = j->ch;
    const real *x = (const real *)j->x, *g = (const real *)j->g, *shift = j->table;
    double *sums = j->sums + part * 2 * ch;
    memset(sums, 0, 2 * (size_t)ch * sizeof *sums);
    for (long r = lo; r < hi; r += j->block)
        for (long c = 0; c < ch; c += VR) {
            long at = r * ch + c, rows = WB_MIN(j->block, hi - r), lanes = ch - c;
            vr s = F(get)(shift + c, lanes, 0);
            if (lanes > VR) lanes = VR;
            if (g && lanes == VR) F(sum_lanes_of)(1, x + at, g + at, s, rows, ch, VR, sums + c);
            else if (g) F(sum_lanes_of)(1, x + at, g + at, s, rows, ch, lanes, sums + c);
            else if (lanes == VR) F(sum_lanes_of)(0, x + at, NULL, s, rows, ch, VR, sums + c);
            else F(sum_lanes_of)(0, x + at, NULL, s, rows, ch, lanes, sums + c);
        }
    return 0;
}

/* Sums over all rows into the first part's place, in the order of the parts. */
static void F(sum_rows)(norm_job *j) {
    wb_pool_run(F(sum_part), j, j->parts);
    for (long p = 1; p < j->parts; p++)
        for (long c = 0; c < 2 * j->ch; c++) j->sums[c] += j->sums[p * 2 * j->ch + c];
}

/* y = (x - mean) * scale + offset */
static int F(forward_part)(void *arg, long part) {
    const norm_job *j = arg;
    long lo = j->rows * part / j->parts, hi = j->rows * (part + 1) / j->parts, ch = j->ch;
    const real *mean = j->table, *scale = mean + ch, *offset = scale + ch;
    vr least = F(splat)(j->relu ? 0 : -INFINITY);
    for (long r = lo; r < hi; r++) {
        const real *x = (const real *)j->x + r * ch;
        real *y = (real *)j->y + r * ch;
        for (long c = 0; c < ch; c += VR) {
            long n = ch - c;
            vr d = F(get)(x + c, n, 0) - F(get)(mean + c, n, 0);
            F(put)(y + c, F(max)(least, d * F(get)(scale + c, n, 0) + F(get)(offset + c, n, 0)), n);
        }
    }
    return 0;
}

/* dx = (g - (x - mean) * slope) * scale - offset */
static int F(backward_part)(void *arg, long part) {
    const norm_job *j = arg;
    long lo = j->rows * part / j->parts, hi = j->rows * (part + 1) / j->parts, ch = j->ch;
    const real *mean = j->table, *scale = mean + ch, *offset = scale + ch, *slope = offset + ch;
    for (long r = lo; r < hi; r++) {
        const real *x = (const real *)j->x + r * ch, *g = (const real *)j->g + r * ch;
        real *y = (real *)j->y + r * ch;
        for (long c = 0; c < ch; c += VR) {
            long n = ch - c;
            vr d = F(get)(x + c, n, 0) - F(get)(mean + c, n, 0);
            F(put)(y + c, (F(get)(g + c, n, 0) - d * F(get)(slope + c, n, 0)) * F(get)(scale + c, n, 0) - F(get)(offset + c, n, 0), n);
        }
    }
    return 0;
}

static size_t F(reserve)(norm_job *j) {
    size_t sums = (size_t)j->parts * 2 * (size_t)j->ch * sizeof(double), bytes = sums + 4 * (size_t)j->ch * sizeof(real);
    j->sums = wb_alloc(bytes);
    j->table = (char *)j->sums + sums;
    return bytes;
}

/* Squares are summed of values near zero: the mean of a few rows is taken off first. */
static void F(shift)(const norm_job *j) {
    real *shift = j->table;
    for (long c = 0; c < j->ch; c++) shift[c] = 0;
    for (long k = 0; k < 8; k++)
        for (long c = 0; c < j->ch; c++) shift[c] += ((const real *)j->x)[j->rows * k / 8 * j->ch + c] / 8;
}

static int F(batch_norm)(const wb_call *c) {
    const wb_array *weight = c->in[1], *bias = c->in[2], *running_mean = c->in[3], *running_var = c->in[4];
    norm_job j = norm_read(c, c->in[0], sizeof(real));
    j.x = c->in[0]->data;
    j.y = c->out[0] ? c->out[0]->data : NULL;
    j.relu = c->i[1] != 0;
    int batch = j.training || !running_mean || !running_var;
    size_t bytes = F(reserve)(&j);
    if (!j.sums) return WB_NO_MEMORY;
    real *mean = j.table, *scale = mean + j.ch, *offset = scale + j.ch;
    if (batch && j.rows) {
        F(shift)(&j);
        F(sum_rows)(&j);
    }
    for (long k = 0; k < j.ch; k++) {
        double m = 0, v = 0, unbiased;
        if (!batch) {
            m = ((const real *)running_mean->data)[k];
            unbiased = v = ((const real *)running_var->data)[k];
        } else {
            if (j.rows) {
                double d = j.sums[k] / (double)j.rows;
                m = mean[k] + d;
                v = j.sums[j.ch + k] / (double)j.rows - d * d;
                if (v < 0) v = 0;
            }
            unbiased = v * (double)j.rows / (double)WB_MAX(j.rows - 1, 1);
        }
        double rstd = 1 / sqrt(v + c->f[0]);
        mean[k] = m;
        scale[k] = rstd * (weight ? ((const real *)weight->data)[k] : 1);
        offset[k] = bias ? ((const real *)bias->data)[k] : 0;
        if (c->out[1]) ((real *)c->out[1]->data)[k] = m;
        if (c->out[2]) ((real *)c->out[2]->data)[k] = rstd;
        if (c->n_out > 3 && c->out[3]) ((real *)c->out[3]->data)[k] = unbiased;
    }
    if (j.y) wb_pool_run(F(forward_part), &j, j.parts);
    wb_free(j.sums, bytes);
    return 0;
}

static int F(batch_norm_backward)(const wb_call *c) {
    const real *means = (const real *)c->in[3]->data, *rstds = (const real *)c->in[4]->data;
    const real *weight = c->in[2] ? (const real *)c->in[2]->data : NULL;
    norm_job j = norm_read(c, c->in[1], sizeof(real));
    j.g = c->in[0]->data;
    j.x = c->in[1]->data;
    j.y = c->out[0] ? c->out[0]->data : NULL;
    size_t bytes = F(reserve)(&j);
    if (!j.sums) return WB_NO_MEMORY;
    real *mean = j.table, *scale = mean + j.ch, *offset = scale + j.ch, *slope = offset + j.ch;
    memcpy(mean, means, (size_t)j.ch * sizeof *mean);
    memset(j.sums, 0, 2 * (size_t)j.ch * sizeof *j.sums);
    if (j.rows && (j.training || c->out[1] || c->out[2])) F(sum_rows)(&j);
    for (long k = 0; k < j.ch; k++) {
        double a = rstds[k] * (double)(weight ? weight[k] : 1), by_rows = j.training && j.rows ? 1 / (double)j.rows : 0;
        scale[k] = a;
        offset[k] = a * j.sums[k] * by_rows;
        slope[k] = (double)rstds[k] * rstds[k] * j.sums[j.ch + k] * by_rows;
        if (c->out[1]) ((real *)c->out[1]->data)[k] = j.sums[j.ch + k] * rstds[k];
        if (c->out[2]) ((real *)c->out[2]->data)[k] = j.sums[k];
    }
    if (j.y) wb_pool_run(F(backward_part), &j, j.parts);
    wb_free(j.sums, bytes);
    return 0;
}
#endif
