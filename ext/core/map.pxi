# Family `map`: elementwise with broadcasting and promotion. Fast paths first, then the general one.

cdef inline void call_map(const wb_kernel* k, int n_operands, char** p, const long* item, const long* s, long n, const double* attr):
    if n < WB_LARGE_WORK: wb_map_flat(<wb_map>k.fn, k.flags, n_operands, p, item, s, n, attr)
    else:
        with nogil: wb_map_flat(<wb_map>k.fn, k.flags, n_operands, p, item, s, n, attr)

cdef inline bint default_attrs(Op op, PyObject** s) noexcept:
    cdef int i
    for i in range(op.na):
        if s[op.apos[i]] != op.dflt[op.apos[i]]: return False
    return True

cdef int read_attrs(Op op, PyObject** s, double* out) except -1:
    cdef int i
    for i in range(op.na):
        if s[op.apos[i]] == op.dflt[op.apos[i]]: out[i] = op.dattr[i]
        else:
            v = <object>s[op.apos[i]]
            try: out[i] = v
            except TypeError: raise TypeError(f"{op.name}: expected {op.params[op.apos[i]]} to be a number, got {v!r}") from None
    return 0

cdef object impl_unary(Op op, PyObject** s):
    cdef Tensor a, r
    cdef char* p[2]
    cdef long st[2]
    cdef long item[2]
    cdef const wb_kernel* k
    if not is_tensor(s[0]): raise not_a_tensor(op, 0, <object>s[0])
    a = <Tensor>s[0]
    k = op.kern[a.a.dtype]
    if k == NULL or not a.a.layout & WB_DENSE or FORCE_BODY or not default_attrs(op, s): return map_general(op, s)
    r = empty_like_as(a, WB_BOOL) if op.rule == R_BOOL else empty_like(a)
    p[0] = a.a.data; p[1] = r.a.data; st[0] = 1; st[1] = 1
    item[0] = wb_itemsize[a.a.dtype]; item[1] = wb_itemsize[r.a.dtype]
    call_map(k, 2, p, item, st, a.a.n, op.dattr)
    if wants(a) and wb_grad_mode(): attach(op, r, s)
    return r

cdef object impl_binary(Op op, PyObject** s):
    cdef Tensor a, b, r
    cdef char* p[3]
    cdef long st[3]
    cdef long item[3]
    cdef double value
    cdef float value32
    cdef PyObject* sc
    cdef const wb_kernel* k
    if op.na and not default_attrs(op, s) or FORCE_BODY: return map_general(op, s)
    st[0] = 1; st[1] = 1; st[2] = 1
    if is_tensor(s[0]):
        a = <Tensor>s[0]
        k = op.kern[a.a.dtype]
        if is_tensor(s[1]):
            b = <Tensor>s[1]
            if a.a.dtype != b.a.dtype or k == NULL: return map_general(op, s)
            if not same_dense(&a.a, &b.a): return broadcast_pair(op, s, a, b, k)
            r = empty_like(a) if op.rule != R_BOOL else empty_like_as(a, WB_BOOL)
            p[0] = a.a.data; p[1] = b.a.data; p[2] = r.a.data
            item[0] = wb_itemsize[a.a.dtype]; item[1] = item[0]; item[2] = wb_itemsize[r.a.dtype]
            call_map(k, 3, p, item, st, a.a.n, op.dattr)
            if (wants(a) or wants(b)) and wb_grad_mode(): attach(op, r, s)
            return r
        sc = s[1]
        st[1] = 0
    elif is_tensor(s[1]):
        a = <Tensor>s[1]
        k = op.kern[a.a.dtype]
        sc = s[0]
        st[0] = 0
    else: raise not_a_tensor(op, 0, <object>s[0])
    if k == NULL or a.a.dtype < WB_F32 or not a.a.layout & WB_DENSE or op.only_tensors: return map_general(op, s)
    if PyFloat_Check(<object>sc): value = PyFloat_AS_DOUBLE(<object>sc)
    elif PyLong_Check(<object>sc) and not (op.no_bool and PyBool_Check(<object>sc)): value = <object>sc
    else: return map_general(op, s)
    r = empty_like(a) if op.rule != R_BOOL else empty_like_as(a, WB_BOOL)
    value32 = <float>value
    p[0] = a.a.data; p[1] = a.a.data; p[2] = r.a.data
    p[0 if st[0] == 0 else 1] = <char*>&value32 if a.a.dtype == WB_F32 else <char*>&value
    item[0] = wb_itemsize[a.a.dtype]; item[1] = item[0]; item[2] = wb_itemsize[r.a.dtype]
    call_map(k, 3, p, item, st, a.a.n, op.dattr)
    if wants(a) and wb_grad_mode(): attach(op, r, s)
    return r

cdef object broadcast_pair(Op op, PyObject** s, Tensor a, Tensor b, const wb_kernel* k):
    "two operands of one dtype with a kernel, of any shapes and strides"
    cdef const wb_array* ts[2]
    cdef char* p[3]
    cdef long item[3]
    cdef long shape[MAXD]
    cdef long st[3][MAXD]
    cdef int nd, i, j
    cdef Tensor r
    ts[0] = &a.a; ts[1] = &b.a
    nd = broadcast_shape(op, ts, 2, shape)
    r = like_operands(ts, 2, nd, shape, WB_BOOL if op.rule == R_BOOL else a.a.dtype)
    for i in range(nd):
        j = i - nd + a.a.ndim
        st[0][i] = 0 if j < 0 or a.a.shape[j] == 1 else a.a.strides[j]
        j = i - nd + b.a.ndim
        st[1][i] = 0 if j < 0 or b.a.shape[j] == 1 else b.a.strides[j]
        st[2][i] = r.a.strides[i]
    p[0] = a.a.data; p[1] = b.a.data; p[2] = r.a.data
    item[0] = wb_itemsize[a.a.dtype]; item[1] = item[0]; item[2] = wb_itemsize[r.a.dtype]
    if r.a.n < WB_LARGE_WORK: wb_map_run(<wb_map>k.fn, k.flags, 3, p, item, st, nd, shape, op.dattr)
    else:
        with nogil: wb_map_run(<wb_map>k.fn, k.flags, 3, p, item, st, nd, shape, op.dattr)
    if (wants(a) or wants(b)) and wb_grad_mode(): attach_broadcast(op, r, s)
    return r

# ---------------------------------------------------------------- casts and copies
cdef Tensor cast_to(Tensor t, int dt):
    "without history"
    cdef Tensor r
    cdef wb_map f
    if t.a.dtype == dt: return t
    r = empty_like_as(t, dt)
    f = wb_cast(t.a.dtype, dt)
    if f == NULL:
        if t.a.dtype == WB_BF16 or dt == WB_BF16: return cast_to(cast_to(t, WB_F32), dt)
        as_numpy(r)[...] = as_numpy(t)
        return r
    map2(f, 0, t, r, NULL)
    return r

cdef int map2(wb_map f, unsigned flags, Tensor src, Tensor dst, const double* attr) except -1:
    "dst = f(src), src broadcast to dst"
    cdef char* p[2]
    cdef long item[2]
    cdef long st[2][MAXD]
    cdef int i, j
    for i in range(dst.a.ndim):
        j = i - dst.a.ndim + src.a.ndim
        st[1][i] = dst.a.strides[i]
        st[0][i] = 0 if j < 0 or src.a.shape[j] == 1 else src.a.strides[j]
        if j >= 0 and src.a.shape[j] != 1 and src.a.shape[j] != dst.a.shape[i]:
            raise RuntimeError(f"copy: expected a source that broadcasts to {shape_tuple(dst)}, got {shape_tuple(src)}")
    p[0] = src.a.data; p[1] = dst.a.data
    item[0] = wb_itemsize[src.a.dtype]; item[1] = wb_itemsize[dst.a.dtype]
    if dst.a.n < WB_LARGE_WORK: wb_map_run(f, flags, 2, p, item, st, dst.a.ndim, dst.a.shape, attr)
    else:
        with nogil: wb_map_run(f, flags, 2, p, item, st, dst.a.ndim, dst.a.shape, attr)
    return 0

cdef int copy_into(Tensor dst, Tensor src) except -1:
    "values of src, broadcast and converted"
    cdef const wb_kernel* k
    while src.a.ndim > dst.a.ndim and src.a.shape[0] == 1: src = drop_first(src)
    if src.a.ndim > dst.a.ndim: raise RuntimeError(f"copy: expected a source that broadcasts to {shape_tuple(dst)}, got {shape_tuple(src)}")
    if src.a.data != dst.a.data and same_memory(src, dst) or (src.a.data == dst.a.data and src.a.dtype != dst.a.dtype): src = cloned(src)
    if src.a.dtype != dst.a.dtype:
        f = wb_cast(src.a.dtype, dst.a.dtype)
        if f == NULL: src = cast_to(src, dst.a.dtype)
        else:
            map2(f, 0, src, dst, NULL)
            return 0
    if same_dense(&src.a, &dst.a) and dst.a.n < WB_LARGE_WORK:
        if dst.a.data != src.a.data: memcpy(dst.a.data, src.a.data, dst.a.n * wb_itemsize[dst.a.dtype])
        return 0
    k = o_copy.kern[dst.a.dtype]
    if k == NULL: as_numpy_bits(dst)[...] = as_numpy_bits(src)
    else: map2(<wb_map>k.fn, k.flags, src, dst, NULL)
    return 0

cdef object as_numpy_bits(Tensor t):
    if t.a.dtype != WB_BF16: return as_numpy(t)
    cdef Tensor s = alias(t)
    s.a.dtype = WB_I16
    return as_numpy(s)

cdef Tensor drop_first(Tensor t):
    cdef Tensor r = alias(t)
    cdef int i
    r.a.ndim -= 1
    for i in range(r.a.ndim): r.a.shape[i] = r.a.shape[i + 1]; r.a.strides[i] = r.a.strides[i + 1]
    wb_set_layout(&r.a)
    return r

cdef Tensor cloned(Tensor t):
    cdef Tensor r = empty_like(t)
    copy_into(r, t)
    return r

cdef Tensor contiguous(Tensor t):
    "row-major, without history; t itself where it is"
    cdef Tensor r
    if t.a.layout & WB_CONTIGUOUS: return t
    r = empty(t.a.ndim, t.a.shape, t.a.dtype)
    copy_into(r, t)
    return r

cdef Tensor channels_last(Tensor t):
    "4-D, channels-last in memory, without history; t itself where it is"
    cdef Tensor r
    if t.a.ndim != 4 or t.a.layout & WB_CHANNELS_LAST: return t if t.a.ndim == 4 else contiguous(t)
    r = new_tensor()
    wb_set_channels_last(&r.a, t.a.shape, t.a.dtype)
    give_memory(r)
    copy_into(r, t)
    return r

# ---------------------------------------------------------------- the general path
cdef int broadcast_shape(Op op, const wb_array** ts, int n, long* shape) except -1:
    cdef int nd = 0, i, j, k
    cdef long d
    for k in range(n): nd = max(nd, ts[k].ndim)
    for i in range(nd):
        shape[i] = 1
        for k in range(n):
            j = i - nd + ts[k].ndim
            if j < 0: continue
            d = ts[k].shape[j]
            if d != 1:
                if shape[i] != 1 and shape[i] != d:
                    raise RuntimeError(f"{op.name}: expected shapes that broadcast, got {' and '.join([str(array_shape(ts[q])) for q in range(n)])}; they differ at dimension {i} ({shape[i]} and {d})")
                shape[i] = d
    return nd

cdef tuple array_shape(const wb_array* a): return tuple([a.shape[i] for i in range(a.ndim)])

cdef object map_general(Op op, PyObject** s):
    return map_into(op, s, None)

cdef object map_into(Op op, PyObject** s, Tensor out):
    "any map: promotion, broadcasting, strides; `out` is the destination of an in-place form"
    cdef int k, n = op.nt, first = op.first, compute, dt, nd, i, j, missing = 0
    cdef Tensor t, r
    cdef list held = []
    cdef const wb_array* ts[8]
    cdef char* p[8]
    cdef long item[8]
    cdef long st[8][MAXD]
    cdef long shape[MAXD]
    cdef double attr[MAXP]
    cdef const wb_kernel* kern
    cdef int work
    compute = promote(op, s, first)
    if compute < 0: raise not_a_tensor(op, op.tpos[0], <object>s[op.tpos[0]])
    if op.refused >> compute & 1: raise refused_dtype(op, compute)
    if op.no_bool or op.alike or op.whole_attr or op is o_pow: check_operands(op, s, compute)
    if op.rule == R_FLOAT and compute < WB_F16: compute = default_float
    elif op.rule == R_WHOLE and compute == WB_BOOL: compute = WB_I64
    work = WB_F32 if compute == WB_F16 or compute == WB_BF16 else compute
    if work != compute and op.kern[compute] != NULL and (op.rule == R_BOOL or op is o_copy or first): work = compute
    for k in range(n):
        v = <object>s[op.tpos[k]]
        if v is None: raise not_a_tensor(op, op.tpos[k], v)
        if isinstance(v, Tensor): t = v
        elif op.only_tensors >> k & 1: raise not_a_tensor(op, op.tpos[k], v)
        else: t = scalar(v, work if k >= first else WB_BOOL, op.name)
        if k < first:
            if t.a.dtype > WB_U8: raise RuntimeError(f"{op.name}: expected {op.params[op.tpos[k]]} of dtype bool, got {DTYPES[t.a.dtype].name}; compare it with something")
        elif t.a.dtype != work: t = cast_to(t, work)
        held.append(t)
        ts[k] = &t.a
    nd = broadcast_shape(op, ts, n, shape)
    dt = WB_BOOL if op.rule == R_BOOL else op.rule_dt if op.rule == R_FIXED else real_of(compute) if op.rule == R_REAL else compute
    kern = op.kern[work]
    if work <= WB_I64 and op.divides[work] != NULL and not has_zero(held[1]): kern = op.divides[work]     # of a zero, the body says what is wrong
    if kern != NULL: read_attrs(op, s, attr)
    if out is not None:
        if op.rule == R_REAL and compute >= WB_C64: raise RuntimeError(f"{op.name}_: expected a dtype of real numbers, got {DTYPES[compute].name}; the result is real, use {op.name}")
        if nd > out.a.ndim: missing = 1
        for i in range(nd):
            if not missing and shape[i] != out.a.shape[out.a.ndim - nd + i]: missing = 1
        if missing: raise RuntimeError(f"{op.name}_: expected operands that broadcast to {shape_tuple(out)}, got a result of shape {tuple([shape[i] for i in range(nd)])}")
        if not can_cast(dt, out.a.dtype): raise RuntimeError(f"{op.name}_: expected a result that fits {out.dtype.name}, got {DTYPES[dt].name}; convert the tensor first")
        nd = out.a.ndim
        for i in range(nd): shape[i] = out.a.shape[i]
    if kern == NULL or FORCE_BODY: r = map_body(op, s, held, nd, shape, work, dt)
    else:
        if out is not None and out.a.dtype == (dt if work == compute else work) and not overlaps(out, held): r = out
        else: r = like_operands(ts, n, nd, shape, dt if work == compute else (WB_BOOL if op.rule == R_BOOL else work))
        for k in range(n):
            p[k] = ts[k].data; item[k] = wb_itemsize[ts[k].dtype]
            for i in range(nd):
                j = i - nd + ts[k].ndim
                st[k][i] = 0 if j < 0 or ts[k].shape[j] == 1 else ts[k].strides[j]
        p[n] = r.a.data; item[n] = wb_itemsize[r.a.dtype]
        for i in range(nd): st[n][i] = r.a.strides[i]
        if r.a.n < WB_LARGE_WORK: wb_map_run(<wb_map>kern.fn, kern.flags, n + 1, p, item, st, nd, shape, attr)
        else:
            with nogil: wb_map_run(<wb_map>kern.fn, kern.flags, n + 1, p, item, st, nd, shape, attr)
    if out is not None:
        if r is not out: copy_into(out, r)
        return out
    if r.a.dtype != dt: r = cast_to(r, dt)
    if recording(op, s): attach_broadcast(op, r, s)
    return r

cdef bint has_zero(Tensor t) except -1:
    "of a tensor of whole numbers"
    cdef long i
    cdef char* p
    if not t.a.layout & WB_DENSE: t = contiguous(t)
    p = t.a.data
    if t.a.dtype == WB_I64:
        for i in range(t.a.n):
            if (<long*>p)[i] == 0: return True
    elif t.a.dtype == WB_I32:
        for i in range(t.a.n):
            if (<int*>p)[i] == 0: return True
    elif t.a.dtype == WB_I16:
        for i in range(t.a.n):
            if (<short*>p)[i] == 0: return True
    else:
        for i in range(t.a.n):
            if p[i] == 0: return True
    return False

cdef bint overlaps(Tensor out, list operands):
    "whether an operand shares out's memory other than element for element"
    cdef Tensor t
    for x in operands:
        t = x
        if same_memory(t, out) and not (t.a.data == out.a.data and same_shape(&t.a, &out.a) and same_strides(t, out)): return True
    return False
cdef bint same_strides(Tensor a, Tensor b):
    cdef int i
    for i in range(a.a.ndim):
        if a.a.strides[i] != b.a.strides[i] and a.a.shape[i] != 1: return False
    return True

cdef Tensor like_operands(const wb_array** ts, int n, int nd, const long* shape, int dt):
    "an output in the memory order of the first operand that has the full shape"
    cdef int k, i
    cdef bint full
    for k in range(n):
        if ts[k].ndim != nd or nd < 2: continue
        full = True
        for i in range(nd):
            if ts[k].shape[i] != shape[i] or ts[k].strides[i] == 0 and shape[i] > 1: full = False
        if not full: continue
        if ts[k].layout & WB_CONTIGUOUS: break
        return empty_of(ts[k], dt)
    return empty(nd, shape, dt)

cdef Tensor map_body(Op op, PyObject** s, list held, int nd, const long* shape, int work, int dt):
    cdef list args = [<object>s[i] for i in range(op.np_)]
    cdef int k
    for k in range(op.nt):
        if work == WB_BF16: raise TypeError(f"{op.name}: expected a dtype that NumPy has, got bfloat16")
        args[op.tpos[k]] = as_numpy(<Tensor>held[k])
    np = need_numpy()
    try:
        with np.errstate(all="ignore"): r = call_body(op, args)
    except TypeError as e:
        if "not supported" in str(e): raise refused_dtype(op, work) from None           # NumPy's word for it
        raise
    want = NUMPY[WB_BOOL if op.rule == R_BOOL else dt if dt < WB_F16 else work if dt == WB_F16 or dt == WB_BF16 else dt]
    r = np.asarray(r)
    if r.dtype != want: r = r.astype(want)
    full = tuple([shape[i] for i in range(nd)])
    if r.shape != full: r = np.broadcast_to(r, full)
    return from_numpy(np.array(r, order="K"))

cdef object call_body(Op op, list args):
    "keyword-only parameters are passed by name"
    if op.npos == op.np_: return op.body(*args)
    return op.body(*args[:op.npos], **dict(zip(op.params[op.npos:], args[op.npos:])))
