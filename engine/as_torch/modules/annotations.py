"""`torch.jit.annotations`: types that scripted functions are annotated with."""

from __future__ import annotations

from typing import Any as Any
from typing import Dict as Dict  # noqa: UP035 - programs import these names from here
from typing import List as List  # noqa: UP035
from typing import Optional as Optional
from typing import Tuple as Tuple  # noqa: UP035
from typing import Union as Union

BroadcastingList1 = BroadcastingList2 = BroadcastingList3 = list
