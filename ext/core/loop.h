#pragma once
/* Loops over strided arrays around an inner map kernel, and the geometry that they share. */
#include "kernel.h"

/* Runs `f` over `k` operands (inputs first, the last is an output) broadcast to one shape: dimensions are reordered to the output's memory
   order and merged, the inner loop is as long as it can be, and the pool takes part when there is enough to do.
   strides[j] are operand j's, in elements, 0 where broadcast. */
void wb_map_run(wb_map f, unsigned flags, int k, char *const *p, const long *item, const long (*strides)[WB_MAX_DIMS], int ndim, const long *shape, const double *attr);
void wb_map_flat(wb_map f, unsigned flags, int k, char *const *p, const long *item, const long *s, long n, const double *attr);
void wb_set_layout(wb_array *a);                     /* n and the layout bits, from shape and strides */
void wb_set_contiguous(wb_array *a, int ndim, const long *shape, int dtype);
void wb_set_channels_last(wb_array *a, const long *shape, int dtype);
void wb_set_order(wb_array *a, const wb_array *s);   /* dense strides for its shape, with the dimensions in the order that they have in s */
void wb_set_like(wb_array *a, const wb_array *s, int dtype);   /* the shape as well */
/* strides (in elements) of `in` seen with `shape`; 0, or 1: cannot be viewed so */
int  wb_view_strides(const wb_array *in, int ndim, const long *shape, long *strides);
