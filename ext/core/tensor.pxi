# Tensor: the object and what it answers by itself. No op is defined here; arithmetic goes to the ops through C globals.

cdef class Hooks:
    "what a user hung on a tensor or a node's output"
    cdef dict before                # id -> function of the gradient
    cdef dict after                 # id -> function of the leaf, once its gradient is accumulated
    cdef object keep                # weak reference to the tensor whose gradient is kept (retain_grad)
    cdef dict pre, post             # of a leaf: id -> function, before and after its accumulation as a node
    cdef object node                # of a leaf: the AccumulateGrad that somebody asked for

@cython.internal
cdef class _HookHandle:
    "returned by register_hook: remove() takes the hook away"
    cdef dict where
    cdef readonly int id
    def remove(self): self.where.pop(self.id, None)
    def __enter__(self): return self
    def __exit__(self, *exc): self.remove()
cdef int hook_count = 0
cdef _HookHandle hang(dict where, f):
    global hook_count
    cdef _HookHandle h = _HookHandle.__new__(_HookHandle)
    hook_count += 1
    h.where = where; h.id = hook_count
    where[hook_count] = f
    return h

cdef class Tensor:
    """A multi-dimensional array of one dtype, with the history that its gradient needs.

    Made by `tensor`, `zeros`, `from_numpy` and the like. The meaning of its methods is PyTorch's.
    """
    # Raw pointers: no None initialisation, and released without recursion. The order matters: new_tensor() zeroes from `st` up to `a`.
    cdef wb_storage* st
    cdef PyObject* fn               # the Node that made it, or NULL for a leaf
    cdef PyObject* grad_
    cdef PyObject* base             # root of a differentiable view
    cdef PyObject* hooks            # Hooks of a leaf
    cdef long attr_version          # of a view: the storage's version at which its history was right
    cdef int onr                    # which of the node's outputs
    cdef bint rg
    cdef dict __dict__
    cdef object __weakref__
    cdef wb_array a

    def __cinit__(self, *args, **kwargs):
        cdef long none = 0
        wb_set_contiguous(&self.a, 1, &none, default_float)
        self.st = wb_storage_new(0)
        if self.st == NULL: raise no_memory(0)
        self.a.data = self.st.data
    def __init__(self, *args, **kwargs):
        if type(self) is Tensor and (args or kwargs): init_from(self, legacy_tensor(args))

    # -- arithmetic
    def __add__(a, b): return binop(o_add, <PyObject*>a, <PyObject*>b)
    def __sub__(a, b): return binop(o_sub, <PyObject*>a, <PyObject*>b)
    def __mul__(a, b): return binop(o_mul, <PyObject*>a, <PyObject*>b)
    def __truediv__(a, b):
        r = binop(o_div, <PyObject*>a, <PyObject*>b)
        return OPS["reciprocal"](b) * a if r is NotImplemented and of_numpy(a, "ndarray") else r     # an ndarray left this to us
    def __floordiv__(a, b): return binop(o_floor_divide, <PyObject*>a, <PyObject*>b)
    def __mod__(a, b): return binop(o_remainder, <PyObject*>a, <PyObject*>b)
    def __pow__(a, b, m): return binop(o_pow, <PyObject*>a, <PyObject*>b)
    def __matmul__(a, b): return binop(o_matmul, <PyObject*>a, <PyObject*>b)
    def __and__(a, b): return binop(o_and, <PyObject*>a, <PyObject*>b)
    def __or__(a, b): return binop(o_or, <PyObject*>a, <PyObject*>b)
    def __xor__(a, b): return binop(o_xor, <PyObject*>a, <PyObject*>b)
    def __lshift__(a, b): return binop(o_lshift, <PyObject*>a, <PyObject*>b)
    def __rshift__(a, b): return binop(o_rshift, <PyObject*>a, <PyObject*>b)
    def __neg__(self): return unop(o_neg, <PyObject*>self)
    def __pos__(self):
        if self.a.dtype == WB_BOOL: raise RuntimeError("positive: expected a dtype of numbers, got bool")
        return self
    def __abs__(self): return unop(o_abs, <PyObject*>self)
    def __invert__(self):
        if self.a.dtype >= WB_F16: raise TypeError(f"~: expected a tensor of whole numbers or bools, got dtype {DTYPES[self.a.dtype].name}; compare first, or use logical_not()")
        return unop(o_not, <PyObject*>self)
    def __iadd__(self, b): return binop(o_add_, <PyObject*>self, <PyObject*>b)
    def __isub__(self, b): return binop(o_sub_, <PyObject*>self, <PyObject*>b)
    def __imul__(self, b): return binop(o_mul_, <PyObject*>self, <PyObject*>b)
    def __itruediv__(self, b): return binop(o_div_, <PyObject*>self, <PyObject*>b)
    def __ifloordiv__(self, b): return binop(o_floor_divide_, <PyObject*>self, <PyObject*>b)
    def __imod__(self, b): return binop(o_remainder_, <PyObject*>self, <PyObject*>b)
    def __ipow__(self, b, m): return binop(o_pow_, <PyObject*>self, <PyObject*>b)
    def __iand__(self, b): return binop(o_and_, <PyObject*>self, <PyObject*>b)
    def __ior__(self, b): return binop(o_or_, <PyObject*>self, <PyObject*>b)
    def __ixor__(self, b): return binop(o_xor_, <PyObject*>self, <PyObject*>b)
    def __ilshift__(self, b): return OPS["bitwise_left_shift_"](self, b)
    def __irshift__(self, b): return OPS["bitwise_right_shift_"](self, b)
    def __richcmp__(self, b, int k):
        cdef Op op = o_lt if k == 0 else o_le if k == 1 else o_eq if k == 2 else o_ne if k == 3 else o_gt if k == 4 else o_ge
        if not is_tensor(<PyObject*>b) and not is_number(b):
            if k != 2 or not of_numpy(b, "ndarray"): return NotImplemented
            try: b = from_numpy(b)                          # the one comparison in which PyTorch reads arrays
            except TypeError: return NotImplemented
        return binop(op, <PyObject*>self, <PyObject*>b)
    def __hash__(self): return <Py_ssize_t><PyObject*>self >> 4
    def __getitem__(self, i): return getitem(self, i)
    def __setitem__(self, i, v): setitem(self, i, v)
    def __len__(self):
        if self.a.ndim == 0: raise TypeError("len: expected a tensor of 1 or more dimensions, got a 0-d tensor")
        return self.a.shape[0]
    def __iter__(self):
        if self.a.ndim == 0: raise TypeError("iter: expected a tensor of 1 or more dimensions, got a 0-d tensor")
        return iter([getitem(self, i) for i in range(self.a.shape[0])])
    def __contains__(self, v):
        if not isinstance(v, Tensor) and not is_number(v): raise RuntimeError(f"contains: expected a Tensor or a number, got {type(v).__name__}")
        return bool((self == v).any())

    # -- one element as a Python number
    def item(self): return item_of(self)
    def __float__(self): return float(item_of(self))
    def __int__(self): return int(item_of(self))
    def __complex__(self): return complex(item_of(self))
    def __bool__(self):
        if self.a.n != 1: raise RuntimeError(f"bool: expected a tensor of one element, got shape {shape_tuple(self)}; use .any() or .all()")
        return bool(item_of(self))
    def __index__(self):
        if self.a.dtype > WB_I64: raise TypeError(f"index: expected an integer tensor of one element, got dtype {DTYPES[self.a.dtype].name}")
        return int(item_of(self))
    def tolist(self):
        """The elements as nested lists of Python numbers."""
        return as_numpy(plain_float(self)).tolist()
    def __format__(self, spec):
        return format(item_of(self), spec) if self.a.ndim == 0 and (spec or type(self) is Tensor) else object.__format__(self, spec)
    def __repr__(self): return REPR(self)
    def __str__(self): return REPR(self)

    # -- what it is
    @property
    def shape(self): return wb_size_new(SIZE, self.a.ndim, self.a.shape)
    def size(self, dim=None):
        """The shape, or the size of dimension `dim`."""
        return wb_size_new(SIZE, self.a.ndim, self.a.shape) if dim is None else self.a.shape[dim_index(dim, self.a.ndim, "size")]
    def stride(self, dim=None):
        """The strides in elements, or that of dimension `dim`."""
        return tuple([self.a.strides[i] for i in range(self.a.ndim)]) if dim is None else self.a.strides[dim_index(dim, self.a.ndim, "stride")]
    @property
    def ndim(self): return self.a.ndim
    def dim(self): return self.a.ndim
    def ndimension(self): return self.a.ndim
    def numel(self): return self.a.n
    def nelement(self): return self.a.n
    @property
    def dtype(self): return DTYPES[self.a.dtype]
    @property
    def device(self): return CPU
    @property
    def itemsize(self): return wb_itemsize[self.a.dtype]
    def element_size(self): return wb_itemsize[self.a.dtype]
    @property
    def nbytes(self): return self.a.n * wb_itemsize[self.a.dtype]
    @property
    def is_cuda(self): return False
    @property
    def is_sparse(self): return False
    @property
    def is_quantized(self): return False
    @property
    def layout(self): return STRIDED
    def get_device(self): return -1
    def is_floating_point(self): return WB_F16 <= self.a.dtype <= WB_F64
    def is_complex(self): return self.a.dtype >= WB_C64
    def is_signed(self): return self.a.dtype >= WB_I8
    def is_contiguous(self, memory_format=None):
        """Whether memory is row-major, or channels-last where that format is asked for."""
        cdef int rank = 0 if memory_format is None else last_rank(memory_format)
        if memory_format is not None and not rank and "format" not in str(memory_format): raise TypeError(f"is_contiguous: expected a memory format such as channels_last, got {memory_format!r}")
        return bool(is_last_3d(&self.a) if rank == 5 else self.a.layout & (WB_CHANNELS_LAST if rank else WB_CONTIGUOUS))
    def storage_offset(self): return (self.a.data - self.st.data) // wb_itemsize[self.a.dtype]
    def data_ptr(self): return <size_t>self.a.data if self.a.n else 0
    @property
    def _version(self):
        if self.st.inference: raise RuntimeError("_version: expected a tensor that tracks its versions, got one made in inference mode, which does not; clone() it outside")
        return self.st.version
    def is_inference(self):
        """Whether its memory was made in inference mode."""
        return bool(self.st.inference)
    def _shares_storage(self, Tensor other): return same_memory(self, other)

    # -- history
    @property
    def is_leaf(self): return self.fn == NULL or not self.rg
    @property
    def requires_grad(self): return wants(self)
    @requires_grad.setter
    def requires_grad(self, v):
        if not isinstance(v, bool): raise RuntimeError(f"requires_grad: expected a bool, got {v!r}")
        set_requires_grad(self, v)
    def requires_grad_(self, requires_grad=True):
        """Set whether operations on this leaf are recorded; returns it."""
        set_requires_grad(self, requires_grad)
        return self
    @property
    def grad_fn(self):
        if not wants(self): return None
        cdef PyObject* e = edge(self)
        return <object>e if e != <PyObject*>self else None
    @property
    def output_nr(self): return self.onr
    @property
    def grad(self): return <object>self.grad_ if self.grad_ != NULL else None
    @grad.setter
    def grad(self, v):
        if v is not None:
            if not isinstance(v, Tensor): raise TypeError(f"grad: expected a Tensor or None, got {type(v).__name__}")
            if v is self: raise RuntimeError("grad: expected a gradient of its own, got the tensor itself")
            if not same_shape(&(<Tensor>v).a, &self.a): raise RuntimeError(f"grad: expected a tensor of shape {shape_tuple(self)}, got {shape_tuple(<Tensor>v)}")
            if (<Tensor>v).a.dtype != self.a.dtype: raise RuntimeError(f"grad: expected a tensor of dtype {DTYPES[self.a.dtype].name}, got {(<Tensor>v).dtype.name}")
        set_grad(self, v)
    @grad.deleter
    def grad(self): set_grad(self, None)
    @property
    def data(self): return data_of(self)
    @data.setter
    def data(self, v): set_data(self, v)
    def detach(self):
        """A tensor that shares this one's memory and has no history."""
        return alias(self)
    def detach_(self):
        """Cut this tensor off its history; returns it."""
        if self.base != NULL: raise RuntimeError("detach_: expected a tensor that is not a view, got a view; use detach()")
        wb_drop(self.fn)
        self.fn = NULL; self.rg = False; self.onr = 0
        return self
    def _is_view(self): return self.base != NULL
    @property
    def _base(self): return <object>self.base if self.base != NULL else None
    def backward(self, gradient=None, retain_graph=None, create_graph=False, inputs=None):
        """Accumulate the gradient of this tensor into the `.grad` of the leaves that it was computed from.

        Args:
            gradient: Gradient of some scalar with respect to this tensor, of its shape; may be left out for one element.
            retain_graph: Keep what the graph saved, for another backward. Default: the value of create_graph.
            create_graph: Record the backward itself, for higher derivatives.
            inputs: Accumulate into these only.

        Raises:
            RuntimeError: no history, no gradient for several elements, or the graph's saved tensors are gone or were changed.
        """
        backward([self], [gradient], create_graph if retain_graph is None else retain_graph, create_graph, inputs)
    def register_hook(self, hook):
        """Call `hook(grad)` when this tensor's gradient is computed; what it returns, if anything, takes the gradient's place."""
        if not wants(self): raise RuntimeError("register_hook: expected a tensor that requires grad, got one that does not")
        return hang(hooks_of(self).before, hook)
    def register_post_accumulate_grad_hook(self, hook):
        """Call `hook(leaf)` after the leaf's `.grad` was accumulated."""
        if self.fn != NULL: raise RuntimeError("register_post_accumulate_grad_hook: expected a leaf, got the result of an operation")
        return hang(hooks_of(self).after, hook)
    def retain_grad(self):
        """Keep the gradient of a tensor that is not a leaf in its `.grad`."""
        if not wants(self): raise RuntimeError("retain_grad: expected a tensor that requires grad, got one that does not")
        edge(self)
        if self.fn != NULL: hooks_of(self).keep = WEAKREF(self)
    @property
    def retains_grad(self): return self.rg and self.fn != NULL and hooks_of(self).keep is not None

    # -- borders
    def numpy(self, force=False):
        """The same memory as an ndarray.

        Raises:
            RuntimeError: the tensor requires grad, and operations are recorded (use `.detach().numpy()`, or no_grad).
            TypeError: its dtype is bfloat16, which NumPy does not have.
        """
        if wants(self) and wb_grad_mode() and not force: raise RuntimeError("numpy: expected a tensor that does not require grad; use tensor.detach().numpy()")
        return as_numpy(self)
    def __array__(self, dtype=None, copy=None):
        """What NumPy reads: the same memory, unless another dtype or a copy is asked for.

        Raises:
            RuntimeError: the tensor requires grad, and operations are recorded (use `.detach()`, or no_grad).
            ValueError: `copy` is False and another dtype is asked for.
        """
        if wants(self) and wb_grad_mode(): raise RuntimeError("numpy: expected a tensor that does not require grad; use tensor.detach().numpy()")
        a = as_numpy(self)
        if dtype is None or a.dtype == dtype: return a.copy() if copy else a
        if copy is not None and not copy: raise ValueError(f"__array__: expected dtype {a.dtype}, as copy is False, got {dtype}; leave copy away")
        return a.astype(dtype)
    def __array_wrap__(self, array, context=None, return_scalar=False):
        """What NumPy's functions of tensors return: a tensor over their result, of uint8 where it is bool."""
        return from_numpy(array.astype("uint8") if array.dtype == bool else array)
    def __dlpack__(self, *, stream=None, max_version=None, dl_device=None, copy=None):
        """A capsule over this memory, or over a copy of it: of DLPack's first version, unless the reader knows a later one.

        Raises:
            BufferError: the tensor requires grad (use `.detach()`), or another device than the CPU is asked for.
            AssertionError: a stream is given, which memory of the CPU has not.
        """
        if self.rg: raise BufferError("__dlpack__: expected a tensor that does not require grad; use tensor.detach()")
        if stream is not None and stream != -1: raise AssertionError(f"__dlpack__: expected stream to be None on the CPU, got {stream!r}")
        if dl_device is not None and tuple(dl_device) != (1, 0): raise BufferError(f"__dlpack__: expected dl_device (1, 0), the CPU, got {dl_device}")
        a = as_numpy(self)
        if copy: a = a.copy()
        return a.__dlpack__() if max_version is None or max_version[0] < 1 else a.__dlpack__(max_version=max_version)
    def __dlpack_device__(self): return (1, 0)
    def __getbuffer__(self, Py_buffer* view, int flags): get_buffer(self, view, flags)
    def __releasebuffer__(self, Py_buffer* view): free(view.internal)
    def __reduce_ex__(self, proto): return reduce_tensor(self)
    def __deepcopy__(self, memo): return deepcopy_tensor(self, memo)
    def __setstate__(self, state): attributes(self, NULL).update(state)
    def cpu(self, memory_format=None): return self if memory_format is None else self.contiguous(memory_format)
    def to_device(self, device, /, *, stream=None):
        """This tensor on a device, in the words of the array API standard: itself, as there is one device."""
        as_device(device)
        if stream is not None: raise ValueError(f"to_device: expected stream to be None on the CPU, got {stream!r}")
        return self
    def cuda(self, device=None, non_blocking=False, memory_format=None): as_device("cuda")
    def pin_memory(self, device=None): return self
    def share_memory_(self): return self
    def is_pinned(self, device=None): return False
    def is_shared(self): return False

class layout:
    """How a tensor holds its elements: only `strided` exists here."""
    def __init__(self): raise TypeError("layout: expected strided, the one layout that there is, got a call")
    def __repr__(self): return "torch.strided"
    def __reduce__(self): return "STRIDED"
STRIDED = object.__new__(layout)
cdef object REPR = object.__repr__
cdef object WEAKREF
from weakref import ref as WEAKREF
