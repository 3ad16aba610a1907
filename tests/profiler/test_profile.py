"""The profiler: events, sums, tables, schedules, traces."""

from __future__ import annotations

import gzip
import itertools
import json

import pytest

from workbench import engine
from workbench.engine import nn, profiler
from workbench.engine.profiler import profile, record_function, schedule
from workbench.engine.profiler.autograd import profile as first_profile
from workbench.ext.core import _core as core


def work():
    a = engine.ones(3, 4, requires_grad=True)
    with record_function("mine"):
        y = (a @ engine.ones(4, 5)).relu()
    y.sum().backward()
    return a


def by_key(p, **options):
    return {e.key: e for e in p.key_averages(**options)}


def test_nothing_is_watched_outside():
    seen = []
    work()
    with profile() as p:
        work()
    before = len(p.events())
    work()
    assert len(p.events()) == before
    with core.intercept(lambda op, args, proceed: (seen.append(op.name), proceed(*args))[1]):
        engine.ones(2).relu()
    assert seen[-1] == "relu"
    assert not any("evaluate_function" in n for n in seen)


def test_events_nest_and_times_add_up():
    with profile(profile_memory=True) as p:
        work()
    keys = by_key(p)
    assert {"mine", "aten::matmul", "aten::relu", "ReluBackward0", "autograd::engine::evaluate_function: ReluBackward0"} <= set(keys)
    mine = next(e for e in p.events() if e.name == "mine")
    assert mine.is_user_annotation
    assert {c.name for c in mine.cpu_children} == {"aten::matmul", "aten::relu"}
    backward = next(e for e in p.events() if e.name == "ReluBackward0")
    assert [c.name for c in backward.cpu_children] == ["aten::relu_backward"]
    for event in p.events():
        assert event.time_range.elapsed_us() == pytest.approx(event.cpu_time_total, abs=0.01)
        assert event.self_cpu_time_total + sum(c.cpu_time_total for c in event.cpu_children) == pytest.approx(event.cpu_time_total)
        assert all(event.start_ns <= c.start_ns <= c.end_ns <= event.end_ns for c in event.cpu_children)
    top = sum(e.cpu_time_total for e in p.events() if e.cpu_parent is None)
    assert p.events().self_cpu_time_total == pytest.approx(top)
    assert p.events().total_average().count == len(p.events())


def test_shapes_memory_and_calls():
    with profile(record_shapes=True, profile_memory=True) as p:
        kept = [engine.zeros(256, 4).add(1.0) for _ in range(3)] + [engine.zeros(8).add(1.0)]
    assert by_key(p)["aten::add"].count == 4
    apart = [e for e in p.key_averages(group_by_input_shape=True) if e.key == "aten::add"]
    assert sorted((e.count, e.input_shapes[0]) for e in apart) == [(1, [8]), (3, [256, 4])]
    three = next(e for e in apart if e.count == 3)
    assert three.cpu_memory_usage >= 3 * 256 * 4 * 4
    assert kept


def test_stacks_name_the_program(tmp_path):
    with profile(with_stack=True) as p:
        work()
    event = next(e for e in p.events() if e.name == "aten::matmul")
    assert event.stack[0].startswith(__file__)
    assert event.stack[0].endswith(": work")
    assert any("test_stacks_name_the_program" in frame for frame in event.stack)
    places = {e.stack[0] for e in p.key_averages(group_by_stack_n=1)}
    assert len(places) >= 3
    p.export_stacks(str(tmp_path / "stacks"))
    last = (tmp_path / "stacks").read_text().splitlines()[-1]
    assert "test_stacks_name_the_program;" in last
    assert last.rpartition(" ")[2].isdigit()
    with pytest.raises(ValueError, match="export_stacks: expected metric"):
        p.export_stacks(str(tmp_path / "stacks"), "nothing")


def test_table():
    with profile(record_shapes=True, profile_memory=True, with_flops=True) as p:
        work()
    table = p.key_averages().table(sort_by="self_cpu_time_total", row_limit=3, header="A title")
    lines = table.splitlines()
    assert lines[1] == "A title"
    titles = ("Name", "Self CPU %", "Self CPU", "CPU total %", "CPU total", "CPU time avg", "CPU Mem", "Self CPU Mem", "# of Calls")
    assert all(title in lines[3] for title in titles)
    assert "FLOPs" in lines[3]
    assert len(lines) == 5 + 3 + 2
    assert lines[-1].startswith("Self CPU time total: ")
    shown = [line.split()[0] for line in lines[5:8]]
    assert shown == [e.key.split()[0] for e in sorted(p.key_averages(), key=lambda e: -e.self_cpu_time_total)[:3]]
    assert len(p.key_averages().table(row_limit=-1).splitlines()) == len(p.key_averages()) + 5
    only = p.events().table(top_level_events_only=True, time_unit="ms")
    assert "aten::matmul" not in only
    with pytest.raises(ValueError, match="table: expected sort_by"):
        p.key_averages().table(sort_by="colour")


def test_trace_is_of_chrome_s_form(tmp_path):
    with profile(record_shapes=True) as p:
        work()
    p.add_metadata("who", "me")
    p.add_metadata_json("what", "[1, 2]")
    for name in ("t.json", "t.json.gz"):
        p.export_chrome_trace(str(tmp_path / name))
        with (gzip.open if name.endswith("gz") else open)(tmp_path / name, "rt") as file:
            trace = json.load(file)
        assert trace["who"] == "me"
        assert trace["what"] == [1, 2]
        complete = [e for e in trace["traceEvents"] if e["ph"] == "X"]
        assert len(complete) == len(p.events())
        matmul = next(e for e in complete if e["name"] == "aten::matmul")
        assert matmul["cat"] == "cpu_op"
        assert matmul["args"]["Input Dims"] == [[3, 4], [4, 5]]
        assert {e["cat"] for e in complete} == {"cpu_op", "user_annotation"}


def test_a_schedule_gives_a_trace_per_cycle(tmp_path):
    ready = []

    def look(p):
        ready.append((p.step_num, [e.key for e in p.key_averages() if e.key.startswith("ProfilerStep")]))

    with profile(schedule=schedule(wait=1, warmup=1, active=2, repeat=2), on_trace_ready=look) as p:
        for _ in range(10):
            work()
            p.step()
    assert ready == [(4, ["ProfilerStep#2", "ProfilerStep#3"]), (8, ["ProfilerStep#6", "ProfilerStep#7"])]
    with profile(on_trace_ready=profiler.tensorboard_trace_handler(str(tmp_path / "t"), "worker")):
        work()
    (written,) = (tmp_path / "t").iterdir()
    assert written.name.startswith("worker.")
    assert written.name.endswith(".pt.trace.json")


@pytest.mark.filterwarnings("ignore:Profiler won't be using warmup")
def test_schedules_are_torch_s():
    torch = pytest.importorskip("torch")
    for wait, warmup, active, repeat, skip, no_wait in itertools.product((0, 2), (0, 1), (1, 3), (0, 2), (0, 2), (0, 1)):
        options = {"wait": wait, "warmup": warmup, "active": active, "repeat": repeat, "skip_first": skip, "skip_first_wait": no_wait}
        theirs = torch.profiler.schedule(**options)
        ours = schedule(**options)
        assert [ours(n).name for n in range(20)] == [theirs(n).name for n in range(20)], options
    with pytest.raises(AssertionError):
        schedule(wait=0, warmup=0, active=0)


def test_a_profile_goes_through_checkpoints_and_functions():
    class Double(engine.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh())
    x = engine.ones(2, 3, requires_grad=True)
    with profile() as p:
        engine.utils.checkpoint.checkpoint(net, Double.apply(x), use_reentrant=False).sum().backward()
    plain = x.grad.clone()
    x.grad = None
    net(x * 2).sum().backward()
    assert plain.tolist() == x.grad.tolist()
    assert by_key(p)["aten::tanh"].count >= 1


def test_marks_decorate_and_need_a_name():
    @record_function("decorated")
    def f(x):
        """Adds."""
        return x + 1

    with profile() as p:
        f(engine.ones(2))
        f(engine.ones(2))
    assert by_key(p)["decorated"].count == 2
    assert f.__name__ == "f"
    with pytest.raises(TypeError, match="record_function: expected name"):
        record_function(3)


def test_an_exception_closes_what_is_open():
    with pytest.raises(ValueError, match="inside"), profile() as p, record_function("broken"):
        raise ValueError("inside")
    assert by_key(p)["broken"].count == 1
    assert not profiler.recorder.RECORDERS


def test_the_first_profiler_and_events_too_early():
    with first_profile(enabled=False) as p:
        work()
    with pytest.raises(AssertionError, match="expected a trace that has ended"):
        p.key_averages()
    with first_profile(record_shapes=True) as p:
        work()
    assert "aten::matmul" in p.table(sort_by="cpu_time_total")
    assert p.self_cpu_time_total == p.function_events.self_cpu_time_total > 0
