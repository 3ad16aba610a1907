"""Every layer on PyTorch's own sample inputs (`torch.testing`'s module database): the same state, forward and backward."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import torch
from torch.testing._internal.common_modules import module_db
from torch.testing._internal.common_optimizers import optim_db

from workbench import engine as ours
from workbench.engine import nn, optim

from .compare import Different, as_near, check_same, widened
from .ops import brief
from .tally import Result, Tally
from .translate import OutOfScope, tensors, to_ours, to_theirs

INFOS = [info for info in module_db if not info.name.startswith(("nn.quant", "quant"))]


def cast(value: Any, dtype: torch.dtype) -> Any:
    return torch.utils._pytree.tree_map(lambda t: t.to(dtype) if isinstance(t, torch.Tensor) and t.is_floating_point() else t, value)


def pair(info: Any, args: Any, kwargs: Any, dtype: torch.dtype, first: Any = None) -> tuple[Any, Any]:
    """A module of PyTorch and ours with the same parameters and buffers."""
    theirs = info.module_cls(*args, **kwargs).to(dtype)
    if first is not None and hasattr(theirs, "has_uninitialized_params"):  # a lazy layer has a state when it has seen an input
        theirs(*first.args, **first.kwargs)
    found = getattr(nn, info.name.removeprefix("nn."))
    mine = found(*map(to_ours, args), **to_ours(kwargs)).to(to_ours(dtype))
    mine.load_state_dict({k: to_ours(v) for k, v in theirs.state_dict().items()})
    return mine, theirs


def check(info: Any, dtype: torch.dtype, training: bool, result: Result) -> None:
    tally = result["train" if training else "eval"]
    torch.manual_seed(0)
    for sample in info.module_inputs_func(info, "cpu", dtype, True, training):
        given, forward = sample.constructor_input, sample.forward_input
        if forward is None:
            continue
        text = f"({sample.desc or ''} {given.args} {given.kwargs})"[:160]
        try:
            mine, theirs = pair(info, given.args, given.kwargs, dtype, forward)
        except OutOfScope as reason:
            tally.left_out.append(str(reason))
            continue
        except Exception as error:
            tally.refused.append(f"{text} {brief(error)}")
            continue
        mine.train(training)
        theirs.train(training)
        one(tally, text, mine, theirs, forward, random="Dropout" in info.name or info.name in DRAWN)


def one(tally: Tally, text: str, mine: Any, theirs: Any, forward: Any, random: bool) -> None:
    try:
        made = {id(t): to_ours(t) for t in tensors((forward.args, forward.kwargs))}  # one that is given twice stays one
        args, kwargs = (
            torch.utils._pytree.tree_map(lambda v: made[id(v)] if id(v) in made else to_ours(v), a) for a in (forward.args, forward.kwargs)
        )
    except OutOfScope as reason:
        tally.left_out.append(str(reason))
        return
    wide = copy.deepcopy(theirs).double(), widened((forward.args, forward.kwargs))
    try:
        torch.manual_seed(0)
        expected = results(theirs, forward.args, forward.kwargs, random)
    except Exception as error:
        tally.left_out.append(f"torch: {brief(error)}")
        return
    try:
        found = our_results(mine, args, kwargs, random)
        check_same(found, expected, values=not random)
    except Different as error:
        if as_near(found, expected, lambda: results(wide[0], *wide[1], random)):
            tally.agree += 1
            tally.nearer += 1
        else:
            tally.wrong.append(f"{text} {error}")
    except Exception as error:
        tally.refused.append(f"{text} {brief(error)}")
    else:
        tally.agree += 1


def plain(value: Any) -> Any:
    return tuple(plain(v) for v in value) if isinstance(value, (tuple, list)) else value


def results(module: Any, args: Any, kwargs: Any, random: bool) -> list[Any]:
    """What PyTorch's module gives: outputs, and unless it draws the gradients of a weighted sum of them and the state afterwards."""
    out = plain(module(*args, **kwargs))
    if random:
        return [out]
    outs = [t for t in tensors(out) if t.requires_grad]
    leaves = [t for t in tensors((args, kwargs)) if t.requires_grad] + list(module.parameters())
    grads = torch.autograd.grad(outs, leaves, [weight(i, t) for i, t in enumerate(outs)], allow_unused=True) if outs else []
    return [out, [torch.zeros_like(t) if g is None else g for g, t in zip(grads, leaves)], list(module.state_dict().values())]


def our_results(module: Any, args: Any, kwargs: Any, random: bool) -> list[Any]:
    """The same of ours."""
    out = plain(module(*args, **kwargs))
    if random:
        return [to_theirs(out)]
    outs = [t for t in tensors(out) if t.requires_grad]
    leaves = [t for t in tensors((args, kwargs)) if t.requires_grad] + list(module.parameters())
    seeds = [to_ours(weight(i, to_theirs(t))) for i, t in enumerate(outs)]
    grads = ours.autograd.grad(outs, leaves, seeds, allow_unused=True) if outs else []
    filled = [torch.zeros_like(to_theirs(t)) if g is None else to_theirs(g) for g, t in zip(grads, leaves)]
    return [to_theirs(out), filled, [to_theirs(t) for t in module.state_dict().values()]]


def weight(i: int, t: Any) -> torch.Tensor:
    """A fixed weight for each element of output `i`, the same numbers in each dtype."""
    return torch.randn(t.shape, generator=torch.Generator().manual_seed(i)).to(t.dtype)


def run(info: Any) -> list[Result]:
    """Everything for one layer."""
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for dtype in (torch.float64, torch.float32):
            if dtype not in info.dtypes:
                continue
            result = Result(info.name, "", str(dtype).removeprefix("torch."))
            if not hasattr(nn, info.name.removeprefix("nn.")):
                result["train"].refused.append("absent")
            else:
                for training in (True, False):
                    check(info, dtype, training, result)
            found.append(result)
    return found


def run_optimizer(info: Any) -> list[Result]:
    """One optimizer: ten steps of a small model from the same start, for every set of options that PyTorch tests."""
    name = info.optim_cls.__name__
    result = Result(f"optim.{name}", "", "float64")
    tally = result["steps"]
    if not hasattr(optim, name):
        tally.refused.append("absent")
        return [result]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for options in info.optim_inputs_func("cpu"):
            kwargs = {k: v for k, v in options.kwargs.items() if k not in ("capturable", "differentiable", "fused", "foreach")}
            try:
                wanted = trajectory(torch, info.optim_cls, kwargs, lambda x: x, steps_of(name))
            except Exception as error:
                tally.left_out.append(f"torch: {brief(error)}")
                continue
            try:
                got = trajectory(ours, getattr(optim, name), to_ours(kwargs), to_ours, steps_of(name))
                kept = dtype_of_steps(name)
                check_same([to_theirs(t).to(kept) for t in got], [t.to(kept) for t in wanted])
            except Different as error:
                tally.wrong.append(f"({kwargs}) {error}")
            except Exception as error:
                tally.refused.append(f"({kwargs}) {brief(error)}")
            else:
                tally.agree += 1
    return [result]


def steps_of(name: str) -> int:
    """L-BFGS without a line search amplifies rounding a thousandfold in each step of twenty iterations: only the first can agree."""
    return 1 if name == "LBFGS" else 10


def dtype_of_steps(name: str) -> torch.dtype:
    """Muon iterates in bfloat16 by design, where the order of rounding shows."""
    return torch.bfloat16 if name == "Muon" else torch.float64


def trajectory(lib: Any, cls: Any, kwargs: Any, port: Any, steps: int = 10) -> list[Any]:
    """The parameters after each step."""
    generator = torch.Generator().manual_seed(0)
    draw = [torch.randn(s, dtype=torch.float64, generator=generator) for s in ((4, 3), (2, 4), (8, 3), (8, 2))]
    w1, w2, x, y = [port(t) for t in draw]
    params = [lib.nn.Parameter(w1), lib.nn.Parameter(w2)]
    optimizer = cls(params, **kwargs)
    found = []

    def closure() -> Any:
        optimizer.zero_grad()
        loss = ((x @ params[0].T).tanh() @ params[1].T - y).pow(2).mean()
        loss.backward()
        return loss

    for _ in range(steps):
        optimizer.step(closure)
        found += [p.detach().clone() for p in params]
    return found


OPTIMIZERS = [info for info in optim_db if info.optim_cls.__name__ != "SparseAdam"]
# Layers that draw: only shapes can agree.
DRAWN = {"nn.RReLU", "nn.FractionalMaxPool2d", "nn.FractionalMaxPool3d"}
