/* Draws from gamma, Dirichlet, Poisson and binomial distributions, with parameters of their own for each element. Attributes are the key.

   How many words an element takes depends on what is refused, so each has a stream: block r of element i is Philox at the counter
   (i low, i high, r, 0), under two words of the block at the draw's last counter, which no draw of a stream in one piece reaches. */
#include "isa.h"
#include "../core/philox.h"

enum { PART = 1 << 10 /* elements in a part of a job */ };
#define AT_LAST 0xFFFFFFFFu

typedef struct stream { uint32_t key[2], block[4]; uint64_t element; } stream;

static stream stream_of(const long *key) {
    uint32_t c[4] = {AT_LAST, AT_LAST, (uint32_t)key[2], (uint32_t)key[3]};
    wb_philox(c, (uint32_t)key[0], (uint32_t)key[1]);
    return (stream){.key = {c[0], c[1]}};
}
static void at_block(stream *s, uint32_t r) {
    s->block[0] = (uint32_t)s->element; s->block[1] = (uint32_t)(s->element >> 32); s->block[2] = r; s->block[3] = 0;
    wb_philox(s->block, s->key[0], s->key[1]);
}
/* [0, 1) with 53 bits from the first or second half of the block, (0, 1) with 32 from one word */
static inline double half(const stream *s, int k) { return ((double)(s->block[2 * k] >> 5) * 67108864.0 + (double)(s->block[2 * k + 1] >> 6)) * 0x1p-53; }
static inline double word(const stream *s, int k) { return ((double)s->block[k] + 0.5) * 0x1p-32; }

/* log(1 + y) - y without loss where y is small: what logarithms of densities near their peaks are made of */
static double log1p_less(double y) {
    if (fabs(y) > 0.01) return log1p(y) - y;
    const double p = 1.0 / 2 - y * (1.0 / 3 - y * (1.0 / 4 - y * (1.0 / 5 - y * (1.0 / 6 - y * (1.0 / 7 - y / 8)))));
    return -y * y * p;
}

/* a >= 1: Marsaglia and Tsang (2000), "A simple method for generating gamma variables"; x normal by Box and Muller's transform */
static double gamma_above_1(stream *s, double a) {
    const double d = a - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (uint32_t r = 0;; r++) {
        at_block(s, r);
        const double x = sqrt(-2 * log1p(-half(s, 0))) * cos(6.28318530717958647693 * word(s, 2)), y = c * x;
        if (y <= -1) continue;
        const double v = 1 + y, u = word(s, 3), x2 = x * x;
        /* d (1 - v^3 + log v^3), with v^3 - 1 - 3 y taken out of the difference */
        if (u < 1 - 0.0331 * x2 * x2 || log(u) < 0.5 * x2 + d * (3 * log1p_less(y) - y * y * (3 + y))) return d * v * v * v;
    }
}
/* a below 1: one of a + 1, times a power of an even number. Its logarithm, as small a leave numbers too small. */
static double log_gamma(stream *s, double a) {
    if (!(a > 0) || a == HUGE_VAL) return a == 0 ? -HUGE_VAL : a > 0 ? a : NAN;
    if (a >= 1) return log(gamma_above_1(s, a));
    const double above = log(gamma_above_1(s, a + 1));
    at_block(s, AT_LAST);
    return above + log1p(-half(s, 0)) / a;
}
static double one_gamma(stream *s, double a) {
    return a >= 1 && a < HUGE_VAL ? gamma_above_1(s, a) : exp(log_gamma(s, a));
}

/* log k! less (k + 1/2) log k - k + log(2 pi) / 2, by Stirling's series */
static double stirling_error(double k) {
    static const double few[] = {0, 0.08106146679532726, 0.04134069595540929, 0.02767792568499834, 0.02079067210376509,
                                 0.01664469118982119, 0.01387612882307075, 0.01189670994589177, 0.01041126526197210, 0.009255462182712733};
    if (k < 10) return few[(int)k];
    const double q = 1 / (k * k);
    return (1.0 / 12 - q * (1.0 / 360 - q * (1.0 / 1260 - q * (1.0 / 1680 - q / 1188)))) / k;
}
/* k log(k / x) + x - k, k > 0 */
static double deviance(double k, double x) { return -k * log1p_less((x - k) / k); }

static double log_poisson(double k, double rate) {
    return k == 0 ? -rate : -stirling_error(k) - deviance(k, rate) - 0.5 * log(6.28318530717958647693 * k);
}
static double log_binomial(double k, double n, double p) {
    if (k == 0) return n * log1p(-p);
    if (k == n) return n * log(p);
    const double rest = n - k;
    return stirling_error(n) - stirling_error(k) - stirling_error(rest) - deviance(k, n * p) - deviance(rest, n * (1 - p))
           - 0.5 * log(6.28318530717958647693 * k * (rest / n));
}

/* small means: the first k up to which probabilities add up to more than an even number */
static double poisson_by_sum(stream *s, double rate) {
    at_block(s, 0);
    const double u = half(s, 0);
    double k = 0, p = exp(-rate), sum = p;
    while (u >= sum && (k < rate || p > 1e-18)) { k += 1; p *= rate / k; sum += p; }
    return k;
}
static double binomial_by_sum(stream *s, double n, double p) {
    at_block(s, 0);
    const double u = half(s, 0), odds = p / (1 - p);
    double k = 0, q = exp(n * log1p(-p)), sum = q;
    while (u >= sum && k < n && (k < n * p || q > 1e-18)) { k += 1; q *= (n - k + 1) / k * odds; sum += q; }
    return k;
}
/* larger ones: Hörmann's transformed rejection, PTRS in (1993) "The transformed rejection method for generating Poisson random variables" */
static double poisson_by_rejection(stream *s, double rate) {
    const double b = 0.931 + 2.53 * sqrt(rate), a = -0.059 + 0.02483 * b, height = 1.1239 + 1.1328 / (b - 3.4), inside = 0.9277 - 3.6224 / (b - 2);
    for (uint32_t r = 0;; r++) {
        at_block(s, r);
        const double u = half(s, 0) - 0.5, v = 1 - half(s, 1), apart = 0.5 - fabs(u), k = floor((2 * a / apart + b) * u + rate + 0.43);
        if (apart >= 0.07 && v <= inside) return k;
        if (k < 0 || (apart < 0.013 && v > apart)) continue;
        if (log(v * height / (a / (apart * apart) + b)) <= log_poisson(k, rate)) return k;
    }
}
/* BTRS in (1993) "The generation of binomial random variates"; p <= 1 / 2 */
static double binomial_by_rejection(stream *s, double n, double p) {
    const double spread = sqrt(n * p * (1 - p)), b = 1.15 + 2.53 * spread, a = -0.0873 + 0.0248 * b + 0.01 * p;
    const double inside = 0.92 - 4.2 / b, height = (2.83 + 5.1 / b) * spread, peak = log_binomial(floor((n + 1) * p), n, p);
    for (uint32_t r = 0;; r++) {
        at_block(s, r);
        const double u = half(s, 0) - 0.5, v = 1 - half(s, 1), apart = 0.5 - fabs(u), k = floor((2 * a / apart + b) * u + n * p + 0.5);
        if (k < 0 || k > n) continue;
        if (apart >= 0.07 && v <= inside) return k;
        if (log(v * height / (a / (apart * apart) + b)) <= log_binomial(k, n, p) - peak) return k;
    }
}
static double one_poisson(stream *s, double rate) {
    if (!(rate > 0) || rate == HUGE_VAL) return rate == 0 ? 0 : NAN;
    return rate < 10 ? poisson_by_sum(s, rate) : poisson_by_rejection(s, rate);
}
static double one_binomial(stream *s, double n, double p) {
    if (n <= 0 || p <= 0) return 0;
    if (isnan(n) || isnan(p)) return NAN;
    if (p >= 1) return n;
    if (n == HUGE_VAL) return NAN;
    const double less = p > 0.5 ? 1 - p : p, k = n * less < 10 ? binomial_by_sum(s, n, less) : binomial_by_rejection(s, n, less);
    return p > 0.5 ? n - k : k;
}

typedef struct drawing { const wb_call *c; int (*f)(const wb_call *c, stream *s, long from, long to); long n, step; } drawing;
static int draw_part(void *arg, long part) {
    const drawing *d = arg;
    stream s = stream_of(d->c->i);
    return d->f(d->c, &s, part * d->step, WB_MIN((part + 1) * d->step, d->n));
}
static int draw_all(const wb_call *c, int (*f)(const wb_call *, stream *, long, long), long n, long step) {
    drawing d = {c, f, n, step};
    return wb_pool_run(draw_part, &d, (n + step - 1) / step);
}

/* a row of a Dirichlet sample are gamma samples over their sum, from logarithms that begin at 0 */
#define SAMPLING(S, T, TINY) \
    static inline T above_0_##S(double x) { return x < TINY ? TINY : (T)x; } \
    static int gammas_##S(const wb_call *c, stream *s, long from, long to) { \
        const T *a = (const T *)c->in[0]->data; T *o = (T *)c->out[0]->data; \
        for (long i = from; i < to; i++) { s->element = (uint64_t)i; o[i] = above_0_##S(one_gamma(s, a[i])); } \
        return WB_OK; \
    } \
    static int dirichlets_##S(const wb_call *c, stream *s, long from, long to) { \
        const long k = c->in[0]->shape[c->in[0]->ndim - 1]; \
        double *x = wb_alloc((size_t)k * sizeof *x); \
        if (!x) return WB_NO_MEMORY; \
        for (long row = from; row < to; row++) { \
            const T *a = (const T *)c->in[0]->data + row * k; T *o = (T *)c->out[0]->data + row * k; \
            double top = -HUGE_VAL, sum = 0; \
            for (long j = 0; j < k; j++) { \
                s->element = (uint64_t)(row * k + j); \
                x[j] = log_gamma(s, a[j]); \
                top = x[j] > top || isnan(x[j]) ? x[j] : top; \
            } \
            for (long j = 0; j < k; j++) { x[j] = exp(x[j] - top); sum += x[j]; } \
            for (long j = 0; j < k; j++) o[j] = above_0_##S(x[j] / sum); \
        } \
        wb_free(x, (size_t)k * sizeof *x); \
        return WB_OK; \
    } \
    static int poissons_##S(const wb_call *c, stream *s, long from, long to) { \
        const T *rate = (const T *)c->in[0]->data; T *o = (T *)c->out[0]->data; \
        for (long i = from; i < to; i++) { s->element = (uint64_t)i; o[i] = (T)one_poisson(s, rate[i]); } \
        return WB_OK; \
    } \
    static int binomials_##S(const wb_call *c, stream *s, long from, long to) { \
        const T *n = (const T *)c->in[0]->data, *p = (const T *)c->in[1]->data; T *o = (T *)c->out[0]->data; \
        for (long i = from; i < to; i++) { s->element = (uint64_t)i; o[i] = (T)one_binomial(s, n[i], p[i]); } \
        return WB_OK; \
    } \
    static int gamma_##S(const wb_call *c) { return draw_all(c, gammas_##S, c->out[0]->n, PART); } \
    static int dirichlet_##S(const wb_call *c) { \
        const long k = WB_MAX(c->in[0]->shape[c->in[0]->ndim - 1], 1); \
        return draw_all(c, dirichlets_##S, c->out[0]->n / k, WB_MAX(PART / k, 1)); \
    } \
    static int poisson_##S(const wb_call *c) { return draw_all(c, poissons_##S, c->out[0]->n, PART); } \
    static int binomial_##S(const wb_call *c) { return draw_all(c, binomials_##S, c->out[0]->n, PART); }
SAMPLING(f32, float, 0x1p-126f)
SAMPLING(f64, double, 0x1p-1022)

WB_FAMILY(sampling) {
    WB_KERNEL("gamma_drawn", WB_F32, WB_CALL, 0, gamma_f32);
    WB_KERNEL("gamma_drawn", WB_F64, WB_CALL, 0, gamma_f64);
    WB_KERNEL("dirichlet_drawn", WB_F32, WB_CALL, 0, dirichlet_f32);
    WB_KERNEL("dirichlet_drawn", WB_F64, WB_CALL, 0, dirichlet_f64);
    WB_KERNEL("poisson_drawn", WB_F32, WB_CALL, 0, poisson_f32);
    WB_KERNEL("poisson_drawn", WB_F64, WB_CALL, 0, poisson_f64);
    WB_KERNEL("binomial_drawn", WB_F32, WB_CALL, 0, binomial_f32);
    WB_KERNEL("binomial_drawn", WB_F64, WB_CALL, 0, binomial_f64);
}
