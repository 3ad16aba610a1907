/* Exponential and logarithms of the vectors of real.h, for its REAL; included after it. */
#if REAL == 32
#include "vmath.h"
static inline vr F(exp)(vr x) { return vexp(x); }
static inline vr F(log)(vr x) { return vlog(x); }
static inline vr F(log1p)(vr x) { return vlog1p(x); }
#else
/* 2^n e^r with |r| <= log(2) / 2. To 2 units in the last place; 0, infinity, subnormal results and NaN as they should be. */
static inline vr F(exp)(vr x) {
    static const double inverse_factorials[] = {1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040,
                                                1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5};
    const real least = -746, most = 710, magic = 6755399441055744, high = 6.93145751953125e-1, low = 1.42860682030941723212e-6;
    x = F(max)(F(splat)(least), x);
    x = F(select)(x > most, F(splat)(most), x);
    vr t = x * 1.44269504088896340736 + magic, n = t - magic;             /* the nearest integer, and in the low bits of t */
    vr r = x - n * high - n * low, p = F(splat)(1.0 / 6227020800);
#pragma GCC unroll 11
    for (int i = 0; i < 11; i++) p = p * r + inverse_factorials[i];
    p = p * (r * r) + (r + 1);
    mr k = (mr)t - (mr)F(splat)(magic), half = k >> 1;
    return p * (vr)((half + 1023) << 52) * (vr)((k - half + 1023) << 52); /* in two steps: 2^k may not be a normal number */
}

static inline vr F(log)(vr x) {
    for (int j = 0; j < VR; j++) x[j] = log(x[j]);
    return x;
}

static inline vr F(log1p)(vr x) {
    for (int j = 0; j < VR; j++) x[j] = log1p(x[j]);
    return x;
}
#endif
