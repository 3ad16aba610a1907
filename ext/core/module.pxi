# ModuleCore: calling a module and setting its attributes, natively; everything else of nn.Module is Python.
cdef str s_forward = "forward"

cdef extern from "running.h":
    ctypedef struct wb_running:
        PyObject* module
        wb_running* outer
    wb_running* wb_innermost
    void wb_enter(wb_running*, PyObject*) noexcept
    void wb_leave(wb_running*) noexcept
    void wb_note_failure(PyObject*) noexcept
    PyObject* wb_run_module(PyObject*, PyObject**, size_t, PyObject*) except NULL

def running_modules():
    """The modules that are being called on this thread, the innermost first."""
    cdef wb_running* at = wb_innermost
    cdef list found = []
    while at != NULL:
        found.append(<object>at.module)
        at = at.outer
    return found

cdef tuple pack_args(PyObject** a, Py_ssize_t n): return tuple([<object>a[i] for i in range(n)])
cdef dict pack_kwargs(PyObject** a, PyObject* kw): return {k: <object>a[i] for i, k in enumerate(<tuple>kw)} if kw != NULL else {}

cdef PyObject* module_vectorcall(PyObject* self, PyObject** args, size_t nf, PyObject* kw) except NULL:
    "self.forward(*args) without a tuple in between"
    cdef PyObject* st[12]
    cdef Py_ssize_t n = nf & <size_t>0x7fffffffffffffff, i, nk = len(<tuple>kw) if kw != NULL else 0
    if not wb_own_call(self, ModuleCore): r = wb_tp_call(self, pack_args(args, n), pack_kwargs(args + n, kw))
    elif (<ModuleCore>self)._has_hooks or n + nk > 10: r = (<ModuleCore>self).__call__(*pack_args(args, n), **pack_kwargs(args + n, kw))
    else:
        st[0] = self
        for i in range(n + nk): st[i + 1] = args[i]
        return wb_run_module(<PyObject*>s_forward, st, n + 1, kw)
    Py_INCREF(r)
    return <PyObject*>r

cdef PyObject* forward_vectorcall(PyObject* self, PyObject** args, size_t nf, PyObject* kw) except NULL:
    cdef Forward f = <Forward>self
    cdef PyObject* st[5]
    cdef int k = 0
    f.check(nf, kw)
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
    cdef str input                  # the name of the argument
    cdef dict __dict__
    def __init__(self, Op op, *attributes):
        if len(attributes) > 4: raise ValueError(f"Forward: expected at most 4 attributes, got {len(attributes)}")
        self.vc = <vectorcallfunc>forward_vectorcall
        self.op = op
        self.attributes = tuple([sys.intern(a) for a in attributes])
        self.name(op.params[0], f"{op.name}({', '.join((op.params[0], *['self.' + a for a in attributes]))})")
    cdef name(self, str input, str doc):
        self.input = input
        self.__name__ = self.__qualname__ = "forward"
        self.__doc__ = doc
    cdef inline int check(self, size_t nf, PyObject* kw) except -1:
        cdef Py_ssize_t n = nf & <size_t>0x7fffffffffffffff, nk = len(<tuple>kw) if kw != NULL else 0
        if n < 1 or n + nk != 2 or nk and (<tuple>kw)[0] != self.input:
            raise TypeError(f"forward: expected a module and {self.input}, got {n} without a name and {', '.join(<tuple>kw) if nk else 'none'} with one")
        return 0
    def __get__(self, o, t): return self if o is None else PyMethod_New(self, o)
    def __repr__(self): return f"<forward: {self.__doc__}>"
    @property
    def __signature__(self):
        import inspect
        return inspect.Signature([inspect.Parameter(n, inspect.Parameter.POSITIONAL_OR_KEYWORD) for n in ("self", self.input)])

cdef PyObject* in_turn_vectorcall(PyObject* self, PyObject** args, size_t nf, PyObject* kw) except NULL:
    cdef PyObject* name
    cdef PyObject* value
    cdef Py_ssize_t at = 0, n
    (<InTurn>self).check(nf, kw)
    cdef ModuleCore module = <object>args[0]
    cdef str kind = (<InTurn>self).kind
    cdef dict own = (<object>module).__dict__
    input = <object>args[1]
    n = len(module._names)
    while PyDict_Next(module._names, &at, &name, &value):
        if <object>value is not kind and <object>value != kind: continue      # an unpickled name is equal, not the same
        m = own[<object>name]
        input = m(input)
        if len(module._names) != n: raise RuntimeError("Sequential: expected modules that stay while they are called, got their number changed")
    Py_INCREF(input)
    return <PyObject*>input

cdef class InTurn(Forward):
    """`forward` of a module that calls those of its attributes that are of one kind, one after the other, each with the result of the one before."""
    cdef str kind
    def __init__(self, str kind):
        self.vc = <vectorcallfunc>in_turn_vectorcall
        self.kind = kind
        self.name("input", "input through every module in turn")

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
        cdef wb_running here
        wb_enter(&here, <PyObject*>self)
        try: return self._call_with_hooks(args, kwargs) if self._has_hooks else self.forward(*args, **kwargs)
        except BaseException:
            wb_note_failure(<PyObject*>self)
            raise
        finally: wb_leave(&here)
    def _set_attribute(self, name, value):
        """What nn.Module has for `__setattr__`: a slot of that name here would make `object.__setattr__` refuse every module."""
        if isinstance(value, (Tensor, ModuleCore)) or name in self._names: self._register(name, value)
        else: PyObject_GenericSetAttr(self, name, value)

def module_subclass(cls):
    """Pass the native call on to a class made in Python; nn.Module calls it for each of its subclasses."""
    wb_inherit_vectorcall(cls, ModuleCore)
