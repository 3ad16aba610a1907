/* Quotients, remainders and powers of whole numbers. The funnel has looked for divisors of 0; what is given for one means nothing. The
   smallest number divided by -1 wraps, where the machine's instruction traps. */
#include "map.h"

#define DIVISION(S, T, U, D, F) \
    static inline T trunc_divide1_##S(T x, T y) { return y == 0 ? 0 : (T)-1 < 0 && y == (T)-1 ? (T)((U)0 - (U)x) : (T)(x / y); } \
    static inline T fmod1_##S(T x, T y) { return y == 0 || ((T)-1 < 0 && y == (T)-1) ? 0 : (T)(x % y); } \
    static inline T remainder1_##S(T x, T y) { const T r = fmod1_##S(x, y); return (T)(r != 0 && (r < 0) != (y < 0) ? r + y : r); } \
    static inline T floor_divide1_##S(T x, T y) { const T q = trunc_divide1_##S(x, y); return (T)(fmod1_##S(x, y) != 0 && (x < 0) != (y < 0) ? q - 1 : q); } \
    static inline T pow1_##S(T x, T y) { \
        if (y < 0) return x == 1 ? 1 : (T)-1 < 0 && x == (T)-1 ? (y & 1 ? x : 1) : 0; \
        U r = 1, b = (U)x; \
        for (U e = (U)y; e; e >>= 1) { if (e & 1) r *= b; b *= b; } \
        return (T)r; \
    } \
    WB_MAP2(trunc_divide_##S, T, T, WB_NOTHING, trunc_divide1_##S(x, y)) \
    WB_MAP2(fmod_##S, T, T, WB_NOTHING, fmod1_##S(x, y)) \
    WB_MAP2(remainder_##S, T, T, WB_NOTHING, remainder1_##S(x, y)) \
    WB_MAP2(floor_divide_##S, T, T, WB_NOTHING, floor_divide1_##S(x, y)) \
    WB_MAP2(pow_##S, T, T, WB_NOTHING, pow1_##S(x, y))
WB_EACH_INT(DIVISION)

WB_FAMILY(whole) {
#define KERNELS(S, T, U, D, F) \
    {"trunc_divide", D, WB_MAP, WB_HEAVY, trunc_divide_##S}, {"fmod", D, WB_MAP, WB_HEAVY, fmod_##S}, \
    {"remainder", D, WB_MAP, WB_HEAVY, remainder_##S}, {"floor_divide", D, WB_MAP, WB_HEAVY, floor_divide_##S}, \
    {"pow", D, WB_MAP, WB_HEAVY, pow_##S},
    static const wb_kernel kernels[] = {WB_EACH_INT(KERNELS)};
    wb_register_all(kernels, WB_COUNT(kernels));
}
