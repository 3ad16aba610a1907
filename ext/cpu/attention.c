/* Attention (softmax of scaled dot products, weighted sum of the values) and its backward, on tiles of queries by keys: the matrix of
   weights is never whole in memory. The file includes itself for float and for double. */
#ifndef REAL
#include "isa.h"

enum { QUERIES = 36, KEYS = 128 };                 /* of a tile: it, its operands and its result fit the first cache */
/* What both directions know. Strides are in elements and the last dimension's is 1, but for the mask's. */
typedef struct {
    const wb_call *c;
    long heads, kv_heads, group, queries, keys, e, ev, chunks, chunk;
    int causal, slots;
    double scale;
    char *scratch;                                 /* one piece of `bytes` a slot */
    size_t bytes;
    char *partial;
} attention_job;

static attention_job attention_setup(const wb_call *c, int first) {
    const wb_array *q = c->in[first], *k = c->in[first + 1], *v = c->in[first + 2];
    return (attention_job){.c = c, .heads = q->shape[1], .kv_heads = k->shape[1], .group = q->shape[1] / WB_MAX(k->shape[1], 1),
                           .queries = q->shape[2], .keys = k->shape[2], .e = q->shape[3], .ev = v->shape[3], .causal = c->i[0] != 0, .scale = c->f[0]};
}

static int attention_scratch(attention_job *job, size_t elements, size_t size) {
    job->slots = wb_pool_slots();
    job->bytes = (elements * size + 63) / 64 * 64;
    job->scratch = wb_alloc(job->slots * job->bytes);
    return job->scratch != NULL;
}

#define AT(array, b, h, r) ((real *)(array)->data + (b) * (array)->strides[0] + (h) * (array)->strides[1] + (r) * (array)->strides[2])

#define REAL 32
#include "attention.c"
#undef REAL
#define REAL 64
#include "attention.c"

WB_FAMILY(attention) {
    WB_KERNEL("attention", WB_F32, WB_CALL, WB_STRIDED, attention_f32);
    WB_KERNEL("attention", WB_F64, WB_CALL, WB_STRIDED, attention_f64);
    WB_KERNEL("attention_backward", WB_F32, WB_CALL, WB_STRIDED, attention_backward_f32);
    WB_KERNEL("attention_backward", WB_F64, WB_CALL, WB_STRIDED, attention_backward_f64);
}
#else
#include "real.h"
#include "real_math.h"
#include "tile.h"

static inline long F(panels)(long n) { return (n + 2 * VR - 1) / (2 * VR) * 2 * VR; }

/* s[m, n]: -inf where query i + r may not see key j + l, plus the mask. */
static void F(apply_mask)(const attention_job *job, const wb_array *mask, long b, long h, long i, long m, long j, long n, real *s) {
    for (long r = 0; r < m; r++, s += KEYS) {
        if (mask) {
            long step = mask->strides[3], at = b * mask->strides[0] + h * mask->strides[1] + (i + r) * mask->strides[2] + j * step;
            if (mask->dtype == WB_BOOL) {
                const char *p = mask->data + at;
                for (long l = 0; l < n; l++) if (!p[l * step]) s[l] = -INFINITY;
            } else {
                const real *p = (const real *)mask->data + at;
                for (long l = 0; l < n; l++) s[l] += p[l * step];
            }
        }
        if (job->causal)
            for (long l = WB_MAX(0, i + r + 1 - j); l < n; l++) s[l] = -INFINITY;
    }
}

/* One part: the queries of a chunk of one head. Scratch: packed keys and values of all, one tile of weights, one of results. */
static int F(attention_part)(void *arg, long part) {
    const attention_job *job = arg;
    const wb_call *c = job->c;
    const wb_array *q = c->in[0], *k = c->in[1], *v = c->in[2], *mask = c->in[3], *y = c->out[0], *lse = c->out[1];
    long chunk = part % job->chunks, h = part / job->chunks % job->heads, b = part / job->chunks / job->heads, kv = h / job->group;
    long first = chunk * job->chunk, last = WB_MIN(job->queries, first + job->chunk), e = job->e, ev = job->ev;
    long seen = job->causal ? WB_MIN(job->keys, last) : job->keys;
    real *kt = (real *)(job->scratch + wb_pool_slot() * job->bytes), *vp = kt + F(panels)(job->keys + KEYS) * e;
    real *s = vp + F(panels)(ev) * job->keys, *o = s + QUERIES * KEYS;
    for (long j = 0; j < seen; j += KEYS) {
        long n = WB_MIN(KEYS, seen - j);
        F(pack_transposed)(AT(k, b, kv, j), k->strides[2], n, e, kt + j * e);
        F(pack)(AT(v, b, kv, j), v->strides[2], n, ev, vp + j * F(panels)(ev));
    }
    for (long i = first; i < last; i += QUERIES) {
        long m = WB_MIN(QUERIES, last - i), end = job->causal ? WB_MIN(seen, i + m) : seen;
        real top[QUERIES], sum[QUERIES];
        for (long r = 0; r < m; r++) top[r] = -INFINITY, sum[r] = 0;
        memset(o, 0, m * ev * sizeof *o);
        for (long j = 0; j < end; j += KEYS) {
            long n = WB_MIN(KEYS, end - j);
            F(multiply)(m, n, e, job->scale, AT(q, b, h, i), q->strides[2], 1, kt + j * e, 2 * VR, e * 2 * VR, NULL, 0, s, KEYS);
            if (mask || (job->causal && j + n > i + 1)) F(apply_mask)(job, mask, b, h, i, m, j, n, s);
            for (long r = 0; r < m; r++) {
                real *sr = s + r * KEYS, *or = o + r * ev;
                vr most = F(splat)(top[r]), total = {0};
                for (long l = 0; l < n; l += VR) most = F(max)(F(get)(sr + l, n - l, -INFINITY), most);
                real high = F(max_lanes)(most), base = high == -INFINITY ? 0 : high;
                for (long l = 0; l < n; l += VR) {
                    vr w = F(exp)(F(get)(sr + l, n - l, -INFINITY) - base);
                    F(put)(sr + l, w, n - l);
                    total += w;
                }
                if (high != top[r]) {                  /* what was summed so far counted from a lower top */
                    real by = F(exp)(F(splat)(top[r] - base))[0];
                    sum[r] *= by;
                    if (j) for (long l = 0; l < ev; l += VR) F(put)(or + l, F(get)(or + l, ev - l, 0) * by, ev - l);
                    top[r] = high;
                }
                sum[r] += F(sum_lanes)(total);
            }
            F(multiply)(m, ev, n, 1, s, KEYS, 1, vp + j * F(panels)(ev), 2 * VR, WB_MIN(KEYS, seen - j) * 2 * VR, o, ev, o, ev);
        }
        for (long r = 0; r < m; r++) {
            real *to = AT(y, b, h, i + r), by = sum[r] == 0 ? 0 : 1 / sum[r];
            for (long l = 0; l < ev; l += VR) F(put)(to + l, F(get)(o + r * ev + l, ev - l, 0) * by, ev - l);
            /* infinite for a query that sees no key: its result is 0, and the backward's weights e^(s - lse) are */
            if (lse) ((real *)lse->data)[(b * job->heads + h) * job->queries + i + r] = sum[r] == 0 ? INFINITY : top[r] + (real)log(sum[r]);
        }
    }
    return 0;
}

static int F(attention)(const wb_call *c) {
    attention_job job = attention_setup(c, 0);
    long units = c->in[0]->shape[0] * job.heads;
    if (c->out[0]->n == 0) return 0;
    double ns = (double)units * job.queries * job.keys * (job.e + job.ev + 16) / VR / 6;
    long want = wb_parts(ns);                      /* packing the keys again for every chunk costs about as much as 8 queries */
    job.chunks = WB_MAX(1, WB_MIN((want + units - 1) / units, job.queries / (3 * QUERIES)));
    job.chunk = ((job.queries + job.chunks - 1) / job.chunks + QUERIES - 1) / QUERIES * QUERIES;
    job.chunks = (job.queries + job.chunk - 1) / job.chunk;
    long elements = F(panels)(job.keys + KEYS) * job.e + F(panels)(job.ev) * job.keys + QUERIES * (KEYS + job.ev);
    if (!attention_scratch(&job, elements, sizeof(real))) return WB_NO_MEMORY;
    if (want == 1) for (long p = 0; p < units * job.chunks; p++) F(attention_part)(&job, p);
    else wb_pool_run(F(attention_part), &job, units * job.chunks);
    wb_free(job.scratch, job.slots * job.bytes);
    return 0;
}

/* Where a chunk of keys adds to the dq of a head; NULL where there is one chunk, which adds to the result itself. */
static real *F(partial)(const attention_job *job, long chunk, long b, long h) {
    long batch = job->c->in[1]->shape[0];
    return job->partial ? (real *)job->partial + ((chunk * batch + b) * job->heads + h) * job->queries * job->e : NULL;
}

/* One part: a chunk of the keys of one key head, with all queries that see it. With w = e^(s - lse) and
   d = w (grad v^T - delta), delta = sum grad y: dv = w^T grad, dk = scale d^T q, dq = scale d k. Where the keys come in several chunks, each has its own dq, summed afterwards. */
static int F(attention_backward_part)(void *arg, long part) {
    const attention_job *job = arg;
    const wb_call *c = job->c;
    const wb_array *g = c->in[0], *q = c->in[1], *k = c->in[2], *v = c->in[3], *mask = c->in[4], *y = c->in[5], *lse = c->in[6];
    const wb_array *dq = c->out[0], *dk = c->out[1], *dv = c->out[2];
    long chunk = part % job->chunks, kv = part / job->chunks % job->kv_heads, b = part / job->chunks / job->kv_heads;
    long e = job->e, ev = job->ev, first = chunk * job->chunk, last = WB_MIN(job->keys, first + job->chunk), pe = F(panels)(e), pv = F(panels)(ev);
    real *kt = (real *)(job->scratch + wb_pool_slot() * job->bytes), *vt = kt + F(panels)(KEYS) * e, *kp = vt + F(panels)(KEYS) * ev;
    real *s = kp + KEYS * pe, *d = s + QUERIES * KEYS, *gp = d + QUERIES * KEYS, *qp = gp + QUERIES * pv;
    real *sk = qp + QUERIES * pe, *sv = sk + KEYS * e;
    for (long h = kv * job->group; h < (kv + 1) * job->group; h++) {       /* dq is added to, key tile by key tile */
        real *to = F(partial)(job, chunk, b, h);
        for (long i = 0; i < job->queries; i++) memset(to ? to + i * e : AT(dq, b, h, i), 0, e * sizeof *to);
    }
    for (long j = first; j < last; j += KEYS) {
        long all = WB_MIN(KEYS, last - j);
        F(pack_transposed)(AT(k, b, kv, j), k->strides[2], all, e, kt);
        F(pack_transposed)(AT(v, b, kv, j), v->strides[2], all, ev, vt);
        F(pack)(AT(k, b, kv, j), k->strides[2], all, e, kp);
        memset(sk, 0, all * e * sizeof *sk);
        memset(sv, 0, all * ev * sizeof *sv);
        for (long h = kv * job->group; h < (kv + 1) * job->group; h++) {
            real *part_q = F(partial)(job, chunk, b, h);
            for (long i = job->causal ? j : 0; i < job->queries; i += QUERIES) {
                long m = WB_MIN(QUERIES, job->queries - i), n = job->causal ? WB_MIN(all, F(panels)(i + m - j)) : all;     /* keys that are seen */
                F(multiply)(m, n, e, job->scale, AT(q, b, h, i), q->strides[2], 1, kt, 2 * VR, e * 2 * VR, NULL, 0, s, KEYS);
                F(multiply)(m, n, ev, 1, AT(g, b, h, i), g->strides[2], 1, vt, 2 * VR, ev * 2 * VR, NULL, 0, d, KEYS);
                if (mask || (job->causal && j + n > i + 1)) F(apply_mask)(job, mask, b, h, i, m, j, n, s);
                for (long r = 0; r < m; r++) {
                    const real *gr = AT(g, b, h, i + r), *yr = AT(y, b, h, i + r);
                    real *sr = s + r * KEYS, *dr = d + r * KEYS, base = AT(lse, b, h, 0)[(i + r) * lse->strides[2]];
                    vr sum = {0};
                    for (long l = 0; l < ev; l += VR) sum += F(get)(gr + l, ev - l, 0) * F(get)(yr + l, ev - l, 0);
                    real delta = F(sum_lanes)(sum);
                    for (long l = 0; l < n; l += VR) {
                        vr w = F(exp)(F(get)(sr + l, n - l, 0) - base);
                        F(put)(sr + l, w, n - l);
                        F(put)(dr + l, w * (F(get)(dr + l, n - l, 0) - delta), n - l);
                    }
                }
                F(pack)(AT(g, b, h, i), g->strides[2], m, ev, gp);
                F(pack)(AT(q, b, h, i), q->strides[2], m, e, qp);
                F(multiply)(n, ev, m, 1, s, 1, KEYS, gp, 2 * VR, m * 2 * VR, sv, ev, sv, ev);
                F(multiply)(n, e, m, job->scale, d, 1, KEYS, qp, 2 * VR, m * 2 * VR, sk, e, sk, e);
                real *to = part_q ? part_q + i * e : AT(dq, b, h, i);
                long ld = part_q ? e : dq->strides[2];
                F(multiply)(m, e, n, job->scale, d, KEYS, 1, kp, 2 * VR, all * 2 * VR, to, ld, to, ld);
            }
        }
        for (long r = 0; r < all; r++) {
            memcpy(AT(dk, b, kv, j + r), sk + r * e, e * sizeof *sk);
            memcpy(AT(dv, b, kv, j + r), sv + r * ev, ev * sizeof *sv);
        }
    }
    return 0;
}

static int F(gather_part)(void *arg, long part) {          /* dq of one head from its chunks, in their order */
    const attention_job *job = arg;
    const wb_array *dq = job->c->out[0];
    long b = part / job->heads, h = part % job->heads, step = dq->shape[0] * job->heads * job->queries * job->e;
    const real *from = (const real *)job->partial + part * job->queries * job->e;
    for (long i = 0; i < job->queries; i++)
        for (long l = 0; l < job->e; l += VR) {
            vr sum = {0};
            for (long chunk = 0; chunk < job->chunks; chunk++) sum += F(get)(from + chunk * step + i * job->e + l, job->e - l, 0);
            F(put)(AT(dq, b, h, i) + l, sum, job->e - l);
        }
    return 0;
}

static int F(attention_backward)(const wb_call *c) {
    attention_job job = attention_setup(c, 1);
    long batch = c->in[1]->shape[0], units = batch * job.kv_heads;
    for (int j = 0; j < 3; j++)
        if (c->in[1]->n == 0 || c->in[2]->n == 0 || c->in[3]->n == 0) memset(c->out[j]->data, 0, c->out[j]->n * sizeof(real));
    if (c->in[1]->n == 0 || c->in[2]->n == 0 || c->in[3]->n == 0) return 0;
    double ns = (double)batch * job.heads * job.queries * job.keys * (3 * job.e + 2 * job.ev + 16) / VR / 6;
    long want = wb_parts(ns);
    job.chunks = WB_MAX(1, WB_MIN((WB_MIN(want, 16) + units - 1) / units, job.keys / KEYS));
    job.chunk = ((job.keys + job.chunks - 1) / job.chunks + KEYS - 1) / KEYS * KEYS;
    job.chunks = (job.keys + job.chunk - 1) / job.chunk;
    long pe = F(panels)(job.e), pv = F(panels)(job.ev), keys = F(panels)(KEYS);
    long elements = keys * (job.e + job.ev) + KEYS * pe + 2 * QUERIES * KEYS + QUERIES * (pe + pv) + KEYS * (job.e + job.ev);
    if (!attention_scratch(&job, elements, sizeof(real))) return WB_NO_MEMORY;
    size_t bytes = job.chunks > 1 ? job.chunks * c->in[1]->n * sizeof(real) : 0;
    if (bytes && !(job.partial = wb_alloc(bytes))) {
        wb_free(job.scratch, job.slots * job.bytes);
        return WB_NO_MEMORY;
    }
    if (want == 1) for (long p = 0; p < units * job.chunks; p++) F(attention_backward_part)(&job, p);
    else wb_pool_run(F(attention_backward_part), &job, units * job.chunks);
    if (job.partial) {
        wb_pool_run(F(gather_part), &job, batch * job.heads);
        wb_free(job.partial, bytes);
    }
    wb_free(job.scratch, job.slots * job.bytes);
    return 0;
}
#endif
