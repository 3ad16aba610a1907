/* Elements in another order: sort and topk along a dimension, flip, and the triangles of matrices. Inputs are row-major. */
#include "map.h"

enum { ORDER_WORK = 1 << 12, RUN = 12 /* sorted by insertion before merging */, KEEP = 64 /* topk by selection up to here */ };

/* Lines along a dimension, outer x n x inner. NaN counts as the largest, and equal elements stay in their order. */
typedef struct sorting { const wb_call *c; long n, inner, k, total, block; int descending; } sorting;

#define SORT(S, T, U, D, F) \
    typedef struct pair_##S { T v; int64_t at; } pair_##S; \
    static inline int before_##S(T x, T y) { return (x < y) | (wb_nan_##S(y) > wb_nan_##S(x)); } \
    static inline int first_##S(pair_##S x, pair_##S y, int descending) { return descending ? before_##S(y.v, x.v) : before_##S(x.v, y.v); } \
    static pair_##S *merged_##S(pair_##S *a, pair_##S *b, long n, int descending) { \
        for (long lo = 0; lo < n; lo += RUN) for (long i = lo + 1; i < WB_MIN(lo + RUN, n); i++) { \
            const pair_##S x = a[i]; \
            long k = i; \
            for (; k > lo && first_##S(x, a[k - 1], descending); k--) a[k] = a[k - 1]; \
            a[k] = x; \
        } \
        for (long width = RUN; width < n; width *= 2) { \
            for (long lo = 0; lo < n; lo += 2 * width) { \
                long i = lo, k = WB_MIN(lo + width, n), o = lo; \
                const long mid = k, hi = WB_MIN(lo + 2 * width, n); \
                while (i < mid && k < hi) b[o++] = first_##S(a[k], a[i], descending) ? a[k++] : a[i++]; \
                while (i < mid) b[o++] = a[i++]; \
                while (k < hi) b[o++] = a[k++]; \
            } \
            pair_##S *t = a; a = b; b = t; \
        } \
        return a; \
    } \
    /* the first k of the order, kept sorted while the line passes by */ \
    static void selected_##S(const T *x, long stride, long n, pair_##S *best, long k, int descending) { \
        long have = 0; \
        for (long i = 0; i < n; i++) { \
            const pair_##S p = {x[i * stride], i}; \
            if (have == k && !first_##S(p, best[k - 1], descending)) continue; \
            long at = have < k ? have++ : k - 1; \
            for (; at > 0 && first_##S(p, best[at - 1], descending); at--) best[at] = best[at - 1]; \
            best[at] = p; \
        } \
    } \
    static int sort_part_##S(void *arg, long part) { \
        const sorting *s = arg; \
        const int select = s->k <= KEEP && s->k * 4 <= s->n; \
        const size_t bytes = (size_t)(select ? s->k : 2 * s->n) * sizeof(pair_##S); \
        pair_##S *made = wb_alloc(bytes); \
        if (!made) return WB_NO_MEMORY; \
        for (long line = part * s->block; line < WB_MIN((part + 1) * s->block, s->total); line++) { \
            const T *x = (const T *)s->c->in[0]->data + line / s->inner * s->n * s->inner + line % s->inner; \
            const long to = line / s->inner * s->k * s->inner + line % s->inner; \
            pair_##S *p = made; \
            if (select) selected_##S(x, s->inner, s->n, p, s->k, s->descending); \
            else { \
                for (long i = 0; i < s->n; i++) p[i] = (pair_##S){x[i * s->inner], i}; \
                p = merged_##S(p, p + s->n, s->n, s->descending); \
            } \
            for (long i = 0; i < s->k; i++) { \
                ((T *)s->c->out[0]->data)[to + i * s->inner] = p[i].v; \
                ((int64_t *)s->c->out[1]->data)[to + i * s->inner] = p[i].at; \
            } \
        } \
        wb_free(made, bytes); \
        return WB_OK; \
    } \
    static int sort_##S(const wb_call *c) { return order(c, (int)c->i[0], -1, (int)c->i[1], sort_part_##S); } \
    static int topk_##S(const wb_call *c) { return order(c, (int)c->i[1], c->i[0], (int)c->i[2], sort_part_##S); }
static int order(const wb_call *c, int dim, long k, int descending, wb_task task) {
    const wb_array *in = c->in[0];
    if (!in->ndim) return WB_UNSUPPORTED;
    if (!c->out[0]->n) return WB_OK;
    sorting s = {.c = c, .n = in->shape[dim], .inner = 1, .descending = descending};
    for (int d = dim + 1; d < in->ndim; d++) s.inner *= in->shape[d];
    s.k = k < 0 ? s.n : k;
    s.total = in->n / s.n;
    s.block = WB_MAX(1, ORDER_WORK / s.n);
    return wb_pool_run(task, &s, (s.total + s.block - 1) / s.block);
}
WB_EACH_INT(SORT)
WB_EACH_FLOAT(SORT)

/* flip: i[0] is the bit mask of the reversed dimensions */
static int flip(const wb_call *c) {
    const wb_array *in = c->in[0];
    const int last = in->ndim - 1;
    if (!in->ndim) return WB_UNSUPPORTED;
    const long n = in->shape[last], lines = n ? in->n / n : 0;
    const int size = (int)wb_itemsize[in->dtype], reversed = c->i[0] >> last & 1;
    for (long l = 0; l < lines; l++) {
        long rest = l, from = 0;
        for (int d = last - 1; d >= 0; d--) {
            const long k = rest % in->shape[d];
            rest /= in->shape[d];
            from += (c->i[0] >> d & 1 ? in->shape[d] - 1 - k : k) * in->strides[d];
        }
        const char *x = in->data + from * size;
        char *y = c->out[0]->data + l * n * size;
        if (reversed) wb_move(y, 1, x + (n - 1) * size, -1, n, size); else memcpy(y, x, (size_t)(n * size));
    }
    return WB_OK;
}

/* tril, triu: i[0] is the diagonal that limits what is kept */
static int triangle(const wb_call *c, int upper) {
    const wb_array *in = c->in[0];
    const long rows = in->shape[in->ndim - 2], n = in->shape[in->ndim - 1], size = wb_itemsize[in->dtype];
    for (long r = 0; n && r < in->n / n; r++) {
        const long edge = r % rows + c->i[0] + !upper, cut = WB_MAX(0, WB_MIN(edge, n));      /* lower: before it, upper: from it on */
        char *y = c->out[0]->data + r * n * size;
        memcpy(y, in->data + r * n * size, (size_t)(n * size));
        if (upper) memset(y, 0, (size_t)(cut * size)); else memset(y + cut * size, 0, (size_t)((n - cut) * size));
    }
    return WB_OK;
}
static int tril(const wb_call *c) { return triangle(c, 0); }
static int triu(const wb_call *c) { return triangle(c, 1); }

WB_FAMILY(order) {
#define SORTS(S, T, U, D, F) WB_KERNEL("sort", D, WB_CALL, 0, sort_##S); WB_KERNEL("topk", D, WB_CALL, 0, topk_##S);
    WB_EACH_INT(SORTS)
    WB_EACH_FLOAT(SORTS)
    for (int d = 0; d < WB_DTYPES; d++) {
        WB_KERNEL("flip", d, WB_CALL, 0, flip);
        WB_KERNEL("tril", d, WB_CALL, 0, tril);
        WB_KERNEL("triu", d, WB_CALL, 0, triu);
    }
}
