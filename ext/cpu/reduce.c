/* Sums, products, extrema, variances and norms. float32 is accumulated in float64, integers and bool in int64. */
#include "reduction.h"
#include "vmath.h"

typedef float vfh __attribute__((vector_size(VB / 2), aligned(4), may_alias));           /* as many floats as a vd has doubles */
static inline vd wide_f32(const float *p) { return __builtin_convertvector(*(const vfh *)p, vd); }
static inline vd wide_f64(const double *p) { return *(const vd *)p; }
static inline double across(vd v) { double s = v[0]; for (int k = 1; k < VD; k++) s += v[k]; return s; }

/* init, merge and the tile of `acc = step(acc, x)`, vectorised across the columns */
#define COLUMNS(name, T, A, zero, step, join) \
    static void name##_init(char *acc, long n) { A *a = (A *)acc; for (long j = 0; j < n; j++) a[j] = (A)(zero); } \
    static void name##_tile(const char *x_, long rows, long stride, long cols, char *acc) { \
        A *restrict a_ = (A *)acc; \
        const T *v = (const T *)x_; \
        for (; rows >= 4; rows -= 4, v += 4 * stride) for (long j = 0; j < cols; j++) { \
            A a = a_[j]; \
            { const T x = v[j]; a = (A)(step); } \
            { const T x = v[stride + j]; a = (A)(step); } \
            { const T x = v[2 * stride + j]; a = (A)(step); } \
            { const T x = v[3 * stride + j]; a = (A)(step); } \
            a_[j] = a; \
        } \
        for (; rows > 0; rows--, v += stride) for (long j = 0; j < cols; j++) { const T x = v[j]; const A a = a_[j]; a_[j] = (A)(step); } \
    } \
    static void name##_merge(char *acc, const char *other, long n) { \
        A *restrict a_ = (A *)acc; const A *restrict x_ = (const A *)other; \
        for (long j = 0; j < n; j++) { const A a = a_[j], x = x_[j]; a_[j] = (A)(join); } \
    }
#define STORE(name, A, O, result) \
    static void name##_store(const char *acc, char *out, long n, long stride, double count, const double *f) { \
        (void)count; (void)f; \
        for (long j = 0; j < n; j++) { const A a = ((const A *)acc)[j]; ((O *)out)[j * stride] = (O)(result); } \
    }
#define REDUCER(name, store, T, A) \
    static int store(const wb_call *c) { \
        static const wb_reducer r = {sizeof(T), sizeof(A), name##_init, name##_row, name##_tile, name##_merge, store##_store}; \
        return wb_reduce(c, &r); \
    }

/* rows of floats: vectors of doubles, several so that additions overlap; `vector` of each element is added up */
#define WIDE_ROW(name, S, T, value, vector) \
    static double name##_of_row(const T *p, long n, double m) { \
        vd s[4] = {{0}, {0}, {0}, {0}}; \
        long i = 0; \
        (void)m; \
        for (; i + 4 * VD <= n; i += 4 * VD) for (int k = 0; k < 4; k++) { const vd x = wide_##S(p + i + k * VD); s[k] += vector; } \
        for (; i + VD <= n; i += VD) { const vd x = wide_##S(p + i); s[0] += vector; } \
        double total = across((s[0] + s[1]) + (s[2] + s[3])); \
        for (; i < n; i++) { const double x = p[i]; total += value; } \
        return total; \
    }
WIDE_ROW(sum_f64, f64, double, x, x)
/* four floats are added up before they are widened, which is half the work */
static double sum_f32_of_row(const float *p, long n, double m) {
    vd s[2] = {{0}, {0}};
    long i = 0;
    (void)m;
    for (; i + 4 * VF <= n; i += 4 * VF) {
        float four[VF];
        vstore(four, (vload(p + i) + vload(p + i + VF)) + (vload(p + i + 2 * VF) + vload(p + i + 3 * VF)));
        s[0] += wide_f32(four);
        s[1] += wide_f32(four + VD);
    }
    for (; i + VD <= n; i += VD) s[0] += wide_f32(p + i);
    double total = across(s[0] + s[1]);
    for (; i < n; i++) total += p[i];
    return total;
}
static void sum_f32_four(const float *x, long stride, long cols, double *restrict acc) {
    for (long j = 0; j < cols; j++) acc[j] += (double)((x[j] + x[stride + j]) + (x[2 * stride + j] + x[3 * stride + j]));
}

#define SUMS(S, T, U, D, F) \
    WIDE_ROW(squares_##S, S, T, x * x, x * x) \
    WIDE_ROW(deviation_##S, S, T, (x - m) * (x - m), (x - m) * (x - m)) \
    static void sum_##S##_row(const char *x, long n, char *acc) { *(double *)acc += sum_##S##_of_row((const T *)x, n, 0); } \
    STORE(sum_##S##_all, double, T, a) REDUCER(sum_##S, sum_##S##_all, T, double) \
    STORE(mean_##S, double, T, a / count) REDUCER(sum_##S, mean_##S, T, double) \
    COLUMNS(norm2_##S, T, double, 0, a + (double)x * x, a + x) \
    static void norm2_##S##_row(const char *x, long n, char *acc) { *(double *)acc += squares_##S##_of_row((const T *)x, n, 0); } \
    STORE(norm2_##S, double, T, sqrt(a)) REDUCER(norm2_##S, norm2_##S, T, double) \
    COLUMNS(prod_##S, T, double, 1, a * x, a * x) \
    static void prod_##S##_row(const char *x, long n, char *acc) { \
        double s[4] = {1, 1, 1, 1}; \
        for (long i = 0; i < n; i++) s[i & 3] *= ((const T *)x)[i]; \
        *(double *)acc *= (s[0] * s[1]) * (s[2] * s[3]); \
    } \
    STORE(prod_##S, double, T, a) REDUCER(prod_##S, prod_##S, T, double)
COLUMNS(sum_f64, double, double, 0, a + x, a + x)
COLUMNS(sum_f32_one, float, double, 0, a + x, a + x)
#define sum_f32_init sum_f32_one_init
#define sum_f32_merge sum_f32_one_merge
static void sum_f32_tile(const char *x_, long rows, long stride, long cols, char *acc) {
    const float *x = (const float *)x_;
    for (; rows >= 4; rows -= 4, x += 4 * stride) sum_f32_four(x, stride, cols, (double *)acc);
    sum_f32_one_tile((const char *)x, rows, stride, cols, acc);
}
WB_EACH_FLOAT(SUMS)

/* integers and bool wrap in int64 */
#define ROW(name, T, A, zero, step, join) \
    static void name##_row(const char *x_, long n, char *acc) { \
        A a = (A)(zero); \
        for (long i = 0; i < n; i++) { const T x = ((const T *)x_)[i]; a = (A)(step); } \
        const A x = a; \
        a = *(A *)acc; \
        *(A *)acc = (A)(join); \
    }
#define SIMPLE(name, T, A, O, zero, step, join) COLUMNS(name, T, A, zero, step, join) ROW(name, T, A, zero, step, join) \
    STORE(name, A, O, a) REDUCER(name, name, T, A)
#define INTEGER_SUMS(S, T, U, D, F) \
    SIMPLE(sum_##S, T, uint64_t, int64_t, 0, a + (uint64_t)(int64_t)x, a + x) \
    SIMPLE(prod_##S, T, uint64_t, int64_t, 1, a * (uint64_t)(int64_t)x, a * x)
#define WB_BOOLEAN(X) X(b8, uint8_t, uint32_t, WB_BOOL, )
WB_EACH_INT(INTEGER_SUMS)
WB_BOOLEAN(INTEGER_SUMS)

#define TRUTH(S, T, U, D, F) \
    SIMPLE(any_##S, T, uint8_t, uint8_t, 0, a | (x != 0), a | x) \
    SIMPLE(all_##S, T, uint8_t, uint8_t, 1, a & (x != 0), a & x) \
    SIMPLE(count_nonzero_##S, T, int64_t, int64_t, 0, a + (x != 0), a + x)
WB_EACH_INT(TRUTH)
WB_BOOLEAN(TRUTH)
WB_EACH_FLOAT(TRUTH)

/* extrema: NaN wins and stays */
#define EXTREMA(S, T, lowest, highest) \
    SIMPLE(amax_##S, T, T, T, lowest, x > a ? x : a, x > a ? x : a) \
    SIMPLE(amin_##S, T, T, T, highest, x < a ? x : a, x < a ? x : a)
EXTREMA(b8, uint8_t, 0, 1)
EXTREMA(u8, uint8_t, 0, UINT8_MAX)
EXTREMA(i8, int8_t, INT8_MIN, INT8_MAX)
EXTREMA(i16, int16_t, INT16_MIN, INT16_MAX)
EXTREMA(i32, int32_t, INT32_MIN, INT32_MAX)
EXTREMA(i64, int64_t, INT64_MIN, INT64_MAX)
#define WINS(x, a, OP) (((x) OP (a)) | ((x) != (x)))
#define FLOAT_EXTREMUM(name, S, T, V, zero, OP) \
    COLUMNS(name, T, T, zero, WINS(x, a, OP) ? x : a, WINS(x, a, OP) ? x : a) \
    static inline V name##_both(V x, V a) { const __typeof__(x > x) m = WINS(x, a, OP); return (V)((m & (__typeof__(m))x) | (~m & (__typeof__(m))a)); } \
    static T name##_of_row(const T *p, long n, T a) { \
        enum { L = sizeof(V) / sizeof(T) }; \
        if (n < L) { \
            for (long i = 0; i < n; i++) { const T x = p[i]; a = WINS(x, a, OP) ? x : a; } \
            return a; \
        } \
        const V end = *(const V *)(p + n - L);                       /* what is left over, and some of what is not */ \
        V s[4] = {end, end, end, end}; \
        long i = 0; \
        for (; i + 4 * L <= n; i += 4 * L) for (int k = 0; k < 4; k++) s[k] = name##_both(*(const V *)(p + i + k * L), s[k]); \
        for (; i + L <= n; i += L) s[0] = name##_both(*(const V *)(p + i), s[0]); \
        T t[L]; \
        *(V *)t = name##_both(name##_both(s[0], s[1]), name##_both(s[2], s[3])); \
        for (int w = L / 2; w; w /= 2) for (int k = 0; k < w; k++) t[k] = WINS(t[k + w], t[k], OP) ? t[k + w] : t[k]; \
        return WINS(t[0], a, OP) ? t[0] : a; \
    } \
    static void name##_row(const char *x, long n, char *acc) { *(T *)acc = name##_of_row((const T *)x, n, *(T *)acc); } \
    STORE(name, T, T, a) REDUCER(name, name, T, T)
FLOAT_EXTREMUM(amax_f32, f32, float, vf, -INFINITY, >)
FLOAT_EXTREMUM(amin_f32, f32, float, vf, INFINITY, <)
FLOAT_EXTREMUM(amax_f64, f64, double, vd, -INFINITY, >)
FLOAT_EXTREMUM(amin_f64, f64, double, vd, INFINITY, <)

/* variance: two passes over what fits the cache, pieces merged after Chan, Golub and LeVeque (1979) */
typedef struct moments { double n, mean, m2; } moments;
static inline void add_moments(moments *a, double n, double mean, double m2) {
    const double total = a->n + n, delta = mean - a->mean;
    if (n == 0) return;
    a->mean += delta * (n / total);
    a->m2 += m2 + delta * delta * (a->n * n / total);
    a->n = total;
}
static void var_init(char *acc, long n) { memset(acc, 0, (size_t)n * sizeof(moments)); }
static void var_merge(char *acc, const char *other, long n) {
    for (long j = 0; j < n; j++) { const moments b = ((const moments *)other)[j]; add_moments((moments *)acc + j, b.n, b.mean, b.m2); }
}
enum { VAR_ROW = 4096, VAR_ROWS = 64 };
#define VARIANCE(S, T, U, D, F) \
    static void var_##S##_row(const char *x, long n, char *acc) { \
        for (long i = 0; i < n; i += VAR_ROW) { \
            const T *p = (const T *)x + i; \
            const long m = WB_MIN(n - i, (long)VAR_ROW); \
            const double mean = sum_##S##_of_row(p, m, 0) / (double)m; \
            add_moments((moments *)acc, (double)m, mean, deviation_##S##_of_row(p, m, mean)); \
        } \
    } \
    static void var_##S##_tile(const char *x_, long rows, long stride, long cols, char *acc) { \
        double mean[WB_COLS], m2[WB_COLS]; \
        for (long first = 0; first < rows; first += VAR_ROWS) { \
            const long m = WB_MIN(rows - first, (long)VAR_ROWS); \
            const T *x = (const T *)x_ + first * stride; \
            for (long j = 0; j < cols; j++) mean[j] = m2[j] = 0; \
            for (long i = 0; i < m; i++) for (long j = 0; j < cols; j++) mean[j] += x[i * stride + j]; \
            for (long j = 0; j < cols; j++) mean[j] /= (double)m; \
            for (long i = 0; i < m; i++) for (long j = 0; j < cols; j++) { const double d = x[i * stride + j] - mean[j]; m2[j] += d * d; } \
            for (long j = 0; j < cols; j++) add_moments((moments *)acc + j, (double)m, mean[j], m2[j]); \
        } \
    } \
    static void var_##S##_store(const char *acc, char *out, long n, long stride, double count, const double *f) { \
        for (long j = 0; j < n; j++) ((T *)out)[j * stride] = (T)(((const moments *)acc)[j].m2 / WB_MAX(count - f[0], 0.0)); \
    } \
    static int var_##S(const wb_call *c) { \
        static const wb_reducer r = {sizeof(T), sizeof(moments), var_init, var_##S##_row, var_##S##_tile, var_merge, var_##S##_store}; \
        return wb_reduce(c, &r); \
    }
WB_EACH_FLOAT(VARIANCE)

/* log of the sum of exponentials: sum e^(x - shift), shift being the greatest x where that is finite */
typedef struct exponentials { double top, sum; } exponentials;
static inline double shift_of(double top) { return fabs(top) < INFINITY ? top : 0; }
static void logsumexp_init(char *acc, long n) { for (long j = 0; j < n; j++) ((exponentials *)acc)[j] = (exponentials){-INFINITY, 0}; }
static inline void add_exponentials(exponentials *a, double top, double sum) {
    const double both = WINS(top, a->top, >) ? top : a->top, shift = shift_of(both);
    const double mine = a->sum != 0 ? a->sum * exp(shift_of(a->top) - shift) : 0, its = sum != 0 ? sum * exp(shift_of(top) - shift) : 0;
    *a = (exponentials){both, mine + its};
}
static void logsumexp_merge(char *acc, const char *other, long n) {
    for (long j = 0; j < n; j++) { const exponentials b = ((const exponentials *)other)[j]; add_exponentials((exponentials *)acc + j, b.top, b.sum); }
}
static double exponentials_f32(const float *x, long n, float shift) {
    vf s = {0};
    long i = 0;
    for (; i + VF <= n; i += VF) s += vexp(vload(x + i) - shift);
    double total = vsum(s);
    for (; i < n; i++) total += vexp(vset(x[i] - shift))[0];
    return total;
}
static double exponentials_f64(const double *x, long n, double shift) {
    double total = 0;
    for (long i = 0; i < n; i++) total += exp(x[i] - shift);
    return total;
}
/* across the columns: vectors of float32, one column after the other of float64 */
static void logsumexp_f32_tile(const char *x_, long rows, long stride, long cols, char *acc) {
    for (long first = 0; first < rows; first += WB_BLOCK) for (long j = 0; j < cols; j += VF) {
        const float *x = (const float *)x_ + first * stride + j;
        const long m = WB_MIN(rows - first, (long)WB_BLOCK), lanes = WB_MIN(cols - j, (long)VF);
        vf top = vset(-INFINITY), sum = {0};
        for (long i = 0; i < m; i++) top = amax_f32_both(lanes == VF ? vload(x + i * stride) : vload_n(x + i * stride, lanes), top);
        const vf shift = vsel(vabs(top) < INFINITY, top, vset(0.0f));
        for (long i = 0; i < m; i++) sum += vexp((lanes == VF ? vload(x + i * stride) : vload_n(x + i * stride, lanes)) - shift);
        for (long l = 0; l < lanes; l++) add_exponentials((exponentials *)acc + j + l, top[l], sum[l]);
    }
}
static void logsumexp_f64_row(const char *x, long n, char *acc);
static void logsumexp_f64_tile(const char *x, long rows, long stride, long cols, char *acc) {
    double column[WB_BLOCK];
    for (long first = 0; first < rows; first += WB_BLOCK) for (long j = 0; j < cols; j++) {
        const long m = WB_MIN(rows - first, (long)WB_BLOCK);
        wb_move((char *)column, 1, x + (first * stride + j) * 8, stride, m, 8);
        logsumexp_f64_row((const char *)column, m, acc + j * (long)sizeof(exponentials));
    }
}
#define LOGSUMEXP(S, T, U, D, F) \
    static void logsumexp_##S##_row(const char *x, long n, char *acc) { \
        for (long i = 0; i < n; i += WB_BLOCK) { \
            const T *p = (const T *)x + i; \
            const long m = WB_MIN(n - i, (long)WB_BLOCK); \
            const T top = amax_##S##_of_row(p, m, -INFINITY); \
            add_exponentials((exponentials *)acc, top, exponentials_##S(p, m, (T)shift_of(top))); \
        } \
    } \
    STORE(logsumexp_##S, exponentials, T, log(a.sum) + shift_of(a.top)) \
    static int logsumexp_##S(const wb_call *c) { \
        static const wb_reducer r = {sizeof(T), sizeof(exponentials), logsumexp_init, logsumexp_##S##_row, logsumexp_##S##_tile, logsumexp_merge, \
                                     logsumexp_##S##_store}; \
        return wb_reduce(c, &r); \
    }
WB_EACH_FLOAT(LOGSUMEXP)

WB_FAMILY(reduce) {
#define EVERY(S, T, U, D, F) \
    {"amax", D, WB_CALL, WB_STRIDED, amax_##S}, {"amin", D, WB_CALL, WB_STRIDED, amin_##S}, {"any", D, WB_CALL, WB_STRIDED, any_##S}, \
    {"all", D, WB_CALL, WB_STRIDED, all_##S}, {"count_nonzero", D, WB_CALL, WB_STRIDED, count_nonzero_##S}, \
    {"prod", D, WB_CALL, WB_STRIDED, prod_##S},
#define WHOLE(S, T, U, D, F) {"sum", D, WB_CALL, WB_STRIDED, sum_##S},
#define REAL(S, T, U, D, F) \
    {"sum", D, WB_CALL, WB_STRIDED, sum_##S##_all}, {"mean", D, WB_CALL, WB_STRIDED, mean_##S}, {"norm2", D, WB_CALL, WB_STRIDED, norm2_##S}, \
    {"var", D, WB_CALL, WB_STRIDED, var_##S}, {"logsumexp", D, WB_CALL, WB_STRIDED, logsumexp_##S},
    static const wb_kernel kernels[] = {
        WB_BOOLEAN(EVERY) WB_EACH_INT(EVERY) WB_EACH_FLOAT(EVERY) WB_BOOLEAN(WHOLE) WB_EACH_INT(WHOLE) WB_EACH_FLOAT(REAL)
    };
    wb_register_all(kernels, WB_COUNT(kernels));
}
