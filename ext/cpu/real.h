/* Vector code written once for float and double. A file defines REAL as 32 or 64 and includes this (again, for the other): real is
   the type, vr a vector of VR of them, mr the vector of their comparisons, F(name) the name of a function for this type. */
#ifndef WB_REAL_ONCE
#define WB_REAL_ONCE
#ifdef __AVX2__
#include <immintrin.h>
#endif
typedef int64_t wb_vl __attribute__((vector_size(VB), aligned(8), may_alias));

/* Into how many parts to cut a work of so many nanoseconds: from the shape alone. */
static inline long wb_parts(double ns) { return ns < 12e3 ? 1 : ns < 60e3 ? 2 : ns > 1280e3 ? 64 : (long)(ns / 20e3); }
#endif

#undef real
#undef vr
#undef mr
#undef VR
#undef F
#undef WB_REAL
#if REAL == 32
#define real float
#define vr vf
#define mr vi
#define VR VF
#define F(name) WB_CAT(name, f32)
#define WB_REAL WB_F32
#else
#define real double
#define vr vd
#define mr wb_vl
#define VR VD
#define F(name) WB_CAT(name, f64)
#define WB_REAL WB_F64
#endif

static inline vr F(splat)(real x) { return x - (vr){0}; }
static inline vr F(load)(const real *p) { return *(const vr *)p; }
static inline void F(store)(real *p, vr v) { *(vr *)p = v; }
static inline vr F(select)(mr where, vr a, vr b) { return (vr)((where & (mr)a) | (~where & (mr)b)); }
static inline vr F(abs)(vr a) { return (vr)((mr)a & ~(mr)F(splat)(-0.0)); }

static inline mr F(iota)(void) {
    mr v;
    for (int j = 0; j < VR; j++) v[j] = j;
    return v;
}

/* The larger; b where a is NaN. */
static inline vr F(max)(vr a, vr b) {
#if defined(__AVX2__) && VB == 32
    return REAL == 32 ? (vr)_mm256_max_ps((__m256)a, (__m256)b) : (vr)_mm256_max_pd((__m256d)a, (__m256d)b);
#else
    return F(select)(a > b, a, b);
#endif
}

/* The first n lanes from memory (all if there are as many), `fill` in the others; nothing beyond them is touched. */
static inline vr F(get)(const real *p, long n, real fill) {
    if (n >= VR) return F(load)(p);
#if defined(__AVX2__) && VB == 32
    mr take = F(iota)() < (mr){0} + (__typeof__(take[0]))n;
    vr v = REAL == 32 ? (vr)_mm256_maskload_ps((const float *)p, (__m256i)take) : (vr)_mm256_maskload_pd((const double *)p, (__m256i)take);
    return fill == 0 ? v : F(select)(take, v, F(splat)(fill));
#else
    vr v = F(splat)(fill);
    for (long j = 0; j < n; j++) v[j] = p[j];
    return v;
#endif
}

static inline void F(put)(real *p, vr v, long n) {
    if (n >= VR) { F(store)(p, v); return; }
#if defined(__AVX2__) && VB == 32
    mr take = F(iota)() < (mr){0} + (__typeof__(take[0]))n;
    if (REAL == 32) _mm256_maskstore_ps((float *)p, (__m256i)take, (__m256)v);
    else _mm256_maskstore_pd((double *)p, (__m256i)take, (__m256d)v);
#else
    for (long j = 0; j < n; j++) p[j] = v[j];
#endif
}

/* Lane j is lane at[j] of a and b, one behind the other. */
static inline vr F(shuffle)(vr a, vr b, mr at) {
#ifdef __clang__    /* it has no shuffle by a vector, but makes one of this where `at` is known */
    real both[2 * VR];
    F(store)(both, a);
    F(store)(both + VR, b);
    vr v;
    for (int j = 0; j < VR; j++) v[j] = both[at[j]];
    return v;
#else
    return __builtin_shuffle(a, b, at);
#endif
}

static inline real F(sum_lanes)(vr v) {
    for (int h = VR / 2; h; h /= 2) v += F(shuffle)(v, v, F(iota)() ^ h);
    return v[0];
}

static inline real F(max_lanes)(vr v) {
    for (int h = VR / 2; h; h /= 2) v = F(max)(v, F(shuffle)(v, v, F(iota)() ^ h));
    return v[0];
}
