"""NumPy, imported when it is first used: that takes longer than all the rest of the engine's import.

`from workbench.ext.core.lazy import np` instead of `import numpy as np` in every module that the engine's import brings along, and
`if TYPE_CHECKING:` around imports that only annotations need: `typing` and what it imports take as long as 20 files of the engine.
"""

from __future__ import annotations

TYPE_CHECKING = False  # checkers know the name and take it for true

if TYPE_CHECKING:
    from typing import Any

    import numpy as np
else:

    class _NumPy:
        """Stands for the module `numpy`; what has been asked for once is found without a call."""

        def __getattr__(self, name: str) -> Any:
            import numpy

            found = getattr(numpy, name)
            setattr(self, name, found)
            return found

    np = _NumPy()

__all__ = ["TYPE_CHECKING", "np"]
