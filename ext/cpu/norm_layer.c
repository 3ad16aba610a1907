/* layer_norm, rms_norm, group_norm and their backwards. Each row (each group of a sample) is normalised alone; sums go to doubles block
   by block. Gradients of weight and bias are summed by parts whose number depends on the shape, then over the parts in their order. The
   file includes itself for float and for double. */
#ifndef REAL
#include "isa.h"

enum { NORM_BLOCK = 1024 };
typedef struct { const wb_call *c; long parts; int centred; double *partial; } norm_job;

#define REAL 32
#include "norm_layer.c"
#undef REAL
#define REAL 64
#include "norm_layer.c"

#define REGISTER(op) \
    WB_KERNEL(#op, WB_F32, WB_CALL, 0, WB_CAT(op, f32)); \
    WB_KERNEL(#op, WB_F64, WB_CALL, 0, WB_CAT(op, f64));
WB_FAMILY(norm_layer) {
    REGISTER(layer_norm)
    REGISTER(layer_norm_backward)
    REGISTER(rms_norm)
    REGISTER(rms_norm_backward)
    REGISTER(group_norm)
    REGISTER(group_norm_backward)
}
#else
#include "real.h"

static inline real *F(in)(const wb_call *c, int j) { return c->in[j] ? (real *)c->in[j]->data : NULL; }
static inline real *F(out)(const wb_call *c, int j) { return j < c->n_out && c->out[j] ? (real *)c->out[j]->data : NULL; }

static double F(sum)(const real *x, long n) {
    double total = 0;
    for (long block = 0; block < n; block += NORM_BLOCK) {
        vr sum = {0};
        for (long j = block; j < WB_MIN(n, block + NORM_BLOCK); j += VR) sum += F(get)(x + j, n - j, 0);
        total += F(sum_lanes)(sum);
    }
    return total;
}

/* sum (x - shift)^2 */
static double F(sum_squares)(const real *x, real shift, long n) {
    double total = 0;
    vr by = F(splat)(shift);
    for (long block = 0; block < n; block += NORM_BLOCK) {
        vr sum = {0};
        for (long j = block; j < WB_MIN(n, block + NORM_BLOCK); j += VR) {
            vr d = F(get)(x + j, n - j, shift) - by;
            sum += d * d;
        }
        total += F(sum_lanes)(sum);
    }
    return total;
}

/* ---- layer_norm and rms_norm over rows: in = input, weight, bias; out = result, (mean,) rstd ---- */
static int F(rows_part)(void *arg, long part) {
    const norm_job *job = arg;
    const wb_call *c = job->c;
    long rows = c->i[0], n = c->i[1], lo = rows * part / job->parts, hi = rows * (part + 1) / job->parts;
    const real *x = F(in)(c, 0), *w = F(in)(c, 1), *b = job->centred ? F(in)(c, 2) : NULL;
    real *y = F(out)(c, 0), *mean = job->centred ? F(out)(c, 1) : NULL, *rstd = F(out)(c, 1 + job->centred);
    for (long r = lo; r < hi; r++) {
        const real *xr = x + r * n;
        real *yr = y + r * n, m = job->centred ? F(sum)(xr, n) / n : 0, s = 1 / sqrt(F(sum_squares)(xr, m, n) / n + c->f[0]);
        if (mean) mean[r] = m;
        if (rstd) rstd[r] = s;
        vr shift = F(splat)(m), scale = F(splat)(s);
        for (long j = 0; j < n; j += VR) {
            vr v = (F(get)(xr + j, n - j, 0) - shift) * scale;
            if (w) v *= F(get)(w + j, n - j, 0);
            if (b) v += F(get)(b + j, n - j, 0);
            F(put)(yr + j, v, n - j);
        }
    }
    return 0;
}

static int F(layer_norm)(const wb_call *c) {
    norm_job job = {.c = c, .centred = 1};
    job.parts = WB_MIN(c->i[0], wb_parts(c->i[0] * (c->i[1] * 0.4 + 10)));
    return wb_pool_run(F(rows_part), &job, job.parts);
}

static int F(rms_norm)(const wb_call *c) {
    norm_job job = {.c = c, .centred = 0};
    job.parts = WB_MIN(c->i[0], wb_parts(c->i[0] * (c->i[1] * 0.3 + 10)));
    return wb_pool_run(F(rows_part), &job, job.parts);
}

/* With h = (x - mean) rstd and d = g w: dx = rstd (d - avg d - h avg(d h)), without avg d where nothing was centred; dw = sum g h,
   db = sum g. A part keeps its sums of dw and db in `partial`, 2 n doubles, block by block of rows through floats. */
static int F(rows_backward_part)(void *arg, long part) {
    enum { ROWS = 32 };
    const norm_job *job = arg;
    const wb_call *c = job->c;
    int centred = job->centred;
    long rows = c->i[0], n = c->i[1], lo = rows * part / job->parts, hi = rows * (part + 1) / job->parts;
    const real *g = F(in)(c, 0), *x = F(in)(c, 1), *w = F(in)(c, 2), *mean = centred ? F(in)(c, 3) : NULL, *rstd = F(in)(c, 3 + centred);
    real *dx = F(out)(c, 0);
    double *dw = job->partial ? job->partial + part * 2 * n : NULL, *db = dw ? dw + n : NULL;
    if (dw) memset(dw, 0, 2 * n * sizeof *dw);
    for (long block = lo; block < hi; block += ROWS) {
        long end = WB_MIN(hi, block + ROWS);
        if (dx)
            for (long r = block; r < end; r++) {
                const real *xr = x + r * n, *gr = g + r * n;
                vr shift = F(splat)(centred ? mean[r] : 0), scale = F(splat)(rstd[r]);
                double sum = 0, product = 0;
                for (long k = 0; k < n; k += NORM_BLOCK) {
                    vr s = {0}, p = {0};
                    for (long j = k; j < WB_MIN(n, k + NORM_BLOCK); j += VR) {
                        vr d = F(get)(gr + j, n - j, 0), h = (F(get)(xr + j, n - j, 0) - shift) * scale;
                        if (w) d *= F(get)(w + j, n - j, 0);
                        s += d;
                        p += d * h;
                    }
                    sum += F(sum_lanes)(s);
                    product += F(sum_lanes)(p);
                }
                vr s = F(splat)(centred ? sum / n : 0), p = F(splat)(product / n);
                for (long j = 0; j < n; j += VR) {
                    vr d = F(get)(gr + j, n - j, 0), h = (F(get)(xr + j, n - j, 0) - shift) * scale;
                    if (w) d *= F(get)(w + j, n - j, 0);
                    F(put)(dx + r * n + j, (d - s - h * p) * scale, n - j);
                }
            }
        if (!dw) continue;
        for (long j = 0; j < n; j += VR) {                    /* the block's rows are still in cache */
            vr s = {0}, p = {0};
            for (long r = block; r < end; r++) {
                vr d = F(get)(g + r * n + j, n - j, 0);
                s += d;
                p += d * ((F(get)(x + r * n + j, n - j, 0) - (centred ? mean[r] : 0)) * rstd[r]);
            }
            for (long l = 0; l < WB_MIN(VR, n - j); l++) dw[j + l] += p[l], db[j + l] += s[l];
        }
    }
    return 0;
}

/* out = dx, dw, db, each or none; db only for the centred form */
static int F(rows_backward)(const wb_call *c, int centred) {
    long rows = c->i[0], n = c->i[1];
    real *dw = F(out)(c, 1), *db = centred ? F(out)(c, 2) : NULL;
    norm_job job = {.c = c, .centred = centred};
    job.parts = WB_MIN(WB_MIN(WB_MAX(rows, 1), 16), wb_parts(rows * (n * 0.8 + 10)));
    size_t bytes = job.parts * 2 * WB_MAX(n, 1) * sizeof(double);
    if ((dw || db) && !(job.partial = wb_alloc(bytes))) return WB_NO_MEMORY;
    wb_pool_run(F(rows_backward_part), &job, job.parts);
    if (!job.partial) return 0;
    for (long p = 1; p < job.parts; p++)
        for (long j = 0; j < 2 * n; j++) job.partial[j] += job.partial[p * 2 * n + j];
    for (long j = 0; dw && j < n; j++) dw[j] = job.partial[j];
    for (long j = 0; db && j < n; j++) db[j] = job.partial[n + j];
    wb_free(job.partial, bytes);
    return 0;
}

static int F(layer_norm_backward)(const wb_call *c) { return F(rows_backward)(c, 1); }
static int F(rms_norm_backward)(const wb_call *c) { return F(rows_backward)(c, 0); }

/* ---- group_norm: i = [samples, channels, positions, groups]; mean and rstd (samples, groups) ---- */
static int F(groups_part)(void *arg, long part) {
    const norm_job *job = arg;
    const wb_call *c = job->c;
    long channels = c->i[1], positions = c->i[2], groups = c->i[3], each = channels / groups, n = each * positions;
    long units = c->i[0] * groups, lo = units * part / job->parts, hi = units * (part + 1) / job->parts;
    const real *x = F(in)(c, 0), *w = F(in)(c, 1), *b = F(in)(c, 2);
    real *y = F(out)(c, 0), *mean = F(out)(c, 1), *rstd = F(out)(c, 2);
    for (long u = lo; u < hi; u++) {
        real m = F(sum)(x + u * n, n) / n, s = 1 / sqrt(F(sum_squares)(x + u * n, m, n) / n + c->f[0]);
        if (mean) mean[u] = m;
        if (rstd) rstd[u] = s;
        for (long k = 0; k < each; k++) {
            const real *from = x + u * n + k * positions;
            real *to = y + u * n + k * positions;
            long channel = u % groups * each + k;
            vr shift = F(splat)(m), scale = F(splat)(w ? s * w[channel] : s), plus = F(splat)(b ? b[channel] : 0);
            for (long j = 0; j < positions; j += VR)
                F(put)(to + j, (F(get)(from + j, positions - j, 0) - shift) * scale + plus, positions - j);
        }
    }
    return 0;
}

static int F(group_norm)(const wb_call *c) {
    norm_job job = {.c = c};
    job.parts = WB_MIN(c->i[0] * c->i[3], wb_parts((double)c->i[0] * c->i[1] * (c->i[2] * 0.4 + 10)));
    return wb_pool_run(F(groups_part), &job, job.parts);
}

/* in = grad, input, weight, mean, rstd. As for rows, with w by channel; `partial` holds sum g h and sum g of each (sample, channel). */
static int F(groups_backward_part)(void *arg, long part) {
    const norm_job *job = arg;
    const wb_call *c = job->c;
    long channels = c->i[1], positions = c->i[2], groups = c->i[3], each = channels / groups;
    long units = c->i[0] * groups, lo = units * part / job->parts, hi = units * (part + 1) / job->parts;
    const real *g = F(in)(c, 0), *x = F(in)(c, 1), *w = F(in)(c, 2), *mean = F(in)(c, 3), *rstd = F(in)(c, 4);
    real *dx = F(out)(c, 0);
    for (long u = lo; u < hi; u++) {
        double sum = 0, product = 0;
        vr shift = F(splat)(mean[u]), scale = F(splat)(rstd[u]);
        for (long k = 0; k < each; k++) {
            long at = (u * each + k) * positions, channel = u % groups * each + k;
            double gh = 0, gs = 0;
            for (long block = 0; block < positions; block += NORM_BLOCK) {
                vr s = {0}, p = {0};
                for (long j = block; j < WB_MIN(positions, block + NORM_BLOCK); j += VR) {
                    vr d = F(get)(g + at + j, positions - j, 0);
                    s += d;
                    p += d * ((F(get)(x + at + j, positions - j, 0) - shift) * scale);
                }
                gs += F(sum_lanes)(s);
                gh += F(sum_lanes)(p);
            }
            job->partial[2 * (u * each + k)] = gh;
            job->partial[2 * (u * each + k) + 1] = gs;
            sum += gs * (w ? w[channel] : 1);
            product += gh * (w ? w[channel] : 1);
        }
        vr s = F(splat)(sum / (each * positions)), p = F(splat)(product / (each * positions));
        for (long k = 0; dx && k < each; k++) {
            long at = (u * each + k) * positions, channel = u % groups * each + k;
            vr by = F(splat)(w ? w[channel] : 1);
            for (long j = 0; j < positions; j += VR) {
                vr h = (F(get)(x + at + j, positions - j, 0) - shift) * scale;
                F(put)(dx + at + j, (F(get)(g + at + j, positions - j, 0) * by - s - h * p) * scale, positions - j);
            }
        }
    }
    return 0;
}

static int F(group_norm_backward)(const wb_call *c) {
    long samples = c->i[0], channels = c->i[1];
    real *dw = F(out)(c, 1), *db = F(out)(c, 2);
    norm_job job = {.c = c};
    job.parts = WB_MIN(samples * c->i[3], wb_parts((double)samples * channels * (c->i[2] * 0.8 + 10)));
    size_t bytes = WB_MAX(samples * channels, 1) * 2 * sizeof(double);
    if (!(job.partial = wb_alloc(bytes))) return WB_NO_MEMORY;
    wb_pool_run(F(groups_backward_part), &job, job.parts);
    for (long j = 0; j < channels; j++) {
        double gh = 0, gs = 0;
        for (long s = 0; s < samples; s++) gh += job.partial[2 * (s * channels + j)], gs += job.partial[2 * (s * channels + j) + 1];
        if (dw) dw[j] = gh;
        if (db) db[j] = gs;
    }
    wb_free(job.partial, bytes);
    return 0;
}
#endif
