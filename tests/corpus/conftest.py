"""What the tests of the corpus share."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chargen.errors import ChargenError

PROSE = "It was the best of times, it was the worst of times; the tide came in twice a day.\n" * 6


@pytest.fixture
def prose() -> str:
    """A text long enough to learn from, plain ASCII."""
    return PROSE


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """``write(content, name)``: a file in a fresh folder; text is written as UTF-8, newlines as they are."""

    def write(content: str | bytes, name: str = "text.txt") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        return path

    return write


def is_one_sentence(message: str) -> bool:
    """It begins like a sentence, ends like one, and has no other in between (names in quotes aside)."""
    bare = re.sub("“[^”]*”", "X", message)
    return bare[0].isupper() and bare[-1] in ".!?" and "\n" not in bare and not re.search(r"[.!?] +\S", bare)


@pytest.fixture
def refusal() -> Callable[..., str]:
    """``refusal(function, *arguments)``: the sentence with which it refuses; anything else fails."""

    def refusal(function: Callable[..., Any], *arguments: Any, **named: Any) -> str:
        with pytest.raises(ChargenError) as caught:
            function(*arguments, **named)
        message = str(caught.value)
        assert is_one_sentence(message), message
        return message

    return refusal
