"""NumPy's and SciPy's BLAS in one thread, so that the bits of a result do not depend on how many there are."""

from __future__ import annotations

from _thread import allocate_lock  # threading brings functools along

from workbench.ext.core.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Calls = list[tuple[Callable[[], int], Callable[[int], None]]]


class _OneThread:
    """The context of one thread; others may enter it before it is left, in the same thread or another."""

    def __init__(self) -> None:
        self.lock, self.depth = allocate_lock(), 0
        self.calls: Calls | None = None
        self.before: list[int] = []

    def __enter__(self) -> None:
        with self.lock:
            self.depth += 1
            if self.depth > 1:
                return
            if self.calls is None:
                self.calls = _found()
            self.before = [get() for get, _ in self.calls]
            for _, put in self.calls:
                put(1)

    def __exit__(self, *_: object) -> None:
        with self.lock:
            self.depth -= 1
            if not self.depth:
                for (_, put), n in zip(self.calls or (), self.before, strict=True):
                    put(n)


def _found() -> Calls:
    """What tells and sets the number of threads of each OpenBLAS in this process.

    Called directly: threadpoolctl's own calls take longer than small matrices do, and obey one Python thread alone.
    """
    import scipy.linalg  # noqa: F401  brings its own copy
    from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

    found: Calls = []
    for library in ThreadpoolController().select(internal_api="openblas").lib_controllers:
        for name in ("{}", "scipy_{}", "{}64_", "scipy_{}64_", "{}_64"):
            get, put = (getattr(library.dynlib, name.format(f"openblas_{verb}_num_threads"), None) for verb in ("get", "set"))
            if get is not None and put is not None:
                found.append((get, put))
    return found


one_thread = _OneThread()
