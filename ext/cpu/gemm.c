/* Products of matrices. B is copied into panels as wide as a tile, which all rows of A then meet: a panel's block of DEPTH rows stays in
   the first cache, a block of A in the second. A is copied only where the elements of a row are apart. Each element is summed in the
   order of k, in blocks that depend on the shape only, so the cut of C into parts changes no bit. After K. Goto and R. van de Geijn,
   "Anatomy of High-Performance Matrix Multiplication" (2008). The file includes itself for float and for double. */
#ifndef REAL
#include "gemm.h"

/* Rows of a block of A and of C; depth of a block; elements that need no copy; bytes of B that are copied for a pass; most parts. */
enum { BLOCK_ROWS = 96, DEPTH = 256, LOOSE = 1 << 14, COPIED_BYTES = 4 << 20, MOST_PARTS = 16 };

#define REAL 32
#include "gemm.c"
#undef REAL
#define REAL 64
#include "gemm.c"
#else
#include "real.h"
#include "tile.h"

typedef struct {
    long m, n, k;
    const real *a, *b, *i;
    long ars, acs, brs, bcs, ldi, ldc;
    real *c;
    long rows, cols;                  /* blocks of C */
    long j, width, p, depth;          /* the columns and the depth that are at work */
    real *panels;                     /* B of that part, copied: panels of PANEL columns; NULL: as it is */
    int across;                       /* whether blocks of A are copied: strips of 6 rows */
    long parts;                       /* of a copy */
} F(gemm_job);

static int F(gemm_panels)(void *arg, long part) {
    const F(gemm_job) *s = arg;
    long panels = (s->width + PANEL - 1) / PANEL, first = panels * part / s->parts * PANEL;
    long n = WB_MIN(s->width, panels * (part + 1) / s->parts * PANEL) - first;
    const real *from = s->b + s->p * s->brs + (s->j + first) * s->bcs;
    if (s->bcs == 1) F(pack)(from, s->brs, s->depth, n, s->panels + first * s->depth);
    else F(pack_transposed)(from, s->bcs, n, s->depth, s->panels + first * s->depth);
    return 0;
}

/* The rows of a block of C. */
static long F(gemm_rows)(const F(gemm_job) *s, long r, long *first) {
    long strips = (s->m + 5) / 6;
    *first = strips * r / s->rows * 6;
    return WB_MIN(s->m, strips * (r + 1) / s->rows * 6) - *first;
}

/* Blocks of the depth that is at work: how many, and where one begins. */
static long F(gemm_blocks)(const F(gemm_job) *s) { return WB_MAX(1, (s->depth + DEPTH - 1) / DEPTH); }
static long F(gemm_begin)(const F(gemm_job) *s, long block) { return s->depth * block / F(gemm_blocks)(s); }

/* Copy a block of A, whose columns are lines in memory: a few lines at a time for all strips, with the next lines on their way. */
static void F(gemm_strips)(const F(gemm_job) *s, long first, long m, long begin, long k, real *block) {
    for (long p = 0; p < k; p += FEW_LINES) {
        long i = first, end = first + m, lines = WB_MIN(FEW_LINES, k - p);
        real *to = block;
        for (long strips = (m + 5) / 6, rows; strips; strips--, i += rows, to += rows * k) {
            rows = (end - i + strips - 1) / strips;
            /* whole vectors, but for the last lines: what they read too much exists, what they write too much is written again */
            long whole = rows == 6 ? WB_MIN(lines, k - p - (VR + 5) / 6) : 0, q = 0;
            const real *a = s->a + (begin + p) * s->acs + i;
            for (; q < whole; q++) {
                __builtin_prefetch(a + (q + FEW_LINES) * s->acs);
#pragma GCC unroll 3
                for (int l = 0; l < 6; l += VR) F(store)(to + (p + q) * 6 + l, F(load)(a + q * s->acs + l));
            }
            for (; q < lines; q++)
                for (long l = 0; l < rows; l++) to[(p + q) * rows + l] = a[q * s->acs + l];
        }
    }
}

static int F(gemm_part)(void *arg, long part) {
    const F(gemm_job) *s = arg;
    long first, m = F(gemm_rows)(s, part / s->cols, &first), panels = (s->width + PANEL - 1) / PANEL, q = part % s->cols;
    long from = panels * q / s->cols * PANEL, n = WB_MIN(s->width, panels * (q + 1) / s->cols * PANEL) - from;
    if (m <= 0 || n <= 0) return 0;
    long ldb = s->panels ? PANEL : s->brs, panel = s->panels ? s->depth * PANEL : PANEL;
    real *strips = NULL;
    if (s->across && !(strips = wb_alloc(BLOCK_ROWS * DEPTH * sizeof(real)))) return WB_NO_MEMORY;
    const real *b = s->panels ? s->panels + from * s->depth : s->b + s->p * s->brs + s->j + from;
    real *c = s->c + first * s->ldc + s->j + from;
    for (long block = 0; block < F(gemm_blocks)(s); block++) {
        long p = F(gemm_begin)(s, block), k = F(gemm_begin)(s, block + 1) - p, ldi = s->p + p ? s->ldc : s->ldi;
        const real *i = s->p + p ? c : s->i ? s->i + first * s->ldi + s->j + from : NULL;
        if (strips) {
            F(gemm_strips)(s, first, m, s->p + p, k, strips);
            F(multiply_strips)(m, n, k, 1, strips, 1, 1, k, b + p * ldb, ldb, panel, i, ldi, c, s->ldc);
        } else {
            F(multiply)(m, n, k, 1, s->a + first * s->ars + (s->p + p) * s->acs, s->ars, s->acs, b + p * ldb, ldb, panel, i, ldi, c, s->ldc);
        }
    }
    if (strips) wb_free(strips, BLOCK_ROWS * DEPTH * sizeof(real));
    return 0;
}

int NAME(F(gemm))(long m, long n, long k, const real *a, long ars, long acs, const real *b, long brs, long bcs, const real *i, long ldi,
                  real *c, long ldc) {
    if (m <= 0 || n <= 0) return 0;
    F(gemm_job) s = {.m = m, .n = n, .k = k, .a = a, .b = b, .i = i, .ars = ars, .acs = acs, .brs = brs, .bcs = bcs, .ldi = ldi, .c = c,
                     .ldc = ldc, .across = acs != 1 && m * k > LOOSE};
    int loose = bcs == 1 && (m <= 6 || k * n <= LOOSE), failed = 0;       /* one strip of rows meets a panel once */
    /* with B's copy no deeper than a block, all that meets a block of A stays near */
    long most = COPIED_BYTES / (long)sizeof(real), blocks = s.across ? 1 : WB_MAX(1, most / WB_MIN(n, 512) / DEPTH);
    long passes = WB_MAX(1, (k + blocks * DEPTH - 1) / (blocks * DEPTH)), depth = (k + passes - 1) / passes;
    long width = WB_MIN(n, WB_MAX(1, most / WB_MAX(depth, 1) / PANEL) * PANEL);
    if (loose) { depth = k; width = n; }
    long want = WB_MIN(MOST_PARTS, wb_parts((double)m * width * depth / VB));
    s.rows = (m + BLOCK_ROWS - 1) / BLOCK_ROWS;
    s.cols = 1;
    while (s.rows * s.cols < want) {
        if (width / s.cols >= 4 * PANEL && (s.across ? m / s.rows < 48 : width / s.cols >= m / s.rows || m / s.rows < 24)) s.cols *= 2;
        else if (m / s.rows >= 24) s.rows *= 2;
        else break;
    }
    size_t panels = loose ? 0 : (size_t)((width + PANEL - 1) / PANEL * PANEL * depth) * sizeof(real);
    if (panels && !(s.panels = wb_alloc(panels))) return WB_NO_MEMORY;
    for (; (s.p < k || !s.p) && !failed; s.p += depth) {
        s.depth = WB_MIN(depth, k - s.p);
        for (s.j = 0; s.j < n && !failed; s.j += width) {
            s.width = WB_MIN(width, n - s.j);
            if (panels) {
                s.parts = WB_MIN((s.width + PANEL - 1) / PANEL, wb_parts(s.width * s.depth * 0.15));
                wb_pool_run(F(gemm_panels), &s, s.parts);
            }
            failed = wb_pool_run(F(gemm_part), &s, s.rows * s.cols);
        }
        if (!k) break;
    }
    if (s.panels) wb_free(s.panels, panels);
    return failed;
}
#endif
