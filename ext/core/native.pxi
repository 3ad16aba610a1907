# What the core takes from C.
cdef extern from "Python.h":
    PyTypeObject* Py_TYPE(PyObject*) noexcept
    Py_ssize_t Py_REFCNT(PyObject*) noexcept
    bint PyType_IsSubtype(PyTypeObject*, PyTypeObject*) noexcept
    PyObject* PyTuple_GET_ITEM(PyObject*, Py_ssize_t) noexcept
    Py_ssize_t PyTuple_GET_SIZE(PyObject*) noexcept
    bint PyTuple_Check(PyObject*) noexcept
    object PyMethod_New(object, object)
    object PyObject_VectorcallMethod(object, PyObject**, size_t, PyObject*)
    int PyObject_GenericSetAttr(object, object, object) except -1
    object attributes "PyObject_GenericGetDict"(object, void*)
    PyObject** _PyObject_GetDictPtr(PyObject*) noexcept
    void PyObject_ClearWeakRefs(PyObject*)
    void PyObject_GC_UnTrack(void*) noexcept
    void PyObject_GC_Track(void*) noexcept
    PyObject* PyObject_Init(PyObject*, PyTypeObject*) noexcept
    bint PyIndex_Check(object) noexcept
    Py_ssize_t PyNumber_AsSsize_t(object, object) except? -1
    ctypedef int (*visitproc)(PyObject*, void*) noexcept
    ctypedef int (*traverseproc)(PyObject*, visitproc, void*) noexcept
    ctypedef int (*inquiry)(PyObject*) noexcept
    ctypedef void (*destructor)(PyObject*) noexcept

cdef extern from "kernel.h":
    enum: WB_BOOL, WB_U8, WB_I8, WB_I16, WB_I32, WB_I64, WB_F16, WB_BF16, WB_F32, WB_F64, WB_C64, WB_C128, WB_DTYPES
    enum: WB_MAX_DIMS
    enum: WB_CONTIGUOUS, WB_CHANNELS_LAST, WB_DENSE
    enum: WB_MAX_IN, WB_MAX_OUT, WB_MAX_ATTR
    enum: WB_MAP, WB_CALL, WB_STRIDED, WB_NHWC, WB_HEAVY
    enum: WB_OK, WB_NO_MEMORY, WB_BAD_INDEX, WB_UNSUPPORTED
    ctypedef struct wb_array:
        char* data
        long n
        int ndim, dtype, device
        unsigned layout
        long* shape
        long* strides
    ctypedef void (*wb_map)(char** p, const long* s, long n, const double* a) noexcept nogil
    ctypedef struct wb_call:
        int n_in, n_out
        const wb_array** in_ "in"
        wb_array** out
        const long* i
        const double* f
    ctypedef int (*wb_call_fn)(const wb_call*) noexcept nogil
    ctypedef struct wb_kernel:
        const char* op
        int dtype, kind
        unsigned flags
        void* fn
    const long* wb_itemsize

cdef extern from "ndarray.h":
    int wb_ndarray_start() except -1
    object wb_ndarray_over(const wb_array* a, int type, object owner)
    bint wb_ndarray_check(object o) noexcept
    bint wb_ndarray_fits(object array, long item) noexcept
    void wb_ndarray_read(object array, long item, wb_array* to) noexcept

cdef extern from "registry.h":
    const wb_kernel* wb_kernels(int* n) noexcept
    wb_map wb_cast(int src, int dst) noexcept

cdef extern from "storage.h":
    ctypedef struct wb_storage:
        long rc, version, inference
        char* data
        size_t nbytes
        PyObject* owner
    wb_storage* wb_storage_new(size_t) noexcept
    wb_storage* wb_storage_foreign(char*, size_t, PyObject*) noexcept
    wb_storage* wb_storage_twin(wb_storage*, long) noexcept
    wb_storage* wb_storage_root(wb_storage*) noexcept
    void wb_storage_drop(wb_storage*) noexcept
    void wb_small_trim() noexcept
    size_t wb_small_cached
    int wb_small_on
    long wb_live_storages
    void wb_drop(PyObject*) noexcept
    int wb_grad_mode() noexcept
    void wb_set_grad_mode(int) noexcept
    int wb_inference_mode() noexcept
    void wb_set_inference_mode(int) noexcept

cdef extern from "loop.h":
    void wb_map_run(wb_map, unsigned, int, char** p, const long* item, long (*strides)[12], int ndim, const long* shape, const double* attr) noexcept nogil
    void wb_map_flat(wb_map, unsigned, int, char** p, const long* item, const long* s, long n, const double* attr) noexcept nogil
    void wb_set_layout(wb_array*) noexcept
    void wb_set_contiguous(wb_array*, int, const long*, int) noexcept
    void wb_set_channels_last(wb_array*, const long*, int) noexcept
    void wb_set_order(wb_array*, const wb_array*) noexcept
    void wb_set_like(wb_array*, const wb_array*, int) noexcept
    int wb_view_strides(const wb_array*, int, const long*, long*) noexcept

cdef extern from "pool.h":
    void wb_pool_set_threads(int) noexcept nogil
    int wb_pool_threads() noexcept nogil
    int wb_pool_init(int, long) noexcept nogil
    void wb_pool_set_spin(long) noexcept nogil
    void wb_pool_stats(long*) noexcept nogil

cdef extern from "alloc.h":
    ctypedef struct wb_alloc_stats:
        size_t used, peak, cached, limit, hits, misses
        int bypass
    void* wb_alloc(size_t) noexcept nogil
    void wb_free(void*, size_t) noexcept nogil
    size_t wb_alloc_trim() noexcept nogil
    void wb_alloc_limit(size_t) noexcept nogil
    void wb_alloc_bypass(int) noexcept nogil
    void wb_alloc_get(wb_alloc_stats*) noexcept nogil
    void wb_alloc_reset_peak() noexcept nogil
    int wb_alloc_init() noexcept nogil

cdef extern from "dispatch.h":
    const char* wb_dispatch(const char*) noexcept
    const char* wb_levels() noexcept

cdef extern from *:
    """
    static void wb_type_gc(PyObject *t, traverseproc traverse, inquiry clear, destructor dealloc) {
        PyTypeObject *tp = (PyTypeObject *)t; tp->tp_traverse = traverse; tp->tp_clear = clear; tp->tp_dealloc = dealloc; PyType_Modified(tp); }
    /* An op takes vectorcall and behaves as a method descriptor: CPython then calls x.f(...) as f(x, ...) without a bound method. */
    static void wb_type_vectorcall(PyObject *t, Py_ssize_t offset, int method) {
        PyTypeObject *tp = (PyTypeObject *)t;
        tp->tp_vectorcall_offset = offset;
        if (method) { tp->tp_call = PyVectorcall_Call; tp->tp_flags |= Py_TPFLAGS_METHOD_DESCRIPTOR; }
        tp->tp_flags |= Py_TPFLAGS_HAVE_VECTORCALL; PyType_Modified(tp); }
    /* CPython 3.11 and older do not pass the flag on to classes made in Python, and a later Cls.__call__ = f must win. */
    static void wb_inherit_vectorcall(PyObject *t, PyObject *b) {
        PyTypeObject *tp = (PyTypeObject *)t, *bp = (PyTypeObject *)b;
        if (tp->tp_call == bp->tp_call) { tp->tp_vectorcall_offset = bp->tp_vectorcall_offset; tp->tp_flags |= Py_TPFLAGS_HAVE_VECTORCALL; }
        else tp->tp_flags &= ~Py_TPFLAGS_HAVE_VECTORCALL; }
    static int wb_own_call(PyObject *o, PyObject *b) { return Py_TYPE(o)->tp_call == ((PyTypeObject *)b)->tp_call; }
    static PyObject *wb_tp_call(PyObject *o, PyObject *a, PyObject *k) { return Py_TYPE(o)->tp_call(o, a, k); }
    /* o.name: the object's own dictionary first, where no class of it has the name */
    static PyObject *wb_attribute(PyObject *o, PyObject *name) {
        PyObject **d = _PyObject_GetDictPtr(o);
        PyObject *v = d && *d && !_PyType_Lookup(Py_TYPE(o), name) ? PyDict_GetItemWithError(*d, name) : NULL;
        if (v) { Py_INCREF(v); return v; }
        return PyErr_Occurred() ? NULL : PyObject_GetAttr(o, name); }
    /* t() by `make`; CPython does not pass it on to classes derived from t */
    static void wb_type_make(PyObject *t, vectorcallfunc make) { ((PyTypeObject *)t)->tp_vectorcall = make; }
    static PyObject *wb_type_call(PyObject *t, PyObject *a, PyObject *k) { return PyType_Type.tp_call(t, a, k); }
    static int wb_type_setattr(PyObject *t, PyObject *name, PyObject *v) {
        PyTypeObject *tp = (PyTypeObject *)t; int r = PyDict_SetItem(tp->tp_dict, name, v); PyType_Modified(tp); return r; }
    static PyObject *wb_size_new(PyTypeObject *t, Py_ssize_t n, const long *v) {
        PyObject *r = t->tp_alloc(t, n);
        for (Py_ssize_t i = 0; r && i < n; i++) { PyObject *x = PyLong_FromLong(v[i]); if (!x) { Py_DECREF(r); return NULL; } PyTuple_SET_ITEM(r, i, x); }
        return r; }
    /* x.shape[0] must not pass through Python; a slice is a Size again */
    static PyTypeObject *wb_size_type;
    static PyObject *wb_size_subscript(PyObject *s, PyObject *k) {
        PyObject *r = PyTuple_Type.tp_as_mapping->mp_subscript(s, k);
        if (!r || !PySlice_Check(k)) return r;
        PyObject *z = PyObject_CallFunctionObjArgs((PyObject *)wb_size_type, r, NULL);
        Py_DECREF(r);
        return z; }
    static void wb_size_ready(PyObject *t) { wb_size_type = (PyTypeObject *)t; wb_size_type->tp_as_mapping->mp_subscript = wb_size_subscript; PyType_Modified(wb_size_type); }
    #define WB_LARGE_WORK 65536     /* elements from which a kernel runs without the GIL */
    """
    void wb_type_gc(object, traverseproc, inquiry, destructor)
    void wb_type_vectorcall(object, Py_ssize_t, int)
    void wb_inherit_vectorcall(object, object)
    bint wb_own_call(PyObject*, object) noexcept
    object wb_tp_call(PyObject*, object, object)
    PyObject* wb_attribute(PyObject*, object) except NULL
    object wb_type_call(PyObject*, object, object)
    int wb_type_setattr(object, object, object) except -1
    object wb_size_new(PyTypeObject*, Py_ssize_t, const long*)
    void wb_size_ready(object)
    int __builtin_ctz(unsigned) noexcept
    enum: WB_LARGE_WORK
    ctypedef PyObject* (*vectorcallfunc)(PyObject*, PyObject**, size_t, PyObject*) except NULL
    void wb_type_make(object, vectorcallfunc)

cdef enum: MAXD = 12, MAXP = 16, INLINE_EDGES = 6, UNRECORDED = -2
