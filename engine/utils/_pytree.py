"""Trees of containers, under the name where PyTorch has them."""

from ..pytree import (
    TreeSpec,
    broadcast_to_and_flatten,
    register_pytree_node,
    tree_flatten,
    tree_leaves,
    tree_map,
    tree_map_only,
    tree_structure,
    tree_unflatten,
)

__all__ = [
    "TreeSpec", "broadcast_to_and_flatten", "register_pytree_node", "tree_flatten", "tree_leaves", "tree_map", "tree_map_only",
    "tree_structure", "tree_unflatten",
]  # fmt: skip
