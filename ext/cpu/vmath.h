#pragma once
/* float32 functions of whole vectors, straight-line code for every instruction set. Errors measured against float64 over the full range:
   exp, log below 1 ulp, the others below 2.5, erfc and the left tail of gelu below 8. Infinities, NaN, -0.0 and subnormal numbers are
   treated as in C's math library. */
#include "isa.h"
#if defined(__AVX__)
#include <immintrin.h>
#endif

typedef uint32_t vu __attribute__((vector_size(VB), aligned(4), may_alias));          /* bits whose sums may wrap */

static inline vf vset(float x) { return x - (vf){0}; }
static inline vi vseti(int32_t x) { return x - (vi){0}; }
static inline vf vload(const float *p) { return *(const vf *)p; }
static inline void vstore(float *p, vf v) { *(vf *)p = v; }
/* the first n lanes, n < VF; the others are 0 */
static inline vf vload_n(const float *p, long n) { vf v = {0}; memcpy(&v, p, (size_t)n * 4); return v; }
static inline void vstore_n(float *p, vf v, long n) { memcpy(p, &v, (size_t)n * 4); }

/* m ? a : b by lanes; m is -1 or 0, as comparisons give it */
static inline vf vsel(vi m, vf a, vf b) {
#if defined(__AVX__) && VB == 32
    return (vf)_mm256_blendv_ps((__m256)b, (__m256)a, (__m256)m);
#else
    return (vf)((m & (vi)a) | (~m & (vi)b));
#endif
}
static inline vf vabs(vf x) { return (vf)((vi)x & 0x7fffffff); }
static inline vf vsign(vf magnitude, vf of) { return (vf)((vi)magnitude | ((vi)of & (int32_t)0x80000000)); }   /* magnitude >= 0 */
static inline vf vmax(vf a, vf b) { return vsel(a > b, a, b); }      /* b where one is NaN */
static inline vf vmin(vf a, vf b) { return vsel(a < b, a, b); }
static inline float vsum(vf v) { float s[VF]; memcpy(s, &v, sizeof v); for (int w = VF / 2; w; w /= 2) for (int k = 0; k < w; k++) s[k] += s[k + w]; return s[0]; }
static inline float vtop(vf v) { float s[VF]; memcpy(s, &v, sizeof v); for (int w = VF / 2; w; w /= 2) for (int k = 0; k < w; k++) s[k] = WB_MAX(s[k], s[k + w]); return s[0]; }

#define WB_ROUND 0x1.8p23f         /* adding it leaves the nearest integer in the low bits */
#define WB_LOG2E 1.44269504088896341f
#define WB_LN2_HI 0.693359375f     /* few bits, so that its multiples are exact */
#define WB_LN2_LO -2.12194440e-4f

/* e^r - 1 - r for |r| <= ln(2) / 2 */
static inline vf vexp_tail(vf r) {
    vf p = r * 1.381459837e-3f + 8.368716898e-3f;
    p = p * r + 4.166838805e-2f;
    p = p * r + 1.666652063e-1f;
    p = p * r + 4.999999345e-1f;
    return p * (r * r);
}
/* y 2^n for |n| < 252, in two steps so that neither leaves the range before the result does */
static inline vf vscale(vf y, vi n) {
    const vi half = n >> 1;
    return y * (vf)((half + 127) << 23) * (vf)((n - half + 127) << 23);
}
static inline vf vexp_bounds(vf x) { x = vsel(x > 89.0f, vset(89.0f), x); return vsel(x < -104.0f, vset(-104.0f), x); }

/* e^(x + low), low being small beside x: a product whose rounding error is known */
static inline vf vexp2part(vf x, vf low) {
    x = vexp_bounds(x);
    const vf t = x * WB_LOG2E + WB_ROUND, n = t - WB_ROUND;
    const vf r = (x - n * WB_LN2_HI) + (low - n * WB_LN2_LO);
    return vscale(vexp_tail(r) + r + 1.0f, (vi)t - (int32_t)0x4b400000);
}
static inline vf vexp(vf x) {
    x = vexp_bounds(x);
    const vf t = x * WB_LOG2E + WB_ROUND, n = t - WB_ROUND;
    const vf r = (x - n * WB_LN2_HI) - n * WB_LN2_LO;
    return vscale(vexp_tail(r) + r + 1.0f, (vi)t - (int32_t)0x4b400000);
}
static inline vf vexp2(vf x) {
    x = vsel(x > 129.0f, vset(129.0f), x);
    x = vsel(x < -151.0f, vset(-151.0f), x);
    const vf t = x + WB_ROUND, r = (x - (t - WB_ROUND)) * 0.693147180559945f;
    return vscale(vexp_tail(r) + r + 1.0f, (vi)t - (int32_t)0x4b400000);
}
static inline vf vexpm1(vf x) {
    const vf y = vsel(x > 89.0f, vset(89.0f), vsel(x < -18.0f, vset(-18.0f), x));
    const vf t = y * WB_LOG2E + WB_ROUND, n = t - WB_ROUND;
    const vf r = (y - n * WB_LN2_HI) - n * WB_LN2_LO;
    const vf half = (vf)(((vi)t - (int32_t)0x4b400000 + 126) << 23);                  /* 2^n / 2: 2^128 would overflow */
    const vf result = 2.0f * ((vexp_tail(r) + r) * half + (half - 0.5f));
    return vsel(vabs(x) < 0x1p-64f, x, result);
}

/* log of a positive finite normal number as n ln(2) + f - f^2 / 2 + tail; returned as n and f, tail */
static inline vf vlog_parts(vf x, vf *f, vf *tail) {
    const vi b = (vi)((vu)x - 0x3f3504f3u);                                          /* bits of sqrt(1/2): m is in [sqrt(1/2), sqrt(2)) */
    const vi n = b >> 23;
    *f = (vf)((b & 0x007fffff) + 0x3f3504f3) - 1.0f;
    const vf y = *f;
    vf p = y * -7.859611509e-2f + 1.288164749e-1f;
    p = p * y - 1.312875480e-1f;
    p = p * y + 1.418119194e-1f;
    p = p * y - 1.662455404e-1f;
    p = p * y + 2.000228627e-1f;
    p = p * y - 2.500081041e-1f;
    p = p * y + 3.333331673e-1f;
    *tail = p * (y * (y * y));
    return __builtin_convertvector(n, vf);
}
static inline vf vlog_edges(vf x, vf result) {
    result = vsel(x > 3.4028235e38f, x, result);                                      /* infinity */
    result = vsel(x == 0.0f, vset(-INFINITY), result);
    return vsel((vi)(x >= 0.0f), result, vset(NAN));
}
static inline vf vlog(vf x) {
    const vi small = x < 0x1p-126f;
    vf f, tail, n = vlog_parts(vsel(small, x * 0x1p23f, x), &f, &tail);
    n = n - vsel(small, vset(23.0f), vset(0.0f));
    const vf low = n * WB_LN2_LO + tail - f * f * 0.5f;
    return vlog_edges(x, (f + low) + n * WB_LN2_HI);
}
static inline vf vlog2(vf x) {
    const vi small = x < 0x1p-126f;
    vf f, tail, n = vlog_parts(vsel(small, x * 0x1p23f, x), &f, &tail);
    n = n - vsel(small, vset(23.0f), vset(0.0f));
    const vf low = tail - f * f * 0.5f;                                               /* log2(e) = 1 + 0.4427 */
    return vlog_edges(x, (low * 0.44269504088896341f + f * 0.44269504088896341f + low + f) + n);
}
static inline vf vlog10(vf x) {
    const vi small = x < 0x1p-126f;
    vf f, tail, n = vlog_parts(vsel(small, x * 0x1p23f, x), &f, &tail);
    n = n - vsel(small, vset(23.0f), vset(0.0f));
    const vf log_m = f + (tail - f * f * 0.5f);
    return vlog_edges(x, n * 0.30078125f + (n * 2.4874566398119521e-4f + log_m * 0.434294481903251828f));
}
static inline vf vlog1p(vf x) {
    const vf u = 1.0f + x;
    const vf lost = vsel(u < INFINITY, vsel(u > 0.0f, (x - (u - 1.0f)) / u, vset(0.0f)), vset(0.0f));
    return vsel(vabs(x) < 0x1p-25f, x, vlog(u) + lost);
}

static inline vf vsigmoid(vf x) {
    const vf e = vexp(-vabs(x));
    return vsel(x < 0.0f, e, vset(1.0f)) / (1.0f + e);
}
static inline vf vtanh(vf x) {
    const vf t = vabs(x), s = x * x;
    vf p = s * -5.717044512e-3f + 2.065058678e-2f;
    p = p * s - 5.374349792e-2f;
    p = p * s + 1.333149128e-1f;
    p = p * s - 3.333328393e-1f;
    const vf small = p * s * t + t;
    const vf large = 1.0f - 2.0f / (vexp(t + t) + 1.0f);
    return vsign(vsel(t < 0.625f, small, large), x);
}

/* The normal distribution's upper tail, 1 - Phi(t) = e^(-t^2 / 2) R(t): R for t >= 0, by a polynomial in 1 / (1 + 0.35 t). */
static inline vf vmills(vf t) {
    const vf w = 1.0f / (t * 0.35f + 1.0f);
    vf p = w * -2.915787283e-2f + 1.440308576e-1f;
    p = p * w - 2.558388781e-1f;
    p = p * w + 1.593195547e-1f;
    p = p * w - 2.321225912e-2f;
    p = p * w + 1.055524635e-1f;
    p = p * w + 1.198212971e-1f;
    p = p * w + 1.398635142e-1f;
    p = p * w + 1.396213069e-1f;
    return p * w;
}
/* e^(-scale x^2), scale 1 or 1/2: x^2 is split into an exact part and a rest, since exp would magnify its rounding */
static inline vf vgauss(vf x, float scale) {
    const vf high = (vf)((vi)x & (int32_t)0xfffff000);
    return vexp2part(-scale * (high * high), -scale * ((x - high) * (x + high)));
}
static inline vf verfc(vf x) {
    const vf t = vsel(vabs(x) > 11.0f, vset(11.0f), vabs(x));
    const vf upper = 2.0f * vgauss(t, 1.0f) * vmills(t * 1.41421356237309505f);
    return vsel((vi)(x == x), vsel(x < 0.0f, 2.0f - upper, upper), x);
}
static inline vf verf(vf x) {
    const vf t = vabs(x), s = x * x;
    vf p = s * -5.941218972e-4f + 4.983468753e-3f;
    p = p * s - 2.676002827e-2f;
    p = p * s + 1.128163583e-1f;
    p = p * s - 3.761247665e-1f;
    p = p * s + 1.283791470e-1f;
    const vf small = p * x + x;
    return vsel(t < 0.93f, small, vsign(1.0f - verfc(t), x));
}
/* the normal distribution function; *density gets e^(-x^2 / 2) */
static inline vf vphi(vf x, vf *density) {
    const vf t = vsel(vabs(x) > 15.0f, vset(15.0f), vabs(x));
    *density = vgauss(t, 0.5f);
    const vf upper = *density * vmills(t);
    return vsel((vi)(x == x), vsel(x < 0.0f, upper, 1.0f - upper), x);
}
static inline vf vgelu(vf x) { vf density; return x * vphi(x, &density); }
#define WB_GELU_A 0.79788456080286536f   /* sqrt(2 / pi) */
#define WB_GELU_B 0.044715f
static inline vf vgelu_tanh(vf x) { return x * vsigmoid(2.0f * WB_GELU_A * (x * (x * x * WB_GELU_B + 1.0f))); }

/* sin and cos of r + t pi/2, |r| <= pi/4; t is in the low bits of `turns`, as adding WB_ROUND leaves it */
static inline void vsincos_quarter(vf r, vf turns, vf *sine, vf *cosine) {
    const vf s = r * r;
    const vf sp = ((s * -1.951697745e-4f + 8.332175846e-3f) * s - 1.666665491e-1f) * s * r + r;
    const vf cp = ((s * 2.443809085e-5f - 1.388736448e-3f) * s + 4.166664681e-2f) * s * s - 0.5f * s + 1.0f;
    const vi q = (vi)turns;
    const vi swap = -(q & 1);
    *sine = (vf)((vi)vsel(swap, cp, sp) ^ (vi)(((vu)q & 2) << 30));
    *cosine = (vf)((vi)vsel(swap, sp, cp) ^ (vi)((((vu)q + 1) & 2) << 30));
}
/* sin and cos of x, both from one reduction by pi/2; good to |x| < 8192, the caller sees to larger ones */
#define WB_SINCOS_MAX 8192.0f
static inline void vsincos(vf x, vf *sine, vf *cosine) {
    const vf t = x * 0.636619772367581343f + WB_ROUND, n = t - WB_ROUND;
    vf r = x - n * 1.5703125f;                                                        /* pi/2 in four parts; the first products are exact */
    r = r - n * 4.837512969970703e-4f;
    r = r - n * 7.549533620476723e-8f;
    r = r - n * 2.563344151594519e-12f;
    vsincos_quarter(r, t, sine, cosine);
}
/* sin and cos of 2 pi u */
static inline void vsincos_turns(vf u, vf *sine, vf *cosine) {
    const vf t = u * 4.0f + WB_ROUND;
    vsincos_quarter((u * 4.0f - (t - WB_ROUND)) * 1.57079632679489662f, t, sine, cosine);
}
