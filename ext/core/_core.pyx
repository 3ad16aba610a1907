# cython: c_api_binop_methods=True
"""The native core: Tensor, ops and their dispatch, the tape, and the runtime below them. One module, so that every hot call can be inlined
and native state exists once. Read in the order of the includes."""
cimport cython
import sys
from cpython.ref cimport PyObject, PyTypeObject, Py_INCREF, Py_DECREF, Py_XDECREF
from cpython.float cimport PyFloat_Check, PyFloat_AS_DOUBLE
from cpython.dict cimport PyDict_Next
from cpython.long cimport PyLong_Check
from cpython.bool cimport PyBool_Check
from libc.stdlib cimport malloc, realloc, free
from libc.string cimport memcpy, memset, strcmp

include "native.pxi"
include "runtime.pxi"
include "dtype.pxi"
include "tensor.pxi"
include "memory.pxi"
include "numpy.pxi"
include "node.pxi"
include "saved.pxi"
include "op.pxi"
include "out.pxi"
include "record.pxi"
include "promote.pxi"
include "map.pxi"
include "call.pxi"
include "reduce.pxi"
include "hot.pxi"
include "view.pxi"
include "index.pxi"
include "inplace.pxi"
include "shortcut.pxi"
include "derive.pxi"
include "engine.pxi"
include "custom.pxi"
include "multi.pxi"
include "module.pxi"
include "mode.pxi"
include "setup.pxi"
