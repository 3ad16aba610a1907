/* Draws from Philox. Attributes begin with the key: low and high word, number of the draw low and high. Element i of a draw of w words
   each gets words w i to w i + w - 1 of the key's stream, whatever the cut into parts. */
#include "map.h"
#include "vmath.h"
#include "../core/philox.h"

enum { BLOCKS = 64, WORDS = 4 * BLOCKS /* made at a time */, RANDOM_PART = 1 << 15 /* words in a part of a job */ };

/* the words of blocks `first` to `first + BLOCKS - 1` */
static void words(const long *key, uint64_t first, uint32_t *out) {
    for (int i = 0; i < BLOCKS; i++) {
        const uint64_t block = first + (uint64_t)i;
        uint32_t c[4] = {(uint32_t)block, (uint32_t)(block >> 32), (uint32_t)key[2], (uint32_t)key[3]};
        wb_philox(c, (uint32_t)key[0], (uint32_t)key[1]);
        for (int k = 0; k < 4; k++) out[4 * i + k] = c[k];
    }
}

/* A draw turns words into n elements from number `at` on; width words each. */
typedef void (*draw)(const wb_call *c, const uint32_t *w, long at, long n);
typedef struct drawing { const wb_call *c; draw f; int width; } drawing;

static int draw_part(void *arg, long part) {
    const drawing *d = arg;
    const long total = d->c->out[0]->n * d->width, last = WB_MIN((part + 1) * (long)RANDOM_PART, total);
    uint32_t w[WORDS];
    for (long k = part * RANDOM_PART; k < last; k += WORDS) {
        words(d->c->i, (uint64_t)k / 4, w);
        d->f(d->c, w, k / d->width, WB_MIN((long)WORDS, last - k) / d->width);
    }
    return WB_OK;
}
static int draw_all(const wb_call *c, draw f, int width) {
    drawing d = {c, f, width};
    return wb_pool_run(draw_part, &d, (c->out[0]->n * width + RANDOM_PART - 1) / RANDOM_PART);
}

/* [0, 1) with 24 or 53 bits */
static inline float unit_f32(uint32_t w) { return (float)(int32_t)(w >> 8) * 0x1p-24f; }
static inline double unit_f64(const uint32_t *w) { return ((double)(w[0] >> 5) * 67108864.0 + (double)(w[1] >> 6)) * 0x1p-53; }

static void some_uniform_f32(const wb_call *c, const uint32_t *w, long at, long n) {
    float *o = (float *)c->out[0]->data + at;
    const float low = (float)c->f[0], width = (float)(c->f[1] - c->f[0]);
    for (long i = 0; i < n; i++) o[i] = unit_f32(w[i]) * width + low;
}
static void some_uniform_f64(const wb_call *c, const uint32_t *w, long at, long n) {
    double *o = (double *)c->out[0]->data + at;
    const double low = c->f[0], width = c->f[1] - c->f[0];
    for (long i = 0; i < n; i++) o[i] = unit_f64(w + 2 * i) * width + low;
}

/* Box and Muller: two words or pairs of words make two normal numbers */
static void some_normal_f32(const wb_call *c, const uint32_t *w, long at, long n) {
    float u[WORDS / 2], v[WORDS / 2], z[WORDS];
    const float mean = (float)c->f[0], std = (float)c->f[1];
    for (int i = 0; i < WORDS / 2; i++) { u[i] = 1.0f - unit_f32(w[2 * i]); v[i] = unit_f32(w[2 * i + 1]); }
    for (int i = 0; i < WORDS / 2; i += VF) {
        vf s, k, r = -2.0f * vlog(vload(u + i));
        for (int l = 0; l < VF; l++) r[l] = sqrtf(r[l]);
        vsincos_turns(vload(v + i), &s, &k);
        vstore(u + i, r * k * std + mean);
        vstore(v + i, r * s * std + mean);
    }
    for (int i = 0; i < WORDS / 2; i++) { z[2 * i] = u[i]; z[2 * i + 1] = v[i]; }
    memcpy((float *)c->out[0]->data + at, z, (size_t)n * sizeof *z);
}
static void some_normal_f64(const wb_call *c, const uint32_t *w, long at, long n) {
    double *o = (double *)c->out[0]->data + at;
    for (long i = 0; i < n; i += 2) {
        const double r = sqrt(-2 * log1p(-unit_f64(w + 2 * i))), angle = 6.28318530717958647693 * unit_f64(w + 2 * i + 2);
        o[i] = r * cos(angle) * c->f[1] + c->f[0];
        if (i + 1 < n) o[i + 1] = r * sin(angle) * c->f[1] + c->f[0];
    }
}

/* low <= x < high by the upper half of a product with 64 random bits */
static void some_randint(const wb_call *c, const uint32_t *w, long at, long n) {
    int64_t *o = (int64_t *)c->out[0]->data + at;
    const uint64_t low = (uint64_t)c->i[4], width = (uint64_t)c->i[5] - low;
    for (long i = 0; i < n; i++) {
        const uint64_t bits = (uint64_t)w[2 * i] | (uint64_t)w[2 * i + 1] << 32;
        o[i] = (int64_t)((uint64_t)((unsigned __int128)bits * width >> 64) + low);
    }
}

/* dropout: zero with probability f[0], else scaled; the second output says what is kept */
#define DROPPED(S, T, U, D, F) \
    static void some_dropped_##S(const wb_call *c, const uint32_t *w, long at, long n) { \
        const T *restrict x = (const T *)c->in[0]->data + at; \
        T *restrict o = (T *)c->out[0]->data + at; \
        uint8_t *restrict mask = (uint8_t *)(c->out[1] ? c->out[1]->data + at : NULL); \
        const float p = (float)c->f[0]; \
        const T scale = (T)(1 / (1 - c->f[0])); \
        for (long i = 0; i < n; i++) { const T kept = x[i] * scale; o[i] = unit_f32(w[i]) >= p ? kept : 0; } \
        if (mask) for (long i = 0; i < n; i++) mask[i] = unit_f32(w[i]) >= p; \
    } \
    static int dropped_##S(const wb_call *c) { return draw_all(c, some_dropped_##S, 1); }
WB_EACH_FLOAT(DROPPED)

static int uniform_f32(const wb_call *c) { return draw_all(c, some_uniform_f32, 1); }
static int uniform_f64(const wb_call *c) { return draw_all(c, some_uniform_f64, 2); }
static int normal_f32(const wb_call *c) { return draw_all(c, some_normal_f32, 1); }
static int normal_f64(const wb_call *c) { return draw_all(c, some_normal_f64, 2); }
static int randint_i64(const wb_call *c) { return draw_all(c, some_randint, 2); }

WB_FAMILY(random) {
    WB_KERNEL("uniform", WB_F32, WB_CALL, 0, uniform_f32);
    WB_KERNEL("uniform", WB_F64, WB_CALL, 0, uniform_f64);
    WB_KERNEL("normal", WB_F32, WB_CALL, 0, normal_f32);
    WB_KERNEL("normal", WB_F64, WB_CALL, 0, normal_f64);
    WB_KERNEL("randint", WB_I64, WB_CALL, 0, randint_i64);
    WB_KERNEL("dropped", WB_F32, WB_CALL, 0, dropped_f32);
    WB_KERNEL("dropped", WB_F64, WB_CALL, 0, dropped_f64);
}
