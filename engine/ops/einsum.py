"""Sums of products of tensors, said by letters or lists of dimensions."""

from __future__ import annotations

from workbench.ext.core import _core as core

from ._define import Unsupported, op, refuses, samples
from ._help import product
from ._space import public
from .errors import expected

Tensor = core.Tensor
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def _from_lists(args):
    """The equation and the operands of the form einsum(tensor, [0, 1], tensor, [1, 2], [0, 2])."""

    def term(labels):
        if any(not isinstance(k, type(...)) and not 0 <= k < 52 for k in labels):
            raise expected("einsum", "dimensions in [0, 52) or ...", labels)
        return "".join("..." if isinstance(k, type(...)) else LETTERS[k] for k in labels)

    pairs, last = (args[:-1], args[-1]) if len(args) % 2 else (args, None)
    equation = ",".join(map(term, pairs[1::2]))
    return equation if last is None else f"{equation}->{term(last)}", pairs[::2]


def _term(text, what):
    """The labels of one operand or of the result; ... stands for the dimensions without a letter."""
    labels, rest = [], text
    while rest:
        if rest.startswith("...") and ... not in labels:
            labels.append(...)
            rest = rest[3:]
        elif rest[0] in LETTERS:
            labels.append(rest[0])
            rest = rest[1:]
        else:
            raise expected("einsum", f"letters and at most one ... for {what}", text, error=RuntimeError)
    return labels


def _parsed(equation, ndims):
    """Labels of each operand's dimensions and of the result's. Those of ... are numbers, -1 for the last."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = [_term(t, f"operand {i}") for i, t in enumerate(left.split(","))]
    if len(terms) != len(ndims):
        raise expected("einsum", f"{len(terms)} operands for {equation!r}", f"{len(ndims)}", error=RuntimeError)
    wide, inputs = 0, []
    for i, (labels, n) in enumerate(zip(terms, ndims, strict=True)):
        more = n - len(labels) + (... in labels)
        if more < 0 or (more and ... not in labels):
            raise expected("einsum", f"operand {i} of {len(labels)} dimensions for {equation!r}", f"{n}", error=RuntimeError)
        wide = max(wide, more)
        inputs.append([k for label in labels for k in (range(-more, 0) if label is ... else [label])])
    if not arrow:
        counts = [k for labels in inputs for k in labels if isinstance(k, str)]
        return inputs, [*range(-wide, 0), *sorted(k for k in set(counts) if counts.count(k) == 1)]
    output = [k for label in _term(right, "the result") for k in (range(-wide, 0) if label is ... else [label])]
    known = {k for labels in inputs for k in labels}
    if len(set(output)) != len(output) or not {k for k in output if isinstance(k, str)} <= known:
        raise expected("einsum", "each letter of the result once and among the operands'", equation, error=RuntimeError)
    return inputs, output


def _single(x, labels, i):
    """An operand with every label once: repeated ones take the diagonal."""
    labels = list(labels)
    for k in dict.fromkeys(labels):
        while labels.count(k) > 1:
            a = labels.index(k)
            b = labels.index(k, a + 1)
            if x.shape[a] != x.shape[b]:
                sizes = f"{x.shape[a]} and {x.shape[b]}"
                raise expected("einsum", f"equal sizes where {k} stands twice in operand {i}", sizes, error=RuntimeError)
            x = x.diagonal(0, a, b)  # puts the diagonal last
            del labels[b], labels[a]
            labels.append(k)
    return x, labels


def _arranged(x, labels, order):
    """The dimensions in the order of the labels `order`, of size 1 where x has none."""
    x = x.permute([labels.index(k) for k in order if k in labels])
    for i, k in enumerate(order):
        if k not in labels:
            x = x.unsqueeze(i)
    return x


def _product(x, x_labels, y, y_labels, kept, size):
    """Multiply two operands and sum over the labels that neither the result nor a later operand has."""
    for labels, other in ((x_labels, y_labels), (y_labels, x_labels)):
        alone = [i for i, k in enumerate(labels) if k not in other and k not in kept]
        if alone and labels is x_labels:
            x, x_labels = x.sum(alone), [k for k in labels if k in other or k in kept]
        elif alone:
            y, y_labels = y.sum(alone), [k for k in labels if k in other or k in kept]
    shared = [k for k in x_labels if k in y_labels]
    summed = [k for k in shared if k not in kept]
    batch = [k for k in shared if k in kept]
    rows, columns = [k for k in x_labels if k not in shared], [k for k in y_labels if k not in shared]
    order = [*batch, *rows, *columns]
    if not summed:
        return _arranged(x, x_labels, order) * _arranged(y, y_labels, order), order
    x = x.expand([size[k] if k in shared else n for k, n in zip(x_labels, x.shape, strict=True)])
    y = y.expand([size[k] if k in shared else n for k, n in zip(y_labels, y.shape, strict=True)])
    b, r, s, c = (product([size[k] for k in part]) for part in (batch, rows, summed, columns))
    left = _arranged(x, x_labels, [*batch, *rows, *summed]).reshape(b, r, s)
    right = _arranged(y, y_labels, [*batch, *summed, *columns]).reshape(b, s, c)
    return (left @ right).reshape([size[k] for k in order]), order


def _form(b, equation, operands):
    """With a letter for every dimension and the result said: runtimes differ in what they understand of the rest."""
    shapes = [b.shape(x) for x in operands]
    inputs, output = _parsed(equation, [len(shape) for shape in shapes])
    size: dict = {}
    if any(size.setdefault(k, n) != n for labels, shape in zip(inputs, shapes, strict=True) for k, n in zip(labels, shape, strict=True)):
        return Unsupported("dimensions of size 1 that broadcast")
    letter = {k: LETTERS[26 + i] for i, k in enumerate(size)}
    words = ["".join(letter[k] for k in labels) for labels in (*inputs, output)]
    return b.node("Einsum", *operands, equation=f"{','.join(words[:-1])}->{words[-1]}")


@op(
    "composite",
    tensors=("*operands",),
    spaces=(),
    methods=False,
    onnx=_form,
    peer=lambda torch, equation, operands: torch.einsum(equation, *operands),
)
def einsum_of(equation, operands):
    """`einsum` with an equation and a sequence of operands."""
    inputs, output = _parsed(equation, [x.ndim for x in operands])
    parts = [_single(x, labels, i) for i, (x, labels) in enumerate(zip(operands, inputs, strict=True))]
    size: dict = {}
    for i, (x, labels) in enumerate(parts):
        for k, n in zip(labels, x.shape, strict=True):
            if size.setdefault(k, n) != n and 1 not in (size[k], n):
                raise expected("einsum", f"size {size[k]} for {k} in operand {i}", f"{n}", error=RuntimeError)
            size[k] = n if size[k] == 1 else size[k]
    x, labels = parts[0]
    for i, (y, y_labels) in enumerate(parts[1:], 1):
        kept = {*output, *(k for _, later in parts[i + 1 :] for k in later)}
        x, labels = _product(x, labels, y, y_labels, kept, size)
    gone = [i for i, k in enumerate(labels) if k not in output]
    x = x.sum(gone) if gone else x
    return _arranged(x, [k for k in labels if k in output], output)


@public("torch")
def einsum(*args):
    """Sum products of tensors over the dimensions that the result does not have.

    result[labels of the result] = sum over the other labels of operand0[its labels] * operand1[its labels] * ...

    Args:
        args: An equation and the tensors. The equation has letters for the dimensions of each tensor, with commas between, then "->" and
            those of the result. Without "->" the result has the letters that stand once, in order. A letter twice in a tensor takes
            the diagonal; "..." stands for dimensions without a letter, which broadcast. Instead of an equation, each tensor may be
            followed by a list of numbers from 0 to 51 for its dimensions, and a last list says those of the result.

    Shape:
        tensors: as the equation says, sizes of one letter being equal or 1; result: as the equation says.

    Returns:
        Tensor of the dtype of the operands.

    Raises:
        ValueError: there are no operands, or a list has other numbers.
        RuntimeError: the equation cannot be read, or does not fit the operands.

    Example:
        >>> einsum("ij,jk->ik", tensor([[1.0, 2.0]]), tensor([[3.0], [4.0]]))
        tensor([[11.]])
        >>> einsum(tensor([[1.0, 2.0], [3.0, 4.0]]), [0, 0])
        tensor(5.)
    """
    if not args:
        raise expected("einsum", "an equation and tensors, or tensors with lists", "nothing")
    if isinstance(args[0], str):
        equation, operands = args[0], tuple(args[1:])
        if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
            operands = tuple(operands[0])
    elif len(args) == 1:
        raise expected("einsum", "an equation and tensors, or tensors with lists", args[0])
    else:
        equation, operands = _from_lists(args)
    if not operands:
        raise expected("einsum", "1 or more operands", "none")
    for i, x in enumerate(operands):
        if not isinstance(x, Tensor):
            raise expected("einsum", f"operand {i} to be a Tensor", type(x).__name__, error=TypeError)
    return einsum_of(equation, operands)


@samples(einsum_of)
def _(s):
    for equation in ("ij,jk->ik", "ij,jk", "ij , jk -> ki", "ij,jk->", "Ba,aC", "ij,jk->k"):
        yield s(equation, (s.normal(2, 3), s.normal(3, 4)))
    for equation in ("ij->ji", "ij->", "ba", "...", "i...->...", "ij->...ij", "...j->j"):
        yield s(equation, (s.normal(2, 3),))
    for equation in ("ii", "ii->i", "iij->j", "iji->ij", "iii->i"):
        yield s(equation, (s.normal(*(2,) * len(equation.split("->")[0])),))
    yield s("...ij,...jk->...ik", (s.normal(2, 1, 2, 3), s.normal(4, 3, 2)))
    yield s("bij,bjk,bk->bi", (s.normal(2, 2, 3), s.normal(2, 3, 4), s.normal(2, 4)))
    yield s("i,j,k->kij", (s.normal(2), s.normal(3), s.normal(4)))
    yield s("ij,kl->iklj", (s.normal(2, 3), s.normal(3, 4)))
    yield s("bhid,bhjd->bhij", (s.normal(2, 2, 3, 2), s.normal(2, 2, 4, 2)))
    for equation, shape in (("ij,ij->ij", (1, 3)), ("ij,jk->ik", (1, 4))):
        yield s(equation, (s.normal(2, 3), s.normal(*shape)))
    yield s("ij,->ij", (s.normal(2, 3), s.normal()))


@refuses(einsum_of)
def _(s):
    x, y = s.normal(2, 3), s.normal(3, 4)
    yield s("ij,jk->il", (x, y)).raises(RuntimeError, "einsum: expected each letter of the result once and among the operands'")
    yield s("ij,jk->ii", (x, y)).raises(RuntimeError, "einsum: expected each letter of the result once")
    yield s("ij->i->j", (x,)).raises(RuntimeError, "einsum: expected letters and at most one ... for the result, got i->j")
    yield s("i1", (x,)).raises(RuntimeError, "einsum: expected letters and at most one ... for operand 0, got i1")
    yield s("i...j...", (x,)).raises(RuntimeError, "einsum: expected letters and at most one ... for operand 0")
    yield s("ij", (x, y)).raises(RuntimeError, "einsum: expected 1 operands for 'ij', got 2")
    yield s("i", (x,)).raises(RuntimeError, "einsum: expected operand 0 of 1 dimensions")
    yield s("ijk...", (x,)).raises(RuntimeError, "einsum: expected operand 0 of 4 dimensions")
    yield s("ii", (x,)).raises(RuntimeError, "einsum: expected equal sizes where i stands twice in operand 0, got 2 and 3")
    yield s("ij,jk", (x, s.normal(2, 4))).raises(RuntimeError, "einsum: expected size 3 for j in operand 1, got 2")
