# The runtime below the tensors: instruction set, threads, memory.

def start(int threads, long spin_ns, force=None, bint system_alloc=False):
    """Pick the kernels, size the pool. Called once, by the package's import."""
    cdef bytes wanted = force.encode() if force else b""
    cdef const char* level = wb_dispatch(wanted)
    if level == NULL:
        raise ImportError(
            f"WORKBENCH_ISA: expected one of {wb_levels().decode()}, got {force!r}; it is not built or this CPU cannot run it" if force
            else "workbench: expected a CPU of x86-64-v2 (SSE4.2) or newer, got an older one; workbench cannot run on it")
    wb_alloc_init()
    wb_alloc_bypass(system_alloc)
    cdef wb_alloc_stats s
    wb_alloc_get(&s)
    global wb_small_on
    if s.bypass: wb_small_on = 0
    wb_pool_init(threads, spin_ns)
    return level.decode()

def levels():
    """Instruction sets that were built and that this CPU can run, best first."""
    return wb_levels().decode().split()

def get_num_threads():
    """Threads that kernels may use, the calling one included."""
    return wb_pool_threads()

def set_num_threads(n):
    """Set the number of threads that kernels may use. No result depends on it.

    Raises:
        RuntimeError: n is no whole number, or less than 1.
    """
    if not hasattr(n, "__index__") or n < 1: raise RuntimeError(f"set_num_threads: expected a positive number of threads, got {n}")
    wb_pool_set_threads(n)

def set_spin(long ns):
    """How long an idle worker looks for work before it sleeps, in nanoseconds."""
    wb_pool_set_spin(ns)

def pool_stats():
    """Jobs run, jobs run serially because the pool was busy or nested, wakes of sleeping workers, live workers."""
    cdef long o[4]
    wb_pool_stats(o)
    return {"jobs": o[0], "serial": o[1], "wakes": o[2], "workers": o[3]}

def memory():
    """Statistics of the allocator, in bytes: used, peak, cached, limit; and hits and misses of its cache."""
    cdef wb_alloc_stats s
    wb_alloc_get(&s)
    return {"used": s.used - wb_small_cached, "peak": s.peak, "cached": s.cached + wb_small_cached, "limit": s.limit,
            "hits": s.hits, "misses": s.misses, "bypass": bool(s.bypass), "storages": wb_live_storages}

def set_memory_limit(n_bytes):
    """Refuse allocations beyond so many bytes in use with a MemoryError; 0 means no limit."""
    if n_bytes < 0: raise ValueError(f"set_memory_limit: expected a number of bytes, 0 or more, got {n_bytes}")
    wb_alloc_limit(n_bytes)

def reset_peak_memory():
    wb_alloc_reset_peak()

def trim():
    """Give cached memory back to the system; returns the bytes."""
    wb_small_trim()
    return wb_alloc_trim()

def kernels():
    """The registered kernels, as (op, dtype)."""
    cdef int n, i
    cdef const wb_kernel* k = wb_kernels(&n)
    return [(k[i].op.decode(), DTYPES[k[i].dtype].name) for i in range(n)]

cdef object no_memory(size_t wanted):
    cdef wb_alloc_stats s
    wb_alloc_get(&s)
    tail = f"limit {s.limit / 2**20:.1f} MB" if s.limit else "and the system has no more"
    return MemoryError(f"{wanted / 2**20:.1f} MB wanted, {s.used / 2**20:.1f} MB in use (peak {s.peak / 2**20:.1f} MB), {tail}")
