/* The pool. Whoever has a job publishes it as a ticket, `generation << 32 | next part`, and works on it like the workers do; parts are
   claimed by compare-and-swap, so a worker that comes late finds another generation and takes nothing. Both sides spin for a moment
   before they sleep on a futex: a hand-off costs under 0.3 us while work keeps coming, and an idle pool costs nothing. */
#define _GNU_SOURCE
#include "pool.h"
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { MAX_THREADS = 256, STACK_BYTES = 1 << 20 };
#if defined(__x86_64__)
#define RELAX() __builtin_ia32_pause()
#elif defined(__aarch64__)
#define RELAX() __asm__ volatile("isb" ::: "memory")
#else
#define RELAX() sched_yield()
#endif
#define OWN_LINE __attribute__((aligned(128)))     /* two cache lines: the prefetcher pairs them */

static OWN_LINE _Atomic uint32_t generation;       /* raised to start a job; what idle workers watch */
static OWN_LINE _Atomic uint64_t ticket;
static OWN_LINE _Atomic long     left;             /* parts not finished yet */
static OWN_LINE _Atomic int      sleepers;
static OWN_LINE _Atomic int      joiner;           /* the caller sleeps on `finished` */
static OWN_LINE _Atomic uint32_t finished;         /* the last generation whose parts are all done */
static OWN_LINE struct { wb_task task; void *arg; _Atomic long parts; _Atomic int want; } job;

static struct { pthread_mutex_t lock; long part; int code; } failure = {PTHREAD_MUTEX_INITIALIZER, 0, 0};
static pthread_mutex_t owner = PTHREAD_MUTEX_INITIALIZER;      /* held by the thread whose job is running */
static int live;                                   /* workers alive; changed with `owner` held */
static _Atomic int threads = 1;
static _Atomic long spin = 20000;
static _Atomic long n_jobs, n_serial, n_wakes;
static _Thread_local int inside;                   /* this thread runs a part: what it starts runs serially */
static _Thread_local int slot;
static _Thread_local int promised;                 /* slots that this thread was told of and may have made memory for; 0: none */

static long now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000L + t.tv_nsec;
}
static void futex_wait(_Atomic uint32_t *word, uint32_t value) { syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0); }
static void futex_wake(_Atomic uint32_t *word, int n) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, n, NULL, NULL, 0); }

/* One step of waiting; 0 once the time to spin is over. The clock is read only after the first, cheapest steps. */
static int spin_once(int step, long *end) {
    long budget = atomic_load_explicit(&spin, memory_order_relaxed);
    if (!budget) return 0;
    if (step < 64) { RELAX(); return 1; }
    if (!*end) *end = now_ns() + budget;
    if (now_ns() >= *end) return 0;
    for (int i = 0; i < 16; i++) RELAX();
    return 1;
}

static void fail(long part, int code) {
    pthread_mutex_lock(&failure.lock);
    if (!failure.code || part < failure.part) { failure.code = code; failure.part = part; }
    pthread_mutex_unlock(&failure.lock);
}

static void work(uint32_t g) {
    for (;;) {
        uint64_t t = atomic_load_explicit(&ticket, memory_order_acquire);
        long part = (long)(uint32_t)t;
        if ((uint32_t)(t >> 32) != g || part >= atomic_load_explicit(&job.parts, memory_order_relaxed)) return;
        if (!atomic_compare_exchange_weak_explicit(&ticket, &t, t + 1, memory_order_acq_rel, memory_order_relaxed)) continue;
        int code = job.task(job.arg, part);        /* an unfinished part is held: the job cannot end under us */
        if (code) fail(part, code);
        if (atomic_fetch_sub_explicit(&left, 1, memory_order_acq_rel) == 1) {
            atomic_store(&finished, g);
            if (atomic_load(&joiner)) futex_wake(&finished, 1);
        }
    }
}

static void *worker(void *p) {
    int id = (int)(intptr_t)p;
    uint32_t seen = 0;
    inside = 1;
    slot = id + 1;
    for (;;) {
        uint32_t g;
        long end = 0;
        for (int step = 0; (g = atomic_load_explicit(&generation, memory_order_acquire)) == seen; step++) {
            if (spin_once(step, &end)) continue;
            atomic_fetch_add(&sleepers, 1);
            while ((g = atomic_load(&generation)) == seen) futex_wait(&generation, seen);
            atomic_fetch_sub(&sleepers, 1);
            break;
        }
        seen = g;
        if (id < atomic_load_explicit(&job.want, memory_order_acquire)) work(g);
    }
    return NULL;
}

static void grow(int want) {
    sigset_t all, old;
    pthread_attr_t a;
    sigfillset(&all);
    pthread_attr_init(&a);
    pthread_attr_setdetachstate(&a, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&a, STACK_BYTES);
    pthread_sigmask(SIG_SETMASK, &all, &old);      /* signals, SIGINT among them, are for Python's threads */
    for (pthread_t t; live < want && !pthread_create(&t, &a, worker, (void *)(intptr_t)live); live++) ;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&a);
}

static int serial(wb_task task, void *arg, long parts) {
    int code = 0, nested = inside;
    inside = 1;
    for (long p = 0; p < parts; p++) {
        int c = task(arg, p);
        if (c && !code) code = c;
    }
    inside = nested;
    return code;
}

/* Waits until no part is left: a preempted worker is given this core rather than waited for. */
static void join(uint32_t g) {
    long end = 0;
    for (int step = 0; atomic_load_explicit(&left, memory_order_acquire); step++) {
        if (spin_once(step, &end)) continue;
        atomic_store(&joiner, 1);
        for (uint32_t f; atomic_load(&left) && (f = atomic_load(&finished)) != g;) futex_wait(&finished, f);
        atomic_store(&joiner, 0);
        while (atomic_load_explicit(&left, memory_order_acquire)) RELAX();
        return;
    }
}

int wb_pool_run(wb_task task, void *arg, long parts) {
    int limit = promised;
    if (!inside) promised = 0;
    atomic_fetch_add_explicit(&n_jobs, 1, memory_order_relaxed);
    if (parts <= 0) return 0;
    if (parts == 1 || inside || threads == 1 || limit == 1 || parts >= UINT32_MAX || pthread_mutex_trylock(&owner)) {
        atomic_fetch_add_explicit(&n_serial, 1, memory_order_relaxed);
        return serial(task, arg, parts);
    }
    int want = limit && limit < threads ? limit : threads;
    want = want < parts ? want - 1 : (int)(parts - 1);
    if (live < want) grow(want);
    uint32_t g = atomic_load_explicit(&generation, memory_order_relaxed) + 1;
    atomic_store(&ticket, (uint64_t)g << 32 | UINT32_MAX);      /* closed: no straggler of the last job takes a part while `job` changes */
    job.task = task;
    job.arg = arg;
    atomic_store(&job.parts, parts);
    atomic_store(&job.want, want);
    failure.code = 0;
    atomic_store(&left, parts);
    atomic_store(&ticket, (uint64_t)g << 32);
    atomic_store(&generation, g);                  /* seq_cst, as is the load of `sleepers`: no wake is lost */
    if (atomic_load(&sleepers)) {
        futex_wake(&generation, INT_MAX);
        atomic_fetch_add_explicit(&n_wakes, 1, memory_order_relaxed);
    }
    inside = 1;
    work(g);
    inside = 0;
    join(g);
    int code = failure.code;
    pthread_mutex_unlock(&owner);
    return code;
}

int wb_pool_slot(void) { return slot; }
int wb_pool_slots(void) {                          /* the caller sizes its scratch by it: its next job keeps to the number */
    int n = threads;
    if (!inside) promised = n;
    return n > slot ? n : slot + 1;
}
void wb_pool_set_threads(int n) {
    pthread_mutex_lock(&owner);
    threads = n < 1 ? 1 : n > MAX_THREADS ? MAX_THREADS : n;
    pthread_mutex_unlock(&owner);
}
int  wb_pool_threads(void) { return threads; }
void wb_pool_set_spin(long ns) { spin = ns < 0 ? 0 : ns; }
void wb_pool_stats(long out[4]) { out[0] = n_jobs; out[1] = n_serial; out[2] = n_wakes; out[3] = live; }

static void before_fork(void) { if (!inside) pthread_mutex_lock(&owner); }
static void after_in_parent(void) { if (!inside) pthread_mutex_unlock(&owner); }
static void after_in_child(void) {                 /* only the forking thread lives on; workers come back with the first job */
    live = 0;
    sleepers = joiner = 0;
    pthread_mutex_init(&owner, NULL);
    pthread_mutex_init(&failure.lock, NULL);
}
int wb_pool_init(int n, long spin_ns) {
    static int once;
    if (!once && pthread_atfork(before_fork, after_in_parent, after_in_child)) return -1;
    once = 1;
    wb_pool_set_threads(n);
    wb_pool_set_spin(spin_ns);
    return 0;
}
