"""How a batch gets from a worker to the main process.

What is small goes through the socket. Large buffers go through slots: anonymous shared memory (memfd) that the worker makes, passes
once by its descriptor, and uses again as soon as the main process has copied a batch out. Nothing has a name, so nothing can be left
behind, however a process ends; and no limit of /dev/shm applies.
"""

from __future__ import annotations

import io
import mmap
import os
import pickle
import traceback
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle, send_handle
from typing import Any

import numpy as np

from .border import Tensor, to_array, to_tensor

_INLINE = 4096  # bytes of a message above which a slot is used; small enough that no socket's buffer fills up
_ALIGN = 64


class _Pickler(pickle.Pickler):
    """Tensors as ndarrays, whose memory is handed over beside the pickle."""

    def reducer_override(self, value: Any) -> Any:
        if type(value) is Tensor and not value.requires_grad and not str(value.dtype).endswith("bfloat16"):
            return to_tensor, (np.ascontiguousarray(to_array(value)),)
        return NotImplemented


def _round(n: int) -> int:
    return -(-n // _ALIGN) * _ALIGN


class Sender:
    """The worker's end."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.slots: dict[int, mmap.mmap] = {}
        self.free: list[int] = []
        self.made = 0

    def send_batch(self, tag: Any, batch: Any) -> None:
        """Send a batch under a tag.

        Raises:
            Exception: Whatever pickling raises; then nothing was sent.
        """
        buffers: list[memoryview] = []
        out = io.BytesIO()
        pickler = _Pickler(out, 5, buffer_callback=lambda b: buffers.append(b.raw()))
        pickler.dump(batch)
        parts = [out.getbuffer(), *buffers]
        sizes = [p.nbytes for p in parts]
        if sum(sizes) <= _INLINE:
            self.connection.send(("inline", tag, [bytes(p) for p in parts]))
            return
        number, fresh, dropped = self._slot(sum(map(_round, sizes)))
        slot, at = self.slots[number], 0
        for part, size in zip(parts, sizes, strict=True):
            if size:
                slot[at : at + size] = part
            at += _round(size)
        self.connection.send(("slot", tag, number, sizes, len(slot) if fresh is not None else 0, dropped))
        if fresh is not None:
            send_handle(self.connection, fresh, None)
            os.close(fresh)

    def _slot(self, size: int) -> tuple[int, int | None, int | None]:
        """A free slot of at least `size` bytes: its number, its descriptor if it is new, and the slot that it replaces."""
        fitting = [n for n in self.free if len(self.slots[n]) >= size]
        if fitting:
            number = min(fitting, key=lambda n: len(self.slots[n]))
            self.free.remove(number)
            return number, None, None
        dropped = self.free.pop() if self.free else None
        if dropped is not None:
            self.slots.pop(dropped).close()
        size = -(-(size + size // 8) // mmap.PAGESIZE) * mmap.PAGESIZE  # room for a slightly larger batch
        fd = os.memfd_create("workbench-batch", os.MFD_CLOEXEC)
        try:
            os.posix_fallocate(fd, 0, size)  # an error here, where the system has no memory, not a bus error later
            self.slots[self.made] = mmap.mmap(fd, size)
        except OSError as e:
            os.close(fd)
            raise MemoryError(f"DataLoader: expected {size} bytes of shared memory for a batch, got {e.strerror}") from e
        self.made += 1
        return self.made - 1, fd, dropped

    def release(self, numbers: list[int]) -> None:
        """Slots that the main process has copied out."""
        self.free.extend(numbers)

    def send_end(self, tag: Any) -> None:
        """Say that the stream has ended."""
        self.connection.send(("end", tag))

    def send_error(self, tag: Any, error: BaseException) -> None:
        """Send an exception with its traceback as text, and itself where it can be pickled and made again."""
        text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        try:
            pickled = pickle.dumps(error)
            if type(pickle.loads(pickled)) is not type(error):
                pickled = b""
        except Exception:
            pickled = b""
        self.connection.send(("error", tag, pickled, text))


class Receiver:
    """The main process's end."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.slots: dict[int, mmap.mmap] = {}
        self.done: list[int] = []  # slots copied out, to be told to the worker with its next task

    def receive(self) -> tuple[str, Any, Any]:
        """The next message: ("batch", tag, what `unpack` takes), ("end", tag, ()) or ("error", tag, what `rebuild_error` takes).

        Raises:
            EOFError, OSError: The worker is gone.
        """
        kind, tag, *rest = self.connection.recv()
        if kind == "inline":
            return "batch", tag, (rest[0][0], [bytearray(b) for b in rest[0][1:]])
        if kind == "slot":
            return "batch", tag, self._copy_out(*rest)
        return kind, tag, rest

    def _copy_out(self, number: int, sizes: list[int], made: int, dropped: int | None) -> tuple[Any, list[Any]]:
        if dropped is not None:
            self.slots.pop(dropped).close()
        if made:
            fd = recv_handle(self.connection)
            self.slots[number] = mmap.mmap(fd, made)
            os.close(fd)
        total = sum(map(_round, sizes))
        block = np.empty(total + _ALIGN, np.uint8)
        block = block[-block.ctypes.data % _ALIGN :][:total]
        block[:] = np.frombuffer(self.slots[number], np.uint8, total)
        self.done.append(number)
        parts, at = [], 0
        for size in sizes:
            parts.append(memoryview(block[at : at + size].data))
            at += _round(size)
        return parts[0], parts[1:]

    def close(self) -> None:
        """Let go of the worker, which then ends."""
        self.connection.close()
        for slot in self.slots.values():
            slot.close()
        self.slots.clear()


def unpack(parts: tuple[Any, list[Any]]) -> Any:
    """The batch from its pickle and its buffers."""
    return pickle.loads(parts[0], buffers=parts[1])


class WorkerError(Exception):
    """The traceback of an exception in a worker, as the cause of the same exception in the main process."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return self.text


def rebuild_error(worker: int, pickled: bytes, text: str) -> BaseException:
    """The exception that a worker sent; a RuntimeError with its traceback where it could not be sent itself."""
    if not pickled:
        return RuntimeError(f"DataLoader: expected a batch from worker {worker}, got an exception there\n\n{text}")
    error = pickle.loads(pickled)
    error.__cause__ = WorkerError(f"in DataLoader worker {worker}\n\n{text}")
    return error
