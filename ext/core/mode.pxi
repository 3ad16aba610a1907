# Gradient mode, and the switches of the core.

cdef class _GradMode:
    "a context manager and decorator that sets the gradient mode of this thread"
    cdef int value
    cdef list before
    def __cinit__(self, *args, **kwargs): self.before = []
    def __enter__(self):
        self.before.append(wb_grad_mode())
        wb_set_grad_mode(self.value)
        return self
    def __exit__(self, *exc): wb_set_grad_mode(self.before.pop())
    def __call__(self, f): return DECORATE(f, bool(self.value))

cdef object DECORATE = None
def set_decorator(f):
    """The function `f(function, mode)` that makes a function run in a gradient mode: Python code, so that it can be wrapped like any other."""
    global DECORATE
    DECORATE = f

class no_grad(_GradMode):
    """Record no operations in this block (or decorated function)."""
    def __new__(cls, f=None):
        cdef _GradMode m = _GradMode.__new__(cls)
        m.value = 0
        return m(f) if f is not None else m
    def __init__(self, f=None): pass

class enable_grad(_GradMode):
    """Record operations in this block (or decorated function)."""
    def __new__(cls, f=None):
        cdef _GradMode m = _GradMode.__new__(cls)
        m.value = 1
        return m(f) if f is not None else m
    def __init__(self, f=None): pass

class inference_mode(_GradMode):
    """Record no operations in this block (or decorated function); the same as no_grad here."""
    def __new__(cls, mode=True):
        cdef _GradMode m = _GradMode.__new__(cls)
        if callable(mode):
            m.value = 0
            return m(mode)
        m.value = 0 if mode else wb_grad_mode()
        return m
    def __init__(self, mode=True): pass

class set_grad_enabled(_GradMode):
    """Set the gradient mode at once; as a context manager, until its end."""
    def __new__(cls, mode):
        cdef _GradMode m = _GradMode.__new__(cls)
        m.value = bool(mode)
        m.before.append(wb_grad_mode())
        wb_set_grad_mode(m.value)
        return m
    def __init__(self, mode): pass
    def __enter__(self): return self

def is_grad_enabled():
    """Whether operations are recorded in this thread."""
    return bool(wb_grad_mode())

def set_anomaly(bint on):
    """Remember where operations are recorded, and check gradients for nan and inf."""
    global ANOMALY
    old = ANOMALY
    ANOMALY = on
    return bool(old)

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
    return a.st == b.st
