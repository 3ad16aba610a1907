"""The options of PyTorch's compiler: they can be read and set, and change nothing."""

from __future__ import annotations

suppress_errors = False
verbose = False
cache_size_limit = recompile_limit = 8
accumulated_cache_size_limit = accumulated_recompile_limit = 256
optimize_ddp = False
capture_scalar_outputs = False
assume_static_by_default = True
automatic_dynamic_shapes = True
