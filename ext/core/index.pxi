# Indexing: ints, slices, None and ... make a view; tensors, lists and masks go to the ops `index` and `index_put_`.

cdef int g_getitem(Tensor a, Tensor r, PyObject** s) except -1:
    cdef int d = 0, k = 0, used = 0, fill
    cdef Py_ssize_t i, lo, hi, step
    index = <object>s[1]
    if type(index) is not tuple: index = (index,)
    for x in <tuple>index:
        if x is not None and x is not Ellipsis: used += 1
    if used > a.a.ndim: raise IndexError(f"getitem: expected at most {a.a.ndim} indices for shape {shape_tuple(a)}, got {used}")
    for x in <tuple>index:
        if k >= MAXD and not PyIndex_Check(x): raise IndexError(f"getitem: expected a result of at most {MAXD} dimensions, got more")
        if PyIndex_Check(x):
            i = PyNumber_AsSsize_t(x, IndexError)
            if i < -a.a.shape[d] or i >= a.a.shape[d]: raise IndexError(f"getitem: expected an index in the range [{-a.a.shape[d]}, {a.a.shape[d] - 1}] for dimension {d}, got {i}")
            if i < 0: i += a.a.shape[d]
            r.a.data += i * a.a.strides[d] * wb_itemsize[a.a.dtype]
            d += 1
        elif type(x) is slice:
            lo, hi, step = slice_bounds(x, a.a.shape[d])
            r.a.shape[k] = (hi - lo + step - 1) // step if hi > lo else 0
            r.a.strides[k] = a.a.strides[d] * step
            r.a.data += lo * a.a.strides[d] * wb_itemsize[a.a.dtype]
            k += 1; d += 1
        elif x is None:
            r.a.shape[k] = 1; r.a.strides[k] = 0
            k += 1
        elif x is Ellipsis:
            fill = a.a.ndim - used
            used = a.a.ndim
            while fill > 0:
                if k >= MAXD: raise IndexError(f"getitem: expected a result of at most {MAXD} dimensions, got more")
                r.a.shape[k] = a.a.shape[d]; r.a.strides[k] = a.a.strides[d]
                k += 1; d += 1; fill -= 1
        else: return 0
    while d < a.a.ndim:
        if k >= MAXD: raise IndexError(f"getitem: expected a result of at most {MAXD} dimensions, got more")
        r.a.shape[k] = a.a.shape[d]; r.a.strides[k] = a.a.strides[d]
        k += 1; d += 1
    r.a.ndim = k
    for d in range(k):
        if r.a.shape[d] == 0: r.a.data = a.a.data      # an empty view must not point past the memory
    return 1

cdef (Py_ssize_t, Py_ssize_t, Py_ssize_t) slice_bounds(object x, Py_ssize_t n):
    step = 1 if x.step is None else x.step
    if not PyIndex_Check(step) or step <= 0: raise ValueError(f"getitem: expected a slice of positive step, got {x}; use flip() to reverse")
    a, b, c = slice(scalar_index(x.start), scalar_index(x.stop), scalar_index(x.step)).indices(n)
    return a, b, c

cdef object scalar_index(v):
    return int(v) if isinstance(v, Tensor) else v

cdef bint basic(object x):
    return type(x) is int or type(x) is slice or x is None or x is Ellipsis or (PyIndex_Check(x) and not isinstance(x, (Tensor, bool)) and not of_numpy(x, "bool_") and not of_numpy(x, "ndarray"))

cdef bint all_basic(object index):
    if type(index) is tuple:
        for x in <tuple>index:
            if not basic(x): return False
        return True
    return basic(index)

cdef object getitem(Tensor t, index):
    if all_basic(index): return apply2(o_getitem, t, index)
    view, indices = split_index(t, index)
    return apply2(o_index, view, indices) if indices else view

cdef object split_index(Tensor t, index):
    """The basic part as a view, and a tuple with a tensor (or None) for each dimension of that view that is indexed by one.

    As in PyTorch, an int selects before the tensors index."""
    cdef int dims = 0, pos = 0
    cdef list items = [], plain = [], where = []
    if not isinstance(index, tuple): index = (index,)
    for x in index:
        x = as_index(x)
        items.append(x)
        if isinstance(x, Tensor): dims += (<Tensor>x).a.ndim if (<Tensor>x).a.dtype == WB_BOOL else 1
        elif x is not None and x is not Ellipsis and not isinstance(x, bool): dims += 1
    if dims > t.a.ndim: raise IndexError(f"getitem: expected at most {t.a.ndim} indices for shape {shape_tuple(t)}, got {dims}")
    for x in items:
        if x is Ellipsis:
            plain.extend([slice(None)] * (t.a.ndim - dims))
            pos += t.a.ndim - dims
            dims = t.a.ndim
        elif isinstance(x, bool):
            plain.append(None)
            where.append((pos, from_numpy(need_numpy().zeros(1 if x else 0, dtype="int64"))))
            pos += 1
        elif isinstance(x, Tensor) and (<Tensor>x).a.dtype == WB_BOOL:
            for i, part in enumerate(x.numpy(True).nonzero()):   # by its method, which a batched tensor refuses
                plain.append(slice(None))
                where.append((pos, from_numpy(part.copy()), (<Tensor>x).a.shape[i]))
                pos += 1
        elif isinstance(x, Tensor):
            plain.append(slice(None))
            where.append((pos, x))
            pos += 1
        else:
            plain.append(x)
            if x is None or isinstance(x, slice): pos += 1
    trivial = True
    for p in plain:
        if not (isinstance(p, slice) and p == slice(None)): trivial = False
    view = t if trivial else apply2(o_getitem, t, tuple(plain))
    if not where: return view, ()
    indices = [None] * (where[len(where) - 1][0] + 1)
    for w in where:
        if len(w) == 3 and w[2] != (<Tensor>view).a.shape[w[0]]:
            raise IndexError(f"getitem: expected a mask of size {(<Tensor>view).a.shape[w[0]]} at dimension {w[0]}, got {w[2]}")
        indices[w[0]] = w[1]
    return view, tuple(indices)

cdef object as_index(x):
    "an index as int, slice, None, Ellipsis, bool, or a Tensor of integers or bools"
    if isinstance(x, Tensor):
        if (<Tensor>x).a.dtype == WB_U8: return byte_mask(x)
        if (<Tensor>x).a.ndim == 0 and type(x) is not Tensor and hasattr(x, "full") and not x.dtype.name == "bool": return x if (<Tensor>x).a.dtype == WB_I64 else apply2(o_cast, x, DTYPES[WB_I64])   # a batched one: another index for each element
        if (<Tensor>x).a.ndim == 0: return bool(x) if (<Tensor>x).a.dtype == WB_BOOL else int(x) if (<Tensor>x).a.dtype <= WB_I64 else bad_index(x)
        if (<Tensor>x).a.dtype == WB_BOOL or (<Tensor>x).a.dtype == WB_I64: return x
        if (<Tensor>x).a.dtype < WB_I64: return apply2(o_cast, x, DTYPES[WB_I64])
        return bad_index(x)
    if basic(x): return x
    if isinstance(x, bool) or of_numpy(x, "bool_"): return bool(x)
    if isinstance(x, (list, tuple, range)) or of_numpy(x, "ndarray"):
        a = need_numpy().asarray(x)
        if a.size == 0: a = a.astype("int64")
        if a.dtype.kind in "biu": return as_index(from_numpy(a if a.dtype.kind == "b" or a.dtype == "uint8" else a.astype("int64")))
    return bad_index(x)

cdef object byte_mask(x):
    "PyTorch's masks were bytes once, and it goes on to take bytes for masks"
    import warnings
    warnings.warn("getitem: uint8 is taken for a mask here, which is deprecated; cast with .bool(), or with .long() to mean places")
    return as_index(apply2(o_cast, x, DTYPES[WB_BOOL]))

cdef object bad_index(x):
    if isinstance(x, str): raise TypeError(f"getitem: expected ints, slices, None, ..., or tensors and sequences of ints or bools, got {x!r}")
    kind = f"a tensor of dtype {(<Tensor>x).dtype.name}" if isinstance(x, Tensor) else repr(x)
    raise IndexError(f"getitem: expected ints, slices, None, ..., or tensors and sequences of ints or bools, got {kind}")

cdef int setitem(Tensor t, index, v) except -1:
    if not isinstance(v, Tensor): v = scalar(v, t.a.dtype, "setitem") if is_number(v) else from_numpy(need_numpy().array(v, dtype=NUMPY[t.a.dtype]))
    if all_basic(index):
        apply2(o_copy_, apply2(o_getitem, t, index), v)
        return 0
    view, indices = split_index(t, index)
    if not indices:
        apply2(o_copy_, view, v)
        return 0
    cdef PyObject* s[MAXP]
    cdef int i
    if (<Tensor>v).a.dtype != t.a.dtype: v = apply2(o_cast, v, DTYPES[t.a.dtype])
    for i in range(o_index_put_.np_): s[i] = o_index_put_.dflt[i]
    s[0] = <PyObject*>view; s[1] = <PyObject*>indices; s[2] = <PyObject*>v
    run(o_index_put_, s)
    return 0
