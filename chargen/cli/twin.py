"""Steering on the command line: its flag, and the unsteered twin of a sample under the same random seed."""

import argparse
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from chargen.cli import state_at
from chargen.cli.output import note, write
from chargen.cli.parser import UsageError
from chargen.settings import OPTIONS

if TYPE_CHECKING:
    from chargen.model.model_file import Model
    from chargen.sampling.sample import Sample


class _Joined(argparse.Action):
    """One text of all that was given, in order."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        before = getattr(namespace, self.dest)
        setattr(namespace, self.dest, str(values) if before is None else f"{before}, {values}")


def add_flags(container: Any) -> None:
    """``--steer``, which may be given several times, and ``--twin``."""
    container.add_argument(
        "--steer",
        action=_Joined,
        metavar="RULE",
        help=f"{OPTIONS['steer'].help} Several rules have commas between, or a --steer each.",
    )
    container.add_argument(
        "--twin", action="store_true", help="After each sample, the one that the same seed writes without steering."
    )


def check(arguments: argparse.Namespace) -> None:
    """A twin is of what is steered. Raises UsageError."""
    if arguments.twin and arguments.from_export is not None:
        raise UsageError("--from-export writes the samples of an export and no others; leave out --twin.")
    if arguments.twin and not (arguments.steer or "").strip(" ,"):
        raise UsageError("--twin shows what steering does; say what to steer with --steer.")


class Twins:
    """Writes the unsteered twins of samples of one model; ``stopped`` says whether to end early."""

    def __init__(self, model: "Model", stopped: Callable[[], bool]) -> None:
        from chargen.sampling.sampler import Sampler

        self._sampler = Sampler(model)
        self._stopped = stopped

    def of(self, sample: "Sample") -> "Sample":
        """The sample of the same settings, states and random seed without steering."""
        from dataclasses import replace

        stream = self._sampler.stream(replace(sample.settings, steer=""), sample.seed_state)
        for _ in state_at.follow(stream, dict(sample.state_changes)):
            if self._stopped():
                break
        return stream.sample()


def show(sample: "Sample", twin: "Sample") -> None:
    """The twin below its sample, and where the two part."""
    write(f"\n── seed {twin.settings.random_seed}, without steering ──\n{twin.document}\n")
    pairs = zip(sample.text, twin.text, strict=False)
    shorter = min(len(sample.text), len(twin.text))
    apart = next((at for at, (a, b) in enumerate(pairs) if a != b), shorter)
    if apart < max(len(sample.text), len(twin.text)):
        note(f"The two part at character {apart + 1:,}.")
    else:
        note("Steering made no difference.")
