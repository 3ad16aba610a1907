# Promotion, and what the dtypes of a map's operands have to be. PyTorch's rule: dimensioned tensors decide among themselves; 0-d tensors
# and then Python numbers only lift the category (bool, integer, floating, complex) of the result.
cdef int category(int dt) noexcept: return 0 if dt == WB_BOOL else 1 if dt <= WB_I64 else 2 if dt <= WB_F64 else 3

cdef int join(int a, int b) noexcept:
    "the smallest dtype that holds both"
    cdef int t
    if a == b or b < 0: return a
    if a < 0: return b
    if a > b: t = a; a = b; b = t
    if category(a) < category(b):
        if b == WB_C64 and a == WB_F64: return WB_C128
        return b
    if category(b) == 1 and a == WB_U8: return WB_I16 if b == WB_I8 else b
    if a == WB_F16 and b == WB_BF16: return WB_F32
    return b

cdef int number_dtype(v) except -2:
    if not isinstance(v, (bool, int, float, complex)):       # is_number says that it is NumPy's
        d = BY_NUMPY.get(v.dtype)
        if d is None: return -1
        return (<dtype>d).index if (<dtype>d).index < WB_F16 else default_float if (<dtype>d).index <= WB_F64 else WB_C64
    return WB_BOOL if PyBool_Check(v) else WB_I64 if PyLong_Check(v) else default_float if PyFloat_Check(v) else (WB_C128 if default_float == WB_F64 else WB_C64)

cdef int lifted(int dt, int by) noexcept:
    "dt in the category of `by`, where that is the higher one; a complex one keeps the width of a floating dt"
    if dt < 0: return by
    if by < 0 or category(by) <= category(dt): return dt
    return (WB_C128 if dt == WB_F64 else WB_C64) if category(dt) == 2 else by

cdef int promote(Op op, PyObject** s, int first) except -2:
    cdef int k, whole = -1, zero = -1, number = -1
    cdef Tensor t
    for k in range(first, op.nt):
        v = <object>s[op.tpos[k]]
        if isinstance(v, Tensor):
            t = v
            if t.a.ndim: whole = join(t.a.dtype, whole)
            else: zero = join(t.a.dtype, zero)
        elif is_number(v) and not op.only_tensors >> k & 1: number = join(number_dtype(v), number)
        elif v is None: pass
        else: raise not_a_tensor(op, op.tpos[k], v)
    return lifted(whole, lifted(zero, number))

def result_type(*tensors):
    """The dtype that an operation on these tensors or numbers computes in."""
    cdef int whole = -1, zero = -1, number = -1
    for v in tensors:
        if isinstance(v, Tensor):
            if (<Tensor>v).a.ndim: whole = join((<Tensor>v).a.dtype, whole)
            else: zero = join((<Tensor>v).a.dtype, zero)
        else: number = join(number_dtype(v), number)
    return DTYPES[lifted(whole, lifted(zero, number))]

def promote_types(a, b):
    """The smallest dtype that holds both."""
    return DTYPES[join((<dtype>as_dtype(a)).index, (<dtype>as_dtype(b)).index)]

cdef inline int real_of(int dt) noexcept: return dt if dt < WB_C64 else WB_F32 if dt == WB_C64 else WB_F64

cdef bint can_cast(int src, int dst) noexcept: return category(src) <= category(dst)

cdef int check_operands(Op op, PyObject** s, int compute) except -1:
    "what few maps ask of their arguments beside a dtype"
    cdef int k, dt = -1
    for k in range(op.nt):
        v = <object>s[op.tpos[k]]
        if op.no_bool and (PyBool_Check(v) or isinstance(v, Tensor) and (<Tensor>v).a.dtype == WB_BOOL):
            raise RuntimeError(f"{op.name}: expected {op.params[op.tpos[k]]} of a dtype of numbers, got bool; use logical_xor or bitwise_not for bools")
        if op.alike and isinstance(v, Tensor):
            if dt >= 0 and (<Tensor>v).a.dtype != dt: raise RuntimeError(f"{op.name}: expected tensors of one dtype, got {DTYPES[dt].name} and {(<Tensor>v).dtype.name}; convert one of them")
            dt = (<Tensor>v).a.dtype
            if op.refused >> dt & 1: raise refused_dtype(op, dt)
    if op is o_pow and PyLong_Check(<object>s[1]) and compute < WB_F16 and <object>s[1] < 0: raise RuntimeError(f"pow: expected an exponent >= 0 for whole numbers, got {<object>s[1]}; cast with input.float()")
    if op.whole_attr:
        v = <object>s[op.apos[0]]
        if isinstance(v, complex) and compute < WB_C64 or isinstance(v, float) and compute < WB_F16 or PyBool_Check(v) and compute != WB_BOOL:
            raise RuntimeError(f"{op.name}: expected {op.params[op.apos[0]]} to be of the kind of the result, {DTYPES[compute].name}, got {v!r}")
    return 0

cdef object refused_dtype(Op op, int dt):
    taken = ", ".join([DTYPES[i].name for i in range(12) if not op.refused >> i & 1]) if op.refused else "those that it is defined for"
    return NotImplementedError(f"{op.name}: expected a dtype among {taken}, got {DTYPES[dt].name}")
