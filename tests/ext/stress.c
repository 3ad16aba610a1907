/* What test_pool.py runs: tasks in C, so that the pool is driven at its own speed. */
#include "pool.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { PARTS = 40, FAILS_FROM = 16 };
typedef struct { unsigned char seen[PARTS]; _Atomic int wrong; long parts; } job;

static void delay(long n) { for (volatile long i = 0; i < n; i++) ; }

static int visit(void *arg, long part) {
    job *j = arg;
    if (part < 0 || part >= j->parts) { j->wrong++; return 99; }
    j->seen[part]++;
    delay((part * 37) % 200);
    return part % 17 == FAILS_FROM ? (int)part : 0;
}
static void *caller(void *seed) {
    unsigned r = (unsigned)(long)seed;
    long wrong = 0;
    for (int k = 0; k < 5000; k++) {
        r = r * 1664525u + 1013904223u;
        job j = {.parts = 1 + (r >> 16) % PARTS};
        int code = wb_pool_run(visit, &j, j.parts);
        for (long i = 0; i < j.parts; i++) wrong += j.seen[i] != 1;
        wrong += j.wrong + (code != (j.parts > FAILS_FROM ? FAILS_FROM : 0));
        if (k % 500 == 0) { wb_pool_set_threads(1 + (int)(r % 6)); wb_pool_set_spin(r % 3 ? 0 : 20000); }
        if (k % 64 == 0) delay(40000);
    }
    return (void *)wrong;
}
/* Every part of every job once, the lowest failing part's code, while three threads share the pool and change its size; the faults seen. */
long stress(void) {
    pthread_t threads[3];
    long wrong = 0;
    for (long i = 0; i < 3; i++) pthread_create(&threads[i], NULL, caller, (void *)(i + 1));
    for (int i = 0; i < 3; i++) { void *w; pthread_join(threads[i], &w); wrong += (long)w; }
    return wrong;
}

static int nested_part(void *arg, long part) { (void)part; atomic_fetch_add((_Atomic long *)arg, 1); return 0; }
static int nested(void *arg, long part) { (void)part; return wb_pool_run(nested_part, arg, 8); }
long nest(void) {                                    /* 64 */
    _Atomic long n = 0;
    return wb_pool_run(nested, &n, 8) ? -1 : n;
}

/* Two threads in one slot at the same time, or a slot beyond the number promised, are faults. */
typedef struct { _Atomic int *busy; int slots; _Atomic long wrong; } scratch;
static int use_slot(void *arg, long part) {
    scratch *s = arg;
    int slot = wb_pool_slot();
    if (slot < 0 || slot >= s->slots) { s->wrong++; return 0; }
    if (atomic_exchange(&s->busy[slot], 1)) s->wrong++;
    delay(part % 7 * 100);
    atomic_store(&s->busy[slot], 0);
    return 0;
}
static void *resizer(void *stop) {
    for (int n = 1; !atomic_load((_Atomic int *)stop); n = n % 5 + 1) { wb_pool_set_threads(n); delay(500); }
    return NULL;
}
long slots(void) {
    _Atomic int stop = 0;
    long wrong = 0;
    pthread_t t;
    pthread_create(&t, NULL, resizer, &stop);
    for (int i = 0; i < 2000; i++) {
        scratch s = {.slots = wb_pool_slots()};
        s.busy = calloc((size_t)s.slots, sizeof *s.busy);
        wb_pool_run(use_slot, &s, 32);
        wrong += s.wrong;
        free(s.busy);
    }
    atomic_store(&stop, 1);
    pthread_join(t, NULL);
    return wrong;
}
