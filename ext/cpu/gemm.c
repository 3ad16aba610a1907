/* Products of matrices. B is copied into panels as wide as a tile, which all rows of A then meet: a panel's block of DEPTH rows stays in
   the first cache, a block of A in the second. A is copied only where the elements of a row are apart. Each element is summed in the
   order of k, in blocks that depend on the shape only, so the cut of C into parts changes no bit. After K. Goto and R. van de Geijn,
   "Anatomy of High-Performance Matrix Multiplication" (2008). The file includes itself for float and for double. */
#ifndef REAL
#include "gemm.h"

/* Rows of a block of A and of C; depth of a block; elements that need no copy; bytes of A and of B that are copied for a pass; most
   parts; lines of A that are copied at a time. */
enum { BLOCK_ROWS = 96, DEPTH = 256, LOOSE = 1 << 14, COPIED_BYTES = 4 << 20, MOST_PARTS = 16, LINES = 64 };

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
    real *panels, *across;            /* B and A of that part, copied: panels of PANEL columns, strips of 6 rows; NULL: as they are */
    long parts;                       /* of a copy */
} F(gemm_job);

static int F(gemm_panels)(void *arg, long part) {
    const F(gemm_job) *s = arg;
    long panels = (s->width + PANEL - 1) / PANEL, end = panels * (part + 1) / s->parts;
    for (long q = panels * part / s->parts; q < end; q++) {
        const real *from = s->b + s->p * s->brs + (s->j + q * PANEL) * s->bcs;
        real *to = s->panels + q * PANEL * s->depth;
        long n = WB_MIN(s->width - q * PANEL, PANEL);
        if (s->bcs == 1) F(pack)(from, s->brs, s->depth, n, to);
        else F(pack_transposed)(from, s->bcs, n, s->depth, to);
    }
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

/* Copy the strips of a block of rows, one block of the depth after the other. */
static int F(gemm_across)(void *arg, long part) {
    const F(gemm_job) *s = arg;
    long first, m = F(gemm_rows)(s, part, &first);
    for (long block = 0; block < F(gemm_blocks)(s); block++) {
        long begin = F(gemm_begin)(s, block), k = F(gemm_begin)(s, block + 1) - begin;
        for (long p = 0; p < k; p += LINES) {              /* so few lines of A stay in cache while all strips take their part of them */
            long i = first, end = first + m, lines = WB_MIN(LINES, k - p);
            real *to = s->across + first * s->depth + m * begin;
            for (long strips = (m + 5) / 6, rows; strips; strips--, i += rows, to += rows * k) {
                rows = (end - i + strips - 1) / strips;
                /* whole vectors, but for the last lines: what they read too much exists, what they write too much is written again */
                long whole = rows == 6 ? WB_MIN(lines, k - p - (VR + 5) / 6) : 0, q = 0;
                const real *a = s->a + (s->p + begin + p) * s->acs + i;
                for (; q < whole; q++)
#pragma GCC unroll 3
                    for (int l = 0; l < 6; l += VR) F(store)(to + (p + q) * 6 + l, F(load)(a + q * s->acs + l));
                for (; q < lines; q++)
                    for (long l = 0; l < rows; l++) to[(p + q) * rows + l] = a[q * s->acs + l];
            }
        }
    }
    return 0;
}

static int F(gemm_part)(void *arg, long part) {
    const F(gemm_job) *s = arg;
    long first, m = F(gemm_rows)(s, part / s->cols, &first), panels = (s->width + PANEL - 1) / PANEL, q = part % s->cols;
    long from = panels * q / s->cols * PANEL, n = WB_MIN(s->width, panels * (q + 1) / s->cols * PANEL) - from;
    if (m <= 0 || n <= 0) return 0;
    long ldb = s->panels ? PANEL : s->brs, panel = s->panels ? s->depth * PANEL : PANEL;
    const real *a = s->across ? s->across + first * s->depth : s->a + first * s->ars + s->p * s->acs;
    const real *b = s->panels ? s->panels + from * s->depth : s->b + s->p * s->brs + s->j + from;
    real *c = s->c + first * s->ldc + s->j + from;
    for (long block = 0; block < F(gemm_blocks)(s); block++) {
        long p = F(gemm_begin)(s, block), k = F(gemm_begin)(s, block + 1) - p, ldi = s->p + p ? s->ldc : s->ldi;
        const real *i = s->p + p ? c : s->i ? s->i + first * s->ldi + s->j + from : NULL;
        if (s->across) F(multiply_strips)(m, n, k, 1, a + m * p, 1, 1, k, b + p * ldb, ldb, panel, i, ldi, c, s->ldc);
        else F(multiply)(m, n, k, 1, a + p * s->acs, s->ars, s->acs, b + p * ldb, ldb, panel, i, ldi, c, s->ldc);
    }
    return 0;
}

int NAME(F(gemm))(long m, long n, long k, const real *a, long ars, long acs, const real *b, long brs, long bcs, const real *i, long ldi,
                  real *c, long ldc) {
    if (m <= 0 || n <= 0) return 0;
    F(gemm_job) s = {.m = m, .n = n, .k = k, .a = a, .b = b, .i = i, .ars = ars, .acs = acs, .brs = brs, .bcs = bcs, .ldi = ldi, .c = c,
                     .ldc = ldc};
    int loose = bcs == 1 && (m <= 6 || k * n <= LOOSE), across = acs != 1 && m * k > LOOSE;     /* one strip of rows meets a panel once */
    long most = COPIED_BYTES / (long)sizeof(real), wide = across ? WB_MAX(m, WB_MIN(n, 512)) : WB_MIN(n, 512);
    long depth = WB_MIN(k, WB_MAX(1, most / wide / DEPTH) * DEPTH), width = WB_MIN(n, WB_MAX(1, most / WB_MAX(depth, 1) / PANEL) * PANEL);
    if (loose && !across) depth = k;
    if (loose) width = n;
    long want = WB_MIN(MOST_PARTS, wb_parts((double)m * width * depth / VB));
    s.rows = (m + BLOCK_ROWS - 1) / BLOCK_ROWS;
    s.cols = 1;
    while (s.rows * s.cols < want) {
        if (width / s.cols >= 4 * PANEL && (width / s.cols >= m / s.rows || m / s.rows < 24)) s.cols *= 2;
        else if (m / s.rows >= 24) s.rows *= 2;
        else break;
    }
    size_t panels = loose ? 0 : (size_t)((width + PANEL - 1) / PANEL * PANEL * depth) * sizeof(real);
    size_t turned = across ? (size_t)(m * depth) * sizeof(real) : 0;
    int failed = (panels && !(s.panels = wb_alloc(panels))) || (turned && !(s.across = wb_alloc(turned)));
    for (; s.p < k || !s.p; s.p += depth) {
        if (failed) break;
        s.depth = WB_MIN(depth, k - s.p);
        if (across) wb_pool_run(F(gemm_across), &s, s.rows);
        for (s.j = 0; s.j < n; s.j += width) {
            s.width = WB_MIN(width, n - s.j);
            if (panels) {
                s.parts = WB_MIN((s.width + PANEL - 1) / PANEL, wb_parts(s.width * s.depth * 0.15));
                wb_pool_run(F(gemm_panels), &s, s.parts);
            }
            wb_pool_run(F(gemm_part), &s, s.rows * s.cols);
        }
        if (!k) break;
    }
    if (s.panels) wb_free(s.panels, panels);
    if (s.across) wb_free(s.across, turned);
    return failed ? WB_NO_MEMORY : 0;
}
#endif
