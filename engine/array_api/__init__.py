"""The Python array API standard, edition 2024.12, over the engine's tensors: what SciPy and scikit-learn compute with.

`tensor.__array_namespace__()` leads here. Functions have the standard's names, arguments and promotion, and record gradients like the ops
that they call. One file for each chapter of the standard.

Absent: the dtypes uint16, uint32 and uint64 (see `data_types`). Two of the standard's attributes of arrays are PyTorch's methods on our
tensors: `size` counts nothing unless it is called (`array_api_compat.size(x)` asks for the shape), and operators between a tensor
without dimensions and one of the same kind with some take the dtype of the latter; the functions here promote both alike.
"""

from . import fft as fft
from . import linalg as linalg
from .constants import *  # noqa: F403
from .creation import *  # noqa: F403
from .data_type_functions import *  # noqa: F403
from .data_types import *  # noqa: F403
from .elementwise import *  # noqa: F403
from .indexing import *  # noqa: F403
from .info import __array_namespace_info__ as __array_namespace_info__
from .linear_algebra import *  # noqa: F403
from .manipulation import *  # noqa: F403
from .searching import *  # noqa: F403
from .sets import *  # noqa: F403
from .sorting import *  # noqa: F403
from .statistical import *  # noqa: F403
from .utility import *  # noqa: F403

__array_api_version__ = "2024.12"
