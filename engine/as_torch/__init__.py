"""Runs programs written for PyTorch: `python -m workbench.engine.as_torch script.py`, and `import torch` is this engine.

Only that process is changed; a PyTorch in the same environment is left alone. `install` does the same for a running program, as long as
nothing has imported torch yet.

"""

from .finder import install, uninstall

__all__ = ["install", "uninstall"]
