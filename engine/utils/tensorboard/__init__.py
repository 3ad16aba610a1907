"""Logs that TensorBoard shows, over tensorboardX: PyTorch's `torch.utils.tensorboard`."""

from tensorboardX.record_writer import RecordWriter
from tensorboardX.summary import hparams

from .writer import FileWriter, SummaryWriter

__all__ = ["FileWriter", "RecordWriter", "SummaryWriter", "hparams"]
