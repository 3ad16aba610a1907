/* The products of blas.c for one REAL: included there once for float, once for double. */

/* For leading dimensions beyond BLAS's 32-bit integers; sums in the order of k. */
static void TYPED(plain)(int ta, int tb, long m, long n, long k, REAL alpha, const REAL *a, long lda, const REAL *b, long ldb, REAL beta, REAL *c, long ldc) {
    for (long i = 0; i < m; i++)
        for (long j = 0; j < n; j++) {
            double sum = 0;
            for (long p = 0; p < k; p++) sum += (double)a[ta ? p * lda + i : i * lda + p] * (double)b[tb ? j * ldb + p : p * ldb + j];
            REAL *to = c + i * ldc + j;
            *to = (REAL)((double)alpha * sum) + (beta != 0 ? beta * *to : 0);
        }
}

/* A matrix of one row may come with any leading dimension; BLAS insists on one that covers the row. */
static long TYPED(leading)(long ld, long rows, long width) { return rows <= 1 ? (width > 1 ? width : 1) : ld; }

void PRODUCT1(int ta, int tb, long m, long n, long k, REAL alpha, const REAL *a, long lda, const REAL *b, long ldb, REAL beta, REAL *c, long ldc) {
    if (m <= 0 || n <= 0) return;
    lda = ta ? TYPED(leading)(lda, k, m) : TYPED(leading)(lda, m, k);
    ldb = tb ? TYPED(leading)(ldb, n, k) : TYPED(leading)(ldb, k, n);
    ldc = TYPED(leading)(ldc, m, n);
    if (lda > INT_MAX || ldb > INT_MAX || ldc > INT_MAX || m > INT_MAX || n > INT_MAX || k > INT_MAX) {
        TYPED(plain)(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
        return;
    }
    if (lib.get_threads() != 1) lib.set_threads(1);            /* threadpoolctl and the package's own import reach this copy too */
    CALL(ROW_MAJOR, ta ? TRANSPOSED : PLAIN, tb ? TRANSPOSED : PLAIN, (int)m, (int)n, (int)k, alpha, a, (int)lda, b, (int)ldb, beta, c, (int)ldc);
}

struct TYPED(product) {
    int ta, tb;
    long m, n, k, lda, ldb, ldc;
    const REAL *a, *b;
    REAL *c, *partial;                                         /* partial: depth matrices of m x n, where k is cut */
    REAL beta;
    struct cut cut;
};

static int TYPED(block)(void *p, long part) {
    const struct TYPED(product) *g = p;
    const struct cut *u = &g->cut;
    long tiles = u->rows * u->cols, slice = part / tiles, tile = part % tiles;
    long i = tile / u->cols * u->bm, j = tile % u->cols * u->bn, q = slice * u->bk;
    long m = min(u->bm, g->m - i), n = min(u->bn, g->n - j), k = min(u->bk, g->k - q);
    const REAL *a = g->a + (g->ta ? q * g->lda + i : i * g->lda + q), *b = g->b + (g->tb ? j * g->ldb + q : q * g->ldb + j);
    if (g->partial) PRODUCT1(g->ta, g->tb, m, n, k, 1, a, g->lda, b, g->ldb, 0, g->partial + (slice * g->m + i) * g->n + j, g->n);
    else PRODUCT1(g->ta, g->tb, m, n, k, 1, a, g->lda, b, g->ldb, g->beta, g->c + i * g->ldc + j, g->ldc);
    return 0;
}

static int TYPED(gather)(void *p, long part) {                 /* rows of C from the slices, in their order */
    const struct TYPED(product) *g = p;
    long step = g->cut.bm, end = min(g->m, (part + 1) * step);
    for (long i = part * step; i < end; i++) {
        REAL *c = g->c + i * g->ldc, *first = g->partial + i * g->n;
        for (long s = 1; s < g->cut.depth; s++)
            for (long j = 0; j < g->n; j++) first[j] += first[s * g->m * g->n + j];
        if (g->beta == 0) memcpy(c, first, (size_t)g->n * sizeof *c);
        else for (long j = 0; j < g->n; j++) c[j] = g->beta * c[j] + first[j];
    }
    return 0;
}

void PRODUCT(int ta, int tb, long m, long n, long k, const REAL *a, long lda, const REAL *b, long ldb, REAL beta, REAL *c, long ldc) {
    if (m <= 0 || n <= 0) return;
    struct TYPED(product) g = {ta, tb, m, n, k, lda, ldb, ldc, a, b, c, NULL, beta, cut(m, n, k)};
    if (g.cut.rows * g.cut.cols * g.cut.depth == 1) {
        PRODUCT1(ta, tb, m, n, k, 1, a, lda, b, ldb, beta, c, ldc);
        return;
    }
    size_t bytes = (size_t)g.cut.depth * (size_t)m * (size_t)n * sizeof *c;
    if (g.cut.depth > 1 && !(g.partial = wb_alloc(bytes))) {   /* no room for slices: the same sum in one go */
        g.cut.bk = k;
        g.cut.depth = 1;
    }
    wb_pool_run(TYPED(block), &g, g.cut.rows * g.cut.cols * g.cut.depth);
    if (g.partial) {
        wb_pool_run(TYPED(gather), &g, g.cut.rows);
        wb_free(g.partial, bytes);
    }
}
#undef REAL
#undef TYPED
#undef CALL
#undef PRODUCT
#undef PRODUCT1
