# Op: one per definition; it is the function and the method that users call. Binding of arguments.
ctypedef object (*impl_t)(Op op, PyObject** s)
ctypedef int (*native_back_t)(Node nd, Tensor g, PyObject** out) except -1
ctypedef int (*geometry_t)(Tensor a, Tensor r, PyObject** s) except -1

RULE_RESULT, RULE_NEED, RULE_EXTRA, RULE_SHAPE, RULE_DTYPE = 1000, 1001, 2000, 3000, 4000
cdef enum: SAVE_RESULT = 1, SAVE_EXTRA = 2
cdef enum: R_PROMOTE, R_FLOAT, R_BOOL, R_FIRST, R_FIXED, R_SUM, R_REAL, R_WHOLE

cdef class Op:
    # An operation of the engine, called as a function or as a method of Tensor; `op.definition` holds what its definition says.
    cdef vectorcallfunc vc          # must stay first: its offset goes into tp_vectorcall_offset
    cdef impl_t impl
    cdef native_back_t nback
    cdef bint part                  # a view of a part, whose gradient goes to that part of its input's
    cdef geometry_t geometry
    cdef const wb_kernel* kern[12]  # by dtype, on the CPU
    cdef const wb_kernel* divides[6]    # those of whole numbers that take no divisor of 0: the general path looks for one
    cdef PyObject* dflt[MAXP]
    cdef PyObject* pname[MAXP]
    cdef int np_, npos, star, nt, seq, first, na, nextra, rule, rule_dt, dim_at, keepdim_at, dtype_at
    cdef int tpos[MAXP]             # parameter of the k-th tensor
    cdef int ord_[MAXP]             # and back; -1: not a tensor
    cdef int apos[MAXP]             # parameters that are attributes
    cdef double dattr[MAXP]         # their defaults
    cdef unsigned save_params[MAXP], save_flags[MAXP], save_shapes[MAXP]     # what the rule of the k-th tensor needs
    cdef bint has_rule[MAXP]
    cdef bint holomorphic           # complex: gradients may be taken as if real, between two conjugations
    cdef unsigned refused           # of a map: dtypes that it is not defined for, by their bits
    cdef bint no_bool, whole_attr, alike    # sub: no bool among the operands; add: whole numbers times a whole alpha; lerp: tensors of one dtype
    cdef unsigned only_tensors      # tensors, by their order, that may not be numbers
    cdef unsigned out_asks          # of out=: OUT_EXACT and its like
    cdef bint internal              # not for users: None is let through for any tensor but the first
    cdef Op outer                   # of an in-place form: the op itself
    cdef Op twin                    # of an op: its in-place form
    cdef Op back_op                 # its fused backward, where one of the usual name is defined
    cdef readonly object definition, name, params, body, infer, formula, rules, codes, together, together_codes, pack
    cdef dict __dict__
    def __get__(self, o, t): return self if o is None else PyMethod_New(self, o)
    def __repr__(self): return f"<op {self.name}>"
    def __reduce__(self): return _op_named, (self.name,)
    @property
    def __signature__(self):
        import inspect
        p = list(inspect.signature(self.body).parameters.values())
        return inspect.Signature(p)
    @property
    def kernel_dtypes(self):
        """Names of the dtypes that have a native kernel."""
        return [DTYPES[i].name for i in range(12) if self.kern[i] != NULL or i <= WB_I64 and self.divides[i] != NULL]
    def reference(self, *args, **kwargs):
        """Run through the NumPy body even where a kernel exists: what tests compare kernels with."""
        global FORCE_BODY
        old = FORCE_BODY
        FORCE_BODY = True
        try: return self(*args, **kwargs)
        finally: FORCE_BODY = old

    def with_extra(self, *args, **kwargs):
        """Call, and return the hidden outputs after the public ones, as one tuple."""
        global EXTRA_OF
        old = EXTRA_OF
        EXTRA_OF = self
        try: return self(*args, **kwargs)
        finally: EXTRA_OF = old

OPS = {}
cdef object EXTRA_OF = None
cdef bint FORCE_BODY = False
cdef list INTERCEPTORS = []         # functions around every op: autocast, profiler, capture, anomaly. The last one is the outermost.
cdef bint INTERCEPTED = False       # one test in the funnel when there is none
def _op_named(name): return OPS[name]

cdef inline object run(Op op, PyObject** s):
    if INTERCEPTED: return run_intercepted(op, s, len(INTERCEPTORS) - 1)
    return op.impl(op, s)

cdef object run_intercepted(Op op, PyObject** s, Py_ssize_t level):
    if level < 0: return op.impl(op, s)
    return INTERCEPTORS[level](op, tuple([<object>s[i] for i in range(op.np_)]), _Proceed(op, level - 1))

@cython.internal
cdef class _Proceed:
    "the rest of a call, given to an interceptor: called with all bound arguments, it gives the op's result"
    cdef Op op
    cdef Py_ssize_t level
    def __init__(self, op, level): self.op = op; self.level = level
    def __call__(self, *args):
        cdef PyObject* s[MAXP]
        cdef int i
        if len(args) != self.op.np_: raise TypeError(f"{self.op.name}: expected all {self.op.np_} arguments from an interceptor, got {len(args)}")
        for i in range(self.op.np_): s[i] = <PyObject*>args[i]
        return run_intercepted(self.op, s, min(self.level, len(INTERCEPTORS) - 1))

cdef object impl_missing(Op op, PyObject** s):
    raise RuntimeError("this operator has no definition yet; import workbench.engine first")

cdef PyObject* op_vectorcall(PyObject* self, PyObject** args, size_t nf, PyObject* kw) except NULL:
    cdef Op op = <Op>self
    cdef PyObject* s[MAXP]
    cdef Py_ssize_t n = nf & <size_t>0x7fffffffffffffff
    cdef Py_ssize_t i
    cdef object r
    if n <= op.npos and kw == NULL and op.star < 0:
        for i in range(n): s[i] = args[i]
        for i in range(n, op.np_):
            s[i] = op.dflt[i]
            if s[i] == NULL: raise TypeError(f"{op.name}: expected argument {op.params[i]!r} (position {i + 1}), got nothing")
        r = run(op, s)
    else: r = bind(op, args, n, kw)
    Py_INCREF(r)
    return <PyObject*>r

# names that PyTorch knows an argument by in one of its forms
cdef dict ALIASES = {
    "axis": "dim", "keepdims": "keepdim", "input": "A", "input2": "tau", "input3": "other", "x": "input", "x1": "input", "x2": "other", "a": "input", "axis0": "dim0", "axis1": "dim1",
    "size": "shape", "dtype": "shape", "repeats": "sizes", "split_size": "split_size_or_sections", "sections": "indices_or_sections",
    "src": "other", "indices": "indices_or_sections", "tensor_indices_or_sections": "indices_or_sections",
}

cdef object bind(Op op, PyObject** args, Py_ssize_t n, PyObject* kw):
    "keywords, a spread-out sequence, out="
    cdef PyObject* s[MAXP]
    cdef Py_ssize_t i, given = n
    cdef int k
    packed = None
    out = None
    if op.star >= 0 and n > op.star and (PyIndex_Check(<object>args[op.star]) and not is_tensor(args[op.star]) or is_tensor(args[op.star]) and (<Tensor>args[op.star]).a.ndim == 0):
        packed = tuple([<object>args[i] for i in range(op.star, n)])
        n = op.star
    elif op.star >= 0 and n == op.star and kw == NULL and op.dflt[op.star] == NULL:
        packed = ()
    if n > op.npos: raise TypeError(f"{op.name}: expected at most {op.npos} positional arguments, got {n}")
    for i in range(op.np_): s[i] = args[i] if i < n else NULL
    if packed is not None: s[op.star] = <PyObject*>packed
    if kw != NULL:
        for i in range(len(<tuple>kw)):
            name = (<tuple>kw)[i]
            k = param_index(op, name)
            if k < 0 and name in ALIASES: k = param_index(op, ALIASES[name])
            if k < 0:
                if name == "out":
                    out = <object>args[given + i]
                    continue
                raise TypeError(f"{op.name}: expected one of the arguments {', '.join(op.params)}, got {name!r}")
            if s[k] != NULL: raise TypeError(f"{op.name}: expected argument {op.params[k]!r} once, got it twice")
            s[k] = args[given + i]
    for i in range(op.np_):
        if s[i] == NULL:
            s[i] = op.dflt[i]
            if s[i] == NULL: raise TypeError(f"{op.name}: expected argument {op.params[i]!r}, got nothing")
    if out is None: return run(op, s)
    return run_into(op, s, out)

cdef int param_index(Op op, name) except -2:
    cdef int j
    for j in range(op.np_):
        if op.pname[j] == <PyObject*>name: return j
    for j in range(op.np_):
        if op.params[j] == name: return j
    return -1

cdef inline object binop(Op op, PyObject* a, PyObject* b):
    cdef PyObject* s[MAXP]
    cdef int i
    s[0] = a; s[1] = b
    for i in range(2, op.np_): s[i] = op.dflt[i]
    if not is_tensor(b) and not operand(<object>b) or not is_tensor(a) and not operand(<object>a): return NotImplemented
    return run(op, s)

cdef inline bint operand(object v):
    return PyFloat_Check(v) or PyLong_Check(v) or is_number(v)

cdef inline object unop(Op op, PyObject* a):
    cdef PyObject* s[MAXP]
    cdef int i
    s[0] = a
    for i in range(1, op.np_): s[i] = op.dflt[i]
    return run(op, s)

cdef object apply1(Op op, a):
    return unop(op, <PyObject*>a)
cdef object apply2(Op op, a, b):
    cdef PyObject* s[MAXP]
    cdef int i
    s[0] = <PyObject*>a; s[1] = <PyObject*>b
    for i in range(2, op.np_): s[i] = op.dflt[i]
    return run(op, s)

cdef object not_a_tensor(Op op, int i, object v):
    return TypeError(f"{op.name}: expected {op.params[i]} to be a Tensor, got {type(v).__name__}")
