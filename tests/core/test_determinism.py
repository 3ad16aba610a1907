"""The switch for deterministic algorithms, compared with PyTorch's."""

import pytest

from workbench import engine


@pytest.fixture(params=["here", "torch"])
def side(request):
    module = engine if request.param == "here" else pytest.importorskip("torch")
    yield module
    module.use_deterministic_algorithms(False)


def test_is_kept(side):
    assert not side.are_deterministic_algorithms_enabled()
    side.use_deterministic_algorithms(True, warn_only=True)
    assert side.are_deterministic_algorithms_enabled()
    assert side.is_deterministic_algorithms_warn_only_enabled()
    side.use_deterministic_algorithms(False)
    assert not side.are_deterministic_algorithms_enabled()
    assert not side.is_deterministic_algorithms_warn_only_enabled()


def test_takes_bools_alone(side):
    with pytest.raises(TypeError):
        side.use_deterministic_algorithms("yes")
