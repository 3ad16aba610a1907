#pragma once
/* Formulas written once for float32 vectors and float64 scalars. Inside one, T is vf or double, E its element, K(c) a constant;
   comparisons combine with | and &, SEL(m, a, b) chooses. */
#include "map.h"
#include "vmath.h"

static inline double dsel(int m, double a, double b) { return m ? a : b; }
static inline double dsigmoid(double x) { const double e = exp(-fabs(x)); return (x < 0 ? e : 1) / (1 + e); }
static inline double dphi(double x, double *density) { *density = exp(-0.5 * x * x); return 0.5 * erfc(x * -M_SQRT1_2); }

#define K(c) ((E)(c) - (T){0})
#define SEL(m, a, b) _Generic((b), double: dsel, default: vsel)(m, a, b)
#define WB_LANES(x, f, v) _Generic((x), double: f, default: v)
#define ABS(x) WB_LANES(x, fabs, vabs)(x)
#define EXP(x) WB_LANES(x, exp, vexp)(x)
#define EXPM1(x) WB_LANES(x, expm1, vexpm1)(x)
#define LOG1P(x) WB_LANES(x, log1p, vlog1p)(x)
#define TANH(x) WB_LANES(x, tanh, vtanh)(x)
#define SIGMOID(x) WB_LANES(x, dsigmoid, vsigmoid)(x)
#define PHI(x, density) WB_LANES(x, dphi, vphi)(x, density)

/* Maps from `formula` in x (and y); `constants` are made from the attributes a. */
#define WB_LANE1(name, constants, formula) \
    WB_RUN(name##_f32) { \
        typedef vf T; typedef float E; (void)a; (void)sizeof(E); \
        const float *x_ = (const float *)p[0]; float *o_ = (float *)p[1]; \
        constants; \
        long i = 0; \
        for (; i + VF <= n; i += VF) { const T x = vload(x_ + i); vstore(o_ + i, formula); } \
        if (i < n) { const T x = vload_n(x_ + i, n - i); vstore_n(o_ + i, formula, n - i); } \
    } \
    WB_LOOP(name##_f32, 1, 4, 4) \
    WB_RUN(name##_f64) { \
        typedef double T; typedef double E; (void)a; (void)sizeof(E); \
        const double *x_ = (const double *)p[0]; double *o_ = (double *)p[1]; \
        constants; \
        WB_EACH { const T x = x_[i]; o_[i] = formula; } \
    } \
    WB_LOOP(name##_f64, 1, 8, 8)
#define WB_LANE2(name, constants, formula) \
    WB_RUN(name##_f32) { \
        typedef vf T; typedef float E; (void)a; (void)sizeof(E); \
        const float *x_ = (const float *)p[0], *y_ = (const float *)p[1]; float *o_ = (float *)p[2]; \
        constants; \
        long i = 0; \
        for (; i + VF <= n; i += VF) { const T x = vload(x_ + i), y = vload(y_ + i); vstore(o_ + i, formula); } \
        if (i < n) { const T x = vload_n(x_ + i, n - i), y = vload_n(y_ + i, n - i); vstore_n(o_ + i, formula, n - i); } \
    } \
    WB_LOOP(name##_f32, 2, 4, 4, 4) \
    WB_RUN(name##_f64) { \
        typedef double T; typedef double E; (void)a; (void)sizeof(E); \
        const double *x_ = (const double *)p[0], *y_ = (const double *)p[1]; double *o_ = (double *)p[2]; \
        constants; \
        WB_EACH { const T x = x_[i], y = y_[i]; o_[i] = formula; } \
    } \
    WB_LOOP(name##_f64, 2, 8, 8, 8)
#define WB_LANE_KERNELS(name, flags) {#name, WB_F32, WB_MAP, flags, name##_f32}, {#name, WB_F64, WB_MAP, flags, name##_f64}
