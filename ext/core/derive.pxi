# One node's derivative: what was saved, the rules of its definition, and where gradients go.

cdef inline Tensor saved_tensor(Node nd, int i):
    "not to be called for a packed one"
    cdef Tensor t = <Tensor>nd.saved[i]
    if t.st.version != nd.ver[i]: changed(nd, (<Op>nd.op).params[i], nd.ver[i], t.st.version)
    return t

cdef object changed(Node nd, what, long saved, long now):
    raise RuntimeError(f"backward: expected {what} saved by {(<Op>nd.op).name} unchanged, got one that was changed in place afterwards (version {now}, saved at {saved}); work on a clone() or out of place")

cdef object rule_argument(Node nd, int c, bint create_graph):
    cdef Op op = <Op>nd.op
    cdef Tensor t
    if c < 1000:
        if not nd.have >> c & 1: return None
        if is_tensor(nd.saved[c]): return saved_tensor(nd, c)
        if not nd.packed: return <object>nd.saved[c]
        return tuple([unpacked(x) for x in <object>nd.saved[c]]) if type(<object>nd.saved[c]) is tuple else unpacked(<object>nd.saved[c])
    if c == 1000: return result_of(nd, create_graph)
    if c == 1001: return tuple([nd.edges[k].to != NULL and (k >= 32 or nd.need >> k & 1) for k in range(nd.ne)])
    if c < 3000: return unpacked((<tuple>nd.extras)[c - 2000])
    if c < 4000:
        c = op.ord_[c - 3000]
        return <object>nd.shapes[c] if nd.have_shape >> c & 1 else ()
    return DTYPES[nd.edges[op.ord_[c - 4000]].dt]

class _ChangedResults(tuple):
    "results, some of them changed in place since the operation made them: a rule that names one of those fails, others go on"
    def __new__(cls, results, node):
        made = tuple.__new__(cls, results)
        made.node = node
        return made
    def __getitem__(self, i):
        x = tuple.__getitem__(self, i)
        if isinstance(x, Tensor) and (<Tensor>x).st.version: changed(<Node>self.node, "result", 0, (<Tensor>x).st.version)
        return x
    def __iter__(self):
        return iter([self[i] for i in range(len(self))])

cdef object result_of(Node nd, bint create_graph):
    cdef Tensor t, r
    cdef int i
    if nd.nout > 1:
        many = []
        for i, x in enumerate(<tuple>nd.result):
            x = unpacked(x)
            if x is not None and create_graph and (<Tensor>x).a.dtype >= WB_F16:
                r = alias(<Tensor>x)
                Py_INCREF(nd)
                r.fn = <PyObject*>nd; r.onr = i; r.rg = True
                many.append(r)
            else: many.append(x)
        if not nd.packed:
            for x in many:
                if x is not None and (<Tensor>x).st.version: return _ChangedResults(many, nd)
        return tuple(many)
    if nd.packed and type(<object>nd.result) is Packed: t = unpacked(<object>nd.result)
    else:
        t = <Tensor>nd.result
        if t.st.version != nd.rver: changed(nd, "result", nd.rver, t.st.version)
    if not create_graph: return t
    r = alias(t)
    Py_INCREF(nd)
    r.fn = <PyObject*>nd; r.rg = True
    if has_attributes(<PyObject*>t): attributes(r, NULL).update(attributes(t, NULL))
    return r

cdef inline bint has_attributes(PyObject* o) noexcept:
    cdef PyObject** d = _PyObject_GetDictPtr(o)
    return d != NULL and d[0] != NULL

cdef list derive(Node nd, list gs, bint create_graph):
    "the gradients of the inputs, as the definition writes them"
    cdef Op op
    cdef int k, c
    cdef list args
    if nd.pyfn != NULL: return list((<object>nd.pyfn)(gs, tuple([nd.edges[k].to != NULL for k in range(nd.ne)])))
    op = <Op>nd.op
    if nd.overwritten: return derive_overwritten(nd, op, gs, create_graph)
    if op.rules is None and op.together is None:
        if op.formula is None: raise RuntimeError(f"backward: expected an operation with a derivative, got {op.name}, which has none")
        return derive_by_formula(nd, op, gs, create_graph)
    if op.holomorphic and any_complex(gs): return conjugated(derive_by_rules(nd, op, conjugated(gs), create_graph))
    return derive_by_rules(nd, op, gs, create_graph)

cdef list derive_overwritten(Node nd, Op op, list gs, bint create_graph):
    cdef list out = [None] * nd.ne
    cdef Tensor zeros = empty_like(<Tensor>gs[0])
    nd.overwritten = False
    nd.need &= ~<unsigned>1
    try:
        if nd.need: out = derive(nd, gs, create_graph)
    finally: nd.overwritten = True; nd.need |= 1
    fill_with(zeros, 0)
    out[0] = zeros
    return out

cdef bint any_complex(list ts):
    for t in ts:
        if t is not None and (<Tensor>t).a.dtype >= WB_C64: return True
    return False

cdef list conjugated(list ts):
    "what makes a rule that is written for real numbers right for a holomorphic function of complex ones (PyTorch's convention of gradients)"
    return [apply1(o_conj, t) if t is not None and (<Tensor>t).a.dtype >= WB_C64 else t for t in ts]

cdef list derive_by_rules(Node nd, Op op, list gs, bint create_graph):
    cdef int k, c
    cdef list args, out
    g = gs[0] if nd.nout == 1 else tuple(gs)
    if op.together is not None:
        args = [g]
        for c in <tuple>op.together_codes: args.append(rule_argument(nd, c, create_graph))
        return list(op.together(*args))
    if op.seq >= 0:
        args = [g]
        for c in <tuple>(<tuple>op.codes)[0]: args.append(rule_argument(nd, c, create_graph))
        return list((<tuple>op.rules)[0](*args))
    out = [None] * nd.ne
    for k in range(nd.ne):
        if not nd.need >> k & 1 or (<tuple>op.rules)[k] is None: continue
        args = [g]
        for c in <tuple>(<tuple>op.codes)[k]: args.append(rule_argument(nd, c, create_graph))
        out[k] = (<tuple>op.rules)[k](*args)
    return out

cdef list derive_by_formula(Node nd, Op op, list gs, bint create_graph):
    "differentiate the meaning in plain ops, over aliases of the inputs that stand for themselves alone"
    cdef list args = [], stand = [], which = [], roots = [], grads = []
    cdef int i, k, old = wb_grad_mode()
    cdef Tensor t
    out = [None] * nd.ne
    wb_set_grad_mode(1)
    try:
        for i in range(op.np_):
            v = rule_argument(nd, i, create_graph)
            k = op.ord_[i]
            if k >= 0 and isinstance(v, Tensor) and nd.need >> k & 1:
                t = apply1(o_identity, v) if create_graph else alias(<Tensor>v)
                t.rg = True
                stand.append(t)
                which.append(k)
                v = t
            args.append(v)
        r = op.formula(*args)
        for x, g in zip((r,) if nd.nout == 1 else r, gs):
            if g is not None and isinstance(x, Tensor) and (<Tensor>x).rg: roots.append(x); grads.append(g)
        if roots:
            for k, g in zip(which, run_backward(roots, grads, True, create_graph, stand, True)): out[k] = g
    finally: wb_set_grad_mode(old)
    return out

cdef Tensor unbroadcast(Tensor g, tuple shape):
    cdef int lead, i
    if shape_tuple(g) == shape: return g
    lead = g.a.ndim - len(shape)
    dims = list(range(lead)) + [lead + i for i in range(len(shape)) if shape[i] == 1 and g.a.shape[lead + i] != 1]
    if dims: g = apply3(o_sum, g, tuple(dims), True)
    return apply2(o_reshape, g, shape) if lead else g

cdef object apply3(Op op, a, b, c):
    cdef PyObject* s[MAXP]
    cdef int i
    s[0] = <PyObject*>a; s[1] = <PyObject*>b; s[2] = <PyObject*>c
    for i in range(3, op.np_): s[i] = op.dflt[i]
    return run(op, s)

cdef int fix_edges(Node nd, list out) except -1:
    "what the engine does for every rule: undo broadcasting, return to the input's dtype"
    cdef int k
    cdef Tensor t
    for k in range(nd.ne):
        if out[k] is None or nd.edges[k].to == NULL: continue
        t = out[k]
        if k < 32 and nd.unb >> k & 1: t = unbroadcast(t, tuple(<object>nd.shapes[k]))
        if t.a.dtype != nd.edges[k].dt:
            if t.a.dtype >= WB_C64 and nd.edges[k].dt < WB_C64: t = apply1(o_real, t)
            t = apply2(o_cast, t, DTYPES[nd.edges[k].dt])
        out[k] = t
    return 0

cdef inline bint same_for_add(Tensor g, Tensor h) noexcept:
    return g.a.dtype == h.a.dtype and same_dense(&g.a, &h.a) and o_add.kern[h.a.dtype] != NULL

cdef int add_in_place(Tensor h, Tensor g) except -1:
    cdef char* p[3]
    cdef long st[3]
    cdef long item[3]
    p[0] = h.a.data; p[1] = g.a.data; p[2] = h.a.data
    st[0] = 1; st[1] = 1; st[2] = 1
    item[0] = wb_itemsize[h.a.dtype]; item[1] = item[0]; item[2] = item[0]
    call_map(o_add.kern[h.a.dtype], 3, p, item, st, h.a.n, o_add.dattr)
    return 0

cdef int gather(PyObject** slot, Tensor g, bint create_graph) except -1:
    "add g into a slot; in place where nobody else can see the buffer"
    cdef Tensor h
    if slot[0] == NULL:
        Py_INCREF(g)
        slot[0] = <PyObject*>g
        return 0
    h = <Tensor>slot[0]                                    # two references: the slot's and ours
    if not create_graph and not INTERCEPTED and Py_REFCNT(slot[0]) == 2 and h.st.rc == 1 and h.st.owner == NULL and h.fn == NULL and same_for_add(g, h):
        return add_in_place(h, g)
    r = apply2(o_add, h, g)
    Py_INCREF(r)
    Py_DECREF(h)
    slot[0] = <PyObject*>r
    return 0

cdef int place_part(Node nd) except -1:
    "the gradient of a view into its part of what the input's node gathers, instead of into zeros that are added there; 0: not done"
    cdef PyObject* e = nd.edges[0].to
    cdef PyObject** slot
    cdef PyObject* s[MAXP]
    cdef Op op = <Op>nd.op
    cdef Tensor g = <Tensor>nd.g, whole, part = new_tensor()
    cdef long shape[MAXD]
    cdef int i, n
    cdef bint first
    if op.geometry == NULL or e == NULL or Py_TYPE(e) != NT or not nd.have_shape & 1 or g.a.dtype != nd.edges[0].dt or o_add.kern[g.a.dtype] == NULL: return 0
    slot = grad_slot(<Node>e, nd.edges[0].nr)
    first = slot[0] == NULL
    if first:
        n = read_shape(<object>nd.shapes[0], shape, op.name)
        whole = new_tensor()
        if n == 4 and g.a.ndim == 4 and g.a.layout & WB_CHANNELS_LAST: wb_set_channels_last(&whole.a, shape, g.a.dtype)
        else: wb_set_contiguous(&whole.a, n, shape, g.a.dtype)
        give_memory(whole)
        fill_with(whole, 0)
    else:
        whole = <Tensor>slot[0]                             # two references, as in gather
        if Py_REFCNT(slot[0]) != 2 or whole.st.rc != 1 or whole.st.owner != NULL or whole.fn != NULL or whole.a.dtype != g.a.dtype or not whole.a.layout & WB_DENSE: return 0
    s[0] = <PyObject*>whole
    for i in range(1, op.np_):
        if not nd.have >> i & 1: return 0
        s[i] = nd.saved[i]
    part.a.dtype = whole.a.dtype; part.a.data = whole.a.data; part.a.ndim = 0; part.a.n = 0
    if not op.geometry(whole, part, s): return 0
    part.st = whole.st; whole.st.rc += 1
    wb_set_layout(&part.a)
    if first:
        copy_into(part, g)
        Py_INCREF(whole)
        slot[0] = <PyObject*>whole
    else: add_strided(part, g)
    return 1

cdef int add_strided(Tensor h, Tensor g) except -1:
    "h += g, of one shape and dtype"
    cdef const wb_kernel* kern = o_add.kern[h.a.dtype]
    cdef char* p[3]
    cdef long item[3]
    cdef long st[3][MAXD]
    cdef int i
    for i in range(h.a.ndim): st[0][i] = h.a.strides[i]; st[1][i] = g.a.strides[i]; st[2][i] = h.a.strides[i]
    p[0] = h.a.data; p[1] = g.a.data; p[2] = h.a.data
    for i in range(3): item[i] = wb_itemsize[h.a.dtype]
    if h.a.n < WB_LARGE_WORK: wb_map_run(<wb_map>kern.fn, kern.flags, 3, p, item, st, h.a.ndim, h.a.shape, o_add.dattr)
    else:
        with nogil: wb_map_run(<wb_map>kern.fn, kern.flags, 3, p, item, st, h.a.ndim, h.a.shape, o_add.dattr)
    return 0

cdef object call_hooks(dict hooks, g):
    cdef object r
    for f in list(hooks.values()):
        r = f(g)
        if r is not None:
            if not isinstance(r, Tensor): raise TypeError(f"hook: expected a Tensor or None to be returned, got {type(r).__name__}")
            g = r
    return g

cdef list call_prehooks(dict hooks, list gs):
    for f in list(hooks.values()):
        r = f(tuple(gs))
        if r is not None: gs = checked_grads(r, len(gs))
    return gs

cdef list call_posthooks(dict hooks, list res, list gs):
    for f in list(hooks.values()):
        r = f(tuple(res), tuple(gs))
        if r is not None: res = checked_grads(r, len(res))
    return res

cdef list checked_grads(r, int n):
    if isinstance(r, Tensor): r = (r,)
    if not isinstance(r, (tuple, list)) or len(r) != n or not all([x is None or isinstance(x, Tensor) for x in r]): raise TypeError(f"hook: expected {n} Tensors (or None) to be returned, got {r!r}")
    return list(r)

cdef int accumulate(Tensor leaf, Tensor g, bint owned, bint create_graph, dict capture) except -1:
    "into leaf.grad, or into what is captured; `owned`: the engine alone holds g"
    cdef Tensor h
    cdef PyObject* slot
    if leaf.hooks != NULL:
        if (<Hooks>leaf.hooks).before: g = call_hooks((<Hooks>leaf.hooks).before, g); owned = False
        if (<Hooks>leaf.hooks).pre and capture is None: (g,) = call_prehooks((<Hooks>leaf.hooks).pre, [g]); owned = False
    if not same_shape(&g.a, &leaf.a): raise RuntimeError(f"backward: expected a gradient of shape {shape_tuple(leaf)}, got {shape_tuple(g)}")
    if capture is not None:
        key = (<Py_ssize_t><PyObject*>leaf, -1)
        if key in capture: capture[key] = g if capture[key] is None else apply2(o_add, capture[key], g)
        return 0
    if leaf.grad_ == NULL:
        if not create_graph:
            if g.fn != NULL or g.rg: g = alias(g); owned = False
            if not owned or g.st.rc != 1 or g.st.owner != NULL or (not same_dense(&g.a, &leaf.a) and leaf.a.layout & WB_DENSE):
                h = empty_like(leaf) if g.a.dtype == leaf.a.dtype else empty_like_as(leaf, g.a.dtype)
                copy_into(h, g)
                g = h
        set_grad(leaf, g)
    elif not create_graph and same_for_add(<Tensor>leaf.grad_, g) and (<Tensor>leaf.grad_).fn == NULL:
        h = <Tensor>leaf.grad_
        add_in_place(h, g)
        h.st.version += 1
    else: set_grad(leaf, apply2(o_add, <object>leaf.grad_, g))
    if leaf.hooks != NULL and (<Hooks>leaf.hooks).after:
        for f in list((<Hooks>leaf.hooks).after.values()): f(leaf)
    if leaf.hooks != NULL and (<Hooks>leaf.hooks).post:
        for f in list((<Hooks>leaf.hooks).post.values()): f((), (g,))
    return 0
