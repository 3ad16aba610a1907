#pragma once
/* What the border needs of NumPy's C API, in a file of its own: a module that includes or cimports NumPy imports it at once. Before
   wb_ndarray_start nothing else here may be called. */
#include <Python.h>
#include "array.h"
int wb_ndarray_start(void);                                            /* -1: NumPy cannot be imported, with an exception */
PyObject *wb_ndarray_over(const wb_array *a, int type, PyObject *owner);    /* a new ndarray over the memory of `a`, which `owner` keeps */
int wb_ndarray_check(PyObject *o);
int wb_ndarray_fits(PyObject *array, long item);                       /* writable, aligned, strides whole elements and not negative */
void wb_ndarray_read(PyObject *array, long item, wb_array *to);        /* data, ndim, shape, strides of one that fits */
