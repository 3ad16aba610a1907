"""NumPy's and SciPy's BLAS in one thread, so that the bits of a result do not depend on how many there are."""

from __future__ import annotations

from _thread import allocate_lock  # threading brings functools along

from workbench.ext.core.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    import numpy as np


SMALL = 256  # elements of a matrix up to which BLAS does not think of threads, and for which asking it takes longer than the work


class _AsItIs:
    """The context that changes nothing."""

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


class _OneThread:
    """The context of one thread; others may enter it before it is left, in the same thread or another."""

    def __init__(self) -> None:
        self.lock, self.depth = allocate_lock(), 0
        self.libraries: Any = None
        self.before: list[int] = []

    def __enter__(self) -> None:
        with self.lock:
            self.depth += 1
            if self.depth > 1:
                return
            if self.libraries is None:
                self.libraries = _found()
            self.before = [library.get_num_threads() for library in self.libraries]
            for library in self.libraries:
                library.set_num_threads(1)

    def __exit__(self, *_: object) -> None:
        with self.lock:
            self.depth -= 1
            if not self.depth:
                for library, n in zip(self.libraries, self.before, strict=True):
                    library.set_num_threads(n)


def _found() -> Any:
    """The BLAS libraries of this process that take a number of threads."""
    import scipy.linalg  # noqa: F401  brings its own copy
    from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

    return ThreadpoolController().select(internal_api="openblas").lib_controllers


AS_IT_IS, ONE_THREAD = _AsItIs(), _OneThread()


def one_thread(A: np.ndarray) -> _AsItIs | _OneThread:
    """The context in which to call LAPACK for matrices of this shape."""
    return AS_IT_IS if A.shape[-1] * A.shape[-2] <= SMALL else ONE_THREAD
