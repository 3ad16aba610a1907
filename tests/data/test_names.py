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


def stream(m):
    class Stream(m.IterableDataset):
        def __iter__(self):
            return iter([1, 2, 3])

    return Stream()


REFUSED = {
    "batch_size": lambda m: m.DataLoader(range(3), batch_size=-1),
    "drop_last": lambda m: m.DataLoader(range(3), batch_size=None, drop_last=True),
    "batch_sampler": lambda m: m.DataLoader(range(3), batch_sampler=[[0]], shuffle=True),
    "sampler": lambda m: m.DataLoader(range(3), sampler=[0], shuffle=True),
    "prefetch_factor": lambda m: m.DataLoader(range(3), prefetch_factor=2),
    "negative prefetch_factor": lambda m: m.DataLoader(range(3), num_workers=1, prefetch_factor=-1),
    "persistent_workers": lambda m: m.DataLoader(range(3), persistent_workers=True),
    "timeout": lambda m: m.DataLoader(range(3), timeout=-1),
    "num_workers": lambda m: m.DataLoader(range(3), num_workers=-1),
    "name of a context": lambda m: m.DataLoader(range(3), num_workers=1, multiprocessing_context="thread"),
    "context": lambda m: m.DataLoader(range(3), num_workers=1, multiprocessing_context=5),
    "context without workers": lambda m: m.DataLoader(range(3), multiprocessing_context="fork"),
    "another batch_size": lambda m: setattr(m.DataLoader(range(3)), "batch_size", 2),
    "length of a stream": lambda m: len(m.DataLoader(stream(m))),
    "shuffled stream": lambda m: m.DataLoader(stream(m), shuffle=True),
    "sampled stream": lambda m: m.DataLoader(stream(m), sampler=[1]),
    "no weights": lambda m: m.WeightedRandomSampler([1.0], 0),
    "replacement": lambda m: m.WeightedRandomSampler([1.0], 1, replacement=1),
    "random replacement": lambda m: m.RandomSampler([1], replacement=1),
    "nothing to draw from": lambda m: m.DataLoader([], shuffle=True),
    "size of batches": lambda m: m.BatchSampler([1], 0, False),
    "drop_last of batches": lambda m: m.BatchSampler([1], 1, 0),
    "nothing to join": lambda m: m.ConcatDataset([]),
    "joined stream": lambda m: m.ConcatDataset([stream(m)]),
    "chained list": lambda m: list(m.ChainDataset([[1]])),
    "nothing to stack": lambda m: m.StackDataset(),
    "stack of two kinds": lambda m: m.StackDataset([1], a=[1]),
    "unequal stack": lambda m: m.StackDataset([1], [1, 2]),
    "index below": lambda m: m.ConcatDataset([[1, 2]])[-3],
    "index above": lambda m: m.ConcatDataset([[1, 2]])[2],
    "length of nothing": lambda m: len(m.Dataset()),
    "item of nothing": lambda m: m.Dataset()[0],
    "stream of nothing": lambda m: m.IterableDataset(),
    "sum of a split": lambda m: m.random_split(range(10), [3, 3]),
    "split by no fraction": lambda m: m.random_split(range(10), [0.5, 1.5, -1.0]),
    "split by no whole number": lambda m: m.random_split(range(10), [5, 2.5, 2.5]),
    "rank": lambda m: m.DistributedSampler(range(4), 2, 2),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refuses_by_the_exception_that_torch_has(case):
    theirs = pytest.importorskip("torch").utils.data
    with pytest.raises(Exception) as want:
        REFUSED[case](theirs)
    with pytest.raises(want.type) as got:
        REFUSED[case](data)
    assert got.type is want.type
