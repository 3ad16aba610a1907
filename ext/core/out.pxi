# out=: the result is written where the caller wants it. What is asked of `out` is asked here, for all ops; the names are PyTorch's habits.

# what a definition asks of `out`, as bits of `op.out_asks`
cdef enum: OUT_EXACT = 1, OUT_BYTES = 2, OUT_TYPE_ERROR = 4, OUT_APART = 8, OUT_WHOLE = 16
cdef dict OUT_ASKS = {"exact": OUT_EXACT, "bytes": OUT_EXACT | OUT_BYTES, "type error": OUT_TYPE_ERROR, "apart": OUT_APART, "whole": OUT_WHOLE}

cdef object run_into(Op op, PyObject** s, out):
    "the op's result, written into out"
    cdef int k
    cdef tuple outs = tuple(out) if isinstance(out, (tuple, list)) else (out,)
    if wb_grad_mode():
        if any_requires(op, s): raise RuntimeError(f"{op.name}: expected arguments that do not require grad with out=, got some that do; use no_grad or leave out= away")
        for o in outs:
            if isinstance(o, Tensor) and wants(<Tensor>o): raise RuntimeError(f"{op.name}: expected an out that does not require grad, got one that does; use no_grad or leave out= away")
    for o in outs:
        if not isinstance(o, Tensor): continue
        refuse_repeated(op.name, <Tensor>o)
        for k in range(op.nt):
            v = <object>s[op.tpos[k]]
            if isinstance(v, Tensor): refuse_overlap(op, <Tensor>v, <Tensor>o)
            elif op.tpos[k] == op.seq and isinstance(v, (tuple, list)):
                for x in v:
                    if isinstance(x, Tensor): refuse_overlap(op, <Tensor>x, <Tensor>o)
    r = run(op, s)
    if op.out_asks & OUT_APART and isinstance(r, Tensor) and isinstance(out, Tensor) and (<Tensor>r).a.n > (<Tensor>out).a.n: refuse_growth(op, s, <Tensor>r, <Tensor>out)
    return write_out(op, r, out)

cdef int refuse_growth(Op op, PyObject** s, Tensor r, Tensor o) except -1:
    "an out that is too small grows over what lies behind it in the same memory"
    cdef int k
    cdef Tensor t
    cdef char* end = o.a.data + r.a.n * wb_itemsize[o.a.dtype]
    for k in range(op.nt):
        v = <object>s[op.tpos[k]]
        for x in (v if op.tpos[k] == op.seq and isinstance(v, (tuple, list)) else (v,)):
            if not isinstance(x, Tensor): continue
            t = x
            if t.a.n and same_memory(t, o) and t.a.data >= o.a.data and t.a.data < end: raise shared(op, t)
    return 0

cdef object shared(Op op, Tensor t):
    return RuntimeError(f"{op.name}: expected an out whose memory is apart from the arguments', got one that shares some with a tensor of shape {shape_tuple(t)}; clone() that first")

cdef int refuse_repeated(str name, Tensor o) except -1:
    cdef int i
    for i in range(o.a.ndim):
        if o.a.strides[i] == 0 and o.a.shape[i] > 1: raise RuntimeError(f"{name}: expected an out whose elements each have memory of their own, got an expanded one; use clone() first")
    return 0

cdef int refuse_overlap(Op op, Tensor t, Tensor o) except -1:
    "dense tensors alone are compared, as PyTorch does: of others it would take long to know"
    cdef long item = wb_itemsize[t.a.dtype], size = wb_itemsize[o.a.dtype]
    cdef bint apart = op.out_asks & OUT_APART != 0
    if t is o:
        if apart: raise shared(op, t)
        return 0
    if t.a.n == 0 or o.a.n == 0 or not t.a.layout & o.a.layout & WB_DENSE or not same_memory(t, o): return 0
    if o.a.data + o.a.n * size <= t.a.data or t.a.data + t.a.n * item <= o.a.data: return 0
    if not apart:
        if o.a.data == t.a.data and o.a.n * size == t.a.n * item and same_shape(&t.a, &o.a) and same_strides(t, o): return 0
        if not op.out_asks & OUT_WHOLE: return 0
    raise shared(op, t)

cdef object write_out(Op op, r, out, bint one_of_several=False):
    cdef Tensor o
    if isinstance(r, tuple):
        if not isinstance(out, (tuple, list)) or len(out) != len(r): raise TypeError(f"{op.name}: expected out to be {len(r)} tensors, got {out!r}")
        t = [write_out(op, a, b, True) for a, b in zip(r, out)]
        return tuple(t) if type(r) is tuple else type(r)(t)
    if not isinstance(out, Tensor): raise TypeError(f"{op.name}: expected out to be a Tensor, got {type(out).__name__}")
    if type(r) is not Tensor and hasattr(r, "full"): return apply2(o_copy_, out, r)     # a batched one, whose own memory means nothing
    o = out
    if o.a.dtype != (<Tensor>r).a.dtype:
        held = can_cast((<Tensor>r).a.dtype, o.a.dtype)
        if not held or one_of_several or op.out_asks & OUT_EXACT and not (op.out_asks & OUT_BYTES and o.a.dtype == WB_U8):
            kind = TypeError if op.out_asks & OUT_TYPE_ERROR else RuntimeError
            raise kind(f"{op.name}: expected out of {'dtype ' if held else 'a dtype that holds '}{(<Tensor>r).dtype.name}, got {o.dtype.name}")
    return fill_out(op.name, <Tensor>r, o)

cdef object fill_out(str name, Tensor r, Tensor o):
    cdef long version = o.st.version
    if not same_shape(&o.a, &r.a):
        if o.a.n: warn(f"{name}: an out of shape {shape_tuple(o)} is resized to {shape_tuple(r)}, and has elements; pass one of the result's shape, or out.resize_(0)")
        if o.a.data + r.a.n * wb_itemsize[o.a.dtype] <= o.st.data + o.st.nbytes: wb_set_contiguous(&o.a, r.a.ndim, r.a.shape, o.a.dtype)
        else: init_from(o, empty_like_as(r, o.a.dtype))
        o.st.version = max(version, o.st.version)
    copy_into(o, r)
    o.st.version += 1
    return o

def into(str name, Tensor r, out):
    """`out` with a result in it, for functions that are no ops; `r` itself where out is None."""
    if out is None: return r
    if not isinstance(out, Tensor): raise TypeError(f"{name}: expected out to be a Tensor, got {type(out).__name__}")
    if wb_grad_mode() and (wants(r) or wants(<Tensor>out)): raise RuntimeError(f"{name}: expected tensors that do not require grad with out=, got some that do; use no_grad or leave out= away")
    refuse_repeated(name, <Tensor>out)
    if not can_cast(r.a.dtype, (<Tensor>out).a.dtype): raise RuntimeError(f"{name}: expected out of a dtype that holds {r.dtype.name}, got {(<Tensor>out).dtype.name}")
    return fill_out(name, r, <Tensor>out)

cdef int warn(str message) except -1:
    import warnings
    warnings.warn(message, UserWarning, stacklevel=1)
    return 0
