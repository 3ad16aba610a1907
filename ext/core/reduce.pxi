# Family `reduce`: over the dimensions `dim`, with `keepdim`.

cdef unsigned read_dims(Op op, PyObject** s, int ndim, long* only) except? 0xffffffff:
    "bit mask of the reduced dimensions; `only` is the one, or -1"
    cdef unsigned mask = 0
    cdef int d
    dim = <object>s[op.dim_at] if op.dim_at >= 0 else None
    only[0] = -1
    if dim is None or (isinstance(dim, (tuple, list)) and len(dim) == 0): return (<unsigned>1 << ndim) - 1
    if isinstance(dim, (tuple, list)):
        for x in dim:
            d = dim_index(x, ndim, op.name)
            if mask >> d & 1: raise RuntimeError(f"{op.name}: expected each dim once, got {tuple(dim)}")
            mask |= <unsigned>1 << d
        if len(dim) == 1: only[0] = d
    else:
        d = dim_index(dim, ndim, op.name)
        only[0] = d
        mask = <unsigned>1 << d
    return mask & ((<unsigned>1 << ndim) - 1)

cdef object impl_reduce(Op op, PyObject** s):
    cdef Tensor a, t
    cdef unsigned mask
    cdef long attrs[2]
    cdef long only = -1
    cdef long shape[MAXD]
    cdef double fl[MAXP]
    cdef wb_call c
    cdef int i, code, dt, n_out
    cdef const wb_kernel* kern
    cdef bint keep
    cdef PyObject* s2[MAXP]
    if not is_tensor(s[0]): raise not_a_tensor(op, 0, <object>s[0])
    a = <Tensor>s[0]
    if op.dtype_at >= 0 and s[op.dtype_at] != <PyObject*>None:
        held = o_cast_fn(a, <object>s[op.dtype_at])
        for i in range(op.np_): s2[i] = s[i]
        s2[0] = <PyObject*>held; s2[op.dtype_at] = <PyObject*>None
        r = impl_reduce(op, s2)
        return o_cast_fn(<Tensor>r, <object>s[op.dtype_at]) if op.rule == R_SUM else r     # whole numbers are added up in int64
    mask = read_dims(op, s, a.a.ndim, &only)
    kern = op.kern[a.a.dtype]
    if op.infer is not None and (a.a.n == 0 or kern == NULL): op.infer(*[<object>s[i] for i in range(op.np_)])
    read_attrs(op, s, fl)
    keep = op.keepdim_at >= 0 and bool(<object>s[op.keepdim_at])
    n_out = len(op.definition.outputs) if op.pack is not None else 1
    dt = reduced_dtype(op, a.a.dtype)
    outs = None
    if kern != NULL and not FORCE_BODY:
        for i in range(a.a.ndim): shape[i] = 1 if mask >> i & 1 else a.a.shape[i]
        outs = []
        for i in range(n_out):
            t = empty(a.a.ndim, shape, dt if i == 0 else WB_I64)
            outs.append(t)
            c.out[i] = &t.a
        t = a if kern.flags & WB_STRIDED else contiguous(a)
        c.n_in = 1; c.n_out = n_out; c.in_[0] = &t.a
        attrs[0] = mask; attrs[1] = only
        c.i = attrs; c.f = fl
        if a.a.n < 16384: code = (<wb_call_fn>kern.fn)(&c)
        else:
            with nogil: code = (<wb_call_fn>kern.fn)(&c)
        if code == WB_UNSUPPORTED: outs = None
        elif code != WB_OK: raise kernel_error(op, s, code)
    if outs is None: outs = reduce_body(op, s, a, mask, dt, n_out)
    if not keep and mask:
        for x in outs: drop_dims(&(<Tensor>x).a, mask)
    if recording(op, s):
        if n_out == 1: attach(op, <Tensor>outs[0], s)
        else: attach_many(op, outs, [], s)
    return outs[0] if n_out == 1 else op.pack(*outs)

cdef int reduced_dtype(Op op, int dt) noexcept:
    if op.rule == R_BOOL: return WB_BOOL
    if op.rule == R_FIXED: return op.rule_dt
    if op.rule == R_FLOAT and dt < WB_F16: return default_float
    if op.rule == R_SUM and dt < WB_F16: return WB_I64
    if op.rule == R_REAL: return real_of(dt)
    return dt

cdef void drop_dims(wb_array* a, unsigned mask) noexcept:
    cdef int i, k = 0
    for i in range(a.ndim):
        if not mask >> i & 1: a.shape[k] = a.shape[i]; a.strides[k] = a.strides[i]; k += 1
    a.ndim = k
    wb_set_contiguous(a, k, a.shape, a.dtype)

cdef list reduce_body(Op op, PyObject** s, Tensor a, unsigned mask, int dt, int n_out):
    "the body gets dim as a tuple of ints (an int where one was given) and keepdim=True"
    cdef list args = [<object>s[i] for i in range(op.np_)], outs = []
    cdef int i
    wide = a.a.dtype == WB_F16 or a.a.dtype == WB_BF16
    args[0] = as_numpy(cast_to(a, WB_F32) if wide else a)
    if op.dim_at >= 0 and not PyIndex_Check(args[op.dim_at]): args[op.dim_at] = tuple([i for i in range(a.a.ndim) if mask >> i & 1])
    elif op.dim_at >= 0 and a.a.ndim == 0: args[op.dim_at] = ()
    if op.keepdim_at >= 0: args[op.keepdim_at] = True
    np = need_numpy()
    with np.errstate(all="ignore"): r = call_body(op, args)
    shape = tuple([1 if mask >> i & 1 else a.a.shape[i] for i in range(a.a.ndim)])
    for i, x in enumerate(r if n_out > 1 else (r,)):
        to = WB_I64 if i else dt
        t = from_numpy(np.array(np.asarray(x).reshape(shape), dtype=NUMPY[WB_F32 if wide and to == dt and dt != WB_BOOL and dt != WB_I64 else to], order="C"))
        outs.append(cast_to(t, to))
    return outs

cdef object o_cast_fn(Tensor a, d):
    return apply2(o_cast, a, as_dtype(d))
