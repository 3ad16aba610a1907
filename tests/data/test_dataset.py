"""Datasets and samplers."""

import numpy as np
import pytest

from workbench.engine.data import (
    BatchSampler,
    ChainDataset,
    ConcatDataset,
    Dataset,
    IterableDataset,
    RandomSampler,
    Sampler,
    SequentialSampler,
    StackDataset,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    current_key,
    random_split,
)
from workbench.engine.data.border import default_generator, to_tensor
from workbench.engine.data.context import use_key
from workbench.engine.data.dataset import samples_of
from workbench.engine.random_keys import Key, Keys


class Numbers(Dataset):
    def __init__(self, *numbers):
        self.numbers = numbers

    def __len__(self):
        return len(self.numbers)

    def __getitem__(self, i):
        return self.numbers[i]


class Stream(IterableDataset):
    def __init__(self, *numbers):
        self.numbers = numbers

    def __iter__(self):
        return iter(self.numbers)

    def __len__(self):
        return len(self.numbers)


class Seeded:
    def __init__(self, seed):
        self.seed = seed

    def initial_seed(self):
        return self.seed


def test_concat():
    both = Numbers(1, 2) + Numbers() + Numbers(3)
    assert list(both) == [1, 2, 3]
    assert len(both) == 3
    assert both[-1] == 3
    assert both[-3] == 1
    with pytest.raises(IndexError, match=r"ConcatDataset: expected an index in \[-3, 3\), got 3"):
        both[3]
    with pytest.raises(ValueError, match="got -4"):
        both[-4]
    with pytest.raises(AssertionError, match="at least one dataset"):
        ConcatDataset([])
    with pytest.raises(AssertionError, match="use ChainDataset"):
        ConcatDataset([Stream(1)])


def test_chain():
    both = Stream(1, 2) + Stream(3)
    assert list(both) == list(both) == [1, 2, 3]
    assert len(both) == 3
    with pytest.raises(AssertionError, match="use ConcatDataset"):
        list(ChainDataset([Numbers(1)]))


def test_tensor_dataset():
    d = TensorDataset(to_tensor(np.arange(6).reshape(3, 2)), to_tensor(np.arange(3)))
    assert len(d) == 3
    assert [t.tolist() for t in d[1]] == [[2, 3], 1]
    with pytest.raises(AssertionError, match=r"equal size in their first dimension, got \[3, 2\]"):
        TensorDataset(to_tensor(np.zeros(3)), to_tensor(np.zeros(2)))


def test_stack():
    assert StackDataset(Numbers(1, 2), Numbers(3, 4))[1] == (2, 4)
    named = StackDataset(a=Numbers(1, 2), b=Numbers(3, 4))
    assert named[0] == {"a": 1, "b": 3}
    assert named.__getitems__([1, 0]) == [{"a": 2, "b": 4}, {"a": 1, "b": 3}]
    with pytest.raises(ValueError, match="equal length"):
        StackDataset(Numbers(1), Numbers(1, 2))
    with pytest.raises(ValueError, match="either positional or keyword"):
        StackDataset(Numbers(1), b=Numbers(1))


def test_subset():
    s = Subset(Subset(Numbers(*range(10, 20)), [1, 3, 5, 7]), [3, 0])
    assert list(s) == [17, 11]
    assert s.__getitems__([1]) == [11]
    assert not hasattr(s, "__getbatch__")


def test_subclass_must_define():
    with pytest.raises(NotImplementedError, match="Dataset: expected a __getitem__"):
        Dataset()[0]
    with pytest.raises(TypeError, match=r"abstract.*__iter__"):
        IterableDataset()
    with pytest.raises(NotImplementedError, match="Sampler: expected an __iter__"):
        iter(Sampler())


def test_random_split():
    parts = random_split(Numbers(*range(10)), [0.5, 0.25, 0.25], Seeded(1))
    assert [len(p) for p in parts] == [6, 2, 2]
    assert sorted(i for p in parts for i in p) == list(range(10))
    assert [list(p) for p in random_split(Numbers(*range(10)), [6, 2, 2], Seeded(1))] == [list(p) for p in parts]
    assert list(random_split(Numbers(*range(10)), [10], Seeded(2))[0]) != list(random_split(Numbers(*range(10)), [10], Seeded(1))[0])
    with pytest.raises(ValueError, match=r"lengths that sum to the dataset's 10 samples, got \[5, 6\]"):
        random_split(Numbers(*range(10)), [5, 6])
    with pytest.raises(TypeError, match=r"lengths to be ints, or fractions that sum to 1, got 2\.5"):
        random_split(Numbers(*range(10)), [5, 2.5, 2.5])
    with pytest.raises(ValueError, match=r"fractions in \[0, 1\]"):
        random_split(Numbers(1), [1.5, -0.5])
    with pytest.warns(UserWarning, match="part 1 is empty"):
        random_split(Numbers(1), [0.9, 0.1])


def test_random_sampler():
    sampler = RandomSampler(range(20), generator=Seeded(3))
    first, second = list(sampler), list(sampler)
    assert first != second
    assert sorted(first) == sorted(second) == list(range(20))
    sampler.set_epoch(0)
    assert list(sampler) == first == list(RandomSampler(range(20), generator=Seeded(3)))
    assert list(RandomSampler(range(20), generator=Seeded(4))) != first
    long = list(RandomSampler(range(4), num_samples=10))
    assert len(long) == 10
    assert sorted(long[:4]) == sorted(long[4:8]) == [0, 1, 2, 3]
    assert len(set(RandomSampler(range(1000), replacement=True))) < 1000
    with pytest.raises(TypeError, match="replacement to be a bool"):
        RandomSampler(range(3), replacement=1)
    for source, n in ((range(3), -1), (range(3), 0), ([], None)):
        with pytest.raises(ValueError, match="num_samples to be an int above 0"):
            RandomSampler(source, num_samples=n)


def test_other_samplers():
    assert list(SequentialSampler("abc")) == [0, 1, 2]
    assert sorted(SubsetRandomSampler([5, 7, 9])) == [5, 7, 9]
    assert list(BatchSampler(SequentialSampler(range(5)), 2, True)) == [[0, 1], [2, 3]]
    assert list(BatchSampler([3, 1, 2], 2, False)) == [[3, 1], [2]]
    assert len(BatchSampler(range(5), 2, True)) == 2
    with pytest.raises(ValueError, match="batch_size to be an int above 0, got True"):
        BatchSampler(range(5), True, False)
    with pytest.raises(ValueError, match="drop_last to be a bool"):
        BatchSampler(range(5), 2, 0)


def test_weighted_sampler():
    weights = [0.0, 1.0, 3.0, 0.0, 6.0, 0.0]
    counts = np.bincount(list(WeightedRandomSampler(weights, 20_000)), minlength=6) / 20_000
    assert np.allclose(counts, np.array(weights) / 10, atol=0.02)
    assert sorted(WeightedRandomSampler(weights, 3, replacement=False)) == [1, 2, 4]
    firsts = [next(iter(WeightedRandomSampler(weights, 1, replacement=False, generator=Seeded(s)))) for s in range(2000)]
    assert np.allclose(np.bincount(firsts, minlength=6) / 2000, np.array(weights) / 10, atol=0.05)
    for bad, says in [([-1.0], "weights of 0 or more"), ([0.0], "not all 0"), ([[1.0]], "1-d"), ([float("nan")], "finite")]:
        with pytest.raises(ValueError, match=says):
            WeightedRandomSampler(bad, 1)
    with pytest.raises(ValueError, match="num_samples to be an int above 0"):
        WeightedRandomSampler([1.0], 0)
    with pytest.raises(ValueError, match=r"at least num_samples \(2\) weights above 0"):
        WeightedRandomSampler([1.0, 0.0], 2, replacement=False)


def test_current_key():
    default_generator.manual_seed(3)
    first, second = current_key().uniform(), current_key().uniform()
    assert first != second
    default_generator.manual_seed(3)
    assert current_key().uniform() == first
    with use_key(Key(0, "augment", 0, 5)):
        assert current_key().uniform() == Key(0, "augment", 0, 5).uniform()

    class Drawing(Numbers):
        def __getitem__(self, i):
            return current_key().uniform()

    with use_key(Keys(0, "augment", 0, streams=[4, 5])):
        assert samples_of(Subset(Drawing(1, 2, 3), [0, 1, 2]), [1, 2]) == [Key(0, "augment", 0, s).uniform() for s in (4, 5)]
