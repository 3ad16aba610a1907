"""Scale the loss so that small gradients survive float16, and skip steps whose gradients overflowed."""

from __future__ import annotations

import warnings
from typing import Any

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor

from ..errors import expected


class GradScaler:
    """Multiply the loss by a factor, divide the gradients by it before the step, and adapt it: halved after an overflow, doubled after
    `growth_interval` steps without one.

    Args:
        device: "cpu"; for others it is disabled with a warning, as no tensor lives there.
        init_scale: The first factor.
        growth_factor: Above 1.
        backoff_factor: In (0, 1).
        growth_interval: Steps between two growths.
        enabled: False: `scale` and `unscale_` do nothing, `step` steps.

    Raises:
        ValueError: a factor is out of its range.

    References:
        Micikevicius et al. (2018), arXiv:1710.03740.
    """

    def __init__(
        self,
        device: str = "cuda",
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        self._device = device
        if enabled and device != "cpu":
            warnings.warn(f"GradScaler: expected device 'cpu', got {device!r}, which is not available; it is disabled", stacklevel=2)
            enabled = False
        self._enabled = enabled
        if enabled:
            if not growth_factor > 1:
                raise expected("GradScaler", "growth_factor above 1", growth_factor)
            if not 0 < backoff_factor < 1:
                raise expected("GradScaler", "backoff_factor in (0, 1)", backoff_factor)
        self._scale, self._growth_tracker = float(init_scale), 0
        self._growth_factor, self._backoff_factor, self._growth_interval = growth_factor, backoff_factor, growth_interval
        self._stages: dict[int, str] = {}  # of each optimizer since the last update: "unscaled" or "stepped"
        self._found_inf: dict[int, bool] = {}

    def scale(self, outputs: Any) -> Any:
        """Multiply a tensor, or every tensor in a sequence, by the factor.

        Args:
            outputs: Losses.

        Returns:
            The same structure; `outputs` itself where it is disabled.
        """
        if not self._enabled:
            return outputs
        if isinstance(outputs, Tensor):
            return outputs * self._scale
        if isinstance(outputs, (list, tuple)):
            scaled = [self.scale(o) for o in outputs]
            return type(outputs)(*scaled) if hasattr(outputs, "_fields") else type(outputs)(scaled)
        raise expected("scale", "a Tensor or a sequence of Tensors", outputs, error=ValueError)

    def unscale_(self, optimizer: Any) -> None:
        """Divide the gradients of an optimizer's parameters by the factor, for whoever looks at them before the step (clipping).

        Args:
            optimizer: The optimizer.

        Raises:
            RuntimeError: called twice for one step, or after it.
        """
        if not self._enabled:
            return
        stage = self._stages.get(id(optimizer))
        if stage is not None:
            raise expected("unscale_", "one call for each step and update", f"an optimizer that was {stage}", error=RuntimeError)
        found = False
        with core.no_grad():
            for group in optimizer.param_groups:
                for p in group["params"]:
                    if p.grad is not None:
                        if p.grad.dtype is core.float16:
                            raise expected("unscale_", "gradients of float32", p.grad, "keep parameters in float32", ValueError)
                        p.grad.mul_(1.0 / self._scale)
                        found = found or not bool(p.grad.isfinite().all())
        self._stages[id(optimizer)], self._found_inf[id(optimizer)] = "unscaled", found

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """Step, unless a gradient is infinite or nan.

        Args:
            optimizer: The optimizer; its gradients are unscaled first where they are not yet.
            args, kwargs: For `optimizer.step`.

        Returns:
            What `optimizer.step` returns, or None where it is skipped.

        Raises:
            RuntimeError: called twice without `update`, or with a closure.
        """
        if not self._enabled:
            return optimizer.step(*args, **kwargs)
        if "closure" in kwargs:
            raise expected("step", "no closure together with GradScaler", "one", error=RuntimeError)
        if self._stages.get(id(optimizer)) == "stepped":
            raise expected("step", "one call since the last update()", "a second", error=RuntimeError)
        if id(optimizer) not in self._stages:
            self.unscale_(optimizer)
        self._stages[id(optimizer)] = "stepped"
        return None if self._found_inf[id(optimizer)] else optimizer.step(*args, **kwargs)

    def update(self, new_scale: float | Tensor | None = None) -> None:
        """Adapt the factor to what the last steps found.

        Args:
            new_scale: Set it to this instead.

        Raises:
            RuntimeError: no step since the last update.
        """
        if not self._enabled:
            return
        if new_scale is not None:
            self._scale = float(new_scale)
        else:
            if not self._found_inf:
                raise expected("update", "a step before it", "none", error=RuntimeError)
            if any(self._found_inf.values()):
                self._scale, self._growth_tracker = self._scale * self._backoff_factor, 0
            else:
                self._growth_tracker += 1
                if self._growth_tracker == self._growth_interval:
                    grown = self._scale * self._growth_factor
                    self._scale, self._growth_tracker = grown if grown < 3e38 else self._scale, 0
        self._stages.clear()
        self._found_inf.clear()

    def get_scale(self) -> float:
        """The factor; 1 where it is disabled."""
        return self._scale if self._enabled else 1.0

    def get_growth_factor(self) -> float:
        """What the factor grows by."""
        return self._growth_factor

    def set_growth_factor(self, new_factor: float) -> None:
        """Set what the factor grows by."""
        self._growth_factor = new_factor

    def get_backoff_factor(self) -> float:
        """What the factor is multiplied by after an overflow."""
        return self._backoff_factor

    def set_backoff_factor(self, new_factor: float) -> None:
        """Set what the factor is multiplied by after an overflow."""
        self._backoff_factor = new_factor

    def get_growth_interval(self) -> int:
        """Steps between two growths."""
        return self._growth_interval

    def set_growth_interval(self, new_interval: int) -> None:
        """Set the steps between two growths."""
        self._growth_interval = new_interval

    def is_enabled(self) -> bool:
        """Whether it does anything."""
        return self._enabled

    def state_dict(self) -> dict[str, Any]:
        """The factor and how it adapts; empty where it is disabled."""
        if not self._enabled:
            return {}
        return {
            "scale": self._scale, "growth_factor": self._growth_factor, "backoff_factor": self._backoff_factor,
            "growth_interval": self._growth_interval, "_growth_tracker": self._growth_tracker,
        }  # fmt: skip

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take a state back.

        Raises:
            RuntimeError: the state is empty, as one of a disabled scaler is.
        """
        if not self._enabled:
            return
        if not state_dict:
            raise expected("load_state_dict", "the state of an enabled GradScaler", "an empty one", error=RuntimeError)
        self._scale, self._growth_tracker = float(state_dict["scale"]), int(state_dict["_growth_tracker"])
        self._growth_factor, self._backoff_factor = state_dict["growth_factor"], state_dict["backoff_factor"]
        self._growth_interval = state_dict["growth_interval"]
