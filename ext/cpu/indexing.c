/* Elements and slices chosen by index, and put or added by index. Indices are int64 or int32, checked before anything is written; inputs are
   row-major. Additions to one place happen in the order of the index for any number of threads: parts own what they add to. */
#include "map.h"

enum { INDEX_COLS = 64 /* columns of a part that adds rows */, INDEX_WORK = 1 << 14 /* elements worth a part */ };

/* the indices as int64, and whether all are in [0, size) */
typedef struct whole { const int64_t *at; long n; void *made; } whole;
static int whole_of(const wb_array *index, long size, whole *w) {
    w->n = index->n;
    w->made = NULL;
    w->at = (const int64_t *)index->data;
    if (index->dtype == WB_I32) {
        int64_t *copy = w->made = wb_alloc((size_t)w->n * sizeof *copy);
        if (!copy) return WB_NO_MEMORY;
        for (long i = 0; i < w->n; i++) copy[i] = ((const int32_t *)index->data)[i];
        w->at = copy;
    } else if (index->dtype != WB_I64) return WB_UNSUPPORTED;
    uint64_t outside = 0;
    for (long i = 0; i < w->n; i++) outside |= (uint64_t)w->at[i] >= (uint64_t)size;
    return outside ? WB_BAD_INDEX : WB_OK;
}
static void whole_free(whole *w) { if (w->made) wb_free(w->made, (size_t)w->n * sizeof(int64_t)); }

static inline long product(const long *shape, int from, int to) { long n = 1; for (int d = from; d < to; d++) n *= shape[d]; return n; }

/* One job of any of the ops: outer x (size along dim) x inner on the side of the table, outer x n x inner on the side of the index. */
typedef struct job {
    const wb_call *c;
    whole w;
    long outer, size, inner, rows;                                    /* rows: of a part */
    long skip;                                                        /* an index that adds nothing, or -1 */
    double alpha;
    const char *source;
    int dim;
} job;

/* rows of `inner` elements copied from in[0] */
static int take_part(void *arg, long part) {
    const job *j = arg;
    const long total = j->outer * j->w.n, last = WB_MIN((part + 1) * j->rows, total);
    const size_t bytes = (size_t)j->inner * (size_t)wb_itemsize[j->c->out[0]->dtype];
    const char *in = j->c->in[0]->data;
    char *out = j->c->out[0]->data;
    long o = part * j->rows / j->w.n, k = part * j->rows % j->w.n;
    for (long r = part * j->rows; r < last; r++) {
        const char *from = in + (size_t)(o * j->size + j->w.at[k]) * bytes;
        char *to = out + (size_t)r * bytes;
        if (bytes == 4) memcpy(to, from, 4);
        else if (bytes == 8) memcpy(to, from, 8);
        else memcpy(to, from, bytes);
        if (++k == j->w.n) { k = 0; o++; }
    }
    return WB_OK;
}
static int take(const wb_call *c, int dim) {
    job j = {.c = c, .outer = product(c->in[0]->shape, 0, dim), .size = c->in[0]->shape[dim], .inner = product(c->in[0]->shape, dim + 1, c->in[0]->ndim)};
    int code = whole_of(c->in[1], j.size, &j.w);
    if (code == WB_OK && c->out[0]->n) {
        j.rows = WB_MAX(1, INDEX_WORK / j.inner);
        code = wb_pool_run(take_part, &j, (j.outer * j.w.n + j.rows - 1) / j.rows);
    }
    whole_free(&j.w);
    return code;
}
static int index_select(const wb_call *c) { return c->in[0]->ndim ? take(c, (int)c->i[0]) : WB_UNSUPPORTED; }
static int embedding(const wb_call *c) { return take(c, 0); }

/* adds alpha times rows of the source to those of the output that the index names; a part owns some columns of one outer slice */
#define ADD_ROWS(S, T, U, D, F) \
    static int add_rows_##S(void *arg, long part) { \
        const job *j = arg; \
        const long chunks = (j->inner + INDEX_COLS - 1) / INDEX_COLS, first = part % chunks * INDEX_COLS, cols = WB_MIN((long)INDEX_COLS, j->inner - first); \
        const T *source = (const T *)j->source + part / chunks * j->w.n * j->inner + first; \
        T *out = (T *)j->c->out[0]->data + part / chunks * j->size * j->inner + first; \
        const T alpha = (T)j->alpha; \
        if (j->c->n_in < 3) for (long r = 0; r < j->size; r++) memset(out + r * j->inner, 0, (size_t)cols * sizeof(T)); \
        for (long k = 0; k < j->w.n; k++) { \
            if (j->w.at[k] == j->skip) continue; \
            const T *restrict x = source + k * j->inner; \
            T *restrict y = out + j->w.at[k] * j->inner; \
            for (long i = 0; i < cols; i++) y[i] = (T)((U)y[i] + (U)alpha * (U)x[i]); \
        } \
        return WB_OK; \
    }
WB_EACH_INT(ADD_ROWS)
WB_EACH_FLOAT(ADD_ROWS)
static wb_task add_rows_of(int dtype) {
    switch (dtype) {
#define CASE(S, T, U, D, F) case D: return add_rows_##S;
        WB_EACH_INT(CASE)
        WB_EACH_FLOAT(CASE)
        default: return NULL;
    }
}
static int add_rows(job *j, const wb_array *index) {
    int code = whole_of(index, j->size, &j->w);
    if (code == WB_OK && j->c->out[0]->n) code = wb_pool_run(add_rows_of(j->c->out[0]->dtype), j, j->outer * ((j->inner + INDEX_COLS - 1) / INDEX_COLS));
    whole_free(&j->w);
    return code;
}
static int index_add(const wb_call *c) {
    const wb_array *in = c->in[0];
    const int dim = (int)c->i[0];
    if (!in->ndim) return WB_UNSUPPORTED;
    job j = {.c = c, .outer = product(in->shape, 0, dim), .size = in->shape[dim], .inner = product(in->shape, dim + 1, in->ndim), .skip = -1,
             .alpha = c->f[0], .source = c->in[2]->data};
    memcpy(c->out[0]->data, in->data, (size_t)in->n * (size_t)wb_itemsize[in->dtype]);
    return add_rows(&j, c->in[1]);
}
/* i: rows of the table, the row that gets no gradient or -1 */
static int embedding_backward(const wb_call *c) {
    job j = {.c = c, .outer = 1, .size = c->i[0], .inner = c->out[0]->shape[1], .skip = c->i[1], .alpha = 1, .source = c->in[0]->data};
    return add_rows(&j, c->in[1]);
}

/* Element by element. A line runs over the last dimension of the index; `table` and `other` are the strides of what is indexed along dim
   and of src. */
#define EACH_LINE(T, OTHER, statement) \
    const job *j = arg; \
    const wb_array *index = j->c->in[1], *table = j->c->in[0]; \
    const int last = index->ndim - 1; \
    const long n = index->shape[last], lines = j->w.n / n, along = table->strides[j->dim], step = j->dim == last ? 0 : 1; \
    for (long l = part * j->rows; l < WB_MIN((part + 1) * j->rows, lines); l++) { \
        long rest = l, base = 0, other = 0; \
        for (int d = last - 1; d >= 0; d--) { \
            const long k = rest % index->shape[d]; \
            rest /= index->shape[d]; \
            if (d != j->dim) base += k * table->strides[d]; \
            other += k * (OTHER)->strides[d]; \
        } \
        const int64_t *at = j->w.at + l * n; \
        for (long i = 0; i < n; i++) { const long place = base + at[i] * along + i * step; statement; } \
    } \
    return WB_OK
#define BY_SIZE(B, T) \
    static int gather_##B(void *arg, long part) { EACH_LINE(T, index, ((T *)j->c->out[0]->data)[other + i] = ((const T *)table->data)[place]); } \
    static int scatter_##B(void *arg, long part) { EACH_LINE(T, j->c->in[2], ((T *)j->c->out[0]->data)[place] = ((const T *)j->c->in[2]->data)[other + i]); }
BY_SIZE(1, uint8_t)
BY_SIZE(2, uint16_t)
BY_SIZE(4, uint32_t)
BY_SIZE(8, uint64_t)
BY_SIZE(16, wb_16)
#define SCATTER_ADD(S, T, U, D, F) \
    static int scatter_add_##S(void *arg, long part) { \
        EACH_LINE(T, j->c->in[2], T *y = (T *)j->c->out[0]->data + place; *y = (T)((U)*y + (U)((const T *)j->c->in[2]->data)[other + i])); \
    }
WB_EACH_INT(SCATTER_ADD)
WB_EACH_FLOAT(SCATTER_ADD)

/* Lines write to places of their own where dim is the last dimension, or where nothing is put; else one part keeps the order. */
static int by_element(const wb_call *c, wb_task task, int puts) {
    const int dim = (int)c->i[0], last = c->in[1]->ndim - 1;
    if (!c->in[0]->ndim || !c->in[1]->ndim) return WB_UNSUPPORTED;
    job j = {.c = c, .dim = dim};
    int code = whole_of(c->in[1], c->in[0]->shape[dim], &j.w);
    if (code == WB_OK && puts) memcpy(c->out[0]->data, c->in[0]->data, (size_t)c->in[0]->n * (size_t)wb_itemsize[c->in[0]->dtype]);
    if (code == WB_OK && j.w.n) {
        const long n = c->in[1]->shape[last], lines = j.w.n / n;
        j.rows = puts && dim != last ? lines : WB_MAX(1, INDEX_WORK / n);
        code = wb_pool_run(task, &j, (lines + j.rows - 1) / j.rows);
    }
    whole_free(&j.w);
    return code;
}
static int gather(const wb_call *c) {
    static const wb_task task[] = {[1] = gather_1, [2] = gather_2, [4] = gather_4, [8] = gather_8, [16] = gather_16};
    return by_element(c, task[wb_itemsize[c->in[0]->dtype]], 0);
}
static int scatter(const wb_call *c) {
    static const wb_task task[] = {[1] = scatter_1, [2] = scatter_2, [4] = scatter_4, [8] = scatter_8, [16] = scatter_16};
    return by_element(c, task[wb_itemsize[c->in[0]->dtype]], 1);
}
#define ADDER(S, T, U, D, F) static int scatter_add_all_##S(const wb_call *c) { return by_element(c, scatter_add_##S, 1); }
WB_EACH_INT(ADDER)
WB_EACH_FLOAT(ADDER)

WB_FAMILY(indexing) {
    for (int d = 0; d < WB_DTYPES; d++) {
        WB_KERNEL("index_select", d, WB_CALL, 0, index_select);
        WB_KERNEL("embedding", d, WB_CALL, 0, embedding);
        WB_KERNEL("gather", d, WB_CALL, 0, gather);
        WB_KERNEL("scatter", d, WB_CALL, 0, scatter);
    }
#define ADDS(S, T, U, D, F) \
    WB_KERNEL("index_add", D, WB_CALL, 0, index_add); \
    WB_KERNEL("embedding_backward", D, WB_CALL, 0, embedding_backward); \
    WB_KERNEL("scatter_add", D, WB_CALL, 0, scatter_add_all_##S);
    WB_EACH_INT(ADDS)
    WB_EACH_FLOAT(ADDS)
}
