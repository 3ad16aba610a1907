# The border to NumPy, buffers and pickles.
cdef char* FORMATS[12]
FORMATS[:] = [b"?", b"B", b"b", b"h", b"i", b"q", b"e", b"", b"f", b"d", b"Zf", b"Zd"]

cdef object as_numpy(Tensor t):
    "an ndarray over the same memory; it keeps the storage alive, not the tensor"
    need_numpy()
    if NPNUM[t.a.dtype] < 0: raise TypeError("numpy: expected a dtype that NumPy has, got bfloat16; convert with .float()")
    return wb_ndarray_over(&t.a, NPNUM[t.a.dtype], alias(t))

cdef Tensor plain_float(Tensor t):
    "bfloat16 as float32, for whoever cannot read it"
    return cast_to(t, WB_F32) if t.a.dtype == WB_BF16 else t

cpdef Tensor from_numpy(a):
    """A tensor over the memory of an ndarray; copied only where strides are negative or not whole elements, or the memory is read-only
    or in foreign byte order.

    Raises:
        TypeError: there is no dtype for the array's.
    """
    cdef int i, dt
    cdef Tensor r
    need_numpy()
    if not wb_ndarray_check(a): raise TypeError(f"from_numpy: expected an ndarray, got {type(a).__name__}")
    if not a.dtype.isnative: a = a.astype(a.dtype.newbyteorder("="))
    d = BY_NUMPY.get(a.dtype)
    if d is None:
        if a.dtype.kind in "ui" and a.dtype.itemsize > 1: raise TypeError(f"from_numpy: expected one of {', '.join(DTYPE_NAMES)}, got {a.dtype}; convert with a.astype('int64')")
        raise TypeError(f"from_numpy: expected one of {', '.join(DTYPE_NAMES)}, got {a.dtype}")
    dt = (<dtype>d).index
    if a.ndim > MAXD: raise ValueError(f"from_numpy: expected at most {MAXD} dimensions, got {a.ndim}")
    cdef long item = wb_itemsize[dt]
    if not wb_ndarray_fits(a, item): a = a.copy()
    r = new_tensor()
    r.a.dtype = dt
    wb_ndarray_read(a, item, &r.a)
    wb_set_layout(&r.a)
    if r.a.layout & WB_CONTIGUOUS: wb_set_contiguous(&r.a, r.a.ndim, r.a.shape, dt)
    cdef size_t reach = item if r.a.n else 0               # with gaps between the elements, more than their bytes
    if r.a.n:
        for i in range(r.a.ndim): reach += (r.a.shape[i] - 1) * r.a.strides[i] * item
    r.st = wb_storage_foreign(r.a.data, reach, <PyObject*>a)
    if r.st == NULL: raise no_memory(64)
    r.a.data = r.st.data
    return r

cdef int get_buffer(Tensor t, Py_buffer* view, int flags) except -1:
    cdef int i
    cdef long item = wb_itemsize[t.a.dtype]
    if t.rg: raise BufferError("buffer: expected a tensor that does not require grad; use tensor.detach()")
    if t.a.dtype == WB_BF16: raise BufferError("buffer: expected a dtype that the buffer protocol has, got bfloat16; convert with .float()")
    if not flags & 0x18 and not t.a.layout & WB_CONTIGUOUS: raise BufferError("buffer: expected contiguous memory; use tensor.contiguous()")
    cdef Py_ssize_t* m = <Py_ssize_t*>malloc(2 * MAXD * sizeof(Py_ssize_t))
    if m == NULL: raise MemoryError()
    for i in range(t.a.ndim): m[i] = t.a.shape[i]; m[MAXD + i] = t.a.strides[i] * item
    view.buf = t.a.data; view.obj = alias(t); view.len = t.a.n * item; view.readonly = 0; view.itemsize = item
    view.format = FORMATS[t.a.dtype]; view.ndim = t.a.ndim; view.shape = m; view.strides = m + MAXD; view.suboffsets = NULL; view.internal = m
    return 0

cdef object item_of(Tensor t):
    if t.a.n != 1: raise RuntimeError(f"item: expected a tensor of one element, got shape {shape_tuple(t)}")
    cdef int k = t.a.dtype
    cdef char* p = t.a.data
    if k == WB_F32: return <double>(<float*>p)[0]
    if k == WB_F64: return (<double*>p)[0]
    if k == WB_I64: return (<long*>p)[0]
    if k == WB_BOOL: return bool((<unsigned char*>p)[0])
    if k == WB_I32: return (<int*>p)[0]
    return as_numpy(plain_float(t)).item()

cdef bint is_number(object v):
    return PyFloat_Check(v) or PyLong_Check(v) or isinstance(v, complex) or of_numpy(v, "generic")

def fill(Tensor t, value, bint again=False):
    """Set every element to a number; `again` where others may know the tensor, so that the write is one to its version."""
    fill_with(t, value)
    t.st.version += again
    return t

cdef int fill_with(Tensor t, value) except -1:
    cdef Tensor v
    if t.a.n == 0: return 0
    if type(value) is int and value == 0 and t.a.layout & WB_DENSE:
        memset(t.a.data, 0, t.a.n * wb_itemsize[t.a.dtype])
        return 0
    v = scalar(value, t.a.dtype, "fill")
    copy_into(t, v)
    return 0

cdef Tensor wrapped(Tensor r, value, str op):
    "what PyTorch makes of a whole number beyond the dtype: its lower bits in arithmetic and comparisons; written as a value, an error"
    cdef int dt = r.a.dtype
    bits = int(8 * wb_itemsize[dt])                         # a Python number: 1 << 64 must not be C's
    written = op in ("fill", "setitem", "copy_", "where", "pow")
    if dt < WB_F16 and isinstance(value, int) and not -(1 << 63) <= value < 1 << 64: raise OverflowError(f"{op}: expected a number of at most 64 bits, got {value}")
    if dt >= WB_F16 or isinstance(value, float) or written and (op == "pow" or not (dt == WB_U8 and -256 < value < 0)): raise RuntimeError(f"{op}: expected a number that fits {DTYPES[dt].name}, got {value}")
    span = 2 ** bits
    low = int(value) % span
    as_numpy(r)[...] = low if dt == WB_U8 or low < span // 2 else low - span
    return r

cdef Tensor scalar(value, int dt, str op):
    "a 0-d tensor of a Python number"
    cdef Tensor r = empty(0, NULL, dt)
    cdef char* p = r.a.data
    try:
        if dt == WB_F32: (<float*>p)[0] = <float><double>value
        elif dt == WB_F64: (<double*>p)[0] = value
        elif dt == WB_I64: (<long*>p)[0] = int(value)
        elif dt == WB_BOOL: (<unsigned char*>p)[0] = 1 if value else 0
        elif dt == WB_BF16 or dt == WB_F16: r = cast_to(scalar(value, WB_F32, op), dt)
        elif dt < WB_F16: as_numpy(r)[...] = int(value)
        else: as_numpy(r)[...] = value
    except (OverflowError, ValueError): return wrapped(r, value, op)
    except TypeError:
        if isinstance(value, complex) and dt < WB_C64: raise RuntimeError(f"{op}: expected a real number for {DTYPES[dt].name}, got {value}") from None
        raise TypeError(f"{op}: expected a number, got {value!r}") from None
    return r

cdef int last_rank(order):
    "of which number of dimensions a memory format has the channels last; 0: it has not"
    if order is None or order is False: return 0
    name = str(order)
    return 5 if "channels_last_3d" in name else 4 if order is True or "channels_last" in name else 0

cdef void strides_last_3d(const long* s, long* t) noexcept:
    t[0] = s[1] * s[2] * s[3] * s[4]; t[1] = 1; t[2] = s[3] * s[4] * s[1]; t[3] = s[4] * s[1]; t[4] = s[1]

cdef bint is_last_3d(const wb_array* a) noexcept:
    cdef long t[5]
    cdef int i
    if a.ndim != 5: return False
    strides_last_3d(a.shape, t)
    for i in range(5):
        if a.shape[i] != 1 and a.strides[i] != t[i]: return False
    return True

def make_empty(shape, dtype_=None, device_=None, channels_last=False):
    """Memory of a shape, not initialised; `channels_last`: whether, or the memory format."""
    cdef long s[MAXD]
    cdef int n = read_shape(shape, s, "empty")
    as_device(device_)
    cdef int dt = default_float if dtype_ is None else (<dtype>as_dtype(dtype_)).index
    cdef int rank = last_rank(channels_last)
    cdef long t[5]
    if not rank: return empty(n, s, dt)
    if n != rank: raise RuntimeError(f"empty: expected {rank} dimensions for channels_last{'_3d' if rank == 5 else ''}, got {n}")
    if rank == 5:
        strides_last_3d(s, t)
        return empty_strided(5, s, t, dt)
    cdef Tensor r = new_tensor()
    wb_set_channels_last(&r.a, s, dt)
    give_memory(r)
    return r

def make_empty_like(Tensor t, dtype_=None):
    """Memory of the shape of `t` and its order, without gaps, not initialised."""
    return empty_like_as(t, t.a.dtype if dtype_ is None else (<dtype>as_dtype(dtype_)).index)

def make_empty_strided(shape, strides, dtype_=None, device_=None):
    """Memory for a shape with strides in elements that do not overlap, not initialised."""
    cdef long s[MAXD]
    cdef long t[MAXD]
    cdef int n = read_shape(shape, s, "empty_strided")
    if read_shape(strides, t, "empty_strided") != n: raise RuntimeError(f"empty_strided: expected as many strides as sizes, got {strides} for {shape}")
    as_device(device_)
    return empty_strided(n, s, t, default_float if dtype_ is None else (<dtype>as_dtype(dtype_)).index)

cdef Tensor legacy_tensor(tuple args):
    "Tensor(2, 3): uninitialised, of a shape; Tensor([1.0, 2.0]): from data"
    cdef long s[MAXD]
    if len(args) == 1 and isinstance(args[0], Tensor): return alias(args[0])
    if len(args) == 1 and not isinstance(args[0], Size) and (isinstance(args[0], (list, tuple)) or of_numpy(args[0], "ndarray")):
        try: return from_numpy(need_numpy().array(args[0], dtype=NUMPY[default_float]))
        except ValueError as e: raise (TypeError if "could not convert" in str(e) else ValueError)(f"Tensor: expected numbers, got {e}") from None
    shape = args[0] if len(args) == 1 and isinstance(args[0], Size) else args
    return empty(read_shape(shape, s, "Tensor"), s, default_float)

def _rebuild(cls, a, name, requires_grad, more):
    """Unpickle a tensor: from an ndarray, bfloat16 as its bits."""
    cdef Tensor t = cls.__new__(cls), s = from_numpy(a)
    if name == "bfloat16": s.a.dtype = WB_BF16
    init_from(t, s)
    t.rg = requires_grad
    if more: attributes(t, NULL).update(more)
    return t

cdef object bits_of(Tensor t):
    "the values in row-major memory of their own; bfloat16 as int16"
    cdef Tensor s = alias(contiguous(t))
    if s.a.dtype == WB_BF16: s.a.dtype = WB_I16
    return as_numpy(s).copy()

cdef object reduce_tensor(Tensor t):
    if t.fn != NULL: t = alias(t)
    return _rebuild, (type(t), bits_of(t), DTYPES[t.a.dtype].name, bool(t.rg), dict(attributes(t, NULL)))

cdef object deepcopy_tensor(Tensor t, memo):
    cdef Tensor r
    if id(t) in memo: return memo[id(t)]
    if t.fn != NULL:
        raise RuntimeError("deepcopy: expected a tensor made by the user (a leaf), got the result of an operation; use x.detach().clone()")
    from copy import deepcopy
    r = type(t).__new__(type(t))
    memo[id(t)] = r
    s = empty_like(t)
    copy_into(s, t)
    init_from(r, s)
    r.rg = t.rg
    if t.grad_ != NULL: set_grad(r, deepcopy(<object>t.grad_, memo))
    attributes(r, NULL).update(deepcopy(attributes(t, NULL), memo))
    return r

def init_tensor(Tensor t, Tensor source, bint requires_grad):
    """Give `t` the memory of `source`: what Parameter.__new__ calls."""
    if type(source) is not Tensor and hasattr(source, "full"): raise RuntimeError(f"{type(t).__name__}: expected a tensor outside of vmap, got one within")
    init_from(t, source)
    set_requires_grad(t, requires_grad)
    return t
