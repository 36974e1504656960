"""Steering: single units or whole layers of the state, held, added to or scaled while a sample is written.

A steering is a list of rules with commas or blanks between, ``1.3=0.9, c2.17*0.5@100-200, 2.**0``. A rule, without
blanks, is

    [h|c] LAYER . UNIT  OPERATION  VALUE  [@ RANGE]

* ``h`` or ``c`` is the part of the state; h where neither is said. Only an LSTM has c.
* LAYER and UNIT are counted from 1; ``*`` is all of them.
* ``=V`` holds at V, ``+V`` and ``-V`` add, ``*V`` scales; ``*0`` silences.
* RANGE is of the written characters, counted from 1 without the prompt and with earlier parts, both ends included:
  ``@100-200``, ``@100-``, ``@-200``, ``@100``. Without one the rule is in force all along.

**What exactly is done.** Character n is drawn from the output of a state, and the rules in force at n are applied to
that state, in the order in which they are written. The network reaches it by reading the character before: each
layer is steered right after its own step, so that what the rules leave is what the layer above, the output and the
layer's next step read. The state a sample begins from is reached without a step (the prompt is read unsteered): its
layers are steered where they stand, once, before the first character. A sample that goes on from a captured state
finds it steered already. In an LSTM h is made of c within the step: a change of c is heard one character later.
"""

import math
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from chargen.errors import SettingError
from chargen.model.config import ModelConfig
from chargen.sampling.batch_engine import BatchEngine
from chargen.sampling.engine import Edit, Engine
from chargen.sampling.steps import Array

MAXIMUM_RULES = 1_000
MAXIMUM_TEXT = 50_000
LARGEST_VALUE = 1_000.0
LAST = 10**9
"""Beyond every sample: the end of a range that has none."""

NEVER = sys.maxsize

_RULE = re.compile(
    r"(?P<part>[hc])?(?P<layer>[0-9]{1,9}|\*)\.(?P<unit>[0-9]{1,9}|\*)(?P<operation>[=+*-])(?P<value>[^@]*)(?:@(?P<range>.*))?",
    re.DOTALL,
)
_RANGE = re.compile(r"(?P<first>[0-9]{1,9})?(?P<dash>-)?(?P<last>[0-9]{1,9})?")


@dataclass(frozen=True)
class Rule:
    """One rule of a steering.

    Attributes:
        part: ``h`` or ``c``. layer, unit: counted from 1; None is all of them.
        operation: ``=``, ``+`` or ``*``. value: finite.
        first, last: the characters at which it is in force, counted from 1, both included.
    """

    part: str
    layer: int | None
    unit: int | None
    operation: str
    value: float
    first: int = 1
    last: int = LAST

    def __str__(self) -> str:
        number = f"{self.value:g}" if float(f"{self.value:g}") == self.value else repr(self.value)
        value = f"{'' if self.operation == '+' and self.value < 0 else self.operation}{number}"
        where = f"{'c' if self.part == 'c' else ''}{self.layer or '*'}.{self.unit or '*'}"
        return f"{where}{value}{self._range()}"

    def _range(self) -> str:
        if (self.first, self.last) == (1, LAST):
            return ""
        if self.first == self.last:
            return f"@{self.first}"
        return f"@{self.first}-{'' if self.last == LAST else self.last}"

    def applied(self, h: Array, c: Array) -> None:
        """Do it to h and c [..., H] of a layer, in place, in float32."""
        part = c if self.part == "c" else h
        chosen = part if self.unit is None else part[..., self.unit - 1 : self.unit]
        value = np.float32(self.value)
        if self.operation == "=":
            chosen[...] = value
        elif self.operation == "+":
            np.add(chosen, value, chosen)
        else:
            np.multiply(chosen, value, chosen)


@dataclass(frozen=True)
class Steering:
    """Rules in the order in which they are applied; ``str()`` gives the text that :meth:`parse` reads."""

    rules: tuple[Rule, ...] = ()

    def __str__(self) -> str:
        return ", ".join(map(str, self.rules))

    @classmethod
    def parse(cls, text: str) -> "Steering":
        """Read rules as in the head of this module; an empty text is no steering.

        Raises:
            SettingError: one sentence about the first rule that cannot be understood.
        """
        if not isinstance(text, str) or len(text) > MAXIMUM_TEXT:
            raise SettingError(f"The steering must be a text of at most {MAXIMUM_TEXT:,} characters.")
        words = text.replace(",", " ").split()
        if len(words) > MAXIMUM_RULES:
            raise SettingError(f"At most {MAXIMUM_RULES:,} rules of steering can be given.")
        return cls(tuple(map(_rule, words)))

    def check(self, config: ModelConfig) -> None:
        """Raises SettingError unless every layer, unit and part that is steered exists."""
        for rule in self.rules:
            if rule.layer is not None and rule.layer > config.layers:
                there = f"layers 1 to {config.layers}" if config.layers > 1 else "one layer only"
                raise SettingError(f"There is no layer {rule.layer} to steer (“{rule}”): the model has {there}.")
            if rule.unit is not None and rule.unit > config.hidden:
                raise SettingError(
                    f"There is no unit {rule.unit} to steer (“{rule}”): each layer has units 1 to {config.hidden}."
                )
            if rule.part == "c" and "c" not in config.state_parts:
                raise SettingError(f"A {config.cell.upper()} has no part c to steer (“{rule}”); steer h.")

    def edits(self, character: int, layers: int) -> dict[int, Edit]:
        """What is done to each layer (counted from 0) at a character, for :meth:`Engine.steer`."""
        edits: dict[int, Edit] = {}
        for layer in range(layers):
            rules = [
                rule for rule in self.rules if rule.first <= character <= rule.last and rule.layer in (None, layer + 1)
            ]
            if rules:
                edits[layer] = _edit(rules)
        return edits

    def next_change(self, character: int) -> int:
        """The first character after this one at which other rules are in force; :data:`NEVER` where there is none."""
        changes = (place for rule in self.rules for place in (rule.first, rule.last + 1))
        return min((place for place in changes if character < place <= LAST), default=NEVER)


def _edit(rules: list[Rule]) -> Edit:
    def edit(h: Array, c: Array) -> None:
        for rule in rules:
            rule.applied(h, c)

    return edit


class Helm:
    """Keeps an engine steered while it writes.

    Args:
        before: how many characters earlier parts have, where a captured state is gone on from.
        steered: whether the state the engine is in has been steered for the next character, as captured ones are.

    Attributes:
        due: before the character after so many written ones, :meth:`turn` must be called.
    """

    def __init__(self, steering: Steering, before: int = 0, *, steered: bool = False) -> None:
        self._before = before
        self._steered = steered or before > 0
        self.set(steering)

    def set(self, steering: Steering) -> None:
        """Another steering from the next character on."""
        self.steering = steering
        self.due = 0

    def read_anew(self) -> None:
        """The first character, too, is reached by a step, which is steered; not by a state that stands there."""
        self._steered = True

    def turn(self, engine: Engine | BatchEngine, written: int) -> None:
        """Steer ``engine``, which has written so many characters, as it is due at the next one."""
        character = self._before + written + 1
        edits = self.steering.edits(character, engine.weights.model.config.layers)
        engine.steer(edits)
        if not self._steered:
            apply(edits, engine)
        self._steered = True
        change = self.steering.next_change(character)
        self.due = NEVER if change == NEVER else change - self._before - 1


@np.errstate(all="ignore")  # who reads the logits says if a number has gone astray
def apply(edits: Mapping[int, Edit], engine: Engine | BatchEngine) -> None:
    """Steer the state where it stands."""
    for layer, edit in edits.items():
        edit(engine.h[layer], engine.c[layer])


def _rule(word: str) -> Rule:
    """One rule. Raises SettingError."""
    shown = word if len(word) <= 60 else word[:59] + "…"
    match = _RULE.fullmatch(word)
    if match is None:
        raise SettingError(
            f"“{shown}” is no rule of steering; write LAYER.UNIT=VALUE, +VALUE or *VALUE without blanks, as in 1.3=0."
        )
    layer, unit = (None if match[name] == "*" else int(match[name]) for name in ("layer", "unit"))
    if 0 in (layer, unit):
        raise SettingError(f"Layers and units are counted from 1, which “{shown}” is not.")
    try:
        value = float(match["value"])
    except ValueError:
        raise SettingError(f"The value of a rule of steering must be a number, which “{shown}” lacks.") from None
    if not math.isfinite(value) or abs(value) > LARGEST_VALUE:
        raise SettingError(f"The value of “{shown}” must be a number between -1,000 and 1,000.")
    operation = match["operation"]
    if operation == "-":
        operation, value = "+", -value
    first, last = _range(match["range"], shown)
    return Rule(match["part"] or "h", layer, unit, operation, value, first, last)


def _range(text: str | None, shown: str) -> tuple[int, int]:
    if text is None:
        return 1, LAST
    match = _RANGE.fullmatch(text)
    if match is None or not (match["first"] or match["last"]) or (match["last"] and not match["dash"]):
        raise SettingError(f"The range of “{shown}” must be of characters, such as @100-200, @100- or @-200.")
    first = int(match["first"]) if match["first"] else 1
    last = int(match["last"]) if match["last"] else (LAST if match["dash"] else first)
    if first < 1:
        raise SettingError(f"Characters are counted from 1, which the range of “{shown}” is not.")
    if last < first:
        raise SettingError(f"The range of “{shown}” holds no character; its end lies before its beginning.")
    return first, last
