"""Every error that a user can meet is of one family and says one sentence."""

import inspect

import pytest

from chargen import errors

FAMILY = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if kind.__module__ == errors.__name__]


@pytest.mark.parametrize("kind", FAMILY, ids=lambda kind: kind.__name__)
def test_one_family(kind: type[Exception]) -> None:
    assert issubclass(kind, errors.ChargenError)
    assert kind.__doc__
    error = kind("A sentence.", ("é",)) if kind is errors.UnknownCharacterError else kind("A sentence.")
    assert str(error) == "A sentence."


def test_unknown_characters_are_named() -> None:
    error = errors.UnknownCharacterError("The text holds 2 unknown characters.", ("é", "😀"))
    assert error.characters == ("é", "😀")
    assert isinstance(error, errors.CorpusError)
