/* Running sums, products and extremes, and the places of extremes, along one dimension of a row-major tensor: outer x n x inner. */
#include "map.h"

enum { SCAN_COLS = 64, SCAN_WORK = 1 << 14 };

typedef struct lines { const wb_call *c; long outer, n, inner, chunks, block; } lines;

static inline int line_plan(const wb_call *c, int dim, lines *l) {
    const wb_array *in = c->in[0];
    *l = (lines){.c = c, .outer = 1, .n = in->ndim ? in->shape[dim] : 1, .inner = 1};
    for (int d = 0; d < dim; d++) l->outer *= in->shape[d];
    for (int d = dim + 1; d < in->ndim; d++) l->inner *= in->shape[d];
    l->chunks = (l->inner + SCAN_COLS - 1) / SCAN_COLS;
    l->block = WB_MAX(1, SCAN_WORK / WB_MAX(1, l->n * WB_MIN(l->inner, (long)SCAN_COLS)));
    return in->n > 0;
}
static inline int line_run(wb_task task, lines *l) { return wb_pool_run(task, l, (l->outer * l->chunks + l->block - 1) / l->block); }

/* for each unit of a part: `cols` neighbouring lines whose first elements are at `at`, neighbours in a line being `inner` apart */
#define EACH_UNIT \
    const lines *l = arg; \
    const long inner = l->inner; \
    for (long u = part * l->block; u < WB_MIN((part + 1) * l->block, l->outer * l->chunks); u++) \
        for (long first = u % l->chunks * SCAN_COLS, cols = WB_MIN((long)SCAN_COLS, inner - first), at = u / l->chunks * l->n * inner + first, once = 1; once; once = 0)

#define SCAN(name, S, T, A, zero, step) \
    static int name##_part_##S(void *arg, long part) { \
        EACH_UNIT { \
            const T *x_ = (const T *)l->c->in[0]->data + at; \
            T *y_ = (T *)l->c->out[0]->data + at; \
            if (inner == 1) { \
                A a = zero; \
                for (long i = 0; i < l->n; i++) { const T x = x_[i]; y_[i] = (T)(a = step); } \
                continue; \
            } \
            A acc[SCAN_COLS]; \
            for (long k = 0; k < cols; k++) acc[k] = zero; \
            for (long i = 0; i < l->n; i++) for (long k = 0; k < cols; k++) { \
                const T x = x_[i * inner + k]; \
                const A a = acc[k]; \
                y_[i * inner + k] = (T)(acc[k] = step); \
            } \
        } \
        return WB_OK; \
    } \
    static int name##_##S(const wb_call *c) { lines l; return line_plan(c, (int)c->i[0], &l) ? line_run(name##_part_##S, &l) : WB_OK; }
#define RUNNING(S, T, U, D, F) \
    SCAN(cumsum, S, T, U, 0, a + (U)x) \
    SCAN(cumprod, S, T, U, 1, a * (U)x)
WB_EACH_INT(RUNNING)
SCAN(cumsum, f32, float, double, 0, a + x)
SCAN(cumprod, f32, float, double, 1, a * x)
SCAN(cumsum, f64, double, double, 0, a + x)
SCAN(cumprod, f64, double, double, 1, a * x)

/* running extremes with their places: the last of equal ones, and of NaN */
#define RUNNING_EXTREME(name, S, T, OP) \
    static int name##_part_##S(void *arg, long part) { \
        EACH_UNIT { \
            const T *x_ = (const T *)l->c->in[0]->data + at; \
            T *y_ = (T *)l->c->out[0]->data + at; \
            int64_t *p_ = (int64_t *)l->c->out[1]->data + at; \
            T best[SCAN_COLS]; \
            int64_t place[SCAN_COLS]; \
            for (long k = 0; k < cols; k++) { best[k] = x_[k]; place[k] = 0; } \
            for (long i = 0; i < l->n; i++) for (long k = 0; k < cols; k++) { \
                const T x = x_[i * inner + k]; \
                const int take = (x OP best[k]) | wb_nan_##S(x); \
                y_[i * inner + k] = best[k] = take ? x : best[k]; \
                p_[i * inner + k] = place[k] = take ? i : place[k]; \
            } \
        } \
        return WB_OK; \
    } \
    static int name##_##S(const wb_call *c) { lines l; return line_plan(c, (int)c->i[0], &l) ? line_run(name##_part_##S, &l) : WB_OK; }
#define RUNNING_EXTREMES(S, T, U, D, F) RUNNING_EXTREME(cummax, S, T, >=) RUNNING_EXTREME(cummin, S, T, <=)
WB_EACH_INT(RUNNING_EXTREMES)
WB_EACH_FLOAT(RUNNING_EXTREMES)

/* the first extreme of each line and its place; the first NaN wins. i[1]: the dimension, -1 for all of the tensor as one line */
#define FIRST_EXTREME(name, S, T, OP) \
    static int name##_part_##S(void *arg, long part) { \
        EACH_UNIT { \
            const T *x_ = (const T *)l->c->in[0]->data + at; \
            const long to = u / l->chunks * inner + first; \
            T best[SCAN_COLS] = {x_[0]}; \
            int64_t place[SCAN_COLS] = {0}; \
            for (long k = 1; k < cols; k++) best[k] = x_[k]; \
            if (inner == 1) { \
                T b = best[0]; \
                for (long i = 1; i < l->n; i++) if ((x_[i] OP b) | (wb_nan_##S(x_[i]) & !wb_nan_##S(b))) { b = x_[i]; place[0] = i; } \
                best[0] = b; \
            } else for (long i = 1; i < l->n; i++) for (long k = 0; k < cols; k++) { \
                const T x = x_[i * inner + k]; \
                const int take = (x OP best[k]) | (wb_nan_##S(x) & !wb_nan_##S(best[k])); \
                best[k] = take ? x : best[k]; \
                place[k] = take ? i : place[k]; \
            } \
            int64_t *p_ = (int64_t *)l->c->out[l->c->n_out - 1]->data + to; \
            for (long k = 0; k < cols; k++) p_[k] = place[k]; \
            if (l->c->n_out == 2) for (long k = 0; k < cols; k++) ((T *)l->c->out[0]->data)[to + k] = best[k]; \
        } \
        return WB_OK; \
    } \
    static int name##_##S(const wb_call *c) { \
        lines l; \
        if (!line_plan(c, c->i[1] < 0 ? 0 : (int)c->i[1], &l)) return WB_OK; \
        if (c->i[1] < 0) l = (lines){.c = c, .outer = 1, .n = c->in[0]->n, .inner = 1, .chunks = 1, .block = 1}; \
        return line_run(name##_part_##S, &l); \
    }
#define FIRST_EXTREMES(S, T, U, D, F) FIRST_EXTREME(first_max, S, T, >) FIRST_EXTREME(first_min, S, T, <)
WB_EACH_INT(FIRST_EXTREMES)
WB_EACH_FLOAT(FIRST_EXTREMES)

WB_FAMILY(scan) {
#define KERNELS(S, T, U, D, F) \
    {"cumsum", D, WB_CALL, 0, cumsum_##S}, {"cumprod", D, WB_CALL, 0, cumprod_##S}, {"cummax", D, WB_CALL, 0, cummax_##S}, \
    {"cummin", D, WB_CALL, 0, cummin_##S}, {"argmax", D, WB_CALL, 0, first_max_##S}, {"argmin", D, WB_CALL, 0, first_min_##S}, \
    {"max_dim", D, WB_CALL, 0, first_max_##S}, {"min_dim", D, WB_CALL, 0, first_min_##S},
    static const wb_kernel kernels[] = {WB_EACH_INT(KERNELS) WB_EACH_FLOAT(KERNELS)};
    wb_register_all(kernels, WB_COUNT(kernels));
}
