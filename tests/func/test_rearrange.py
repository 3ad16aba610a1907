"""rearrange, functionalize and debug_unwrap against PyTorch's."""

from __future__ import annotations

import pytest

from workbench import engine

from .both import agree, inputs, refused


@pytest.mark.parametrize(
    ("pattern", "sizes"),
    [
        ("a b c -> c a b", {}),
        ("... c -> c ...", {}),
        ("a ... -> ... a", {}),
        ("a b c -> a b c 1", {}),
        ("a b c -> a () b c", {}),
        ("a b c -> (a b c)", {}),
        ("a b ... -> (b a) (...)", {}),
        ("a ... -> a (...)", {}),
        ("a ... -> (... a)", {}),
        ("(a d) b c -> d a (c b)", {"d": 2}),
        ("a b (c d) -> a (b d) c", {"c": 2}),
        ("a b c -> (b) a c", {"b": 3}),
    ],
)
def test_patterns(pattern, sizes):
    agree(lambda m, x: m.func.rearrange(x, pattern, **sizes), *inputs((2, 3, 4)))
    agree(lambda m, x: m.func.rearrange([x, x * 2], f"n {pattern.replace('->', '-> n')}", **sizes), *inputs((2, 3, 4)))


@pytest.mark.parametrize(
    ("pattern", "sizes"),
    [
        ("a b c", {}),
        ("a b -> a b", {}),
        ("a a c -> a c", {}),
        ("a b c -> a b", {}),
        ("a b c -> a b d", {}),
        ("a b c -> a (b c", {}),
        ("((a b)) c d -> a b c d", {}),
        ("a b c -> a 2 b c", {}),
        ("a b c -> a b c", {"q": 3}),
        ("_a b c -> b _a c", {}),
        ("(...) c -> c (...)", {}),
    ],
)
def test_what_is_refused(pattern, sizes):
    refused(lambda m, x: m.func.rearrange(x, pattern, **sizes), *inputs((2, 3, 4)))


def test_sizes_that_do_not_fit():
    x = engine.zeros(2, 3, 4)
    for pattern, sizes in (("(a d) b c -> a d b c", {}), ("(a d) b c -> a d b c", {"d": 3}), ("a b c -> c a b", {"a": 7})):
        with pytest.raises(ValueError, match="rearrange: expected"):
            engine.func.rearrange(x, pattern, **sizes)


def test_functionalize():
    def f(x):
        y = x.clone()
        y[0] += 1
        return y.mul_(x)

    agree(lambda m, x: m.func.functionalize(f)(x), *inputs((3,)))
    agree(lambda m, x: m.func.functionalize(m.func.grad(lambda t: (t * t).sum()), remove="mutations_and_views")(x), *inputs((3,)))
    refused(lambda m, x: m.func.functionalize(f, remove="words")(x), *inputs((3,)))


def test_debug_unwrap():
    def run(m, x):
        seen = []

        def look(t):
            seen.append(m.func.debug_unwrap(t, recurse=False).detach().clone())
            return t * 2

        m.vmap(m.vmap(look))(x)
        m.vmap(lambda t: seen.append(m.func.debug_unwrap(t)) or t)(x)
        return [seen[1], m.func.debug_unwrap(x)]

    agree(run, *inputs((2, 3, 4)))
