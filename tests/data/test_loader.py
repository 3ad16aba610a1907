"""DataLoader: the same batches for any number of workers, positions, and what happens when workers fail."""

import time
from collections import namedtuple

import numpy as np
import pytest

from workbench.engine.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    Subset,
    TensorDataset,
    WeightedRandomSampler,
    current_key,
    default_collate,
    get_worker_info,
)
from workbench.engine.data.border import Tensor, to_tensor


class Noisy(Dataset):
    """Samples large enough for shared memory, with randomness."""

    def __init__(self, n=50):
        self.n = n

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        return np.full((3, 16, 16), i, np.float32) + current_key().uniform(), i


def epoch(loader):
    return [(x.numpy().copy(), y.tolist()) for x, y in loader]


def same(a, b):
    return len(a) == len(b) and all(p[1] == q[1] and np.array_equal(p[0], q[0]) for p, q in zip(a, b, strict=True))


@pytest.fixture(scope="module")
def two_epochs():
    loader = DataLoader(Noisy(), batch_size=8, shuffle=True)
    return [epoch(loader), epoch(loader)]


@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("persistent", [False, True])
def test_workers_change_nothing(two_epochs, workers, persistent):
    loader = DataLoader(Noisy(), batch_size=8, shuffle=True, num_workers=workers, persistent_workers=persistent, prefetch_factor=3)
    assert same(epoch(loader), two_epochs[0])
    assert same(epoch(loader), two_epochs[1])
    loader.set_epoch(0)
    assert same(epoch(loader), two_epochs[0])


def test_epochs_differ(two_epochs):
    first, second = ([i for _, y in e for i in y] for e in two_epochs)
    assert first != second
    assert sorted(first) == sorted(second) == list(range(50))
    noise = {i: x[n] for x, y in two_epochs[0] for n, i in enumerate(y)}
    assert all(not np.array_equal(noise[i], x[n]) for x, y in two_epochs[1] for n, i in enumerate(y))


def test_augmentation_belongs_to_the_sample_not_its_batch(two_epochs):
    noise = {i: x[n] for x, y in two_epochs[0] for n, i in enumerate(y)}
    for x, y in epoch(DataLoader(Noisy(), batch_size=5)):
        assert all(np.array_equal(noise[i], x[n]) for n, i in enumerate(y))


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("saving", [0, 2])
def test_resume_in_the_middle(two_epochs, workers, saving):
    loader = DataLoader(Noisy(), batch_size=8, shuffle=True, num_workers=saving)
    list(loader)
    for n, _ in enumerate(loader):
        if n == 2:
            break
    state = loader.state_dict()
    assert state == {"epoch": 1, "batch": 3, "sample": 24, "seed": state["seed"]}
    other = DataLoader(Noisy(), batch_size=8, shuffle=True, num_workers=workers)
    other.load_state_dict(state)
    other.set_epoch(1)
    assert other.state_dict() == state
    assert same(epoch(other), two_epochs[1][3:])
    assert other.state_dict() == {"epoch": 2, "batch": 0, "sample": 0, "seed": state["seed"]}


def test_resume_takes_no_earlier_samples():
    class Counting(Noisy):
        made = 0

        def __getitem__(self, i):
            Counting.made += 1
            return i

    loader = DataLoader(Counting(), batch_size=8, shuffle=True)
    loader.load_state_dict({"epoch": 3, "batch": 5, "sample": 40, "seed": 1})
    assert len(list(loader)) == 2
    assert Counting.made == 10


@pytest.mark.parametrize("kind", ["custom batches", "custom sampler", "unbatched", "weighted"])
def test_resume_with_other_samplers(kind):
    def make():
        if kind == "custom batches":
            return DataLoader(Noisy(), batch_sampler=[[i, i + 1] for i in range(0, 20, 2)])
        if kind == "custom sampler":
            return DataLoader(Noisy(), sampler=list(range(20, 0, -1)), batch_size=2)
        if kind == "unbatched":
            return DataLoader(Noisy(), batch_size=None, shuffle=True)
        return DataLoader(Noisy(), batch_size=2, sampler=WeightedRandomSampler(np.ones(50), 20))

    def read(iterator):
        return [np.asarray(x).tolist() for x, _ in iterator]

    loader = make()
    iterator = iter(loader)
    for _ in range(4):
        next(iterator)
    state = loader.state_dict()
    other = make()
    other.load_state_dict(state)
    assert read(other) == read(iterator)
    assert state["batch"] == 4


def test_repeated_samples_are_not_augmented_alike():
    class Draw(Noisy):
        def __getitem__(self, i):
            return i, current_key().uniform()

    pairs = [(i, u) for i, u in DataLoader(Draw(3), batch_size=None, sampler=RandomSampler(range(3), replacement=True, num_samples=30))]
    assert len({u for _, u in pairs}) == 30


def test_engine_draws_belong_to_the_batch():
    from workbench import engine

    class Rand(Noisy):
        def __getitem__(self, i):
            return engine.rand(3)

    before = engine.get_rng_state().tolist()
    first = [b.tolist() for b in DataLoader(Rand(9), batch_size=2)]
    assert engine.get_rng_state().tolist() == before
    assert [b.tolist() for b in DataLoader(Rand(9), batch_size=2, num_workers=2)] == first
    assert len({v for b in first for row in b for v in row}) == 27


def test_loaded_state_must_be_whole():
    with pytest.raises(KeyError, match="load_state_dict: expected epoch, batch, sample and seed, got no sample"):
        DataLoader(Noisy()).load_state_dict({"epoch": 0, "batch": 0, "seed": 0})


class Stream(IterableDataset):
    def __init__(self, n=20, divide=True):
        self.n, self.divide = n, divide

    def __iter__(self):
        info = get_worker_info()
        step = (info.id, info.num_workers) if info and self.divide else (0, 1)
        return iter(range(step[0], self.n, step[1]))


@pytest.mark.parametrize("workers", [0, 1, 2, 3])
def test_iterable(workers):
    loader = DataLoader(Stream(), batch_size=3, num_workers=workers)
    batches = [b.tolist() for b in loader]
    assert sorted(i for b in batches for i in b) == list(range(20))
    loader.load_state_dict({"epoch": 0, "batch": 2, "sample": 6, "seed": 0})
    assert [b.tolist() for b in loader] == batches[2:]


def test_iterable_options():
    assert [b.tolist() for b in DataLoader(Stream(7), batch_size=3, drop_last=True)] == [[0, 1, 2], [3, 4, 5]]
    assert list(DataLoader(Stream(3), batch_size=None)) == [0, 1, 2]
    assert [b.tolist() for b in DataLoader(Stream(7), batch_size=3, drop_last=True, num_workers=2)] == [[0, 2, 4], [1, 3, 5]]

    class Sized(Stream):
        def __len__(self):
            return self.n

    assert len(DataLoader(Sized(7), batch_size=3)) == 3
    with pytest.warns(UserWarning, match="expected 3 batches"):
        assert len(list(DataLoader(Sized(7, divide=False), batch_size=3, num_workers=2))) == 6


Pair = namedtuple("Pair", "a b")


def test_collates_as_torch_does():
    torch = pytest.importorskip("torch")
    samples = [
        {"x": np.arange(3.0), "y": (1, 2.5), "s": "ab", "p": Pair(1, np.float32(2)), "l": [True, np.int64(4)]},
        {"x": np.arange(3.0) + 1, "y": (3, 4.5), "s": "c", "p": Pair(2, np.float32(3)), "l": [False, np.int64(5)]},
    ]

    def plain(v):
        if isinstance(v, (Tensor, torch.Tensor)):
            return (str(v.dtype).split(".")[-1], v.tolist())
        if isinstance(v, dict):
            return {k: plain(u) for k, u in v.items()}
        return (type(v).__name__, [plain(u) for u in v]) if isinstance(v, (list, tuple)) else v

    for n in (1, 2):
        (ours,) = DataLoader(samples[:n], batch_size=2)
        (theirs,) = torch.utils.data.DataLoader(samples[:n], batch_size=2)
        assert plain(ours) == plain(theirs)


def test_through_workers_everything_survives():
    def keep(batch):
        return batch

    large = np.arange(100_000).reshape(200, 500)[:, ::2]
    samples = [(np.zeros(0), large.copy() if i else large, to_tensor(np.ones((100, 100))), "text", None, {"k": {1, 2}}) for i in range(5)]
    for batch in DataLoader(samples, batch_size=2, num_workers=2, collate_fn=keep):
        for a, b, t, text, none, d in batch:
            assert a.shape == (0,)
            assert np.array_equal(b, large)
            assert isinstance(t, Tensor)
            assert t.shape == (100, 100)
            assert (text, none, d) == ("text", None, {"k": {1, 2}})
            b += 1  # writable, and nobody else's


def test_batches_outlive_the_workers():
    batches = list(DataLoader(Noisy(), batch_size=8, num_workers=2))
    assert [x[:, 0, 0, 0].numpy().astype(int).tolist() for x, _ in batches] == [y.tolist() for _, y in batches]


def test_whole_batches():
    x, y = np.arange(40.0).reshape(20, 2), np.arange(20)
    dataset = TensorDataset(to_tensor(x), to_tensor(y))
    for d in (dataset, Subset(dataset, list(range(20)))):
        for workers in (0, 2):
            got = list(DataLoader(d, batch_size=6, num_workers=workers))
            assert [len(b[1]) for b in got] == [6, 6, 6, 2]
            assert all(isinstance(b, list) for b in got)
            assert np.concatenate([b[0].numpy() for b in got]).tolist() == x.tolist()
    listed = list(DataLoader(dataset, batch_size=6, collate_fn=len))
    assert listed == [6, 6, 6, 2]


def test_out_of_order():
    class Slow(Noisy):
        def __getitem__(self, i):
            if i < 2:
                time.sleep(0.3)
            return i

    got = [b.tolist() for b in DataLoader(Slow(12), batch_size=2, num_workers=2, in_order=False)]
    assert sorted(map(tuple, got)) == [(i, i + 1) for i in range(0, 12, 2)]
    assert got[0] != [0, 1]


def test_lengths():
    assert len(DataLoader(Noisy(), batch_size=8)) == 7
    assert len(DataLoader(Noisy(), batch_size=8, drop_last=True)) == 6
    assert len(epoch(DataLoader(Noisy(), batch_size=8, drop_last=True))) == 6
    assert len(DataLoader(Noisy(), batch_size=None)) == 50
    assert len(DataLoader(Noisy(), batch_sampler=BatchSampler(SequentialSampler(range(50)), 20, True))) == 2
    assert len(iter(DataLoader(Noisy(), batch_size=8))) == 7


REFUSED = [
    ({"num_workers": -1}, "num_workers to be an int of 0 or more, got -1"),
    ({"timeout": -1}, "timeout to be 0 or more seconds"),
    ({"prefetch_factor": 2}, "prefetch_factor only beside num_workers > 0"),
    ({"prefetch_factor": 0, "num_workers": 1}, "prefetch_factor to be 1 or more"),
    ({"persistent_workers": True}, "persistent_workers only beside"),
    ({"multiprocessing_context": "fork"}, "multiprocessing_context only beside"),
    ({"multiprocessing_context": "thread", "num_workers": 1}, 'to be "fork"'),
    ({"sampler": [0], "shuffle": True}, "shuffle=False beside a sampler"),
    ({"batch_sampler": [[0]], "batch_size": 3}, "batch_sampler alone"),
    ({"batch_size": None, "drop_last": True}, "a batch_size beside drop_last"),
    ({"batch_size": 0}, "batch_size to be an int above 0"),
    ({"dataset": Stream(), "shuffle": True}, "no shuffle for an IterableDataset"),
    ({"dataset": Stream(), "sampler": [1]}, "no sampler for an IterableDataset"),
    ({"dataset": Stream(), "batch_sampler": [[1]]}, "no batch_sampler for an IterableDataset"),
]


@pytest.mark.parametrize(("arguments", "says"), REFUSED, ids=[says[:30] for _, says in REFUSED])
def test_refuses(arguments, says):
    with pytest.raises(ValueError, match=says):
        DataLoader(**{"dataset": Noisy(), **arguments})


def test_stays_as_it_was_made():
    loader = DataLoader(Noisy())
    with pytest.raises(ValueError, match="batch_size to stay as it was made"):
        loader.batch_size = 3
    with pytest.raises(ValueError, match="epoch to be an int of 0 or more"):
        loader.set_epoch(-1)


def test_collates_tensors_with_gradient_and_of_other_dtypes():
    from workbench import engine

    x = engine.ones(3, requires_grad=True)
    default_collate([x * 2, x]).sum().backward()
    assert x.grad.tolist() == [3.0] * 3
    half = engine.ones(3).to(engine.bfloat16)
    for workers in (0, 1):
        (batch,) = DataLoader([half, half], batch_size=2, num_workers=workers)
        assert batch.dtype == engine.bfloat16
        assert batch.float().tolist() == [[1.0] * 3] * 2
