"""The writer: tensorboardX's, with PyTorch's arguments, and with tensors of this engine."""

from __future__ import annotations

import io
import time
import wave
from pathlib import Path
from typing import Any

import numpy as np
import tensorboardX
from tensorboardX import summary as summaries
from tensorboardX.proto.event_pb2 import Event
from tensorboardX.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboardX.proto.tensor_pb2 import TensorProto
from tensorboardX.proto.tensor_shape_pb2 import TensorShapeProto

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor

from ...errors import expected

_FLOAT, _DOUBLE, _INT32, _INT64, _BOOL, _UINT8, _INT16, _INT8, _HALF = 1, 2, 3, 9, 10, 4, 5, 6, 19  # TensorFlow's numbers of dtypes
_TYPES = {"float32": _FLOAT, "float64": _DOUBLE, "int32": _INT32, "int64": _INT64, "bool": _BOOL, "uint8": _UINT8, "int16": _INT16,
          "int8": _INT8, "float16": _HALF}  # fmt: skip


def plain(value: Any) -> Any:
    """Tensors as arrays, within lists too; the rest as it is."""
    if isinstance(value, Tensor):
        value = value.detach()
        return (value.float() if value.dtype is core.bfloat16 else value).numpy(force=True)
    if isinstance(value, (list, tuple)) and any(isinstance(v, Tensor) for v in value):
        return type(value)(plain(v) for v in value)
    return value


def number(value: Any) -> float:
    """A number, also out of a tensor or array of one element."""
    array = np.asarray(plain(value))
    if array.size != 1:
        raise expected("add_scalar", "a value of one element", f"one of shape {array.shape}", error=AssertionError)
    return array.reshape(()).item()


def tensor_summary(tag: str, value: Any, plugin: str | None = None) -> Summary:
    """A summary that holds an array with all its bits."""
    array = np.asarray(plain(value))
    if array.dtype.name not in _TYPES:
        raise expected("add_tensor", f"a dtype out of {', '.join(_TYPES)}", array.dtype.name)
    shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=n) for n in array.shape])
    proto = TensorProto(dtype=_TYPES[array.dtype.name], tensor_shape=shape, tensor_content=np.ascontiguousarray(array).tobytes())
    about = None if plugin is None else SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name=plugin))
    return Summary(value=[Summary.Value(tag=tag, tensor=proto, metadata=about)])


def audio_summary(tag: str, sound: Any, sample_rate: int) -> Summary:
    """A summary that holds a WAV file of 16 bits and one channel."""
    samples = np.clip(np.asarray(sound, np.float64).squeeze(), -1, 1)
    if samples.ndim != 1:
        raise expected("add_audio", "a sound of one channel, (1, L)", f"one of shape {np.shape(sound)}", error=AssertionError)
    file = io.BytesIO()
    with wave.open(file, "wb") as form:
        form.setnchannels(1)
        form.setsampwidth(2)
        form.setframerate(sample_rate)
        form.writeframes((samples * 32767).astype("<i2").tobytes())
    about = {"sample_rate": sample_rate, "num_channels": 1, "length_frames": len(samples), "content_type": "audio/wav"}
    return Summary(value=[Summary.Value(tag=tag, audio=Summary.Audio(encoded_audio_string=file.getvalue(), **about))])


class FileWriter(tensorboardX.FileWriter):
    """Writes events into a file of a folder, from a thread of its own.

    Args:
        log_dir: The folder.
        max_queue: How many events wait before writing goes first.
        flush_secs: After how many seconds they are on the disk at the latest.
        filename_suffix: What the file's name ends in.
    """

    def __init__(self, log_dir: Any, max_queue: int = 10, flush_secs: int = 120, filename_suffix: str = "") -> None:
        super().__init__(str(log_dir), max_queue, flush_secs, filename_suffix)


class SummaryWriter(tensorboardX.SummaryWriter):
    """Writes numbers, pictures, texts, histograms and more, for TensorBoard to show.

    Args:
        log_dir: The folder; by default runs/ and a name made of time, host and `comment`.
        comment: What that name ends in; not used where `log_dir` is given.
        purge_step: TensorBoard hides what an earlier run, that broke off, wrote from this step on.
        max_queue: How many events wait before writing goes first.
        flush_secs: After how many seconds they are on the disk at the latest.
        filename_suffix: What the files' names end in.
    """

    def __init__(
        self,
        log_dir: Any = None,
        comment: str = "",
        purge_step: int | None = None,
        max_queue: int = 10,
        flush_secs: int = 120,
        filename_suffix: str = "",
    ) -> None:
        folder = None if log_dir is None else str(log_dir)
        super().__init__(folder, comment, purge_step, max_queue, flush_secs, filename_suffix)
        self.log_dir = self.logdir

    def get_logdir(self) -> str:
        """The folder."""
        return self.logdir

    def _write(self, summary: Any, global_step: Any, walltime: Any) -> None:
        self._get_file_writer().add_summary(summary, global_step, walltime)

    def add_scalar(
        self, tag: str, scalar_value: Any, global_step: Any = None, walltime: Any = None, new_style: bool = False,
        double_precision: bool = False,
    ) -> None:  # fmt: skip
        """Write a number, with `new_style` as a tensor, which keeps all bits of a float64 if it is of `double_precision`."""
        value = number(scalar_value)
        if new_style:
            array = np.asarray(value, np.float64 if double_precision else np.float32)
            self._write(tensor_summary(tag, array, "scalars"), global_step, walltime)
        else:
            self._write(summaries.scalar(tag, value), global_step, walltime)

    def add_scalars(self, main_tag: str, tag_scalar_dict: dict[str, Any], global_step: Any = None, walltime: Any = None) -> None:
        """Write numbers that are shown in one chart, each into a folder of its own."""
        super().add_scalars(main_tag, {k: number(v) for k, v in tag_scalar_dict.items()}, global_step, walltime)

    def add_tensor(self, tag: str, tensor: Any, global_step: Any = None, walltime: Any = None) -> None:
        """Write a tensor with all its bits."""
        self._write(tensor_summary(tag, tensor), global_step, walltime)

    def add_histogram(
        self, tag: str, values: Any, global_step: Any = None, bins: Any = "tensorflow", walltime: Any = None, max_bins: Any = None
    ) -> None:
        """Write how values are distributed; `bins` are edges, or the name of a rule: "tensorflow" or one of NumPy's."""
        super().add_histogram(tag, plain(values), global_step, plain(bins), walltime, max_bins)

    def add_histogram_raw(
        self, tag: str, min: Any, max: Any, num: Any, sum: Any, sum_squares: Any, bucket_limits: Any, bucket_counts: Any,
        global_step: Any = None, walltime: Any = None,
    ) -> None:  # fmt: skip
        """Write a histogram that was counted elsewhere."""
        low, high, n, total, squares = (number(v) for v in (min, max, num, sum, sum_squares))
        super().add_histogram_raw(tag, low, high, n, total, squares, plain(bucket_limits), plain(bucket_counts), global_step, walltime)

    def add_image(self, tag: str, img_tensor: Any, global_step: Any = None, walltime: Any = None, dataformats: str = "CHW") -> None:
        """Write a picture: whole numbers from 0 to 255, or floating ones from 0 to 1."""
        super().add_image(tag, plain(img_tensor), global_step, walltime, dataformats)

    def add_images(self, tag: str, img_tensor: Any, global_step: Any = None, walltime: Any = None, dataformats: str = "NCHW") -> None:
        """Write pictures beside each other."""
        super().add_images(tag, plain(img_tensor), global_step, walltime, dataformats)

    def add_image_with_boxes(
        self, tag: str, img_tensor: Any, box_tensor: Any, global_step: Any = None, walltime: Any = None, rescale: float = 1,
        dataformats: str = "CHW", labels: Any = None,
    ) -> None:  # fmt: skip
        """Write a picture with boxes drawn into it: (x_min, y_min, x_max, y_max) each, in pixels."""
        labels = [labels] if isinstance(labels, str) else labels
        if labels is not None and len(labels) != len(box_tensor):
            labels = None
        picture = summaries.image_boxes(tag, plain(img_tensor), plain(box_tensor), rescale, dataformats, labels)
        self._write(picture, global_step, walltime)

    def add_video(self, tag: str, vid_tensor: Any, global_step: Any = None, fps: float = 4, walltime: Any = None) -> None:
        """Write moving pictures of shape (batch, time, channel, height, width); needs moviepy."""
        super().add_video(tag, plain(vid_tensor), global_step, fps, walltime)

    def add_audio(self, tag: str, snd_tensor: Any, global_step: Any = None, sample_rate: int = 44100, walltime: Any = None) -> None:
        """Write sound: values from -1 to 1."""
        self._write(audio_summary(tag, plain(snd_tensor), sample_rate), global_step, walltime)

    def add_pr_curve(
        self, tag: str, labels: Any, predictions: Any, global_step: Any = None, num_thresholds: int = 127, weights: Any = None,
        walltime: Any = None,
    ) -> None:  # fmt: skip
        """Write precision over recall, of probabilities and what is true."""
        super().add_pr_curve(tag, plain(labels), plain(predictions), global_step, num_thresholds, plain(weights), walltime)

    def add_pr_curve_raw(
        self, tag: str, true_positive_counts: Any, false_positive_counts: Any, true_negative_counts: Any, false_negative_counts: Any,
        precision: Any, recall: Any, global_step: Any = None, num_thresholds: int = 127, weights: Any = None, walltime: Any = None,
    ) -> None:  # fmt: skip
        """Write such a curve that was counted elsewhere."""
        counted = map(plain, (true_positive_counts, false_positive_counts, true_negative_counts, false_negative_counts, precision, recall))
        super().add_pr_curve_raw(tag, *counted, global_step, num_thresholds, plain(weights), walltime)

    def add_embedding(
        self, mat: Any, metadata: Any = None, label_img: Any = None, global_step: Any = None, tag: str = "default",
        metadata_header: Any = None,
    ) -> None:  # fmt: skip
        """Write points for TensorBoard's projector, one a row, with texts and pictures."""
        super().add_embedding(plain(mat), metadata, plain(label_img), global_step, tag, metadata_header)

    def add_mesh(
        self, tag: str, vertices: Any, colors: Any = None, faces: Any = None, config_dict: Any = None, global_step: Any = None,
        walltime: Any = None,
    ) -> None:  # fmt: skip
        """Write points in space, or the faces between them."""
        super().add_mesh(tag, plain(vertices), plain(colors), plain(faces), config_dict, global_step, walltime)

    def add_graph(self, model: Any, input_to_model: Any = None, verbose: bool = False, use_strict_trace: bool = True) -> None:
        """Write what a model does, as a graph of its modules and ops, seen in one call."""
        from .graph import graph_of

        graph = graph_of(model, input_to_model)
        if verbose:
            print(graph)
        self._get_file_writer().add_event(Event(graph_def=graph.SerializeToString()))

    def add_hparams(
        self, hparam_dict: dict[str, Any], metric_dict: dict[str, Any], hparam_domain_discrete: Any = None, run_name: str | None = None,
        global_step: Any = None,
    ) -> None:  # fmt: skip
        """Write the settings of a run and what it came to, into a folder below.

        Raises:
            TypeError: One of them is no dictionary.
        """
        for name, value in (("hparam_dict", hparam_dict), ("metric_dict", metric_dict)):
            if type(value) is not dict:
                raise expected("add_hparams", f"{name} to be a dict", value, error=TypeError)
        settings = {k: plain(v).item() if isinstance(v, Tensor) else v for k, v in hparam_dict.items()}
        about = summaries.hparams(settings, metric_dict)
        with SummaryWriter(Path(self.logdir, run_name or str(time.time()))) as run:
            for summary in about:
                run._write(summary, None, None)
            for tag, value in metric_dict.items():
                run.add_scalar(tag, value, global_step)
