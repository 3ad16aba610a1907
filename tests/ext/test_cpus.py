"""How many threads the machine gives us."""

from __future__ import annotations

import math
import os

import pytest

from workbench.ext.core import cpus


def test_quota_of_version_2_is_the_tightest_on_the_way_up(tmp_path):
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/cpu.max").write_text("150000 100000\n")
    (tmp_path / "a/b/cpu.max").write_text("max 100000\n")
    (tmp_path / "self").write_text("0::/a/b\n")
    assert cpus.quota(str(tmp_path), str(tmp_path / "self")) == 1.5


@pytest.mark.parametrize(("limit", "want"), [("-1", math.inf), ("50000", 0.5), ("nonsense", math.inf)])
def test_quota_of_version_1(tmp_path, limit, want):
    (tmp_path / "cpu/x").mkdir(parents=True)
    (tmp_path / "cpu/x/cpu.cfs_quota_us").write_text(f"{limit}\n")
    (tmp_path / "cpu/x/cpu.cfs_period_us").write_text("100000\n")
    (tmp_path / "self").write_text("7:memory:/x\n3:cpu,cpuacct:/x\n")
    assert cpus.quota(str(tmp_path), str(tmp_path / "self")) == want


def test_quota_without_cgroups(tmp_path):
    assert cpus.quota(str(tmp_path), str(tmp_path / "missing")) == math.inf


@pytest.mark.parametrize(("mask", "limit", "want"), [(8, math.inf, 8), (8, 1.5, 2), (2, 4.0, 2), (4, 0.5, 1)])
def test_available(monkeypatch, mask, limit, want):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(mask)))
    monkeypatch.setattr(cpus, "quota", lambda: limit)
    assert cpus.available() == want
