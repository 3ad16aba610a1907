/* What the machine reaches at best: fused multiply-adds in registers, and a triad over memory. Compiled by ceilings.py for the machine
   that runs it, with the widest vectors it has. */
#include <stdlib.h>
#include <time.h>

#if defined(__AVX512F__)
enum { VB = 64 };
#elif defined(__AVX__)
enum { VB = 32 };
#else
enum { VB = 16 };
#endif
typedef float vf __attribute__((vector_size(VB)));
enum { CHAINS = 12 }; /* more than latency times units of any core; as many registers as AVX2 can spare */

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static volatile float sink;

/* The most operations of a second (two for a multiply-add) in any of the slices that fit into `seconds`. */
double wb_fma_peak(double seconds) {
    const long rounds = 200000;
    vf sums[CHAINS];
    double best = 0;
    for (int i = 0; i < CHAINS; i++) sums[i] = (vf){0} + (float)i;
    const vf x = (vf){0} + 0.9999f, y = (vf){0} + 1e-3f;
    for (const double end = now() + seconds; now() < end;) {
        const double start = now();
        for (long k = 0; k < rounds; k++)
#pragma GCC unroll 12
            for (int i = 0; i < CHAINS; i++) sums[i] = sums[i] * x + y;
        const double rate = 2.0 * (VB / 4) * CHAINS * rounds / (now() - start);
        if (rate > best) best = rate;
    }
    for (int i = 1; i < CHAINS; i++) sums[0] += sums[i];
    sink = sums[0][0];
    return best;
}

/* The most bytes of a second that a = b + 0.5 c moves, with three arrays of n floats; 0 without memory for them. */
double wb_triad_peak(long n, double seconds) {
    float *a = aligned_alloc(64, (size_t)n * 4), *b = aligned_alloc(64, (size_t)n * 4), *c = aligned_alloc(64, (size_t)n * 4);
    double best = 0;
    if (a && b && c) {
        for (long i = 0; i < n; i++) a[i] = b[i] = c[i] = 1;
        const long rounds = n < (1 << 20) ? (1 << 20) / n : 1;
        for (const double end = now() + seconds; now() < end;) {
            const double start = now();
            for (long k = 0; k < rounds; k++) {
                for (long i = 0; i < n; i++) a[i] = b[i] + 0.5f * c[i];
                __asm__ volatile("" : : "r"(a) : "memory"); /* each round is done */
            }
            const double rate = 12.0 * (double)n * (double)rounds / (now() - start);
            if (rate > best) best = rate;
        }
        sink = a[n / 2];
    }
    free(a);
    free(b);
    free(c);
    return best;
}
