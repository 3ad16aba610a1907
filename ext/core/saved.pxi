# What a node saved, as users see it: `_saved_self`, `_saved_result` and the like, and hooks on one of them.

cdef int saved_index(Node nd, str name) except -2:
    "the parameter of this name that was saved, -1 for the result"
    cdef int i
    if nd.freed: raise_freed(nd)
    if nd.op != NULL:
        if name == "result" and nd.result != NULL: return -1
        i = param_index(<Op>nd.op, "input" if name == "self" and "self" not in (<Op>nd.op).params else name)
        if i >= 0 and nd.have >> i & 1: return i
    raise AttributeError(f"{nd.name()}: expected the name of something saved, got {name!r}")

cdef object saved_by_name(Node nd, str name):
    cdef int i
    if nd.op != NULL and name == "extras" and nd.extras != NULL and not nd.freed: return <object>nd.extras
    i = saved_index(nd, name)
    return result_of(nd, wb_grad_mode()) if i == -1 else rule_argument(nd, i, wb_grad_mode())

cdef list saved_names(Node nd):
    "of what is there, as PyTorch names it: the first argument of an op is `self`"
    cdef int i
    cdef list names = [], found = []
    if nd.op == NULL or nd.freed: return found
    if nd.result != NULL: names.append(("result", isinstance(<object>nd.result, (Tensor, Packed))))
    for i in range((<Op>nd.op).np_):
        if nd.have >> i & 1: names.append(("self" if (<Op>nd.op).params[i] == "input" else (<Op>nd.op).params[i], isinstance(<object>nd.saved[i], (Tensor, Packed))))
    for name, single in names:
        found.append("_saved_" + name)
        if single: found.append("_raw_saved_" + name)
    return found

cdef class SavedTensor:
    """A tensor that a node saved, before it is unpacked; made by `node._raw_saved_self` and the like."""
    cdef Node node
    cdef int at
    def __init__(self): raise TypeError("SavedTensor: expected to be found as an attribute of a node, as in y.grad_fn._raw_saved_self")
    @property
    def data(self): return alias(<Tensor>result_of(self.node, False) if self.at == -1 else <Tensor>rule_argument(self.node, self.at, False))
    def register_hooks(self, pack_hook, unpack_hook):
        """Keep what `pack_hook(tensor)` gives, which is called at once, and save what `unpack_hook` makes of it when the backward asks.

        Raises:
            RuntimeError: there are hooks already, or the graph's saved tensors are gone or were changed.
            TypeError: a hook is not to be called.
        """
        cdef Node nd = self.node
        cdef object old
        if nd.freed: raise_freed(nd)
        for hook in (pack_hook, unpack_hook):
            if not callable(hook): raise TypeError(f"register_hooks: expected functions, got {type(hook).__name__}")
        held = <object>(nd.result if self.at == -1 else nd.saved[self.at])
        if type(held) is Packed: raise RuntimeError("register_hooks: expected a saved tensor without hooks, got one that has some")
        old = result_of(nd, False) if self.at == -1 else rule_argument(nd, self.at, False)       # asks for the version too
        kept = packed_by(<Tensor>old, pack_hook, unpack_hook)
        Py_INCREF(kept)
        if self.at == -1: nd.result = <PyObject*>kept
        else: nd.saved[self.at] = <PyObject*>kept
        nd.packed = True
        wb_drop(<PyObject*>held)

cdef SavedTensor raw_saved(Node nd, str name):
    cdef int i = saved_index(nd, name)
    cdef SavedTensor r = SavedTensor.__new__(SavedTensor)
    if not isinstance(<object>(nd.result if i == -1 else nd.saved[i]), (Tensor, Packed)): raise AttributeError(f"{nd.name()}: expected the name of a saved tensor, got {name!r}")
    r.node = nd; r.at = i
    return r
