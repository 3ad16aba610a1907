# Ops whose inference is worth doing natively: the common case here, everything else (and every error) through the definition.

cdef inline bint row_major_of(PyObject* p, int dt) noexcept:
    return is_tensor(p) and (<Tensor>p).a.dtype == dt and (<Tensor>p).a.layout & WB_CONTIGUOUS

cdef object impl_linear(Op op, PyObject** s):
    cdef Tensor x, w, r
    cdef wb_call c
    cdef int i, code, dt
    cdef long shape[MAXD]
    cdef const wb_kernel* kern
    if not is_tensor(s[0]): return impl_call(op, s)
    x = <Tensor>s[0]
    dt = x.a.dtype
    kern = op.kern[dt]
    if kern == NULL or FORCE_BODY or not x.a.layout & WB_CONTIGUOUS or not row_major_of(s[1], dt) or x.a.ndim == 0: return impl_call(op, s)
    w = <Tensor>s[1]
    if w.a.ndim != 2 or x.a.shape[x.a.ndim - 1] != w.a.shape[1]: return impl_call(op, s)
    c.in_[2] = NULL
    if s[2] != <PyObject*>None:
        if not row_major_of(s[2], dt) or (<Tensor>s[2]).a.ndim != 1 or (<Tensor>s[2]).a.shape[0] != w.a.shape[0]: return impl_call(op, s)
        c.in_[2] = &(<Tensor>s[2]).a
    for i in range(x.a.ndim): shape[i] = x.a.shape[i]
    shape[x.a.ndim - 1] = w.a.shape[0]
    r = empty(x.a.ndim, shape, dt)
    c.in_[0] = &x.a; c.in_[1] = &w.a; c.out[0] = &r.a
    c.n_in = 3; c.n_out = 1
    code = call_released(kern, &c, x.a.n + w.a.n + r.a.n)
    if code != WB_OK: raise kernel_error(op, s, code)
    if wb_grad_mode() and any_requires(op, s): attach(op, r, s)
    return r

cdef inline int call_released(const wb_kernel* kern, const wb_call* c, long work) noexcept:
    cdef int code
    if work < 16384: return (<wb_call_fn>kern.fn)(c)
    with nogil: code = (<wb_call_fn>kern.fn)(c)
    return code

cdef int back_linear(Node nd, Tensor g, PyObject** out) except -1:
    "linear_input_backward and linear_weight_backward, straight to their kernels"
    cdef Tensor x, w, r, b
    cdef wb_call c
    cdef long shape[2]
    cdef const wb_kernel* k_in = o_linear_input.kern[g.a.dtype]
    cdef const wb_kernel* k_w = o_linear_weight.kern[g.a.dtype]
    if k_in == NULL or k_w == NULL or not g.a.layout & WB_CONTIGUOUS or not nd.have & 3 == 3: return 0
    x = saved_tensor(nd, 0)
    w = saved_tensor(nd, 1)
    if not x.a.layout & w.a.layout & WB_CONTIGUOUS or (nd.need & 6) == 4: return 0
    if nd.need & 1:
        r = empty(x.a.ndim, x.a.shape, x.a.dtype)
        c.in_[0] = &g.a; c.in_[1] = &w.a; c.out[0] = &r.a; c.n_in = 2; c.n_out = 1
        if call_released(k_in, &c, g.a.n + w.a.n + r.a.n) != WB_OK: return 0
        give(out, 0, r)
    if nd.need & 2:
        r = empty(2, w.a.shape, w.a.dtype)
        c.in_[0] = &g.a; c.in_[1] = &x.a; c.out[0] = &r.a; c.out[1] = NULL; c.n_in = 2; c.n_out = 2
        if nd.need & 4:
            b = empty(1, w.a.shape, w.a.dtype)
            c.out[1] = &b.a
        if call_released(k_w, &c, g.a.n + x.a.n + r.a.n) != WB_OK: return 0
        give(out, 1, r)
        if nd.need & 4: give(out, 2, b)
    return 1

cdef impl_t native_named(str name):
    if name == "linear": return impl_linear
    return NULL
