"""The page of results: each run makes its section anew."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from workbench.experiments.bench import page

from .test_command import engine, result

ABOUT = {"cpu": "a CPU", "cores": 2, "load": 0.1, "day": "2026-01-02", "rounds": 3}
CEILINGS = {2: {"flops": 2e11, "bandwidth": ((1000, 1e11),)}}


def document(*results, **about):
    return {"about": ABOUT | about, "ceilings": CEILINGS, "results": list(results)}


def op(name, ratio):
    return result(name, "forward", engines={"workbench": engine(1.0, share=0.5), "torch": engine(ratio, ratio, share=0.25)})


def test_sections_are_made_anew_and_others_stay(tmp_path):
    path = tmp_path / "performance.md"
    page.write(path, "ops", document(op("exp", 1.25)), ["torch"])
    page.write(path, "models", document(result("resnet18", "train"), load=7.0), ["torch"])
    page.write(path, "ops", document(op("exp", 1.75)), ["torch"])
    text = path.read_text()
    assert [line for line in text.splitlines() if line.startswith("## ")] == ["## Models", "## Ops alone"]
    assert "| exp | forward | 1.00 | 50% | 1.75 | 25% | 1.75 | 1.75 |" in text
    assert "1.25" not in text
    assert "Ceilings: 200 GFLOP/s of multiply-adds; 100 GB/s over 1 KB." in text
    assert text.count("Other processes were at work") == 1
    assert "![torch's time over ours with 2 threads](performance-2.svg)" in text


def test_the_picture_shows_ratios(tmp_path):
    engines = {"train": engine(2.0, 2.0), "infer": engine(1.0, 1.0)}
    results = [result("resnet18", mode, engines={"workbench": engine(1.0), "torch": e}) for mode, e in engines.items()]
    page.write(tmp_path / "p.md", "models", document(*results), ["torch"])
    svg = ElementTree.parse(tmp_path / "p-2.svg").getroot()
    bars = [float(each.get("width")) for each in svg if each.tag.endswith("rect") and each.get("x") == "130"]
    assert bars[0] == pytest.approx(2 * bars[1], abs=0.2)
    assert [each.text for each in svg if each.tag.endswith("text") and each.get("text-anchor") == "end"] == ["resnet18"]
