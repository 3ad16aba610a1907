"""Averages of a model's weights along the training: stochastic weight averaging and exponential moving averages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor

from ..errors import expected
from ..nn.module import Module

Average = Callable[[Tensor, Tensor, Any], Tensor]
Averages = Callable[[list[Tensor], list[Tensor], Any], None]


def get_ema_avg_fn(decay: float = 0.999) -> Average:
    """The exponential moving average of one tensor: decay * average + (1 - decay) * current.

    Args:
        decay: What is kept of the average, in [0, 1].

    Raises:
        ValueError: `decay` is out of range.
    """
    _checked(decay)

    def average(ema_param: Tensor, current_param: Tensor, num_averaged: Any) -> Tensor:
        with core.no_grad():
            return ema_param * decay + current_param * (1 - decay)

    return average


def get_ema_multi_avg_fn(decay: float = 0.999) -> Averages:
    """The exponential moving average of many tensors, in place.

    Args:
        decay: What is kept of the average, in [0, 1].

    Raises:
        ValueError: `decay` is out of range.
    """
    _checked(decay)

    def average(ema_param_list: list[Tensor], current_param_list: list[Tensor], num_averaged: Any) -> None:
        with core.no_grad():
            for mean, p in zip(ema_param_list, current_param_list, strict=True):
                if mean.is_floating_point() or mean.is_complex():
                    mean.mul_(decay).add_(p, alpha=1 - decay)
                else:
                    mean.copy_(p)

    return average


def _checked(decay: float) -> None:
    if not 0 <= decay <= 1:
        raise expected("ema", "decay in [0, 1]", decay)


def get_swa_avg_fn() -> Average:
    """The equal average of one tensor: average + (current - average) / (n + 1)."""

    def average(averaged_param: Tensor, current_param: Tensor, num_averaged: Any) -> Tensor:
        with core.no_grad():
            return averaged_param + (current_param - averaged_param) / (int(num_averaged) + 1)

    return average


def get_swa_multi_avg_fn() -> Averages:
    """The equal average of many tensors, in place."""

    def average(averaged_param_list: list[Tensor], current_param_list: list[Tensor], num_averaged: Any) -> None:
        with core.no_grad():
            for mean, p in zip(averaged_param_list, current_param_list, strict=True):
                if mean.is_floating_point() or mean.is_complex():
                    mean.add_((p - mean) / (int(num_averaged) + 1))
                else:
                    mean.copy_(p)

    return average


class AveragedModel(Module):
    """A copy of a model whose weights are an average of the model's: `update_parameters(model)` takes the present ones in.

    Args:
        model: Copied; the first update copies its weights.
        device: Accepted where it is the CPU.
        avg_fn: `f(average, current, n)`, the new average of one tensor; None: the equal average.
        multi_avg_fn: `f(averages, currents, n)`, in place, instead.
        use_buffers: Average the buffers as well; otherwise they are copied.

    Attributes:
        module: The averaged copy.
        n_averaged: How many times it was updated, a tensor.

    Raises:
        ValueError: both functions are given.

    References:
        Izmailov et al. (2018), arXiv:1803.05407; Polyak and Juditsky (1992).
    """

    n_averaged: Tensor

    def __init__(
        self,
        model: Module,
        device: Any = None,
        avg_fn: Average | None = None,
        multi_avg_fn: Averages | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise expected("AveragedModel", "one of avg_fn and multi_avg_fn", "both", error=ValueError)
        self.module = deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", core.make_empty((), core.int64).fill_(0))
        self.avg_fn, self.multi_avg_fn, self.use_buffers = avg_fn, multi_avg_fn, use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.module(*args, **kwargs)

    def _tensors(self, model: Module) -> list[Tensor]:
        found: list[Tensor] = list(model.parameters())
        return found + list(model.buffers()) if self.use_buffers else found

    def update_parameters(self, model: Module) -> None:
        """Take the present weights of `model` into the average."""
        means, present = self._tensors(self.module), [p.detach() for p in self._tensors(model)]
        with core.no_grad():
            if int(self.n_averaged) == 0:
                for mean, p in zip(means, present, strict=True):
                    mean.detach().copy_(p)
            elif self.avg_fn is not None:
                for mean, p in zip(means, present, strict=True):
                    mean.detach().copy_(self.avg_fn(mean.detach(), p, self.n_averaged))
            else:
                update = self.multi_avg_fn or get_swa_multi_avg_fn()
                update([m.detach() for m in means], present, self.n_averaged)
            if not self.use_buffers:
                for mean, b in zip(self.module.buffers(), model.buffers(), strict=True):
                    mean.copy_(b)
            self.n_averaged.add_(1)


def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Compute the running statistics of batch norm anew, over a loader: an averaged model has those of no network that was trained.

    Args:
        loader: Gives batches, or tuples whose first entry is one.
        model: Its batch norm layers are set; it is left in the mode it was in.
        device: Accepted where it is the CPU.
    """
    layers: list[Any] = [m for m in model.modules() if hasattr(m, "running_mean") and hasattr(m, "momentum") and m.running_mean is not None]
    if not layers:
        return
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # the equal average over batches
    training = model.training
    model.train()
    try:
        with core.no_grad():
            for batch in loader:
                batch = batch[0] if isinstance(batch, (list, tuple)) else batch
                model(batch if device is None else batch.to(device))
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
        model.train(training)
