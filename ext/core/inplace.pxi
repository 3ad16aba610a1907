# In-place forms, made from the same definition, and history through views.

cdef object impl_inplace(Op op, PyObject** s):
    cdef Op f = op.outer
    cdef Tensor x, r, b
    cdef Node nd = None
    cdef PyObject* s2[MAXP]
    cdef unsigned flags = 0
    cdef int i, old
    cdef bint history = False
    if not is_tensor(s[0]): raise not_a_tensor(op, 0, <object>s[0])
    x = <Tensor>s[0]
    for i in range(x.a.ndim):
        if x.a.strides[i] == 0 and x.a.shape[i] > 1:
            raise RuntimeError(f"{op.name}: expected a tensor whose elements each have memory of their own, got an expanded one; use clone() first")
    if x.st.inference and not wb_inference_mode(): raise RuntimeError(f"{op.name}: expected a tensor made outside inference mode, got one made in it; write it within inference mode, or clone() it first")
    if wb_grad_mode():
        b = <Tensor>x.base if x.base != NULL else x
        if b.rg and b.fn == NULL:
            raise RuntimeError(f"{op.name}: expected a tensor that is not {'a view of a leaf' if x.base != NULL else 'a leaf'} that requires grad; change it under no_grad, or work on a clone()")
        if b.rg and x.base != NULL: edge(x)
        history = b.rg or any_requires(f, s)
        if history and unrecorded(x): refuse_unrecorded(op.name)
        if history and not same_memory(b, x): raise RuntimeError(f"{op.name}: expected a view whose base still has the same memory, got one whose base was given other memory; clone() the view first")
    if f.impl == impl_view: return view_in_place(op, f, x, s)
    for i in range(f.np_): s2[i] = s[i]
    hold = None
    if f.impl == impl_composite:                            # its history is that of the ops it is written in
        if history:
            hold = apply1(o_clone, x)
            s2[0] = <PyObject*>hold
        r = f.impl(f, s2)
        if not can_cast(r.a.dtype, x.a.dtype): raise RuntimeError(f"{op.name}: expected a result that fits {x.dtype.name}, got {r.dtype.name}")
        return apply2(o_copy_, x, r)
    if history:
        for i in range(f.nt):
            if f.save_params[i] & 1 and is_tensor(s[f.tpos[i]]) and (<Tensor>s[f.tpos[i]]).rg: hold = x
        if hold is not None:
            hold = apply1(o_clone, x)                       # the derivative needs the old value: a copy is saved, with its history
            s2[0] = <PyObject*>hold
        nd = record_inputs(f, s2, 1, &flags)
        if nd is None: nd = new_node(f.nt, 1); nd.op = <PyObject*>f
        if x.base == NULL and x.rg and f.seq < 0 and f.ord_[0] == 0 and nd.edges[0].to == NULL: set_edge(nd, 0, x); nd.overwritten = True
        for i in range(1, f.nt):
            if nd.edges[i].to != NULL and not same_shape(&(<Tensor>s[f.tpos[i]]).a, &x.a) and (f.impl == impl_binary or f.impl == map_general or f is o_copy):
                nd.unb |= <unsigned>1 << i
                save_shape(nd, i, <Tensor>s[f.tpos[i]])
    if op is o_copy_: copy_into(x, as_source(<object>s[1], x))
    elif f.impl == impl_unary or f.impl == impl_binary or f.impl == map_general: map_into(f, s, x)
    else:
        old = wb_grad_mode()
        wb_set_grad_mode(0)
        try: r = f.impl(f, s)
        finally: wb_set_grad_mode(old)
        if not same_shape(&r.a, &x.a): raise RuntimeError(f"{op.name}: expected a result of shape {shape_tuple(x)}, got {shape_tuple(r)}")
        if not can_cast(r.a.dtype, x.a.dtype): raise RuntimeError(f"{op.name}: expected a result that fits {x.dtype.name}, got {r.dtype.name}")
        copy_into(x, r)
    x.st.version += 1
    if nd is not None:
        if flags & SAVE_RESULT:
            save_result(nd, alias(x), x)
        if ANOMALY: remember_where(nd)
        if x.base == NULL: rebase(x, nd)
        else: copy_slices(<Tensor>x.base, x, nd)
    return x

cdef object view_in_place(Op op, Op f, Tensor x, PyObject** s):
    "the tensor itself becomes the view: its memory stays, its shape and strides change"
    cdef Tensor r = f.impl(f, s)
    if r.st != x.st: raise RuntimeError(f"{op.name}: expected a tensor whose memory can be viewed like that, got strides {strides_tuple(x)}; use contiguous() first")
    x.a.data = r.a.data
    copy_geometry(&x.a, &r.a)
    x.st.version += 1
    if r.fn != NULL: rebase(x, <Node>r.fn)
    if x.base != NULL: x.attr_version = x.st.version if not unrecorded(x) else UNRECORDED - x.st.version
    return x

cdef Tensor as_source(v, Tensor x):
    if isinstance(v, Tensor): return v
    return scalar(v, x.a.dtype, "copy_")


cdef void rebase(Tensor x, Node nd):
    cdef PyObject* old = x.fn
    Py_INCREF(nd)
    x.fn = <PyObject*>nd; x.onr = 0; x.rg = True
    wb_drop(old)

cdef tuple strides_tuple(Tensor t): return tuple([t.a.strides[i] for i in range(t.a.ndim)])

cdef object restride(Tensor t, tuple size, tuple strides, long offset):
    cdef PyObject* s[MAXP]
    base = strides_tuple(t)
    cdef object at = offset
    s[0] = <PyObject*>t; s[1] = <PyObject*>size; s[2] = <PyObject*>strides; s[3] = <PyObject*>at; s[4] = <PyObject*>base
    return run(o_restride, s)

cdef Tensor as_dtype_of(Tensor base, Tensor v):
    "a complex base as real numbers, where the view shows those"
    return base if base.a.dtype == v.a.dtype else apply1(o_view_as_real, base)

cdef void refresh_view(Tensor v):
    "the base or a sibling view was written: v's history is now a strided view of the base's new history"
    cdef Tensor b = <Tensor>v.base, r
    cdef int old = wb_grad_mode()
    if b.rg and same_memory(b, v):
        if unrecorded(v): refuse_unrecorded("view")
        wb_set_grad_mode(1)
        r = restride(as_dtype_of(b, v), shape_tuple(v), strides_tuple(v), (v.a.data - b.a.data) // wb_itemsize[v.a.dtype])
        wb_set_grad_mode(old)
        if r.fn != NULL: rebase(v, <Node>r.fn)
    v.attr_version = v.st.version if not unrecorded(v) else UNRECORDED - v.st.version

cdef class CopySlices:
    "the history of a base of which a view was written: outside the view the gradient passes, inside it goes through the view's operation"
    cdef Node inner
    cdef tuple size, strides, base_size, base_strides
    cdef long offset
    cdef int dt, view_dt
    name = "CopySlices"
    def __call__(self, list gs, need):
        cdef long shape[MAXD]
        cdef long strides[MAXD]
        cdef int i, n = len(self.base_size)
        cdef Tensor gc
        for i in range(n): shape[i] = self.base_size[i]; strides[i] = self.base_strides[i]
        gc = empty_strided(n, shape, strides, self.dt)
        apply2(o_copy_, gc, gs[0])
        view = restride(gc if self.dt == self.view_dt else apply1(o_view_as_real, gc), self.size, self.strides, self.offset)
        out = derive(self.inner, [apply1(o_clone, view)], wb_grad_mode())
        fix_edges(self.inner, out)
        apply2(o_copy_, view, out[0] if out[0] is not None else scalar(0.0, self.view_dt, "copy_slices"))
        out[0] = gc
        return out

cdef void copy_slices(Tensor b, Tensor v, Node inner):
    cdef Node nd = new_node(max(inner.ne, 1), 1)
    cdef CopySlices cs = CopySlices()
    cdef int i
    Py_INCREF(cs)
    nd.pyfn = <PyObject*>cs
    cs.inner = inner; cs.size = shape_tuple(v); cs.strides = strides_tuple(v); cs.offset = (v.a.data - b.a.data) // wb_itemsize[v.a.dtype]
    cs.base_size = shape_tuple(b); cs.base_strides = strides_tuple(b); cs.dt = b.a.dtype; cs.view_dt = v.a.dtype
    if b.rg: set_edge(nd, 0, b)
    nd.edges[0].dt = b.a.dtype
    if inner.where != NULL: Py_INCREF(<object>inner.where); nd.where = inner.where
    for i in range(1, inner.ne):
        nd.edges[i] = inner.edges[i]
        if inner.edges[i].to != NULL: Py_INCREF(<object>inner.edges[i].to); nd.need |= <unsigned>1 << i
    if inner.edges[0].to == NULL and inner.ne:
        if b.rg and (inner.op == NULL or (<Op>inner.op).has_rule[0]): inner.need |= 1
    rebase(b, nd)
    v.attr_version = -1
    refresh_view(v)
    v.rg = True
