"""`torch.backends`: switches that programs written for PyTorch read and set. None of them changes a result here."""

from types import SimpleNamespace

from . import cpu, cuda, cudnn, mha, mkl, mkldnn, mps, openmp, opt_einsum

__all__ = ["cpu", "cuda", "cudnn", "mha", "mkl", "mkldnn", "mps", "nnpack", "openmp", "opt_einsum", "quantized"]

quantized = SimpleNamespace(engine="none", supported_engines=["none"])
nnpack = SimpleNamespace(is_available=lambda: False, set_flags=lambda enabled: (False,))
