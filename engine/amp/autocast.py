"""Run matrix products in half precision, and what needs precision in float32, without changing the model's code."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from threading import get_ident
from typing import Any

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor

from ..errors import expected

# PyTorch's lists for the CPU, by our names of the ops. Ops written in these are reached through them.
HALF = frozenset((
    "matmul", "mm", "bmm", "mv", "addmm", "addmv", "addbmm", "baddbmm", "linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d",
    "conv_transpose2d", "conv_transpose3d", "scaled_dot_product_attention", "chain_matmul", "multi_dot", "tensordot", "einsum",
    "recurrent_layer",
))  # fmt: skip
SINGLE = frozenset((
    "avg_pool3d", "binary_cross_entropy", "grid_sample", "polar", "prod", "quantile", "nanquantile", "stft", "cdist", "trace",
    "view_as_complex", "cholesky", "cholesky_inverse", "cholesky_solve", "inverse", "lu_solve", "matrix_rank", "pinv", "matrix_exp",
    "svdvals", "orgqr", "householder_product", "ormqr", "qr", "svd", "eig", "eigh", "eigvals", "eigvalsh", "lstsq", "inv", "det",
    "slogdet", "solve", "mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "nll_loss", "cross_entropy", "ctc_loss", "kl_div",
    "cosine_embedding_loss", "hinge_embedding_loss", "margin_ranking_loss", "multi_margin_loss", "multilabel_margin_loss",
    "poisson_nll_loss", "triplet_margin_loss", "binary_cross_entropy_with_logits", "soft_margin_loss", "multilabel_soft_margin_loss",
    "gaussian_nll_loss", "fft", "ifft", "fft2", "ifft2", "fftn", "ifftn", "rfft", "irfft", "rfft2", "irfft2", "rfftn", "irfftn", "hfft",
    "ihfft", "replication_pad3d", "norm",
))  # fmt: skip
WIDEST = frozenset(("cat", "stack", "index_copy"))
STATE: list[autocast] = []  # the blocks that are entered, innermost last


def is_autocast_available(device_type: str) -> bool:
    """Whether `autocast` does something on a type of device: on the CPU."""
    if not isinstance(device_type, str):
        raise expected("is_autocast_available", "device_type to be a str", device_type, error=TypeError)
    return device_type == "cpu"


class autocast:  # noqa: N801 - PyTorch's name
    """In this block (or decorated function), matrix products and convolutions of float32 tensors run in a half precision.

    Ops that need the precision get float32; `cat` and `stack` the widest dtype of their tensors; all others what they are given. Gradients
    flow through the conversions, so that those of float32 parameters are float32. What is float64, integer or complex is left alone.

    Args:
        device_type: "cpu". Others, such as "cuda", are accepted and do nothing: no tensor lives there.
        dtype: bfloat16 (the default) or float16.
        enabled: False makes a block within another one do without.
        cache_enabled: Convert a parameter once in a block, however often it is used.

    Raises:
        TypeError: `device_type` is no str.
        RuntimeError: `dtype` is no half precision.

    References:
        Micikevicius et al. (2018), arXiv:1710.03740.

    Example:
        >>> with amp.autocast("cpu"):
        ...     (ones(2, 2) @ ones(2, 2)).dtype
        torch.bfloat16
    """

    def __init__(self, device_type: str, dtype: Any = None, enabled: bool = True, cache_enabled: bool | None = None) -> None:
        if not isinstance(device_type, str):
            raise expected("autocast", "device_type to be a str", device_type)
        core.device(device_type)  # RuntimeError for a name that is none
        self.device = device_type
        self.fast_dtype = core.bfloat16 if dtype is None else dtype
        if enabled and self.fast_dtype not in (core.bfloat16, core.float16, core.float32):
            raise expected("autocast", "dtype to be bfloat16 or float16", self.fast_dtype, error=RuntimeError)
        self.enabled = bool(enabled) and self.fast_dtype is not core.float32
        self.cache_enabled = cache_enabled is not False
        self._entered: list[Any] = []

    def __enter__(self) -> autocast:
        cast = _Cast(self) if self.device == "cpu" else None
        if cast is not None:
            STATE.append(self)
            cast.block.__enter__()
        self._entered.append(cast)
        return self

    def __exit__(self, *exc: object) -> None:
        cast = self._entered.pop()
        if cast is not None:
            cast.block.__exit__(*exc)
            cast.cache.clear()
            STATE.remove(self)

    def __call__(self, f: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(f)
        def within(*args: Any, **kwargs: Any) -> Any:
            with self:
                return f(*args, **kwargs)

        return within


class _Cast:
    """The conversions of one entered block, in the thread that entered it."""

    def __init__(self, autocast: autocast) -> None:
        self.autocast, self.thread = autocast, get_ident()
        self.cache: dict[int, tuple[Tensor, int, Tensor]] = {}
        self.block = core.intercept(self.around)

    def around(self, op: Any, args: tuple[Any, ...], proceed: Callable[..., Any]) -> Any:
        name = op.name
        if get_ident() != self.thread or STATE[-1] is not self.autocast or not self.autocast.enabled:
            return proceed(*args)
        if name in HALF:
            return proceed(*self.convert(args, self.autocast.fast_dtype))
        if name in SINGLE:
            return proceed(*self.convert(args, core.float32))
        if name in WIDEST and isinstance(args[0], (tuple, list)):
            dtypes = {t.dtype for t in args[0]}
            if len(dtypes) > 1 and core.float32 in dtypes:
                return proceed(*self.convert(args, core.float32))
        return proceed(*args)

    def convert(self, args: tuple[Any, ...], dtype: Any) -> list[Any]:
        return [self.one(a, dtype) for a in args]

    def one(self, value: Any, dtype: Any) -> Any:
        if isinstance(value, (tuple, list)):
            return type(value)(self.one(v, dtype) for v in value) if any(isinstance(v, Tensor) for v in value) else value
        if not isinstance(value, Tensor) or value.dtype is dtype or value.dtype not in (core.float32, core.bfloat16, core.float16):
            return value
        if not (self.autocast.cache_enabled and value.is_leaf and value.requires_grad and core.is_grad_enabled()):
            return value.to(dtype)
        known = self.cache.get(id(value))
        if known is None or known[1] != value._version or known[2].dtype is not dtype:
            known = self.cache[id(value)] = (value, value._version, value.to(dtype))
        return known[2]


def custom_fwd(fwd: Any = None, *, device_type: str, cast_inputs: Any = None) -> Any:
    """Decorate the forward of an `autograd.Function`: it runs without autocast where `cast_inputs` says the dtype of its inputs.

    Args:
        fwd: The forward.
        device_type: "cpu".
        cast_inputs: The dtype of floating inputs; None leaves autocast as it is.
    """
    if fwd is None:
        return lambda f: custom_fwd(f, device_type=device_type, cast_inputs=cast_inputs)

    @wraps(fwd)
    def within(ctx: Any, *args: Any, **kwargs: Any) -> Any:
        ctx._autocast = STATE[-1] if STATE else None
        if cast_inputs is None or not STATE or not STATE[-1].enabled:
            return fwd(ctx, *args, **kwargs)
        with autocast(device_type, enabled=False):
            cast = [a.to(cast_inputs) if isinstance(a, Tensor) and a.is_floating_point() else a for a in args]
            return fwd(ctx, *cast, **kwargs)

    return within


def custom_bwd(bwd: Any = None, *, device_type: str) -> Any:
    """Decorate the backward of an `autograd.Function`: it runs with the autocast of its forward.

    Args:
        bwd: The backward.
        device_type: "cpu".
    """
    if bwd is None:
        return lambda f: custom_bwd(f, device_type=device_type)

    @wraps(bwd)
    def within(ctx: Any, *grads: Any) -> Any:
        before = getattr(ctx, "_autocast", None)
        dtype = before.fast_dtype if before is not None and before.enabled else None
        with autocast(device_type, dtype=dtype, enabled=dtype is not None):
            return bwd(ctx, *grads)

    return within
