"""Where PyTorch, the peer, is not installed, files whose tests all compare with it are skipped as single tests are."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

ABSENT = "No module named 'torch'"


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    report = yield
    if report.failed and ABSENT in str(report.longrepr) and find_spec("torch") is None:
        report.outcome = "skipped"
        report.longrepr = (str(collector.path), 0, f"Skipped: {ABSENT}")
    return report
