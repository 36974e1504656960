"""``chargen sample --state-at``: other hidden states in the middle of a sample."""

import argparse
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from chargen.cli.parser import UsageError
from chargen.settings import OPTIONS

if TYPE_CHECKING:
    from chargen.model.model_file import Model
    from chargen.model.state import HiddenState
    from chargen.sampling.sampler import SampledCharacter, Stream


def add_flag(container: Any) -> None:
    """``--state-at``, which may be given several times."""
    container.add_argument(
        "--state-at",
        action="append",
        metavar="N=STATE",
        help="From the Nth written character on, go on from this state (as in --state), into which the character "
        "before is read; may be given several times.",
    )


def given(arguments: argparse.Namespace) -> dict[int, str]:
    """Position of the first character affected, counted from 0 → state as it was typed. Raises UsageError."""
    changes: dict[int, str] = {}
    for words in arguments.state_at or ():
        number, _, state = words.partition("=")
        if not (number.isascii() and number.isdecimal() and 1 <= len(number) <= 9 and int(number) >= 1 and state):
            raise UsageError(
                f"--state-at needs a character, counted from 1, and a state, as in 200=storm, not “{words[:60]}”."
            )
        if int(number) - 1 in changes:
            raise UsageError(f"--state-at names character {int(number):,} twice; give each one state.")
        changes[int(number) - 1] = state
    return dict(sorted(changes.items()))


def check(arguments: argparse.Namespace, chosen: Mapping[str, Any]) -> None:
    """What cannot be done, before anything is loaded. Raises UsageError."""
    changes = given(arguments)
    compared = arguments.compare[0] if arguments.compare is not None else ""
    if changes and (chosen.get("beam") or compared == "beam"):
        raise UsageError("A beam search looks ahead, so its state cannot be changed on the way; leave out --state-at.")
    length = chosen.get("length", OPTIONS["length"].default)
    beyond = next((position for position in changes if position >= length), None)
    if beyond is not None:
        raise UsageError(f"--state-at {beyond + 1}=… lies beyond --length {length}; write more, or change it sooner.")


def states(
    changes: Mapping[int, str], model: "Model", random_seed: int
) -> "tuple[dict[int, HiddenState], tuple[str, ...]]":
    """The states that are meant, by position, and notices. Raises StateError, FileError."""
    from chargen.sampling.seeds import parse_state

    read = {position: parse_state(words, model, random_seed) for position, words in changes.items()}
    notices = (notice for _state, about in read.values() for notice in about)
    return {position: state for position, (state, _about) in read.items()}, tuple(notices)


def follow(stream: "Stream", changes: "Mapping[int, HiddenState]") -> "Iterator[SampledCharacter]":
    """The characters of a stream, each from the state that it is to be written from."""
    if not changes:
        yield from stream
        return
    while not stream.ended:
        if stream.written in changes:
            stream.set_state(changes[stream.written])
        sampled = next(stream, None)
        if sampled is None:
            return
        yield sampled
