/* The allocator: freed blocks wait in one list per size class; those over 1 MB are cut from extents. Under AddressSanitizer it steps aside,
   so that every end is seen. */
#define _GNU_SOURCE
#include "alloc.h"
#include "extent.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define LARGEST ((size_t)1 << 46)
enum { SMALL = 1024, STEP = 64, SMALL_CLASSES = SMALL / STEP + 1, PER_DOUBLING = 8, CLASSES = SMALL_CLASSES + (20 - 10) * PER_DOUBLING };
enum { LARGE = 1 << 20, EXTENT = CLASSES };           /* the class of what is larger */
#if defined(__SANITIZE_ADDRESS__)
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

struct block { struct block *next; };
static struct bin { pthread_spinlock_t lock; struct block *top; } __attribute__((aligned(64))) bins[CLASSES];
static _Atomic size_t used, peak, cached, limit, hits, misses;
static int bypass = SANITIZED;

/* 64-byte steps to 1 KB, then 8 classes a doubling to 1 MB: at most 12.5 % are wasted. */
static int class_of(size_t n, size_t *size) {
    if (n <= SMALL) {
        int i = n ? (int)((n + STEP - 1) / STEP) : 1;
        *size = (size_t)i * STEP;
        return i;
    }
    if (n > LARGE) {
        *size = (n + WB_EXTENT - 1) & ~(WB_EXTENT - 1);
        return EXTENT;
    }
    int e = 63 - __builtin_clzl(n - 1);            /* 2^e < n <= 2^(e + 1) */
    size_t step = (size_t)1 << (e - 3), s = (n + step - 1) & ~(step - 1);
    *size = s;
    return SMALL_CLASSES + (e - 10) * PER_DOUBLING + (int)((s - ((size_t)1 << e)) / step) - 1;
}
static size_t size_of(int i) {
    if (i < SMALL_CLASSES) return (size_t)i * STEP;
    int e = 10 + (i - SMALL_CLASSES) / PER_DOUBLING;
    return ((size_t)1 << e) + ((size_t)1 << (e - 3)) * (size_t)((i - SMALL_CLASSES) % PER_DOUBLING + 1);
}
size_t wb_alloc_class(size_t n) { size_t s; class_of(n, &s); return s; }

static void *aligned(size_t n) {
    void *p = NULL;
    return posix_memalign(&p, STEP, n) ? NULL : p;
}
static void *fresh(int i, size_t s) { return i == EXTENT ? wb_extent_take(s, 1) : aligned(s); }

static void *pop(int i, size_t s) {
    if (i == EXTENT) return wb_extent_take(s, 0);
    struct bin *b = &bins[i];
    pthread_spin_lock(&b->lock);
    struct block *t = b->top;
    if (t) b->top = t->next;
    pthread_spin_unlock(&b->lock);
    return t;
}

void *wb_alloc(size_t n) {
    if (n > LARGEST) return NULL;
    size_t s;
    int i = class_of(n, &s);
    size_t most = atomic_load_explicit(&limit, memory_order_relaxed);
    size_t now = atomic_fetch_add_explicit(&used, s, memory_order_relaxed) + s;
    void *p = NULL;
    if (most && now > most) { atomic_fetch_sub(&used, s); return NULL; }
    if (!bypass) p = pop(i, s);
    if (p) {
        if (i != EXTENT) atomic_fetch_sub_explicit(&cached, s, memory_order_relaxed);
        atomic_fetch_add_explicit(&hits, 1, memory_order_relaxed);
    } else {
        atomic_fetch_add_explicit(&misses, 1, memory_order_relaxed);
        /* what other classes keep must not count against the limit */
        if (most && now + atomic_load(&cached) + wb_extent_idle() > most) wb_alloc_trim();
        p = bypass ? aligned(n ? n : 1) : fresh(i, s);
        if (!p && wb_alloc_trim()) p = fresh(i, s);
        if (!p) { atomic_fetch_sub(&used, s); return NULL; }
    }
    size_t top = atomic_load_explicit(&peak, memory_order_relaxed);
    while (now > top && !atomic_compare_exchange_weak(&peak, &top, now)) ;
    return p;
}
void wb_free(void *p, size_t n) {
    if (!p) return;
    size_t s;
    int i = class_of(n, &s);
    atomic_fetch_sub_explicit(&used, s, memory_order_relaxed);
    if (bypass) { free(p); return; }
    if (i == EXTENT) { wb_extent_give(p, s); return; }
    struct bin *b = &bins[i];
    atomic_fetch_add_explicit(&cached, s, memory_order_relaxed);
    pthread_spin_lock(&b->lock);
    ((struct block *)p)->next = b->top;
    b->top = p;
    pthread_spin_unlock(&b->lock);
}
size_t wb_alloc_trim(void) {
    size_t total = 0;
    for (int i = 1; i < CLASSES; i++) {
        pthread_spin_lock(&bins[i].lock);
        struct block *t = bins[i].top;
        bins[i].top = NULL;
        pthread_spin_unlock(&bins[i].lock);
        for (struct block *next; t; t = next, total += size_of(i)) { next = t->next; free(t); }
    }
    atomic_fetch_sub(&cached, total);
    return total + wb_extent_trim();
}
void wb_alloc_limit(size_t bytes) { limit = bytes; }
void wb_alloc_bypass(int on) { if (!hits && !misses) bypass = on || SANITIZED; }
void wb_alloc_reset_peak(void) { peak = atomic_load(&used); }
void wb_alloc_get(wb_alloc_stats *s) { *s = (wb_alloc_stats){used, peak, cached + wb_extent_idle(), limit, hits, misses, bypass}; }

static void before_fork(void) {
    for (int i = 0; i < CLASSES; i++) pthread_spin_lock(&bins[i].lock);
    wb_extent_fork(0);
}
static void after_fork(void) {
    wb_extent_fork(1);
    for (int i = 0; i < CLASSES; i++) pthread_spin_unlock(&bins[i].lock);
}
int wb_alloc_init(void) {
    static int once;
    if (once) return 0;
    once = 1;
    for (int i = 0; i < CLASSES; i++) pthread_spin_init(&bins[i].lock, PTHREAD_PROCESS_PRIVATE);
    return pthread_atfork(before_fork, after_fork, after_fork);
}
