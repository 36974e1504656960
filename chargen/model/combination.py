"""Sums of states as people write them: ``A - B + 0.5*C``.

::

    sum    = [sign] term { sign term }
    sign   = "+" | "-"
    term   = name | number "*" name | name "*" number
    name   = letters, digits, "_" and "."  |  'anything'  |  "anything"
    number = 2 | 0.5 | .5 | 1e-3

A name that begins with a digit or holds other characters (a path, a blank) stands in quotes. The typographic
minus (−) and times (×, ·) are understood. There are no parentheses.
"""

import math
import re

from chargen.errors import StateError
from chargen.model.blending import MAXIMUM_PARTS

MAXIMUM_EXPRESSION = 10_000

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![\w.]))
      | (?P<name>[^\W\d][\w.]*)
      | (?P<quoted>'[^']*'|"[^"]*")
      | (?P<sign>[+\-−])
      | (?P<times>[*×·])
    )\s*""",
    re.VERBOSE,
)


def parse_combination(expression: str) -> list[tuple[str, float]]:
    """``A - B + 0.5*C`` as ``[("A", 1.0), ("B", -1.0), ("C", 0.5)]``.

    A name that occurs several times is there once, with the sum of its factors.

    Raises:
        StateError: one sentence about what is wrong, and where.
    """
    if len(expression) > MAXIMUM_EXPRESSION:
        raise StateError(f"The sum is longer than {MAXIMUM_EXPRESSION:,} characters; write a shorter one.")
    tokens = _tokens(expression)
    if not tokens:
        raise StateError("The sum is empty; write for example 'A - B + C'.")
    terms: dict[str, float] = {}
    at = 0
    while at < len(tokens):
        factor = 1.0
        kind, word = tokens[at]
        if kind == "sign":
            factor = 1.0 if word == "+" else -1.0
            at += 1
        elif at > 0:
            raise StateError(f"Between two states of a sum stands + or -, and before “{word[:60]}” there is none.")
        name, number, at = _term(tokens, at)
        terms[name] = terms.get(name, 0.0) + factor * number
        if len(terms) > MAXIMUM_PARTS:
            raise StateError(f"A sum takes at most {MAXIMUM_PARTS} different states.")
    if not all(map(math.isfinite, terms.values())):
        raise StateError("A factor of the sum is too large.")
    return list(terms.items())


def _tokens(expression: str) -> list[tuple[str, str]]:
    tokens, at = [], 0
    while at < len(expression) and expression[at:].strip():
        match = _TOKEN.match(expression, at)
        if match is None:
            rest = expression[at:].strip()
            if rest[0] in "'\"":
                raise StateError(f"The quote before “{rest[1:40]}” is not closed.")
            if rest[0] in "()":
                raise StateError("A sum of states takes no parentheses; give every state its own sign and factor.")
            word = rest.split()[0][:40]
            raise StateError(f"“{word}” is not understood in a sum of states; put a name like that in quotes.")
        kind = str(match.lastgroup)
        tokens.append((kind, match[kind]))
        at = match.end()
    return tokens


def _term(tokens: list[tuple[str, str]], at: int) -> tuple[str, float, int]:
    """The name and factor of the term at ``at``, and where the next one begins."""
    name, number = "", 1.0
    found: set[str] = set()
    while True:
        if at == len(tokens):
            raise StateError("The sum ends where a state is expected.")
        kind, word = tokens[at]
        kind = "name" if kind == "quoted" else kind
        if kind not in ("name", "number"):
            raise StateError(f"Where “{word}” stands in the sum, a state is expected.")
        if kind in found:
            raise StateError("A term of a sum is one state with at most one factor; states cannot be multiplied.")
        found.add(kind)
        if kind == "number":
            number = float(word)
        else:
            name = word[1:-1] if word[0] in "'\"" else word
            if not name:
                raise StateError("There is an empty name in the sum.")
        at += 1
        if at == len(tokens) or tokens[at][0] != "times":
            break
        at += 1
    if "name" not in found:
        raise StateError(f"The number “{number:g}” stands alone in the sum; write it as a factor, {number:g}*NAME.")
    return name, number, at
