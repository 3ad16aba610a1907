"""What public packages import from inside of PyTorch: the same numbers, or one sentence when it is called."""

from __future__ import annotations

import pytest

from .twice import ours, run, short

pytest.importorskip("torch")

PROGRAMS = short(
    {
        "distributions": """
            from torch.distributions.lowrank_multivariate_normal import (
                _batch_capacitance_tril, _batch_lowrank_logdet, _batch_lowrank_mahalanobis)
            from torch.distributions.multivariate_normal import _batch_mahalanobis, _batch_mv, _precision_to_scale_tril
            from torch.distributions.transforms import _clipped_sigmoid, _InverseTransform
            from torch.distributions.utils import _standard_normal, _sum_rightmost
            x = torch.arange(12.0, dtype=torch.float64).reshape(2, 2, 3)
            names = {}
            exec("from torch.distributions.constraints import *", names)
            say("positive" in names, "Normal" in names, "bernoulli" in names)
            say(_sum_rightmost(x, 2), _sum_rightmost(x, 0), _clipped_sigmoid(torch.tensor([-200.0, 0.5, 200.0])))
            a = torch.tensor([[4.0, 1.0], [1.0, 3.0]], dtype=torch.float64)
            say(_precision_to_scale_tril(a), _batch_mv(a, x[0, 0, :2]), _batch_mahalanobis(torch.linalg.cholesky(a), x[..., :2]))
            w, d = x[..., :2].mT / 7, x[:, 0, :2] + 1
            c = _batch_capacitance_tril(w, d)
            say(c, _batch_lowrank_logdet(w, d, c), _batch_lowrank_mahalanobis(w, d, d - 3, c))
            z = _standard_normal(torch.Size((20000,)), torch.float64, torch.device("cpu"))
            say(z.shape, z.dtype, abs(z.mean().item()) < 0.05, isinstance(torch.distributions.ExpTransform().inv, _InverseTransform))
        """,
        "sobol": """
            from torch.quasirandom import SobolEngine
            e = SobolEngine(5)
            say(e.draw(3), e.draw(), e.fast_forward(4).draw(2, dtype=torch.float64), e.num_generated, e.reset().draw_base2(3))
            say(SobolEngine(21201).draw(3)[:, ::997], SobolEngine(2, scramble=True, seed=3))
            for call in (lambda: SobolEngine(21202), lambda: e.draw_base2(2)):
                try: call()
                except ValueError: say("ValueError")
            s = SobolEngine(4, scramble=True, seed=7)
            p = s.draw(64)
            say(bool((p == SobolEngine(4, scramble=True, seed=7).draw(64)).all()), bool((p == s.draw(64)).all()))
            say([sorted((p[:, i] * 64).long().tolist()) == list(range(64)) for i in range(4)])  # one point in each stripe
        """,
        "nn": """
            from torch.nn.init import _calculate_correct_fan
            from torch.nn.modules.transformer import _get_activation_fn, _get_clones
            from torch.nn.parallel.scatter_gather import is_namedtuple
            from torch.nn.utils import parametrize
            from torch.nn.utils.parametrizations import weight_norm
            from torch.nn.utils.parametrize import ParametrizationList, is_parametrized
            from torch.nn.utils.prune import L1Unstructured
            say([_calculate_correct_fan(torch.empty(4, 3, 2), m) for m in ("fan_in", "FAN_OUT")])
            clones = _get_clones(torch.nn.Linear(2, 2), 2)
            say(_get_activation_fn("gelu")(torch.ones(1)), len(clones), clones[0].weight is clones[1].weight)
            m = weight_norm(torch.nn.Linear(2, 2))
            say(is_parametrized(m), isinstance(m.parametrizations.weight, ParametrizationList), hasattr(parametrize, "cached"))
            say(is_namedtuple(torch.ones(2).max(0)), is_namedtuple((1,)), L1Unstructured.PRUNING_TYPE)
        """,
        "utils": """
            import torch.utils._pytree as pytree
            from torch._utils import _element_size, _flatten_dense_tensors, _get_device_index, _take_tensors, _unflatten_dense_tensors
            from torch.utils._python_dispatch import is_traceable_wrapper_subclass
            ts = [torch.arange(4.0).reshape(2, 2), torch.ones(3), torch.arange(2.0)]
            flat = _flatten_dense_tensors(ts)
            say(flat, _unflatten_dense_tensors(flat, ts), _element_size(torch.float64))
            say([[t.shape for t in group] for group in _take_tensors([*ts, torch.arange(3)], 24)])
            say(_get_device_index(torch.device("cpu"), allow_cpu=True), _get_device_index("cuda:1"), is_traceable_wrapper_subclass(ts[0]))
            leaf, two = pytree.tree_structure(1), pytree.tree_structure([1, 2])
            say(isinstance(leaf, pytree.LeafSpec), isinstance(two, pytree.LeafSpec), pytree.is_structseq_instance(ts[0].max(0)))
            from torch.futures import Future
            from torch.serialization import MAP_LOCATION
            from torch.utils.data._utils.collate import default_collate
            from torch.utils.data import IterDataPipe, functional_datapipe
            class Meta(torch._C._TensorMeta): ...
            @functional_datapipe("doubled_here")
            class Doubled(IterDataPipe):
                def __init__(self, source): self.source = source
                def __iter__(self): return (2 * x for x in self.source)
            class Source(IterDataPipe):
                def __iter__(self): return iter(range(3))
            say(list(Source().doubled_here().doubled_here()), Future[int].__args__, default_collate([1, 2]))
        """,
        "functorch": """
            import functorch
            from torch._functorch.apis import vmap
            m = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2)).eval()
            for p in m.parameters(): torch.nn.init.constant_(p, 0.5)
            x, m = torch.arange(6.0, dtype=torch.float64).reshape(2, 3), m.double()
            f, params, buffers = functorch.make_functional_with_buffers(m)
            say(f(params, buffers, x), len(params), len(buffers), params[0].requires_grad, params[0] is m[0].weight)
            g = torch.autograd.grad(f(params, buffers, x).sum(), params)
            say(g, [functorch.grad(lambda x: x.sin().sum())(x), vmap(torch.dot)(x, x)])
            f, params = functorch.make_functional(torch.nn.Linear(1, 1, bias=False), disable_autograd_tracking=True)
            say(f((torch.ones(1, 1) * 3,), torch.ones(1, 1)), params[0].requires_grad)
            try: functorch.make_functional(m)
            except (ValueError, RuntimeError): say("has buffers")
            f, params, buffers = functorch.combine_state_for_ensemble([m, m])
            say(vmap(f, (0, 0, None))(params, buffers, x), params[0].shape)
        """,
        "exceptions": """
            from torch._dynamo.exc import BackendCompilerFailed, TensorifyScalarRestartAnalysis, TorchDynamoException, Unsupported
            say([issubclass(e, TorchDynamoException) for e in (BackendCompilerFailed, TensorifyScalarRestartAnalysis, Unsupported)])
            from torch.distributed.device_mesh import DeviceMesh
            from torch.distributed.fsdp import FullyShardedDataParallel, ShardingStrategy
            from torch.distributed.tensor import DTensor
            say(isinstance(torch.ones(1), (DTensor, FullyShardedDataParallel, DeviceMesh)), ShardingStrategy.NO_SHARD.name)
            for module, name in (("torch.distributed.tensor", "distribute_tensor"), ("torch.nn.parallel.scatter_gather", "gather")):
                try: getattr(__import__(module, fromlist=["_"]), name)(torch.ones(1), None)
                except Exception: say("raises")
        """,
    }
)


@pytest.fixture(scope="module")
def here():
    return ours(PROGRAMS)


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")  # PyTorch calls some of these old
def test_the_same_is_printed(name, here):
    expected = run(PROGRAMS[name])
    assert "Traceback" not in expected
    assert here[name] == expected


def test_what_needs_a_group_of_processes_says_so():
    from workbench.engine.as_torch.modules import distributed_more, scatter_gather

    for call in (distributed_more.DTensor, distributed_more.fully_shard, distributed_more.FullyShardedDataParallel):
        with pytest.raises(ValueError, match=rf"^{call.__name__}: expected a group of processes, got one process; ask"):
            call(1, mesh=None)
    with pytest.raises(ValueError, match=r"^scatter: expected devices to spread a batch over, got the CPU alone; call the module"):
        scatter_gather.scatter([1], [0])
