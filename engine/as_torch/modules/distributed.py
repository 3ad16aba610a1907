"""`torch.distributed` as PyTorch has it where it was built without: one process, and no group."""

from __future__ import annotations

from enum import Enum
from typing import Any


class ReduceOp(Enum):
    """How values of several processes become one."""

    SUM, AVG, PRODUCT, MIN, MAX, BAND, BOR, BXOR = range(8)


class ProcessGroup:
    """A group of processes; there is none here."""


class Work:
    """A transfer under way; there is none here."""


class group:  # noqa: N801 - PyTorch's name
    """The group of all processes; there is none here."""

    WORLD = None


GroupMember = group


def is_available() -> bool:
    """False: training is one process here."""
    return False


def is_initialized() -> bool:
    """False: there is no process group."""
    return False


is_mpi_available = is_nccl_available = is_gloo_available = is_ucc_available = is_torchelastic_launched = is_available


def _no_group(*args: Any, **kwargs: Any) -> Any:
    """Not here: there is no process group."""
    raise ValueError("distributed: expected no process group, got a call that needs one; ask distributed.is_initialized() first")


get_rank = get_world_size = get_backend = init_process_group = destroy_process_group = new_group = barrier = _no_group
all_reduce = all_gather = all_gather_object = all_gather_into_tensor = all_to_all = broadcast = broadcast_object_list = _no_group
gather = reduce = reduce_scatter = scatter = send = recv = isend = irecv = monitored_barrier = _no_group
