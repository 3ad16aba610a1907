"""Running statistics of batch norm against PyTorch's."""

from __future__ import annotations

import pytest

from workbench import engine

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("shape", [(0, 3), (0, 3, 2), (0, 3, 2, 2), (2, 3, 0, 2)])
def test_an_empty_batch_moves_no_statistics(shape):
    def kept(lib):
        layer = getattr(lib.nn, f"BatchNorm{max(1, len(shape) - 2)}d")(3, momentum=0.3)
        layer.running_mean.fill_(2.0)
        layer(lib.zeros(shape))
        return layer.running_mean.tolist(), layer.running_var.tolist(), int(layer.num_batches_tracked)

    assert kept(engine) == kept(torch)
