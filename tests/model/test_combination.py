"""Sums as people write them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargen.errors import StateError
from chargen.model.combination import parse_combination


@pytest.mark.parametrize(
    ("expression", "terms"),
    [
        ("A", [("A", 1)]),
        ("A - B + C", [("A", 1), ("B", -1), ("C", 1)]),
        ("A−B", [("A", 1), ("B", -1)]),
        ("-A+0.5*B", [("A", -1), ("B", 0.5)]),
        ("2 × A - B·.25 + 1e-3*C_2", [("A", 2), ("B", -0.25), ("C_2", 0.001)]),
        ("A + A - 3*A", [("A", -1)]),
        ("'my states/calm-1.state' - \"it's\"", [("my states/calm-1.state", 1), ("it's", -1)]),
        ("calm.state - Änderung", [("calm.state", 1), ("Änderung", -1)]),
        ("'2' * 2", [("2", 2)]),
        ("- 'A - B'", [("A - B", -1)]),
    ],
)
def test_what_is_understood(expression: str, terms: list[tuple[str, float]]) -> None:
    assert parse_combination(expression) == terms


@pytest.mark.parametrize(
    ("expression", "phrase"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("A -", "ends where a state"),
        ("A * ", "ends where a state"),
        ("+", "ends where a state"),
        ("A B", "before “B”"),
        ("A 'B C'", "before “'B C'”"),
        ("A -- B", "Where “-” stands"),
        ("* A", "Where “\\*” stands"),
        ("2", "2\\*NAME"),
        ("A + 2", "2\\*NAME"),
        ("2 A", "stands alone"),
        ("A * B", "cannot be multiplied"),
        ("2 * 3 * A", "at most one factor"),
        ("(A - B)", "no parentheses"),
        ("A - 'B", "not closed"),
        ("A / 2", "“/” is not understood"),
        ("2nd", "“2nd” is not understood"),
        ("''", "empty name"),
        ("1e999*A", "too large"),
        ("1e308*A + 1e308*A", "too large"),
        ("A" * 20_000, "longer than"),
        ("+".join(f"a{n}" for n in range(100)), "at most 64"),
    ],
)
def test_what_is_not(expression: str, phrase: str) -> None:
    with pytest.raises(StateError, match=phrase) as caught:
        parse_combination(expression)
    assert "\n" not in str(caught.value)


@given(st.text(alphabet="AB2.*+-−×'\" ()e\n_", max_size=30) | st.text(max_size=30))
def test_no_sum_surprises(expression: str) -> None:
    try:
        terms = parse_combination(expression)
    except StateError:
        return
    assert terms and all(name and math.isfinite(factor) for name, factor in terms)


names = st.text(alphabet=st.characters(exclude_characters="'", exclude_categories=["Cs"]), min_size=1, max_size=8)


@given(st.dictionaries(names, st.floats(-1e6, 1e6, allow_nan=False), min_size=1, max_size=6))
def test_what_is_written_is_read_again(terms: dict[str, float]) -> None:
    expression = " ".join(
        f"{'-' if math.copysign(1, factor) < 0 else '+'} {abs(factor)!r}*'{name}'" for name, factor in terms.items()
    )
    assert parse_combination(expression) == list(terms.items())
