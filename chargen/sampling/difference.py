"""What several samples do not have in common, in a few words: what to write above each of them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from chargen.sampling.sample import Sample
from chargen.sampling.seeds import describe_recipe, state_fingerprint
from chargen.sampling.settings import SamplingSettings
from chargen.settings import OPTIONS

_LONGEST = 60
_SETTINGS = tuple(field.name for field in fields(SamplingSettings) if field.name not in ("unknown", "length"))
_OFF = {"top_k": 0, "typical": 1.0, "top_p": 1.0, "min_p": 0.0, "repetition_penalty": 1.0, "beam": 0}
"""Values that switch a rule off."""


@dataclass(frozen=True)
class Difference:
    """``name`` is the one thing that differs, and ``label`` what it is called, both empty where that is none or
    several; ``values`` has one a sample.
    """

    label: str
    values: tuple[str, ...]
    name: str = ""

    def headings(self) -> list[str]:
        """One for each sample: ``Temperature 0.4``."""
        return [f"{self.label} {value}".strip() for value in self.values]

    def title(self) -> str:
        """All of it on one line: ``Temperature 0.4, 0.8, 1.2``."""
        return f"{self.label} {', '.join(self.values)}".strip()


def label_of(name: str) -> str:
    """What the window calls a thing that can differ: a setting, ``seed_state`` or ``model``."""
    fixed = {"seed_state": "Seed state", "model": "Model", "prompt": "Prompt", "stop": "Stop text"}
    return fixed.get(name) or OPTIONS[name].label


def in_words(name: str, value: Any) -> str:
    """A value of a setting, short and on one line."""
    if isinstance(value, bool) or (name in _OFF and value == _OFF[name]):
        return "on" if value is True else "off"
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, float) else str(value)
    text = " ".join((" or ".join(value) if isinstance(value, tuple) else str(value)).split())
    return f"“{_short(text)}”" if text else "none"


def difference(samples: Sequence[Sample], writers: Sequence[str] = ()) -> Difference:
    """What differs between samples; where nothing does, they are numbered. ``writers``: the names of their models."""
    columns: dict[str, list[str]] = {}
    if len({sample.model_fingerprint for sample in samples}) > 1:
        named = len(set(writers)) == len({sample.model_fingerprint for sample in samples})
        columns["model"] = list(writers) if named else [sample.model_fingerprint[:12] for sample in samples]
    elif len({state_fingerprint(sample.seed_state) for sample in samples}) > 1:
        columns["seed_state"] = _states(samples)
    if "model" in columns and len({_recipe(sample) for sample in samples}) > 1:
        columns["seed_state"] = _states(samples)
    for name in _SETTINGS:
        values = [getattr(sample.settings, name) for sample in samples]
        if any(value != values[0] for value in values):
            columns[name] = [in_words(name, value) for value in values]
    if not columns:
        return Difference("", tuple(f"Sample {number}" for number in range(1, len(samples) + 1)))
    if len(columns) == 1:
        ((name, words),) = columns.items()
        return Difference(label_of(name), tuple(words), name)
    told = zip(*([f"{label_of(name)} {word}" for word in words] for name, words in columns.items()), strict=True)
    return Difference("", tuple(" · ".join(each) for each in told))


def _states(samples: Sequence[Sample]) -> list[str]:
    """Their names, where those tell different states apart; else how they were made."""
    names = [_short(sample.seed_state.name) for sample in samples]
    if all(names) and len(set(names)) == len({state_fingerprint(sample.seed_state) for sample in samples}):
        return names
    return [_short(describe_recipe(sample.seed_state.recipe)) for sample in samples]


def _recipe(sample: Sample) -> str:
    return json.dumps(dict(sample.seed_state.recipe), sort_keys=True, default=str)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
