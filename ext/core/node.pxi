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
        return f"{(<Op>self.op).name}_backward" if self.op != NULL else getattr(<object>self.pyfn, "name", type(<object>self.pyfn).__name__) if self.pyfn != NULL else "freed"
    @property
    def next_functions(self):
        """(node or leaf, output number) for each input; (None, 0) where no gradient is needed."""
        return tuple([(<object>self.edges[i].to, self.edges[i].nr) if self.edges[i].to != NULL else (None, 0) for i in range(self.ne)])
    def register_hook(self, hook):
        raise NotImplementedError("register_hook: expected a tensor, got a node; register the hook on the tensor itself")
    def __repr__(self): return f"<{self.name()}>"

cdef PyTypeObject* NT = <PyTypeObject*>Node
cdef enum: KEEP_NODES = 1024
cdef PyObject* free_nodes[KEEP_NODES]
cdef int n_free_nodes = 0
cdef bint ANOMALY = False
cdef object SAVING = None           # (pack, unpack) of the innermost saved_tensors_hooks

@cython.internal
cdef class Packed:
    "stands for a saved tensor that a hook took"
    cdef object held, unpack
cdef Packed pack_tensor(Tensor t):
    cdef Packed p = Packed.__new__(Packed)
    cdef int old = wb_grad_mode()
    p.unpack = SAVING[1]
    wb_set_grad_mode(0)
    try: p.held = SAVING[0](t)
    finally: wb_set_grad_mode(old)
    return p
cdef object unpacked(x):
    if type(x) is not Packed: return x
    cdef int old = wb_grad_mode()
    wb_set_grad_mode(0)
    try: r = (<Packed>x).unpack((<Packed>x).held)
    finally: wb_set_grad_mode(old)
    if not isinstance(r, Tensor): raise TypeError(f"saved_tensors_hooks: expected unpack to return a Tensor, got {type(r).__name__}")
    return r

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
