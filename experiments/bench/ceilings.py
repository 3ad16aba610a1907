"""What the machine allows: multiply-adds of a second, and bytes of a second from each level of its memory."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ..errors import UserError

_SOURCE = Path(__file__).with_name("ceiling.c")
_FLAGS = ["-O3", "-march=native", "-ffp-contract=fast", "-fno-math-errno", "-shared", "-fPIC"]
FLOATS = (4096, 1 << 18, 1 << 24)  # of each of three arrays: 48 KB, 3 MB and 192 MB of a thread's own


@dataclass(frozen=True)
class Ceilings:
    """What so many threads reach together.

    Attributes:
        flops: Operations of a second; a multiply-add is two.
        bandwidth: (bytes worked on, bytes of a second), the smallest first.
    """

    flops: float
    bandwidth: tuple[tuple[int, float], ...]

    def seconds(self, flops: float, moved: float) -> float:
        """The least time that arithmetic and traffic allow (Williams et al., 2009, doi:10.1145/1498765.1498785).

        Args:
            flops: Operations.
            moved: Bytes read and written; they are taken from the smallest level that holds them.

        Example:
            >>> Ceilings(100.0, ((10, 50.0), (1000, 5.0))).seconds(200.0, 20.0)
            4.0
            >>> Ceilings(100.0, ((10, 50.0), (1000, 5.0))).seconds(0.0, 10.0)
            0.2
        """
        rate = next((rate for size, rate in self.bandwidth if moved <= size), self.bandwidth[-1][1])
        return max(flops / self.flops, moved / rate)

    def text(self) -> str:
        """One line."""
        levels = ", ".join(f"{rate / 1e9:.0f} GB/s over {_size(size)}" for size, rate in self.bandwidth)
        return f"ceilings: {self.flops / 1e9:.0f} GFLOP/s of multiply-adds; {levels}"


def _size(n_bytes: int) -> str:
    return f"{n_bytes / 1e3:.0f} KB" if n_bytes < 1e6 else f"{n_bytes / 1e6:.0f} MB"


@cache
def _library() -> ctypes.CDLL:
    cc = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if cc is None:
        raise UserError("bench: expected a C compiler to measure the machine's ceilings with, got none on PATH; install gcc")
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "ceiling.so"
        subprocess.run([cc, *_FLAGS, str(_SOURCE), "-o", str(target)], check=True)
        library = ctypes.CDLL(str(target))
    library.wb_fma_peak.restype = library.wb_triad_peak.restype = ctypes.c_double
    library.wb_fma_peak.argtypes = [ctypes.c_double]
    library.wb_triad_peak.argtypes = [ctypes.c_long, ctypes.c_double]
    return library


def measure(threads: int, seconds: float = 0.3) -> Ceilings:
    """Measure.

    Args:
        threads: How many work at once; each on memory of its own.
        seconds: That each of the four measurements takes.

    Raises:
        UserError: There is no C compiler.
    """
    library = _library()
    with ThreadPoolExecutor(threads) as pool:  # ctypes lets go of the interpreter

        def together(call: Callable[..., float], *words: float) -> float:
            return sum(future.result() for future in [pool.submit(call, *words, seconds) for _ in range(threads)])

        flops = together(library.wb_fma_peak)
        return Ceilings(flops, tuple((12 * n * threads, together(library.wb_triad_peak, n)) for n in FLOATS))
