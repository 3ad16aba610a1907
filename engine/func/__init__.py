"""Functions of functions: gradients, Jacobians, products with them, maps over a batch, and modules called as functions."""

from .jacobian import hessian, jacfwd, jacrev
from .module import functional_call, replace_all_batch_norm_modules_, stack_module_state
from .rearrange import rearrange
from .transform import debug_unwrap, functionalize, grad, grad_and_value, jvp, linearize, vjp
from .vmap import vmap

__all__ = [
    "debug_unwrap", "functional_call", "functionalize", "grad", "grad_and_value", "hessian", "jacfwd", "jacrev", "jvp", "linearize",
    "rearrange", "replace_all_batch_norm_modules_", "stack_module_state", "vjp", "vmap",
]  # fmt: skip
