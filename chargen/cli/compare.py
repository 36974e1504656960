"""``chargen sample --compare``: the same sample several times, with one thing changed."""

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chargen.cli.parser import UsageError
from chargen.settings import OPTIONS

if TYPE_CHECKING:
    from chargen.model.model_file import Model
    from chargen.sampling.sampler import Sampler
    from chargen.sampling.settings import SamplingSettings


@dataclass(frozen=True)
class Column:
    """One of several samples: what to write above it, and what it is written with; ``state`` as ``--state`` has it."""

    words: str
    sampler: "Sampler"
    settings: "SamplingSettings"
    state: str | None


def add_flag(container: Any) -> None:
    """``--compare``."""
    container.add_argument(
        "--compare",
        nargs="+",
        metavar=("WHAT", "VALUE"),
        help="Write the same several times with one thing changed: temperature, temperature-curve, top-k, top-p, "
        "min-p, typical, repetition-penalty, loop-breaker (on, off), ban, stop, beam, beam-per-character, random-seed, "
        "prompt, seed-state or steer and its values; or model, with several MODELs.",
    )


def check(arguments: argparse.Namespace, chosen: dict[str, Any]) -> None:
    """What contradicts a comparison, before anything is loaded. Raises UsageError."""
    if arguments.compare is None:
        if len(arguments.model) > 1 and arguments.from_export is None:
            raise UsageError("Several MODELs are for --compare model and for --from-export; give one.")
        return
    what, *values = arguments.compare
    name = _name(what)
    if (name == "model") != (len(arguments.model) > 1):
        raise UsageError("--compare model needs several MODELs and no values; every other comparison needs one MODEL.")
    if name == "model" and values:
        raise UsageError(f"--compare model takes no values, not “{values[0][:60]}”; name the models first.")
    if "count" in chosen or arguments.twin:
        flag = "--twin" if arguments.twin else "--count"
        raise UsageError(f"--compare changes one thing; leave out {flag}, which changes another.")
    given = name in chosen or {
        "prompt": arguments.prompt is not None or arguments.prompt_file is not None,
        "seed_state": arguments.state is not None,
        "stop": bool(arguments.stop),
    }.get(name, False)
    if given:
        flag = {"random_seed": "--seed", "seed_state": "--state"}.get(name, f"--{what}")
        raise UsageError(f"--compare {what} brings the values; leave out {flag}.")


def columns(
    arguments: argparse.Namespace, sampler: "Sampler", models: "list[Model]", settings: "SamplingSettings"
) -> list[Column]:
    """What is to be written. Raises SettingError."""
    from chargen.sampling.difference import in_words, label_of
    from chargen.sampling.sampler import Sampler
    from chargen.sampling.side_by_side import parse_value, variants

    name = _name(arguments.compare[0])
    typed = arguments.compare[1:] if name != "model" else [str(path) for path in arguments.model]
    known = name in OPTIONS or name in ("prompt", "stop")
    values = [parse_value(name, word) for word in typed] if known else typed
    asked = variants(settings, name, values)
    label = label_of(name)
    if name == "model":
        samplers = [sampler, *map(Sampler, models[1:])]
        return [
            Column(f"{label} {word}", each, asked[0], arguments.state)
            for word, each in zip(typed, samplers, strict=True)
        ]
    if name == "seed_state":
        return [Column(f"{label} {word}", sampler, each, word) for word, each in zip(typed, asked, strict=True)]
    words = [f"{label} {in_words(name, value)}" for value in values]
    return [Column(word, sampler, each, arguments.state) for word, each in zip(words, asked, strict=True)]


def _name(what: str) -> str:
    """``top-k`` as settings are named; ``state`` and ``seed`` are the flags of two of them."""
    return {"state": "seed_state", "seed": "random_seed"}.get(what, what.replace("-", "_"))
