#pragma once
/* OpenBLAS, loaded by path into a handle of its own (RTLD_LOCAL): NumPy's and SciPy's copies are other files with other state.
   It always runs on the calling thread; parallel products cut C into blocks that depend on the shape only. Row-major throughout. */
const char *wb_blas_open(const char *path);            /* NULL, or the reason of failure */
const char *wb_blas_config(void);
const char *wb_blas_core(void);
int wb_blas_threads(void);                             /* of this copy: 1, unless somebody else changed it since the last product */
/* C[m,n] = beta C + op(A) op(B); op(A) is m x k, stored k x m where ta. The pool is used when the product is large enough. */
void wb_sgemm(int ta, int tb, long m, long n, long k, const float *a, long lda, const float *b, long ldb, float beta, float *c, long ldc);
void wb_dgemm(int ta, int tb, long m, long n, long k, const double *a, long lda, const double *b, long ldb, double beta, double *c, long ldc);
/* the same on this thread only, for use inside a part of a job */
void wb_sgemm1(int ta, int tb, long m, long n, long k, float alpha, const float *a, long lda, const float *b, long ldb, float beta, float *c, long ldc);
void wb_dgemm1(int ta, int tb, long m, long n, long k, double alpha, const double *a, long lda, const double *b, long ldb, double beta, double *c, long ldc);
