"""``chargen state blend | combine | compare | strip | remake``: states out of states."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chargen.cli.output import note, print_event, print_table, write
from chargen.cli.parser import HelpFormatter, UsageError, add_option, add_options, given, values
from chargen.cli.state_result import STATE_HELP, add_result, check_result, deliver
from chargen.cli.texts import with_flag
from chargen.errors import StateError, UnknownCharacterError
from chargen.settings import Option

if TYPE_CHECKING:
    from chargen.model.state import HiddenState

_SHARE = Option("weight", "state", "float", None, "Weight", "B's share of a blend of two.", -1000.0, 1000.0)
_COUNT = Option("strip_count", "state", "int", 5, "Count", "How many samples the strip has.", 2, 101)
_LENGTH = Option("strip_length", "state", "int", 200, "Length", "How many characters each sample has.", 1, 1_000_000)
_UNITS = Option("units", "state", "int", 10, "Units", "How many of the most different units to name.", 0, 1000)
_DECODING = (
    "temperature", "temperature_curve", "top_k", "typical", "top_p", "min_p", "repetition_penalty", "loop_breaker",
    "ban",
)  # fmt: skip


def add_parsers(kinds: Any) -> None:
    """blend, combine, compare, strip, remake."""
    _add_blend(kinds)
    _add_combine(kinds)
    compare = kinds.add_parser(
        "compare",
        help="how far two states are apart",
        formatter_class=HelpFormatter,
        description="Compares two states layer by layer and names the units that differ most,\n"
        "as --steer of chargen sample takes them: 2.17 is unit 17 of layer 2 in h, c2.17 in c.",
    )
    compare.add_argument("a", metavar="A", help=STATE_HELP)
    compare.add_argument("b", metavar="B", help=STATE_HELP)
    add_option(compare, _UNITS)
    compare.add_argument("--json", action="store_true", help="Print one JSON object.")
    compare.set_defaults(run=run_compare)
    _add_strip(kinds)
    remake = kinds.add_parser(
        "remake",
        help="make a state again, as its recipe says, with another model",
        formatter_class=HelpFormatter,
        description="Makes a state again as it was made: reads the same texts, draws the same random numbers, mixes\n"
        "them in the same way, with another checkpoint or another model.",
    )
    remake.add_argument("file", metavar="STATE", help=STATE_HELP)
    remake.add_argument("model", type=Path, metavar="MODEL", help="A model file or a run folder.")
    add_options(remake, "unknown")
    add_result(remake)
    remake.set_defaults(run=run_remake)


def _add_selection(parser: Any) -> None:
    parser.add_argument(
        "--spherical", action="store_true", help="Turn from one direction to the other instead of cutting across."
    )
    parser.add_argument(
        "--layers", metavar="N,…", help="Blend these layers only, counted from 1; the others are A's (default: all)."
    )
    parser.add_argument("--only", metavar="h|c", help="Blend this part only; the other is A's (default: both).")


def _add_blend(kinds: Any) -> None:
    parser = kinds.add_parser(
        "blend",
        help="a weighted mean of states",
        formatter_class=HelpFormatter,
        description="Blends two or more states. Weights are relative to their sum; without any, all count the same.\n"
        "Weights 1,0 give A exactly. A negative weight goes beyond the other state.",
        epilog="Examples:\n  chargen state blend calm storm --weights 0.7,0.3 --name breeze\n"
        "  chargen state blend a.state b.state c.state --spherical --output mean.state",
    )
    parser.add_argument("states", nargs="+", metavar="STATE", help=STATE_HELP)
    weights = parser.add_mutually_exclusive_group()
    weights.add_argument(
        "--weights", metavar="W,…", help="One number for each state (write --weights=-1,2 where it starts with a dash)."
    )
    weights.add_argument("--weight", metavar="X", help="For two states: B's share, 0 is A and 1 is B.")
    _add_selection(parser)
    add_result(parser)
    parser.set_defaults(run=run_blend)


def _add_combine(kinds: Any) -> None:
    parser = kinds.add_parser(
        "combine",
        help="arithmetic with states: 'A - B + C'",
        formatter_class=HelpFormatter,
        description="Adds and subtracts states, with factors where you like: 'A - B + 0.5*C'.\n"
        "A name is what NAME=STATE binds, else a file, else a kept state. A name made of letters, digits, _ and .\n"
        "stands as it is; any other is quoted inside the sum: '\"my states/calm-1.state\" - storm'.",
        epilog="Examples:\n  chargen state combine 'calm - storm + 0.5*sea' --name stillness\n"
        "  chargen state combine 'A - B' A=runs/calm.state B=storm --output difference.state",
    )
    parser.add_argument("expression", metavar="SUM", help="For example 'A - B + C', in quotes for the shell.")
    parser.add_argument("bindings", nargs="*", metavar="NAME=STATE", help="What a name in the sum stands for.")
    add_result(parser)
    parser.set_defaults(run=run_combine)


def _add_strip(kinds: Any) -> None:
    parser = kinds.add_parser(
        "strip",
        help="samples on the way from A to B, all under one seed",
        formatter_class=HelpFormatter,
        description="Writes from A, from B, and from blends between, all with the same random seed, so that the\n"
        "difference is the state's alone.",
    )
    parser.add_argument("a", metavar="A", help=STATE_HELP)
    parser.add_argument("b", metavar="B", help=STATE_HELP)
    parser.add_argument("--model", type=Path, required=True, metavar="MODEL", help="A model file or a run folder.")
    add_option(parser, _COUNT, flag="--count")
    add_option(parser, _LENGTH, flag="--length")
    _add_selection(parser)
    choice = parser.add_argument_group("how to write")
    choice.add_argument("--prompt", metavar="TEXT", help="A beginning, which every sample continues.")
    add_options(choice, *_DECODING)
    add_option(choice, "random_seed", flag="--seed")
    parser.add_argument("--json", action="store_true", help="Print one JSON object per sample.")
    parser.set_defaults(run=run_strip)


# -- words to numbers ----------------------------------------------------------------------------------


def parse_weights(words: str) -> list[float]:
    """``0.7,0.3`` → [0.7, 0.3]. Raises UsageError."""
    try:
        return [float(word) for word in words.split(",")]
    except ValueError:
        raise UsageError(f"The weights are numbers with commas between, such as 0.7,0.3, not “{words[:60]}”.") from None


def parse_layers(words: str | None) -> list[int] | None:
    """``1,3`` → [1, 3]; None stays None. Raises UsageError."""
    if words is None:
        return None
    pieces = [piece.strip() for piece in words.split(",")]
    if not all(piece.isascii() and piece.isdigit() and len(piece) < 10 for piece in pieces):
        raise UsageError(f"The layers are whole numbers with commas between, such as 1,3, not “{words[:60]}”.")
    return [int(piece) for piece in pieces]


def _parse_only(word: str | None) -> Any:
    if word not in (None, "h", "c"):
        raise UsageError(f"--only takes h or c, not “{word[:60] if word else word}”.")
    return word


def parse_bindings(words: list[str]) -> dict[str, str]:
    """``["A=x.state"]`` → {"A": "x.state"}. Raises UsageError."""
    bindings: dict[str, str] = {}
    for word in words:
        name, equals, file = word.partition("=")
        if not (name and equals and file):
            raise UsageError(f"“{word[:60]}” binds nothing; write NAME=STATE.")
        if name in bindings:
            raise UsageError(f"The name “{name[:60]}” is bound twice.")
        bindings[name] = file
    return bindings


# -- doing ---------------------------------------------------------------------------------------------


def _say_models(states: "list[HiddenState]") -> None:
    if len({state.fingerprint for state in states} - {""}) > 1:
        note("The states were made by different models; they fit together, but may mean different things.")


def run_blend(arguments: argparse.Namespace) -> int:
    """Blend and deliver."""
    from chargen.model.blending import blend
    from chargen.model.state_library import resolve_state

    layers, only = parse_layers(arguments.layers), _parse_only(arguments.only)
    count = len(arguments.states)
    if count < 2:
        raise UsageError("A blend takes at least two states.")
    weights = [1.0] * count
    if arguments.weights is not None:
        weights = parse_weights(arguments.weights)
    elif arguments.weight is not None:
        if count != 2:
            raise UsageError(f"--weight is for two states, and {count} are given; use --weights.")
        share = given(arguments, _SHARE)["weight"]
        weights = [1.0 - share, share]
    check_result(arguments)
    states = [resolve_state(word) for word in arguments.states]
    state = blend(states, weights, spherical=arguments.spherical, layers=layers, only=only)
    _say_models(states)
    return deliver(arguments, state, f"Blend of {count} states")


def run_combine(arguments: argparse.Namespace) -> int:
    """Add up and deliver."""
    from chargen.model.blending import combine
    from chargen.model.combination import parse_combination
    from chargen.model.state_library import resolve_state

    terms = parse_combination(arguments.expression)
    bindings = parse_bindings(arguments.bindings)
    unused = [name for name in bindings if name not in dict(terms)]
    if unused:
        raise UsageError(f"The sum does not name “{unused[0][:60]}”, which is bound to “{bindings[unused[0]][:60]}”.")
    check_result(arguments)
    states = [_named(resolve_state(bindings.get(name, name)), name) for name, _ in terms]
    state = combine(states, [factor for _, factor in terms], arguments.expression)
    _say_models(states)
    return deliver(arguments, state, f"Sum of {len(states)} {'state' if len(states) == 1 else 'states'}")


def _named(state: "HiddenState", name: str) -> "HiddenState":
    return state if state.name else state.renamed(name, state.note)


def run_compare(arguments: argparse.Namespace) -> int:
    """Compare two states."""
    from chargen.model.comparison import compare
    from chargen.model.state_library import resolve_state

    units = values(arguments, _UNITS)["units"]
    found = compare(resolve_state(arguments.a), resolve_state(arguments.b), units)
    if arguments.json:
        print_event("comparison", {"a": arguments.a, "b": arguments.b, **found.to_json()})
        return 0
    shown = [
        (
            f"layer {part.layer} {part.part}",
            f"distance {part.distance:.4g}, {part.rms:.3g} a unit, "
            + ("one is zero" if part.cosine is None else f"cosine {part.cosine:+.3f}"),
        )
        for part in found.parts
    ]
    shown += [
        (
            f"unit {'c' if unit.part == 'c' else ''}{unit.layer}.{unit.unit}",
            f"{unit.a:+.3f} → {unit.b:+.3f} ({unit.difference:+.3f})",
        )
        for unit in found.units
    ]
    print_table(f"From {arguments.a} to {arguments.b}", shown)
    return 0


def run_strip(arguments: argparse.Namespace) -> int:
    """Write along the way from A to B."""
    from chargen.model.model_file import load_model
    from chargen.model.state_library import resolve_state
    from chargen.sampling.sampler import Sampler
    from chargen.sampling.seeds import fit_notices, state_fingerprint
    from chargen.sampling.settings import SamplingSettings
    from chargen.sampling.strip import write_strip

    sizes = values(arguments, _COUNT, _LENGTH)
    chosen = given(arguments, *_DECODING, "random_seed")
    layers, only = parse_layers(arguments.layers), _parse_only(arguments.only)
    drawn = "random_seed" not in chosen
    settings = SamplingSettings(prompt=arguments.prompt or "", length=sizes["strip_length"], **chosen).with_seed()
    a, b = resolve_state(arguments.a), resolve_state(arguments.b)
    sampler = Sampler(load_model(arguments.model))
    for notice in dict.fromkeys((*fit_notices(a, sampler.model), *fit_notices(b, sampler.model))):
        note(notice)
    steps = write_strip(
        sampler, a, b, settings, sizes["strip_count"], spherical=arguments.spherical, layers=layers, only=only
    )
    try:
        for number, step in enumerate(steps):
            if drawn and not number and not arguments.json:
                note(f"seed {settings.random_seed}")
            if arguments.json:
                print_event(
                    "sample",
                    {
                        "share": step.share,
                        "text": step.sample.document,
                        "seed": step.sample.settings.random_seed,
                        "temperature": step.sample.settings.temperature,
                        "model_fingerprint": step.sample.model_fingerprint,
                        "state_fingerprint": state_fingerprint(step.state),
                    },
                )
            else:
                words = {0.0: "A", 1.0: "B"}.get(step.share, f"{step.share:.0%} of the way to B")
                write(f"{'' if number == 0 else chr(10)}── {words} ──\n{step.sample.document}\n")
    except UnknownCharacterError as error:
        raise StateError(f"{str(error).rsplit('; ', 1)[0]}; leave those characters out of the prompt.") from None
    return 0


def run_remake(arguments: argparse.Namespace) -> int:
    """Make a state again."""
    from chargen.model.model_file import load_model
    from chargen.model.state_library import resolve_state
    from chargen.sampling.remake import remake

    unknown = given(arguments, "unknown").get("unknown")
    check_result(arguments)
    state = resolve_state(arguments.file)
    try:
        made = remake(state, load_model(arguments.model), unknown)
    except UnknownCharacterError as error:
        raise with_flag(error) from None
    return deliver(arguments, made, f"“{arguments.file}” made again")
