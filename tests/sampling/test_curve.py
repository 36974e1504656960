"""The temperature along the text."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargen.errors import SettingError
from chargen.sampling.curve import TemperatureCurve


def test_characters_and_shares():
    by_character = TemperatureCurve.parse("10:0.4, 510:1.0,1010:0.6")
    assert [by_character.at(index, 9) for index in (0, 10, 260, 510, 760, 1010, 9999)] == pytest.approx(
        [0.4, 0.4, 0.7, 1.0, 0.8, 0.6, 0.6]
    )
    by_share = TemperatureCurve.parse("0%:0,50%:2,100%:1")
    assert [by_share.at(index, 200) for index in (0, 50, 100, 150, 200)] == pytest.approx([0, 1, 2, 1.5, 1])


@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.floats(0, 10)), min_size=1, max_size=8, unique_by=lambda p: p[0]),
    st.integers(0, 10**6),
)
def test_it_is_straight_between_the_points(points, index):
    points.sort()
    curve = TemperatureCurve.parse(",".join(f"{place}:{temperature!r}" for place, temperature in points))
    expected = np.interp(index, [place for place, _ in points], [temperature for _, temperature in points])
    assert curve.at(index, 5) == pytest.approx(float(expected), abs=1e-9)
    assert 0 <= curve.at(index, 5) <= 10


@given(st.text(st.characters(exclude_categories=())) | st.text("0123456789.:,% en-"))
def test_any_text_is_a_curve_or_one_sentence(text):
    try:
        curve = TemperatureCurve.parse(text)
    except SettingError as error:
        assert str(error).endswith(".") and len(str(error).splitlines()) == 1 and len(str(error)) < 250
        return
    assert all(0 <= curve.at(index, 100) <= 10 for index in range(0, 100, 7))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no point"),
        ("1:1,,2:1", "no point"),
        ("5", "no point"),
        ("-3:1", "no point"),
        ("1.5:1", "no point"),
        ("5:1,5:2", "must ascend"),
        ("9:1,5:2", "must ascend"),
        ("0:1,50%:2", "not both"),
        ("101%:1", "beyond 100 %"),
        ("2000000000:1", "beyond 1,000,000,000"),
        ("0:nan", "finite"),
        ("0:-1", "between 0 and 10"),
        ("0:inf", "finite"),
        (",".join(f"{n}:1" for n in range(1001)), "at most 1,000"),
    ],
)
def test_what_is_wrong_is_said(text, words):
    with pytest.raises(SettingError, match=words):
        TemperatureCurve.parse(text)
