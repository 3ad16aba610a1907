/* Products of matrices on tiles of 6 rows by two vectors, kept in registers; included after real.h, for its REAL. Every element
   is one sum in the order of k. For operands that are in cache; gemm.c cuts larger ones. */
#define PANEL (2 * VR)
#define FEW_LINES 8

/* C[rows, n] = alpha A B + I, n <= PANEL; A's element (i, p) is at i * rs + p * cs, I is NULL for nothing and has the row length ldi
   (0: one row for all). rows, `full` (n == PANEL) and `wide` (n > VR) are constants at every call. */
static inline __attribute__((always_inline)) void F(tile)(int rows, int full, int wide, long n, long k, real alpha, const real *a, long rs,
                                                          long cs, const real *b, long ldb, const real *i, long ldi, real *c, long ldc) {
    vr s[6][2];
    for (int r = 0; r < rows; r++) s[r][0] = s[r][1] = (vr){0};
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++) __builtin_prefetch(c + r * ldc, 1, 3);
    for (long p = 0; p < k; p++, a += cs, b += ldb) {
        vr b0 = full || wide ? F(load)(b) : F(get)(b, n, 0), b1 = full ? F(load)(b + VR) : wide ? F(get)(b + VR, n - VR, 0) : (vr){0};
#pragma GCC unroll 6
        for (int r = 0; r < rows; r++) {
            vr v = F(splat)(a[r * rs]);
            s[r][0] += v * b0;
            if (wide) s[r][1] += v * b1;
        }
    }
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
        for (int h = 0; h < 1 + wide; h++) {
            vr v = s[r][h] * alpha;
            long left = full ? VR : n - h * VR;
            if (i) v += F(get)(i + r * ldi + h * VR, left, 0);
            F(put)(c + r * ldc + h * VR, v, left);
        }
}

/* As few strips of rows as there can be, of nearly equal height: a strip of one or two rows would wait for its own sums. With `depth` each
   strip of A has been copied, the elements of its rows side by side: depth x rows elements. */
#define TILE(name, full, wide) \
    static void F(name)(long m, long n, long k, real alpha, const real *a, long rs, long cs, long depth, const real *b, long ldb, const real *i, \
                        long ldi, real *c, long ldc) { \
        for (long strips = (m + 5) / 6, rows; strips; strips--, m -= rows, a += rows * (depth ? depth : rs), c += rows * ldc, i = i ? i + rows * ldi : i) { \
            rows = (m + strips - 1) / strips; \
            long r = depth ? 1 : rs, s = depth ? rows : cs; \
            switch (rows) { \
            case 6: F(tile)(6, full, wide, n, k, alpha, a, r, s, b, ldb, i, ldi, c, ldc); break; \
            case 5: F(tile)(5, full, wide, n, k, alpha, a, r, s, b, ldb, i, ldi, c, ldc); break; \
            case 4: F(tile)(4, full, wide, n, k, alpha, a, r, s, b, ldb, i, ldi, c, ldc); break; \
            case 3: F(tile)(3, full, wide, n, k, alpha, a, r, s, b, ldb, i, ldi, c, ldc); break; \
            case 2: F(tile)(2, full, wide, n, k, alpha, a, r, s, b, ldb, i, ldi, c, ldc); break; \
            case 1: F(tile)(1, full, wide, n, k, alpha, a, r, s, b, ldb, i, ldi, c, ldc); break; \
            } \
        } \
    }
TILE(tiles_full, 1, 1)
TILE(tiles_wide, 0, 1)
TILE(tiles_narrow, 0, 0)
#undef TILE

/* C[m, n] = alpha A B + I for any m and n; `panel` is how far apart the panels of PANEL columns of B are: PANEL where B is an
   ordinary matrix, k * PANEL where `pack_transposed` made it. */
static inline __attribute__((always_inline)) void F(multiply_strips)(long m, long n, long k, real alpha, const real *a, long rs, long cs, long depth,
                                                                     const real *b, long ldb, long panel, const real *i, long ldi, real *c, long ldc) {
    for (long j = 0; j < n; j += PANEL, b += panel) {
        const real *init = i ? i + j : NULL;
        if (n - j >= PANEL) F(tiles_full)(m, PANEL, k, alpha, a, rs, cs, depth, b, ldb, init, ldi, c + j, ldc);
        else if (n - j > VR) F(tiles_wide)(m, n - j, k, alpha, a, rs, cs, depth, b, ldb, init, ldi, c + j, ldc);
        else F(tiles_narrow)(m, n - j, k, alpha, a, rs, cs, depth, b, ldb, init, ldi, c + j, ldc);
    }
}
static void F(multiply)(long m, long n, long k, real alpha, const real *a, long rs, long cs, const real *b, long ldb, long panel,
                        const real *i, long ldi, real *c, long ldc) {
    F(multiply_strips)(m, n, k, alpha, a, rs, cs, 0, b, ldb, panel, i, ldi, c, ldc);
}

/* Blocks of VR x VR: ever smaller off-diagonal quarters change places. */
static inline __attribute__((always_inline)) void F(transpose_block)(vr r[VR]) {
#pragma GCC unroll 4
    for (int h = VR / 2; h; h /= 2) {
        mr low = (F(iota)() & ~(mr)((mr){0} + h)) + (F(iota)() & h) * (VR / h), high = low + h;
#pragma GCC unroll 16
        for (int i = 0; i < VR; i++)
            if (!(i & h)) {
                vr x = r[i], y = r[i + h];
                r[i] = F(shuffle)(x, y, low);
                r[i + h] = F(shuffle)(x, y, high);
            }
    }
}

/* to[j, i] = from[i, j] for i < rows, j < cols; of `to` the rows are written up to the next multiple of VR, with zeros. */
static void F(transpose)(const real *from, long ldf, long rows, long cols, real *to, long ldt) {
    for (long i = 0; i < rows; i += VR)
        for (long j = 0; j < cols; j += VR) {
            vr r[VR];
#pragma GCC unroll 16
            for (int q = 0; q < VR; q++) r[q] = i + q < rows ? F(get)(from + (i + q) * ldf + j, cols - j, 0) : (vr){0};
            F(transpose_block)(r);
#pragma GCC unroll 16
            for (int q = 0; q < VR; q++)
                if (j + q < cols) F(store)(to + (j + q) * ldt + i, r[q]);
        }
}

/* A matrix of n rows and k columns, transposed into panels of k x PANEL one after the other: n rounded up, times k elements. */
static void F(pack_transposed)(const real *w, long ldw, long n, long k, real *to) {
    for (long j = 0; j < n; j += PANEL, to += k * PANEL) {
        F(transpose)(w + j * ldw, ldw, WB_MIN(n - j, PANEL), k, to, PANEL);
        if (n - j <= VR)
            for (long p = 0; p < k; p++) F(store)(to + p * PANEL + VR, (vr){0});
    }
}

/* The same panels from a matrix of k rows and n columns as it is: a few rows at a time for all panels, with the next rows on their way. */
static void F(pack)(const real *b, long ldb, long k, long n, real *to) {
    for (long begin = 0; begin < k; begin += FEW_LINES)
        for (long j = 0, end = WB_MIN(k, begin + FEW_LINES); j < n; j += PANEL)
            for (long p = begin; p < end; p++) {
                real *line = to + j * k + p * PANEL;
                __builtin_prefetch(b + (p + FEW_LINES) * ldb + j);
                F(store)(line, F(get)(b + p * ldb + j, n - j, 0));
                F(store)(line + VR, F(get)(b + p * ldb + j + VR, WB_MAX(0, n - j - VR), 0));
            }
}

/* The sums of VR vectors, one a lane. */
static inline __attribute__((always_inline)) vr F(sum_each)(vr r[VR]) {
#pragma GCC unroll 4
    for (int h = VR / 2; h; h /= 2) {
        mr low = (F(iota)() & ~(mr)((mr){0} + h)) + (F(iota)() & h) * (VR / h), high = low + h;
#pragma GCC unroll 16
        for (int i = 0; i < h; i++) r[i] = F(shuffle)(r[i], r[i + h], low) + F(shuffle)(r[i], r[i + h], high);
    }
    return r[0];
}

/* y[i, j] = alpha sum_p x[i, p] w[j, p] + bias[j]: dot products of rows, for few rows of x. Lanes hold partial sums, so the
   order of addition is another one than that of the tiles. */
static void F(dots)(long m, long n, long k, real alpha, const real *x, long ldx, const real *w, long ldw, const real *bias,
                    real *y, long ldy) {
    for (long j = 0; j < n; j += VR) {
        const real *row[VR];
        for (int q = 0; q < VR; q++) row[q] = w + WB_MIN(j + q, n - 1) * ldw;
        for (long i = 0; i < m; i++) {
            vr s[VR];
            long p = 0;
#pragma GCC unroll 16
            for (int q = 0; q < VR; q++) s[q] = (vr){0};
            for (; p + VR <= k; p += VR) {
                vr v = F(load)(x + i * ldx + p);
#pragma GCC unroll 16
                for (int q = 0; q < VR; q++) s[q] += v * F(load)(row[q] + p);
            }
            if (p < k) {
                vr v = F(get)(x + i * ldx + p, k - p, 0);
#pragma GCC unroll 16
                for (int q = 0; q < VR; q++) s[q] += v * F(get)(row[q] + p, k - p, 0);
            }
            vr v = F(sum_each)(s) * alpha;
            if (bias) v += F(get)(bias + j, n - j, 0);
            F(put)(y + i * ldy + j, v, n - j);
        }
    }
}
