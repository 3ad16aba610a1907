"""What a module registers, seen as the dictionaries that programs take it for."""

from __future__ import annotations

import pytest

from workbench import engine

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("name", ["_parameters", "_buffers", "_modules"])
def test_views_behave_like_dictionaries(name):
    def seen(e):
        model = e.nn.Sequential(e.nn.Linear(2, 3), e.nn.BatchNorm1d(3))
        found = getattr(model if name == "_modules" else model[1], name)
        return (
            list(found), list(reversed(found)), [k for k, _ in reversed(found.items())], len(list(reversed(found.values()))),
            "weight" in found, found.get("nothing"), len(found), list(found.copy()),
        )  # fmt: skip

    assert seen(engine) == seen(torch)


@pytest.mark.parametrize("kind", ["number", "tensor", "parameter", "module"])
@pytest.mark.parametrize("of_its_own", [False, True])
def test_object_setattr_registers_nothing(kind, of_its_own):
    """Programs reach for it to keep something beside the tree of modules; also in a class with a `__setattr__` of its own."""

    def seen(e):
        class Own(e.nn.Linear):
            def __setattr__(self, name, value):
                object.__setattr__(self, name, value) if name == "beside" else super().__setattr__(name, value)

        model = (Own if of_its_own else e.nn.Linear)(2, 3)
        value = {"number": 3, "tensor": e.ones(1), "parameter": e.nn.Parameter(e.ones(1)), "module": e.nn.Linear(1, 1)}[kind]
        if of_its_own:
            model.beside = value
        else:
            object.__setattr__(model, "beside", value)
        held = model.beside is value, list(model.state_dict()), [n for n, _ in model.named_modules()], "beside" in vars(model)
        object.__delattr__(model, "beside")
        return held, hasattr(model, "beside")

    assert seen(engine) == seen(torch)


def test_setattr_of_modules_is_called_by_hand():
    """As gpytorch does: `nn.Module.__setattr__` and `super(nn.Module, self).__setattr__`."""

    def seen(e):
        class Quiet(e.nn.Module):
            def __init__(self):
                super().__init__()
                e.nn.Module.__setattr__(self, "inner", e.nn.Linear(1, 1))
                super(e.nn.Module, self).__setattr__("beside", e.nn.Linear(1, 1))

        return [n for n, _ in Quiet().named_parameters()]

    assert seen(engine) == seen(torch)


def test_getattr_is_called_by_hand():
    """As gpytorch does: `super().__getattr__(name)` for what is registered."""

    def seen(e):
        model = e.nn.Module()
        model.weight, model.inner, model.plain = e.nn.Parameter(e.ones(1)), e.nn.Linear(1, 1), 3
        model.register_buffer("mean", e.zeros(1))
        found = [model.__getattr__(name) is getattr(model, name) for name in ("weight", "inner", "mean")]
        with pytest.raises(AttributeError):
            model.__getattr__("plain")
        return found

    assert seen(engine) == seen(torch) == [True] * 3
