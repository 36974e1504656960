"""A sample with its provenance: everything that makes the same text again."""

import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

import chargen
from chargen.model.state import HiddenState
from chargen.sampling.settings import SamplingSettings


@cache
def _versions() -> tuple[tuple[str, str], ...]:
    return (
        ("chargen", chargen.__version__),
        ("numpy", np.__version__),
        ("python", platform.python_version()),
        ("platform", f"{platform.system()} {platform.machine()}"),
    )


def versions() -> dict[str, str]:
    """What may change the last bit of a number: versions of the program, of NumPy, Python and the platform."""
    return dict(_versions())


@dataclass(frozen=True, eq=False)
class Sample:
    """A written text and where it came from.

    Attributes:
        text: what was written; the prompt is not a part of it.
        settings: what was asked for, with the random seed that was used.
        seed_state: what it started from, by value.
        model_fingerprint: of the model that wrote it.
        engine: :attr:`Engine.formulation`. versions: :func:`versions`.
        temperature_changes: (index in ``text`` of the first character affected, temperature), ascending.
        steering_changes: (index in ``text`` of the first character affected, steering), ascending.
        state_changes: (index in ``text`` of the first character affected, the state that took the place of the one
            before), ascending; see :mod:`chargen.sampling.state_changes`.
        surprises: [N], bits per character under the model at temperature 1, before any rule of choice.
        after: what this sample had already written when it was continued from a captured state; not in ``text``.
        opening: the character read first where there was nothing else to start from, else empty.
        notices: what the user should know, one sentence each.
        edited: whether the text was changed by hand after it was written; it cannot be written again exactly then.
        by_hand: so many characters at the beginning of ``text`` were chosen or typed by a person, and only read by the
            network. The sample can be written again all the same, for they are known.
    """

    text: str
    settings: SamplingSettings
    seed_state: HiddenState
    model_fingerprint: str
    engine: dict[str, Any]
    versions: dict[str, str] = field(default_factory=versions)
    temperature_changes: tuple[tuple[int, float], ...] = ()
    surprises: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    after: str = ""
    opening: str = ""
    notices: tuple[str, ...] = ()
    edited: bool = False
    steering_changes: tuple[tuple[int, str], ...] = ()
    by_hand: int = 0
    state_changes: tuple[tuple[int, HiddenState], ...] = ()

    @property
    def prompt(self) -> str:
        return self.settings.prompt

    @property
    def document(self) -> str:
        """What a reader sees: prompt, earlier parts and text in one."""
        return self.prompt + self.after + self.text

    @property
    def bits_per_character(self) -> float:
        """Mean surprise; 0 for an empty text."""
        return float(self.surprises.mean(dtype=np.float64)) if self.surprises.size else 0.0


def goes_on(sample: Sample, before: Sample) -> bool:
    """Whether a sample begins exactly where another one ended, so that the two are parts of one text."""
    return (
        sample.prompt == before.prompt
        and len(sample.after) == len(before.after) + len(before.text) > 0
        and sample.after.startswith(before.after)
        and sample.after.endswith(before.text)
    )


def whole_texts(samples: Sequence[Sample]) -> list[list[Sample]]:
    """Samples in order, those together that are the parts of one text."""
    texts: list[list[Sample]] = []
    for sample in samples:
        if texts and goes_on(sample, texts[-1][-1]):
            texts[-1].append(sample)
        else:
            texts.append([sample])
    return texts
