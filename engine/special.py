"""Special functions, under the names of PyTorch's `torch.special`; the definitions are in `engine.ops`."""

from .ops import space as _space

_torch = _space("torch")
globals().update(
    {name: _torch[name] for name in ("erf", "erfc", "exp2", "expm1", "log1p", "round")} | {"expit": _torch["sigmoid"]} | _space("special")
)
