"""The words of a space, against what Hydra and Optuna make of them."""

from __future__ import annotations

import optuna
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from workbench.experiments.errors import UserError
from workbench.experiments.sweep.space import Parameter, parameter, words_of

NUMBERS = {
    "a=interval(0,0.5)": optuna.distributions.FloatDistribution(0.0, 0.5),
    "a=log(1e-4,1)": optuna.distributions.FloatDistribution(1e-4, 1.0, log=True),
    "a=tag(log,interval(1e-4,1))": optuna.distributions.FloatDistribution(1e-4, 1.0, log=True),
    "a=int(interval(1,5))": optuna.distributions.IntDistribution(1, 5),
    "a=int(log(1,64))": optuna.distributions.IntDistribution(1, 64, log=True),
    "a=range(2,10,2)": optuna.distributions.IntDistribution(2, 8, step=2),
    "a=range(9,1,-2)": optuna.distributions.IntDistribution(3, 9, step=2),
    "a=range(0,1,0.25)": optuna.distributions.FloatDistribution(0.0, 0.75, step=0.25),
    "a=x,y": optuna.distributions.CategoricalDistribution(["x", "y"]),
    "a=choice(x,y)": optuna.distributions.CategoricalDistribution(["x", "y"]),
    "+a.b=null,[1,2]": optuna.distributions.CategoricalDistribution(["null", "[1,2]"]),
}


@pytest.mark.parametrize("word", NUMBERS)
def test_a_word_is_a_distribution(word):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    trial = study.ask()
    found = parameter(word)
    value = found.suggest(trial)
    assert trial.distributions == {word.partition("=")[0].lstrip("+"): NUMBERS[word]}
    again = OverridesParser.create().parse_override(found.word(value))
    assert not again.is_sweep_override()
    assert again.value() == OverridesParser.create().parse_override(f"a={value}").value()


@pytest.mark.parametrize(
    "word", ["a=range(2,10,2)", "a=range(9,1,-2)", "a=range(0,1,0.125)", "a=x,y,[1,2]", "a=choice(1,2,3)", "a=range(3)"]
)
def test_the_values_of_a_grid_are_hydras(word):
    hydras = OverridesParser.create().parse_override(word).sweep_string_iterator()
    assert sorted(map(str, parameter(word).values())) == sorted(map(str, hydras))


def test_a_key_of_whole_numbers_takes_whole_numbers():
    assert parameter("a=log(1,64)", whole=True) == Parameter("a", "log(1,64)", "int", 1, 64, 1, True)
    assert parameter("a=interval(0.5,64)", whole=True).kind == "float"


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("a=1", "gives one value"),
        ("a=range(1,2)", "gives 1 values"),
        ("a=interval(2,1)", "to be larger than the first"),
        ("a=log(0,1)", "above 0 on a logarithmic scale, got 0"),
        ("a=tag(log,range(1,9,2))", "no step on a logarithmic scale, got 2"),
        ("a=tag(x,interval(1,2))", "to be log, got x"),
        ("a=log(1,", 'cannot read "a=log(1,"'),
        ("a=lg(1,2)", 'cannot read "a=lg(1,2)"'),
    ],
)
def test_a_wrong_word_is_told(word, message):
    with pytest.raises(UserError) as caught:
        parameter(word)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_mapping_means_words():
    words = words_of({"a": "log(1,2)", "b": [None, True, [1, 2], 0.5], "c": ["x"]})
    assert words == ["a=log(1,2)", "b=null,true,[1,2],0.5", "c=x"]
    assert parameter(words[1]).choices == ("null", "True", "[1,2]", "0.5")  # as Hydra writes them
