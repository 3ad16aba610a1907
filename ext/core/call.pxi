# Family `call`: inference plans the outputs, a kernel or the body fills them.

cdef int check_tensors(Op op, PyObject** s) except -1:
    cdef int k, i
    for k in range(op.nt):
        i = op.tpos[k]
        if i == op.seq:
            v = <object>s[i]
            if isinstance(v, Tensor) or not isinstance(v, (tuple, list)): raise TypeError(f"{op.name}: expected {op.params[i]} to be a sequence of Tensors, got {type(v).__name__}")
            for x in v:
                if not isinstance(x, Tensor): raise TypeError(f"{op.name}: expected {op.params[i]} to hold Tensors, got {type(x).__name__}")
        elif not is_tensor(s[i]) and not (s[i] == <PyObject*>None and (op.dflt[i] == <PyObject*>None or op.internal and k)):
            raise not_a_tensor(op, i, <object>s[i])
    return 0

cdef int flatten_ints(v, long* out, int n) except -1:
    for x in v:
        if isinstance(x, (tuple, list)): n = flatten_ints(x, out, n)
        else:
            if n == 32: raise ValueError("a kernel takes at most 32 integer attributes")
            out[n] = x
            n += 1
    return n

cdef int first_dtype(Op op, PyObject** s, list specs) except -1:
    cdef int k
    cdef PyObject* p
    for k in range(op.nt):
        p = s[op.tpos[k]]
        if op.tpos[k] == op.seq: return (<Tensor>(<object>p)[0]).a.dtype if len(<object>p) else default_float
        if is_tensor(p): return (<Tensor>p).a.dtype
    for x in specs:
        if x is not None: return (<dtype>x[1]).index
    return default_float

cdef object impl_call(Op op, PyObject** s):
    cdef int k, n, dt
    cdef list specs, outs
    cdef const wb_kernel* kern
    cdef PyObject* s2[MAXP]
    if op.seq >= 0 and not PyTuple_Check(s[op.seq]) and isinstance(<object>s[op.seq], list):
        held = tuple(<object>s[op.seq])                    # a list may change before backward
        for k in range(op.np_): s2[k] = s[k]
        s2[op.seq] = <PyObject*>held
        return impl_call(op, s2)
    check_tensors(op, s)
    if op.infer is None: raise RuntimeError(f"{op.name}: expected an inference in its definition, got none")
    plan = op.infer(*[<object>s[i] for i in range(op.np_)])
    specs, ints, floats = plan
    dt = first_dtype(op, s, specs)
    kern = op.kern[dt]
    outs = None
    if kern != NULL and not FORCE_BODY: outs = call_kernel(op, s, kern, specs, ints, floats)
    if outs is None and (dt == WB_F16 or dt == WB_BF16) and not FORCE_BODY: outs = call_widened(op, s, specs)
    if outs is None: outs = call_numpy(op, s, specs)
    return finish(op, s, outs)

cdef object finish(Op op, PyObject** s, list outs):
    "record, drop what is hidden, pack"
    cdef int n = len(outs) - op.nextra
    if n == 1 and op.nextra == 0:
        r = outs[0]
        if recording(op, s): attach(op, <Tensor>r, s)
        return r
    if recording(op, s): attach_many(op, outs[:n], outs[n:], s)
    if EXTRA_OF is op: return tuple(outs)
    if n == 1: return outs[0]
    return op.pack(*outs[:n]) if op.pack is not None else tuple(outs[:n])

cdef Tensor make_output(Op op, spec, bint nhwc):
    "from (shape, dtype), and the tensor whose memory order it takes, if there is a third"
    cdef long shape[MAXD]
    cdef int n = 0
    cdef Tensor r
    if len(spec[0]) > MAXD: raise ValueError(f"{op.name}: expected a result of at most {MAXD} dimensions, got {len(spec[0])}")
    for d in spec[0]: shape[n] = d; n += 1
    r = new_tensor()
    if nhwc and n == 4: wb_set_channels_last(&r.a, shape, (<dtype>spec[1]).index)
    else: wb_set_contiguous(&r.a, n, shape, (<dtype>spec[1]).index)
    if len(spec) > 2: wb_set_order(&r.a, &(<Tensor>spec[2]).a)
    give_memory(r)
    return r

cdef list call_kernel(Op op, PyObject** s, const wb_kernel* kern, list specs, ints, floats):
    "the outputs, or None where the kernel does not take the case"
    cdef wb_call c
    cdef long li[32]
    cdef double fl[32]
    cdef int k, n, code
    cdef long work = 0
    cdef Tensor t
    cdef list held = [], outs = []
    n = flatten_ints(ints, li, 0)
    k = 0
    for x in floats: fl[k] = x; k += 1
    c.i = li; c.f = fl; c.n_in = 0; c.n_out = len(specs)
    if op.seq >= 0 or op.nt > WB_MAX_IN or c.n_out > WB_MAX_OUT: return None
    for k in range(op.nt):
        c.in_[k] = NULL
        if is_tensor(s[op.tpos[k]]):
            t = <Tensor>s[op.tpos[k]]
            if kern.flags & WB_NHWC: t = channels_last(t)
            elif not kern.flags & WB_STRIDED: t = contiguous(t)
            held.append(t)
            c.in_[k] = &t.a
            work += t.a.n
    c.n_in = op.nt
    k = 0
    for spec in specs:
        if spec is None: outs.append(None); c.out[k] = NULL
        else:
            t = make_output(op, spec, kern.flags & WB_NHWC != 0)
            outs.append(t)
            c.out[k] = &t.a
            work += t.a.n
        k += 1
    if work < 4096: code = (<wb_call_fn>kern.fn)(&c)
    else:
        with nogil: code = (<wb_call_fn>kern.fn)(&c)
    if code == WB_OK: return outs
    if code == WB_UNSUPPORTED: return None
    raise kernel_error(op, s, code)

# those whose indices PyTorch calls wrong by another class than everybody's IndexError
cdef frozenset NO_INDEX_ERROR = frozenset(("gather", "scatter_from", "scatter_add", "index_add"))

cdef object kernel_error(Op op, PyObject** s, int code):
    if code == WB_NO_MEMORY: return no_memory(0)
    if code == WB_BAD_INDEX:
        shapes = ", ".join([str(shape_tuple(<Tensor>s[op.tpos[k]])) for k in range(op.nt) if is_tensor(s[op.tpos[k]])])
        kind = RuntimeError if op.name in NO_INDEX_ERROR else IndexError
        return kind(f"{op.name}: expected indices within the size of their dimension, got one out of range (tensors of shape {shapes})")
    return RuntimeError(f"{op.name}: the kernel failed with code {code}")

cdef object widened(v):
    if isinstance(v, Tensor) and (<Tensor>v).a.dtype in (WB_F16, WB_BF16): return cast_to(<Tensor>v, WB_F32)
    return v

cdef list call_widened(Op op, PyObject** s, list specs):
    "half precision: compute in float32, round the result"
    cdef PyObject* s2[MAXP]
    cdef list held = [widened(<object>s[i]) if i != op.seq else tuple([widened(x) for x in <object>s[i]]) for i in range(op.np_)]
    cdef int i
    cdef list outs
    for i in range(op.np_): s2[i] = <PyObject*>held[i]
    wide_specs, ints, floats = op.infer(*held)
    outs = None
    if op.kern[WB_F32] != NULL: outs = call_kernel(op, s2, op.kern[WB_F32], wide_specs, ints, floats)
    if outs is None: outs = call_numpy(op, s2, wide_specs)
    return [None if x is None else cast_to(<Tensor>x, (<dtype>spec[1]).index) for x, spec in zip(outs, specs)]

cdef list call_numpy(Op op, PyObject** s, list specs):
    cdef int i, k
    cdef list args = [<object>s[i] for i in range(op.np_)], outs = []
    for k in range(op.nt):
        i = op.tpos[k]
        if i == op.seq: args[i] = [as_numpy(<Tensor>x) for x in args[i]]
        elif args[i] is not None: args[i] = as_numpy(<Tensor>args[i])
    np = need_numpy()
    with np.errstate(all="ignore"): r = call_body(op, args)
    if not isinstance(r, (tuple, list)): r = (r,)
    if len(r) != len(specs): raise RuntimeError(f"{op.name}: expected {len(specs)} results from the body, got {len(r)}")
    for x, spec in zip(r, specs):
        if x is None or spec is None:
            outs.append(None)
            continue
        a = np.array(x, dtype=NUMPY[(<dtype>spec[1]).index])
        if a.shape != tuple(spec[0]): raise RuntimeError(f"{op.name}: expected a result of shape {tuple(spec[0])} by its inference, got {a.shape}")
        outs.append(from_numpy(a))
    return outs

cdef object impl_composite(Op op, PyObject** s):
    r = call_body(op, [<object>s[i] for i in range(op.np_)])
    return op.pack(*r) if op.pack is not None and isinstance(r, tuple) else r
