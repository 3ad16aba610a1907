#define PY_SSIZE_T_CLEAN
#include "ndarray.h"
#include <numpy/arrayobject.h>

int wb_ndarray_start(void) { return PyArray_API ? 0 : _import_array(); }

PyObject *wb_ndarray_over(const wb_array *a, int type, PyObject *owner) {
    npy_intp shape[WB_MAX_DIMS], strides[WB_MAX_DIMS];
    for (int i = 0; i < a->ndim; i++) {
        shape[i] = a->shape[i];
        strides[i] = a->strides[i] * wb_itemsize[a->dtype];
    }
    PyObject *made = PyArray_New(&PyArray_Type, a->ndim, shape, type, strides, a->data, 0, NPY_ARRAY_WRITEABLE, NULL);
    if (!made) return NULL;
    PyArray_UpdateFlags((PyArrayObject *)made, NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_F_CONTIGUOUS | NPY_ARRAY_ALIGNED);
    Py_INCREF(owner);
    if (PyArray_SetBaseObject((PyArrayObject *)made, owner) < 0) {     /* takes the reference even where it fails */
        Py_DECREF(made);
        return NULL;
    }
    return made;
}

int wb_ndarray_check(PyObject *o) { return PyArray_Check(o); }

int wb_ndarray_fits(PyObject *array, long item) {
    PyArrayObject *a = (PyArrayObject *)array;
    for (int i = 0; i < PyArray_NDIM(a); i++) {
        const long stride = PyArray_STRIDE(a, i);
        if (PyArray_DIM(a, i) > 1 && (stride < 0 || stride % item)) return 0;
    }
    return PyArray_ISWRITEABLE(a) && PyArray_ISALIGNED(a);
}

void wb_ndarray_read(PyObject *array, long item, wb_array *to) {
    PyArrayObject *a = (PyArrayObject *)array;
    to->data = PyArray_DATA(a);
    to->ndim = PyArray_NDIM(a);
    for (int i = 0; i < to->ndim; i++) {
        to->shape[i] = PyArray_DIM(a, i);
        to->strides[i] = to->shape[i] > 1 ? PyArray_STRIDE(a, i) / item : 1;
    }
}
