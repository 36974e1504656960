"""What the Insight page says of a score, in words."""

import math
from typing import Any

from chargen.corpus.vocabulary import list_characters
from chargen.gui import words
from chargen.model.model_file import Model

_LIKE, _NEAR, _BLIND = 1.15, 1.6, 0.97
SHORT = 200
"""Predicted characters below which a mean says little."""


def own_bits(training: dict[str, Any]) -> float | None:
    """Bits per character on the text the model was tested with; None where its file does not say."""
    loss = training.get("validation_loss")
    sound = isinstance(loss, float) and math.isfinite(loss) and loss > 0
    return loss / math.log(2) if sound and loss is not None else None


def comparison(model: Model, bits: float, characters: int) -> str:
    """A score beside the model's own, in one or two plain sentences."""
    own, blind = own_bits(model.training), math.log2(max(len(model.vocabulary), 2))
    if bits >= _BLIND * blind:
        said = f"This is as strange to it as chance: a blind guess costs {blind:.2f} bits."
    elif own is None:
        said = f"A blind guess costs {blind:.2f} bits. How it does on its own kind of text is not in its file."
    elif bits <= own / _LIKE:
        said = f"It knows this better than new text of the kind it learned ({own:.2f}): perhaps it has read it before."
    elif bits <= own * _LIKE:
        said = f"This reads like the text it learned: new text of that kind costs it {own:.2f}."
    elif bits <= own * _NEAR:
        said = f"This is somewhat unlike the text it learned: new text of that kind costs it {own:.2f}."
    else:
        said = f"This is unlike the text it learned: new text of that kind costs it {own:.2f}."
    return f"{said} So short a text says little." if characters < SHORT else said


def guess_words(bits: float) -> str:
    """``like a fair guess among 3.6``"""
    among = 2.0**bits
    return f"like a fair guess among {among:.1f}" if among < 99.5 else f"like a fair guess among {among:,.0f}"


def unknown_words(unknown: tuple[str, ...]) -> str:
    """Which characters were left out; empty where none."""
    if not unknown:
        return ""
    they = "they are" if len(unknown) > 1 else "it is"
    return f"The model does not know {list_characters(unknown)}; {they} left out."


def character_words(name: str, bits: float) -> str:
    """One character, for the line below the text."""
    if math.isnan(bits):
        return f"{name} · not predicted"
    share = 100 * 2.0**-bits
    return f"{name} · {bits:.2f} bits · {share:.0f} %" if share >= 1 else f"{name} · {bits:.2f} bits · {share:.2g} %"


def counted(characters: int) -> str:
    """``2,411 characters``"""
    return words.count(characters, "character")
