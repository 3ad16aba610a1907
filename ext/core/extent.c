/* Large memory. A step of training asks for the same sizes again and again, and for many: one list of blocks for each size would hold the
   most that each ever needed. Here what is idle is one row of extents by address: the shortest that is long enough is cut for a request,
   and what comes back is joined with its neighbours, so that the memory of a step is little more than what it holds at its worst moment.
   Nothing is unmapped but by trim: a step never page-faults the same tensor twice. */
#define _GNU_SOURCE
#include "extent.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE ((size_t)2 << 20)

typedef struct extent { char *at; size_t bytes; } extent;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static extent *row;
static size_t count, room, idle;
static char *frontier;                 /* the end of what was mapped last: more is asked for there, to be of one piece with it */

static size_t after(const char *p) {   /* the first extent that starts beyond p */
    size_t low = 0, high = count;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (row[mid].at <= p) low = mid + 1; else high = mid;
    }
    return low;
}
static void erase(size_t i) { memmove(row + i, row + i + 1, (--count - i) * sizeof *row); }

static size_t shortest(size_t bytes) {
    size_t best = count;
    for (size_t i = 0; i < count; i++)
        if (row[i].bytes >= bytes && (best == count || row[i].bytes < row[best].bytes)) best = i;
    return best;
}

static void join(char *p, size_t bytes) {
    size_t i = after(p);
    int below = i > 0 && row[i - 1].at + row[i - 1].bytes == p, above = i < count && p + bytes == row[i].at;
    if (!below && !above && count == room) {
        size_t more = room ? 2 * room : 64;
        extent *wider = realloc(row, more * sizeof *row);
        if (!wider) { munmap(p, bytes); return; }
        row = wider;
        room = more;
    }
    idle += bytes;
    if (below) {
        row[i - 1].bytes += bytes;
        if (above) { row[i - 1].bytes += row[i].bytes; erase(i); }
    } else if (above) {
        row[i] = (extent){p, bytes + row[i].bytes};
    } else {
        memmove(row + i + 1, row + i, (count++ - i) * sizeof *row);
        row[i] = (extent){p, bytes};
    }
}

static char *pages(char *at, size_t bytes, int access) {
    char *p = mmap(at, bytes, access, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}
/* Address space with much room above, which is only looked for, not kept: the system fills holes from their upper ends. */
static char *wide(void) {
    for (size_t n = (size_t)1 << 40; n >= (size_t)1 << 32; n >>= 2) {
        char *p = pages(NULL, n, PROT_NONE);
        if (!p) continue;
        munmap(p, n);
        return (char *)(((size_t)p + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1));
    }
    return NULL;
}
static int map(char *at, size_t bytes) {
    char *p = mmap(at, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) return 0;
    if (at && p != at) { munmap(p, bytes); return 0; }
    frontier = p + bytes;
    madvise(p, bytes, MADV_HUGEPAGE);
    join(p, bytes);
    return 1;
}
/* So much that the idle end of what is mapped, made longer, has room for the request; elsewhere, if others have taken the place. */
static int extend(size_t bytes) {
    if (!frontier) frontier = wide();
    size_t i = after(frontier), tail = 0;
    if (frontier && i && row[i - 1].at + row[i - 1].bytes == frontier) tail = row[i - 1].bytes;
    char *end = (char *)(((size_t)frontier + bytes - tail + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1));
    if (frontier && map(frontier, (size_t)(end - frontier))) return 1;
    return map(NULL, (bytes + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1));
}

void *wb_extent_take(size_t bytes, int grow) {
    pthread_mutex_lock(&lock);
    size_t i = shortest(bytes);
    if (i == count && grow && extend(bytes)) i = shortest(bytes);
    char *p = NULL;
    if (i < count) {
        p = row[i].at;
        idle -= bytes;
        if (row[i].bytes == bytes) erase(i);
        else row[i] = (extent){p + bytes, row[i].bytes - bytes};
    }
    pthread_mutex_unlock(&lock);
    return p;
}
void wb_extent_give(void *p, size_t bytes) {
    pthread_mutex_lock(&lock);
    join(p, bytes);
    pthread_mutex_unlock(&lock);
}
size_t wb_extent_idle(void) {
    pthread_mutex_lock(&lock);
    size_t bytes = idle;
    pthread_mutex_unlock(&lock);
    return bytes;
}
size_t wb_extent_trim(void) {
    pthread_mutex_lock(&lock);
    size_t bytes = idle;
    for (size_t i = 0; i < count; i++) {
        if (row[i].at + row[i].bytes == frontier) frontier = row[i].at;
        munmap(row[i].at, row[i].bytes);
    }
    count = idle = 0;
    pthread_mutex_unlock(&lock);
    return bytes;
}
void wb_extent_fork(int done) { if (done) pthread_mutex_unlock(&lock); else pthread_mutex_lock(&lock); }
