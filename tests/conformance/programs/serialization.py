"""`save` and `load`: what comes back, in both formats, by path and by file, and what is refused."""

from __future__ import annotations

import collections
import io
import pathlib
import tempfile
from typing import Any

from .tools import DTYPES, attempt, numbers, program


class Foreign:
    """A class that a file may not bring with it."""


def through(torch: Any, value: Any, **options: Any) -> Any:
    buffer = io.BytesIO()
    torch.save(value, buffer)
    buffer.seek(0)
    return torch.load(buffer, **options)


@program("torch.save", "torch.load")
def round_trips(torch: Any) -> Any:
    found: dict[str, Any] = {}
    x = numbers(torch, 2, 3)
    found["dtypes"] = {d: through(torch, numbers(torch, 2, 3, dtype=d)) for d in DTYPES}
    kinds = x.t(), x[::2], torch.tensor(2), torch.empty(0, 3), torch.ones(1).expand(3), numbers(torch, 2, grad=True)
    back = through(torch, kinds)
    found["kinds"] = back, [t.stride() for t in back], [t.requires_grad for t in back]
    shared = through(torch, [x, x[0], x.t()])
    shared[0][0, 0] = 8.0
    found["shared"] = shared, shared[1][0].item(), shared[2][0, 0].item()
    nest = {"a": [1, 2.5, True, None, "text", b"bytes"], "b": (x, {"c": {1, 2} == {2, 1}}), 3: 1 + 2j, "d": torch.float16, "e": x.shape}
    found["nest"] = through(torch, nest)
    ordered = through(torch, collections.OrderedDict(b=1, a=2))
    found["ordered"] = (
        list(ordered),
        type(ordered).__name__,
        through(torch, torch.device("cpu")),
        through(torch, {1, 2}) == {1, 2},
    )
    parameter = through(torch, torch.nn.Parameter(x))
    found["parameter"] = isinstance(parameter, torch.nn.Parameter), parameter.requires_grad, parameter.detach()
    layer, other = torch.nn.Linear(3, 2), torch.nn.Linear(3, 2)
    other.load_state_dict(through(torch, layer.state_dict()))
    found["state"] = bool((layer(x) == other(x)).all()), list(through(torch, layer.state_dict()))
    step = torch.optim.Adam(layer.parameters())
    layer(x).sum().backward()
    step.step()
    state = through(torch, step.state_dict())
    found["optimizer"] = list(state), list(state["state"][0]), state["param_groups"][0]["lr"], state["state"][0]["step"]
    return found


@program("torch.save", "torch.load")
def files(torch: Any) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "x.pt"
        torch.save({"x": numbers(torch, 3)}, path)
        by = (
            torch.load(path),
            torch.load(str(path)),
            torch.load(path, map_location="cpu"),
            torch.load(path, map_location=torch.device("cpu")),
        )
        mapped = (
            torch.load(path, mmap=True),
            torch.load(path, map_location=lambda storage, place: storage),
            torch.load(path, {"cuda:0": "cpu"}),
        )
        with path.open("rb") as file:
            opened = torch.load(file)
        missing = attempt(torch.load, pathlib.Path(folder) / "none.pt"), attempt(torch.save, 1, pathlib.Path(folder) / "no" / "x.pt")
        (pathlib.Path(folder) / "bad.pt").write_bytes(b"not a checkpoint")
        (pathlib.Path(folder) / "empty.pt").write_bytes(b"")
        broken = attempt(torch.load, pathlib.Path(folder) / "bad.pt"), attempt(torch.load, pathlib.Path(folder) / "empty.pt")
        half = path.read_bytes()[:200]
        cut = attempt(torch.load, io.BytesIO(half))
    foreign = attempt(through, torch, Foreign()), attempt(through, torch, {"f": print})
    bad = attempt(torch.load, 3), attempt(torch.save, 1, 3)
    with torch.serialization.safe_globals([Foreign]):
        allowed = type(through(torch, Foreign())).__name__
    return by, mapped, opened, missing, broken, isinstance(cut, Exception), foreign, bad, allowed
