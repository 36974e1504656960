"""``chargen score``: how well a model predicts a text."""

import argparse
import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chargen.cli.output import is_terminal, note, print_event, print_table
from chargen.cli.parser import HelpFormatter, add_option, add_options, given, values
from chargen.cli.texts import ids_for, read_text
from chargen.cli.torch_import import import_torch
from chargen.settings import Option

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


def add_parser(commands: Any) -> None:
    parser = commands.add_parser(
        "score",
        help="how well a model predicts a text",
        formatter_class=HelpFormatter,
        description="Runs a model over a text and reports its mean loss per character: the lower, the better it\n"
        "predicts the text. All characters but the first are predicted, in one stream whose state is carried.",
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help="A model file or a run folder.")
    parser.add_argument("text", metavar="TEXT", help="A file, a folder, a name from “chargen corpora”, or -.")
    add_option(parser, _WINDOW)
    add_options(parser, "unknown", "encoding", "as_text", "newlines")
    parser.add_argument("--json", action="store_true", help="Print one JSON object.")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Read, score, report."""
    from chargen.model.model_file import load_model

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
    from chargen.model.network import CharRNN
    from chargen.model.scoring import iterate_losses

    window: int | None = settings.get("window")
    piece = window if window is not None and window < len(ids) - 1 else None  # one window is one stream
    nats, characters = 0.0, 0
    with _threads(model.config.hidden):
        for losses in iterate_losses(CharRNN.from_model(model), ids, window=piece):
            nats += float(losses.sum(dtype="float64"))
            characters += losses.size
            _show_share(characters / (len(ids) - 1))
    loss = nats / characters
    bits = loss / math.log(2)
    if arguments.json:
        print_event("score", {"characters": characters, "loss": loss, "bits_per_character": bits, "window": window})
        return 0
    state = "one stream, state carried" if window is None else f"a fresh state every {window:,} characters"
    print_table(
        f"Score of {arguments.text}",
        [
            ("model", f"{model.config.describe()} · {model.fingerprint[:12]}"),
            ("characters", f"{characters:,} predicted"),
            ("loss", f"{loss:.4f} nats per character"),
            ("bits per character", f"{bits:.4f}"),
            ("state", state),
        ],
    )
    return 0


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
