# ModuleCore: calling a module and setting its attributes, natively; everything else of nn.Module is Python.
cdef str s_forward = "forward"

cdef tuple pack_args(PyObject** a, Py_ssize_t n): return tuple([<object>a[i] for i in range(n)])
cdef dict pack_kwargs(PyObject** a, PyObject* kw): return {k: <object>a[i] for i, k in enumerate(<tuple>kw)} if kw != NULL else {}

cdef PyObject* module_vectorcall(PyObject* self, PyObject** args, size_t nf, PyObject* kw) except NULL:
    "self.forward(*args) without a tuple in between"
    cdef PyObject* st[12]
    cdef Py_ssize_t n = nf & <size_t>0x7fffffffffffffff, i, nk = len(<tuple>kw) if kw != NULL else 0
    if not wb_own_call(self, ModuleCore): r = wb_tp_call(self, pack_args(args, n), pack_kwargs(args + n, kw))
    elif (<ModuleCore>self)._has_hooks or n + nk > 10: r = (<object>self)._call_with_hooks(pack_args(args, n), pack_kwargs(args + n, kw))
    else:
        st[0] = self
        for i in range(n + nk): st[i + 1] = args[i]
        r = PyObject_VectorcallMethod(s_forward, st, n + 1, kw)
    Py_INCREF(r)
    return <PyObject*>r

cdef PyObject* forward_vectorcall(PyObject* self, PyObject** args, size_t nf, PyObject* kw) except NULL:
    cdef Forward f = <Forward>self
    cdef PyObject* st[5]
    cdef Py_ssize_t n = nf & <size_t>0x7fffffffffffffff, nk = len(<tuple>kw) if kw != NULL else 0
    cdef int k = 0
    if n < 1 or n + nk != 2 or nk and (<tuple>kw)[0] != f.op.params[0]:
        raise TypeError(f"forward: expected a module and {f.op.params[0]}, got {n} without a name and {', '.join(<tuple>kw) if nk else 'none'} with one")
    st[0] = args[1]
    try:
        for name in f.attributes:
            st[k + 1] = wb_attribute(args[0], name)
            k += 1
        return op_vectorcall(<PyObject*>f.op, st, k + 1, NULL)
    finally:
        while k: Py_DECREF(<object>st[k]); k -= 1

cdef class Forward:
    """`forward` of a module whose work is one op: `op(input, *attributes)`, the attributes being those of the module, without a Python frame."""
    cdef vectorcallfunc vc          # must stay first, as in Op
    cdef Op op
    cdef tuple attributes
    cdef dict __dict__
    def __init__(self, Op op, *attributes):
        if len(attributes) > 4: raise ValueError(f"Forward: expected at most 4 attributes, got {len(attributes)}")
        self.vc = <vectorcallfunc>forward_vectorcall
        self.op = op
        self.attributes = tuple([sys.intern(a) for a in attributes])
        self.__name__ = self.__qualname__ = "forward"
        self.__doc__ = f"{op.name}({', '.join((op.params[0], *['self.' + a for a in attributes]))})"
    def __get__(self, o, t): return self if o is None else PyMethod_New(self, o)
    def __repr__(self): return f"<forward: {self.__doc__}>"
    @property
    def __signature__(self):
        import inspect
        return inspect.Signature([inspect.Parameter(n, inspect.Parameter.POSITIONAL_OR_KEYWORD) for n in ("self", self.op.params[0])])

def call_in_turn(ModuleCore self, str kind, input):
    """Call the attributes of this kind one after the other, each with the result of the one before."""
    cdef PyObject* name
    cdef PyObject* value
    cdef Py_ssize_t at = 0, n = len(self._names)
    cdef dict own = (<object>self).__dict__
    while PyDict_Next(self._names, &at, &name, &value):
        if <object>value is not kind and <object>value != kind: continue      # an unpickled name is equal, not the same
        m = own[<object>name]
        input = m(input)
        if len(self._names) != n: raise RuntimeError("Sequential: expected modules that stay while they are called, got their number changed")
    return input

cdef class ModuleCore:
    """Base of nn.Module. `_has_hooks` sends calls through `_call_with_hooks(args, kwargs)`; `_names` (name -> kind) are the attributes
    whose setting goes to `_register(name, value)`, as does that of every Tensor and Module."""
    cdef vectorcallfunc vc
    cdef public bint _has_hooks
    cdef public dict _names
    cdef dict __dict__
    cdef object __weakref__
    def __cinit__(self, *args, **kwargs):
        self._names = {}
        self.vc = <vectorcallfunc>module_vectorcall
    def __call__(self, *args, **kwargs):                     # behind m.__call__ and super().__call__; vectorcall comes first
        if self._has_hooks: return self._call_with_hooks(args, kwargs)
        return self.forward(*args, **kwargs)
    def __setattr__(self, name, value):
        if isinstance(value, (Tensor, ModuleCore)) or name in self._names: self._register(name, value)
        else: PyObject_GenericSetAttr(self, name, value)     # object.__setattr__ refuses a base with a slot of its own

def module_subclass(cls):
    """Pass the native call on to a class made in Python; nn.Module calls it for each of its subclasses."""
    wb_inherit_vectorcall(cls, ModuleCore)
