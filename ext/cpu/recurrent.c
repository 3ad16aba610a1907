/* A recurrent layer over all steps of equal sequences, and its backward. The input's part of the gates is one product over all steps; a
   step multiplies the state by packed weights, panel by panel of the state's columns, and finishes the gates of these columns while they
   are in cache. Each element is one sum in the order of k, however the panels are shared out. The file includes itself for float and
   for double. */
#ifndef REAL
#include "gemm.h"

enum { LSTM, GRU, RNN_TANH, RNN_RELU };
/* Blocks of `h` columns that a row of gates is kept in: those of the input first; a GRU keeps the state's part of its last gate behind them.
   `hidden` of them are products of the state, at the places `at`. */
typedef struct { int input, kept, hidden, at[4]; } gate_layout;
static const gate_layout gate_layouts[] = {{4, 4, 4, {0, 1, 2, 3}}, {3, 4, 3, {0, 1, 3}}, {1, 1, 1, {0}}, {1, 1, 1, {0}}};

#define REAL 32
#include "recurrent.c"
#undef REAL
#define REAL 64
#include "recurrent.c"

WB_FAMILY(recurrent) {
    WB_KERNEL("recurrent_layer", WB_F32, WB_CALL, 0, recurrent_layer_f32);
    WB_KERNEL("recurrent_layer", WB_F64, WB_CALL, 0, recurrent_layer_f64);
    WB_KERNEL("recurrent_layer_backward", WB_F32, WB_CALL, 0, recurrent_layer_backward_f32);
    WB_KERNEL("recurrent_layer_backward", WB_F64, WB_CALL, 0, recurrent_layer_backward_f64);
}
#else
#include "real.h"
#include "real_math.h"
#include "tile.h"
#if REAL == 32
static inline vr F(sigmoid)(vr x) { return vsigmoid(x); }
static inline vr F(tanh)(vr x) { return vtanh(x); }
#else
static inline vr F(sigmoid)(vr x) {
    vr e = F(exp)(-F(abs)(x)), one = F(splat)(1);
    return F(select)(x < 0, e, one) / (one + e);
}
static inline vr F(tanh)(vr x) {
    for (int j = 0; j < VR; j++) x[j] = tanh(x[j]);
    return x;
}
#endif

/* rows: sequences; ld: of a row of gates. The pointers below `packed` are those of one step. */
typedef struct {
    gate_layout layout;
    int mode;
    long rows, steps, h, k, ld, panels, each, parts;
    const real *packed, *bias, *bias_n;            /* bias: of both products; bias_n: of a GRU's last gate of the state */
    const real *before, *cell_before, *kept, *cell, *grad, *next;
    real *gates, *y, *cell_to, *dh, *dc;
} F(recurrence);

static F(recurrence) F(recurrence_of)(const wb_call *c, const wb_array *x, const wb_array *h) {
    F(recurrence) s = {.layout = gate_layouts[c->i[0]], .mode = (int)c->i[0], .rows = h->shape[0], .h = h->shape[1], .k = x->shape[1]};
    s.steps = s.rows ? x->shape[0] / s.rows : 0;
    s.ld = s.layout.kept * s.h;
    s.panels = (s.h + 2 * VR - 1) / (2 * VR);
    double ns = (double)s.rows * s.h * (s.layout.hidden * (double)s.h / VB + s.layout.kept * 2);
    s.each = (s.panels + wb_parts(ns) - 1) / wb_parts(ns);
    s.parts = (s.panels + s.each - 1) / s.each;
    return s;
}

static inline long F(time_of)(const wb_call *c, const F(recurrence) *s, long step) { return c->i[1] ? s->steps - 1 - step : step; }

/* One row of a panel: columns j to j + w of each block of gates become activations, and the state is brought up to date. */
static inline void F(activate)(const F(recurrence) *s, long r, long j, long w) {
    const long h = s->h;
    real *g = s->gates + r * s->ld, *y = s->y + r * h;
    for (; w > 0; j += VR, w -= VR) {
        vr a[4];
        for (int q = 0; q < s->layout.input; q++) a[q] = F(get)(g + q * h + j, w, 0) + F(get)(s->bias + q * h + j, w, 0);
        switch (s->mode) {
        case LSTM: {
            vr i = F(sigmoid)(a[0]), f = F(sigmoid)(a[1]), n = F(tanh)(a[2]), o = F(sigmoid)(a[3]);
            vr c = f * F(get)(s->cell_before + r * h + j, w, 0) + i * n;
            F(put)(s->cell_to + r * h + j, c, w);
            F(put)(g + j, i, w);
            F(put)(g + h + j, f, w);
            F(put)(g + 2 * h + j, n, w);
            F(put)(g + 3 * h + j, o, w);
            F(put)(y + j, o * F(tanh)(c), w);
            break;
        }
        case GRU: {
            vr u = F(sigmoid)(a[0]), z = F(sigmoid)(a[1]), n = F(tanh)(a[2] + u * F(get)(g + 3 * h + j, w, 0));
            F(put)(g + j, u, w);
            F(put)(g + h + j, z, w);
            F(put)(g + 2 * h + j, n, w);
            F(put)(y + j, n + z * (F(get)(s->before + r * h + j, w, 0) - n), w);
            break;
        }
        case RNN_TANH: F(put)(y + j, F(tanh)(a[0]), w); break;
        default: F(put)(y + j, F(select)(a[0] < 0, (vr){0}, a[0]), w);
        }
    }
}

static int F(step_part)(void *arg, long part) {
    const F(recurrence) *s = arg;
    for (long p = part * s->each; p < WB_MIN(s->panels, (part + 1) * s->each); p++) {
        long j = p * 2 * VR, w = WB_MIN(2 * VR, s->h - j);
        for (int q = 0; q < s->layout.hidden; q++) {
            real *to = s->gates + s->layout.at[q] * s->h + j;
            int own = s->layout.at[q] >= s->layout.input;      /* of the state alone */
            F(multiply)(s->rows, w, s->h, 1, s->before, s->h, 1, s->packed + (q * s->panels + p) * s->h * 2 * VR, 2 * VR, 0,
                        own ? s->bias_n + j : to, own ? 0 : s->ld, to, s->ld);
        }
        for (long r = 0; r < s->rows; r++) F(activate)(s, r, j, w);
    }
    return 0;
}

/* in: input (steps * rows, k), h (rows, h), c or NULL, w_ih, w_hh, b_ih, b_hh; i: mode, whether it runs from the end.
   out: states of all steps, c at the end or NULL, and to be kept: gates after their activation, c of all steps. */
static int F(recurrent_layer)(const wb_call *c) {
    F(recurrence) s = F(recurrence_of)(c, c->in[0], c->in[1]);
    const gate_layout *l = &s.layout;
    if (!c->out[0]->n) return 0;
    const long h = s.h, all = s.steps * s.rows, block = s.rows * h, packed = l->hidden * s.panels * h * 2 * VR, biases = (l->input + 1) * h;
    int keep = c->out[2] && c->out[2]->n;
    size_t bytes = (packed + biases + (keep ? 0 : all * s.ld)) * sizeof(real);
    real *scratch = wb_alloc(bytes);
    if (!scratch) return WB_NO_MEMORY;
    real *bias = scratch + packed, *gates = keep ? (real *)c->out[2]->data : bias + biases;
    for (int q = 0; q < l->hidden; q++)
        F(pack_transposed)((const real *)c->in[4]->data + q * h * h, h, h, h, scratch + q * s.panels * h * 2 * VR);
    const real *b_ih = c->in[5] ? (const real *)c->in[5]->data : NULL, *b_hh = c->in[6] ? (const real *)c->in[6]->data : NULL;
    for (long j = 0; j < l->input * h; j++)
        bias[j] = (b_ih ? b_ih[j] : 0) + (b_hh && !(s.mode == GRU && j >= 2 * h) ? b_hh[j] : 0);
    for (long j = 0; j < h; j++) bias[l->input * h + j] = s.mode == GRU && b_hh ? b_hh[2 * h + j] : 0;
    const real *x = (const real *)c->in[0]->data, *w_ih = (const real *)c->in[3]->data;
    if (NAME(F(gemm))(all, l->input * h, s.k, x, s.k, 1, w_ih, 1, s.k, NULL, 0, gates, s.ld)) {
        wb_free(scratch, bytes);
        return WB_NO_MEMORY;
    }
    s.packed = scratch;
    s.bias = bias;
    s.bias_n = bias + l->input * h;
    real *y = (real *)c->out[0]->data, *end = c->out[1] ? (real *)c->out[1]->data : NULL;
    real *cells = c->out[3] && c->out[3]->n ? (real *)c->out[3]->data : NULL;
    s.before = (const real *)c->in[1]->data;
    s.cell_before = c->in[2] ? (const real *)c->in[2]->data : NULL;
    for (long step = 0; step < s.steps; step++) {
        long t = F(time_of)(c, &s, step);
        s.gates = gates + t * s.rows * s.ld;
        s.y = y + t * block;
        s.cell_to = cells ? cells + t * block : end;
        wb_pool_run(F(step_part), &s, s.parts);
        s.before = s.y;
        s.cell_before = s.cell_to;
    }
    if (cells) memcpy(end, s.cell_before, block * sizeof(real));
    wb_free(scratch, bytes);
    return 0;
}

/* One row of a panel: from the gradient of the state to those of the gates before their activation. */
static inline void F(deactivate)(const F(recurrence) *s, long r, long j, long w) {
    const long h = s->h;
    const real *g = s->kept + r * s->ld, *y = s->y + r * h;
    real *d = s->gates + r * s->ld, *state = s->dh + r * h;
    for (; w > 0; j += VR, w -= VR) {
        vr dh = F(get)(state + j, w, 0);
        if (s->grad) dh += F(get)(s->grad + r * h + j, w, 0);
        switch (s->mode) {
        case LSTM: {
            vr i = F(get)(g + j, w, 0), f = F(get)(g + h + j, w, 0), n = F(get)(g + 2 * h + j, w, 0), o = F(get)(g + 3 * h + j, w, 0);
            vr t = F(tanh)(F(get)(s->cell + r * h + j, w, 0)), dc = F(get)(s->dc + r * h + j, w, 0) + dh * o * (1 - t * t);
            F(put)(d + j, dc * n * i * (1 - i), w);
            F(put)(d + h + j, dc * F(get)(s->cell_before + r * h + j, w, 0) * f * (1 - f), w);
            F(put)(d + 2 * h + j, dc * i * (1 - n * n), w);
            F(put)(d + 3 * h + j, dh * t * o * (1 - o), w);
            F(put)(s->dc + r * h + j, dc * f, w);
            break;
        }
        case GRU: {
            vr u = F(get)(g + j, w, 0), z = F(get)(g + h + j, w, 0), n = F(get)(g + 2 * h + j, w, 0), own = F(get)(g + 3 * h + j, w, 0);
            vr dn = dh * (1 - z) * (1 - n * n);
            F(put)(d + j, dn * own * u * (1 - u), w);
            F(put)(d + h + j, dh * (F(get)(s->before + r * h + j, w, 0) - n) * z * (1 - z), w);
            F(put)(d + 2 * h + j, dn, w);
            F(put)(d + 3 * h + j, dn * u, w);
            F(put)(state + j, dh * z, w);
            break;
        }
        default: {
            vr v = F(get)(y + j, w, 0);
            if (s->mode == RNN_TANH) dh *= 1 - v * v;
            else dh = F(select)(v > 0, dh, (vr){0});
            F(put)(d + j, dh, w);
        }
        }
    }
}

/* dh (what a GRU left there is kept) from the gates of the step that came after; then the gates of this step, where there is one. */
static int F(back_part)(void *arg, long part) {
    const F(recurrence) *s = arg;
    for (long p = part * s->each; p < WB_MIN(s->panels, (part + 1) * s->each); p++) {
        long j = p * 2 * VR, w = WB_MIN(2 * VR, s->h - j);
        real *dh = s->dh + j;
        for (int q = 0; s->next && q < s->layout.hidden; q++)
            F(multiply)(s->rows, w, s->h, 1, s->next + s->layout.at[q] * s->h, s->ld, 1,
                        s->packed + (p * s->layout.hidden + q) * s->h * 2 * VR, 2 * VR, 0, q || s->mode == GRU ? dh : NULL, s->h, dh, s->h);
        for (long r = 0; s->gates && r < s->rows; r++) F(deactivate)(s, r, j, w);
    }
    return 0;
}

typedef struct { const real *from; real *to; long rows, cols, ld; } F(sums);
static int F(sums_part)(void *arg, long part) {
    const F(sums) *s = arg;
    for (long j = part * 4 * VR; j < WB_MIN(s->cols, (part + 1) * 4 * VR); j += VR) {
        double total[VR] = {0};
        for (long block = 0; block < s->rows; block += 64) {
            vr sum = {0};
            for (long r = block; r < WB_MIN(s->rows, block + 64); r++) sum += F(get)(s->from + r * s->ld + j, s->cols - j, 0);
            for (int lane = 0; lane < VR; lane++) total[lane] += sum[lane];
        }
        for (long lane = 0; lane < WB_MIN(VR, s->cols - j); lane++) s->to[j + lane] = total[lane];
    }
    return 0;
}

/* in: as those of the layer, gradients of the states and of c at the end (NULL where there are none), then its results but for c at the end.
   out: gradients of input (or NULL), h, c (or NULL), w_ih, w_hh, and of the gates' biases in the order that they are kept in. */
static int F(recurrent_layer_backward)(const wb_call *c) {
    F(recurrence) s = F(recurrence_of)(c, c->in[0], c->in[1]);
    const gate_layout *l = &s.layout;
    const long h = s.h, k = s.k, all = s.steps * s.rows, block = s.rows * h, packed = l->hidden * s.panels * h * 2 * VR;
    if (!all || !h) {
        for (int o = 0; o < c->n_out; o++)
            if (c->out[o]) memset(c->out[o]->data, 0, c->out[o]->n * sizeof(real));
        return 0;
    }
    size_t bytes = (packed + all * s.ld) * sizeof(real);
    real *scratch = wb_alloc(bytes);
    if (!scratch) return WB_NO_MEMORY;
    real *d = scratch + packed;
    const real *grad = c->in[7] ? (const real *)c->in[7]->data : NULL, *x = (const real *)c->in[0]->data, *first = (const real *)c->in[1]->data;
    const real *y = (const real *)c->in[9]->data, *gates = c->in[10] ? (const real *)c->in[10]->data : NULL;
    const real *cells = c->in[11] ? (const real *)c->in[11]->data : NULL, *w_ih = (const real *)c->in[3]->data;
    F(pack)((const real *)c->in[4]->data, h, l->hidden * h, h, scratch);
    s.packed = scratch;
    s.dh = (real *)c->out[1]->data;
    memset(s.dh, 0, block * sizeof(real));
    if (s.mode == LSTM) {
        s.dc = (real *)c->out[2]->data;
        if (c->in[8]) memcpy(s.dc, c->in[8]->data, block * sizeof(real));
        else memset(s.dc, 0, block * sizeof(real));
    }
    for (long step = s.steps - 1; step >= 0; step--) {
        long t = F(time_of)(c, &s, step), u = F(time_of)(c, &s, step - 1);
        s.grad = grad ? grad + t * block : NULL;
        s.gates = d + t * s.rows * s.ld;
        s.kept = gates + t * s.rows * s.ld;
        s.y = (real *)y + t * block;
        s.before = step ? y + u * block : first;
        if (s.mode == LSTM) {
            s.cell = cells + t * block;
            s.cell_before = step ? cells + u * block : (const real *)c->in[2]->data;
        }
        wb_pool_run(F(back_part), &s, s.parts);
        s.next = s.gates;
    }
    s.gates = NULL;
    wb_pool_run(F(back_part), &s, s.parts);
    int failed = c->out[0] ? NAME(F(gemm))(all, k, l->input * h, d, s.ld, 1, w_ih, k, 1, NULL, 0, (real *)c->out[0]->data, k) : 0;
    if (!failed) failed = NAME(F(gemm))(l->input * h, k, all, d, 1, s.ld, x, k, 1, NULL, 0, (real *)c->out[3]->data, k);
    /* the states before all steps but the first are those after all but the last */
    const real *later = d + (c->i[1] ? 0 : s.rows * s.ld), *earlier = y + (c->i[1] ? block : 0), *begun = s.next;
    for (int q = 0; q < l->hidden;) {              /* blocks that lie side by side at once */
        int n = 1;
        while (q + n < l->hidden && l->at[q + n] == l->at[q] + n) n++;
        real *to = (real *)c->out[4]->data + q * h * h;
        long at = l->at[q] * h;
        if (!failed && s.steps > 1) failed = NAME(F(gemm))(n * h, h, all - s.rows, later + at, 1, s.ld, earlier, h, 1, NULL, 0, to, h);
        if (!failed) failed = NAME(F(gemm))(n * h, h, s.rows, begun + at, 1, s.ld, first, h, 1, s.steps > 1 ? to : NULL, h, to, h);
        q += n;
    }
    F(sums) sums = {d, (real *)c->out[5]->data, all, s.ld, s.ld};
    wb_pool_run(F(sums_part), &sums, (s.ld + 4 * VR - 1) / (4 * VR));
    wb_free(scratch, bytes);
    return failed;
}
#endif
