# dtype, device, Size: the small values that describe a tensor.

cdef class dtype:
    """The type of a tensor's elements. `name`, `itemsize` in bytes, `is_floating_point`, `is_complex`, `is_signed`."""
    cdef readonly int index
    cdef readonly str name
    cdef readonly int itemsize
    cdef readonly bint is_floating_point, is_complex, is_signed
    def __init__(self, *args, **kwargs): raise TypeError("dtype: expected one of the dtypes that there are, got a call; take float32 and the like")
    def __repr__(self): return f"torch.{self.name}"
    def __reduce__(self): return _dtype_named, (self.name,)
    def __hash__(self): return self.index
    @property
    def numpy(self):
        """The NumPy dtype, None for bfloat16."""
        need_numpy()
        return NUMPY[self.index]
    def to_complex(self):
        """The complex dtype with parts of this one."""
        if self.index in (WB_F32, WB_C64): return complex64
        if self.index in (WB_F64, WB_C128): return complex128
        raise RuntimeError(f"to_complex: expected float32 or float64, got {self.name}; there is no complex dtype for it")
    def to_real(self):
        """The dtype of the parts of a complex one; of others, this one."""
        return float32 if self.index == WB_C64 else float64 if self.index == WB_C128 else self

DTYPE_NAMES = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64", "complex64", "complex128")

cdef dtype _make_dtype(int i):
    cdef dtype d = dtype.__new__(dtype)
    d.index = i; d.name = DTYPE_NAMES[i]; d.itemsize = wb_itemsize[i]
    d.is_floating_point = WB_F16 <= i <= WB_F64
    d.is_complex = i >= WB_C64
    d.is_signed = i >= WB_I8
    return d

DTYPES = tuple(_make_dtype(i) for i in range(WB_DTYPES))
(bool_, uint8, int8, int16, int32, int64, float16, bfloat16, float32, float64, complex64, complex128) = DTYPES
cdef dict BY_NAME = {d.name: d for d in DTYPES}
cdef int default_float = WB_F32

# NumPy is imported when something first crosses the border or runs as a body: that takes longer than all the rest of the engine's import.
cdef object np_module = None
cdef tuple NUMPY = ()            # by dtype; None for bfloat16
cdef dict BY_NUMPY = {}
cdef int NPNUM[12]

cdef object need_numpy():
    global np_module, NUMPY, BY_NUMPY
    cdef int i
    if np_module is not None: return np_module
    import numpy
    wb_ndarray_start()
    NUMPY = tuple([None if name == "bfloat16" else numpy.dtype(name) for name in DTYPE_NAMES])
    BY_NUMPY = {n: d for n, d in zip(NUMPY, DTYPES) if n is not None}
    for i in range(12): NPNUM[i] = NUMPY[i].num if NUMPY[i] is not None else -1
    np_module = numpy            # last: another thread may be at it too
    return numpy

cdef bint of_numpy(object v, str kind):
    "whether v is of a NumPy class; nothing is where nobody has imported NumPy"
    if np_module is None and sys.modules.get("numpy") is None: return False
    return isinstance(v, getattr(need_numpy(), kind))

def _dtype_named(name): return BY_NAME[name]

def as_dtype(d):
    """A dtype from ours, a name, a Python type or a NumPy dtype.

    Raises:
        TypeError: it is none of these.
    """
    if isinstance(d, dtype): return d
    if d is float: return DTYPES[default_float]
    if d is bool: return bool_
    if d is int: return int64
    if d is complex:
        if default_float == WB_BF16: raise RuntimeError("as_dtype: expected a default dtype that complex numbers can have parts of, got bfloat16; say complex64 or complex128")
        return complex128 if default_float == WB_F64 else complex64
    if isinstance(d, str):
        r = BY_NAME.get({"float": "float32", "double": "float64", "half": "float16", "int": "int32", "long": "int64"}.get(d, d))
        if r is not None: return r
    else:
        try: r = BY_NUMPY.get(need_numpy().dtype(d))
        except TypeError: r = None
        if r is not None: return r
    raise TypeError(f"dtype: expected one of {', '.join(DTYPE_NAMES)}, got {d!r}")

def get_default_dtype():
    """The dtype of tensors made from Python floats: float32 unless changed."""
    return DTYPES[default_float]

def set_default_dtype(d):
    """Set the dtype of tensors made from Python floats.

    Raises:
        TypeError: d is not floating.
    """
    global default_float
    cdef dtype t = as_dtype(d)
    if not t.is_floating_point: raise TypeError(f"set_default_dtype: expected a floating dtype, got {t.name}")
    default_float = t.index

DEVICE_TYPES = ("cpu", "cuda", "meta", "mps", "xpu", "hip", "mtia", "hpu", "xla")   # names that PyTorch has; all but cpu are only names

cdef class device:
    """Where a tensor lives: `device("cpu")`, `device("cuda", 0)`. Only cpu has kernels."""
    cdef readonly str type
    cdef readonly object index
    def __init__(self, type, index=None):
        if isinstance(type, device):
            self.type = (<device>type).type; self.index = (<device>type).index
            return
        if not isinstance(type, str): raise TypeError(f"device: expected a name such as 'cpu', got {type!r}")
        name, _, number = type.partition(":")
        if name not in DEVICE_TYPES: raise RuntimeError(f"device: expected one of {', '.join(DEVICE_TYPES)}, got {name!r}")
        if index is not None and not isinstance(index, int): raise TypeError(f"device: expected an int as index, got {index!r}")
        if number and index is not None: raise RuntimeError(f"device: expected a name without a number where the index is given, got {type!r}")
        if number and not number.isdigit(): raise RuntimeError(f"device: expected a number after the colon, got {type!r}")
        self.type = name
        self.index = int(number) if number else index
    def __repr__(self): return f"device(type='{self.type}')" if self.index is None else f"device(type='{self.type}', index={self.index})"
    def __str__(self): return self.type if self.index is None else f"{self.type}:{self.index}"
    def __eq__(self, other): return isinstance(other, device) and self.type == (<device>other).type and self.index == (<device>other).index
    def __hash__(self): return hash((self.type, self.index))
    def __reduce__(self): return device, (self.type, self.index)
    def __enter__(self):
        "as the place of new tensors, of which there is one"
        as_device(self)
        return self
    def __exit__(self, *exc): pass
    def __call__(self, f): return f                          # as a decorator

cdef device CPU = device("cpu")

def as_device(d):
    """A device that tensors can be made on.

    Raises:
        RuntimeError: it is a device without kernels.
    """
    if d is None or d is CPU: return CPU
    cdef device t = d if isinstance(d, device) else device(d)
    if t.type != "cpu": raise RuntimeError(f"device: expected cpu, got {t}; this build has no kernels for {t.type}, leave the device out or say 'cpu'")
    return CPU

class Size(tuple):
    """The shape of a tensor, as a tuple of ints."""
    __slots__ = ()
    def numel(self):
        n = 1
        for d in self: n *= d
        return n
    def __repr__(self): return f"torch.Size({list(self)})"
    def __new__(cls, sizes=()):
        cdef object s = tuple.__new__(cls, sizes)
        for i, n in enumerate(s):
            if not PyLong_Check(n):
                if not hasattr(n, "__index__"): raise TypeError(f"Size: expected whole numbers, got {n!r} as number {i}")
                return tuple.__new__(cls, [int(n) for n in s])
        return s
    def __add__(self, other): return Size(tuple(self) + tuple(other)) if isinstance(other, tuple) else NotImplemented
    def __radd__(self, other): return Size(tuple(other) + tuple(self)) if isinstance(other, tuple) else NotImplemented
    def __mul__(self, n): return Size(tuple(self) * n)
    __rmul__ = __mul__

cdef PyTypeObject* SIZE = <PyTypeObject*>Size
wb_size_ready(Size)
