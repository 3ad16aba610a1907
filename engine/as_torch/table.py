"""PyTorch's modules and the engine's modules that stand behind each, the first that has a name answering for it.

Paths on the right are below `workbench.engine`; "" is the engine itself. What is only here to be named by programs (and says what to
use instead when it is called) is below `as_torch.modules`.
"""

from __future__ import annotations

_OWN = "as_torch.modules"
_LAYERS = ("activation", "adaptive", "batchnorm", "channelshuffle", "container", "conv", "distance", "dropout", "flatten", "fold",
           "instancenorm", "lazy", "linear", "loss", "module", "normalization", "padding", "pixelshuffle", "pooling", "rnn", "sparse",
           "transformer", "upsampling")  # fmt: skip
_OPTIMIZERS = (
    "adadelta",
    "adagrad",
    "adam",
    "adamax",
    "adamw",
    "asgd",
    "lbfgs",
    "nadam",
    "radam",
    "rmsprop",
    "rprop",
    "sgd",
    "sparse_adam",
)
# where a layer's private base class lives, where its file has another name here
_FILES = {"batchnorm": "norm", "instancenorm": "norm", "normalization": "norm", "upsampling": "resampling", "sparse": "embedding"}
_AUTOGRAD = ("anomaly_mode", "forward_ad", "functional", "grad_mode", "gradcheck", "graph", "variable")
_BACKENDS = ("cpu", "cuda", "cudnn", "mha", "mkl", "mkldnn", "mps", "openmp", "opt_einsum")
_DATA = ("dataloader", "dataset", "distributed", "sampler", "_utils", "_utils.collate")
_UTILS = ("_pytree", "benchmark", "checkpoint", "dlpack", "flop_counter", "model_zoo", "tensorboard")
_SAME = ("activation", "container", "conv", "dropout", "linear", "loss", "module", "padding", "pooling", "rnn", "transformer")


def _file(layers: str) -> tuple[str, ...]:
    """The file of a family of layers, where private names may be looked for."""
    return (f"nn.{_FILES.get(layers, layers)}",) if layers in _FILES or layers in _SAME else ()


MODULES: dict[str, tuple[str, ...]] = {
    "torch": (f"{_OWN}.top", ""),
    "torch.nn": ("nn", f"{_OWN}.nn"),
    "torch.nn.functional": ("nn.functional",),
    "torch.nn.init": ("nn.init",),
    "torch.nn.parameter": ("nn.parameter", f"{_OWN}.nn"),
    "torch.nn.common_types": (f"{_OWN}.types",),
    "torch.nn.attention": (f"{_OWN}.attention",),
    "torch.nn.parallel": (f"{_OWN}.parallel",),
    "torch.nn.parallel.data_parallel": (f"{_OWN}.parallel",),
    "torch.nn.parallel.distributed": (f"{_OWN}.parallel",),
    "torch.nn._reduction": (f"{_OWN}.nn",),
    "torch.nn.modules": ("nn", f"{_OWN}.nn"),
    "torch.nn.modules.utils": (f"{_OWN}.nn",),
    **{f"torch.nn.modules.{name}": (*_file(name), "nn", f"{_OWN}.nn", f"{_OWN}.types") for name in _LAYERS},
    "torch.nn.utils": ("nn.utils",),
    "torch.nn.utils.clip_grad": ("nn.utils",),
    "torch.nn.utils.convert_parameters": ("nn.utils",),
    "torch.nn.utils.init": ("nn.utils",),
    "torch.nn.utils.rnn": ("nn.utils.rnn",),
    "torch.nn.utils.spectral_norm": ("nn.utils",),
    "torch.nn.utils.stateless": ("func",),
    "torch.nn.utils.weight_norm": ("nn.utils",),
    "torch.optim": ("optim",),
    "torch.optim.lr_scheduler": ("optim.lr_scheduler",),
    "torch.optim.optimizer": ("optim.optimizer", "optim", f"{_OWN}.optim"),
    "torch.optim.swa_utils": ("optim.swa_utils",),
    **{f"torch.optim.{name}": ("optim",) for name in _OPTIMIZERS},
    "torch.autograd": ("autograd",),
    "torch.autograd.function": ("autograd.function", f"{_OWN}.nn"),
    **{f"torch.autograd.{name}": (f"autograd.{name}",) for name in _AUTOGRAD},
    "torch.autograd.profiler": ("profiler",),
    "torch.func": ("func",),
    "torch.amp": ("amp",),
    "torch.amp.autocast_mode": ("amp",),
    "torch.amp.grad_scaler": ("amp", f"{_OWN}.cuda_amp"),
    "torch.cpu": (f"{_OWN}.cpu",),
    "torch.cpu.amp": (f"{_OWN}.cpu_amp", "amp"),
    "torch.cuda": ("cuda",),
    "torch.cuda.amp": (f"{_OWN}.cuda_amp", "amp"),
    "torch.cuda.amp.grad_scaler": (f"{_OWN}.cuda_amp", "amp"),
    "torch.cuda.amp.autocast_mode": (f"{_OWN}.cuda_amp", "amp"),
    "torch.cuda.random": ("cuda",),
    "torch.cuda.memory": ("cuda",),
    "torch.cuda.nvtx": ("cuda.nvtx",),
    **{f"torch.{name}": (f"{_OWN}.no_device",) for name in ("mps", "xpu", "mtia")},
    "torch.backends": ("backends",),
    **{f"torch.backends.{name}": (f"backends.{name}",) for name in _BACKENDS},
    "torch.utils": ("utils",),
    "torch.utils.data": ("data",),
    **{f"torch.utils.data.{name}": ("data", f"{_OWN}.data") for name in _DATA},
    **{f"torch.utils.{name}": (f"utils.{name}",) for name in _UTILS},
    "torch.utils.tensorboard.writer": ("utils.tensorboard",),
    "torch.utils.tensorboard.summary": ("utils.tensorboard",),
    "torch.utils.hooks": ("nn._hooks",),
    "torch.hub": (f"{_OWN}.hub",),
    "torch.jit": (f"{_OWN}.jit",),
    "torch.compiler": (f"{_OWN}.compiler",),
    "torch._dynamo": (f"{_OWN}.dynamo", f"{_OWN}.compiler"),
    "torch._dynamo.config": (f"{_OWN}.dynamo_config",),
    "torch._dynamo.eval_frame": (f"{_OWN}.dynamo",),
    "torch.distributed": (f"{_OWN}.distributed",),
    "torch.multiprocessing": (f"{_OWN}.multiprocessing", f"{_OWN}.processes"),
    "torch.overrides": (f"{_OWN}.overrides",),
    "torch.types": (f"{_OWN}.types",),
    "torch.version": (f"{_OWN}.version",),
    "torch.torch_version": (f"{_OWN}.version",),
    "torch.storage": ("storage", f"{_OWN}.tensor_types"),
    "torch._tensor": ("",),
    "torch.serialization": ("serialization",),
    "torch.random": ("random",),
    "torch.functional": ("",),
    "torch.testing": ("testing",),
    "torch.profiler": ("profiler",),
    "torch.distributions": ("distributions",),
    **{f"torch.distributions.{name}": (f"distributions.{name}", "distributions") for name in ("constraints", "kl", "transforms", "utils")},
    **{f"torch.distributions.{name}": ("distributions",) for name in (
        "bernoulli", "beta", "binomial", "categorical", "cauchy", "chi2", "constraint_registry", "continuous_bernoulli", "dirichlet",
        "distribution", "exp_family", "exponential", "fishersnedecor", "gamma", "generalized_pareto", "geometric", "gumbel", "half_cauchy",
        "half_normal", "independent", "inverse_gamma", "kumaraswamy", "laplace", "lkj_cholesky", "log_normal",
        "logistic_normal", "lowrank_multivariate_normal", "mixture_same_family", "multinomial", "multivariate_normal", "negative_binomial",
        "normal", "one_hot_categorical", "pareto", "poisson", "relaxed_bernoulli", "relaxed_categorical", "studentT",
        "transformed_distribution", "uniform", "von_mises", "weibull", "wishart",
    )},
    **{f"torch.{name}": (name,) for name in ("linalg", "special", "fft", "masked", "onnx", "signal", "sparse")},
    "torch.signal.windows": ("signal.windows",),
}  # fmt: skip
