#pragma once
/* What the map families share. The loop of an op sees contiguous operands only; strided and broadcast ones pass through a small
   buffer, block by block. So an op is one vectorised loop, and its bits do not depend on the layout. */
#include "isa.h"

typedef void (*wb_run)(char *const *p, long n, const double *a);
enum { WB_BLOCK = 512, WB_MAP_OPERANDS = 4 };

/* In-place means the very same memory, so iterations are independent. */
#ifdef __clang__
#pragma clang diagnostic ignored "-Wpass-failed"     /* it may find that a loop does not gain from vectors */
#define WB_APART _Pragma("clang loop vectorize(assume_safety)")
#else
#define WB_APART _Pragma("GCC ivdep")
#endif
#define WB_EACH WB_APART for (long i = 0; i < n; i++)

typedef struct wb_16 { uint64_t a, b; } wb_16;

#define WB_MOVE(T) { const T *x = (const T *)from; T *y = (T *)to; \
        if (s_from == 0) { const T v = *x; if (s_to == 1) for (long i = 0; i < n; i++) y[i] = v; else for (long i = 0; i < n; i++) y[i * s_to] = v; } \
        else if (s_from == 1) for (long i = 0; i < n; i++) y[i * s_to] = x[i]; \
        else if (s_to == 1) for (long i = 0; i < n; i++) y[i] = x[i * s_from]; \
        else for (long i = 0; i < n; i++) y[i * s_to] = x[i * s_from]; } break

static inline void wb_move(char *to, long s_to, const char *from, long s_from, long n, int size) {
    if (s_to == 1 && s_from == 1) { memmove(to, from, (size_t)n * size); return; }
    if (n <= 0) return;
    switch (size) {
        case 1: WB_MOVE(uint8_t);
        case 2: WB_MOVE(uint16_t);
        case 4: WB_MOVE(uint32_t);
        case 8: WB_MOVE(uint64_t);
        default: WB_MOVE(wb_16);
    }
}

/* size: bytes of an element of each operand; the output is operand n_in. */
static __attribute__((noinline, unused)) void wb_run_blocks(wb_run run, char *const *p, const long *s, long n, const double *a, int n_in, const unsigned char *size) {
    _Alignas(64) char buffer[WB_MAP_OPERANDS][WB_BLOCK * sizeof(wb_16)];
    char *q[WB_MAP_OPERANDS];
    for (long done = 0; done < n; done += WB_BLOCK) {
        const long m = WB_MIN(n - done, (long)WB_BLOCK);
        for (int k = 0; k <= n_in; k++) {
            q[k] = s[k] == 1 ? p[k] + done * size[k] : buffer[k];
            if (s[k] == 1 || k == n_in || (s[k] == 0 && done)) continue;      /* a broadcast value is filled in once */
            wb_move(buffer[k], 1, p[k] + done * s[k] * size[k], s[k], m, size[k]);
        }
        run(q, m, a);
        if (s[n_in] != 1) wb_move(p[n_in] + done * s[n_in] * size[n_in], s[n_in], buffer[n_in], 1, m, size[n_in]);
    }
}

/* WB_LOOP(name) defines the map `name` around `name_run`. The sizes are those of the inputs and the output, in this order. */
#define WB_RUN(name) static void name##_run(char *const *p, long n, const double *a)
#define WB_LOOP(name, n_in, ...) \
    static void name(char **p, const long *s, long n, const double *a) { \
        static const unsigned char size[] = {__VA_ARGS__}; \
        int dense = 1; \
        for (int k = 0; k <= n_in; k++) dense &= s[k] == 1; \
        if (dense) name##_run(p, n, a); else wb_run_blocks(name##_run, p, s, n, a, n_in, size); \
    }

/* Maps from an expression in x (y, z): T is the type of the inputs, O of the output; `prepare` may name constants made from a. */
#define WB_MAP1(name, T, O, prepare, expression) \
    WB_RUN(name) { const T *x_ = (const T *)p[0]; O *o_ = (O *)p[1]; (void)a; prepare; WB_EACH { const T x = x_[i]; o_[i] = (O)(expression); } } \
    WB_LOOP(name, 1, sizeof(T), sizeof(O))
#define WB_MAP2(name, T, O, prepare, expression) \
    WB_RUN(name) { const T *x_ = (const T *)p[0], *y_ = (const T *)p[1]; O *o_ = (O *)p[2]; (void)a; prepare; \
        WB_EACH { const T x = x_[i], y = y_[i]; o_[i] = (O)(expression); } } \
    WB_LOOP(name, 2, sizeof(T), sizeof(T), sizeof(O))
#define WB_MAP3(name, T, O, prepare, expression) \
    WB_RUN(name) { const T *x_ = (const T *)p[0], *y_ = (const T *)p[1], *z_ = (const T *)p[2]; O *o_ = (O *)p[3]; (void)a; prepare; \
        WB_EACH { const T x = x_[i], y = y_[i], z = z_[i]; o_[i] = (O)(expression); } } \
    WB_LOOP(name, 3, sizeof(T), sizeof(T), sizeof(T), sizeof(O))
#define WB_NOTHING (void)0

/* Types: suffix, C type, the type that its arithmetic wraps in, dtype, suffix of its functions in math.h. */
#define WB_EACH_INT(X) X(u8, uint8_t, uint32_t, WB_U8, ) X(i8, int8_t, uint32_t, WB_I8, ) X(i16, int16_t, uint32_t, WB_I16, ) \
    X(i32, int32_t, uint32_t, WB_I32, ) X(i64, int64_t, uint64_t, WB_I64, )
#define WB_EACH_FLOAT(X) X(f32, float, float, WB_F32, f) X(f64, double, double, WB_F64, )

/* wb_nan_i32(x), wb_nan_f32(x) ...: whether x is not a number */
#define WB_INT_NAN(S, T, U, D, F) static inline int wb_nan_##S(T x) { (void)x; return 0; }
#define WB_FLOAT_NAN(S, T, U, D, F) static inline int wb_nan_##S(T x) { return x != x; }
WB_EACH_INT(WB_INT_NAN)
WB_EACH_FLOAT(WB_FLOAT_NAN)

#define WB_COUNT(table) (int)(sizeof(table) / sizeof *(table))
static inline void wb_register_all(const wb_kernel *k, int n) { for (int i = 0; i < n; i++) wb_register(k + i); }
