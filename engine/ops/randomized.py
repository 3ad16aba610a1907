"""Activations and samples that draw random numbers."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._help import axis, floating, tensors
from ._space import public
from .activation import leaky_relu
from .comparison import where
from .drawing import uniform as uniform_draw
from .errors import expected
from .generator import key_of
from .random import drawn
from .softmax import softmax


@public("functional")
def rrelu(input, lower=1.0 / 8, upper=1.0 / 3, training=False, inplace=False):
    """Scale what is negative by a slope drawn anew for each element.

    y = x where x >= 0, else a x with a even in [lower, upper); without training a = (lower + upper) / 2

    Args:
        input: Activations.
        lower: The least slope.
        upper: The largest one.
        training: Whether slopes are drawn.
        inplace: Write the result into `input`.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: `lower` is above `upper`, or `input` is not floating.

    References:
        Xu et al. (2015), arXiv:1505.00853.

    Example:
        >>> functional.rrelu(tensor([-2.0, 2.0]), 0.25, 0.75)
        tensor([-1.,  2.])
    """
    return rrelu_with(input, lower, upper, training, inplace, None)


def rrelu_with(input, lower, upper, training, inplace, generator):
    """`functional.rrelu` with a generator, which `torch.rrelu` takes."""
    tensors("rrelu", input=input)
    floating("rrelu", input)
    if lower > upper:
        raise expected("rrelu", f"lower of at most upper={upper}", f"{lower}", error=RuntimeError)
    if training:
        # a copy, because backward needs the signs that an in-place result overwrites
        x = input.clone() if inplace else input
        slopes = drawn("rrelu", tuple(input.shape), input.dtype, generator, uniform_draw, lower, upper)
        result = where(x >= 0, x, x * slopes)
    else:
        result = leaky_relu(input.clone() if inplace else input, (lower + upper) / 2)
    return input.copy_(result) if inplace else result


@public("functional")
def gumbel_softmax(logits, tau=1, hard=False, eps=1e-10, dim=-1):
    """Draw from categorical distributions in a way that has a gradient.

    y = softmax((logits + g) / tau), with g from Gumbel's distribution, -log(-log(u))

    Args:
        logits: Unnormalised logarithms of the probabilities.
        tau: Temperature; the lower, the nearer the result comes to vectors with a single one.
        hard: Give vectors with a single one, with the gradient of the soft ones.
        eps: Not used; it stands where PyTorch's stands.
        dim: The dimension of the categories.

    Shape:
        logits: (*, C, *); result: the same.

    Returns:
        Tensor of the dtype of `logits`; it sums to 1 along `dim`.

    Raises:
        IndexError: there is no such dimension.
        RuntimeError: `logits` is not floating.

    References:
        Jang, Gu and Poole (2016), arXiv:1611.01144.
        Maddison, Mnih and Teh (2016), arXiv:1611.00712.

    Example:
        >>> functional.gumbel_softmax(tensor([0.0, 1000.0]), hard=True)
        tensor([0., 1.])
    """
    tensors("gumbel_softmax", logits=logits)
    floating("gumbel_softmax", logits, "logits")
    at = axis("gumbel_softmax", dim, logits.ndim)
    # the smallest number above 0 keeps the logarithm finite; 1 - u is in (0, 1]
    u = 1 - uniform_draw(tuple(logits.shape), logits.dtype, key_of(None), 0.0, 1.0)
    gumbel = -(-u.log()).clamp(min=float(np.finfo(logits.dtype.numpy).tiny)).log()
    soft = softmax((logits + gumbel) / tau, at)
    if not hard:
        return soft
    index = soft.detach().argmax(at, True)
    ones = core.fill(core.make_empty(tuple(index.shape), soft.dtype, soft.device), 1)
    hot = core.fill(core.make_empty(tuple(soft.shape), soft.dtype, soft.device), 0).scatter(at, index, ones)
    return hot - soft.detach() + soft
