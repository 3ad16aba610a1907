"""What `torch.multiprocessing` adds to Python's: how tensors are shared, and `spawn`."""

from __future__ import annotations

import multiprocessing as _python
from collections.abc import Callable
from typing import Any


def get_all_sharing_strategies() -> set[str]:
    """What `set_sharing_strategy` takes."""
    return {"file_descriptor", "file_system"}


def get_sharing_strategy() -> str:
    """The strategy that PyTorch begins with; tensors travel as pickles here, whatever it is."""
    return "file_descriptor"


def set_sharing_strategy(new_strategy: str) -> None:
    """Accepted for PyTorch's sake: tensors travel as pickles.

    Raises:
        AssertionError: There is no such strategy.
    """
    assert new_strategy in get_all_sharing_strategies(), (
        f"set_sharing_strategy: expected file_descriptor or file_system, got {new_strategy!r}"
    )


def spawn(
    fn: Callable[..., Any], args: tuple[Any, ...] = (), nprocs: int = 1, join: bool = True, daemon: bool = False, start_method: str = "fork"
) -> Any:
    """Run `fn(i, *args)` in `nprocs` processes.

    Args:
        fn: The function.
        args: Its arguments behind the number of the process.
        nprocs: How many.
        join: Wait for all of them.
        daemon: End them with this process.
        start_method: As in Python's `multiprocessing`. "fork" rather than PyTorch's "spawn", for which the new process would import anew.

    Raises:
        RuntimeError: A process failed.
    """
    how = _python.get_context("fork" if start_method == "spawn" else start_method)
    processes = [how.Process(target=fn, args=(i, *args), daemon=daemon) for i in range(nprocs)]  # type: ignore[attr-defined]
    for process in processes:
        process.start()
    if not join:
        return processes
    for process in processes:
        process.join()
    failed = [(i, p.exitcode) for i, p in enumerate(processes) if p.exitcode]
    if failed:
        raise RuntimeError(f"spawn: expected every process to end well, got exit code {failed[0][1]} from process {failed[0][0]}")
    return None
