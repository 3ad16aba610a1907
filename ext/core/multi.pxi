# One native call for the whole parameter list: what fused optimizers and gradient clipping run on.
cdef dict BY_KERNEL = {}

cdef const wb_kernel* find_kernel(str name, int dt) except? NULL:
    cdef int n, i
    cdef const wb_kernel* k = wb_kernels(&n)
    if name not in BY_KERNEL:
        e = name.encode()
        at = [-1] * 12
        for i in range(n):
            if k[i].op == <bytes>e: at[k[i].dtype] = i
        BY_KERNEL[name] = at
    i = (<list>BY_KERNEL[name])[dt]
    return &k[i] if i >= 0 else NULL

def multi_step(str name, list params, list grads, list states, tuple scalars):
    """Run an in-place kernel for every parameter: in = (grad,), out = (param, *state), f = scalars.

    Args:
        name: The kernel, such as "adam_step".
        params, grads: Tensors of equal shapes and dtype, pair by pair.
        states: For each parameter a tuple of tensors of its shape (or one element), None where unused.
        scalars: The kernel's float attributes.

    Raises:
        ValueError: a gradient or state does not fit its parameter.
    """
    cdef Py_ssize_t i
    cdef int k, code
    cdef double f[16]
    cdef wb_call c
    cdef Tensor p, g, s
    cdef const wb_kernel* kern
    cdef tuple state
    if len(grads) != len(params) or len(states) != len(params): raise ValueError(f"{name}: expected as many gradients and states as parameters, got {len(params)}, {len(grads)}, {len(states)}")
    if len(scalars) > 16: raise ValueError(f"{name}: expected at most 16 scalars, got {len(scalars)}")
    for k in range(len(scalars)): f[k] = scalars[k]
    c.f = f; c.i = NULL; c.n_in = 1
    for i in range(len(params)):
        if params[i] is None or grads[i] is None or states[i] is None: raise ValueError(f"{name}: expected a gradient and a state for every parameter, got None")
        p = params[i]; g = grads[i]; state = states[i]
        if not same_shape(&p.a, &g.a) or p.a.dtype != g.a.dtype: raise ValueError(f"{name}: expected a gradient of shape {shape_tuple(p)} and dtype {p.dtype.name}, got {shape_tuple(g)} and {g.dtype.name}")
        if not p.a.layout & WB_DENSE: raise ValueError(f"{name}: expected a parameter whose memory is dense, got strides {strides_tuple(p)}; use contiguous()")
        kern = find_kernel(name, p.a.dtype)
        if kern == NULL: raise TypeError(f"{name}: expected a parameter of a dtype with a kernel, got {p.dtype.name}")
        if not same_dense(&g.a, &p.a):
            s = empty_like(p)
            copy_into(s, g)
            g = s
        c.in_[0] = &g.a
        c.out[0] = &p.a
        c.n_out = 1 + len(state)
        for k in range(len(state)):
            if state[k] is None:
                c.out[1 + k] = NULL
                continue
            s = state[k]
            if s.a.n != p.a.n or s.a.dtype != p.a.dtype or not same_dense(&s.a, &p.a): raise ValueError(f"{name}: expected state of shape {shape_tuple(p)} and dtype {p.dtype.name} in the parameter's memory order, got {shape_tuple(s)} and {s.dtype.name}")
            c.out[1 + k] = &s.a
        if p.a.n < 4096: code = (<wb_call_fn>kern.fn)(&c)
        else:
            with nogil: code = (<wb_call_fn>kern.fn)(&c)
        if code != WB_OK: raise RuntimeError(f"{name}: the kernel failed with code {code}")
        p.st.version += 1

def run_kernel(str name, inputs, outputs, ints=(), floats=()):
    """Run a registered kernel on tensors as they are: for kernels that no op wraps. Outputs are written in place.

    Raises:
        KeyError: no such kernel for the dtype of the first tensor.
    """
    cdef wb_call c
    cdef long li[32]
    cdef double fl[32]
    cdef int k = 0, code
    cdef Tensor t
    flatten_ints(ints, li, 0)
    for x in floats: fl[k] = x; k += 1
    tensors = [x for x in (*inputs, *outputs) if x is not None]
    cdef const wb_kernel* kern = find_kernel(name, (<Tensor>tensors[0]).a.dtype)
    if kern == NULL: raise KeyError(f"{name}: expected a registered kernel for {(<Tensor>tensors[0]).dtype.name}, got none")
    c.i = li; c.f = fl; c.n_in = len(inputs); c.n_out = len(outputs)
    for k in range(c.n_in): c.in_[k] = &(<Tensor>inputs[k]).a if inputs[k] is not None else NULL
    for k in range(c.n_out): c.out[k] = &(<Tensor>outputs[k]).a if outputs[k] is not None else NULL
    with nogil: code = (<wb_call_fn>kern.fn)(&c)
    if code == WB_NO_MEMORY: raise no_memory(0)
    if code != WB_OK: raise RuntimeError(f"{name}: the kernel failed with code {code}")
    for x in outputs:
        if x is not None: (<Tensor>x).st.version += 1
