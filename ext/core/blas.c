/* Products. One call of OpenBLAS never uses more than its own thread; parallel products are cut into blocks of C, and where C is small
   and k long also along k, by sizes that depend on the shape alone. */
#define _GNU_SOURCE
#include "blas.h"
#include "alloc.h"
#include "pool.h"
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROW_MAJOR = 101, PLAIN = 111, TRANSPOSED = 112 };
static struct {
    void (*sgemm)(int, int, int, int, int, int, float, const float *, int, const float *, int, float, float *, int);
    void (*dgemm)(int, int, int, int, int, int, double, const double *, int, const double *, int, double, double *, int);
    void (*set_threads)(int);
    int  (*get_threads)(void);
    char *(*config)(void);
    char *(*core)(void);
} lib;

const char *wb_blas_open(const char *path) {
    static char why[512];
    /* one thread from the first moment: no helper threads are made, none spin. The variable is put back for NumPy's sake. */
    const char *old = getenv("OPENBLAS_NUM_THREADS");
    char *keep = old ? strdup(old) : NULL;
    setenv("OPENBLAS_NUM_THREADS", "1", 1);
    void *h = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (keep) setenv("OPENBLAS_NUM_THREADS", keep, 1);
    else unsetenv("OPENBLAS_NUM_THREADS");
    free(keep);
    if (!h) { snprintf(why, sizeof why, "%s", dlerror()); return why; }
    const struct { const char *name; void *to; } want[] = {
        {"scipy_cblas_sgemm", &lib.sgemm}, {"scipy_cblas_dgemm", &lib.dgemm}, {"scipy_openblas_set_num_threads", &lib.set_threads},
        {"scipy_openblas_get_num_threads", &lib.get_threads}, {"scipy_openblas_get_config", &lib.config}, {"scipy_openblas_get_corename", &lib.core}};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        void *symbol = dlsym(h, want[i].name);
        if (!symbol) { snprintf(why, sizeof why, "%s: symbol %s is missing", path, want[i].name); return why; }
        memcpy(want[i].to, &symbol, sizeof symbol);
    }
    lib.set_threads(1);
    return NULL;
}
const char *wb_blas_config(void) { return lib.config ? lib.config() : ""; }
const char *wb_blas_core(void) { return lib.core ? lib.core() : ""; }
int wb_blas_threads(void) { return lib.get_threads ? lib.get_threads() : 0; }

/* How a product is cut: blocks of bm x bn of C, `depth` slices of bk along k. The sizes suit the caches where the product is large; a
   smaller one is cut finer, first along a long k (a slice packs nothing twice), into no more blocks than are worth a hand-off. */
enum { SERIAL = 1 << 20 /* multiply-adds, about 25 us */, BM = 192, BN = 384, BK = 1024, BM_MIN = 32, BN_MIN = 64 };
struct cut { long bm, bn, bk, rows, cols, depth; };

static long min(long a, long b) { return a < b ? a : b; }
static long ceil_div(long a, long b) { return (a + b - 1) / b; }
static long share(long n, long parts, long unit) { return ceil_div(ceil_div(n, parts), unit) * unit; }     /* of n in equal parts of whole units */

static struct cut cut(long m, long n, long k) {
    struct cut c = {m, n, k, 1, 1, 1};
    double work = (double)m * (double)n * (double)k;
    if (work < SERIAL) return c;
    long wanted = work < 4 * SERIAL ? 2 : work < 64 * SERIAL ? 4 : 8;
    c.bm = share(m, ceil_div(m, BM), 8);
    c.bn = share(n, ceil_div(n, BN), 16);
    c.rows = ceil_div(m, c.bm);
    c.cols = ceil_div(n, c.bn);
    if (c.rows * c.cols < wanted && k >= 2 * BK) {
        c.bk = share(k, min(k / BK, ceil_div(wanted, c.rows * c.cols)), 16);
        c.depth = ceil_div(k, c.bk);
    }
    while (c.rows * c.cols * c.depth < wanted) {
        if (c.bn >= 2 * BN_MIN && (c.bn > c.bm || c.bm < 2 * BM_MIN)) c.bn = share(c.bn, 2, 16);
        else if (c.bm >= 2 * BM_MIN) c.bm = share(c.bm, 2, 8);
        else break;
        c.rows = ceil_div(m, c.bm);
        c.cols = ceil_div(n, c.bn);
    }
    return c;
}

#define REAL float
#define TYPED(name) name##_s
#define CALL lib.sgemm
#define PRODUCT wb_sgemm
#define PRODUCT1 wb_sgemm1
#include "blas_product.h"
#define REAL double
#define TYPED(name) name##_d
#define CALL lib.dgemm
#define PRODUCT wb_dgemm
#define PRODUCT1 wb_dgemm1
#include "blas_product.h"
