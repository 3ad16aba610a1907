"""Where this engine differs from PyTorch on purpose, each by itself, with the reason that the report gives."""

from __future__ import annotations

import io
from typing import Any

from .tools import attempt, differentiated, numbers, program

NO_REDUCTION = "A number that stands for no reduction is refused; PyTorch reduces nothing then."


@program("torch.hinge_embedding_loss", meant=NO_REDUCTION)
def hinge_reduction(torch: Any) -> Any:
    return attempt(torch.hinge_embedding_loss, numbers(torch, 3), numbers(torch, 3), 1.0, 3)


@program("torch.kl_div", meant=NO_REDUCTION)
def divergence_reduction(torch: Any) -> Any:
    return attempt(torch.kl_div, numbers(torch, 3, low=-2.0, high=-1.0), numbers(torch, 3, low=0.1, high=1.0), 5)


@program(
    "torch.batch_norm",
    "torch.instance_norm",
    meant="Statistics of one value are refused, as by `nn.functional`; PyTorch's second name computes them.",
)
def one_value(torch: Any) -> Any:
    rest = None, None, None, None, True, 0.1, 1e-5, False
    return attempt(torch.batch_norm, numbers(torch, 1, 3), *rest), attempt(torch.instance_norm, numbers(torch, 1, 3), *rest)


@program("torch.lstm", meant="Input of another width than the weights' is refused; PyTorch reads beyond it and computes on.")
def lstm_width(torch: Any) -> Any:
    state, weights = numbers(torch, 1, 2, 4), [numbers(torch, 16, 3), numbers(torch, 16, 4)]
    refused = attempt(torch.lstm, numbers(torch, 5, 2, 2), (state, state), weights, False, 1, 0.0, False, False, False)
    return refused if isinstance(refused, Exception) else "computed"


@program(
    "torch.cosine_similarity",
    meant="Of a vector shorter than eps PyTorch's gradient is not the one that finite differences give; this one is.",
)
def short_vectors(torch: Any) -> Any:
    x, y = numbers(torch, 3, 4, dtype="float64", grad=True), numbers(torch, 4, dtype="float64", seed=1, grad=True)
    return differentiated(torch, lambda a, b: torch.cosine_similarity(a, b, 0, 0.5), x, y)["gradient"]


@program("torch.detach_copy", meant="The copy has no history, as its name says; PyTorch's has one that backward refuses.")
def detached_copy(torch: Any) -> Any:
    return torch.detach_copy(numbers(torch, 3, grad=True) * 2).requires_grad


@program("torch.Tensor.pin_memory", meant="Another device raises RuntimeError, as one that PyTorch was built for and that is not there.")
def elsewhere(torch: Any) -> Any:
    """What is for other devices alone."""
    x = numbers(torch, 3)
    return [attempt(x.to, d) for d in ("cuda", "cuda:0")], attempt(x.cuda), attempt(x.pin_memory)


@program("torch.Tensor.as_subclass", meant="Results of classes derived from Tensor are plain tensors: `__torch_function__` is not asked.")
def subclasses(torch: Any) -> Any:
    class Mine(torch.Tensor):
        pass

    mine = numbers(torch, 2, 3).as_subclass(Mine)
    return [type(t).__name__ for t in (mine + 1, mine.sum(), mine[0], torch.add(mine, 1))]


@program(
    "torch.inference_mode",
    meant="In inference mode nothing is recorded, and `is_grad_enabled()` says so, in PyTorch not after `enable_grad()`.",
)
def recorded(torch: Any) -> Any:
    with torch.inference_mode(), torch.enable_grad():
        return torch.is_grad_enabled()


@program("torch.save", meant="Files are written as zip archives alone, which every PyTorch since 1.4 reads; the older format is read.")
def legacy_format(torch: Any) -> Any:
    return attempt(torch.save, numbers(torch, 3), io.BytesIO(), _use_new_zipfile_serialization=False)


@program("torch.to_dlpack", meant="Capsules are NumPy's, which has no bfloat16; `from_dlpack` takes tensors of it.")
def bfloat16_capsules(torch: Any) -> Any:
    capsule = attempt(torch.to_dlpack, numbers(torch, 3, dtype="bfloat16"))
    return capsule if isinstance(capsule, Exception) else torch.from_dlpack(capsule)


@program("torch.fft.rfftfreq", meant="A negative number of points is refused, as by `fftfreq`; PyTorch gives one frequency.")
def negative_points(torch: Any) -> Any:
    return attempt(torch.fft.rfftfreq, -1)
