/* Exponential and logarithms of the vectors of real.h, for its REAL; included after it. */

/* 2^n e^r with |r| <= log(2) / 2. To 2 units in the last place; 0, infinity, subnormal results and NaN as they should be. */
static inline vr F(exp)(vr x) {
#if REAL == 32
    const mr bias = (mr){0} + 127;
    const int shift = 23;
    const real least = -104, most = 89, magic = 12582912, high = 0.693359375f, low = -2.12194440e-4f;
#else
    const mr bias = (mr){0} + 1023;
    const int shift = 52;
    const real least = -746, most = 710, magic = 6755399441055744, high = 6.93145751953125e-1, low = 1.42860682030941723212e-6;
#endif
    x = F(max)(F(splat)(least), x);
    x = F(select)(x > most, F(splat)(most), x);
    vr t = x * (real)1.44269504088896340736 + magic, n = t - magic;        /* the nearest integer, and in the low bits of t */
    vr r = x - n * high - n * low, p;
#if REAL == 32
    p = r * 1.9875691500e-4f + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
#else
    static const double inverse_factorials[] = {1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040, 1.0 / 720,
                                                1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5};
    p = F(splat)(1.0 / 6227020800);
#pragma GCC unroll 11
    for (int i = 0; i < 11; i++) p = p * r + inverse_factorials[i];
#endif
    p = p * (r * r) + (r + 1);
    mr k = (mr)t - (mr)F(splat)(magic), half = k >> 1;
    return p * (vr)((half + bias) << shift) * (vr)((k - half + bias) << shift);       /* in two steps: 2^k may not be a normal number */
}

static inline vr F(log)(vr x) {
    for (int j = 0; j < VR; j++) x[j] = REAL == 32 ? logf(x[j]) : log(x[j]);
    return x;
}

static inline vr F(log1p)(vr x) {
    for (int j = 0; j < VR; j++) x[j] = REAL == 32 ? log1pf(x[j]) : log1p(x[j]);
    return x;
}
