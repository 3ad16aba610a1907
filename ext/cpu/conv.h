#pragma once
/* What the files of the convolution family share. Activations are N H W C in memory. */
#include "isa.h"

typedef struct { long n, c, h, w, o, ho, wo, kh, kw, sh, sw, ph, pw, dh, dw, groups; } conv_shape;
/* A weight (O, I / groups, kh, kw) in memory of any order. */
typedef struct { void *data; long o, c, i, j; } conv_weight;

/* 3 x 3, stride 1, one group. y = x * weight + bias; with `flip` the gradient of the input: x is the gradient and the roles of the
   channels are swapped. `tile` outputs a side: 2 or 4. */
int NAME(winograd)(const conv_shape *s, const float *x, conv_weight weight, const float *bias, float *y, int flip, int tile);
int NAME(winograd_weight_backward)(const conv_shape *s, const float *grad, const float *x, conv_weight to, int tile);

/* Any convolution. */
int NAME(direct_weight_backward_f32)(const conv_shape *s, const float *grad, const float *x, conv_weight to);
int NAME(direct_weight_backward_f64)(const conv_shape *s, const double *grad, const double *x, conv_weight to);

/* One channel a group. */
int NAME(depthwise_f32)(const conv_shape *s, const float *x, conv_weight weight, const float *bias, float *y);
int NAME(depthwise_f64)(const conv_shape *s, const double *x, conv_weight weight, const double *bias, double *y);
int NAME(depthwise_input_backward_f32)(const conv_shape *s, const float *grad, conv_weight weight, float *to);
int NAME(depthwise_input_backward_f64)(const conv_shape *s, const double *grad, conv_weight weight, double *to);
int NAME(depthwise_weight_backward_f32)(const conv_shape *s, const float *grad, const float *x, conv_weight to);
int NAME(depthwise_weight_backward_f64)(const conv_shape *s, const double *grad, const double *x, conv_weight to);
