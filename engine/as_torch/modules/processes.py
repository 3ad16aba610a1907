"""Python's multiprocessing, as the greater part of `torch.multiprocessing`: tensors travel as pickles."""

from multiprocessing import *  # noqa: F403
from multiprocessing import connection as connection
from multiprocessing import context as context
