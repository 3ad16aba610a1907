/* Register tiles: up to TILE_ROWS rows by one or two vectors of C, the whole sum held in registers. A template like real.h, to be
   included after it. R (rows) and W (vectors) are constants at every call, so that each case becomes straight code. */
#undef MICRO
#define MICRO static inline __attribute__((always_inline)) void
#ifndef TILE_ROWS
#define TILE_ROWS 6
#define TILE_VECTORS 2
#define UNROLL_ROWS _Pragma("GCC unroll 6")
#define UNROLL_VECTORS _Pragma("GCC unroll 2")

/* Calls CASE(R, W) with both known to the compiler. */
#define TILE_SWITCH(rows, vectors, CASE) \
    switch ((rows) * 2 + (vectors) - 1) { \
    case 2: CASE(1, 1); break; case 3: CASE(1, 2); break; case 4: CASE(2, 1); break; case 5: CASE(2, 2); break; \
    case 6: CASE(3, 1); break; case 7: CASE(3, 2); break; case 8: CASE(4, 1); break; case 9: CASE(4, 2); break; \
    case 10: CASE(5, 1); break; case 11: CASE(5, 2); break; case 12: CASE(6, 1); break; case 13: CASE(6, 2); break; }

/* The next tile's rows when `left` remain: equal shares rather than a small last one, which could not hide the latency of a sum. */
static inline long tile_rows(long left) { return left <= TILE_ROWS ? left : left < 2 * TILE_ROWS ? (left + 1) / 2 : TILE_ROWS; }
/* The width of the panels that n columns are packed into, and their number. */
static inline long panel_width(long n, long lanes) { return n <= lanes ? lanes : TILE_VECTORS * lanes; }
#endif

/* to[r][:n] = init + sum over segments s and k < len of src[pixel[r] + segment[s] + k] * b[s * len + k][:]: rows of an implicit matrix
   whose pieces lie anywhere in src, times a packed panel. */
MICRO F(tile_gather)(const int R, const int W, const real *src, const long *pixel, const long *segment, long segments, long len,
                     const real *b, const real *init, real *dst, const long *to, long n) {
    vr acc[TILE_ROWS][TILE_VECTORS];
    UNROLL_ROWS for (int r = 0; r < R; r++) UNROLL_VECTORS for (int w = 0; w < W; w++) acc[r][w] = F(load)(init + w * VR);
    for (long s = 0; s < segments; s++) {
        const real *a[TILE_ROWS];
        UNROLL_ROWS for (int r = 0; r < R; r++) a[r] = src + pixel[r] + segment[s];
        for (long k = 0; k < len; k++, b += W * VR) {
            vr column[TILE_VECTORS];
            UNROLL_VECTORS for (int w = 0; w < W; w++) column[w] = F(load)(b + w * VR);
            UNROLL_ROWS for (int r = 0; r < R; r++) {
                real x = a[r][k];
                UNROLL_VECTORS for (int w = 0; w < W; w++) acc[r][w] += x * column[w];
            }
        }
    }
    if (n == W * VR) {
        UNROLL_ROWS for (int r = 0; r < R; r++) UNROLL_VECTORS for (int w = 0; w < W; w++) F(store)(dst + to[r] + w * VR, acc[r][w]);
    } else {
        UNROLL_ROWS for (int r = 0; r < R; r++) UNROLL_VECTORS for (int w = 0; w < W; w++)
            if (n > w * VR) F(put)(dst + to[r] + w * VR, acc[r][w], n - w * VR);
    }
}

/* c[R, W vectors] += sum over y < lines and x < len of a[y * line + x * step + r] * b[y * len + x][:]: a transposed left side. */
MICRO F(tile_outer)(const int R, const int W, const real *a, long line, long step, long lines, long len, const real *b, real *c, long ldc) {
    vr acc[TILE_ROWS][TILE_VECTORS];
    UNROLL_ROWS for (int r = 0; r < R; r++) UNROLL_VECTORS for (int w = 0; w < W; w++) acc[r][w] = F(load)(c + r * ldc + w * VR);
    for (long y = 0; y < lines; y++) {
        const real *p = a + y * line;
        for (long x = 0; x < len; x++, p += step, b += W * VR) {
            vr column[TILE_VECTORS];
            UNROLL_VECTORS for (int w = 0; w < W; w++) column[w] = F(load)(b + w * VR);
            UNROLL_ROWS for (int r = 0; r < R; r++) {
                real v = p[r];
                UNROLL_VECTORS for (int w = 0; w < W; w++) acc[r][w] += v * column[w];
            }
        }
    }
    UNROLL_ROWS for (int r = 0; r < R; r++) UNROLL_VECTORS for (int w = 0; w < W; w++) F(store)(c + r * ldc + w * VR, acc[r][w]);
}

/* c[R, W vectors] = (add ? c : 0) + a[R, k] * b[k, W vectors], b packed. */
MICRO F(tile_product)(const int R, const int W, const real *a, long lda, long k, const real *b, real *c, long ldc, int add) {
    vr acc[TILE_ROWS][TILE_VECTORS];
    UNROLL_ROWS for (int r = 0; r < R; r++) UNROLL_VECTORS for (int w = 0; w < W; w++)
        acc[r][w] = add ? F(load)(c + r * ldc + w * VR) : (vr){0};
    const real *row[TILE_ROWS];
    UNROLL_ROWS for (int r = 0; r < R; r++) row[r] = a + r * lda;
    for (long p = 0; p < k; p++, b += W * VR) {
        vr column[TILE_VECTORS];
        UNROLL_VECTORS for (int w = 0; w < W; w++) column[w] = F(load)(b + w * VR);
        UNROLL_ROWS for (int r = 0; r < R; r++) {
            real x = row[r][p];
            UNROLL_VECTORS for (int w = 0; w < W; w++) acc[r][w] += x * column[w];
        }
    }
    UNROLL_ROWS for (int r = 0; r < R; r++) UNROLL_VECTORS for (int w = 0; w < W; w++) F(store)(c + r * ldc + w * VR, acc[r][w]);
}

/* The same for any number of rows and vectors = 1 or 2, known to the caller only at run time. */
static inline void F(panel_product)(long rows, long vectors, const real *a, long lda, long k, const real *b, real *c, long ldc, int add) {
    long i = 0;
    if (vectors == 2)
        for (; rows - i >= TILE_ROWS; i += TILE_ROWS) F(tile_product)(TILE_ROWS, 2, a + i * lda, lda, k, b, c + i * ldc, ldc, add);
    else
        for (; rows - i >= TILE_ROWS; i += TILE_ROWS) F(tile_product)(TILE_ROWS, 1, a + i * lda, lda, k, b, c + i * ldc, ldc, add);
#define CASE(R, W) F(tile_product)(R, W, a + i * lda, lda, k, b, c + i * ldc, ldc, add)
    TILE_SWITCH(rows - i, vectors, CASE)
#undef CASE
}

/* The source rows that some outputs read, padded with zeros: image rows [y0, y0 + rows), columns [x0, x0 + columns), all channels. */
static inline void F(copy_window)(const real *image, long h, long w, long c, long y0, long rows, long x0, long columns, real *to) {
    long left = WB_MIN(WB_MAX(-x0, 0), columns), right = WB_MAX(WB_MIN(columns, w - x0), left);
    for (long y = y0; y < y0 + rows; y++, to += columns * c) {
        if (y < 0 || y >= h) { memset(to, 0, (size_t)(columns * c) * sizeof *to); continue; }
        memset(to, 0, (size_t)(left * c) * sizeof *to);
        memcpy(to + left * c, image + (y * w + x0 + left) * c, (size_t)((right - left) * c) * sizeof *to);
        memset(to + right * c, 0, (size_t)((columns - right) * c) * sizeof *to);
    }
}
