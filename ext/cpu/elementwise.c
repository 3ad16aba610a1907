/* Arithmetic of one, two and three operands. Integers wrap; integer division, which can fail, is not a map. */
#include "map.h"

/* a double attribute as a bound of an integer type: saturated, so that infinities mean "none" */
static inline int64_t bound(double v, int64_t lo, int64_t hi) { return v <= (double)lo ? lo : v >= (double)hi ? hi : (int64_t)v; }
#define INT_MIN_OF(T) ((T)-1 < 0 ? (int64_t)(-((int64_t)1 << (8 * sizeof(T) - 2)) * 2) : 0)
#define INT_MAX_OF(T) ((T)-1 < 0 ? (int64_t)(((uint64_t)1 << (8 * sizeof(T) - 1)) - 1) : (int64_t)(((uint64_t)1 << (8 * (sizeof(T) & 7))) - 1))

#define ARITHMETIC(S, T, U, D, F) \
    WB_MAP2(add_##S, T, T, const U alpha = (U)(T)a[0], (U)x + alpha * (U)y) \
    WB_MAP2(sub_##S, T, T, const U alpha = (U)(T)a[0], (U)x - alpha * (U)y) \
    WB_MAP2(mul_##S, T, T, WB_NOTHING, (U)x * (U)y) \
    WB_MAP1(square_##S, T, T, WB_NOTHING, (U)x * (U)x) \
    WB_MAP1(relu_##S, T, T, WB_NOTHING, x < 0 ? (T)0 : x) \
    WB_MAP1(sign_##S, T, T, WB_NOTHING, (x > 0) - (x < 0)) \
    WB_MAP2(maximum_##S, T, T, WB_NOTHING, ((x > y) | (x != x)) ? x : y) \
    WB_MAP2(minimum_##S, T, T, WB_NOTHING, ((x < y) | (x != x)) ? x : y)
WB_EACH_INT(ARITHMETIC)
WB_EACH_FLOAT(ARITHMETIC)

#define INTEGER(S, T, U, D, F) \
    WB_MAP1(neg_##S, T, T, WB_NOTHING, (U)0 - (U)x) \
    WB_MAP1(abs_##S, T, T, WB_NOTHING, x < 0 ? (U)0 - (U)x : (U)x) \
    WB_MAP1(clamp_##S, T, T, const T lo = (T)bound(a[0], INT_MIN_OF(T), INT_MAX_OF(T)); const T hi = (T)bound(a[1], INT_MIN_OF(T), INT_MAX_OF(T)), \
            (x < lo ? lo : x) > hi ? hi : (x < lo ? lo : x))
WB_EACH_INT(INTEGER)

/* Python's remainder and quotient: the sign of the divisor, rounding down. */
#define PYTHON_DIVISION(S, T, U, D, F) \
    static inline T remainder1_##S(T x, T y) { const T r = fmod##F(x, y); return r != 0 && (r < 0) != (y < 0) ? r + y : r; } \
    static inline T floor_divide1_##S(T x, T y) { \
        if (y == 0) return x / y; \
        const T r = fmod##F(x, y), q = (x - r) / y - (r != 0 && (r < 0) != (y < 0)); \
        if (q == 0) return copysign##F(0, x / y); \
        const T f = floor##F(q); \
        return q - f > (T)0.5 ? f + 1 : f; \
    }
WB_EACH_FLOAT(PYTHON_DIVISION)

#define FLOATING(S, T, U, D, F) \
    WB_MAP1(neg_##S, T, T, WB_NOTHING, -x) \
    WB_MAP1(abs_##S, T, T, WB_NOTHING, fabs##F(x)) \
    WB_MAP1(clamp_##S, T, T, const T lo = (T)a[0]; const T hi = (T)a[1], (x < lo ? lo : x) > hi ? hi : (x < lo ? lo : x)) \
    WB_MAP2(div_##S, T, T, WB_NOTHING, x / y) \
    WB_MAP2(trunc_divide_##S, T, T, WB_NOTHING, trunc##F(x / y)) \
    WB_MAP1(reciprocal_##S, T, T, WB_NOTHING, 1 / x) \
    WB_MAP1(sqrt_##S, T, T, WB_NOTHING, sqrt##F(x)) \
    WB_MAP1(rsqrt_##S, T, T, WB_NOTHING, 1 / sqrt##F(x)) \
    WB_MAP1(floor_##S, T, T, WB_NOTHING, floor##F(x)) \
    WB_MAP1(ceil_##S, T, T, WB_NOTHING, ceil##F(x)) \
    WB_MAP1(trunc_##S, T, T, WB_NOTHING, trunc##F(x)) \
    WB_MAP1(round_##S, T, T, WB_NOTHING, rint##F(x)) \
    WB_MAP1(frac_##S, T, T, WB_NOTHING, x - trunc##F(x)) \
    WB_MAP2(fmod_##S, T, T, WB_NOTHING, fmod##F(x, y)) \
    WB_MAP2(remainder_##S, T, T, WB_NOTHING, remainder1_##S(x, y)) \
    WB_MAP2(floor_divide_##S, T, T, WB_NOTHING, floor_divide1_##S(x, y)) \
    WB_MAP3(lerp_##S, T, T, WB_NOTHING, fabs##F(z) < (T)0.5 ? x + z * (y - x) : y - (y - x) * (1 - z)) \
    WB_MAP3(addcmul_##S, T, T, const T value = (T)a[0], x + value * y * z) \
    WB_MAP3(addcdiv_##S, T, T, const T value = (T)a[0], x + value * y / z)
WB_EACH_FLOAT(FLOATING)

/* bool: 0 or 1 in a byte; the sum is `or`, the product `and`. */
WB_MAP2(add_bool, uint8_t, uint8_t, const uint8_t alpha = a[0] != 0, x | (alpha & y))
WB_MAP2(or_bool, uint8_t, uint8_t, WB_NOTHING, x | y)
WB_MAP2(and_bool, uint8_t, uint8_t, WB_NOTHING, x & y)

WB_FAMILY(elementwise) {
#define COMMON(S, T, U, D, F) \
    {"add", D, WB_MAP, 0, add_##S}, {"sub", D, WB_MAP, 0, sub_##S}, {"mul", D, WB_MAP, 0, mul_##S}, {"square", D, WB_MAP, 0, square_##S}, \
    {"relu", D, WB_MAP, 0, relu_##S}, {"sign", D, WB_MAP, 0, sign_##S}, {"maximum", D, WB_MAP, 0, maximum_##S}, \
    {"minimum", D, WB_MAP, 0, minimum_##S}, {"neg", D, WB_MAP, 0, neg_##S}, {"abs", D, WB_MAP, 0, abs_##S}, {"clamp", D, WB_MAP, 0, clamp_##S},
#define ONLY_FLOAT(S, T, U, D, F) \
    {"div", D, WB_MAP, 0, div_##S}, {"trunc_divide", D, WB_MAP, 0, trunc_divide_##S}, \
    {"reciprocal", D, WB_MAP, 0, reciprocal_##S}, {"sqrt", D, WB_MAP, 0, sqrt_##S}, \
    {"rsqrt", D, WB_MAP, 0, rsqrt_##S}, {"floor", D, WB_MAP, 0, floor_##S}, {"ceil", D, WB_MAP, 0, ceil_##S}, \
    {"trunc", D, WB_MAP, 0, trunc_##S}, {"round", D, WB_MAP, 0, round_##S}, {"frac", D, WB_MAP, 0, frac_##S}, \
    {"fmod", D, WB_MAP, WB_HEAVY, fmod_##S}, {"remainder", D, WB_MAP, WB_HEAVY, remainder_##S}, \
    {"floor_divide", D, WB_MAP, WB_HEAVY, floor_divide_##S}, {"lerp", D, WB_MAP, 0, lerp_##S}, \
    {"addcmul", D, WB_MAP, 0, addcmul_##S}, {"addcdiv", D, WB_MAP, 0, addcdiv_##S},
    static const wb_kernel kernels[] = {
        WB_EACH_INT(COMMON) WB_EACH_FLOAT(COMMON) WB_EACH_FLOAT(ONLY_FLOAT)
        {"add", WB_BOOL, WB_MAP, 0, add_bool}, {"mul", WB_BOOL, WB_MAP, 0, and_bool},
        {"maximum", WB_BOOL, WB_MAP, 0, or_bool}, {"minimum", WB_BOOL, WB_MAP, 0, and_bool},
    };
    wb_register_all(kernels, WB_COUNT(kernels));
}
