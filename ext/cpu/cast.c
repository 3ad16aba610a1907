/* Conversions between all pairs of dtypes, with C's meaning: floats are cut to integers, anything but zero is true, the imaginary part
   is dropped. float16 and bfloat16 are rounded to nearest even. */
#include "map.h"

typedef _Complex float c32;
typedef _Complex double c64;

static inline float from_bf16(uint16_t h) { const uint32_t b = (uint32_t)h << 16; float f; memcpy(&f, &b, 4); return f; }
static inline uint16_t to_bf16(float f) {
    uint32_t b;
    memcpy(&b, &f, 4);
    const uint32_t rounded = (b + 0x7fff + (b >> 16 & 1)) >> 16;
    return (uint16_t)((b & 0x7fffffff) > 0x7f800000 ? (b >> 16 | 0x40) : rounded);
}
/* Multiplication by a power of two moves the exponent and normalises subnormal numbers (and the reverse). */
static inline float from_f16(uint16_t h) {
    const uint32_t magnitude = (uint32_t)(h & 0x7fff) << 13;
    float f;
    memcpy(&f, &magnitude, 4);
    f *= 0x1p112f;
    uint32_t b;
    memcpy(&b, &f, 4);
    b |= (h & 0x7c00) == 0x7c00 ? 0x7f800000 : 0;
    b |= (uint32_t)(h & 0x8000) << 16;
    memcpy(&f, &b, 4);
    return f;
}
static inline uint16_t to_f16(float f) {
    uint32_t b;
    memcpy(&b, &f, 4);
    const uint32_t sign = b >> 16 & 0x8000, m = b & 0x7fffffff;
    const uint32_t normal = (m + 0xfff + (m >> 13 & 1) - 0x38000000) >> 13;
    float tiny;                                                       /* adding 0.5 leaves the rounded subnormal in the low bits */
    memcpy(&tiny, &m, 4);
    tiny += 0.5f;
    uint32_t t;
    memcpy(&t, &tiny, 4);
    const uint32_t finite = m < 0x38800000 ? t - 0x3f000000 : normal;
    return (uint16_t)(sign | (m > 0x7f800000 ? 0x7e00 : m >= 0x477ff000 ? 0x7c00 : finite));
}
/* how a value of each dtype is read ... */
#define GET_b8(v) (v)
#define GET_u8(v) (v)
#define GET_i8(v) (v)
#define GET_i16(v) (v)
#define GET_i32(v) (v)
#define GET_i64(v) (v)
#define GET_f16(v) from_f16(v)
#define GET_bf16(v) from_bf16(v)
#define GET_f32(v) (v)
#define GET_f64(v) (v)
#define GET_c64(v) (v)
#define GET_c128(v) (v)
/* ... and written; narrow integers take floats by way of int32, whose conversion is one instruction */
#define NARROW(T, v) _Generic((v), float: (T)(int32_t)(v), double: (T)(int32_t)(v), c32: (T)(int32_t)(v), c64: (T)(int32_t)(v), default: (T)(v))
#define PUT_b8(v) ((v) != 0)
#define PUT_u8(v) NARROW(uint8_t, v)
#define PUT_i8(v) NARROW(int8_t, v)
#define PUT_i16(v) NARROW(int16_t, v)
#define PUT_i32(v) ((int32_t)(v))
#define PUT_i64(v) ((int64_t)(v))
#define PUT_f16(v) to_f16((float)(v))
#define PUT_bf16(v) to_bf16((float)(v))
#define PUT_f32(v) ((float)(v))
#define PUT_f64(v) ((double)(v))
#define PUT_c64(v) ((c32)(v))
#define PUT_c128(v) ((c64)(v))

#define EACH_DTYPE(X, ...) X(b8, uint8_t, WB_BOOL, __VA_ARGS__) X(u8, uint8_t, WB_U8, __VA_ARGS__) X(i8, int8_t, WB_I8, __VA_ARGS__) \
    X(i16, int16_t, WB_I16, __VA_ARGS__) X(i32, int32_t, WB_I32, __VA_ARGS__) X(i64, int64_t, WB_I64, __VA_ARGS__) \
    X(f16, uint16_t, WB_F16, __VA_ARGS__) X(bf16, uint16_t, WB_BF16, __VA_ARGS__) X(f32, float, WB_F32, __VA_ARGS__) \
    X(f64, double, WB_F64, __VA_ARGS__) X(c64, c32, WB_C64, __VA_ARGS__) X(c128, c64, WB_C128, __VA_ARGS__)

#define CAST(S, T, D, TO, TT, DD) WB_MAP1(cast_##S##_##TO, T, TT, WB_NOTHING, PUT_##TO(GET_##S(x)))
EACH_DTYPE(CAST, b8, uint8_t, WB_BOOL)
EACH_DTYPE(CAST, u8, uint8_t, WB_U8)
EACH_DTYPE(CAST, i8, int8_t, WB_I8)
EACH_DTYPE(CAST, i16, int16_t, WB_I16)
EACH_DTYPE(CAST, i32, int32_t, WB_I32)
EACH_DTYPE(CAST, i64, int64_t, WB_I64)
EACH_DTYPE(CAST, f16, uint16_t, WB_F16)
EACH_DTYPE(CAST, bf16, uint16_t, WB_BF16)
EACH_DTYPE(CAST, f32, float, WB_F32)
EACH_DTYPE(CAST, f64, double, WB_F64)
EACH_DTYPE(CAST, c64, c32, WB_C64)
EACH_DTYPE(CAST, c128, c64, WB_C128)

WB_FAMILY(cast) {
#define ROW(S, T, D, TO, DD) {D, DD, cast_##S##_##TO},
    static const struct { int from, to; wb_map fn; } casts[] = {
        EACH_DTYPE(ROW, b8, WB_BOOL) EACH_DTYPE(ROW, u8, WB_U8) EACH_DTYPE(ROW, i8, WB_I8) EACH_DTYPE(ROW, i16, WB_I16)
        EACH_DTYPE(ROW, i32, WB_I32) EACH_DTYPE(ROW, i64, WB_I64) EACH_DTYPE(ROW, f16, WB_F16) EACH_DTYPE(ROW, bf16, WB_BF16)
        EACH_DTYPE(ROW, f32, WB_F32) EACH_DTYPE(ROW, f64, WB_F64) EACH_DTYPE(ROW, c64, WB_C64) EACH_DTYPE(ROW, c128, WB_C128)
    };
    for (int i = 0; i < WB_COUNT(casts); i++) wb_register_cast(casts[i].from, casts[i].to, casts[i].fn);
}
