"""The one table of options: whatever somebody types is converted, or refused in one sentence."""

import math
import re
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargen import settings
from chargen.errors import SettingError
from chargen.settings import OPTIONS, Option

NUMBERS = [option for option in OPTIONS.values() if option.kind in ("int", "float")]
TYPES = {"int": int, "float": float, "str": str, "choice": str, "bool": bool}
ANYTHING = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=()))
    | st.binary() | st.complex_numbers() | st.decimals() | st.fractions() | st.lists(st.integers())
    | st.dictionaries(st.text(), st.integers()) | st.floats(width=32).map(np.float32) | st.just(np.arange(3))
    | st.integers().map(str) | st.floats().map(str) | st.sampled_from([10**400, -(10**5000), "9" * 5000, "x\n" * 99])
)


def one_sentence(error: Exception) -> bool:
    text = str(error)
    return len(text) < 250 and len(text.splitlines()) == 1 and text.endswith(".")


@pytest.mark.parametrize("option", OPTIONS.values(), ids=OPTIONS)
@given(value=ANYTHING)
def test_any_value_is_converted_in_range_or_refused_in_one_sentence(option: Option, value: Any) -> None:
    try:
        checked = option.check(value)
    except SettingError as error:
        assert one_sentence(error), str(error)
        assert option.label in str(error)
        return
    if checked is None:
        assert value is None
        assert option.default is None
        return
    assert type(checked) is TYPES[option.kind]
    assert option.check(checked) == checked
    if option.kind in ("int", "float"):
        assert math.isfinite(checked)
        assert option.minimum is None or checked >= option.minimum
        assert option.maximum is None or checked <= option.maximum
    if option.kind == "choice":
        assert checked in option.choices


@pytest.mark.parametrize("option", OPTIONS.values(), ids=OPTIONS)
def test_the_table_is_sound(option: Option) -> None:
    assert OPTIONS[option.name] is option is settings.option(option.name)
    assert re.fullmatch(r"[a-z][a-z0-9_]*", option.name)
    assert option.flag == "--" + option.name.replace("_", "-")
    assert option.group in ("corpus", "model", "training", "sampling", "interface")
    assert option.kind in TYPES
    assert (option.kind == "choice") == bool(option.choices)
    assert option.check(option.default) == option.default
    assert option in settings.group(option.group)
    if option.kind in ("int", "float"):
        assert option.minimum is not None, "a number without bounds can exhaust memory"
        assert option.maximum is not None
        assert option.minimum < option.maximum
        for bound in (option.minimum, option.maximum):
            assert option.check(bound) == bound
        for beyond in (option.minimum - 1, option.maximum + 1):
            with pytest.raises(SettingError):
                option.check(beyond)


def test_names_and_labels_are_unique() -> None:
    assert len(OPTIONS) == len(settings._TABLE)
    for group in {option.group for option in OPTIONS.values()}:
        labels = [option.label for option in settings.group(group)]
        assert len(labels) == len(set(labels))


@pytest.mark.parametrize("option", NUMBERS, ids=lambda option: option.name)
@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, -math.inf, "nan", "inf", "-infinity", True, False, "", " ", "ten", "1,5", b"5", "5"[:0], [5],
     10**400, Decimal("NaN"), 1j, "1e999"],
    ids=repr,
)
def test_what_is_no_number_is_refused(option: Option, value: Any) -> None:
    with pytest.raises(SettingError) as caught:
        option.check(value)
    assert one_sentence(caught.value)


def test_numbers_are_converted() -> None:
    length, temperature = settings.option("length"), settings.option("temperature")
    for value in (500, "500", 500.0, Decimal(500), Fraction(1000, 2), np.int64(500), np.float32(500)):
        assert length.check(value) == 500
        assert type(length.check(value)) is int
    for value in (0.5, "0.5", "5e-1", Decimal("0.5"), Fraction(1, 2), np.float32(0.5)):
        assert temperature.check(value) == 0.5
        assert type(temperature.check(value)) is float
    for value in (2.5, "2.5", Decimal("2.5"), Fraction(5, 2), np.float32(2.5)):
        with pytest.raises(SettingError, match="whole number"):
            length.check(value)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("temperature", 11, "Temperature must be between 0 and 10, not “11”."),
        ("temperature", "warm", "Temperature must be a number, not “warm”."),
        ("temperature", math.nan, "Temperature must be finite, not “nan”."),
        ("temperature", None, "Temperature needs a value; the default is 0.8."),
        ("temperature", 10.0000001, "Temperature must be between 0 and 10, not “10.0000001”."),
        ("layers", 1.5, "Layers must be a whole number, not “1.5”."),
        ("steps", 2_000_000_000, "Steps must be between 1 and 1,000,000,000, not “2000000000”."),
        ("seed", -1, "Random seed must be between 0 and 9,007,199,254,740,991, not “-1”."),
        ("cell", "LSTM", "Cell must be one of lstm, gru, rnn, not “LSTM”."),
        ("as_text", "yes", "Read as text is either on or off, not “yes”."),
        ("encoding", 8, "Encoding must be text, not “8”."),
        ("cell", "two\nlines", "Cell must be one of lstm, gru, rnn, not “two lines”."),
    ],
)
def test_the_sentences(name: str, value: Any, sentence: str) -> None:
    with pytest.raises(SettingError) as caught:
        settings.option(name).check(value)
    assert str(caught.value) == sentence


def test_open_ranges_have_their_own_words() -> None:
    low = Option("a", "g", "int", 1, "A", "Help.", minimum=1)
    high = Option("a", "g", "float", 1.0, "A", "Help.", maximum=2.5)
    with pytest.raises(SettingError, match=r"A must be at least 1, not “0”\."):
        low.check(0)
    with pytest.raises(SettingError, match=r"A must be at most 2\.5, not “3”\."):
        high.check(3)


def test_several_at_once() -> None:
    assert settings.check_all({"length": "5", "temperature": 1}) == {"length": 5, "temperature": 1.0}
    assert settings.check_all({"length": "5", "temperature": "x"}, ["length"]) == {"length": 5}
    with pytest.raises(SettingError):
        settings.check_all({"length": "5", "temperature": "x"})
