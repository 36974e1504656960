import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargen.errors import SettingError
from chargen.sampling.settings import SamplingSettings
from chargen.settings import group

SETTINGS = st.builds(
    SamplingSettings,
    prompt=st.text(max_size=30),
    length=st.integers(1, 10_000_000),
    temperature=st.floats(0, 10),
    top_k=st.integers(0, 1000),
    top_p=st.floats(0, 1),
    min_p=st.floats(0, 1),
    repetition_penalty=st.floats(0.1, 10),
    stop=st.lists(st.text(min_size=1, max_size=5), max_size=4).map(tuple),
    random_seed=st.none() | st.integers(0, 2**53 - 1),
    unknown=st.sampled_from(["refuse", "drop", "replace"]),
    typical=st.floats(0, 1),
    temperature_curve=st.sampled_from(["", "0:0.5", "0%:0.4,33.3%:2,100%:0"]),
    loop_breaker=st.booleans(),
    ban=st.text(max_size=5),
    beam=st.integers(0, 5),
    beam_per_character=st.booleans(),
)


@given(SETTINGS)
def test_through_json_and_back(settings):
    assert SamplingSettings.from_json(json.loads(json.dumps(settings.to_json()))) == settings


def test_fields_and_defaults_are_those_of_the_table():
    fields = SamplingSettings().to_json()
    options = {entry.name: entry.default for entry in group("sampling") if entry.name != "count"}
    assert {name: fields[name] for name in options} == options
    assert set(fields) - set(options) == {"prompt", "stop"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"length": 0},
        {"length": 2.5},
        {"temperature": -1},
        {"temperature": float("inf")},
        {"top_p": "x"},
        {"random_seed": -1},
        {"unknown": "ask"},
        {"prompt": None},
        {"prompt": 3},
        {"stop": "ab"},
        {"stop": ("",)},
        {"stop": (3,)},
        {"stop": ("a",) * 101},
        {"typical": float("nan")},
        {"typical": -0.1},
        {"temperature_curve": "x"},
        {"temperature_curve": None},
        {"temperature_curve": 3},
        {"loop_breaker": 1},
        {"ban": None},
        {"ban": "a" * 10_001},
        {"beam": 257},
        {"beam": 200, "length": 10_000_000},
    ],
)
def test_a_wrong_setting_is_one_sentence(wrong):
    with pytest.raises(SettingError) as caught:
        SamplingSettings(**wrong)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("foreign", [None, [], "x", {"lengt": 3}, {"length": []}])
def test_foreign_json_is_refused(foreign):
    with pytest.raises(SettingError):
        SamplingSettings.from_json(foreign)


def test_a_fresh_seed_is_drawn_once_and_a_given_one_kept():
    drawn = SamplingSettings().with_seed()
    assert drawn.random_seed is not None
    assert drawn.with_seed() == drawn
    assert SamplingSettings(random_seed=0).with_seed().random_seed == 0


def test_an_export_from_before_there_were_these_settings_has_their_defaults():
    old = {"prompt": "a", "length": 5, "temperature": 0.5, "top_k": 3, "top_p": 1.0, "min_p": 0.0,
           "repetition_penalty": 1.0, "stop": [], "random_seed": 3, "unknown": "drop"}  # fmt: skip
    assert SamplingSettings.from_json(old) == SamplingSettings(
        prompt="a", length=5, temperature=0.5, top_k=3, random_seed=3, unknown="drop"
    )
