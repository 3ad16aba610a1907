"""metrics.bin: exact bits, torn tails, and going on where a checkpoint stands."""

from __future__ import annotations

import math

import numpy as np
import pytest

from workbench.experiments.metrics import MAGIC, Follower, MetricsWriter, read_digests, read_metrics, series


def rows(path):
    return [(row.step, row.values) for row in read_metrics(path)]


def write(path, *pairs, **options):
    with MetricsWriter(path, **options) as writer:
        for step, values in pairs:
            writer.write(step, values)


def test_values_keep_their_type_and_bits(tmp_path):
    path = tmp_path / "metrics.bin"
    write(path, (1, {"a": 0.1, "b": np.float32(0.1), "c": 2**60 + 1, "d": -0.0}), (2, {"a": math.inf, "e": math.nan}))
    (_, first), (_, second) = rows(path)
    assert first["a"] == 0.1
    assert type(first["b"]) is np.float32
    assert first["b"].tobytes() == np.float32(0.1).tobytes()
    assert first["c"] == 2**60 + 1
    assert math.copysign(1, first["d"]) == -1
    assert second["a"] == math.inf
    assert math.isnan(second["e"])


def test_one_series(tmp_path):
    write(tmp_path / "m", *((step, {"x": step / 2} if step != 1 else {"y": 0.0}) for step in range(3)))
    assert series(tmp_path / "m", "x") == ([0, 2], [0.0, 1.0])


def test_digests_lie_between_the_rows(tmp_path):
    path = tmp_path / "m"
    with MetricsWriter(path) as writer:
        writer.write(25, {"a": 1.0})
        writer.digest(25, b"own_own_", b"rolling_")
        writer.write(26, {"a": 2.0})
    assert read_digests(path) == [(25, b"own_own_", b"rolling_")]
    assert rows(path) == [(25, {"a": 1.0}), (26, {"a": 2.0})]


def test_every_cut_leaves_whole_rows(tmp_path):
    path = tmp_path / "m"
    write(path, *((step, {"loss": float(step), f"new{step}": 1}) for step in range(4)))
    whole, data = rows(path), path.read_bytes()
    for n_bytes in range(len(data)):
        path.write_bytes(data[:n_bytes])
        got = rows(path)
        assert got == whole[: len(got)]
        write(path, (9, {"loss": 9.0}))
        assert rows(path) == [*got, (9, {"loss": 9.0})]


def test_an_altered_byte_ends_the_reading(tmp_path):
    path = tmp_path / "m"
    write(path, *((step, {"loss": 1.0}) for step in range(4)))
    data = bytearray(path.read_bytes())
    data[-3] ^= 255
    path.write_bytes(data)
    assert [step for step, _ in rows(path)] == [0, 1, 2]


def test_goes_on_at_a_position(tmp_path):
    path = tmp_path / "m"
    with MetricsWriter(path) as writer:
        writer.write(1, {"a": 1.0})
        position = writer.position()
        writer.write(2, {"a": 2.0, "b": 2.0})
    write(path, (2, {"b": 20.0}), keep_bytes=position)
    assert rows(path) == [(1, {"a": 1.0}), (2, {"b": 20.0})]


def test_position_zero_begins_again(tmp_path):
    path = tmp_path / "m"
    write(path, (1, {"a": 1.0}))
    write(path, (5, {"a": 5.0}), keep_bytes=0)
    assert rows(path) == [(5, {"a": 5.0})]


def test_other_kinds_are_passed_over(tmp_path):
    import struct
    import zlib

    path = tmp_path / "m"
    write(path, (1, {"a": 1.0}))
    payload = b"\x63from a later version"
    with path.open("ab") as file:
        file.write(struct.pack("<II", len(payload), zlib.crc32(payload)) + payload)
    write(path, (2, {"a": 2.0}))
    assert [step for step, _ in rows(path)] == [1, 2]


def test_another_file_is_refused(tmp_path):
    path = tmp_path / "m"
    path.write_bytes(b"not metrics at all")
    with pytest.raises(ValueError, match="expected a file that begins with"):
        list(read_metrics(path))


def test_a_short_write_is_finished(tmp_path):
    class Slow:
        def __init__(self, file):
            self.file = file

        def write(self, data):
            return self.file.write(bytes(data[:3]))

    with MetricsWriter(tmp_path / "m") as writer:
        file, writer._file = writer._file, Slow(writer._file)
        writer.write(1, {"a": 1.0})
        writer._file = file
    assert rows(tmp_path / "m") == [(1, {"a": 1.0})]
    assert (tmp_path / "m").stat().st_size > len(MAGIC)


def test_a_growing_file_is_followed_through_torn_writes_and_cuts(tmp_path):
    path, whole = tmp_path / "metrics.bin", tmp_path / "whole.bin"
    with MetricsWriter(whole) as writer:
        for step in range(1, 6):
            writer.write(step, {"train/loss": np.float32(step)} | ({"val/loss": 0.5} if step > 3 else {}))
    data = whole.read_bytes()
    follower, seen = Follower(path), []
    for end in range(len(data) + 1):
        path.write_bytes(data[:end])
        seen += follower.rows()
    assert seen == list(read_metrics(whole))
    assert list(follower.rows()) == []
    path.write_bytes(data[: len(data) // 2])
    assert [row.step for row in follower.rows()] == [row.step for row in read_metrics(path)]
