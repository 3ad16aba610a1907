"""Functions of layers under their names in `torch`, whose arguments are positional and whose reductions are numbers."""

from __future__ import annotations

from typing import Any

from .tools import About, attempt, differentiated, each, numbers, program

D = {"dtype": "float64"}


def of(torch: Any, f: Any, *shapes: tuple[int, ...], more: tuple[Any, ...] = (), **named: Any) -> Any:
    """f of tensors of these shapes and further arguments, with gradients for all of the tensors; in float32 and float16 without."""
    leaves = [numbers(torch, *s, dtype="float64", seed=i, grad=True) for i, s in enumerate(shapes)]
    found = differentiated(torch, lambda *t: f(*t, *more, **named), *leaves)
    with torch.no_grad():
        found["float32"] = f(*(t.detach().float() for t in leaves), *more, **named)
    return found


POOLS = {
    "avg_pool1d": ((3, 8), ((2,), (3, 1), ([3], [2], [1]), (3, 2, 1, True), (3, 2, 1, False, False))),
    "adaptive_avg_pool1d": ((2, 3, 7), ((3,), ([1],), (7,))), "adaptive_max_pool1d": ((2, 3, 7), ((3,), ([1],), (7,))),
    "max_pool1d": ((2, 3, 8), ((2,), (3, 1), ([3], [2], [1], [1], True), (2, 2, 0, 2))),
    "max_pool1d_with_indices": ((2, 3, 8), ((2,), (3, 1), ([3], [2], [1], [1], True))),
    "max_pool2d": ((2, 3, 6, 7), ((2,), ((2, 3), (1, 2)), (3, 2, 1, 1, True), (2, 1, 0, 2))),
    "max_pool3d": ((1, 2, 5, 5, 5), ((2,), ((1, 2, 2), (1, 1, 2)), (3, 2, 1, 1, True))),
}  # fmt: skip


@each(*(f"torch.{name}" for name in POOLS))
def pools(torch: Any, name: str) -> Any:
    f = getattr(torch, name.removeprefix("torch."))
    shape, calls = POOLS[name.removeprefix("torch.")]
    found: dict[str, Any] = {str(c): of(torch, f, shape, more=c) for c in calls}
    found["without a batch"] = f(numbers(torch, *shape[-len(shape) + (len(shape) > 2) :]), *calls[0])
    bad = [attempt(f, numbers(torch, 2), 2), attempt(f, numbers(torch, *shape), 0), attempt(f, numbers(torch, *shape))]
    return found, bad, attempt(f, 1.0, 2)


@program("torch.hinge_embedding_loss", "torch.margin_ranking_loss", "torch.cosine_embedding_loss", "torch.triplet_margin_loss")
def margins(torch: Any) -> Any:
    found: dict[str, Any] = {}
    sign = torch.tensor([1.0, -1.0, 1.0], dtype=torch.float64)
    for how in (0, 1, 2):
        for margin in (1.0, 0.3):
            both = margin, how
            found[f"hinge {both}"] = of(torch, lambda x, m=margin, h=how: torch.hinge_embedding_loss(x, sign.to(x.dtype), m, h), (3,))
            found[f"ranking {both}"] = of(
                torch, lambda x, y, m=margin, h=how: torch.margin_ranking_loss(x, y, sign.to(x.dtype), m, h), (3,), (3,)
            )
            found[f"cosine {both}"] = of(
                torch, lambda x, y, m=margin, h=how: torch.cosine_embedding_loss(x, y, sign.to(x.dtype), m, h), (3, 4), (3, 4)
            )
            for swap in (False, True):
                f = torch.triplet_margin_loss
                found[f"triplet {both} {swap}"] = of(torch, f, (3, 4), (3, 4), (3, 4), more=(margin, 2.0, 1e-6, swap, how))
    x = numbers(torch, 3)
    bad = (
        attempt(torch.cosine_embedding_loss, x, x, x),
        attempt(torch.margin_ranking_loss, x, x),
    )
    return found, bad, attempt(torch.triplet_margin_loss, x[None], numbers(torch, 1, 4), x[None])


@program("torch.kl_div", "torch.poisson_nll_loss", "torch.binary_cross_entropy_with_logits")
def likelihoods(torch: Any) -> Any:
    found: dict[str, Any] = {}
    weights = lambda x: (numbers(torch, 3, low=0.5).to(x.dtype), numbers(torch, 3, seed=1, low=0.5).to(x.dtype))  # noqa: E731
    poisson, bce = torch.poisson_nll_loss, torch.binary_cross_entropy_with_logits
    for how in (0, 1, 2):
        for flag in (False, True):
            found[f"kl {how} {flag}"] = of(torch, lambda x, y, h=how, g=flag: torch.kl_div(x, y.exp(), h, log_target=g), (2, 3), (2, 3))
            for full in (False, True):
                found[f"poisson {how} {flag} {full}"] = of(
                    torch, lambda x, y, a=(flag, full, 1e-8, how): poisson(x.abs() + 0.1, y.abs() + 1, *a), (4,), (4,)
                )
        found[f"bce {how}"] = of(torch, lambda x, y, h=how: bce(x, y.sigmoid(), None, None, h), (2, 3), (2, 3))
        found[f"bce weighted {how}"] = of(torch, lambda x, y, h=how: bce(x, y.sigmoid(), *weights(x), h), (2, 3), (2, 3))
    x = numbers(torch, 3)
    return found, attempt(torch.kl_div, x, x[:2]), attempt(torch.binary_cross_entropy_with_logits, x, x[:2])


@program("torch.ctc_loss")
def ctc(torch: Any) -> Any:
    logits = numbers(torch, 6, 2, 4, dtype="float64", grad=True)
    targets, lengths = torch.tensor([[1, 2, 3], [2, 2, 1]]), ([6, 5], [3, 2])
    found = {}
    for how in (0, 1, 2):
        for infinite in (False, True):
            as_lists = lambda t, h=how, z=infinite: torch.ctc_loss(t.log_softmax(2), targets, *lengths, 0, h, z)  # noqa: E731
            as_tensors = lambda t, h=how, z=infinite: torch.ctc_loss(t.log_softmax(2), targets, *map(torch.tensor, lengths), 0, h, z)  # noqa: E731
            found[f"{how} {infinite}"] = differentiated(torch, as_lists, logits), differentiated(torch, as_tensors, logits)
    return found, attempt(torch.ctc_loss, logits, targets, [7, 5], [3, 2]), attempt(torch.ctc_loss, logits, targets, [6], [3, 2])


@program("torch.cosine_similarity", "torch.pairwise_distance", "torch.pdist")
def distances(torch: Any) -> Any:
    found = {}
    for dim in (0, 1, -1):
        found[f"cosine {dim}"] = (
            of(torch, torch.cosine_similarity, (3, 4), (3, 4), more=(dim,)),
            of(torch, torch.cosine_similarity, (3, 4), (4,), more=(dim, 1e-3)),
        )
    for p in (0.0, 1.0, 2.0, 3.0, float("inf")):
        found[f"pairwise {p}"] = (
            of(torch, torch.pairwise_distance, (3, 4), (3, 4), more=(p,)),
            torch.pairwise_distance(numbers(torch, 3), numbers(torch, 3, seed=1), p, 0.1, True),
        )
        found[f"pdist {p}"] = of(torch, torch.pdist, (4, 3), more=(p,))
    x = numbers(torch, 2, 3)
    return (
        found,
        attempt(torch.pdist, x[0]),
        attempt(torch.pdist, x, -1.0),
        attempt(torch.cosine_similarity, x, x[:, :2]),
        torch.pdist(x[:1]),
    )


@program("torch.prelu", "torch.celu", "torch.relu", "torch.selu", "torch.threshold", "torch.hardshrink", "torch.Tensor.prelu",
         "torch.Tensor.hardshrink", "torch.Tensor.relu", "torch.Tensor.relu_")  # fmt: skip
def activations(torch: Any) -> Any:
    found: dict[str, Any] = {}
    for name, calls in (
        ("relu", ((),)),
        ("selu", ((),)),
        ("celu", ((), (0.5,))),
        ("threshold", ((0.1, 2.0),)),
        ("hardshrink", ((), (1.0,))),
    ):
        for c in calls:
            found[f"{name} {c}"] = of(torch, getattr(torch, name), (3, 4), more=c)
            for d in ("float16", "bfloat16", "int64", "uint8", "complex64", "bool"):
                found[f"{name} {c} {d}"] = attempt(getattr(torch, name), numbers(torch, 3, 2, dtype=d), *c)
    for shapes in (((2, 3, 4), (3,)), ((2, 3), (1,)), ((4,), (1,)), ((2, 3), (3,))):
        found[f"prelu {shapes}"] = of(torch, torch.prelu, *shapes), of(torch, lambda x, w: x.prelu(w), *shapes)
    x = numbers(torch, 2, 3)
    y = x.clone()
    found["methods"] = x.relu(), x.hardshrink(), x.hardshrink(1.0), y.relu_() is y, y
    return (
        found,
        attempt(torch.prelu, x, numbers(torch, 2)),
        attempt(torch.prelu, x, 0.5),
        attempt(torch.threshold, x, 1.0),
        attempt(x.hardshrink, "a"),
    )


@program("torch.batch_norm", "torch.instance_norm")
def norms(torch: Any) -> Any:
    found = {}
    for name in ("batch_norm", "instance_norm"):
        f = getattr(torch, name)
        for training in (True, False):
            for affine in (True, False):
                mean, var = numbers(torch, 3, **D), numbers(torch, 3, low=0.5, **D)
                shapes = ((4, 3, 5), (3,), (3,)) if affine else ((4, 3, 5),)

                def call(x: Any, w: Any = None, b: Any = None, t: Any = training, m: Any = mean, v: Any = var, f: Any = f) -> Any:
                    return f(x, w, b, m.to(x.dtype), v.to(x.dtype), t, 0.1, 1e-5, False)

                found[f"{name} {training} {affine}"] = of(torch, call, *shapes)
                before = mean.clone(), var.clone()
                f(numbers(torch, 4, 3, 5, **D), None, None, *before, training, 0.3, 1e-5, False)
                found[f"{name} {training} {affine} running"] = before
        found[f"{name} alone"] = f(numbers(torch, 2, 3, 4), None, None, None, None, True, 0.1, 1e-5, True)
        bad = attempt(f, numbers(torch, 2, 3))
        found[f"{name} refused"] = bad, attempt(f, numbers(torch, 2, 3, 4), numbers(torch, 2), None, None, None, True, 0.1, 1e-5, False)
    return found


@program("torch.embedding", "torch.embedding_bag")
def embeddings(torch: Any) -> Any:
    index, offsets = torch.tensor([[0, 2], [3, 0]]), torch.tensor([0, 1, 1])
    found: dict[str, Any] = {}
    for more in ((), (0,), (-1,), (0, True), (0, False, False)):
        found[str(more)] = of(torch, lambda w, m=more: torch.embedding(w, index, *m), (5, 3))
    for mode in (0, 1, 2):
        for last in (False, True):
            ends = torch.tensor([0, 1, 1, 4]) if last else offsets
            call = lambda w, m=mode, h=last, o=ends: torch.embedding_bag(w, index.flatten(), o, False, m, False, None, h)[0]  # noqa: E731
            found[f"bag {mode} {last}"] = of(torch, call, (5, 3))
        found[f"bag all {mode}"] = torch.embedding_bag(numbers(torch, 5, 3), index.flatten(), offsets, False, mode)[0]
    found["weighted"] = of(torch, lambda w, s: torch.embedding_bag(w, index.flatten(), offsets, False, 0, False, s)[0], (5, 3), (4,))
    found["padding"] = of(torch, lambda w: torch.embedding_bag(w, index.flatten(), offsets, False, 0, False, None, False, 0)[0], (5, 3))
    w = numbers(torch, 5, 3)
    return (found, attempt(torch.embedding, w, index + 9), attempt(torch.embedding, index, w))


@program("torch.grid_sampler", "torch.affine_grid_generator")
def grids(torch: Any) -> Any:
    found = {}
    for corners in (False, True):
        f = torch.affine_grid_generator
        found[f"affine {corners}"] = (
            of(torch, f, (2, 2, 3), more=([2, 1, 3, 4], corners)),
            of(torch, f, (1, 3, 4), more=([1, 1, 2, 3, 2], corners)),
        )
        for how in (0, 1, 2):
            for padding in (0, 1, 2):
                f = torch.grid_sampler
                found[f"{corners} {how} {padding}"] = of(torch, f, (1, 2, 4, 4), (1, 3, 3, 2), more=(how, padding, corners))
        found[f"volume {corners}"] = of(torch, torch.grid_sampler, (1, 2, 3, 4, 4), (1, 2, 2, 2, 3), more=(0, 0, corners))
    x, g = numbers(torch, 1, 2, 3, 3), numbers(torch, 1, 2, 2, 2)
    return (
        found,
        attempt(torch.grid_sampler, x, g[..., :1], 0, 0, False),
        attempt(torch.grid_sampler, x, g),
        attempt(f, x, g, 0, 0, False, 1),
    )


@program("torch.pixel_shuffle", "torch.pixel_unshuffle", "torch.channel_shuffle", "torch.native_channel_shuffle")
def shuffles(torch: Any) -> Any:
    x = numbers(torch, 2, 8, 4, 4)
    found = of(torch, torch.pixel_shuffle, (2, 8, 4, 4), more=(2,)), of(torch, torch.pixel_unshuffle, (2, 3, 4, 4), more=(2,))
    groups = [of(torch, torch.channel_shuffle, (2, 8, 3, 3), more=(g,)) for g in (1, 2, 4)]
    native = [torch.native_channel_shuffle(x, g) for g in (1, 2, 4)]  # it has no gradient in PyTorch
    plain = torch.pixel_shuffle(x[0], 2), torch.pixel_unshuffle(x[0], 1), torch.pixel_shuffle(numbers(torch, 4, 2, 2, dtype="int64"), 2)
    bad = [attempt(torch.pixel_shuffle, x, 3), attempt(torch.pixel_unshuffle, x, 3), attempt(torch.channel_shuffle, x, 3)]
    return (
        found,
        groups,
        native,
        plain,
        bad,
        attempt(torch.pixel_shuffle, x[0, 0], 2),
        attempt(torch.channel_shuffle, x, 0),
        attempt(torch.pixel_shuffle, x, -1),
    )


@program("torch.bilinear", "torch.conv_tbc", "torch.convolution")
def linear(torch: Any) -> Any:
    found: dict[str, Any] = {
        "bilinear": of(torch, torch.bilinear, (5, 3), (5, 4), (2, 3, 4), (2,)),
        "without bias": of(torch, torch.bilinear, (3,), (4,), (2, 3, 4)),
        "tbc": [of(torch, torch.conv_tbc, (6, 2, 3), (3, 3, 4), (4,), more=m) for m in ((), (1,))],
    }  # fmt: skip
    plans = {
        "1d": ((2, 4, 8), (6, 4, 3), [1], [0], [1], False, [0], 1),
        "2d": ((2, 4, 6, 6), (6, 2, 3, 3), [2, 1], [1, 0], [1, 2], False, [0, 0], 2),
        "3d": ((1, 2, 4, 4, 4), (2, 2, 2, 2, 2), [1, 1, 1], [0, 0, 0], [1, 1, 1], False, [0, 0, 0], 1),
        "transposed": ((2, 4, 5), (4, 3, 3), [2], [1], [1], True, [1], 1),
        "transposed 2d": ((1, 4, 3, 3), (4, 1, 2, 2), [2, 2], [0, 0], [1, 1], True, [0, 0], 2),
    }  # fmt: skip
    for key, (x, w, *more) in plans.items():
        found[key] = of(torch, lambda a, b, m=more: torch.convolution(a, b, None, *m), x, w)
        bias = w[1] * more[-1] if more[3] else w[0]
        found[f"{key} bias"] = of(torch, lambda a, b, c, m=more: torch.convolution(a, b, c, *m), x, w, (bias,))
    a = numbers(torch, 2, 3)
    return found, attempt(torch.bilinear, a, a, numbers(torch, 2, 4, 4)), attempt(torch.conv_tbc, a, a, a), attempt(torch.convolution, a, a)


CELLS = {"gru_cell": 3, "lstm_cell": 4, "rnn_relu_cell": 1, "rnn_tanh_cell": 1}


@each(*(f"torch.{name}" for name in CELLS))
def cells(torch: Any, name: str) -> Any:
    f, gates = getattr(torch, name.removeprefix("torch.")), CELLS[name.removeprefix("torch.")]
    shapes = [(2, 3), (2, 4), (gates * 4, 3), (gates * 4, 4), (gates * 4,), (gates * 4,)]
    if name == "torch.lstm_cell":
        with_bias = of(torch, lambda x, h, c, *w: f(x, (h, c), *w), (2, 3), (2, 4), *shapes[1:])
        return with_bias, of(torch, lambda x, h, c, *w: f(x, (h, c), *w), (2, 3), (2, 4), *shapes[1:4]), attempt(f, 1, 2)
    x, h, w, u = (numbers(torch, *s) for s in shapes[:4])
    return of(torch, f, *shapes), of(torch, f, *shapes[:4]), attempt(f, x, h, w[:, :2], u), attempt(f, x[:, :1], h, w, u), attempt(f, 1, 2)


@each("torch.lstm", "torch.gru", "torch.rnn_tanh", "torch.rnn_relu")
def recurrent(torch: Any, name: str) -> Any:
    """Layers, directions, biases, batches first, packed sequences."""
    f, kind = getattr(torch, name.removeprefix("torch.")), name.removeprefix("torch.").upper().removesuffix("_TANH").removesuffix("_RELU")
    gates = {"LSTM": 4, "GRU": 3, "RNN": 1}[kind]
    found = {}
    for layers, both, bias, first in ((1, False, True, False), (2, True, True, True), (1, True, False, False), (2, False, False, True)):
        ways = 2 if both else 1
        sizes: list[tuple[int, ...]] = []
        for layer in range(layers):
            for _ in range(ways):
                width = 3 if layer == 0 else 4 * ways
                sizes += [(gates * 4, width), (gates * 4, 4)] + [(gates * 4,), (gates * 4,)] * bias
        state = (layers * ways, 2, 4)
        states = (state, state) if kind == "LSTM" else (state,)

        def call(x: Any, *rest: Any, o: Any = (bias, layers, 0.0, False, both), n: int = len(states), b: bool = first) -> Any:
            return f(x, rest[:n] if n == 2 else rest[0], list(rest[n:]), *o, b)

        found[f"{layers} {both} {bias} {first}"] = of(torch, call, (2, 5, 3) if first else (5, 2, 3), *states, *sizes)
    x, h = numbers(torch, 5, 2, 3), numbers(torch, 1, 2, 4)
    weights = [numbers(torch, gates * 4, 3), numbers(torch, gates * 4, 4)]
    hx = (h, h) if kind == "LSTM" else h
    packed = torch.nn.utils.rnn.pack_padded_sequence(x, [5, 3])
    found["packed"] = f(packed.data, packed.batch_sizes, hx, weights, False, 1, 0.0, False, False)
    return (
        found,
        None if kind == "LSTM" else attempt(f, x[..., :2], hx, weights, False, 1, 0.0, False, False, False),
        attempt(f, x, hx, weights[:1], False, 1, 0.0, False, False, False),
    )


@program("torch.native_dropout")
def native_dropout(torch: Any) -> Any:
    x = torch.ones(2000)
    y, mask = torch.native_dropout(x, 0.25, True)
    off, all_kept = torch.native_dropout(x[:4], 0.5, False)
    return (
        bool((y == mask / 0.75).all()),
        mask.dtype,
        About(mask.double().mean().item(), 0.06),
        off,
        all_kept,
        torch.native_dropout(x[:3], 1.0, True),
    )
