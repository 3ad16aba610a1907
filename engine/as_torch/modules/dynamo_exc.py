"""`torch._dynamo.exc`: exceptions of PyTorch's compiler, which programs catch; nothing is compiled here, so nothing raises them."""

from __future__ import annotations


class TorchDynamoException(RuntimeError):  # noqa: N818 - PyTorch's name
    """The base of them all."""


def _derived(names: str, base: type[Exception]) -> dict[str, type[Exception]]:
    """Exceptions derived from another, by name."""
    return {name: type(name, (base,), {"__doc__": "Raised by PyTorch's compiler only.", "__module__": __name__}) for name in names.split()}


globals().update(
    _derived(
        "InternalTorchDynamoError RestartAnalysis SkipFrame TorchRuntimeError InvalidBackend ResetRequired ShortenTraceback Unsupported "
        "RecompileError InfiniteGeneratorError CondOpArgsMismatchError ArgsMismatchError AttributeMutationError UserError "
        "UncapturedHigherOrderOpError FailOnRecompileLimitHit PackageError ObservedException",
        TorchDynamoException,
    )
)
globals().update(
    _derived(
        "SpeculationRestartAnalysis UnspecializeRestartAnalysis CompileCollectiveRestartAnalysis TensorifyScalarRestartAnalysis",
        globals()["RestartAnalysis"],
    )
)
globals().update(_derived("BackendCompilerFailed", globals()["ShortenTraceback"]))
