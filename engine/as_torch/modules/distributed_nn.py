"""`torch.distributed.nn`: transfers that gradients flow through; there is no group of processes to transfer within."""

from __future__ import annotations

from .distributed import _no_group

all_reduce = all_gather = all_to_all = all_to_all_single = broadcast = gather = reduce = reduce_scatter = scatter = _no_group
