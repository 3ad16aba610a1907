#include "loop.h"
#include "pool.h"
#include <string.h>

enum { GRAIN = 32768, GRAIN_HEAVY = 4096, MAX_OPERANDS = 8 };

typedef struct job {
    wb_map f;
    int k, outer;                                    /* operands; dimensions around the inner loop */
    char *const *p;
    const double *attr;
    long n, grain;                                   /* length of the inner loop, or of all when outer is 0; elements (rows) a part */
    long rows, item[MAX_OPERANDS], inner[MAX_OPERANDS], shape[WB_MAX_DIMS], strides[MAX_OPERANDS][WB_MAX_DIMS];
} job;

static int flat_part(void *arg, long part) {
    const job *j = arg;
    long lo = part * j->grain, n = j->n - lo < j->grain ? j->n - lo : j->grain;
    char *p[MAX_OPERANDS];
    for (int o = 0; o < j->k; o++) p[o] = j->p[o] + lo * j->inner[o] * j->item[o];
    j->f(p, j->inner, n, j->attr);
    return 0;
}
static int rows_part(void *arg, long part) {
    const job *j = arg;
    long lo = part * j->grain, hi = lo + j->grain < j->rows ? lo + j->grain : j->rows, at[WB_MAX_DIMS], rest = lo;
    char *p[MAX_OPERANDS];
    for (int d = j->outer - 1; d >= 0; d--) { at[d] = rest % j->shape[d]; rest /= j->shape[d]; }
    for (int o = 0; o < j->k; o++) {
        p[o] = j->p[o];
        for (int d = 0; d < j->outer; d++) p[o] += at[d] * j->strides[o][d] * j->item[o];
    }
    for (long row = lo; row < hi; row++) {
        char *q[MAX_OPERANDS];
        for (int o = 0; o < j->k; o++) q[o] = p[o];
        j->f(q, j->inner, j->n, j->attr);
        for (int d = j->outer - 1; d >= 0; d--) {
            at[d]++;
            for (int o = 0; o < j->k; o++) p[o] += j->strides[o][d] * j->item[o];
            if (at[d] < j->shape[d]) break;
            for (int o = 0; o < j->k; o++) p[o] -= at[d] * j->strides[o][d] * j->item[o];
            at[d] = 0;
        }
    }
    return 0;
}

void wb_map_flat(wb_map f, unsigned flags, int k, char *const *p, const long *item, const long *s, long n, const double *attr) {
    long grain = flags & WB_HEAVY ? GRAIN_HEAVY : GRAIN;
    if (n < 2 * grain) {
        char *q[MAX_OPERANDS];
        for (int o = 0; o < k; o++) q[o] = p[o];
        f(q, s, n, attr);
        return;
    }
    job j = {.f = f, .k = k, .p = p, .attr = attr, .n = n, .grain = grain};
    for (int o = 0; o < k; o++) { j.item[o] = item[o]; j.inner[o] = s[o]; }
    wb_pool_run(flat_part, &j, (n + grain - 1) / grain);
}

void wb_map_run(wb_map f, unsigned flags, int k, char *const *p, const long *item, const long (*strides)[WB_MAX_DIMS], int ndim, const long *shape, const double *attr) {
    long total = 1;
    int order[WB_MAX_DIMS], nd = 0;
    for (int d = 0; d < ndim; d++) { total *= shape[d]; if (shape[d] != 1) order[nd++] = d; }
    if (total == 0) return;
    for (int i = 1; i < nd; i++)                     /* the output's memory order: slowest dimension first */
        for (int m = i; m > 0 && strides[k - 1][order[m]] > strides[k - 1][order[m - 1]]; m--) { int t = order[m]; order[m] = order[m - 1]; order[m - 1] = t; }
    job j = {.f = f, .k = k, .p = p, .attr = attr};
    int m = 0;
    for (int i = 0; i < nd; i++) {
        int d = order[i], merge = m > 0;
        for (int o = 0; merge && o < k; o++) merge = j.strides[o][m - 1] == strides[o][d] * shape[d];
        if (merge) { j.shape[m - 1] *= shape[d]; for (int o = 0; o < k; o++) j.strides[o][m - 1] = strides[o][d]; }
        else { j.shape[m] = shape[d]; for (int o = 0; o < k; o++) j.strides[o][m] = strides[o][d]; m++; }
    }
    if (m == 0) { j.shape[0] = 1; for (int o = 0; o < k; o++) j.strides[o][0] = 0; m = 1; }
    for (int o = 0; o < k; o++) { j.item[o] = item[o]; j.inner[o] = j.strides[o][m - 1]; }
    j.n = j.shape[m - 1]; j.outer = m - 1; j.rows = total / j.n;
    if (j.outer == 0) { wb_map_flat(f, flags, k, p, item, j.inner, j.n, attr); return; }
    long grain = flags & WB_HEAVY ? GRAIN_HEAVY : GRAIN;
    j.grain = (grain + j.n - 1) / j.n;
    if (total < 2 * grain) { j.grain = j.rows; rows_part(&j, 0); }
    else wb_pool_run(rows_part, &j, (j.rows + j.grain - 1) / j.grain);
}

void wb_set_layout(wb_array *a) {
    long n = 1;
    int contiguous = 1, nd = a->ndim;
    for (int d = nd - 1; d >= 0; d--) {
        if (a->shape[d] != 1 && a->strides[d] != n) contiguous = 0;
        n *= a->shape[d];
    }
    a->n = n;
    if (n == 0) contiguous = 1;
    a->layout = contiguous ? WB_CONTIGUOUS | WB_DENSE : 0;
    if (nd == 4) {
        static const int memory[4] = {1, 3, 2, 0};
        long m = 1;
        int last = 1;
        for (int i = 0; i < 4; i++) { int d = memory[i]; if (a->shape[d] != 1 && a->strides[d] != m) last = 0; m *= a->shape[d]; }
        if (last || n == 0) a->layout |= WB_CHANNELS_LAST | WB_DENSE;
    }
    if (!(a->layout & WB_DENSE) && nd > 1) {         /* some permutation of a contiguous one? */
        int order[WB_MAX_DIMS], k = 0;
        for (int d = 0; d < nd; d++) if (a->shape[d] != 1) order[k++] = d;
        for (int i = 1; i < k; i++)
            for (int m = i; m > 0 && a->strides[order[m]] < a->strides[order[m - 1]]; m--) { int t = order[m]; order[m] = order[m - 1]; order[m - 1] = t; }
        long m = 1;
        int i = 0;
        for (; i < k && a->strides[order[i]] == m; i++) m *= a->shape[order[i]];
        if (i == k) a->layout |= WB_DENSE;
    }
}
void wb_set_contiguous(wb_array *a, int ndim, const long *shape, int dtype) {
    long n = 1;
    a->ndim = ndim; a->dtype = dtype; a->layout = WB_CONTIGUOUS | WB_DENSE;
    for (int d = ndim - 1; d >= 0; d--) { a->shape[d] = shape[d]; a->strides[d] = n; n *= shape[d] ? shape[d] : 1; }
    a->n = 1;
    for (int d = 0; d < ndim; d++) a->n *= shape[d];
    if (ndim == 4 && (shape[1] == 1 || (shape[2] == 1 && shape[3] == 1))) a->layout |= WB_CHANNELS_LAST;
}
void wb_set_channels_last(wb_array *a, const long *shape, int dtype) {
    a->ndim = 4; a->dtype = dtype;
    for (int d = 0; d < 4; d++) a->shape[d] = shape[d];
    a->strides[1] = 1; a->strides[3] = shape[1]; a->strides[2] = shape[1] * shape[3]; a->strides[0] = shape[1] * shape[2] * shape[3];
    wb_set_layout(a);
}
void wb_set_order(wb_array *a, const wb_array *s) {
    int order[WB_MAX_DIMS], nd = s->ndim;            /* the dimension that lies closest first */
    for (int d = 0; d < nd; d++) order[d] = nd - 1 - d;
    for (int i = 1; i < nd; i++)
        for (int m = i, k = i - 1; k >= 0; k--) {
            int x = order[k], y = order[m];
            long p = s->strides[x], q = s->strides[y];
            if (p == 0 || q == 0) continue;          /* an expanded dimension has no place of its own */
            if (p < q) break;
            if (p == q && s->shape[x] <= s->shape[y]) continue;
            order[k] = y; order[m] = x; m = k;
        }
    long n = 1;
    for (int i = 0; i < nd; i++) { a->strides[order[i]] = n; if (a->shape[order[i]] > 1) n *= a->shape[order[i]]; }
    wb_set_layout(a);
}
void wb_set_like(wb_array *a, const wb_array *s, int dtype) {
    a->ndim = s->ndim; a->dtype = dtype;
    for (int d = 0; d < s->ndim; d++) a->shape[d] = s->shape[d];
    wb_set_order(a, s);
}
int wb_view_strides(const wb_array *in, int ndim, const long *shape, long *strides) {
    if (in->n == 0 || in->layout & WB_CONTIGUOUS) {
        long n = 1;
        for (int d = ndim - 1; d >= 0; d--) { strides[d] = n; n *= shape[d] ? shape[d] : 1; }
        return 0;
    }
    int d = ndim - 1;                                /* walk both from the back: each run of input dimensions that is one piece of memory
                                                        must be cut exactly by output dimensions */
    for (int i = in->ndim - 1; i >= 0;) {
        long base = in->strides[i], size = in->shape[i];
        while (i > 0 && (in->shape[i - 1] == 1 || in->strides[i - 1] == base * size)) { i--; size *= in->shape[i]; }
        i--;
        long used = 1;
        while (d >= 0 && (used < size || shape[d] == 1)) { strides[d] = base * used; used *= shape[d]; d--; }
        if (used != size) return 1;
    }
    while (d >= 0) { if (shape[d] != 1) return 1; strides[d--] = 1; }
    return 0;
}
