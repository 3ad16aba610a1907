"""Softmax over very many classes, most of which are rare."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Sequence
from typing import Any

from workbench.ext.core._core import Tensor

from ..ops.comparison import where
from ..ops.errors import expected
from ..ops.pieces import cat
from . import functional as F
from .container import ModuleList, Sequential
from .linear import Linear
from .module import Module

NAME = "AdaptiveLogSoftmaxWithLoss"
ASMoutput = namedtuple("ASMoutput", ["output", "loss"])


class AdaptiveLogSoftmaxWithLoss(Module):
    """Softmax in two steps: first over the frequent classes and clusters of rare ones, then within the cluster.

    Args:
        in_features: Size of the input.
        n_classes: Number of classes, sorted by falling frequency.
        cutoffs: Where clusters begin: classes below the first are frequent ones; rises, from 1 to n_classes - 1.
        div_value: Cluster i works on in_features / div_value ** (i + 1) features.
        head_bias: Whether the first step has a bias.

    Shape:
        input: (N, in_features) or (in_features,); target: (N,) or (); output: that of target; loss: ().

    Raises:
        ValueError: The cutoffs do not rise, or lie outside the classes.
        RuntimeError: Shapes do not fit, or a target is no class.

    References:
        Grave et al. (2016), arXiv:1609.04309.

    Example:
        >>> layer = AdaptiveLogSoftmaxWithLoss(16, 20, [5, 10])
        >>> layer(zeros(2, 16), tensor([1, 12])).output.shape
        torch.Size([2])
    """

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        cutoffs = list(cutoffs)
        if not cutoffs or cutoffs != sorted({int(c) for c in cutoffs}) or cutoffs[0] < 1 or cutoffs[-1] > n_classes - 1:
            raise expected(NAME, f"cutoffs that rise from 1 or more to at most {n_classes - 1}", f"{cutoffs}")
        self.in_features = in_features
        self.n_classes = n_classes
        self.cutoffs = [*cutoffs, n_classes]
        self.div_value = div_value
        self.head_bias = head_bias
        self.shortlist_size = self.cutoffs[0]
        self.n_clusters = len(self.cutoffs) - 1
        self.head_size = self.shortlist_size + self.n_clusters
        self.head = Linear(in_features, self.head_size, bias=head_bias, device=device, dtype=dtype)
        self.tail = ModuleList()
        for i in range(self.n_clusters):
            inner, size = int(in_features // div_value ** (i + 1)), self.cutoffs[i + 1] - self.cutoffs[i]
            self.tail.append(
                Sequential(
                    Linear(in_features, inner, bias=False, device=device, dtype=dtype),
                    Linear(inner, size, bias=False, device=device, dtype=dtype),
                )
            )

    def reset_parameters(self) -> None:
        """Draw all weights anew."""
        self.head.reset_parameters()
        for pair in self.tail:
            for layer in pair.children():
                layer.reset_parameters()

    def forward(self, input: Tensor, target: Tensor) -> Any:
        """The log-probability of each target, and the mean loss."""
        if target.ndim not in (0, 1) or input.ndim != target.ndim + 1 or input.shape[:-1] != target.shape:
            shapes = f"{tuple(input.shape)} and {tuple(target.shape)}"
            raise expected(NAME, "input (N, in_features) and target (N,), or without N", shapes, error=RuntimeError)
        if target.ndim == 0:
            output, loss = self.forward(input.unsqueeze(0), target.unsqueeze(0))
            return ASMoutput(output.squeeze(0), loss)
        if target.numel() and not (int(target.min()) >= 0 and int(target.max()) < self.n_classes):
            found = f"values from {int(target.min())} to {int(target.max())}"
            raise expected(NAME, f"targets from 0 to {self.n_classes - 1}", found, error=RuntimeError)
        first = F.log_softmax(self.head(input), 1)
        entry = target
        for i, low in enumerate(self.cutoffs[:-1]):
            entry = where((target >= low) & (target < self.cutoffs[i + 1]), self.shortlist_size + i, entry)
        output = first.gather(1, entry.unsqueeze(1)).squeeze(1)
        for i, low in enumerate(self.cutoffs[:-1]):
            rows = ((target >= low) & (target < self.cutoffs[i + 1])).nonzero().squeeze(1)
            if rows.numel():
                within = F.log_softmax(self.tail[i](input.index_select(0, rows)), 1)
                chosen = within.gather(1, (target.index_select(0, rows) - low).unsqueeze(1)).squeeze(1)
                output = output.index_add(0, rows, chosen)
        return ASMoutput(output, -output.mean())

    def log_prob(self, input: Tensor) -> Tensor:
        """The log-probabilities of all classes, (N, n_classes)."""
        first = F.log_softmax(self.head(input), 1)
        parts = [first[:, : self.shortlist_size]]
        for i, cluster in enumerate(self.tail):
            parts.append(F.log_softmax(cluster(input), 1) + first[:, self.shortlist_size + i, None])
        return cat(parts, 1)

    def predict(self, input: Tensor) -> Tensor:
        """The most probable class of each sample, (N,)."""
        return self.log_prob(input).argmax(1)
