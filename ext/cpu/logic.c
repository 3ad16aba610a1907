/* Comparisons, logic, selection and copies. Results of comparisons are bool: 0 or 1 in a byte. */
#include "map.h"

#define WB_EACH_BOOL(X) X(b8, uint8_t, uint32_t, WB_BOOL, )
#define WB_EACH_REAL(X) WB_EACH_BOOL(X) WB_EACH_INT(X) WB_EACH_FLOAT(X)

#define COMPARE(S, T, U, D, F) \
    WB_MAP2(eq_##S, T, uint8_t, WB_NOTHING, x == y) \
    WB_MAP2(ne_##S, T, uint8_t, WB_NOTHING, x != y) \
    WB_MAP2(lt_##S, T, uint8_t, WB_NOTHING, x < y) \
    WB_MAP2(le_##S, T, uint8_t, WB_NOTHING, x <= y) \
    WB_MAP2(gt_##S, T, uint8_t, WB_NOTHING, x > y) \
    WB_MAP2(ge_##S, T, uint8_t, WB_NOTHING, x >= y) \
    WB_MAP2(logical_and_##S, T, uint8_t, WB_NOTHING, (x != 0) & (y != 0)) \
    WB_MAP2(logical_or_##S, T, uint8_t, WB_NOTHING, (x != 0) | (y != 0)) \
    WB_MAP2(logical_xor_##S, T, uint8_t, WB_NOTHING, (x != 0) ^ (y != 0)) \
    WB_MAP1(logical_not_##S, T, uint8_t, WB_NOTHING, x == 0)
WB_EACH_REAL(COMPARE)

#define BITS(S, T, U, D, F) \
    WB_MAP2(bitwise_and_##S, T, T, WB_NOTHING, x & y) \
    WB_MAP2(bitwise_or_##S, T, T, WB_NOTHING, x | y) \
    WB_MAP2(bitwise_xor_##S, T, T, WB_NOTHING, x ^ y) \
    WB_MAP1(bitwise_not_##S, T, T, WB_NOTHING, ~x)
WB_EACH_INT(BITS)
WB_MAP2(bitwise_and_b8, uint8_t, uint8_t, WB_NOTHING, x & y)
WB_MAP2(bitwise_or_b8, uint8_t, uint8_t, WB_NOTHING, x | y)
WB_MAP2(bitwise_xor_b8, uint8_t, uint8_t, WB_NOTHING, x ^ y)
WB_MAP1(bitwise_not_b8, uint8_t, uint8_t, WB_NOTHING, x ^ 1)

#define CLASSIFY(S, T, U, D, F) \
    WB_MAP1(isnan_##S, T, uint8_t, WB_NOTHING, x != x) \
    WB_MAP1(isinf_##S, T, uint8_t, WB_NOTHING, fabs##F(x) == (T)INFINITY) \
    WB_MAP1(isfinite_##S, T, uint8_t, WB_NOTHING, fabs##F(x) < (T)INFINITY)
WB_EACH_FLOAT(CLASSIFY)

/* where(condition, x, y) and copy move elements of a size, whatever they mean. */
#define SELECT(B, T) \
    WB_RUN(where_##B) { \
        const uint8_t *c_ = (const uint8_t *)p[0]; const T *x_ = (const T *)p[1], *y_ = (const T *)p[2]; T *o_ = (T *)p[3]; (void)a; \
        WB_EACH { const T x = x_[i], y = y_[i]; o_[i] = c_[i] ? x : y; } \
    } \
    WB_LOOP(where_##B, 3, 1, sizeof(T), sizeof(T), sizeof(T)) \
    static void copy_##B(char **p, const long *s, long n, const double *a) { (void)a; wb_move(p[1], s[1], p[0], s[0], n, sizeof(T)); }
SELECT(1, uint8_t)
SELECT(2, uint16_t)
SELECT(4, uint32_t)
SELECT(8, uint64_t)
SELECT(16, wb_16)

WB_FAMILY(logic) {
#define KERNELS(S, T, U, D, F) \
    {"eq", D, WB_MAP, 0, eq_##S}, {"ne", D, WB_MAP, 0, ne_##S}, {"lt", D, WB_MAP, 0, lt_##S}, {"le", D, WB_MAP, 0, le_##S}, \
    {"gt", D, WB_MAP, 0, gt_##S}, {"ge", D, WB_MAP, 0, ge_##S}, {"logical_and", D, WB_MAP, 0, logical_and_##S}, \
    {"logical_or", D, WB_MAP, 0, logical_or_##S}, {"logical_xor", D, WB_MAP, 0, logical_xor_##S}, \
    {"logical_not", D, WB_MAP, 0, logical_not_##S},
#define BIT_KERNELS(S, T, U, D, F) \
    {"bitwise_and", D, WB_MAP, 0, bitwise_and_##S}, {"bitwise_or", D, WB_MAP, 0, bitwise_or_##S}, \
    {"bitwise_xor", D, WB_MAP, 0, bitwise_xor_##S}, {"bitwise_not", D, WB_MAP, 0, bitwise_not_##S},
#define CLASS_KERNELS(S, T, U, D, F) \
    {"isnan", D, WB_MAP, 0, isnan_##S}, {"isinf", D, WB_MAP, 0, isinf_##S}, {"isfinite", D, WB_MAP, 0, isfinite_##S},
    static const wb_kernel kernels[] = {WB_EACH_REAL(KERNELS) WB_EACH_BOOL(BIT_KERNELS) WB_EACH_INT(BIT_KERNELS) WB_EACH_FLOAT(CLASS_KERNELS)};
    wb_register_all(kernels, WB_COUNT(kernels));
    static const wb_map where_of[] = {[1] = where_1, [2] = where_2, [4] = where_4, [8] = where_8, [16] = where_16};
    static const wb_map copy_of[] = {[1] = copy_1, [2] = copy_2, [4] = copy_4, [8] = copy_8, [16] = copy_16};
    for (int d = 0; d < WB_DTYPES; d++) {
        WB_KERNEL("where", d, WB_MAP, 0, where_of[wb_itemsize[d]]);
        WB_KERNEL("copy", d, WB_MAP, 0, copy_of[wb_itemsize[d]]);
    }
}
