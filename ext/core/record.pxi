# Recording: what a node keeps of the operation that it stands for.

cdef inline PyObject* edge(Tensor t):
    "borrowed: the Node of t, or t itself for a leaf; a view that an in-place write made stale gets its history anew"
    if t.base != NULL and t.attr_version != t.st.version and stale(t): refresh_view(t)
    return t.fn if t.fn != NULL else <PyObject*>t

cdef inline bint wants(Tensor t) noexcept:
    "whether operations on t are recorded; a view from before an in-place write gave its base a history does not know it yet"
    return t.rg or t.base != NULL and t.attr_version != t.st.version and (<Tensor>t.base).rg and stale(t)

cdef inline bint unrecorded(Tensor v) noexcept:
    "whether a view was made under no_grad or in inference mode; its version then lies below UNRECORDED"
    return v.attr_version <= UNRECORDED

cdef inline bint stale(Tensor v) noexcept:
    "whether the memory of a view was written since its history was right"
    return v.st.version != (UNRECORDED - v.attr_version if unrecorded(v) else v.attr_version)

cdef object refuse_unrecorded(str name):
    raise RuntimeError(f"{name}: expected a tensor whose history is known, got a view made under no_grad or inference_mode of what was, or is to be, written with a history; make the view where you use it")

cdef inline bint any_requires(Op op, PyObject** s) noexcept:
    cdef int k
    cdef Py_ssize_t i
    cdef PyObject* p
    for k in range(op.nt):
        p = s[op.tpos[k]]
        if is_tensor(p):
            if wants(<Tensor>p): return True
        elif op.seq == op.tpos[k] and PyTuple_Check(p):
            for i in range(PyTuple_GET_SIZE(p)):
                if is_tensor(PyTuple_GET_ITEM(p, i)) and wants(<Tensor>PyTuple_GET_ITEM(p, i)): return True
    return False

cdef inline bint recording(Op op, PyObject** s) noexcept:
    return wb_grad_mode() and any_requires(op, s)

cdef inline void set_edge(Node nd, int k, Tensor t):
    cdef PyObject* e = edge(t)
    Py_INCREF(<object>e)
    nd.edges[k].to = e; nd.edges[k].nr = t.onr if t.fn != NULL else 0; nd.edges[k].dt = t.a.dtype
    if k < 32: nd.need |= <unsigned>1 << k

cdef inline void save_shape(Node nd, int k, Tensor t):
    if k < INLINE_EDGES and not nd.have_shape >> k & 1:
        z = wb_size_new(SIZE, t.a.ndim, t.a.shape)
        Py_INCREF(z)
        nd.shapes[k] = <PyObject*>z
        nd.have_shape |= <unsigned>1 << k

cdef inline void save_params(Op op, Node nd, PyObject** s, unsigned m):
    cdef int i
    while m:
        i = __builtin_ctz(m); m &= m - 1
        if SAVING is not None: save_packed(nd, i, <object>s[i])
        else:
            Py_INCREF(<object>s[i])
            nd.saved[i] = s[i]
            if is_tensor(s[i]):
                nd.ver[i] = (<Tensor>s[i]).st.version
                if (<Tensor>s[i]).st.inference: nd.have |= <unsigned>1 << i; refuse_inference()
        nd.have |= <unsigned>1 << i

cdef int save_packed(Node nd, int i, v) except -1:
    "the same under saved-tensor hooks"
    cdef object kept = v
    if isinstance(v, Tensor):
        kept = pack_tensor(v)
        nd.packed = True
    elif isinstance(v, tuple) and any([isinstance(x, Tensor) for x in v]):
        kept = tuple([pack_tensor(x) if isinstance(x, Tensor) else x for x in v])
        nd.packed = True
    Py_INCREF(kept)
    nd.saved[i] = <PyObject*>kept
    return 0

cdef int save_result(Node nd, r, Tensor first) except -1:
    "a detached alias of the result, or a tuple of them"
    cdef object kept
    if SAVING is not None:
        kept = pack_tensor(r) if isinstance(r, Tensor) else tuple([pack_tensor(x) if x is not None else None for x in r])
        nd.packed = True
    else: kept = r
    Py_INCREF(kept)
    nd.result = <PyObject*>kept; nd.rver = first.st.version
    return 0

cdef inline Node record_inputs(Op op, PyObject** s, int nout, unsigned* flags):
    "a node with its edges and saved parameters, or None where no input needs a gradient"
    cdef Node nd = None
    cdef int k
    cdef unsigned m = 0, sh = 0, f = 0
    cdef PyObject* p
    if op.seq >= 0: return record_sequence(op, s, nout, flags)
    for k in range(op.nt):
        p = s[op.tpos[k]]
        if is_tensor(p) and wants(<Tensor>p) and op.has_rule[k]:
            if nd is None: nd = new_node(op.nt, nout); nd.op = <PyObject*>op
            set_edge(nd, k, <Tensor>p)
            m |= op.save_params[k]; f |= op.save_flags[k]; sh |= op.save_shapes[k]
    if nd is None: return None
    if m: save_params(op, nd, s, m)
    while sh:
        k = __builtin_ctz(sh); sh &= sh - 1
        if is_tensor(s[op.tpos[k]]): save_shape(nd, k, <Tensor>s[op.tpos[k]])
    flags[0] = f
    return nd

cdef Node record_sequence(Op op, PyObject** s, int nout, unsigned* flags):
    "an op over a sequence of tensors (its only tensor parameter): an edge for each item"
    cdef tuple ts = <tuple>s[op.seq]
    cdef Node nd = None
    cdef int k
    for k in range(len(ts)):
        if is_tensor(PyTuple_GET_ITEM(<PyObject*>ts, k)) and wants(<Tensor>PyTuple_GET_ITEM(<PyObject*>ts, k)):
            if nd is None: nd = new_node(len(ts), nout); nd.op = <PyObject*>op
            set_edge(nd, k, <Tensor>PyTuple_GET_ITEM(<PyObject*>ts, k))
    if nd is None: return None
    save_params(op, nd, s, op.save_params[0])
    flags[0] = op.save_flags[0]
    return nd

cdef inline void attach(Op op, Tensor r, PyObject** s):
    "record an op of one output"
    cdef unsigned f = 0
    cdef Node nd
    if not WB_F16 <= r.a.dtype: return
    nd = record_inputs(op, s, 1, &f)
    if nd is None: return
    if f & SAVE_RESULT:
        save_result(nd, alias(r), r)
    if ANOMALY: remember_where(nd)
    Py_INCREF(nd)
    r.fn = <PyObject*>nd
    r.rg = True

cdef inline void attach_broadcast(Op op, Tensor r, PyObject** s):
    "the same for a map: the engine undoes broadcasting, the node only remembers the inputs' shapes"
    cdef Node nd
    cdef int k
    attach(op, r, s)
    if r.fn == NULL: return
    nd = <Node>r.fn
    for k in range(nd.ne):
        if nd.edges[k].to != NULL and not same_shape(&(<Tensor>s[op.tpos[k]]).a, &r.a):
            nd.unb |= <unsigned>1 << k
            save_shape(nd, k, <Tensor>s[op.tpos[k]])

cdef void attach_many(Op op, list outs, list extras, PyObject** s):
    "record an op of several outputs or with hidden ones"
    cdef unsigned f = 0
    cdef int i, nout = len(outs)
    cdef Tensor t
    cdef Node nd = record_inputs(op, s, nout, &f)
    if nd is None: return
    if f & SAVE_RESULT:
        save_result(nd, alias(<Tensor>outs[0]) if nout == 1 else tuple([alias(<Tensor>x) if x is not None else None for x in outs]), <Tensor>outs[0])
    if f & SAVE_EXTRA and extras:
        x = tuple(extras) if SAVING is None else tuple([pack_tensor(<Tensor>e) if isinstance(e, Tensor) else e for e in extras])
        Py_INCREF(x)
        nd.extras = <PyObject*>x
    if nout > 1:
        meta = tuple([(shape_tuple(<Tensor>x), (<Tensor>x).a.dtype) if x is not None else None for x in outs])
        Py_INCREF(meta)
        nd.meta = <PyObject*>meta
    if ANOMALY: remember_where(nd)
    for i in range(nout):
        if outs[i] is None: continue
        t = <Tensor>outs[i]
        if t.a.dtype < WB_F16: continue
        Py_INCREF(nd)
        t.fn = <PyObject*>nd; t.onr = i; t.rg = True

cdef int remember_where(Node nd) except -1:
    w = WHERE()
    Py_INCREF(w)
    nd.where = <PyObject*>w
    return 0
