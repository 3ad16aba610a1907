#pragma once
#include <stddef.h>
/* Large memory in extents of any length, cut for a request and joined when they come back; all lengths in multiples of WB_EXTENT. */
#define WB_EXTENT ((size_t)64 << 10)
void  *wb_extent_take(size_t bytes, int grow);     /* aligned to WB_EXTENT; NULL: none is idle, or with `grow` the system has no more */
void   wb_extent_give(void *p, size_t bytes);
size_t wb_extent_idle(void);                       /* bytes that wait for a request */
size_t wb_extent_trim(void);                       /* give those back to the system; bytes returned */
void   wb_extent_fork(int done);                   /* around fork: nobody else is within meanwhile */
