"""torch.utils.data: its names and signatures, and where programs find them."""

import inspect

import pytest

from workbench import engine
from workbench.engine import data

NAMES = (
    "BatchSampler", "ChainDataset", "ConcatDataset", "DataLoader", "Dataset", "DistributedSampler", "IterableDataset", "RandomSampler",
    "Sampler", "SequentialSampler", "StackDataset", "Subset", "SubsetRandomSampler", "TensorDataset", "WeightedRandomSampler",
    "default_collate", "default_convert", "get_worker_info", "random_split",
)  # fmt: skip


def arguments(f):
    return [(p.name, p.kind, p.default) for p in inspect.signature(f).parameters.values() if p.name not in ("self", "generator")]


@pytest.mark.parametrize("name", NAMES)
def test_signature_is_torchs(name):
    theirs = getattr(pytest.importorskip("torch").utils.data, name)
    ours = getattr(engine.utils.data, name)
    assert ours is getattr(data, name)
    both = (ours.__init__, theirs.__init__) if inspect.isclass(theirs) else (ours, theirs)
    if "__init__" in vars(theirs) or not inspect.isclass(theirs):
        assert arguments(both[0]) == arguments(both[1])


def test_places_below():
    below = engine.utils.data
    assert below.distributed.DistributedSampler is below.DistributedSampler
    assert below.dataset.Subset is below.Subset
    assert below.sampler.BatchSampler is below.BatchSampler
    assert below.dataloader.default_collate is below.default_collate
