# Gradient mode, and the switches of the core.

cdef class _GradMode:
    "a context manager and decorator that sets the gradient mode of this thread"
    cdef int value, inference       # inference: 1 or 0, or -1 to leave it as it is
    cdef unsigned long long before  # the modes to go back to, two bits for each time that it was entered; the first stands behind a 1
    cdef list full                  # those before that found no place
    def __cinit__(self): self.before = 1; self.inference = -1
    def __enter__(self):
        self.push()
        if self.inference >= 0: wb_set_inference_mode(self.inference)
        wb_set_grad_mode(self.value and not wb_inference_mode())
        return self
    def __exit__(self, kind=None, error=None, trace=None):
        if self.before == 1: raise RuntimeError("__exit__: expected a block that was entered, got one more exit than entries")
        wb_set_grad_mode(self.before & 1)
        wb_set_inference_mode(self.before >> 1 & 1)
        self.before >>= 2
        if self.before == 1 and self.full: self.before = self.full.pop()
    cdef inline int push(self) except -1:
        if self.before >> 61:
            if self.full is None: self.full = []
            self.full.append(self.before)
            self.before = 1
        self.before = self.before << 2 | (wb_inference_mode() << 1) | wb_grad_mode()
        return 0
    def clone(self):
        """A context manager that does the same."""
        cdef _GradMode m = _GradMode.__new__(_GradMode)
        m.value = self.value; m.inference = self.inference
        return m
    def __call__(self, f): return DECORATE(f, self.clone)

cdef object DECORATE = None
def set_decorator(f):
    """The function `f(function, make)` that makes a function run within the context manager that `make()` gives: Python code, so that it can be wrapped like any other."""
    global DECORATE
    DECORATE = f

class no_grad(_GradMode):
    """Record no operations in this block (or decorated function)."""
    def __new__(cls, f=None):
        cdef _GradMode m = _GradMode.__new__(cls)
        m.value = 0
        return m(f) if f is not None else m

cdef _GradMode SPARE = None         # the last no_grad() that was made: it is used again when nobody else has it

cdef PyObject* make_no_grad(PyObject* cls, PyObject** args, size_t nf, PyObject* kw) except NULL:
    "no_grad() without the way through Python's __new__, which costs as much as an op"
    global SPARE
    cdef Py_ssize_t n = nf & <size_t>0x7fffffffffffffff
    if n or kw != NULL: r = wb_type_call(cls, pack_args(args, n), pack_kwargs(args + n, kw))
    else:
        if SPARE is None or Py_REFCNT(<PyObject*>SPARE) != 1 or SPARE.before != 1: SPARE = _GradMode.__new__(<type>cls)    # records nothing
        r = SPARE
    Py_INCREF(r)
    return <PyObject*>r

class enable_grad(_GradMode):
    """Record operations in this block (or decorated function)."""
    def __new__(cls, f=None):
        cdef _GradMode m = _GradMode.__new__(cls)
        m.value = 1
        return m(f) if f is not None else m

class inference_mode(_GradMode):
    """Record no operations in this block (or decorated function), and mark the tensors made in it: autograd refuses them.

    Args:
        mode: False leaves inference mode, and records, within the block.
    """
    def __new__(cls, mode=True):
        cdef _GradMode m = _GradMode.__new__(cls)
        m.value = not mode; m.inference = bool(mode)
        if callable(mode): m.value = 0; m.inference = 1; return m(mode)
        return m

class set_grad_enabled(_GradMode):
    """Set the gradient mode at once; as a context manager, until its end."""
    def __new__(cls, mode):
        cdef _GradMode m = _GradMode.__new__(cls)
        if not isinstance(mode, bool): raise TypeError(f"set_grad_enabled: expected a bool, got {type(mode).__name__}")
        m.value = mode
        m.push()
        wb_set_grad_mode(m.value and not wb_inference_mode())
        return m
    def __enter__(self): return self
    def __call__(self, f):
        self.__exit__()                                     # a decorator sets nothing outside of the function
        return DECORATE(f, self.clone)

def is_grad_enabled():
    """Whether operations are recorded in this thread."""
    return bool(wb_grad_mode())

def is_inference_mode_enabled():
    """Whether this thread is in inference mode."""
    return bool(wb_inference_mode())

def set_anomaly(int level, where=None):
    """1: keep what `where()` says of the place for each operation recorded; 2: check gradients for nan and inf as well. Returns the old level."""
    global ANOMALY, WHERE
    old = ANOMALY
    ANOMALY = level
    if where is not None: WHERE = where
    return old

class intercept:
    """Within this block every op passes through `f(op, arguments, proceed)`, which returns the result of the call.

    Args:
        f: Gets the op, all its bound arguments as a tuple, and a callable that goes on with arguments in the same order.
    """
    def __init__(self, f): self.f = f
    def __enter__(self):
        global INTERCEPTED
        INTERCEPTORS.append(self.f)
        INTERCEPTED = True
        return self
    def __exit__(self, *exc):
        global INTERCEPTED
        for i in range(len(INTERCEPTORS) - 1, -1, -1):
            if INTERCEPTORS[i] is self.f:
                del INTERCEPTORS[i]
                break
        INTERCEPTED = len(INTERCEPTORS) > 0

def set_saving(pack, unpack):
    """Let `pack(tensor)` decide what is kept of each tensor saved for backward, and `unpack` bring it back; None, None: tensors are kept
    as they are. Returns the two that were set."""
    global SAVING
    old = SAVING
    SAVING = None if pack is None else (pack, unpack)
    return old if old is not None else (None, None)

def increment_version(Tensor t):
    """Say that the memory of `t` was written in a way that the engine did not see."""
    t.st.version += 1

def pack_saved(Tensor t):
    """What the saved-tensor hooks that are set make of `t`, to be undone by unpack_saved; None where none are set."""
    return None if SAVING is None else pack_tensor(t)
def unpack_saved(x): return unpacked(x)

def set_repr(f):
    """The function that prints a tensor."""
    global REPR
    REPR = f

def set_parameter_type(t):
    """Tell the core which subclass of Tensor is nn.Parameter."""
    global PT
    Py_INCREF(t)
    PT = <PyTypeObject*>t

def same_storage(Tensor a, Tensor b):
    """Whether two tensors share their memory."""
    return same_memory(a, b)

def storage_bytes(Tensor a):
    """The whole memory that a tensor lies in, as a uint8 tensor over it without history."""
    cdef Tensor r = new_tensor()
    cdef long n = a.st.nbytes
    wb_set_contiguous(&r.a, 1, &n, WB_U8)
    r.st = a.st; a.st.rc += 1; r.a.data = a.st.data
    return r
