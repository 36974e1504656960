"""Characters that a model does not know, in words, beside the field they stand in."""

from chargen.corpus.vocabulary import Unknown, list_characters
from chargen.model.model_file import Model

CHOICES: tuple[tuple[Unknown, str], ...] = (
    ("refuse", "Do not write"),
    ("drop", "Leave them out"),
    ("replace", "Take the most similar"),
)


def about_unknown(model: Model | None, text: str, unknown: Unknown) -> tuple[str, str]:
    """A sentence and its kind (``caution`` or ``secondary``); empty where the model knows every character."""
    foreign = model.characters_outside(text) if model is not None else ()
    if not foreign:
        return "", "secondary"
    names, many = list_characters(foreign), len(foreign) > 1
    if unknown == "refuse":
        return f"The model does not know {names}.", "caution"
    done = "left out" if unknown == "drop" else "replaced by the most similar characters the model knows"
    return f"{names} {'are' if many else 'is'} {done}.", "secondary"
