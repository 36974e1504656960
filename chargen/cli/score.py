"""``chargen score``: how well a model predicts a text, and where it does worst and best."""

import argparse
import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chargen.cli.output import is_terminal, note, print_event, print_table
from chargen.cli.parser import HelpFormatter, UsageError, add_option, add_options, given, values
from chargen.cli.texts import ids_for, read_text
from chargen.cli.torch_import import import_torch
from chargen.settings import Option

if TYPE_CHECKING:
    from chargen.corpus.vocabulary import Ids
    from chargen.model.model_file import Model
    from chargen.model.state import HiddenState
    from chargen.sampling.surprise import TextScore

_WINDOW = Option(
    "window",
    "score",
    "int",
    None,
    "Window",
    "Start from a fresh state every N characters, instead of carrying one state through the text.",
    1,
    10**9,
)

_LARGE = 768
_LONGEST = 20_000_000
"""Characters of a text of which each one's surprise is kept: for the passages, and for a file."""
_SHOWN = 3


def add_parser(commands: Any) -> None:
    parser = commands.add_parser(
        "score",
        help="how well a model predicts a text",
        formatter_class=HelpFormatter,
        description="Runs a model over a text and reports its mean loss per character: the lower, the better it\n"
        "predicts the text. All characters but the first are predicted, in one stream whose state is carried.\n"
        "The passages it expected least and most are shown; --output writes the surprise of every character.",
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help="A model file or a run folder.")
    parser.add_argument("text", metavar="TEXT", help="A file, a folder, a name from “chargen corpora”, or -.")
    add_option(parser, _WINDOW)
    add_options(parser, "unknown", "encoding", "as_text", "newlines")
    parser.add_argument(
        "--state",
        metavar="zero|learned|random[:SCALE]|STATE",
        help="What reading starts from, a file or the name of a kept state (default: what training started from).",
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="Write every character's surprise to this file: .json or .csv."
    )
    parser.add_argument("--json", action="store_true", help="Print one JSON object.")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Read, score, report."""
    from chargen.model.model_file import load_model

    if arguments.output is not None:
        _check_output(arguments)
    settings = values(arguments, "unknown") | given(arguments, _WINDOW)
    reading = given(arguments, "encoding", "as_text", "newlines")
    model = load_model(arguments.model)
    text = read_text(arguments.text, **reading)
    for notice in text.notices:
        note(notice)
    ids, foreign = ids_for(text, model.vocabulary, settings["unknown"])
    if foreign:
        from chargen.corpus.vocabulary import list_characters

        done = "dropped" if settings["unknown"] == "drop" else "replaced"
        note(f"Characters that the model does not know were {done}: {list_characters(foreign)}.")
    import_torch()
    from chargen.sampling.seeds import default_state, parse_state

    state, notices = default_state(model), tuple[str, ...]()
    if arguments.state is not None:
        state, notices = parse_state(arguments.state, model, random_seed=0)
    for notice in notices:
        note(notice)
    window: int | None = settings.get("window")
    characters, loss, score = _read(model, ids, foreign, state, window)
    if arguments.output is not None:
        _export(score, arguments.output)
    bits = loss / math.log(2)
    if arguments.json:
        print_event("score", {"characters": characters, "loss": loss, "bits_per_character": bits, "window": window})
        return 0
    print_table(
        f"Score of {arguments.text}",
        [
            ("model", f"{model.config.describe()} · {model.fingerprint[:12]}"),
            ("characters", f"{characters:,} predicted"),
            ("loss", f"{loss:.4f} nats per character"),
            ("bits per character", f"{bits:.4f}"),
            ("state", "one stream, state carried" if window is None else f"a fresh state every {window:,} characters"),
            *_passages(score),
        ],
    )
    return 0


def _check_output(arguments: argparse.Namespace) -> None:
    """Say what is wrong with the output before reading for minutes. Raises UsageError, ExportError or FileError."""
    from chargen.errors import FileError
    from chargen.sampling.export_surprise import check_suffix

    path: Path = arguments.output
    check_suffix(path)
    if getattr(arguments, "window", None) is not None:
        raise UsageError("--output holds one carried stream; leave out --window.")
    if path.is_dir():
        raise FileError(f"“{path}” is a folder; name a file.")
    if not path.parent.is_dir():
        raise FileError(f"There is no folder “{path.parent}” to write to.")
    inputs = (arguments.model, arguments.text, arguments.state)
    if path.exists() and any(each is not None and Path(each).exists() and path.samefile(each) for each in inputs):
        raise FileError(f"“{path}” is read by this command; name another file for the output.")


def _read(
    model: "Model", ids: "Ids", foreign: tuple[str, ...], state: "HiddenState", window: int | None
) -> "tuple[int, float, TextScore | None]":
    """How many characters were predicted, their mean loss, and each one's surprise where it is one stream."""
    import numpy as np

    from chargen.corpus.vocabulary import Vocabulary
    from chargen.model.network import CharRNN
    from chargen.model.scoring import iterate_losses
    from chargen.sampling.surprise import TextScore

    piece = window if window is not None and window < len(ids) - 1 else None  # one window is one stream
    keep = window is None and len(ids) <= _LONGEST
    bits = np.full(len(ids) if keep else 0, np.nan, np.float32)
    nats, characters = 0.0, 0
    with _threads(model.config.hidden):
        for losses in iterate_losses(CharRNN.from_model(model), ids, window=piece, start=state):
            nats += float(losses.sum(dtype="float64"))
            if keep:
                bits[characters + 1 : characters + 1 + losses.size] = losses[:, 0] / np.log(2)
            characters += losses.size
            _show_share(characters / (len(ids) - 1))
    if not keep:
        return characters, nats / characters, None
    text = Vocabulary(model.vocabulary).decode(ids)
    return characters, nats / characters, TextScore(text, bits, state, model.fingerprint, foreign)


def _passages(score: "TextScore | None") -> list[tuple[str, str]]:
    worst, best = score.passages if score is not None else ([], [])
    rows = []
    for name, found in (("least expected", worst), ("most expected", best)):
        for number, passage in enumerate(found[:_SHOWN]):
            assert score is not None
            text = " ".join(score.text[passage.first : passage.last].split())
            rows.append((name if not number else "", f"{passage.bits:.2f} bits at {passage.first:,}: {text}"))
    return rows


def _export(score: "TextScore | None", path: Path) -> None:
    from chargen.errors import ExportError
    from chargen.sampling.export_surprise import export_score

    if score is None:
        raise ExportError(f"The text is longer than {_LONGEST:,} characters, of which a file would be too large.")
    export_score(score, path)
    note(f"Wrote “{path}”.")


@contextmanager
def _threads(hidden: int) -> Iterator[None]:
    """One thread for the small products of one stream: handing them to a second takes longer than they do."""
    import torch

    before = torch.get_num_threads()
    if hidden < _LARGE:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _show_share(share: float) -> None:
    """A changing figure for somebody who waits; nothing in a pipe."""
    if sys.stderr is not None and is_terminal(sys.stderr):
        end = "\r" + " " * 20 + "\r" if share >= 1 else ""
        print(f"\rscoring {share:4.0%} {end}", end="", file=sys.stderr, flush=True)
