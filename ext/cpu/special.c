/* Exponentials, logarithms, trigonometry and powers. float32 by the vector functions of vmath.h where they matter, else by libm. */
#include "lanes.h"

#define EACH_VECTOR(X) \
    X(exp, exp, vexp) X(exp2, exp2, vexp2) X(expm1, expm1, vexpm1) X(log, log, vlog) X(log2, log2, vlog2) X(log10, log10, vlog10) \
    X(log1p, log1p, vlog1p) X(tanh, tanh, vtanh) X(erf, erf, verf) X(erfc, erfc, verfc)
#define VECTOR(name, f, v) WB_LANE1(name, WB_NOTHING, WB_LANES(x, f, v)(x))
EACH_VECTOR(VECTOR)

#define EACH_LIBM(X) X(tan) X(asin) X(acos) X(atan) X(sinh) X(cosh) X(asinh) X(acosh) X(atanh)
#define LIBM(name) \
    WB_MAP1(name##_f32, float, float, WB_NOTHING, name##f(x)) \
    WB_MAP1(name##_f64, double, double, WB_NOTHING, name(x))
EACH_LIBM(LIBM)
WB_MAP2(atan2_f32, float, float, WB_NOTHING, atan2f(x, y))
WB_MAP2(atan2_f64, double, double, WB_NOTHING, atan2(x, y))

/* log(e^x + e^y); equal infinities make themselves */
WB_LANE2(logaddexp, WB_NOTHING, SEL(x == y, x + (E)0.69314718055994531, SEL(x > y, x, y) + LOG1P(EXP(-ABS(x - y)))))

/* sin and cos: vectors as far as their reduction is good, lanes beyond it by libm */
static inline vf beyond(vf x, vf y, float (*f)(float)) {
    const vi far = vabs(x) > WB_SINCOS_MAX;
    int any = 0;
    for (int k = 0; k < VF; k++) any |= far[k];
    if (any) for (int k = 0; k < VF; k++) if (far[k]) y[k] = f(x[k]);
    return y;
}
static inline vf vsin(vf x) { vf s, c; vsincos(x, &s, &c); return vsel(x == 0.0f, x, beyond(x, s, sinf)); }
static inline vf vcos(vf x) { vf s, c; vsincos(x, &s, &c); return beyond(x, c, cosf); }
VECTOR(sin, sin, vsin)
VECTOR(cos, cos, vcos)

/* pow: one exponent for all is mostly a small one, for which products are exact enough and much faster */
#define POWER(S, T, F) \
    WB_MAP2(pow_any_##S, T, T, WB_NOTHING, pow##F(x, y)) \
    WB_MAP1(pow_2_##S, T, T, WB_NOTHING, x * x) \
    WB_MAP1(pow_3_##S, T, T, WB_NOTHING, x * x * x) \
    WB_MAP1(pow_half_##S, T, T, WB_NOTHING, x == -(T)INFINITY ? (T)INFINITY : sqrt##F(x) + (T)0) \
    WB_MAP1(pow_minus_1_##S, T, T, WB_NOTHING, 1 / x) \
    static void pow_##S(char **p, const long *s, long n, const double *a) { \
        const T y = n > 0 && s[1] == 0 ? *(const T *)p[1] : (T)NAN; \
        const wb_map f = y == 2 ? pow_2_##S : y == 3 ? pow_3_##S : y == (T)0.5 ? pow_half_##S : y == -1 ? pow_minus_1_##S : NULL; \
        if (f) f((char *[]){p[0], p[2]}, (const long[]){s[0], s[2]}, n, a); \
        else pow_any_##S(p, s, n, a); \
    }
POWER(f32, float, f)
POWER(f64, double, )

WB_FAMILY(special) {
#define VECTOR_KERNELS(name, f, v) WB_LANE_KERNELS(name, WB_HEAVY),
#define LIBM_KERNELS(name) WB_LANE_KERNELS(name, WB_HEAVY),
    static const wb_kernel kernels[] = {
        EACH_VECTOR(VECTOR_KERNELS) EACH_LIBM(LIBM_KERNELS)
        WB_LANE_KERNELS(sin, WB_HEAVY), WB_LANE_KERNELS(cos, WB_HEAVY), WB_LANE_KERNELS(atan2, WB_HEAVY), WB_LANE_KERNELS(pow, WB_HEAVY),
        WB_LANE_KERNELS(logaddexp, WB_HEAVY),
    };
    wb_register_all(kernels, WB_COUNT(kernels));
}
