"""Finding PyTorch's modules: which are there, what is said of those that are not, and that nothing else is changed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from workbench import engine
from workbench.engine.as_torch import finder, install
from workbench.engine.as_torch.table import MODULES


def under(code, *options):
    return subprocess.run([sys.executable, "-m", "workbench.engine.as_torch", *options, code], capture_output=True, text=True)


def test_modules_and_names_are_the_engine_s():
    done = under(
        "import torch, torch.nn as nn, torch.nn.functional as F, torch.optim\n"
        "from torch.utils.data import DataLoader\n"
        "from workbench import engine\n"
        "assert torch.Tensor is engine.Tensor and nn.Linear is engine.nn.Linear and F.relu is engine.nn.functional.relu\n"
        "assert DataLoader is engine.data.DataLoader and torch.torch is torch\n"
        "assert nn.ReLU in vars(torch.nn.modules.activation).values() and torch.optim.SGD in vars(torch.optim).values()\n"
        "from torch.optim.lr_scheduler import LRScheduler, _LRScheduler\n"
        "assert LRScheduler is _LRScheduler and torch.xpu.memory_allocated() == 0 and not torch.mps.is_available()\n"
        "for name in ('torch.nothing', 'torch.nn.nothing.more'):\n"
        "    try: __import__(name)\n"
        "    except ModuleNotFoundError as error: assert 'expected a name that workbench has' in str(error)\n"
        "    else: raise SystemExit(3)\n"
        "try: torch.nn.Linaer\n"
        "except AttributeError as error: assert \"did you mean 'Linear'\" in str(error), error\n"
        "else: raise SystemExit(4)\n"
        "print(torch.__version__ >= (2, 9), hasattr(torch, 'nothing'))",
        "-c",
    )
    assert (done.returncode, done.stdout) == (0, "True False\n"), done.stderr


def test_every_module_that_is_known_can_be_imported():
    code = (
        "from importlib import import_module\n"
        "from workbench.engine.as_torch.finder import known\n"
        "from workbench.engine.as_torch.table import MODULES\n"
        "names = [n for n in MODULES if known(n)]\n"
        "for name in names: assert dir(import_module(name)), name\n"
        "print(len(names))"
    )
    done = under(code, "-c")
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 0.9 * len(MODULES)


def test_a_module_whose_counterpart_is_missing_is_not_known(monkeypatch):
    monkeypatch.setitem(MODULES, "torch.strange", ("strange",))
    assert not finder.known("torch.strange")
    assert finder.known("torch.nn")
    with pytest.raises(ModuleNotFoundError, match=r"got torch\.strange; it is not here"):
        finder.FINDER.find_spec("torch.strange")
    assert finder.FINDER.find_spec("numpy") is None


def test_install_refuses_beside_another_torch():
    pytest.importorskip("torch")
    with pytest.raises(ImportError, match="expected that nothing has imported torch yet"):
        install()
    assert finder.FINDER not in sys.meta_path
    assert engine.__name__ == "workbench.engine"


@pytest.mark.parametrize(("arguments", "status"), [((), 2), (("-m",), 2), (("-c",), 2), (("--help",), 0)])
def test_command_line(arguments, status):
    done = subprocess.run([sys.executable, "-m", "workbench.engine.as_torch", *arguments], capture_output=True, text=True)
    assert done.returncode == status
    assert "usage: python -m workbench.engine.as_torch" in done.stdout + done.stderr


def test_scripts_and_modules_get_their_arguments(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import sys, torch\nprint(__name__, sys.argv[1:], torch.ones(2).sum().item())\nsys.exit(5)\n")
    for how in ([str(script)], ["-m", "script"]):
        command = [sys.executable, "-m", "workbench.engine.as_torch", *how, "a", "--b"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (5, "__main__ ['a', '--b'] 2.0\n"), done.stderr
