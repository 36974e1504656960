"""What the Write page says of its model, its text and its drafts, in words."""

from typing import Any

from chargen.gui import words
from chargen.gui.desk import OpenModel
from chargen.gui.pages.write_document import Document
from chargen.gui.widgets.draft_list import DraftRow
from chargen.sampling.draft_file import DraftCard


def continue_words(document: Document | None) -> str:
    """Why the text can be gone on with, or cannot."""
    if document is not None and document.draft.edited:
        return "The text was changed by hand; the state after it is not known"
    if document is not None and document.state is None:
        return "The state after this text is not there; nothing can go on from it"
    if document is not None and document.pen is None:
        return f"Open the model that wrote it ({document.name}) to go on"
    return "Go on exactly where the text ends, with the model that wrote it"


def figures(count: int, bits: float, document: Document | None, opened: OpenModel | None) -> str:
    """How long a text is and how surprising, and who wrote it, where that is not the model on the desk."""
    if not count:
        return ""
    told = f"{words.count(count, 'character')} · {bits / count:.2f} bits each"
    pen = document.pen if document is not None else None
    changed = document.draft.states_changed if document is not None else 0
    if changed:
        told += f" · state changed {'once' if changed == 1 else f'{changed:,} times'}"
    if document is not None and opened is not None and (pen is None or pen.model is not opened.model):
        step = step_of(pen.model.training) if pen is not None else 0
        told += f" · by {document.name}{f', step {step:,}' if step else ''}"
    return told


def row(card: DraftCard) -> DraftRow:
    """A draft in the list."""
    if not card.characters:
        return DraftRow(card.id, card.title if card.named else "New draft", "Nothing written yet")
    texts = [words.count(card.texts, "text")] if card.texts else []
    told = [*texts, words.count(card.characters, "character"), *([card.writer] if card.writer else [])]
    return DraftRow(card.id, card.title, " · ".join([*told, *(["changed by hand"] if card.edited else [])]))


def step_of(training: dict[str, Any]) -> int:
    """The step a model was taken at, from its summary; 0 where it does not say (files come from strangers)."""
    step = training.get("step")
    return step if type(step) is int and step > 0 else 0


def describe(opened: OpenModel) -> str:
    """The model on the desk, for the chip."""
    shape = f"{opened.name} · {opened.model.config.describe()}"
    step = step_of(opened.model.training)
    return f"{shape} · learning, step {step:,}" if opened.live and step else shape
