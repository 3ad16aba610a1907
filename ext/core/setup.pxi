# Definitions become ops; called by engine/ops/_define.py alone. At the end, the types are finished.
cdef dict RULES = {"promote": R_PROMOTE, "float": R_FLOAT, "bool": R_BOOL, "first": R_FIRST, "sum": R_SUM, "real": R_REAL, "whole": R_WHOLE}

cdef Op blank(str name):
    cdef Op op = Op.__new__(Op)
    cdef int i
    op.vc = <vectorcallfunc>op_vectorcall
    op.impl = impl_missing
    op.name = name
    attributes(op, NULL).update(__name__=name, __qualname__=name)
    op.seq = -1; op.star = -1; op.dim_at = -1; op.keepdim_at = -1; op.dtype_at = -1
    for i in range(MAXP): op.ord_[i] = -1
    return op

cdef Op NOTHING = blank("nothing")
cdef Op o_add, o_sub, o_mul, o_div, o_floor_divide, o_remainder, o_pow, o_matmul, o_and, o_or, o_xor, o_lshift, o_rshift, o_neg, o_abs, o_not
cdef Op o_add_, o_sub_, o_mul_, o_div_, o_floor_divide_, o_remainder_, o_pow_, o_and_, o_or_, o_xor_, o_copy_, o_index_put_
cdef Op o_eq, o_ne, o_lt, o_le, o_gt, o_ge, o_getitem, o_index, o_copy, o_clone, o_contiguous, o_cast, o_sum, o_reshape, o_restride, o_identity, o_conj, o_real, o_view, o_view_as_real, o_linear_input, o_linear_weight
o_add = o_sub = o_mul = o_div = o_floor_divide = o_remainder = o_pow = o_matmul = o_and = o_or = o_xor = o_lshift = o_rshift = o_neg = o_abs = o_not = NOTHING
o_add_ = o_sub_ = o_mul_ = o_div_ = o_floor_divide_ = o_remainder_ = o_pow_ = o_and_ = o_or_ = o_xor_ = o_copy_ = o_index_put_ = NOTHING
o_eq = o_ne = o_lt = o_le = o_gt = o_ge = o_getitem = o_index = o_copy = o_clone = o_contiguous = o_cast = o_sum = o_reshape = o_restride = o_identity = o_conj = o_real = o_view = o_view_as_real = o_linear_input = o_linear_weight = NOTHING

cdef int bind_global(str name, Op op) except -1:
    "the ops that the core itself calls"
    global o_add, o_sub, o_mul, o_div, o_floor_divide, o_remainder, o_pow, o_matmul, o_and, o_or, o_xor, o_lshift, o_rshift, o_neg, o_abs, o_not
    global o_add_, o_sub_, o_mul_, o_div_, o_floor_divide_, o_remainder_, o_pow_, o_and_, o_or_, o_xor_, o_copy_, o_index_put_
    global o_eq, o_ne, o_lt, o_le, o_gt, o_ge, o_getitem, o_index, o_copy, o_clone, o_contiguous, o_cast, o_sum, o_reshape, o_restride, o_identity, o_conj, o_real, o_view, o_view_as_real, o_linear_input, o_linear_weight
    if name == "add": o_add = op
    elif name == "sub": o_sub = op
    elif name == "mul": o_mul = op
    elif name == "div": o_div = op
    elif name == "floor_divide": o_floor_divide = op
    elif name == "remainder": o_remainder = op
    elif name == "pow": o_pow = op
    elif name == "matmul": o_matmul = op
    elif name == "bitwise_and": o_and = op
    elif name == "bitwise_or": o_or = op
    elif name == "bitwise_xor": o_xor = op
    elif name == "bitwise_left_shift": o_lshift = op
    elif name == "bitwise_right_shift": o_rshift = op
    elif name == "neg": o_neg = op
    elif name == "abs": o_abs = op
    elif name == "bitwise_not": o_not = op
    elif name == "add_": o_add_ = op
    elif name == "sub_": o_sub_ = op
    elif name == "mul_": o_mul_ = op
    elif name == "div_": o_div_ = op
    elif name == "floor_divide_": o_floor_divide_ = op
    elif name == "remainder_": o_remainder_ = op
    elif name == "pow_": o_pow_ = op
    elif name == "bitwise_and_": o_and_ = op
    elif name == "bitwise_or_": o_or_ = op
    elif name == "bitwise_xor_": o_xor_ = op
    elif name == "copy_": o_copy_ = op
    elif name == "index_put_": o_index_put_ = op
    elif name == "eq": o_eq = op
    elif name == "ne": o_ne = op
    elif name == "lt": o_lt = op
    elif name == "le": o_le = op
    elif name == "gt": o_gt = op
    elif name == "ge": o_ge = op
    elif name == "getitem": o_getitem = op
    elif name == "index": o_index = op
    elif name == "copy": o_copy = op
    elif name == "clone": o_clone = op
    elif name == "contiguous": o_contiguous = op
    elif name == "cast": o_cast = op
    elif name == "sum": o_sum = op
    elif name == "reshape": o_reshape = op
    elif name == "restride": o_restride = op
    elif name == "identity": o_identity = op
    elif name == "conj": o_conj = op
    elif name == "real_view": o_real = op
    elif name == "view": o_view = op
    elif name == "view_as_real": o_view_as_real = op
    elif name == "linear_input_backward": o_linear_input = op
    elif name == "linear_weight_backward": o_linear_weight = op
    return 0

cdef object impl_cast(Op op, PyObject** s):
    cdef Tensor a, r
    cdef int dt
    if not is_tensor(s[0]): raise not_a_tensor(op, 0, <object>s[0])
    a = <Tensor>s[0]
    dt = (<dtype>as_dtype(<object>s[1])).index
    if a.a.dtype == dt: return a
    r = cast_to(a, dt)
    if wants(a) and wb_grad_mode() and dt >= WB_F16: attach(op, r, s)
    return r

cdef Tensor in_order(Tensor a, memory_format):
    "a copy in row-major order, or channels-last"
    cdef Tensor r = make_empty(shape_tuple(a), DTYPES[a.a.dtype], None, memory_format)
    copy_into(r, a)
    return r

cdef object impl_clone(Op op, PyObject** s):
    cdef Tensor a, r
    if not is_tensor(s[0]): raise not_a_tensor(op, 0, <object>s[0])
    a = <Tensor>s[0]
    r = cloned(a) if s[1] == <PyObject*>None or str(<object>s[1]).endswith(("preserve_format", "3d")) else in_order(a, <object>s[1])
    if wants(a) and wb_grad_mode(): attach(op, r, s)
    return r

cdef object impl_copy(Op op, PyObject** s):
    cdef Tensor a, r
    if not is_tensor(s[0]): raise not_a_tensor(op, 0, <object>s[0])
    if not is_tensor(s[1]): raise not_a_tensor(op, 1, <object>s[1])
    a = <Tensor>s[0]
    r = empty_like(a)
    copy_into(r, <Tensor>s[1])
    if recording(op, s): attach_broadcast(op, r, s)
    return r

cdef object impl_contiguous(Op op, PyObject** s):
    cdef Tensor a, r
    cdef str order = str(<object>s[1]) if op.np_ > 1 else ""
    if not is_tensor(s[0]): raise not_a_tensor(op, 0, <object>s[0])
    a = <Tensor>s[0]
    cdef int rank = last_rank(order)
    if order not in ("", "None") and "format" not in order and not rank: raise TypeError(f"contiguous: expected a memory format such as channels_last, got {order}")
    if rank:
        if a.a.ndim != rank: raise RuntimeError(f"contiguous: expected {rank} dimensions for {order.replace('torch.', '')}, got {a.a.ndim}")
        r = channels_last(a) if rank == 4 else a if is_last_3d(&a.a) else in_order(a, order)
    else: r = contiguous(a)
    if r is not a and wants(a) and wb_grad_mode(): attach(op, r, s)
    return r

def define(d):
    """An Op from a Definition."""
    cdef Op op = blank(d.name)
    cdef int i, k, n
    cdef const wb_kernel* kern = wb_kernels(&n)
    cdef const char* wanted
    cdef bytes e
    if len(d.params) > MAXP: raise ValueError(f"{d.name}: expected at most {MAXP} parameters, got {len(d.params)}")
    op.definition = d; op.params = d.params; op.np_ = len(d.params); op.npos = d.npos
    op.body = d.body; op.pack = d.pack
    attributes(op, NULL).update(__wrapped__=d.body, __doc__=d.doc, __module__=d.module)
    for i in range(op.np_):
        op.pname[i] = <PyObject*>d.params[i]
        op.dflt[i] = NULL if d.defaults[i] is ... else <PyObject*>d.defaults[i]
    op.nt = len(d.tensors)
    for k in range(op.nt):
        i = d.params.index(d.tensors[k])
        op.tpos[k] = i; op.ord_[i] = k
    if d.sequence is not None: op.seq = d.params.index(d.sequence)
    if d.star is not None: op.star = d.params.index(d.star)
    op.na = len(d.attrs)
    for k in range(op.na):
        i = d.params.index(d.attrs[k])
        op.apos[k] = i
        op.dattr[k] = float(d.defaults[i]) if isinstance(d.defaults[i], (int, float)) else 0.0
    op.nextra = len(d.extra)
    op.first = d.name == "where"
    op.no_bool = d.name == "sub"
    op.whole_attr = d.name in ("add", "sub", "addcmul")
    op.alike = d.name in ("lerp", "heaviside")
    op.internal = not d.spaces
    op.holomorphic = d.holomorphic
    for ask in d.out: op.out_asks |= <unsigned>OUT_ASKS[ask]
    if d.result in RULES: op.rule = RULES[d.result]
    else: op.rule = R_FIXED; op.rule_dt = (<dtype>BY_NAME[d.result]).index
    if "dim" in d.params: op.dim_at = d.params.index("dim")
    if "keepdim" in d.params: op.keepdim_at = d.params.index("keepdim")
    if "dtype" in d.params: op.dtype_at = d.params.index("dtype")
    if d.family == "map": op.out_asks |= OUT_WHOLE
    if d.family == "map": op.impl = impl_unary if op.nt == 1 else impl_binary if op.nt == 2 else map_general
    elif d.family == "reduce": op.impl = impl_reduce
    elif d.family == "view": op.impl = impl_view; op.geometry = geometry_named(d.name)
    elif d.family == "call": op.impl = native_named(d.name) if native_named(d.name) != NULL else impl_call
    elif d.family == "composite": op.impl = impl_composite
    elif d.family == "cast": op.impl = impl_cast
    elif d.family == "clone": op.impl = impl_clone
    elif d.family == "copy": op.impl = impl_copy
    elif d.family == "contiguous": op.impl = impl_contiguous
    else: raise ValueError(f"{d.name}: expected a family of map, reduce, view, call or composite, got {d.family!r}")
    if d.family in ("map", "reduce", "call", "copy"):
        e = d.kernel.encode()
        wanted = e
        for i in range(n):
            if not strcmp(kern[i].op, wanted) and (kern[i].kind == WB_MAP) == (d.family in ("map", "copy")): op.kern[kern[i].dtype] = &kern[i]
    if d.name in ("floor_divide", "floor_quotient", "trunc_divide", "remainder", "fmod"):
        for i in range(6): op.divides[i] = op.kern[i]; op.kern[i] = NULL
    for name in d.refused: op.refused |= <unsigned>1 << (<dtype>BY_NAME[name]).index
    for i in range(12):
        if op.refused >> i & 1: op.kern[i] = NULL
    if d.numbers is not None:
        for k in range(op.nt):
            if d.tensors[k] not in d.numbers: op.only_tensors |= <unsigned>1 << k
    op.nback = shortcut_named(d.name)
    op.part = d.name in ("narrow", "select", "getitem")
    forward = d.name.removesuffix("_backward")
    if forward != d.name and forward in OPS: (<Op>OPS[forward]).back_op = op
    if d.name + "_backward" in OPS: op.back_op = OPS[d.name + "_backward"]
    if d.name in OPS: raise ValueError(f"{d.name}: expected one definition of an op, got a second in {d.module}")
    OPS[d.name] = op
    bind_global(d.name, op)
    return op

def define_inplace(Op f):
    """The in-place form of an op."""
    cdef Op op = blank(f.name + "_")
    cdef int i
    op.definition = f.definition; op.params = f.params; op.np_ = f.np_; op.npos = f.npos; op.star = f.star; op.nt = f.nt; op.seq = f.seq
    op.body = f.body
    doc = f"In-place form of {f.name}: writes the result into `{f.params[0]}` and returns it."
    attributes(op, NULL).update(__wrapped__=f.body, __doc__=doc, __module__=f.definition.module)
    op.outer = f; op.impl = impl_inplace; f.twin = op
    for i in range(op.np_): op.pname[i] = f.pname[i]; op.dflt[i] = f.dflt[i]
    for i in range(MAXP): op.ord_[i] = f.ord_[i]; op.tpos[i] = f.tpos[i]
    OPS[op.name] = op
    bind_global(op.name, op)
    return op

def set_infer(Op op, f): op.infer = f
def set_formula(Op op, f):
    cdef int k
    op.formula = f
    if op.rules is None and op.together is None:             # everything is needed to evaluate it again
        for k in range(op.nt): op.save_params[k] = (<unsigned>1 << op.np_) - 1; op.has_rule[k] = True

cdef int read_codes(Op op, int k, tuple codes) except -1:
    cdef int c
    for c in codes:
        if c < 1000: op.save_params[k] |= <unsigned>1 << c
        elif c == 1000: op.save_flags[k] |= SAVE_RESULT
        elif c == 1001: pass
        elif c < 3000: op.save_flags[k] |= SAVE_EXTRA
        elif c < 4000: op.save_shapes[k] |= <unsigned>1 << op.ord_[c - 3000]
    return 0

def set_rules(Op op, tuple rules, tuple codes):
    cdef int k
    op.rules = rules; op.codes = codes
    for k in range(op.nt):
        op.save_params[k] = 0
        op.has_rule[k] = rules[k] is not None
        if op.has_rule[k]: read_codes(op, k, codes[k])

def set_together(Op op, rule, tuple codes):
    cdef int k
    op.together = rule; op.together_codes = codes
    for k in range(op.nt):
        op.save_params[k] = 0
        op.has_rule[k] = True
        read_codes(op, k, codes)

def add_method(name, f):
    """Put an attribute into Tensor."""
    wb_type_setattr(Tensor, name, f)

cdef Op _op_probe = blank("probe")
wb_type_vectorcall(Op, <char*>&_op_probe.vc - <char*><PyObject*>_op_probe, 1)
cdef ModuleCore _module_probe = ModuleCore.__new__(ModuleCore)
wb_type_vectorcall(ModuleCore, <char*>&_module_probe.vc - <char*><PyObject*>_module_probe, 0)
cdef Forward _forward_probe = Forward.__new__(Forward)
for _forward in (Forward, InTurn): wb_type_vectorcall(_forward, <char*>&_forward_probe.vc - <char*><PyObject*>_forward_probe, 1)
wb_type_make(no_grad, <vectorcallfunc>make_no_grad)
wb_type_gc(Tensor, tensor_traverse, tensor_clear, tensor_dealloc)
wb_type_gc(Node, node_traverse, node_clear, node_dealloc)
wb_type_setattr(Tensor, "__array_priority__", 1000)
