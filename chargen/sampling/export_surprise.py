"""A scored text as a file, chosen by the suffix.

* ``.json``: kind, format, the model's fingerprint, the seed state (how it was made, its hash), versions, the mean,
  the worst and the best passages, the text, and its bits character by character (null where nothing was predicted).
* ``.csv``: one row per character: index, character, code_point, probability, surprise (in bits; both empty where
  nothing was predicted), with characters as in :mod:`chargen.sampling.export`.
"""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chargen.errors import ExportError
from chargen.files import write_atomic
from chargen.sampling.export import cell, json_text
from chargen.sampling.passages import Passage
from chargen.sampling.sample import versions
from chargen.sampling.seeds import describe_state, state_fingerprint
from chargen.sampling.surprise import TextScore

FORMAT = 1
KIND = "chargen score"


def _to_json(score: TextScore) -> str:
    worst, best = score.passages
    value = {
        "kind": KIND,
        "format": FORMAT,
        "model": score.model_fingerprint,
        "seed_state": describe_state(score.seed_state),
        "seed_state_sha256": state_fingerprint(score.seed_state),
        "versions": versions(),
        "characters": score.characters,
        "loss": score.loss,
        "bits_per_character": score.bits_per_character,
        "unknown": list(score.unknown),
        "worst": [_passage(score, passage) for passage in worst],
        "best": [_passage(score, passage) for passage in best],
        "text": score.text,
        "bits": [None if bits != bits else round(bits, 4) for bits in score.bits.tolist()],
    }
    return json_text(value, separators=(",", ":")) + "\n"


def _passage(score: TextScore, passage: Passage) -> dict[str, Any]:
    text = score.text[passage.first : passage.last]
    return {"first": passage.first, "last": passage.last, "bits_per_character": round(passage.bits, 4), "text": text}


def _to_csv(score: TextScore) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(["index", "character", "code_point", "probability", "surprise"])
    for index, (character, bits) in enumerate(zip(score.text, score.bits.tolist(), strict=True)):
        numbers = ["", ""] if bits != bits else [f"{2.0**-bits:.6g}", f"{bits:.4f}"]
        writer.writerow([index, cell(character), f"U+{ord(character):04X}", *numbers])
    return file.getvalue()


_WRITERS: dict[str, Callable[[TextScore], str]] = {".json": _to_json, ".csv": _to_csv}
SUFFIXES = tuple(_WRITERS)


def check_suffix(path: Path) -> None:
    """Raises ExportError unless a score can be written to a file of that name."""
    if path.suffix.lower() not in _WRITERS:
        raise ExportError(f"The name must end in one of {', '.join(SUFFIXES)}, not in “{path.suffix}”.")


def export_score(score: TextScore, path: Path) -> None:
    """Write a score to ``path``, as its suffix says; the old file or the new one, never a torn one.

    Raises:
        ExportError: an unknown suffix. FileError: it cannot be written.
    """
    check_suffix(path)
    write_atomic(path, _WRITERS[path.suffix.lower()](score).encode("utf-8", "replace"))
