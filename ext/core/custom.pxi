# Recording an operation whose derivative is a Python object: autograd.Function.

def record_function(ctx, list inputs, list outputs, list dirty, set constant):
    """Attach a node that calls `ctx(grads, need)` to the floating outputs; returns the outputs, aliased where they are inputs or views."""
    cdef Node nd = new_node(len(inputs), len(outputs))
    cdef int i
    cdef Tensor t
    cdef list result = []
    Py_INCREF(ctx)
    nd.pyfn = <PyObject*>ctx
    if ANOMALY: remember_where(nd)
    for i in range(len(inputs)):
        t = inputs[i]
        if wants(t): set_edge(nd, i, t)
    for i in range(len(outputs)):
        x = outputs[i]
        if not isinstance(x, Tensor):
            result.append(x)
            continue
        t = x
        if id(x) in dirty:
            if t.rg and t.fn == NULL: raise RuntimeError("Function: expected inputs written in place not to be leaves that require grad; clone them first")
            t.st.version += 1
            if t.base != NULL:
                if unrecorded(t): refuse_unrecorded("Function")
                if len(outputs) > 1 or not inputs or inputs[0] is not t: raise RuntimeError("Function: expected a view written in place to be the first argument and the only output, got another; clone it first")
                copy_slices(<Tensor>t.base, t, nd)
            else: rebase(t, nd); t.onr = i
            result.append(t)
            continue
        if t.a.dtype < WB_F16 or id(x) in constant:
            result.append(t)
            continue
        of = <object>t.base if t.base != NULL else None     # of a view, or of an input that is returned: what it is a view of
        for y in inputs:
            if y is x and of is None: of = x
        if of is not None or t.fn != NULL: t = alias(t)
        if of is not None:
            Py_INCREF(of)
            t.base = <PyObject*>of
            t.attr_version = UNRECORDED - t.st.version      # nobody knows how it was made: it is not to be written with a history
        Py_INCREF(nd)
        t.fn = <PyObject*>nd; t.onr = i; t.rg = True
        result.append(t)
    return result
