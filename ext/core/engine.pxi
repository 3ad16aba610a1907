# Backward: count what each node waits for, then run nodes as they become ready. No recursion; marks on nodes belong to one run.

ctypedef struct Stack:
    PyObject** p
    long n, cap
cdef inline int push(Stack* s, PyObject* o) except -1:
    cdef PyObject** p
    if s.n == s.cap:
        p = <PyObject**>realloc(s.p, (2 * s.cap if s.cap else 256) * sizeof(PyObject*))
        if p == NULL: raise MemoryError()
        s.p = p
        s.cap = 2 * s.cap if s.cap else 256
    s.p[s.n] = o
    s.n += 1
    return 0

cdef inline PyObject** grad_slot(Node nd, int nr) except NULL:
    if nr == 0: return &nd.g
    if nd.gs == NULL:
        nd.gs = <PyObject**>malloc((nd.nout - 1) * sizeof(PyObject*))
        if nd.gs == NULL: raise MemoryError()
        memset(nd.gs, 0, (nd.nout - 1) * sizeof(PyObject*))
    return &nd.gs[nr - 1]

cdef long RUN = 0                                           # the latest run; marks of older runs mean nothing
cdef long OUTER = 0                                         # the oldest run that is still going on: marks from it on are alive

cdef object SLICEWISE = None
def set_slicewise(f):
    """The function `f(derivative, grads, need)` that calls a derivative written in Python, whose gradients may be batched."""
    global SLICEWISE
    SLICEWISE = f

cdef long CURRENT = 0                                       # the innermost run that is going on
cdef bint CAPTURING = False
cdef list CALLBACKS = []                                    # called at the end of this run

def queue_callback(f):
    """Let `f()` be called when the backward that is going on has run all its nodes."""
    if not CURRENT: raise RuntimeError("queue_callback: expected to be called during a backward, got no backward going on")
    CALLBACKS.append(f)

def current_run():
    """The number of the backward that is going on; 0 if none is."""
    return CURRENT

def is_capturing():
    """Whether the backward that is going on gives gradients back instead of accumulating them."""
    return CAPTURING

cdef Node visit(PyObject* e, Stack* seen, list suspended):
    "mark a node as part of this run; marks of a run that is still going on around us are put aside"
    cdef Node nd = <Node>e
    if nd.run == RUN: return nd
    if OUTER and nd.run >= OUTER:
        suspended.append((nd, nd.run, nd.deps, <object>nd.g if nd.g != NULL else None, [<object>nd.gs[i] if nd.gs[i] != NULL else None for i in range(nd.nout - 1)] if nd.gs != NULL else None))
        node_drop_grads(nd)
    nd.run = RUN
    nd.deps = 0
    Py_INCREF(nd)
    push(seen, e)
    return nd

cdef object resume(list suspended):
    cdef Node nd
    cdef int i
    cdef PyObject** slot
    for node, run, deps, g, gs in suspended:
        nd = node
        node_drop_grads(nd)
        nd.run = run; nd.deps = deps
        if g is not None: Py_INCREF(g); nd.g = <PyObject*>g
        if gs is not None:
            for i in range(len(gs)):
                slot = grad_slot(nd, i + 1)
                if gs[i] is not None: Py_INCREF(gs[i]); slot[0] = <PyObject*>gs[i]

cdef list run_backward(list roots, list grads, bint retain, bint create_graph, list inputs, bint stop_at_inputs):
    """Gradients of `roots`, given theirs, into the leaves' .grad; or, with `inputs`, returned for these and into no leaf.

    `stop_at_inputs`: nothing behind an input is walked."""
    global RUN, OUTER, CALLBACKS, CURRENT, CAPTURING
    cdef Stack seen, ready
    cdef list callbacks = CALLBACKS
    cdef long current = CURRENT
    cdef bint capturing = CAPTURING
    cdef Tensor t, g
    cdef Node nd, nx
    cdef PyObject* e
    cdef long i, mine, outer = OUTER
    cdef int k, old = wb_grad_mode()
    cdef dict capture = None
    cdef set boundary = set()
    cdef list suspended = [], keys = []
    seen.p = NULL; seen.n = 0; seen.cap = 0
    ready.p = NULL; ready.n = 0; ready.cap = 0
    CALLBACKS = []
    RUN += 1
    mine = RUN
    CURRENT = mine; CAPTURING = inputs is not None
    if not OUTER: OUTER = mine
    if inputs is not None:
        capture = {}
        for x in inputs:
            t = x
            if not wants(t): raise RuntimeError("grad: expected inputs that require grad, got one that does not")
            e = edge(t)
            key = (<Py_ssize_t>e, t.onr if t.fn != NULL else -1)
            keys.append(key)
            capture[key] = None
            if stop_at_inputs and t.fn != NULL: boundary.add(<Py_ssize_t>e)
    wb_set_grad_mode(create_graph)
    try:
        for r, gr in zip(roots, grads):
            t = r
            g = gr
            e = edge(t)
            if Py_TYPE(e) != NT:
                accumulate(t, g, False, create_graph, capture)
                continue
            nd = visit(e, &seen, suspended)
            gather(grad_slot(nd, t.onr), g, create_graph)
        i = 0
        while i < seen.n:                                   # count
            nd = <Node>seen.p[i]
            i += 1
            if boundary and <Py_ssize_t><PyObject*>nd in boundary: continue
            for k in range(nd.ne):
                e = nd.edges[k].to
                if e != NULL and Py_TYPE(e) == NT:
                    nx = visit(e, &seen, suspended)
                    nx.deps += 1
        needed = None if capture is None else which_lead_to(&seen, capture, boundary)
        for i in range(seen.n):
            if (<Node>seen.p[i]).deps == 0: push(&ready, seen.p[i])
        while ready.n:                                      # run
            ready.n -= 1
            nd = <Node>ready.p[ready.n]
            step(nd, retain, create_graph, capture, boundary, needed, &ready)
        for f in CALLBACKS: f()
    finally:
        CALLBACKS = callbacks; CURRENT = current; CAPTURING = capturing
        for i in range(seen.n):
            nd = <Node>seen.p[i]
            if nd.run == mine:
                node_drop_grads(nd)
                nd.run = 0
        resume(suspended)
        wb_set_grad_mode(old)
        OUTER = outer
        for i in range(seen.n): wb_drop(seen.p[i])
        free(seen.p)
        free(ready.p)
    return [capture[key] for key in keys] if capture is not None else None

cdef set which_lead_to(Stack* seen, dict capture, set boundary):
    "the nodes from which a captured tensor can be reached"
    cdef Stack order
    cdef set needed = set()
    cdef dict left = {}
    cdef Node nd
    cdef PyObject* e
    cdef long i
    cdef int k
    leaves = set([key[0] for key in capture])
    order.p = NULL; order.n = 0; order.cap = 0
    try:
        for i in range(seen.n):
            left[<Py_ssize_t>seen.p[i]] = (<Node>seen.p[i]).deps
            if (<Node>seen.p[i]).deps == 0: push(&order, seen.p[i])
        i = 0
        while i < order.n:                                  # topological order, consumers first
            nd = <Node>order.p[i]
            i += 1
            if <Py_ssize_t><PyObject*>nd in boundary: continue
            for k in range(nd.ne):
                e = nd.edges[k].to
                if e != NULL and Py_TYPE(e) == NT:
                    left[<Py_ssize_t>e] -= 1
                    if left[<Py_ssize_t>e] == 0: push(&order, e)
        for i in range(order.n - 1, -1, -1):
            nd = <Node>order.p[i]
            if <Py_ssize_t><PyObject*>nd in leaves: needed.add(<Py_ssize_t><PyObject*>nd)
            if <Py_ssize_t><PyObject*>nd in boundary: continue
            for k in range(nd.ne):
                e = nd.edges[k].to
                if e != NULL and (<Py_ssize_t>e in needed or <Py_ssize_t>e in leaves): needed.add(<Py_ssize_t><PyObject*>nd)
    finally: free(order.p)
    return needed

cdef int step(Node nd, bint retain, bint create_graph, dict capture, set boundary, set needed, Stack* ready) except -1:
    "one node: hooks, derivative, hand the gradients on"
    cdef PyObject* out[INLINE_EDGES]
    cdef PyObject* e
    cdef PyObject* keep = NULL
    cdef Tensor t, g
    cdef Node nx
    cdef int k, i, ok = 0
    cdef unsigned all_needed = nd.need
    cdef bint any_g = nd.g != NULL or nd.gs != NULL, inside = True
    cdef Hooks h
    cdef list gs, res = None, seeds = None
    cdef bint hooked = False
    if any_g and nd.hooks != NULL:
        for nr, found in (<dict>nd.hooks).items():
            if type(nr) is str:
                hooked = hooked or nr != "metadata" and found
                continue
            h = found
            if grad_slot(nd, nr)[0] != NULL:
                r = call_hooks(h.before, <object>grad_slot(nd, nr)[0])
                Py_INCREF(r)
                wb_drop(grad_slot(nd, nr)[0])
                grad_slot(nd, nr)[0] = <PyObject*>r
                if h.keep is not None and h.keep() is not None: keep_grad(h.keep(), r, create_graph)
    if capture is not None:
        for k in range(nd.nout):
            key = (<Py_ssize_t><PyObject*>nd, k)
            if any_g and key in capture and grad_slot(nd, k)[0] != NULL: capture[key] = <object>grad_slot(nd, k)[0]
        if <Py_ssize_t><PyObject*>nd in boundary:
            node_drop_grads(nd)
            return 0
        inside = <Py_ssize_t><PyObject*>nd in needed
        if inside:
            for k in range(min(nd.ne, 32)):
                e = nd.edges[k].to
                if e != NULL and not (<Py_ssize_t>e in needed or (<Py_ssize_t>e, -1) in capture): nd.need &= ~(<unsigned>1 << k)
    for k in range(INLINE_EDGES): out[k] = NULL
    try:
        if any_g and inside:
            if nd.freed: raise_freed(nd)
            if nd.nout == 1 and not create_graph and nd.op != NULL and nd.ne <= INLINE_EDGES and not nd.packed and not INTERCEPTED and not hooked and not ANOMALY:
                if (<Op>nd.op).nback != NULL and (<Tensor>nd.g).a.dtype < WB_C64:
                    g = <Tensor>nd.g
                    ok = (<Op>nd.op).nback(nd, g, out)
                    g = None
                elif (<Op>nd.op).part and capture is None: ok = place_part(nd)
            if not ok:
                for k in range(INLINE_EDGES):
                    if out[k] != NULL: wb_drop(out[k]); out[k] = NULL
                gs = [<object>nd.g if nd.g != NULL else None]
                for k in range(nd.nout - 1): gs.append(<object>nd.gs[k] if nd.gs != NULL and nd.gs[k] != NULL else None)
                node_drop_grads(nd)
                if hooked:
                    gs = call_prehooks(rare(nd, "pre"), gs)
                    seeds = list(gs)
                if nd.pyfn != NULL and INTERCEPTED and SLICEWISE is not None: res = SLICEWISE(<object>nd.pyfn, gs, tuple([nd.edges[k].to != NULL for k in range(nd.ne)]))
                else: res = derive(nd, gs, create_graph)
                gs = None
                if len(res) != nd.ne: raise RuntimeError(f"backward: expected {nd.ne} gradients from {nd.name()}, got {len(res)}")
                fix_edges(nd, res)
                if ANOMALY > 1: check_anomaly(nd, res)
                if hooked: res = call_posthooks(rare(nd, "post"), res, seeds)
            else:
                for k in range(nd.ne):
                    if out[k] == NULL or nd.edges[k].to == NULL: continue
                    t = <Tensor>out[k]
                    if nd.unb >> k & 1 or t.a.dtype != nd.edges[k].dt:
                        if nd.unb >> k & 1: t = unbroadcast(t, tuple(<object>nd.shapes[k]))
                        if t.a.dtype != nd.edges[k].dt: t = cast_to(t, nd.edges[k].dt)
                        Py_INCREF(t)
                        wb_drop(out[k])
                        out[k] = <PyObject*>t
                    t = None
            if not retain and nd.pyfn == NULL:
                if holds_tensors(nd):
                    node_release(nd)
                    nd.freed = True
            elif not retain and nd.pyfn != NULL: release_function(nd)
        node_drop_grads(nd)
        for k in range(nd.ne):
            e = nd.edges[k].to
            if e == NULL: continue
            t = None
            if ok:
                if out[k] != NULL:
                    t = <Tensor>out[k]
                    Py_DECREF(t)                            # the reference that was in out[] is now t's alone
                    out[k] = NULL
            elif res is not None and res[k] is not None:
                t = <Tensor>res[k]
                res[k] = None
            if t is not None and capture is not None and not (<Py_ssize_t>e in needed or (<Py_ssize_t>e, -1) in capture): t = None
            if Py_TYPE(e) == NT:
                nx = <Node>e
                if t is not None: gather(grad_slot(nx, nd.edges[k].nr), t, create_graph)
                nx.deps -= 1
                if nx.deps == 0: push(ready, e)
            elif t is not None: accumulate(<Tensor>e, t, Py_REFCNT(<PyObject*>t) == 1, create_graph, capture)
    finally:
        nd.need = all_needed
        for k in range(INLINE_EDGES):
            if out[k] != NULL: wb_drop(out[k])
    return 0

cdef inline bint holds_tensors(Node nd) noexcept:
    cdef unsigned m = nd.have
    cdef int i
    if nd.result != NULL or nd.extras != NULL or nd.packed: return True
    while m:
        i = __builtin_ctz(m); m &= m - 1
        if is_tensor(nd.saved[i]): return True
    return False

cdef int keep_grad(Tensor t, g, bint create_graph) except -1:
    if t.grad_ != NULL: set_grad(t, apply2(o_add, <object>t.grad_, g))
    else: set_grad(t, g if create_graph else cloned(<Tensor>g))
    return 0

cdef int release_function(Node nd) except -1:
    f = <object>nd.pyfn
    if isinstance(f, CopySlices): node_release((<CopySlices>f).inner); (<CopySlices>f).inner.freed = True; nd.freed = True
    elif hasattr(f, "release"): f.release(); nd.freed = True
    return 0

cdef int check_anomaly(Node nd, list res) except -1:
    for k, r in enumerate(res):
        while hasattr(r, "full"): r = r.full                # a batched one
        if r is not None and not need_numpy().isfinite(as_numpy(plain_float(<Tensor>r))).all():
            w = f"; it was recorded at {<object>nd.where}" if nd.where != NULL else ""
            raise RuntimeError(f"backward: expected finite gradients, got nan or inf from {nd.name()} in its output {k}{w}")
    return 0

cdef Tensor ones_for(Tensor t):
    if t.a.n != 1: raise RuntimeError(f"backward: expected a gradient for a tensor of several elements (shape {shape_tuple(t)}), got none; pass one or reduce to a scalar, as in loss.mean()")
    if t.a.dtype >= WB_C64: raise RuntimeError(f"backward: expected a gradient for a complex tensor, got none; pass one, or differentiate its real part or its absolute value")
    cdef Tensor r = empty_like(t)
    fill_with(r, 1)
    return r

cdef tuple checked_roots(tensors, grads, str who):
    cdef list gs = []
    for x, g in zip(tensors, grads):
        if not isinstance(x, Tensor): raise TypeError(f"{who}: expected Tensors, got {type(x).__name__}")
        if not wants(<Tensor>x): raise RuntimeError(f"{who}: expected a tensor that requires grad and has a history, got one without")
        if g is None: g = ones_for(<Tensor>x)
        elif not isinstance(g, Tensor): raise TypeError(f"{who}: expected gradients to be Tensors, got {type(g).__name__}")
        elif not same_shape(&(<Tensor>g).a, &(<Tensor>x).a): raise RuntimeError(f"{who}: expected a gradient of shape {shape_tuple(<Tensor>x)}, got {shape_tuple(<Tensor>g)}")
        elif (<Tensor>g).a.dtype != (<Tensor>x).a.dtype: g = apply2(o_cast, g, DTYPES[(<Tensor>x).a.dtype])
        gs.append(g)
    return list(tensors), gs

def backward(tensors, grads, retain_graph, create_graph, inputs=None):
    """Accumulate the gradients of `tensors` into leaves: what Tensor.backward and autograd.backward call."""
    roots, gs = checked_roots(tensors, grads, "backward")
    if inputs is None:
        run_backward(roots, gs, retain_graph, create_graph, None, False)
        return
    cdef Tensor leaf
    ins = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    if not ins: raise RuntimeError("backward: expected inputs to hold tensors, got none")
    for t, g in zip(ins, run_backward(roots, gs, retain_graph, create_graph, ins, False)):
        if g is None: continue
        keep_grad(t, g, create_graph)
        leaf = t
        if leaf.fn == NULL and leaf.hooks != NULL:
            for f in list((<Hooks>leaf.hooks).after.values()): f(leaf)

def leads_elsewhere(tensors, leaves):
    """Whether the history of `tensors` ends in a leaf that requires grad and is not among `leaves`."""
    cdef set seen = set([<Py_ssize_t><PyObject*>x for x in leaves])
    cdef list todo = []
    cdef Node nd
    cdef int k
    for x in tensors:
        if (<Tensor>x).rg: todo.append(<object>edge(<Tensor>x))
    while todo:
        x = todo.pop()
        if <Py_ssize_t><PyObject*>x in seen: continue
        seen.add(<Py_ssize_t><PyObject*>x)
        if isinstance(x, Tensor):
            if (<Tensor>x).rg: return True
            continue
        nd = x
        for k in range(nd.ne):
            if nd.edges[k].to != NULL: todo.append(<object>nd.edges[k].to)
    return False

def gradients(tensors, grads, inputs, retain_graph, create_graph):
    """The gradients of `tensors` with respect to `inputs`, None where there is no path: what autograd.grad calls."""
    roots, gs = checked_roots(tensors, grads, "grad")
    return run_backward(roots, gs, retain_graph, create_graph, list(inputs), False)
