# Family `view`: shares memory with its input. A geometry function per hot op; inference in Python for the rest.

cdef object impl_view(Op op, PyObject** s):
    cdef Tensor a, r
    cdef int ok
    if not is_tensor(s[0]): raise not_a_tensor(op, 0, <object>s[0])
    a = <Tensor>s[0]
    r = new_tensor()
    r.a.dtype = a.a.dtype; r.a.data = a.a.data; r.a.ndim = 0; r.a.n = 0
    ok = op.geometry(a, r, s) if op.geometry != NULL else geometry_of_inference(op, a, r, s)
    if not ok: return view_by_copy(op, a, s)
    r.st = a.st; a.st.rc += 1
    wb_set_layout(&r.a)
    b = <object>a.base if a.base != NULL else a            # also when nothing requires grad yet: an in-place write may come
    Py_INCREF(b)
    r.base = <PyObject*>b
    r.attr_version = a.st.version if wb_grad_mode() and not unrecorded(a) else UNRECORDED - a.st.version
    if wb_grad_mode() and wants(a) and not (op is o_view and r.a.dtype != a.a.dtype): attach(op, r, s)
    return r

cdef int geometry_of_inference(Op op, Tensor a, Tensor r, PyObject** s) except -1:
    cdef int i
    plan = op.infer(*[<object>s[i] for i in range(op.np_)])
    if plan is None: return 0
    if len(plan) == 4:                                      # the same memory under another dtype; strides and offset in its elements
        r.a.dtype = (<dtype>plan[3]).index
        plan = plan[:3]
    shape, strides, offset = plan
    if len(shape) > MAXD: raise ValueError(f"{op.name}: expected at most {MAXD} dimensions, got {len(shape)}")
    r.a.ndim = len(shape)
    for i in range(r.a.ndim): r.a.shape[i] = shape[i]; r.a.strides[i] = strides[i]
    r.a.data = a.a.data + <long>offset * wb_itemsize[r.a.dtype]
    return 1

cdef object view_by_copy(Op op, Tensor a, PyObject** s):
    "where the geometry cannot be had without moving memory: first a row-major copy, with history"
    cdef PyObject* s2[MAXP]
    cdef int i
    if a.a.layout & WB_CONTIGUOUS:                          # the geometry function has refused for a reason of its own
        return call_body(op, [<object>s[i] for i in range(op.np_)])
    held = apply1(o_contiguous, a)
    for i in range(op.np_): s2[i] = s[i]
    s2[0] = <PyObject*>held
    return impl_view(op, s2)

cdef int g_transpose(Tensor a, Tensor r, PyObject** s) except -1:
    cdef int i = dim_index(<object>s[1], a.a.ndim, "transpose"), j = dim_index(<object>s[2], a.a.ndim, "transpose")
    copy_geometry(&r.a, &a.a)
    if a.a.ndim == 0: return 1
    r.a.shape[i] = a.a.shape[j]; r.a.strides[i] = a.a.strides[j]
    r.a.shape[j] = a.a.shape[i]; r.a.strides[j] = a.a.strides[i]
    return 1

cdef int g_t(Tensor a, Tensor r, PyObject** s) except -1:
    if a.a.ndim > 2: raise RuntimeError(f"t: expected a tensor of at most 2 dimensions, got {a.a.ndim}; use transpose or mT")
    copy_geometry(&r.a, &a.a)
    if a.a.ndim == 2:
        r.a.shape[0] = a.a.shape[1]; r.a.strides[0] = a.a.strides[1]
        r.a.shape[1] = a.a.shape[0]; r.a.strides[1] = a.a.strides[0]
    return 1

cdef int g_permute(Tensor a, Tensor r, PyObject** s) except -1:
    cdef int i, d
    cdef unsigned seen = 0
    dims = <object>s[1]
    if len(dims) != a.a.ndim: raise RuntimeError(f"permute: expected {a.a.ndim} dims, got {tuple(dims)}")
    r.a.ndim = a.a.ndim
    for i in range(a.a.ndim):
        d = dim_index(dims[i], a.a.ndim, "permute")
        if seen >> d & 1: raise RuntimeError(f"permute: expected each dim once, got {tuple(dims)}")
        seen |= <unsigned>1 << d
        r.a.shape[i] = a.a.shape[d]; r.a.strides[i] = a.a.strides[d]
    return 1

cdef int wanted_shape(object shape, Tensor a, long* out, const char* op) except -1:
    "sizes with at most one -1 filled in"
    cdef int k = 0, hole = -1
    cdef long n = 1
    if PyIndex_Check(shape): shape = (shape,)
    for x in shape:
        if k == MAXD: raise ValueError(f"{op.decode()}: expected at most {MAXD} dimensions, got {len(shape)}")
        if not PyIndex_Check(x): raise TypeError(f"{op.decode()}: expected sizes that are ints, got {x!r}")
        out[k] = PyNumber_AsSsize_t(x, OverflowError)
        if out[k] == -1:
            if hole >= 0: raise RuntimeError(f"{op.decode()}: expected at most one -1, got {tuple(shape)}")
            hole = k
        elif out[k] < 0: raise RuntimeError(f"{op.decode()}: expected sizes of 0 or more (or one -1), got {tuple(shape)}")
        else: n *= out[k]
        k += 1
    if hole >= 0:
        if n == 0: raise RuntimeError(f"{op.decode()}: expected sizes that determine the -1, got {tuple(shape)} for {a.a.n} elements")
        out[hole] = a.a.n // n
        n *= out[hole]
    if n != a.a.n: raise RuntimeError(f"{op.decode()}: expected a shape of {a.a.n} elements for a tensor of shape {shape_tuple(a)}, got {tuple(shape)}")
    return k

cdef int g_reshape(Tensor a, Tensor r, PyObject** s) except -1:
    r.a.ndim = wanted_shape(<object>s[1], a, r.a.shape, b"reshape")
    return not wb_view_strides(&a.a, r.a.ndim, r.a.shape, r.a.strides)

cdef int view_as_dtype(Tensor a, Tensor r, int dt) except -1:
    "the same bits under another dtype; the last dimension grows or shrinks with the size of an element"
    cdef int i, last = a.a.ndim - 1
    cdef long old = wb_itemsize[a.a.dtype], new = wb_itemsize[dt], k
    copy_geometry(&r.a, &a.a)
    r.a.dtype = dt
    if old == new: return 1
    if a.a.ndim == 0: raise RuntimeError(f"view: expected a tensor of 1 or more dimensions, as {DTYPES[dt].name} has another size than {a.dtype.name}, got a 0-d tensor")
    if a.a.strides[last] != 1 and a.a.shape[last] != 1: raise RuntimeError(f"view: expected a last dimension of stride 1 to view {a.dtype.name} as {DTYPES[dt].name}, got stride {a.a.strides[last]}")
    if old > new:
        k = old // new
        for i in range(last): r.a.strides[i] = a.a.strides[i] * k
        r.a.shape[last] = a.a.shape[last] * k
    else:
        k = new // old
        if a.a.shape[last] % k or (a.a.data - a.st.data) % new: raise RuntimeError(f"view: expected a last dimension whose size and offset are divisible by {k} to view {a.dtype.name} as {DTYPES[dt].name}, got shape {shape_tuple(a)}")
        for i in range(last):
            if a.a.strides[i] % k and a.a.shape[i] > 1: raise RuntimeError(f"view: expected strides divisible by {k} to view {a.dtype.name} as {DTYPES[dt].name}, got {strides_tuple(a)}")
            r.a.strides[i] = a.a.strides[i] // k
        r.a.shape[last] = a.a.shape[last] // k
    r.a.strides[last] = 1
    return 1

cdef int g_view(Tensor a, Tensor r, PyObject** s) except -1:
    "channels-last memory is the engine's own choice, so a view of it that would need a copy gets one; other strides are refused"
    if isinstance(<object>s[1], dtype): return view_as_dtype(a, r, (<dtype><object>s[1]).index)
    r.a.ndim = wanted_shape(<object>s[1], a, r.a.shape, b"view")
    if not wb_view_strides(&a.a, r.a.ndim, r.a.shape, r.a.strides): return 1
    if a.a.layout & WB_CHANNELS_LAST: return 0
    raise RuntimeError(f"view: expected strides that allow shape {tuple([r.a.shape[i] for i in range(r.a.ndim)])} without a copy, got {tuple([a.a.strides[i] for i in range(a.a.ndim)])}; use reshape()")

cdef int g_expand(Tensor a, Tensor r, PyObject** s) except -1:
    cdef int i, j, n = 0
    cdef long v
    size = <object>s[1]
    if PyIndex_Check(size): size = (size,)
    n = len(size)
    if n > MAXD: raise ValueError(f"expand: expected at most {MAXD} dimensions, got {n}")
    if n < a.a.ndim: raise RuntimeError(f"expand: expected at least {a.a.ndim} sizes for shape {shape_tuple(a)}, got {tuple(size)}")
    r.a.ndim = n
    for i in range(n):
        j = i - n + a.a.ndim
        v = PyNumber_AsSsize_t(size[i], OverflowError)
        if j >= 0 and (v == -1 or v == a.a.shape[j]): r.a.shape[i] = a.a.shape[j]; r.a.strides[i] = a.a.strides[j] if a.a.shape[j] != 1 else 0
        elif v >= 0 and (j < 0 or a.a.shape[j] == 1): r.a.shape[i] = v; r.a.strides[i] = 0
        else: raise RuntimeError(f"expand: expected sizes that {shape_tuple(a)} broadcasts to, got {tuple(size)}; they differ at dimension {i}")
    return 1

cdef int g_squeeze(Tensor a, Tensor r, PyObject** s) except -1:
    cdef int i, k = 0
    cdef unsigned mask = 0
    dim = <object>s[1]
    if dim is None: mask = 0xffffffff
    elif isinstance(dim, (tuple, list)):
        for x in dim: mask |= <unsigned>1 << dim_index(x, a.a.ndim, "squeeze")
    else: mask = <unsigned>1 << dim_index(dim, a.a.ndim, "squeeze")
    for i in range(a.a.ndim):
        if not (mask >> i & 1 and a.a.shape[i] == 1): r.a.shape[k] = a.a.shape[i]; r.a.strides[k] = a.a.strides[i]; k += 1
    r.a.ndim = k
    return 1

cdef int g_unsqueeze(Tensor a, Tensor r, PyObject** s) except -1:
    cdef int i, d = dim_index(<object>s[1], a.a.ndim + 1, "unsqueeze")
    if a.a.ndim == MAXD: raise ValueError(f"unsqueeze: expected fewer than {MAXD} dimensions, got {a.a.ndim}")
    r.a.ndim = a.a.ndim + 1
    for i in range(d): r.a.shape[i] = a.a.shape[i]; r.a.strides[i] = a.a.strides[i]
    r.a.shape[d] = 1; r.a.strides[d] = a.a.shape[d] * a.a.strides[d] if d < a.a.ndim else 1
    for i in range(d, a.a.ndim): r.a.shape[i + 1] = a.a.shape[i]; r.a.strides[i + 1] = a.a.strides[i]
    return 1

cdef int g_select(Tensor a, Tensor r, PyObject** s) except -1:
    cdef int i, d
    cdef long at
    if a.a.ndim == 0: raise IndexError("select: expected a tensor of 1 or more dimensions, got a 0-d tensor")
    d = dim_index(<object>s[1], a.a.ndim, "select")
    at = PyNumber_AsSsize_t(<object>s[2], IndexError)
    if at < -a.a.shape[d] or at >= a.a.shape[d]: raise IndexError(f"select: expected an index in the range [{-a.a.shape[d]}, {a.a.shape[d] - 1}] for dimension {d}, got {at}")
    if at < 0: at += a.a.shape[d]
    r.a.data = a.a.data + at * a.a.strides[d] * wb_itemsize[a.a.dtype]
    r.a.ndim = a.a.ndim - 1
    for i in range(r.a.ndim): r.a.shape[i] = a.a.shape[i + (i >= d)]; r.a.strides[i] = a.a.strides[i + (i >= d)]
    return 1

cdef int g_narrow(Tensor a, Tensor r, PyObject** s) except -1:
    cdef int d
    cdef long start, length
    if a.a.ndim == 0: raise RuntimeError("narrow: expected a tensor of 1 or more dimensions, got a 0-d tensor")
    d = dim_index(<object>s[1], a.a.ndim, "narrow")
    if is_tensor(s[2]):
        if (<Tensor>s[2]).a.ndim or not WB_BOOL < (<Tensor>s[2]).a.dtype <= WB_I64: raise RuntimeError(f"narrow: expected start to be a whole number or a tensor of one without dimensions, got a tensor of shape {shape_tuple(<Tensor>s[2])} and dtype {(<Tensor>s[2]).dtype.name}")
    elif not PyIndex_Check(<object>s[2]): raise TypeError(f"narrow: expected start to be a whole number, got {<object>s[2]!r}")
    if not PyIndex_Check(<object>s[3]): raise TypeError(f"narrow: expected length to be a whole number, got {<object>s[3]!r}")
    start = int(<object>s[2]); length = int(<object>s[3])
    if start < -a.a.shape[d] or start > a.a.shape[d]: raise IndexError(f"narrow: expected start in the range [{-a.a.shape[d]}, {a.a.shape[d]}], got {start}")
    if start < 0: start += a.a.shape[d]
    if length < 0 or start + length > a.a.shape[d]: raise RuntimeError(f"narrow: expected a length of 0 to {a.a.shape[d] - start} from {start} in dimension {d}, got {length}")
    copy_geometry(&r.a, &a.a)
    r.a.shape[d] = length
    r.a.data = a.a.data + start * a.a.strides[d] * wb_itemsize[a.a.dtype]
    return 1

cdef int g_restride(Tensor a, Tensor r, PyObject** s) except -1:
    "internal: any geometry over the same memory, offset in elements from the first"
    cdef int i
    size = <tuple>s[1]; strides = <tuple>s[2]
    if len(size) > MAXD: raise ValueError(f"as_strided: expected at most {MAXD} dimensions, got {len(size)}")
    r.a.ndim = len(size)
    for i in range(r.a.ndim): r.a.shape[i] = size[i]; r.a.strides[i] = strides[i]
    r.a.data = a.a.data + <long><object>s[3] * wb_itemsize[a.a.dtype]
    return 1

cdef int g_identity(Tensor a, Tensor r, PyObject** s) except -1:
    copy_geometry(&r.a, &a.a)
    return 1

cdef geometry_t geometry_named(str name):
    if name == "transpose": return g_transpose
    if name == "t": return g_t
    if name == "permute": return g_permute
    if name == "reshape": return g_reshape
    if name == "view": return g_view
    if name == "expand": return g_expand
    if name == "squeeze": return g_squeeze
    if name == "unsqueeze": return g_unsqueeze
    if name == "select": return g_select
    if name == "narrow": return g_narrow
    if name == "getitem": return g_getitem
    if name == "restride": return g_restride
    if name == "identity": return g_identity
    return NULL
