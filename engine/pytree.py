"""Trees of plain containers: lists, tuples, named tuples and dictionaries whose leaves are anything else."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any


class TreeSpec:
    """The structure of a tree without its leaves: the container's type (None for a leaf) and what it needs to be rebuilt."""

    __slots__ = ("children", "context", "kind", "num_leaves")

    def __init__(self, kind: type | None, context: Any, children: list[TreeSpec]) -> None:
        self.kind, self.context, self.children = kind, context, children
        self.num_leaves: int = 1 if kind is None else sum(c.num_leaves for c in children)

    def is_leaf(self) -> bool:
        """Whether the tree is one leaf."""
        return self.kind is None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TreeSpec) and self.kind is other.kind and self.context == other.context and self.children == other.children

    def __hash__(self) -> int:
        return hash((self.kind, self.num_leaves, len(self.children)))

    def __repr__(self) -> str:
        return "*" if self.kind is None else f"{self.kind.__name__}({', '.join(map(repr, self.children))})"


LEAF = TreeSpec(None, None, [])
REGISTERED: dict[type, tuple[Callable[[Any], tuple[Any, Any]], Callable[[Any, Any], Any]]] = {}


def register_pytree_node(
    cls: type, flatten_fn: Callable[[Any], tuple[Any, Any]], unflatten_fn: Callable[[Any, Any], Any], **options: Any
) -> None:
    """Let a class of one's own be a container, not a leaf.

    Args:
        cls: The class; its subclasses stay leaves.
        flatten_fn: Gives of an object its children, and what else it takes to make it again.
        unflatten_fn: Makes an object of children and that.
        options: Accepted for PyTorch's sake.

    Raises:
        ValueError: the class is registered already.
    """
    if cls in REGISTERED:
        raise ValueError(f"register_pytree_node: expected a class that is not known, got {cls.__name__}, already registered as pytree node")
    REGISTERED[cls] = flatten_fn, unflatten_fn


def _open(tree: Any) -> tuple[Any, list[Any]] | None:
    """The context and children of a container; None for a leaf."""
    kind = type(tree)
    if kind in REGISTERED:
        children, context = REGISTERED[kind][0](tree)
        return context, list(children)
    if kind in (list, tuple):
        return None, list(tree)
    if kind in (dict, OrderedDict):
        return list(tree), list(tree.values())
    if kind is defaultdict:
        return (tree.default_factory, list(tree)), list(tree.values())
    if isinstance(tree, tuple) and hasattr(kind, "_fields"):
        return None, list(tree)
    return None


def _close(spec: TreeSpec, children: list[Any]) -> Any:
    kind: Any = spec.kind
    if kind in REGISTERED:
        return REGISTERED[kind][1](children, spec.context)
    if kind in (list, tuple):
        return kind(children)
    if kind in (dict, OrderedDict):
        return kind(zip(spec.context, children))
    if kind is defaultdict:
        return defaultdict(spec.context[0], zip(spec.context[1], children))
    return kind(*children)


def tree_flatten(tree: Any, is_leaf: Callable[[Any], bool] | None = None) -> tuple[list[Any], TreeSpec]:
    """The leaves of a tree, in order, and its structure.

    Args:
        tree: Any value.
        is_leaf: Says of a value that it is a leaf even though it is a container.

    Example:
        >>> tree_flatten({"a": 1, "b": (2, [3])})
        ([1, 2, 3], dict(*, tuple(*, list(*))))
    """
    opened = None if is_leaf is not None and is_leaf(tree) else _open(tree)
    if opened is None:
        return [tree], LEAF
    leaves: list[Any] = []
    specs = []
    for child in opened[1]:
        found, spec = tree_flatten(child, is_leaf)
        leaves += found
        specs.append(spec)
    return leaves, TreeSpec(type(tree), opened[0], specs)


def tree_unflatten(leaves: Iterable[Any], treespec: TreeSpec) -> Any:
    """The tree of a structure with these leaves.

    Raises:
        ValueError: there are more leaves or fewer than the structure has places.
    """
    leaves = list(leaves)
    if len(leaves) != treespec.num_leaves:
        raise ValueError(f"tree_unflatten: expected {treespec.num_leaves} leaves, got {len(leaves)}")
    return _fill(iter(leaves), treespec)


def _fill(leaves: Iterator[Any], spec: TreeSpec) -> Any:
    return next(leaves) if spec.kind is None else _close(spec, [_fill(leaves, c) for c in spec.children])


def tree_leaves(tree: Any, is_leaf: Callable[[Any], bool] | None = None) -> list[Any]:
    """The leaves of a tree, in order."""
    return tree_flatten(tree, is_leaf)[0]


def tree_structure(tree: Any, is_leaf: Callable[[Any], bool] | None = None) -> TreeSpec:
    """The structure of a tree."""
    return tree_flatten(tree, is_leaf)[1]


def tree_map(func: Callable[..., Any], tree: Any, *rests: Any, is_leaf: Callable[[Any], bool] | None = None) -> Any:
    """A tree of `func(leaf, ...)`, over leaves at the same place of one tree or several.

    Raises:
        ValueError: the trees have different structures.

    Example:
        >>> tree_map(lambda x, y: x + y, [1, (2,)], [10, (20,)])
        [11, (22,)]
    """
    leaves, spec = tree_flatten(tree, is_leaf)
    others = []
    for rest in rests:
        found, structure = tree_flatten(rest, is_leaf)
        if structure != spec:
            raise ValueError(f"tree_map: expected trees of one structure, got {spec} and {structure}")
        others.append(found)
    return tree_unflatten([func(*xs) for xs in zip(leaves, *others)], spec)


def tree_map_only(kind: Any, func: Callable[[Any], Any], tree: Any) -> Any:
    """A tree with `func` applied to the leaves of a type (or of any in a tuple of types), and the others as they are."""
    return tree_map(lambda x: func(x) if isinstance(x, kind) else x, tree)


def broadcast_to_and_flatten(prefix: Any, treespec: TreeSpec) -> list[Any] | None:
    """The leaves of `prefix`, each repeated for all leaves below its place in `treespec`; None where it is no prefix of that structure."""
    opened = _open(prefix)
    if opened is None:
        return [prefix] * treespec.num_leaves
    if treespec.kind is not type(prefix) or treespec.context != opened[0] or len(treespec.children) != len(opened[1]):
        return None
    found: list[Any] = []
    for child, spec in zip(opened[1], treespec.children):
        part = broadcast_to_and_flatten(child, spec)
        if part is None:
            return None
        found += part
    return found
