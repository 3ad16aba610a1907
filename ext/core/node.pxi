# Node: one recorded operation. Edges lead to the nodes (or the leaf tensors themselves) that its inputs came from.
ctypedef struct Edge:
    PyObject* to                    # Node or leaf Tensor, owned; NULL: needs no gradient
    int nr                          # which output of that node
    int dt                          # dtype that the gradient must have

cdef class Node:
    # The order matters: new_node() zeroes from `op` up to `inline_edges`.
    cdef PyObject* op               # Op, borrowed: definitions live for ever
    cdef PyObject* pyfn             # instead of op, owned: called with the list of output gradients and a tuple of needs
    cdef Edge* edges
    cdef int ne, nout, deps
    cdef unsigned need              # edges (below 32) that need a gradient
    cdef unsigned unb               # inputs that were broadcast
    cdef unsigned have, have_shape  # which of saved[] and shapes[] are set
    cdef bint freed
    cdef bint packed                # what it saved passed through saved-tensor hooks
    cdef bint overwritten           # in place, without regard to what was there: a gradient of zeros
    cdef long run
    cdef PyObject* g                # gradient of output 0, being gathered in this run
    cdef PyObject** gs              # those of the others
    cdef PyObject* result           # detached alias of the output (a tuple of several), where the derivative names it
    cdef PyObject* extras           # tuple of hidden outputs
    cdef PyObject* meta             # of several outputs: tuple of (shape, dtype index)
    cdef PyObject* hooks            # dict: output number -> Hooks
    cdef PyObject* where            # where it was recorded, when anomalies are looked for
    cdef long rver
    cdef object collected           # never set: an object field is what makes Cython give the type a collector's header
    cdef object __weakref__
    cdef Edge inline_edges[INLINE_EDGES]
    cdef PyObject* shapes[INLINE_EDGES]
    cdef PyObject* saved[MAXP]
    cdef long ver[MAXP]

    def __init__(self): raise TypeError("Node: expected to be made by an operation")
    def name(self):
        """What it is the derivative of, as in "MulBackward0"."""
        if self.op != NULL: return "".join([w[:1].upper() + w[1:] for w in (<Op>self.op).name.split("_")]) + "Backward0"
        return getattr(<object>self.pyfn, "name", type(<object>self.pyfn).__name__) if self.pyfn != NULL else "freed"
    @property
    def next_functions(self):
        """(node, output number) for each input; (None, 0) where no gradient is needed. A leaf has an AccumulateGrad."""
        return tuple([(node_at(self.edges[i].to), self.edges[i].nr) if self.edges[i].to != NULL else (None, 0) for i in range(self.ne)])
    def register_hook(self, hook):
        """Call `hook(grad_inputs, grad_outputs)` after this node's derivative; a tuple that it returns replaces grad_inputs."""
        return hang(rare(self, "post"), hook)
    def register_prehook(self, hook):
        """Call `hook(grad_outputs)` before this node's derivative; a tuple that it returns replaces grad_outputs."""
        return hang(rare(self, "pre"), hook)
    @property
    def metadata(self): return rare(self, "metadata")
    def __getattr__(self, name):
        if self.pyfn != NULL and name != "__dict__": return getattr(<object>self.pyfn, name)   # of a Function: what forward left on ctx
        if name.startswith("_saved_"): return saved_by_name(self, name[7:])
        if name.startswith("_raw_saved_"): return raw_saved(self, name[11:])
        raise AttributeError(f"{self.name()}: expected an attribute of a node, got {name!r}")
    def __dir__(self): return [*object.__dir__(self), *saved_names(self)]
    def __call__(self, *grads):
        """The gradients of the inputs, given those of the outputs."""
        cdef list gs = list(grads), res
        if len(gs) != self.nout: raise TypeError(f"{self.name()}: expected {self.nout} gradients, got {len(gs)}")
        if self.freed: raise_freed(self)
        res = derive(self, gs, wb_grad_mode())
        fix_edges(self, res)
        return res[0] if len(res) == 1 else tuple(res)
    def __repr__(self): return f"<{self.name()}>"

cdef dict rare(Node nd, str what):
    "what few nodes have. A function: nodes are allocated by hand, without the table that cdef methods are looked up in"
    if nd.hooks == NULL:
        d = {}
        Py_INCREF(d); nd.hooks = <PyObject*>d
    return (<dict>nd.hooks).setdefault(what, {})

cdef PyTypeObject* NT = <PyTypeObject*>Node
cdef enum: KEEP_NODES = 1024
cdef PyObject* free_nodes[KEEP_NODES]
cdef int n_free_nodes = 0
cdef int ANOMALY = 0                # 1: remember where operations are recorded; 2: and check gradients
cdef object WHERE = None            # what says where
cdef object SAVING = None           # (pack, unpack) of the innermost saved_tensors_hooks

@cython.internal
cdef class Packed:
    "stands for a saved tensor that a hook took: hooks see values, the history stays here"
    cdef object held, unpack, past      # past: the node, or the leaf itself
    cdef int onr
cdef Packed pack_tensor(Tensor t): return packed_by(t, SAVING[0], SAVING[1])
cdef Packed packed_by(Tensor t, pack, unpack):
    cdef Packed p = Packed.__new__(Packed)
    cdef int old = wb_grad_mode()
    cdef long version = t.st.version
    if t.st.inference: refuse_inference()
    p.unpack = unpack
    if t.rg: p.past = <object>edge(t); p.onr = t.onr
    wb_set_grad_mode(0)
    try: p.held = pack(t)
    finally: wb_set_grad_mode(old)
    if t.st.version != version: raise RuntimeError("saved_tensors_hooks: expected a pack hook that leaves its input alone, got one that changed it in place")
    return p
cdef object unpacked(x):
    if type(x) is not Packed: return x
    cdef Packed p = <Packed>x
    cdef Tensor r, t
    cdef int old = wb_grad_mode()
    wb_set_grad_mode(0)
    try: v = p.unpack(p.held)
    finally: wb_set_grad_mode(old)
    if not isinstance(v, Tensor): raise TypeError(f"saved_tensors_hooks: expected unpack to return a Tensor, got {type(v).__name__}")
    r = v
    if p.past is None: return alias(r) if r.rg else r
    if p.past is v: return r
    if isinstance(p.past, Tensor):                              # of a leaf: other values, but its gradient
        wb_set_grad_mode(1)
        try: t = apply1(o_identity, p.past)
        finally: wb_set_grad_mode(old)
        return with_history(r, <Node>t.fn, 0)
    return with_history(r, <Node>p.past, p.onr)

cpdef Tensor with_history(Tensor values, Node node, int nr):
    """The values of a tensor as output number `nr` of a node."""
    cdef Tensor r = alias(values)
    Py_INCREF(node)
    r.fn = <PyObject*>node; r.onr = nr; r.rg = True
    return r

cdef object refuse_inference():
    raise RuntimeError("backward: expected tensors to save that were made outside inference mode, got one made in it; clone() it to use it in autograd")

cdef object raise_freed(Node nd):
    raise RuntimeError(f"backward: expected a graph that still holds what it saved, got {nd.name()} whose saved tensors are freed; pass retain_graph=True to the first backward to run it twice")

cdef class AccumulateGrad:
    """The node that stands for a leaf: it adds what arrives into the leaf's `.grad`."""
    cdef readonly Tensor variable
    cdef readonly dict metadata
    next_functions = ()
    def __init__(self): raise TypeError("AccumulateGrad: expected to be found as a node's next function")
    def name(self): return "torch::autograd::AccumulateGrad"
    def register_hook(self, hook):
        """Call `hook((), grad_outputs)` after the leaf's gradient was accumulated."""
        cdef Hooks h = hooks_of(self.variable)
        if h.post is None: h.post = {}
        return hang(h.post, hook)
    def register_prehook(self, hook):
        """Call `hook(grad_outputs)` before the leaf's gradient is accumulated; a tuple that it returns replaces it."""
        cdef Hooks h = hooks_of(self.variable)
        if h.pre is None: h.pre = {}
        return hang(h.pre, hook)
    def __repr__(self): return "<AccumulateGrad>"

cdef object node_at(PyObject* e):
    "the node at the end of an edge"
    cdef Hooks h
    cdef AccumulateGrad n
    if Py_TYPE(e) == NT: return <object>e
    h = hooks_of(<Tensor>e)
    if h.node is None:
        n = AccumulateGrad.__new__(AccumulateGrad)
        n.variable = <Tensor>e
        n.metadata = {}
        h.node = n
    return h.node

def gradient_node(Tensor t):
    """The node that a gradient of `t` arrives at, and which of its outputs `t` is."""
    if not t.rg: raise RuntimeError("get_gradient_edge: expected a tensor that requires grad, got one that does not")
    e = node_at(edge(t))
    return e, t.onr if t.fn != NULL else 0

cdef inline Node new_node(int ne, int nout):
    global n_free_nodes
    cdef PyObject* o
    cdef Node nd
    cdef int i
    if n_free_nodes > 0:
        n_free_nodes -= 1
        o = free_nodes[n_free_nodes]
        PyObject_Init(o, NT)
        memset(&(<Node>o).op, 0, <char*>&(<Node>o).inline_edges - <char*>&(<Node>o).op)
        nd = <Node>o
        Py_DECREF(nd)
        PyObject_GC_Track(o)
    else: nd = <Node>(<allocfunc>TT_alloc)(NT, 0)
    nd.ne = 0; nd.nout = nout
    nd.edges = nd.inline_edges
    if ne > INLINE_EDGES:
        nd.edges = <Edge*>malloc(ne * sizeof(Edge))
        if nd.edges == NULL: nd.edges = nd.inline_edges; raise MemoryError()
    for i in range(ne): nd.edges[i].to = NULL; nd.edges[i].nr = 0; nd.edges[i].dt = WB_F32
    nd.ne = ne
    return nd

cdef inline void node_release(Node nd) noexcept:
    "drop what backward needed; edges stay, so that the graph can still be walked"
    cdef int i
    cdef unsigned m = nd.have
    nd.have = 0
    while m:
        i = __builtin_ctz(m); m &= m - 1
        wb_drop(nd.saved[i])
    m = nd.have_shape
    nd.have_shape = 0
    while m:
        i = __builtin_ctz(m); m &= m - 1
        Py_XDECREF(nd.shapes[i])
    if nd.result != NULL: wb_drop(nd.result); nd.result = NULL
    if nd.extras != NULL: wb_drop(nd.extras); nd.extras = NULL

cdef void node_drop_edges(Node nd) noexcept:
    cdef int i, n = nd.ne
    nd.ne = 0
    for i in range(n):
        if nd.edges[i].to != NULL: wb_drop(nd.edges[i].to); nd.edges[i].to = NULL

cdef void node_drop_grads(Node nd) noexcept:
    cdef int i
    wb_drop(nd.g); nd.g = NULL
    if nd.gs != NULL:
        for i in range(nd.nout - 1): wb_drop(nd.gs[i])
        free(nd.gs); nd.gs = NULL

cdef void node_dealloc(PyObject* o) noexcept:
    global n_free_nodes
    PyObject_GC_UnTrack(o)
    if weak_list(o) != NULL: PyObject_ClearWeakRefs(o)
    node_empty(o)
    if n_free_nodes < KEEP_NODES:
        free_nodes[n_free_nodes] = o
        n_free_nodes += 1
    else: wb_free_object(o)


cdef void node_empty(PyObject* o) noexcept:
    cdef int i, n
    cdef unsigned m
    m = (<Node>o).have; (<Node>o).have = 0
    while m:
        i = __builtin_ctz(m); m &= m - 1
        wb_drop((<Node>o).saved[i])
    m = (<Node>o).have_shape; (<Node>o).have_shape = 0
    while m:
        i = __builtin_ctz(m); m &= m - 1
        Py_XDECREF((<Node>o).shapes[i])
    n = (<Node>o).ne; (<Node>o).ne = 0
    for i in range(n): wb_drop((<Node>o).edges[i].to)
    if (<Node>o).edges != NULL and (<Node>o).edges != (<Node>o).inline_edges: free((<Node>o).edges)
    (<Node>o).edges = (<Node>o).inline_edges
    wb_drop((<Node>o).result); (<Node>o).result = NULL
    wb_drop((<Node>o).extras); (<Node>o).extras = NULL
    wb_drop((<Node>o).pyfn); (<Node>o).pyfn = NULL
    wb_drop((<Node>o).g); (<Node>o).g = NULL
    if (<Node>o).gs != NULL:
        for i in range((<Node>o).nout - 1): wb_drop((<Node>o).gs[i])
        free((<Node>o).gs); (<Node>o).gs = NULL
    Py_XDECREF((<Node>o).meta); (<Node>o).meta = NULL
    Py_XDECREF((<Node>o).hooks); (<Node>o).hooks = NULL
    Py_XDECREF((<Node>o).where); (<Node>o).where = NULL

cdef int node_clear(PyObject* o) noexcept:
    node_empty(o)
    return 0

cdef int node_traverse(PyObject* o, visitproc visit, void* arg) noexcept:
    cdef int i, r
    cdef unsigned m = (<Node>o).have
    while m:
        i = __builtin_ctz(m); m &= m - 1
        r = visit((<Node>o).saved[i], arg)
        if r: return r
    for i in range((<Node>o).ne):
        if (<Node>o).edges[i].to != NULL:
            r = visit((<Node>o).edges[i].to, arg)
            if r: return r
    if (<Node>o).result != NULL:
        r = visit((<Node>o).result, arg)
        if r: return r
    if (<Node>o).extras != NULL:
        r = visit((<Node>o).extras, arg)
        if r: return r
    if (<Node>o).pyfn != NULL:
        r = visit((<Node>o).pyfn, arg)
        if r: return r
    if (<Node>o).g != NULL:
        r = visit((<Node>o).g, arg)
        if r: return r
    if (<Node>o).gs != NULL:
        for i in range((<Node>o).nout - 1):
            if (<Node>o).gs[i] != NULL:
                r = visit((<Node>o).gs[i], arg)
                if r: return r
    if (<Node>o).hooks != NULL: return visit((<Node>o).hooks, arg)
    return 0
