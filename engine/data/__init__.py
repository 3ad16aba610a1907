"""Datasets, samplers, loaders and transforms: PyTorch's `torch.utils.data` and the image transforms of torchvision."""

from . import transforms
from .bucketing import BucketBatchSampler, TokenBatches, TokenBatchSampler
from .collate import default_collate, default_collate_fn_map, default_convert
from .context import current_key, get_worker_info
from .dataset import ChainDataset, ConcatDataset, Dataset, IterableDataset, StackDataset, Subset, TensorDataset, random_split
from .distributed import DistributedSampler
from .loader import DataLoader
from .padding import PadCollate, Padded
from .sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler, SubsetRandomSampler, WeightedRandomSampler

__all__ = [
    "BatchSampler",
    "BucketBatchSampler",
    "ChainDataset",
    "ConcatDataset",
    "DataLoader",
    "Dataset",
    "DistributedSampler",
    "IterableDataset",
    "PadCollate",
    "Padded",
    "RandomSampler",
    "Sampler",
    "SequentialSampler",
    "StackDataset",
    "Subset",
    "SubsetRandomSampler",
    "TensorDataset",
    "TokenBatchSampler",
    "TokenBatches",
    "WeightedRandomSampler",
    "current_key",
    "default_collate",
    "default_collate_fn_map",
    "default_convert",
    "get_worker_info",
    "random_split",
    "transforms",
]
