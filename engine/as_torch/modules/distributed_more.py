"""What is below `torch.distributed`: classes that programs test for, and what needs a group of processes, which says that there is none."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import timedelta

from . import absent
from .distributed import ProcessGroup as ProcessGroup
from .distributed import ReduceOp as ReduceOp
from .distributed import Work as Work
from .distributed import _no_group as _no_group

_SAYS = "expected a group of processes, got one process; ask distributed.is_available() first, and train with the module itself"

default_pg_timeout = timedelta(minutes=30)

globals().update(
    absent.classes(
        # a tensor or module in parts, and how it is cut
        "DTensor DeviceMesh Placement Shard Replicate Partial _StridedShard DTensorSpec FSDPModule FullyShardedDataParallel Join "
        "ZeroRedundancyOptimizer PipelineStage SplitPoint ScheduleGPipe Schedule1F1B ParallelStyle ColwiseParallel RowwiseParallel "
        "SequenceParallel PrepareModuleInput PrepareModuleOutput CheckpointWrapper ShardedGradScaler UnshardHandle "
        # how they are configured
        "CPUOffload CPUOffloadPolicy OffloadPolicy MixedPrecision MixedPrecisionPolicy ModuleWrapPolicy CustomPolicy FullStateDictConfig "
        "ShardedStateDictConfig LocalStateDictConfig FullOptimStateDictConfig ShardedOptimStateDictConfig StateDictConfig "
        "OptimStateDictConfig StateDictOptions LaunchConfig NumaOptions "
        # where states go, and how processes meet
        "FileSystemReader FileSystemWriter HuggingFaceStorageReader HuggingFaceStorageWriter DefaultLoadPlanner DefaultSavePlanner "
        "_EmptyStateDictLoadPlanner TCPStore FileStore HashStore PrefixStore Store P2POp",
        _SAYS,
        ValueError,
    )
)
globals().update(
    absent.functions(
        "init_device_mesh distribute_tensor distribute_module fully_shard register_fsdp_forward_method parallelize_module pipeline "
        "checkpoint_wrapper offload_wrapper apply_activation_checkpointing save load async_save save_state_dict load_state_dict "
        "_load_state_dict load_sharded_optimizer_state_dict get_model_state_dict get_optimizer_state_dict set_model_state_dict "
        "set_optimizer_state_dict get_state_dict set_state_dict consolidate_safetensors_files dcp_to_torch_save torch_save_to_dcp "
        "context_parallel set_rotate_method implicit_replication compute_local_shape_and_global_offset elastic_launch wait_tensor "
        "all_to_all_single_autograd all_gather_tensor all_reduce_coalesced reduce_scatter_tensor all_to_all_single get_process_group_ranks "
        "get_global_rank get_group_rank batch_isend_irecv lambda_auto_wrap_policy size_based_auto_wrap_policy transformer_auto_wrap_policy "
        "_or_policy wrap always_wrap_policy",
        _SAYS,
        ValueError,
    )
)
globals().update(
    absent.enumerations(
        {
            "ShardingStrategy": ("FULL_SHARD", "SHARD_GRAD_OP", "NO_SHARD", "HYBRID_SHARD", "_HYBRID_SHARD_ZERO2"),
            "BackwardPrefetch": ("BACKWARD_PRE", "BACKWARD_POST"),
            "StateDictType": ("FULL_STATE_DICT", "LOCAL_STATE_DICT", "SHARDED_STATE_DICT"),
            "OptimStateKeyType": ("PARAM_NAME", "PARAM_ID"),
            "CheckpointImpl": ("REENTRANT", "NO_REENTRANT"),
        }
    )
)


class ChildFailedError(Exception):
    """What PyTorch's launcher raises where one of its processes failed; there is no launcher here."""


def enable_wrap(**options: object) -> nullcontext[None]:
    """A context manager that changes nothing: modules that are to be wrapped within are left as they are, as in PyTorch outside of one."""
    return nullcontext()
