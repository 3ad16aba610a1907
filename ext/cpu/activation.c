/* Activation functions and their derivatives. A derivative gets the gradient as x and, as y, what it needs: the input or the result. */
#include "lanes.h"

WB_LANE1(sigmoid, WB_NOTHING, SIGMOID(x))
WB_LANE1(silu, WB_NOTHING, x * SIGMOID(x))
WB_LANE1(leaky_relu, const E slope = (E)a[0], SEL(x > 0, x, x * slope))
WB_LANE1(elu, const E alpha = (E)a[0], SEL(x > 0, x, alpha * EXPM1(x)))
WB_LANE1(celu, const E alpha = (E)a[0]; const E inverse = 1 / alpha, SEL(x > 0, x, alpha * EXPM1(x * inverse)))
#define SELU_SCALE (E)1.0507009873554805
#define SELU_ALPHA (E)(1.0507009873554805 * 1.6732632423543772)
WB_LANE1(selu, WB_NOTHING, SEL(x > 0, x * SELU_SCALE, SELU_ALPHA * EXPM1(x)))
/* softplus(beta, threshold): linear from x beta > threshold */
WB_LANE1(softplus, const E beta = (E)a[0]; const E inverse = 1 / beta; const E threshold = (E)a[1], SEL(x * beta > threshold, x, LOG1P(EXP(x * beta)) * inverse))
WB_LANE1(logsigmoid, WB_NOTHING, SEL(x > 0, K(0), x) - LOG1P(EXP(-ABS(x))))
WB_LANE1(softsign, WB_NOTHING, x / ((E)1 + ABS(x)))

/* mish: x tanh(log(1 + e^x)) = x n / (n + 2), n = e^x (e^x + 2) */
static inline vf vmish_tanh(vf x) { const vf e = vexp(vsel(x > 20.0f, vset(20.0f), x)), n = e * (e + 2.0f); return n / (n + 2.0f); }
static inline double dmish_tanh(double x) { const double e = exp(x > 40 ? 40 : x), n = e * (e + 2); return n / (n + 2); }
#define MISH_TANH(x) WB_LANES(x, dmish_tanh, vmish_tanh)(x)
WB_LANE1(mish, WB_NOTHING, x * MISH_TANH(x))

#define CLAMP(x, lo, hi) SEL(SEL(x < (lo), K(lo), x) > (hi), K(hi), SEL(x < (lo), K(lo), x))
WB_LANE1(hardtanh, const E lo = (E)a[0]; const E hi = (E)a[1], CLAMP(x, lo, hi))
WB_LANE1(relu6, WB_NOTHING, CLAMP(x, (E)0, (E)6))
WB_LANE1(hardsigmoid, const E sixth = (E)(1.0 / 6), CLAMP((x + (E)3), (E)0, (E)6) * sixth)
WB_LANE1(hardswish, const E sixth = (E)(1.0 / 6), x * CLAMP((x + (E)3), (E)0, (E)6) * sixth)
WB_LANE1(hardshrink, const E limit = (E)a[0], SEL((x < -limit) | (x > limit) | (x != x), x, K(0)))
WB_LANE1(softshrink, const E limit = (E)a[0], SEL(x > limit, x - limit, SEL(x < -limit, x + limit, SEL(x == x, K(0), x))))
WB_LANE1(tanhshrink, WB_NOTHING, x - TANH(x))
WB_LANE1(threshold, const E threshold = (E)a[0]; const E value = (E)a[1], SEL(x <= threshold, K(value), x))

/* gelu, a[0]: 0 by the normal distribution function, 1 by tanh */
static inline double dgelu(double x) { double density; return x * dphi(x, &density); }
#define TANH_GELU_S(x) SIGMOID((x) * ((x) * (x) * (E)0.044715 + (E)1) * (E)1.5957691216057308)
WB_LANE1(gelu_erf, WB_NOTHING, WB_LANES(x, dgelu, vgelu)(x))
WB_LANE1(gelu_tanh, WB_NOTHING, x * TANH_GELU_S(x))
static inline vf vgelu_slope(vf x) { vf density, phi = vphi(x, &density); return phi + x * density * 0.398942280401432678f; }
static inline double dgelu_slope(double x) { double density, phi = dphi(x, &density); return phi + x * density * 0.398942280401432678; }
WB_LANE2(gelu_erf_backward, WB_NOTHING, x * WB_LANES(y, dgelu_slope, vgelu_slope)(y))
static inline vf vgelu_tanh_slope(vf x) {
    typedef float E;
    const vf s = TANH_GELU_S(x);
    return s + x * s * (1.0f - s) * (x * x * 0.21406897f + 1.5957691216057308f);
}
static inline double dgelu_tanh_slope(double x) {
    typedef double E;
    const double s = TANH_GELU_S(x);
    return s + x * s * (1 - s) * 1.5957691216057308 * (x * x * 0.134145 + 1);
}
WB_LANE2(gelu_tanh_backward, WB_NOTHING, x * WB_LANES(y, dgelu_tanh_slope, vgelu_tanh_slope)(y))
#define GELU(S) \
    static void gelu_##S(char **p, const long *s, long n, const double *a) { (a[0] != 0 ? gelu_tanh_##S : gelu_erf_##S)(p, s, n, a); } \
    static void gelu_backward_##S(char **p, const long *s, long n, const double *a) { \
        (a[0] != 0 ? gelu_tanh_backward_##S : gelu_erf_backward_##S)(p, s, n, a); \
    }
GELU(f32)
GELU(f64)

/* from the result */
WB_LANE2(relu_backward, WB_NOTHING, SEL(y <= 0, K(0), x))
WB_LANE2(sigmoid_backward, WB_NOTHING, x * (((E)1 - y) * y))
WB_LANE2(tanh_backward, WB_NOTHING, x * ((E)1 - y * y))
/* from the input */
WB_LANE2(silu_backward, WB_NOTHING, x * SIGMOID(y) * ((E)1 + y * SIGMOID(-y)))
WB_LANE2(leaky_relu_backward, const E slope = (E)a[0], SEL(y > 0, x, x * slope))
WB_LANE2(elu_backward, const E alpha = (E)a[0], SEL(y > 0, x, x * alpha * EXP(y)))
WB_LANE2(softplus_backward, const E beta = (E)a[0]; const E threshold = (E)a[1], SEL(y * beta > threshold, x, x * SIGMOID(y * beta)))
WB_LANE2(mish_backward, WB_NOTHING, x * (MISH_TANH(y) + y * SIGMOID(y) * ((E)1 - MISH_TANH(y) * MISH_TANH(y))))
WB_LANE2(hardtanh_backward, const E lo = (E)a[0]; const E hi = (E)a[1], SEL((y <= lo) | (y >= hi), K(0), x))
WB_LANE2(hardsigmoid_backward, const E sixth = (E)(1.0 / 6), SEL((y > (E)-3) & (y < (E)3), x * sixth, K(0)))
WB_LANE2(hardswish_backward, const E third = (E)(1.0 / 3), SEL(y <= (E)-3, K(0), SEL(y < (E)3, x * (y * third + (E)0.5), x)))

WB_FAMILY(activation) {
    static const wb_kernel kernels[] = {
        WB_LANE_KERNELS(leaky_relu, 0), WB_LANE_KERNELS(hardtanh, 0), WB_LANE_KERNELS(relu6, 0), WB_LANE_KERNELS(hardsigmoid, 0),
        WB_LANE_KERNELS(hardswish, 0), WB_LANE_KERNELS(threshold, 0), WB_LANE_KERNELS(softsign, 0), WB_LANE_KERNELS(hardshrink, 0), WB_LANE_KERNELS(softshrink, 0), WB_LANE_KERNELS(tanhshrink, WB_HEAVY),
        WB_LANE_KERNELS(sigmoid, WB_HEAVY), WB_LANE_KERNELS(silu, WB_HEAVY), WB_LANE_KERNELS(elu, WB_HEAVY), WB_LANE_KERNELS(celu, WB_HEAVY),
        WB_LANE_KERNELS(selu, WB_HEAVY), WB_LANE_KERNELS(softplus, WB_HEAVY), WB_LANE_KERNELS(logsigmoid, WB_HEAVY),
        WB_LANE_KERNELS(mish, WB_HEAVY), WB_LANE_KERNELS(gelu, WB_HEAVY),
        WB_LANE_KERNELS(relu_backward, 0), WB_LANE_KERNELS(sigmoid_backward, 0), WB_LANE_KERNELS(tanh_backward, 0),
        WB_LANE_KERNELS(leaky_relu_backward, 0), WB_LANE_KERNELS(hardtanh_backward, 0),
        WB_LANE_KERNELS(hardsigmoid_backward, 0), WB_LANE_KERNELS(hardswish_backward, 0),
        WB_LANE_KERNELS(silu_backward, WB_HEAVY), WB_LANE_KERNELS(elu_backward, WB_HEAVY),
        WB_LANE_KERNELS(softplus_backward, WB_HEAVY),
        WB_LANE_KERNELS(mish_backward, WB_HEAVY), WB_LANE_KERNELS(gelu_backward, WB_HEAVY),
    };
    wb_register_all(kernels, WB_COUNT(kernels));
}
