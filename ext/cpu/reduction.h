#pragma once
/* The loops of a reduction over any dimensions of any strided tensor. A family gives what happens to contiguous data: `row` adds n
   elements to one accumulator, `tile` adds rows to as many accumulators as they have columns. Both see the elements in memory order, and
   the parts that they are cut into follow from the shape alone. */
#include "map.h"
#include <limits.h>

typedef struct wb_reducer {
    int size, acc_size;                                              /* bytes of an element, of an accumulator */
    void (*init)(char *acc, long n);
    void (*row)(const char *x, long n, char *acc);
    void (*tile)(const char *x, long rows, long stride, long cols, char *acc);
    void (*merge)(char *acc, const char *other, long n);             /* other comes later in memory order */
    void (*store)(const char *acc, char *out, long n, long stride, double count, const double *f);
} wb_reducer;

enum { WB_COLS = 1024 /* columns of a tile */, WB_GRAIN = 32768 /* elements worth a part */, WB_SPLITS = 32 };

typedef struct wb_reduction {
    const wb_reducer *r;
    const wb_call *c;
    int n_kept, n_reduced, tiled;
    long kept[WB_MAX_DIMS], kept_in[WB_MAX_DIMS], kept_out[WB_MAX_DIMS], reduced[WB_MAX_DIMS], reduced_in[WB_MAX_DIMS];
    long count, chunks, units, block, blocks, slice, slices;         /* units of outputs in blocks, reduced elements in slices */
    char *partial;                                                   /* accumulators of all slices, where there are several */
} wb_reduction;

/* merges dimension (n, a, b) into the inner end of a list where it continues the one before */
static inline int wb_push_dim(int k, long *shape, long *a, long *b, long n, long sa, long sb) {
    if (k && a[k - 1] == sa * n && (!b || b[k - 1] == sb * n)) { shape[k - 1] *= n; k--; }
    else shape[k] = n;
    a[k] = sa;
    if (b) b[k] = sb;
    return k + 1;
}

static inline void wb_reduction_plan(wb_reduction *p, const wb_call *c, const wb_reducer *r) {
    const wb_array *in = c->in[0], *out = c->out[0];
    int order[WB_MAX_DIMS], nd = 0;
    for (int d = 0; d < in->ndim; d++) {                             /* by falling stride; broadcast dimensions outermost */
        if (in->shape[d] == 1) continue;
        int k = nd++;
        const long s = in->strides[d] ? in->strides[d] : LONG_MAX;
        for (; k > 0 && (in->strides[order[k - 1]] ? in->strides[order[k - 1]] : LONG_MAX) < s; k--) order[k] = order[k - 1];
        order[k] = d;
    }
    p->r = r; p->c = c; p->n_kept = p->n_reduced = 0; p->count = 1; p->partial = NULL;
    for (int k = 0; k < nd; k++) {
        const int d = order[k];
        if (c->i[0] >> d & 1) {
            p->n_reduced = wb_push_dim(p->n_reduced, p->reduced, p->reduced_in, NULL, in->shape[d], in->strides[d], 0);
            p->count *= in->shape[d];
        } else p->n_kept = wb_push_dim(p->n_kept, p->kept, p->kept_in, p->kept_out, in->shape[d], in->strides[d], out->strides[d]);
    }
    if (!p->n_kept) p->n_kept = wb_push_dim(0, p->kept, p->kept_in, p->kept_out, 1, 0, 0);
    if (!p->n_reduced) p->n_reduced = wb_push_dim(0, p->reduced, p->reduced_in, NULL, 1, 0, 0);
    const int k = p->n_kept - 1;
    p->tiled = p->kept_in[k] == 1 && p->kept[k] >= 8;
    p->chunks = p->tiled ? (p->kept[k] + WB_COLS - 1) / WB_COLS : 1;
    p->units = p->tiled ? out->n / p->kept[k] * p->chunks : out->n;
    const long unit = WB_MAX(1, out->n / WB_MAX(1, p->units)) * p->count;                /* elements that a unit reads */
    p->block = WB_MAX(1, WB_GRAIN / WB_MAX(1, unit));
    p->blocks = (p->units + p->block - 1) / p->block;
    p->slices = p->blocks >= 8 ? 1 : WB_MAX(1, WB_MIN(WB_SPLITS, WB_MIN(p->count, unit / WB_GRAIN)));
    p->slice = (p->count + p->slices - 1) / p->slices;
}

/* adds reduced elements lo to hi of one unit */
static inline void wb_reduction_range(const wb_reduction *p, const char *x, long lo, long hi, long cols, char *acc) {
    const wb_reducer *r = p->r;
    const int last = p->n_reduced - 1;
    const long inner = p->reduced[last], step = p->reduced_in[last];
    _Alignas(64) char buffer[WB_BLOCK * sizeof(wb_16)];
    while (lo < hi) {
        long k = lo, offset = 0;
        for (int d = last; d > 0; d--) { offset += k % p->reduced[d] * p->reduced_in[d]; k /= p->reduced[d]; }
        offset += k * p->reduced_in[0];
        long run = WB_MIN(hi - lo, inner - lo % inner);
        const char *from = x + offset * r->size;
        if (p->tiled) r->tile(from, run, step, cols, acc);
        else if (step == 1) r->row(from, run, acc);
        else {
            run = WB_MIN(run, (long)WB_BLOCK);
            wb_move(buffer, 1, from, step, run, r->size);
            r->row(buffer, run, acc);
        }
        lo += run;
    }
}

/* where unit u begins in the input and the output, and how many outputs it has */
static inline long wb_reduction_unit(const wb_reduction *p, long u, long *in, long *out) {
    int d = p->n_kept - 1;
    long cols = 1;
    *in = *out = 0;
    if (p->tiled) {
        const long first = u % p->chunks * WB_COLS;
        cols = WB_MIN(p->kept[d] - first, (long)WB_COLS);
        *in = first; *out = first * p->kept_out[d];
        u /= p->chunks;
        d--;
    }
    for (; d > 0; d--) { *in += u % p->kept[d] * p->kept_in[d]; *out += u % p->kept[d] * p->kept_out[d]; u /= p->kept[d]; }
    if (d == 0) { *in += u * p->kept_in[0]; *out += u * p->kept_out[0]; }
    return cols;
}
static inline long wb_unit_width(const wb_reduction *p) { return p->tiled ? WB_MIN(p->kept[p->n_kept - 1], (long)WB_COLS) : 1; }

static inline void wb_reduction_store(const wb_reduction *p, const char *acc, long cols, long out) {
    const wb_array *o = p->c->out[0];
    p->r->store(acc, o->data + out * wb_itemsize[o->dtype], cols, p->tiled ? p->kept_out[p->n_kept - 1] : 0, (double)p->count, p->c->f);
}

/* contiguous rows at equal distances: nothing but the row's own work for each */
static inline void wb_reduction_rows(const wb_reduction *p, long first, long last) {
    const wb_reducer *r = p->r;
    const wb_array *o = p->c->out[0];
    _Alignas(64) char local[WB_COLS * 24];
    for (; first < last; first += WB_COLS) {
        const long n = WB_MIN(last - first, (long)WB_COLS);
        const char *x = p->c->in[0]->data + first * p->kept_in[0] * r->size;
        r->init(local, n);
        for (long k = 0; k < n; k++) r->row(x + k * p->kept_in[0] * r->size, p->count, local + k * r->acc_size);
        r->store(local, o->data + first * p->kept_out[0] * wb_itemsize[o->dtype], n, p->kept_out[0], (double)p->count, p->c->f);
    }
}

static int wb_reduction_part(void *arg, long part) {
    const wb_reduction *p = arg;
    const long slice = part % p->slices, first = part / p->slices * p->block, last = WB_MIN(first + p->block, p->units);
    const long lo = slice * p->slice, hi = WB_MIN(lo + p->slice, p->count), width = wb_unit_width(p);
    _Alignas(64) char local[WB_COLS * 24];
    if (!p->tiled && !p->partial && p->n_kept == 1 && p->n_reduced == 1 && p->reduced_in[0] == 1) {
        wb_reduction_rows(p, first, last);
        return WB_OK;
    }
    for (long u = first; u < last; u++) {
        long in, out;
        const long cols = wb_reduction_unit(p, u, &in, &out);
        char *acc = p->partial ? p->partial + (slice * p->units + u) * width * p->r->acc_size : local;
        p->r->init(acc, cols);
        wb_reduction_range(p, p->c->in[0]->data + in * p->r->size, lo, hi, cols, acc);
        if (!p->partial) wb_reduction_store(p, acc, cols, out);
    }
    return WB_OK;
}

static __attribute__((unused)) int wb_reduce(const wb_call *c, const wb_reducer *r) {
    wb_reduction p;
    if (c->out[0]->n == 0) return WB_OK;
    wb_reduction_plan(&p, c, r);
    const long parts = p.blocks * p.slices, width = wb_unit_width(&p);
    const size_t bytes = (size_t)(p.slices * p.units * width * r->acc_size);
    if (p.slices > 1 && !(p.partial = wb_alloc(bytes))) return WB_NO_MEMORY;
    if (parts == 1) wb_reduction_part(&p, 0);
    else wb_pool_run(wb_reduction_part, &p, parts);
    if (p.partial) {
        for (long u = 0; u < p.units; u++) {
            long in, out;
            const long cols = wb_reduction_unit(&p, u, &in, &out);
            char *acc = p.partial + u * width * r->acc_size;
            for (long s = 1; s < p.slices; s++) r->merge(acc, acc + s * p.units * width * r->acc_size, cols);
            wb_reduction_store(&p, acc, cols, out);
        }
        wb_free(p.partial, bytes);
    }
    return WB_OK;
}
