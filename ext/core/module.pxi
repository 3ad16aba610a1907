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
