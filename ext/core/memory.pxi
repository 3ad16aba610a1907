# How tensors come and go: own freelist, storage, aliases, deferred release.

cdef PyTypeObject* TT = <PyTypeObject*>Tensor      # Tensor
cdef PyTypeObject* PT = <PyTypeObject*>Tensor      # nn.Parameter, once it exists
cdef enum: KEEP_TENSORS = 1024
cdef PyObject* free_tensors[KEEP_TENSORS]
cdef int n_free_tensors = 0

cdef inline Tensor new_tensor():
    "a Tensor without storage; its shape and strides are not initialised"
    global n_free_tensors
    cdef PyObject* o
    cdef Tensor t
    if n_free_tensors > 0:
        n_free_tensors -= 1
        o = free_tensors[n_free_tensors]
        PyObject_Init(o, TT)                       # its one reference becomes ours
        memset(&(<Tensor>o).st, 0, <char*>&(<Tensor>o).a - <char*>&(<Tensor>o).st)
        (<Tensor>o).a.device = 0
        PyObject_GC_Track(o)
        t = <Tensor>o
        Py_DECREF(t)
        return t
    t = <Tensor>(<allocfunc>TT_alloc)(TT, 0)
    return t

cdef extern from *:
    """
    static PyObject *wb_alloc_tensor(PyTypeObject *t, Py_ssize_t n) { return t->tp_alloc(t, n); }
    static void wb_free_object(PyObject *o) { Py_TYPE(o)->tp_free(o); }
    """
    object wb_alloc_tensor(PyTypeObject*, Py_ssize_t)
    void wb_free_object(PyObject*) noexcept
ctypedef object (*allocfunc)(PyTypeObject*, Py_ssize_t)
cdef void* TT_alloc = <void*>wb_alloc_tensor

cdef void tensor_dealloc(PyObject* o) noexcept:
    global n_free_tensors
    cdef PyObject** d
    cdef PyTypeObject* kind = Py_TYPE(o)
    PyObject_GC_UnTrack(o)
    if weak_list(o) != NULL: PyObject_ClearWeakRefs(o)
    wb_drop((<Tensor>o).fn)
    wb_drop((<Tensor>o).base)
    wb_drop((<Tensor>o).grad_)
    Py_XDECREF((<Tensor>o).hooks)
    d = _PyObject_GetDictPtr(o)
    if d != NULL: Py_XDECREF(d[0]); d[0] = NULL
    if (<Tensor>o).st != NULL: wb_storage_drop((<Tensor>o).st)
    if kind == TT and n_free_tensors < KEEP_TENSORS:
        free_tensors[n_free_tensors] = o
        n_free_tensors += 1
    else: wb_free_object(o)

cdef extern from *:
    """
    static PyObject *wb_weak_list(PyObject *o) { Py_ssize_t k = Py_TYPE(o)->tp_weaklistoffset; return k > 0 ? *(PyObject **)((char *)o + k) : NULL; }
    """
    PyObject* weak_list "wb_weak_list"(PyObject*) noexcept

cdef int tensor_traverse(PyObject* o, visitproc visit, void* arg) noexcept:
    cdef int r
    cdef PyObject** d
    if (<Tensor>o).fn != NULL:
        r = visit((<Tensor>o).fn, arg)
        if r: return r
    if (<Tensor>o).base != NULL:
        r = visit((<Tensor>o).base, arg)
        if r: return r
    if (<Tensor>o).grad_ != NULL:
        r = visit((<Tensor>o).grad_, arg)
        if r: return r
    if (<Tensor>o).hooks != NULL:
        r = visit((<Tensor>o).hooks, arg)
        if r: return r
    d = _PyObject_GetDictPtr(o)
    if d != NULL and d[0] != NULL: return visit(d[0], arg)
    return 0

cdef int tensor_clear(PyObject* o) noexcept:
    cdef PyObject* p
    cdef PyObject** d
    p = (<Tensor>o).fn; (<Tensor>o).fn = NULL; wb_drop(p)
    p = (<Tensor>o).base; (<Tensor>o).base = NULL; wb_drop(p)
    p = (<Tensor>o).grad_; (<Tensor>o).grad_ = NULL; wb_drop(p)
    p = (<Tensor>o).hooks; (<Tensor>o).hooks = NULL; Py_XDECREF(p)
    d = _PyObject_GetDictPtr(o)
    if d != NULL: p = d[0]; d[0] = NULL; Py_XDECREF(p)
    return 0

cdef inline bint is_tensor(PyObject* p) noexcept:
    return Py_TYPE(p) == TT or Py_TYPE(p) == PT or PyType_IsSubtype(Py_TYPE(p), TT)

# ---------------------------------------------------------------- making tensors
cdef inline int give_memory(Tensor r) except -1:
    cdef size_t n = r.a.n * wb_itemsize[r.a.dtype]
    r.st = wb_storage_new(n)
    if r.st == NULL:
        wb_small_trim()
        r.st = wb_storage_new(n)
        if r.st == NULL: raise no_memory(n)
    r.a.data = r.st.data
    return 0

cdef inline void copy_geometry(wb_array* r, const wb_array* s) noexcept:
    cdef int i
    r.n = s.n; r.ndim = s.ndim; r.dtype = s.dtype; r.layout = s.layout
    for i in range(s.ndim): r.shape[i] = s.shape[i]; r.strides[i] = s.strides[i]

cdef inline Tensor empty(int ndim, const long* shape, int dt):
    cdef Tensor r = new_tensor()
    wb_set_contiguous(&r.a, ndim, shape, dt)
    give_memory(r)
    return r

cdef inline Tensor empty_like(Tensor s):
    "of the same dtype and the same memory order, without gaps"
    cdef Tensor r = new_tensor()
    if s.a.layout & WB_DENSE: copy_geometry(&r.a, &s.a)
    else: wb_set_like(&r.a, &s.a, s.a.dtype)
    give_memory(r)
    return r

cdef inline Tensor empty_of(const wb_array* a, int dt):
    cdef Tensor r = new_tensor()
    if a.layout & WB_DENSE: copy_geometry(&r.a, a); r.a.dtype = dt
    else: wb_set_like(&r.a, a, dt)
    give_memory(r)
    return r
cdef inline Tensor empty_like_as(Tensor s, int dt): return empty_of(&s.a, dt)

cdef Tensor empty_strided(int ndim, const long* shape, const long* strides, int dt):
    "memory for any strides that do not overlap; gaps stay unused"
    cdef Tensor r = new_tensor()
    cdef int i
    cdef long extent = 1
    r.a.ndim = ndim; r.a.dtype = dt
    for i in range(ndim):
        r.a.shape[i] = shape[i]; r.a.strides[i] = strides[i]
        extent += (shape[i] - 1) * strides[i]
    wb_set_layout(&r.a)
    if r.a.n == 0: extent = 0
    r.st = wb_storage_new(extent * wb_itemsize[dt])
    if r.st == NULL: raise no_memory(extent * wb_itemsize[dt])
    r.a.data = r.st.data
    return r

cdef inline Tensor alias(Tensor s):
    "the same memory, without history"
    cdef Tensor r = new_tensor()
    r.st = s.st; s.st.rc += 1; r.a.data = s.a.data
    copy_geometry(&r.a, &s.a)
    return r

cdef init_from(Tensor t, Tensor s):
    "t takes s's memory and geometry"
    if t.st == s.st:
        t.a.data = s.a.data; copy_geometry(&t.a, &s.a)
        return
    s.st.rc += 1
    if t.st != NULL: wb_storage_drop(t.st)
    t.st = s.st; t.a.data = s.a.data
    copy_geometry(&t.a, &s.a)

cdef inline bint same_memory(Tensor a, Tensor b) noexcept: return wb_storage_root(a.st) == wb_storage_root(b.st)

cdef wb_storage* twin(Tensor s, long version) except NULL:
    cdef wb_storage* st = wb_storage_twin(s.st, version)
    if st == NULL: raise no_memory(64)
    return st

cdef Tensor data_of(Tensor s):
    "the same memory without history, whose writes autograd does not see"
    cdef Tensor r = new_tensor()
    r.st = twin(s, 0); r.a.data = s.a.data
    copy_geometry(&r.a, &s.a)
    return r

cdef int set_data(Tensor t, v) except -1:
    "t takes v's memory and geometry, and keeps its own history and version"
    cdef wb_storage* st
    cdef Tensor s
    if not isinstance(v, Tensor): raise TypeError(f"data: expected a Tensor, got {type(v).__name__}")
    s = v
    if t.rg and s.a.dtype < WB_F16: raise RuntimeError(f"data: expected a floating dtype for a tensor that requires grad, got {DTYPES[s.a.dtype].name}")
    if not same_memory(t, s):
        st = twin(s, t.st.version)
        wb_storage_drop(t.st)
        t.st = st
    t.a.data = s.a.data
    copy_geometry(&t.a, &s.a)
    return 0

cdef tuple shape_tuple(Tensor t): return tuple([t.a.shape[i] for i in range(t.a.ndim)])

cdef inline bint same_shape(const wb_array* a, const wb_array* b) noexcept:
    cdef int i
    if a.ndim != b.ndim: return False
    for i in range(a.ndim):
        if a.shape[i] != b.shape[i]: return False
    return True

cdef inline bint same_dense(const wb_array* a, const wb_array* b) noexcept:
    "the same shape and the same order in memory, without gaps"
    cdef int i
    if a.ndim != b.ndim or not a.layout & b.layout & WB_DENSE: return False
    for i in range(a.ndim):
        if a.shape[i] != b.shape[i] or (a.strides[i] != b.strides[i] and a.shape[i] != 1): return False
    return True

cdef int read_shape(shape, long* out, str op) except -1:
    "a sequence of sizes, or one; returns their number"
    cdef int n = 0
    cdef Py_ssize_t total = 1
    if PyIndex_Check(shape): shape = (shape,)
    for d in shape:
        if n == MAXD: raise ValueError(f"{op}: expected at most {MAXD} dimensions, got {len(shape)}")
        if not PyIndex_Check(d): raise TypeError(f"{op}: expected sizes that are ints, got {d!r}")
        out[n] = PyNumber_AsSsize_t(d, OverflowError)
        if out[n] < 0: raise RuntimeError(f"{op}: expected sizes of 0 or more, got {tuple(shape)}")
        if out[n] and total > (<Py_ssize_t>1 << 58) // out[n]: raise RuntimeError(f"{op}: expected fewer than 2**58 elements, got shape {tuple(shape)}")
        if out[n]: total *= out[n]
        n += 1
    return n

cdef int dim_index(d, int ndim, str op) except -1:
    cdef Py_ssize_t i
    if not PyIndex_Check(d): raise TypeError(f"{op}: expected dim to be an int, got {type(d).__name__}")
    i = PyNumber_AsSsize_t(d, OverflowError)
    cdef int n = ndim if ndim > 0 else 1
    if i < -n or i >= n: raise IndexError(f"{op}: expected dim in the range [{-n}, {n - 1}], got {i}")
    return i + n if i < 0 else i

# ---------------------------------------------------------------- small parts of Tensor
cdef int set_requires_grad(Tensor t, v) except -1:
    cdef bint on = bool(v)
    if t.fn != NULL and not on: raise RuntimeError("requires_grad: expected a leaf, got the result of an operation; use detach() for one without history")
    if on and not (WB_F16 <= t.a.dtype): raise RuntimeError(f"requires_grad: expected a tensor of a floating dtype, got {DTYPES[t.a.dtype].name}")
    if on and not t.rg and t.st.inference and not wb_inference_mode(): raise RuntimeError("requires_grad: expected a tensor made outside inference mode, got one made in it; clone() it first")
    t.rg = on
    return 0

cdef int set_grad(Tensor t, v) except -1:
    cdef PyObject* old = t.grad_
    t.grad_ = NULL
    if v is not None: Py_INCREF(v); t.grad_ = <PyObject*>v
    wb_drop(old)
    return 0

cdef Hooks hooks_of(Tensor t):
    cdef Hooks h
    cdef Node nd
    if t.fn == NULL:
        if t.hooks == NULL:
            h = Hooks(); h.before = {}; h.after = {}
            Py_INCREF(h); t.hooks = <PyObject*>h
        return <Hooks>t.hooks
    edge(t)
    nd = <Node>t.fn
    if nd.hooks == NULL:
        d = {}
        Py_INCREF(d); nd.hooks = <PyObject*>d
    h = (<dict>nd.hooks).get(t.onr)
    if h is None:
        h = Hooks(); h.before = {}; h.after = {}
        (<dict>nd.hooks)[t.onr] = h
    return h
