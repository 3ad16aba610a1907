"""Samplers whose order has a rule: shares of processes, batches by length; and that loaders seek in them."""

import itertools

import numpy as np
import pytest

from workbench import engine
from workbench.engine.data import (
    BatchSampler,
    BucketBatchSampler,
    DataLoader,
    Dataset,
    DistributedSampler,
    IterableDataset,
    PadCollate,
    TokenBatches,
    TokenBatchSampler,
    current_key,
    get_worker_info,
    random_split,
)

LENGTHS = np.random.default_rng(0).integers(1, 60, 300)


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize(("n", "ranks"), [(10, 4), (8, 4), (3, 4), (3, 8), (1, 3), (100, 7)])
def test_shares_as_torch_does(n, ranks, drop_last):
    theirs = pytest.importorskip("torch").utils.data.DistributedSampler
    for rank in range(ranks):
        ours = DistributedSampler(range(n), ranks, rank, shuffle=False, drop_last=drop_last)
        peer = theirs(range(n), ranks, rank, shuffle=False, drop_last=drop_last)
        assert list(ours) == list(peer)
        assert (len(ours), ours.num_samples, ours.total_size) == (len(peer), peer.num_samples, peer.total_size)


def test_shares_of_a_random_order():
    def epoch(e, seed=0):
        made = [DistributedSampler(range(12), 3, rank, seed=seed) for rank in range(3)]
        for sampler in made:
            sampler.set_epoch(e)
        return [list(s) for s in made]

    assert sorted(i for share in epoch(0) for i in share) == list(range(12))
    assert epoch(0) == epoch(0) != epoch(1)
    assert epoch(0) != epoch(0, seed=1)


def test_shares_from_the_launcher(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with pytest.raises(ValueError, match="num_replicas, or WORLD_SIZE in the environment, got neither"):
        DistributedSampler(range(4))
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "1")
    assert list(DistributedSampler(range(4), shuffle=False)) == [1, 3]
    with pytest.raises(ValueError, match=r"rank in \[0, 2\), got 2"):
        DistributedSampler(range(4), rank=2)


def test_loader_follows_the_sampler():
    """PyTorch's programs call set_epoch of the sampler; the loader's epoch is that one then."""

    def epoch(loader):
        return [i for b in loader for i in b.tolist()]

    def make():
        sampler = DistributedSampler(range(20), 2, 0)
        return sampler, DataLoader(range(20), batch_size=3, sampler=sampler)

    _, plain = make()
    counted = [epoch(plain) for _ in range(3)]
    assert counted[0] != counted[1] != counted[2]
    sampler, loader = make()
    for e in (2, 0, 0, 1):
        sampler.set_epoch(e)
        assert epoch(loader) == counted[e]
    assert epoch(loader) == counted[2]
    sampler.set_epoch(1)
    iterator = iter(loader)
    next(iterator)
    state = loader.state_dict()
    assert (state["epoch"], state["batch"]) == (1, 1)
    sampler, loader = make()
    loader.load_state_dict(state)
    sampler.set_epoch(1)
    assert epoch(loader) == counted[1][3:]


def test_own_batch_sampler_sees_the_epochs_in_turn():
    class Own(BatchSampler):
        pass

    def epochs(kind):
        loader = DataLoader(range(9), batch_sampler=kind(DistributedSampler(range(9), 1, 0), 2, False))
        return [[b.tolist() for b in loader] for _ in range(3)]

    assert epochs(Own) == epochs(BatchSampler)


def buckets(**options):
    return BucketBatchSampler(LENGTHS, 16, pool_batches=5, **options)


def tokens(**options):
    return TokenBatchSampler(LENGTHS, 256, pool=100, **options)


def padded(batch, multiple=1):
    return len(batch) * -(-int(LENGTHS[batch].max()) // multiple) * multiple


@pytest.mark.parametrize("make", [buckets, tokens])
@pytest.mark.parametrize("shuffle", [False, True])
def test_batches_hold_each_sample_once_and_little_padding(make, shuffle):
    sampler = make(shuffle=shuffle)
    first, second = list(sampler), list(sampler)
    for epoch in (first, second):
        assert sorted(i for b in epoch for i in b) == list(range(300))
    assert (first != second) == shuffle
    sampler.set_epoch(0)
    assert list(sampler) == first
    assert len(make(shuffle=shuffle)) == len(first)
    waste = 1 - LENGTHS.sum() / sum(map(padded, first))
    order = np.arange(300)
    plain = 1 - LENGTHS.sum() / sum(padded(order[i : i + 16]) for i in range(0, 300, 16))
    assert waste < 0.25 < 0.4 < plain


def test_bucket_sizes():
    assert sorted(map(len, buckets())) == [12] + [16] * 18
    assert list(map(len, buckets(drop_last=True))) == [16] * 18


def test_token_budget():
    assert all(padded(b) <= 256 for b in tokens())
    assert all(padded(b, 8) <= 256 for b in tokens(multiple_of=8))
    assert max(len(b) for b in tokens(max_samples=5)) == 5
    sampler = TokenBatchSampler(LENGTHS, 256, pool=300, shuffle=False)
    made = list(sampler)
    assert all(padded([*b, nxt[0]]) > 256 for b, nxt in itertools.pairwise(made))  # none could have been larger


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: TokenBatchSampler([3, 9, 4], 8), r"lengths of at most max_tokens \(8\), got 9 at index 1"),
        (lambda: TokenBatchSampler([3, 7], 7, multiple_of=4), "got 8 at index 1"),
        (lambda: TokenBatchSampler([3], 0), "max_tokens to be an int above 0"),
        (lambda: BucketBatchSampler([1.5], 2), "lengths to be a sequence of ints"),
        (lambda: BucketBatchSampler([[1]], 2), "lengths to be a sequence of ints"),
        (lambda: BucketBatchSampler([-1], 2), "lengths to be a sequence of ints"),
        (lambda: BucketBatchSampler([1], True), "batch_size to be an int above 0"),
        (lambda: TokenBatches([], 0), "max_tokens to be an int above 0"),
        (lambda: list(TokenBatches([[1, 2]], 1)), r"length at most max_tokens \(1\), got 2"),
    ],
)
def test_refuses(make, says):
    with pytest.raises(ValueError, match=says):
        make()


def test_lengths_may_be_a_tensor():
    assert list(BucketBatchSampler(engine.tensor([3, 1, 2]), 2, shuffle=False)) == [[1, 2], [0]]
    assert list(BucketBatchSampler([], 2)) == []


class Ragged(Dataset):
    def __len__(self):
        return len(LENGTHS)

    def __getitem__(self, i):
        return np.full(LENGTHS[i], i) + current_key().uniform()


@pytest.mark.parametrize("make", [buckets, tokens])
@pytest.mark.parametrize("workers", [0, 2])
def test_loader_seeks(make, workers):
    def loader(workers=0):
        return DataLoader(Ragged(), batch_sampler=make(), num_workers=workers, collate_fn=PadCollate(-1))

    def read(batches):
        return [b.data.tolist() for b in batches]

    engine.manual_seed(5)
    whole = loader()
    lengths = [len(whole)]
    epochs = [read(whole)]
    lengths.append(len(whole))
    epochs.append(read(whole))
    assert lengths == [len(e) for e in epochs]
    begun = loader(workers)
    assert read(begun) == epochs[0]
    iterator = iter(begun)
    assert read(next(iterator) for _ in range(4)) == epochs[1][:4]
    state = begun.state_dict()
    del iterator
    engine.manual_seed(6)
    other = loader(workers)
    other.load_state_dict(state)
    assert read(other) == epochs[1][4:]


class Stream(IterableDataset):
    def __iter__(self):
        info = get_worker_info()
        first, step = (info.id, info.num_workers) if info else (0, 1)
        return iter([[i] * n for i, n in enumerate(LENGTHS.tolist())][first::step])


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("pool", [1, 64])
def test_streams_by_tokens(workers, pool):
    loader = DataLoader(TokenBatches(Stream(), 256, pool=pool), batch_size=None, num_workers=workers, collate_fn=PadCollate(-1))
    seen = []
    for batch in loader:
        assert batch.data.numel() <= 256
        seen += [row[0] for row in batch.data.tolist()]
    assert sorted(seen) == list(range(300))
    if pool == 1 and not workers:
        assert seen == list(range(300))


@pytest.mark.parametrize("lengths", [[7, 3], [10], [0, 10], [0.5, 0.5], [0.33, 0.33, 0.34], [0.05, 0.95]])
def test_split_lengths_as_torch_does(lengths):
    theirs = pytest.importorskip("torch").utils.data.random_split
    assert [len(p) for p in random_split(range(10), lengths)] == [len(p) for p in theirs(range(10), lengths)]


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("batch_size", [1, 3, 5, 20])
def test_boundaries_as_torch_does(batch_size, drop_last):
    theirs = pytest.importorskip("torch").utils.data.DataLoader
    ours = DataLoader(range(10), batch_size, drop_last=drop_last)
    peer = theirs(range(10), batch_size, drop_last=drop_last)
    assert [b.tolist() for b in ours] == [b.tolist() for b in peer]
    assert len(ours) == len(peer)
