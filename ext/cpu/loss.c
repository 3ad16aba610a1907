/* Losses with their reductions, and the backwards of those. Sums are taken in lanes over blocks, in doubles over the blocks of a part
   and over the parts in their order. The file includes itself for float and for double. */
#ifndef REAL
#include "isa.h"

enum { LOSS_NONE, LOSS_MEAN, LOSS_SUM };
enum { LOSS_BLOCK = 1024, LOSS_PARTS = 64 };
enum loss { MSE, L1, SMOOTH_L1, HUBER, BCE, BCE_LOGITS };
typedef struct {
    const wb_call *c;
    long n, parts;
    double scale, smoothing, weights, sums[LOSS_PARTS];      /* weights: the sum of the class weights */
} loss_job;

static double loss_total(const loss_job *job) {
    double total = 0;
    for (long p = 0; p < job->parts; p++) total += job->sums[p];
    return total;
}

#define LOSSES(X) X(mse_loss, MSE) X(l1_loss, L1) X(smooth_l1_loss, SMOOTH_L1) X(huber_loss, HUBER) \
    X(binary_cross_entropy, BCE) X(binary_cross_entropy_with_logits, BCE_LOGITS)

#define REAL 32
#include "loss.c"
#undef REAL
#define REAL 64
#include "loss.c"

#define REGISTER(op, suffix, dtype) WB_KERNEL(#op, dtype, WB_CALL, 0, WB_CAT(op, suffix));
#define REGISTER_BOTH(name, kind) REGISTER(name, f32, WB_F32) REGISTER(name, f64, WB_F64) \
    REGISTER(name##_backward, f32, WB_F32) REGISTER(name##_backward, f64, WB_F64)
WB_FAMILY(loss) {
    LOSSES(REGISTER_BOTH)
    REGISTER_BOTH(cross_entropy, )
    REGISTER_BOTH(nll_loss, )
}
#else
#include "real.h"
#include "real_math.h"

/* ---- cross entropy over class indices ----
   With p = softmax(x), a = (1 - smoothing) w[t], b = smoothing / classes: loss = -a log p[t] - b sum w log p,
   gradient = (a + b sum w) p - b w - a [t], times 1 / total weight for the mean. */
static double F(cross_entropy_row)(const real *x, real *d, long n, long t, const real *w, double a, double b, double weights,
                                  double scale) {
    vr top = F(splat)(-INFINITY);
    for (long j = 0; j < n; j += VR) top = F(max)(F(get)(x + j, n - j, -INFINITY), top);
    double high = F(max_lanes)(top), total = 0;
    top = F(splat)(high);
    for (long block = 0; block < n; block += LOSS_BLOCK) {
        vr sum = {0};
        for (long j = block; j < WB_MIN(n, block + LOSS_BLOCK); j += VR) {
            vr e = F(exp)(F(get)(x + j, n - j, -INFINITY) - top);
            if (d) F(put)(d + j, e, n - j);
            sum += e;
        }
        total += F(sum_lanes)(sum);
    }
    double lse = high + log(total), loss = a * (lse - x[t]);
    if (b != 0) {
        double sum = 0;
        for (long j = 0; j < n; j++) sum += (w ? w[j] : 1) * (double)x[j];
        loss += b * (lse * weights - sum);
    }
    if (!d) return loss;
    vr by = F(splat)(scale * (a + b * weights) / total), less = F(splat)(scale * b);
    if (b == 0) for (long j = 0; j < n; j += VR) F(put)(d + j, F(get)(d + j, n - j, 0) * by, n - j);
    else if (!w) for (long j = 0; j < n; j += VR) F(put)(d + j, F(get)(d + j, n - j, 0) * by - less, n - j);
    else for (long j = 0; j < n; j += VR) F(put)(d + j, F(get)(d + j, n - j, 0) * by - less * F(get)(w + j, n - j, 0), n - j);
    d[t] -= scale * a;
    return loss;
}

/* VR rows of few classes at once, a row in each lane; equal weights, no smoothing. `a`: one for each row, 0 where it is ignored. */
static void F(cross_entropy_rows)(const real *x, real *d, long n, const int64_t *target, vr a, double scale, double *loss) {
    vr e[VR], top = F(splat)(-INFINITY), total = {0}, chosen;
    for (long j = 0; j < n; j++) {
        for (long l = 0; l < VR; l++) e[j][l] = x[l * n + j];
        top = F(max)(e[j], top);
    }
    for (long l = 0; l < VR; l++) chosen[l] = a[l] ? x[l * n + target[l]] : 0;
    for (long j = 0; j < n; j++) total += e[j] = F(exp)(e[j] - top);
    vr lse = top + F(log)(total), by = a * (real)scale / total;
    for (long l = 0; l < VR; l++) loss[l] = a[l] ? lse[l] - chosen[l] : 0;
    if (!d) return;
    for (long j = 0; j < n; j++) {
        e[j] *= by;
        for (long l = 0; l < VR; l++) d[l * n + j] = a[l] ? e[j][l] : 0;
    }
    for (long l = 0; l < VR; l++)
        if (a[l]) d[l * n + target[l]] -= scale;
}

static int F(cross_entropy_part)(void *arg, long part) {
    loss_job *job = arg;
    const wb_call *c = job->c;
    long classes = c->in[0]->shape[c->in[0]->ndim - 1], ignored = c->i[1];
    long lo = job->n * part / job->parts, hi = job->n * (part + 1) / job->parts;
    const real *x = (const real *)c->in[0]->data, *w = c->in[2] ? (const real *)c->in[2]->data : NULL;
    const int64_t *target = (const int64_t *)c->in[1]->data;
    real *loss = (real *)c->out[0]->data, *d = c->out[1] ? (real *)c->out[1]->data : NULL;
    double sum = 0;
    long r = lo;
    if (classes <= VR && !w && job->smoothing == 0)
        for (; r + VR <= hi; r += VR) {
            double one[VR];
            vr counts;
            for (long l = 0; l < VR; l++) counts[l] = target[r + l] != ignored;
            F(cross_entropy_rows)(x + r * classes, d ? d + r * classes : NULL, classes, target + r, counts, job->scale, one);
            for (long l = 0; l < VR; l++) {
                if (c->i[0] == LOSS_NONE) loss[r + l] = one[l];
                sum += one[l];
            }
        }
    for (; r < hi; r++) {
        long t = target[r];
        double one = 0;
        if (t != ignored)
            one = F(cross_entropy_row)(x + r * classes, d ? d + r * classes : NULL, classes, t, w, (1 - job->smoothing) * (w ? w[t] : 1),
                                       job->smoothing / classes, job->weights, job->scale);
        else if (d) memset(d + r * classes, 0, classes * sizeof *d);
        if (c->i[0] == LOSS_NONE) loss[r] = one;
        sum += one;
    }
    job->sums[part] = sum;
    return 0;
}

/* The sum of the weights of the targets that count, which may have any sign; WB_BAD_INDEX where a target is no class. */
static int F(target_weight)(const int64_t *target, long rows, long classes, const real *w, long ignored, double *total) {
    *total = 0;
    for (long r = 0; r < rows; r++) {
        long t = target[r];
        if (t == ignored) continue;
        if (t < 0 || t >= classes) return WB_BAD_INDEX;
        *total += w ? w[t] : 1;
    }
    return WB_OK;
}

static int F(cross_entropy)(const wb_call *c) {
    long classes = c->in[0]->shape[c->in[0]->ndim - 1], rows = c->in[1]->n;
    const real *w = c->in[2] ? (const real *)c->in[2]->data : NULL;
    double total;
    int bad = F(target_weight)((const int64_t *)c->in[1]->data, rows, classes, w, c->i[1], &total);
    if (bad) return bad;
    loss_job job = {.c = c, .n = rows, .scale = c->i[0] == LOSS_MEAN ? 1 / total : 1, .smoothing = c->f[0], .weights = classes};
    if (w) {
        job.weights = 0;
        for (long j = 0; j < classes; j++) job.weights += w[j];
    }
    job.parts = rows ? WB_MIN(rows, wb_parts((double)rows * (WB_MAX(classes, VR) * (REAL == 32 ? 1.5 : 8) + 10))) : 0;
    wb_pool_run(F(cross_entropy_part), &job, job.parts);
    double sum = loss_total(&job);
    if (c->i[0] != LOSS_NONE) *(real *)c->out[0]->data = c->i[0] == LOSS_MEAN ? sum / total : sum;
    if (c->out[2]) *(real *)c->out[2]->data = total;
    return 0;
}

static int F(scale_rows_part)(void *arg, long part) {
    loss_job *job = arg;
    long n = job->c->in[1]->n, each = n / job->n, lo = job->n * part / job->parts, hi = job->n * (part + 1) / job->parts;
    const real *g = (const real *)job->c->in[0]->data, *d = (const real *)job->c->in[1]->data;
    real *out = (real *)job->c->out[0]->data;
    for (long r = lo; r < hi; r++) {
        vr by = F(splat)(g[job->c->in[0]->n == 1 ? 0 : r]);
        for (long j = 0; j < each; j += VR) F(put)(out + r * each + j, F(get)(d + r * each + j, each - j, 0) * by, each - j);
    }
    return 0;
}

static int F(cross_entropy_backward)(const wb_call *c) {
    const wb_array *d = c->in[1];
    loss_job job = {.c = c, .n = d->n ? d->n / d->shape[d->ndim - 1] : 0};
    job.parts = WB_MIN(job.n, wb_parts(d->n * 0.3 * sizeof(real) / 4));
    return wb_pool_run(F(scale_rows_part), &job, job.parts);
}

/* ---- nll_loss: in = log-probabilities, target, weight; i = [reduction, ignore_index] ---- */
static int F(nll_loss)(const wb_call *c) {
    long classes = c->in[0]->shape[c->in[0]->ndim - 1], rows = c->in[1]->n;
    const real *x = (const real *)c->in[0]->data, *w = c->in[2] ? (const real *)c->in[2]->data : NULL;
    const int64_t *target = (const int64_t *)c->in[1]->data;
    real *loss = (real *)c->out[0]->data;
    double total, sum = 0;
    int bad = F(target_weight)(target, rows, classes, w, c->i[1], &total);
    if (bad) return bad;
    for (long r = 0; r < rows; r++) {
        long t = target[r];
        double one = t == c->i[1] ? 0 : -(double)x[r * classes + t] * (w ? w[t] : 1);
        if (c->i[0] == LOSS_NONE) loss[r] = one;
        sum += one;
    }
    if (c->i[0] != LOSS_NONE) *loss = c->i[0] == LOSS_MEAN ? sum / total : sum;
    if (c->out[1]) *(real *)c->out[1]->data = total;
    return 0;
}

/* in = grad, target, weight, total weight */
static int F(nll_loss_backward)(const wb_call *c) {
    long classes = c->out[0]->shape[c->out[0]->ndim - 1], rows = c->in[1]->n;
    const real *g = (const real *)c->in[0]->data, *w = c->in[2] ? (const real *)c->in[2]->data : NULL;
    const int64_t *target = (const int64_t *)c->in[1]->data;
    real *d = (real *)c->out[0]->data, by = c->i[0] == LOSS_MEAN ? 1 / *(const real *)c->in[3]->data : 1;
    memset(d, 0, c->out[0]->n * sizeof *d);
    for (long r = 0; r < rows; r++) {
        long t = target[r];
        if (t != c->i[1]) d[r * classes + t] = -g[c->i[0] == LOSS_NONE ? r : 0] * by * (w ? w[t] : 1);
    }
    return 0;
}

/* ---- losses by element: the value, and its slope along the input ---- */
static inline __attribute__((always_inline)) vr F(value)(enum loss kind, vr x, vr t, real p) {
    vr d = x - t, a = F(abs)(d), one = F(splat)(1);
    switch (kind) {
    case MSE: return d * d;
    case L1: return a;
    case SMOOTH_L1: return F(select)(a < p, d * d * (real)0.5 / p, a - (real)0.5 * p);
    case HUBER: return F(select)(a <= p, d * d * (real)0.5, p * (a - (real)0.5 * p));
    case BCE: {
        vr least = F(splat)(-100);           /* a logarithm of 0 counts as -100, as in PyTorch */
        return -(t * F(max)(F(log)(x), least) + (one - t) * F(max)(F(log1p)(-x), least));
    }
    default: return F(max)(x, (vr){0}) - x * t + F(log1p)(F(exp)(-F(abs)(x)));
    }
}

static inline __attribute__((always_inline)) vr F(slope)(enum loss kind, vr x, vr t, real p) {
    vr d = x - t, a = F(abs)(d), one = F(splat)(1), zero = {0};
    vr sign = F(select)(d > 0, one, F(select)(d < 0, -one, zero));
    switch (kind) {
    case MSE: return d * 2;
    case L1: return sign;
    case SMOOTH_L1: return F(select)(a < p, d / p, sign);
    case HUBER: return F(select)(a <= p, d, p * sign);
    case BCE: return d / F(max)(x * (one - x), F(splat)(1e-12));
    default: return one / (one + F(exp)(-x)) - t;
    }
}

static inline __attribute__((always_inline)) int F(value_part)(loss_job *job, long part, enum loss kind) {
    const wb_call *c = job->c;
    long lo = job->n * part / job->parts, hi = job->n * (part + 1) / job->parts;
    const real *x = (const real *)c->in[0]->data, *t = (const real *)c->in[1]->data;
    real *y = (real *)c->out[0]->data, p = kind == SMOOTH_L1 || kind == HUBER ? c->f[0] : 0;
    double total = 0;
    for (long block = lo; block < hi; block += LOSS_BLOCK) {
        long end = WB_MIN(hi, block + LOSS_BLOCK), j = block;
        vr sum = {0};
        if (c->i[0] == LOSS_NONE) {
            for (; j < end; j += VR) F(put)(y + j, F(value)(kind, F(get)(x + j, end - j, 0), F(get)(t + j, end - j, 0), p), end - j);
            continue;
        }
        for (; j + VR <= end; j += VR) sum += F(value)(kind, F(load)(x + j), F(load)(t + j), p);
        if (j < end) {                       /* lanes beyond the end may be worth something: not all losses are 0 at 0 */
            vr v = F(value)(kind, F(get)(x + j, end - j, 0), F(get)(t + j, end - j, 0), p);
            for (long l = 0; l < end - j; l++) total += v[l];
        }
        total += F(sum_lanes)(sum);
    }
    job->sums[part] = total;
    return 0;
}

static inline __attribute__((always_inline)) int F(slope_part)(loss_job *job, long part, enum loss kind) {
    const wb_call *c = job->c;
    long lo = job->n * part / job->parts, hi = job->n * (part + 1) / job->parts;
    const real *g = (const real *)c->in[0]->data, *x = (const real *)c->in[1]->data, *t = (const real *)c->in[2]->data;
    real *d = (real *)c->out[0]->data, p = kind == SMOOTH_L1 || kind == HUBER ? c->f[0] : 0;
    vr same = F(splat)(c->i[0] == LOSS_NONE ? 0 : *g * (real)job->scale);
    for (long j = lo; j < hi; j += VR) {
        vr by = c->i[0] == LOSS_NONE ? F(get)(g + j, hi - j, 0) : same;
        F(put)(d + j, by * F(slope)(kind, F(get)(x + j, hi - j, 0), F(get)(t + j, hi - j, 0), p), hi - j);
    }
    return 0;
}

static int F(value_run)(const wb_call *c, wb_task task, double ns) {
    loss_job job = {.c = c, .n = c->in[0]->n};
    job.parts = WB_MIN(job.n, wb_parts(job.n * ns));
    wb_pool_run(task, &job, job.parts);
    if (c->i[0] != LOSS_NONE) *(real *)c->out[0]->data = loss_total(&job) / (c->i[0] == LOSS_MEAN ? (double)job.n : 1);
    return 0;
}

static int F(slope_run)(const wb_call *c, wb_task task, double ns) {
    loss_job job = {.c = c, .n = c->in[1]->n, .scale = c->i[0] == LOSS_MEAN ? 1.0 / c->in[1]->n : 1};
    job.parts = WB_MIN(job.n, wb_parts(job.n * ns));
    return wb_pool_run(task, &job, job.parts);
}

#define ELEMENTWISE(op, kind) \
    static int F(op##_value)(void *job, long part) { return F(value_part)(job, part, kind); } \
    static int F(op##_slope)(void *job, long part) { return F(slope_part)(job, part, kind); } \
    static int F(op)(const wb_call *c) { return F(value_run)(c, F(op##_value), kind >= BCE ? 3 : 0.3); } \
    static int F(op##_backward)(const wb_call *c) { return F(slope_run)(c, F(op##_slope), kind >= BCE ? 1.5 : 0.4); }
LOSSES(ELEMENTWISE)
#undef ELEMENTWISE
#endif
