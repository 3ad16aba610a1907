# Native shortcuts for the backward of the commonest ops, taken without create_graph. Each equals its definition's derivative (the tests run
# both) and answers 0 to hand over to it.

cdef inline void give(PyObject** out, int k, Tensor t): Py_INCREF(t); out[k] = <PyObject*>t

cdef inline Tensor map_two(const wb_kernel* kern, Tensor a, Tensor b, const double* attr):
    "a binary kernel over two dense tensors of one geometry"
    cdef Tensor r = empty_like(a)
    cdef char* p[3]
    cdef long st[3]
    cdef long item[3]
    p[0] = a.a.data; p[1] = b.a.data; p[2] = r.a.data
    st[0] = 1; st[1] = 1; st[2] = 1
    item[0] = wb_itemsize[a.a.dtype]; item[1] = item[0]; item[2] = item[0]
    call_map(kern, 3, p, item, st, a.a.n, attr)
    return r

cdef int back_add(Node nd, Tensor g, PyObject** out) except -1:
    if nd.have >> 2 & 1 and nd.saved[2] != (<Op>nd.op).dflt[2]: return 0
    if nd.need & 1: give(out, 0, g)
    if nd.need & 2: give(out, 1, g)
    return 1

cdef int back_sub(Node nd, Tensor g, PyObject** out) except -1:
    cdef Tensor r
    cdef char* p[2]
    cdef long st[2]
    cdef long item[2]
    cdef const wb_kernel* kern = o_neg.kern[g.a.dtype]
    if nd.have >> 2 & 1 and nd.saved[2] != (<Op>nd.op).dflt[2]: return 0
    if nd.need & 2:
        if kern == NULL or not g.a.layout & WB_DENSE: return 0
        r = empty_like(g)
        p[0] = g.a.data; p[1] = r.a.data; st[0] = 1; st[1] = 1; item[0] = wb_itemsize[g.a.dtype]; item[1] = item[0]
        call_map(kern, 2, p, item, st, g.a.n, o_neg.dattr)
        give(out, 1, r)
    if nd.need & 1: give(out, 0, g)
    return 1

cdef int back_mul(Node nd, Tensor g, PyObject** out) except -1:
    cdef int k
    cdef Tensor o, r
    cdef double value
    cdef float value32
    cdef char* p[3]
    cdef long st[3]
    cdef long item[3]
    cdef const wb_kernel* kern = (<Op>nd.op).kern[g.a.dtype]
    if kern == NULL or nd.unb or not g.a.layout & WB_DENSE: return 0
    for k in range(2):
        if not nd.need >> k & 1: continue
        if is_tensor(nd.saved[1 - k]):
            o = saved_tensor(nd, 1 - k)
            if o.a.dtype != g.a.dtype or not same_dense(&g.a, &o.a): return 0
        elif not PyFloat_Check(<object>nd.saved[1 - k]) or g.a.dtype < WB_F32: return 0
    for k in range(2):
        if not nd.need >> k & 1: continue
        if is_tensor(nd.saved[1 - k]): r = map_two(kern, g, <Tensor>nd.saved[1 - k], NULL)
        else:
            value = PyFloat_AS_DOUBLE(<object>nd.saved[1 - k])
            value32 = <float>value
            r = empty_like(g)
            p[0] = g.a.data; p[1] = <char*>&value32 if g.a.dtype == WB_F32 else <char*>&value; p[2] = r.a.data
            st[0] = 1; st[1] = 0; st[2] = 1
            item[0] = wb_itemsize[g.a.dtype]; item[1] = item[0]; item[2] = item[0]
            call_map(kern, 3, p, item, st, g.a.n, NULL)
        give(out, k, r)
    return 1

cdef int back_by_result(Node nd, Tensor g, PyObject** out) except -1:
    "relu, sigmoid, tanh: grad_input = kernel(grad, result)"
    cdef Op back = (<Op>nd.op).back_op
    cdef Tensor y
    if back is None or nd.result == NULL: return 0
    y = <Tensor>nd.result
    if y.st.version != nd.rver: changed(nd, "result", nd.rver, y.st.version)
    if back.kern[g.a.dtype] == NULL or g.a.dtype != y.a.dtype or not same_dense(&g.a, &y.a): return 0
    give(out, 0, map_two(back.kern[g.a.dtype], g, y, back.dattr))
    return 1

cdef int back_neg(Node nd, Tensor g, PyObject** out) except -1:
    give(out, 0, unop(o_neg, <PyObject*>g))
    return 1

cdef int back_exp(Node nd, Tensor g, PyObject** out) except -1:
    cdef Tensor y = <Tensor>nd.result
    if y.st.version != nd.rver: changed(nd, "result", nd.rver, y.st.version)
    if g.a.dtype != y.a.dtype or o_mul.kern[g.a.dtype] == NULL or not same_dense(&g.a, &y.a): return 0
    give(out, 0, map_two(o_mul.kern[g.a.dtype], g, y, NULL))
    return 1

cdef native_back_t shortcut_named(str name):
    if name == "add": return back_add
    if name == "sub": return back_sub
    if name == "mul": return back_mul
    if name == "neg": return back_neg
    if name == "linear": return back_linear
    if name == "exp": return back_exp
    if name == "relu" or name == "sigmoid" or name == "tanh": return back_by_result
    return NULL
