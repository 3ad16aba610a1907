"""`torch.ao.quantization` before anything is quantised: the marks in a model, which change nothing, and what says that there is no more."""

from __future__ import annotations

from typing import Any

from ...nn.module import Module


class QuantStub(Module):
    """Marks where a model's input would be quantised; the identity until then.

    Shape:
        input and result are the same.
    """

    def __init__(self, qconfig: Any = None) -> None:
        super().__init__()

    def forward(self, x: Any) -> Any:
        return x


class DeQuantStub(QuantStub):
    """Marks where a model's output would become floating again; the identity until then.

    Shape:
        input and result are the same.
    """


class FloatFunctional(Module):
    """Arithmetic as a module, so that a tool can watch its results; the plain functions.

    Shape:
        as those of the functions.
    """

    def forward(self, x: Any) -> Any:
        raise RuntimeError("FloatFunctional: expected a call of add, mul, cat, ..., got one of the module itself")

    def add(self, x: Any, y: Any) -> Any:
        return x + y

    add_scalar = add

    def mul(self, x: Any, y: Any) -> Any:
        return x * y

    mul_scalar = mul

    def cat(self, x: Any, dim: int = 0) -> Any:
        from ...ops.stacking import cat

        return cat(x, dim)

    def add_relu(self, x: Any, y: Any) -> Any:
        return (x + y).relu()

    def matmul(self, x: Any, y: Any) -> Any:
        return x @ y


def prepare(model: Any, *args: Any, **options: Any) -> Any:
    """Not here: PyTorch's tools that quantise a model."""
    what = type(model).__name__
    raise NotImplementedError(f"quantization: expected a model to be run in floating numbers, got {what} to quantise; export it to ONNX")


convert = prepare_qat = fuse_modules = fuse_modules_qat = quantize_dynamic = get_default_qat_qconfig = get_default_qconfig = prepare
