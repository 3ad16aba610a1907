"""Optimizers and schedules of the learning rate: PyTorch's `torch.optim`."""

from . import lr_scheduler, swa_utils
from .adam import Adam, AdamW
from .adam_family import Adamax, Lion, NAdam, RAdam
from .optimizer import Optimizer
from .rmsprop import Adadelta, Adagrad, RMSprop, Rprop
from .sgd import SGD

__all__ = [
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Lion",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "Rprop",
    "lr_scheduler",
    "swa_utils",
]
