#pragma once
#include <stddef.h>
/* 64-byte aligned blocks by size class, kept for reuse; over 1 MB cut from extents on huge pages. The size given to free is the one given to alloc. */
void  *wb_alloc(size_t n);                /* NULL: over the limit or out of memory */
void   wb_free(void *p, size_t n);
size_t wb_alloc_trim(void);               /* give what is cached back to the system; bytes returned */
void   wb_alloc_limit(size_t bytes);      /* 0: none */
void   wb_alloc_bypass(int on);           /* only before the first allocation */
size_t wb_alloc_class(size_t n);          /* the size that a request is rounded to */
typedef struct wb_alloc_stats { size_t used, peak, cached, limit, hits, misses; int bypass; } wb_alloc_stats;
void   wb_alloc_get(wb_alloc_stats *s);
void   wb_alloc_reset_peak(void);
int    wb_alloc_init(void);
