"""Sample-driven checks of ops, for this project's tests and for users' own ops.

    for call in calls(my_op, "float32"):
        check_peer(Case(my_op, call, "float32"))

`assert_close` and `make_tensor` are PyTorch's. A check raises AssertionError where it fails and `Skip` where it does not apply.
"""

from .case import Case, Skip, calls, defined, refused
from .checks import check_bookkeeping, check_empty, check_inplace, check_kernel, check_layout, check_peer, check_refused
from .close import assert_allclose, assert_close
from .compare import TOLERANCES
from .gradients import (
    check_gradient,
    check_layout_gradient,
    check_peer_gradient,
    check_second_gradient,
    check_shared,
    check_versions,
)
from .maker import Call, Maker
from .values import make_tensor

VALUE_CHECKS = {
    "kernel": check_kernel,
    "peer": check_peer,
    "layout": check_layout,
    "empty": check_empty,
    "inplace": check_inplace,
    "bookkeeping": check_bookkeeping,
}
GRADIENT_CHECKS = {
    "peer_gradient": check_peer_gradient,
    "layout_gradient": check_layout_gradient,
    "versions": check_versions,
    "shared": check_shared,
    "gradcheck": check_gradient,
    "gradgradcheck": check_second_gradient,
}
CHECKS = VALUE_CHECKS | GRADIENT_CHECKS

__all__ = [
    "CHECKS",
    "GRADIENT_CHECKS",
    "TOLERANCES",
    "VALUE_CHECKS",
    "Call",
    "Case",
    "Maker",
    "Skip",
    "assert_allclose",
    "assert_close",
    "calls",
    "check_refused",
    "defined",
    "make_tensor",
    "refused",
]
