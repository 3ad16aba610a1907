"""What programs take from inside of `torch.utils._pytree` beside the functions on trees."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ...pytree import REGISTERED, TreeSpec, register_pytree_node, tree_leaves

PyTree = Context = Any
_PLAIN = (list, tuple, dict, OrderedDict, defaultdict)
_register_pytree_node = register_pytree_node


class _Leaf(type):
    """Takes every structure that is one leaf for an instance."""

    def __instancecheck__(cls, spec: object) -> bool:
        return isinstance(spec, TreeSpec) and spec.is_leaf()


class LeafSpec(TreeSpec, metaclass=_Leaf):
    """The structure of a tree that is one leaf."""

    def __init__(self) -> None:
        super().__init__(None, None, [])


def is_structseq_instance(obj: Any) -> bool:
    """Whether a value is a result with named fields that an op returns."""
    return isinstance(obj, tuple) and hasattr(obj, "n_fields")


def treespec_leaf() -> TreeSpec:
    """The structure of a tree that is one leaf."""
    return LeafSpec()


class SequenceKey(NamedTuple):
    """A place in a list."""

    idx: int


class MappingKey(NamedTuple):
    """A place in a dictionary."""

    key: Any


class GetAttrKey(NamedTuple):
    """A place in an object."""

    name: str


class NodeDef(NamedTuple):
    """What makes a class a container."""

    type: type
    flatten_fn: Callable[[Any], Any]
    unflatten_fn: Callable[[Any, Any], Any]


class _Nodes(dict[type, NodeDef]):
    """The containers that are known, as a view of those that programs register."""

    def __missing__(self, kind: type) -> NodeDef:
        return NodeDef(kind, *REGISTERED[kind])

    def __contains__(self, kind: object) -> bool:
        return dict.__contains__(self, kind) or kind in REGISTERED

    def get(self, kind: Any, default: Any = None) -> Any:
        """The container of a class, or `default`."""
        return self[kind] if kind in self else default  # noqa: SIM401 - this is what the hint would call


def _dict_flatten(d: Any) -> tuple[list[Any], list[Any]]:
    """The values of a dictionary, and its keys."""
    return list(d.values()), list(d)


def _dict_flatten_with_keys(d: Any) -> tuple[list[Any], list[Any]]:
    """The values of a dictionary with their places, and its keys."""
    return [(MappingKey(k), v) for k, v in d.items()], list(d)


def _dict_unflatten(values: Any, context: Any) -> dict[Any, Any]:
    """The dictionary again."""
    return dict(zip(context, values, strict=True))


def _list_flatten(d: Any) -> tuple[list[Any], None]:
    """The elements of a list."""
    return list(d), None


def _list_flatten_with_keys(d: Any) -> tuple[list[Any], None]:
    """The elements of a list with their places."""
    return [(SequenceKey(i), v) for i, v in enumerate(d)], None


def _list_unflatten(values: Any, context: Any) -> list[Any]:
    """The list again."""
    return list(values)


SUPPORTED_NODES = _Nodes(
    {
        list: NodeDef(list, _list_flatten, _list_unflatten),
        tuple: NodeDef(tuple, lambda x: (list(x), None), lambda children, _: tuple(children)),
        dict: NodeDef(dict, _dict_flatten, _dict_unflatten),
    }
)


def tree_is_leaf(tree: Any, is_leaf: Callable[[Any], bool] | None = None) -> bool:
    """Whether a value is a leaf."""
    if is_leaf is not None and is_leaf(tree):
        return True
    return type(tree) not in _PLAIN and type(tree) not in REGISTERED and not (isinstance(tree, tuple) and hasattr(tree, "_fields"))


_is_leaf = tree_is_leaf


def tree_iter(tree: Any, is_leaf: Callable[[Any], bool] | None = None) -> Iterator[Any]:
    """The leaves of a tree, one after the other."""
    return iter(tree_leaves(tree, is_leaf))


def tree_any(pred: Callable[[Any], bool], tree: Any, is_leaf: Callable[[Any], bool] | None = None) -> bool:
    """Whether something holds of some leaf."""
    return any(map(pred, tree_leaves(tree, is_leaf)))


def tree_all(pred: Callable[[Any], bool], tree: Any, is_leaf: Callable[[Any], bool] | None = None) -> bool:
    """Whether something holds of every leaf."""
    return all(map(pred, tree_leaves(tree, is_leaf)))
