"""Composition and its errors: each one sentence with the key, the nearest right one and the file."""

from __future__ import annotations

import re

import pytest
from omegaconf import OmegaConf

from workbench.experiments.compose import check, compose, groups, options, overrides_for_resume
from workbench.experiments.errors import UserError

RESNET = "+recipe=resnet"
WRONG = {
    (): r"no recipe chosen; name one, as in workbench train \+recipe=\w+ \(there are: ",
    ("recipe=resnt",): r'no option "resnt" in recipe; did you mean "resnet"\?',
    (RESNET, "optim=sdg"): r'no option "sdg" in optim; did you mean "sgd"\? \(conf/optim/\)',
    (RESNET, "optim=quux"): r'no option "quux" in optim; there are adam_ppo, adamw, adamw_gpt, sgd, sgd_resnet',
    (RESNET, "optim=[a,b]"): "no option",
    (RESNET, "optim.lrr=1"): r'no key "optim\.lrr" in the configuration; did you mean "optim\.lr" \(conf/optim/sgd_resnet\.yaml\)\?',
    (RESNET, "optmizer.lr=1"): r'no key "optmizer\.lr" in the configuration; did you mean "optim\.lr"',
    (RESNET, "optim=adamw", "optim.beta=1"): r'did you mean "optim\.betas" \(conf/optim/adamw\.yaml\)\?',
    (RESNET, "lr=1"): r'did you mean "optim\.lr"',
    (RESNET, "trainer.epoch=1"): r'did you mean "trainer\.epochs" \(conf/trainer/default\.yaml\)\?',
    (RESNET, "trainer.checkpoint.keep=1"): r'did you mean "trainer\.checkpoint\.keep_\w+"',
    (RESNET, "zzz=1"): r'no key "zzz" in the configuration; workbench train --show prints what there is',
    (RESNET, "+optim.foo=1"): r'no key "optim\.foo"',
    (RESNET, "+foo=1"): r'no key "foo"',
    (RESNET, "trainer.epochs=abc"): r'expected trainer\.epochs to be a whole number, got "abc" \(conf/trainer/default\.yaml\)',
    (RESNET, "trainer.epochs=1.5"): r"expected trainer\.epochs to be a whole number, got 1\.5",
    (RESNET, "trainer.epochs=0"): r"expected trainer\.epochs to be at least 1, got 0",
    (RESNET, "optim.lr=-1"): r"expected optim\.lr to be more than 0, got -1",
    (RESNET, "optim.lr=nan"): r"expected optim\.lr to be more than 0, got nan",
    (RESNET, "optim.lr=inf"): r"expected optim\.lr to be finite, got inf",
    (RESNET, "optim.lr=true"): r"expected optim\.lr to be a number, got true",
    (RESNET, "optim.momentum=1"): r"expected optim\.momentum to be less than 1, got 1",
    (RESNET, "optim.momentum=0"): r"optim\.nesterov=true needs optim\.momentum above 0",
    (RESNET, "data.flip=maybe"): r'expected data\.flip to be true or false, got "maybe" \(conf/data/digits\.yaml\)',
    (RESNET, "data.workers=99"): r"expected data\.workers to be at most 64, got 99",
    (RESNET, "model.blocks=3"): r"expected model\.blocks to be a list of whole numbers, as \[1,2\], got 3",
    (RESNET, "model.blocks=[1,0,1]"): r"expected model\.blocks to be at least 1, got 0",
    (RESNET, "model.blocks=[1,1]"): r"model\.blocks and model\.widths must be equally long, got 2 and 3 \(conf/model/resnet8_wide\.yaml\)",
    (RESNET, "trainer.checkpoint.mode=best"): r'expected trainer\.checkpoint\.mode to be max or min, got "best"',
    (RESNET, "data.validation=0.1"): r"expected data\.validation to be a whole number, got 0\.1",
    (RESNET, "trainer.checkpoint=3"): r"expected trainer\.checkpoint to be a group of keys, got 3",
    (RESNET, "seed=null"): r"expected seed to be a whole number, got null \(conf/config\.yaml\)",
    (RESNET, "seed=-1"): r"expected seed to be at least 0, got -1",
    (RESNET, "data.name=other"): r'expected data\.name to be one that the schema knows, got "other"',
    (RESNET, "~optim.lr"): r"optim\.lr has no value; set it with optim\.lr=VALUE",
    (RESNET, "trainer=default"): r'expected trainer\.name to be images for the recipe resnet, got "plain"; choose another trainer=OPTION',
    (RESNET, "model=gpt_small"): r'expected model\.name to be resnet for the recipe resnet, got "gpt"',
    (RESNET, "data=text"): r'expected data\.name to be digits or mnist5k or .* for the recipe resnet, got "text"',
    (RESNET, "+env=cartpole"): r"the recipe resnet takes no env; leave out env=OPTION",
    (RESNET, "~data"): r"the configuration has no data; add data=OPTION",
    ("+recipe=ppo", "data=digits"): r"the recipe ppo takes no data; leave out data=OPTION",
    ("+recipe=ppo", "~env"): r"the configuration has no env; add env=OPTION",
    ("+recipe=ppo", "env.copy=1"): r'no key "env\.copy" in the configuration; did you mean "env\.copies" \(conf/env/cartpole\.yaml\)\?',
    ("+recipe=gpt", "model.heads=3"): r"model\.heads must divide model\.width, got 3 and 128 \(conf/model/gpt_small\.yaml\)",
    ("+recipe=gpt", "model.width=12"): r"model\.positions=rotary needs an even width of a head, got 3",
    ("recipe=my.module", "~data"): r"the configuration has no data; add data=OPTION",
    (RESNET, "~optim"): r"the configuration has no optim; add optim=OPTION",
    (RESNET, "optim.lr=0.1,0.2"): r'"optim\.lr=0\.1,0\.2" gives several values, and a run takes one',
    (RESNET, "optim.lr"): r'cannot read "optim\.lr" as KEY=VALUE; write it like optim\.lr=0\.05',
    (RESNET, "optim.lr=${foo}"): r"'foo' not found",
    (RESNET, "hydra.run.dir=x"): r"a setting of Hydra itself",
}


@pytest.mark.parametrize("words", WRONG, ids=" ".join)
def test_mistakes_are_told_in_one_sentence(words):
    with pytest.raises(UserError, match=WRONG[words]) as caught:
        compose(words)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("train: ")


def test_recipe_selects_options():
    config = compose([RESNET])
    assert config.recipe == "resnet"
    assert (config.optim.name, config.data.name, config.trainer.epochs) == ("sgd", "digits", config.data.epochs)


def test_recipe_without_plus():
    assert compose(["recipe=resnet"]) == compose([RESNET])


def test_the_command_line_has_the_last_word():
    config = compose([RESNET, "optim=adamw", "data=mnist5k", "trainer.epochs=3", "optim.lr=1e-3", "threads=2"])
    assert (config.optim.name, config.data.name, config.trainer.epochs, config.optim.lr, config.threads) == ("adamw", "mnist5k", 3, 1e-3, 2)


@pytest.mark.parametrize(("group", "option"), [(group, option) for group, all_options in groups().items() for option in all_options])
def test_every_file_composes_as_its_comment_says(group, option):
    from pathlib import Path

    import workbench.conf

    text = (Path(workbench.conf.__file__).parent / group / f"{option}.yaml").read_text()
    words = re.search(r"^#\s+workbench train (.*)$", text, re.MULTILINE)[1].split()
    compose(words)
    assert f"{'+' if group == 'recipe' else ''}{group}={option}" in words or (group, option) == ("logger", "default")


def test_a_composed_configuration_checks_again():
    config = compose([RESNET])
    assert check(OmegaConf.create(OmegaConf.to_yaml(config))) == config


def test_what_was_recorded_before_a_key_checks_still():
    """As runs were recorded before trainers had names, looked for the origin of nan or stopped early, and cosines had a warm-up."""
    config = compose([RESNET, "schedule=cosine", "trainer.find_nan=false"])
    old = OmegaConf.to_container(config)
    for group, key in [("trainer", "name"), ("trainer", "find_nan"), ("trainer", "early_stop"), ("schedule", "warmup")]:
        del old[group][key]
    del old["trainer"]["checkpoint"]["keep_steps"]
    assert check(OmegaConf.create(old)) == config


def test_an_environment_takes_the_place_of_data():
    assert set(compose(["+recipe=ppo"])) == {*compose([RESNET])} - {"data"} | {"env"}
    assert compose(["recipe=my.module", "+env=cartpole", "~data", "trainer.epochs=1"]).env.copies == 8


def test_resume_takes_what_changes_no_result():
    config = compose([RESNET])
    changed = overrides_for_resume(config, ["data.workers=2", "threads=1", "logger.every_steps=5"])
    assert (changed.data.workers, changed.threads, changed.logger.every_steps) == (2, 1, 5)
    assert config.data.workers == 0


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("optim.lr=1", "optim.lr cannot change when a run is resumed"),
        ("trainer.checkpoint.metric=val/loss", "trainer.checkpoint.metric cannot change when a run is resumed"),
        ("data.validation=0", "data.validation cannot change when a run is resumed"),
        ("data.worker=1", 'no key "data.worker" in the configuration of this run; did you mean "data.workers"?'),
        ("data.workers=-1", "expected data.workers to be at least 0"),
    ],
)
def test_resume_refuses_the_rest(word, message):
    with pytest.raises(UserError, match=re.escape(message)):
        overrides_for_resume(compose([RESNET]), [word])


def test_groups_are_those_of_the_folder():
    assert set(groups()) == {"data", "env", "logger", "model", "optim", "recipe", "schedule", "trainer"}
    assert "resnet" in options("recipe")
