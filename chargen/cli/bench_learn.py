"""``chargen bench learn``: how soon a text is learned, as a table, a picture or JSON lines."""

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chargen.cli.output import passing, print_event, write
from chargen.cli.parser import HelpFormatter, add_option, add_options, given, values
from chargen.cli.torch_import import import_torch
from chargen.errors import SettingError
from chargen.files import write_text
from chargen.settings import Option, option

if TYPE_CHECKING:
    from chargen.bench.learn import Standing
    from chargen.bench.plot import Mark
    from chargen.corpus.corpus import Corpus

_READING = ("encoding", "as_text", "newlines", "validation")
_LEARNING = ("seed", "device", "precision", "threads")
_DEFAULT = "5,15,40,122"
_MOST = 20
_LOSS = Option("mark", "bench", "float", None, "The loss of a mark", "Nats per character.", 0.0, 20.0)
_SPLIT = Option(
    "split",
    "bench",
    "choice",
    "last",
    "Split",
    "Which part the loss is measured on: the last of the text, or of what is left without it, for choosing settings.",
    choices=("last", "inner"),
)


def add_parser(kinds: Any) -> None:
    parser = kinds.add_parser(
        "learn",
        help="how soon a text is learned, against a plain loop",
        formatter_class=HelpFormatter,
        description="Trains on a text for several budgets of time and sets beside it, in turns and for the same time,\n"
        "the loop as one writes it in PyTorch. The loss is that of the part of the text kept aside.",
        epilog="Example:\n  chargen bench learn my.txt --budgets 5,60 --plot learning.svg --mark 'last year=1.52'",
    )
    parser.add_argument(
        "texts",
        nargs="*",
        metavar="TEXT",
        help="Files, folders, names from “chargen corpora”, or - for standard input (default: the bundled play).",
    )
    budget = parser.add_mutually_exclusive_group()
    budget.add_argument("--budgets", metavar="S,S,…", help=f"Seconds, with commas between (default: {_DEFAULT}).")
    minutes = option("minutes")
    budget.add_argument("--minutes", metavar="X", help=f"One budget, in minutes ({minutes.minimum:g} or more).")
    add_option(parser, _SPLIT)
    add_options(parser.add_argument_group("learning"), *_LEARNING)
    add_options(parser.add_argument_group("the text"), *_READING)
    output = parser.add_argument_group("output")
    output.add_argument("--plot", type=Path, metavar="FILE.svg", help="Draw the losses against time into this file.")
    output.add_argument(
        "--mark",
        action="append",
        default=[],
        metavar="NAME=LOSS",
        help="A loss to compare with, as a line across the plot (may be given several times).",
    )
    forms = output.add_mutually_exclusive_group()
    forms.add_argument("--json", action="store_true", help="Print one JSON object per budget and contestant.")
    forms.add_argument("--markdown", action="store_true", help="Print the table as Markdown.")
    parser.set_defaults(run=run)


def parse_budgets(words: str) -> list[float]:
    """Seconds in rising order from ``5,15,40``. Raises SettingError."""
    minutes = option("minutes")
    assert minutes.minimum is not None and minutes.maximum is not None
    budget = Option("budgets", "bench", "float", None, "A budget", "", 60 * minutes.minimum, 60 * minutes.maximum)
    budgets: set[float] = set()
    for word in words.split(","):
        try:
            budgets.add(float(budget.check(word.strip())))
        except SettingError as error:
            raise SettingError(f"{str(error)[:-1]}; --budgets takes seconds with commas between: 5,15,40.") from None
    if len(budgets) > _MOST:
        raise SettingError(f"--budgets takes at most {_MOST} of them, not {len(budgets)}.")
    return sorted(budgets)


def parse_mark(words: str) -> "Mark":
    """A name and a loss from ``NAME=LOSS``. Raises SettingError."""
    from chargen.bench.plot import Mark

    name, separator, loss = words.rpartition("=")
    name = " ".join(name.split())
    if not separator or not name:
        raise SettingError(f"--mark takes a name and a loss, such as “last year=1.52”, not “{words[:60]}”.")
    return Mark(name, float(_LOSS.check(loss.strip())))


def run(arguments: argparse.Namespace) -> int:
    """Refuse what can be refused at once; then measure, and show each budget when it is there."""
    overrides = given(arguments, *_LEARNING)
    split = values(arguments, _SPLIT)["split"]
    minutes = given(arguments, "minutes").get("minutes")
    budgets = [60 * minutes] if minutes is not None else parse_budgets(arguments.budgets or _DEFAULT)
    marks = [parse_mark(words) for words in arguments.mark]
    _check_plot(arguments.plot)
    from chargen.corpus.catalog import resolve

    corpus = resolve(arguments.texts, **given(arguments, *_READING))
    import_torch()
    from chargen.bench.learn import inner, measure

    if split == "inner":
        corpus = inner(corpus)
    standings: list[Standing] = []
    table = _Rows(arguments)
    try:
        for standing in measure(corpus, budgets, overrides=overrides, told=_Passing(budgets)):
            passing("")
            standings.append(standing)
            table.add(standing)
            if arguments.plot is not None and standing.contestant == "chargen":
                _draw(arguments.plot, corpus, standings, marks)
    finally:
        passing("")
    table.end(corpus, standings, split)
    return 0


def _check_plot(plot: Path | None) -> None:
    if plot is None:
        return
    if plot.suffix.lower() != ".svg":
        raise SettingError(f"A plot is written as SVG; give --plot a name that ends in .svg, not “{plot.name}”.")
    if plot.is_dir() or not plot.parent.is_dir():
        problem = "it is a folder" if plot.is_dir() else f"there is no folder “{plot.parent}”"
        raise SettingError(f"The plot cannot be written to “{plot}”: {problem}.")


class _Passing:
    """A line about what is being measured, now and then."""

    def __init__(self, budgets: list[float]) -> None:
        self._budgets, self._next = budgets, 0.0

    def __call__(self, who: str, seconds: float, of: float) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + 0.25
            at = f"budget {self._budgets.index(of) + 1} of {len(self._budgets)}"
            passing(f"{at}: {who}, {seconds:.0f} of {of:g} s")


class _Rows:
    """The standings as they come: JSON lines, or a row for each budget."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        from chargen.bench.table import Table

        self._json = arguments.json
        columns = [("time", 6), ("chargen", 7), ("in windows", 7), ("plain loop", 7), ("in windows", 7)]
        columns += [("chargen's network", 17), ("computed by", 15), ("readings", 8)]
        self._table = Table(columns, markdown=arguments.markdown)
        self._plain: Standing | None = None
        if not self._json:
            write(self._table.head())

    def add(self, standing: "Standing") -> None:
        if self._json:
            print_event("bench learn", standing.to_json())
        elif standing.contestant == "plain":
            self._plain = standing  # its row is whole when ours is there
        else:
            assert self._plain is not None
            losses = (standing.loss, standing.window_loss, self._plain.loss, self._plain.window_loss)
            how = (standing.network, standing.computed_by, f"{standing.readings:.2g}")
            write(self._table.row([f"{standing.budget:g} s", *(f"{loss:.3f}" for loss in losses), *how]))

    def end(self, corpus: "Corpus", standings: "list[Standing]", split: str) -> None:
        from chargen.bench.learn import EMBEDDING, STREAMS, UNROLL, WINDOW

        if self._json:
            return
        part = "the last part" if split == "last" else "the last part of what is left without the last part"
        assert self._plain is not None
        write(
            f"\nNats per character of {part} of “{corpus.name}” ({len(corpus.validation):,} characters), the state "
            f"carried; in windows: a fresh state every {WINDOW}. Each row is a training of its own for that time. "
            f"Plain loop: {self._plain.computed_by}, {self._plain.network.removeprefix('lstm ')}, embedding "
            f"{EMBEDDING}, Adam, {STREAMS} streams of {UNROLL} characters; its validation costs it no time.\n"
        )


def _draw(plot: Path, corpus: "Corpus", standings: "list[Standing]", marks: "list[Mark]") -> None:
    """Write the picture of what is there; again after each budget, so that nothing is lost when it ends early."""
    from chargen.bench.plot import Curve, picture

    ours = [standing for standing in standings if standing.contestant == "chargen"]
    plain = [standing for standing in standings if standing.contestant == "plain"][-1]
    curves = [
        Curve(f"plain loop {plain.loss:.3f}", plain.curve, "data_1"),
        Curve(f"chargen {ours[-1].loss:.3f}", [(each.budget, each.loss) for each in ours], "accent"),
    ]
    subtitle = "Each dot of chargen is a training of its own for that time"
    if len(ours[-1].curve) > 1:
        curves.append(Curve("", ours[-1].curve, "accent", thin=True))
        subtitle += "; dotted: the longest one on its way"
    named = [type(mark)(f"{mark.name} {mark.value:g}", mark.value) for mark in marks]
    title = f"Learning “{corpus.name}”"
    write_text(plot, picture(title, subtitle, "validation loss, nats per character", curves, named))
