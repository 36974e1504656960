"""How a state was made, kept within bounds.

A recipe is plain JSON: ``{"kind": …, …}``. Recipes nest: what was captured names what it started from, a blend
names its parts. So that a chain of a thousand captures or a stranger's file cannot grow without end, what lies
too deep, or makes the whole too long, is replaced by :data:`FORGOTTEN`.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

MAXIMUM_DEPTH = 20
"""Levels of objects and lists; a state file and an export, which hold recipes, may have 32."""

MAXIMUM_LENGTH = 1_000_000
"""Characters of a recipe as JSON."""

LONG = 1_000
"""Characters of a text in a recipe beyond which a file of many recipes keeps it apart."""

FORGOTTEN: Mapping[str, str] = {"kind": "forgotten"}
"""Stands for what was cut off; nothing can be made again from it."""


def bounded(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of ``recipe`` that is at most :data:`MAXIMUM_DEPTH` deep and :data:`MAXIMUM_LENGTH` long.

    The deepest parts are forgotten first, as many levels as it takes.
    """
    for depth in range(MAXIMUM_DEPTH, 0, -1):
        kept: dict[str, Any] = _cut(recipe, depth)
        if len(json.dumps(kept, ensure_ascii=False)) <= MAXIMUM_LENGTH:
            return kept
    return {"kind": str(recipe.get("kind"))[:60]}


def _cut(value: Any, depth: int) -> Any:
    if isinstance(value, Mapping):
        return dict(FORGOTTEN) if depth == 0 else {key: _cut(entry, depth - 1) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [] if depth == 0 else [_cut(entry, depth - 1) for entry in value]
    return value


Place = tuple[str | int, ...]
"""Keys and numbers that lead to a value in a recipe."""


def long_texts(recipe: Mapping[str, Any]) -> tuple[dict[str, Any], list[tuple[Place, str]]]:
    """A copy of ``recipe`` without its texts of more than :data:`LONG` characters, and those, with their places."""
    found: list[tuple[Place, str]] = []

    def without(value: Any, at: Place) -> Any:
        if isinstance(value, Mapping):
            return {key: without(entry, (*at, key)) for key, entry in value.items()}
        if isinstance(value, list | tuple):
            return [without(entry, (*at, number)) for number, entry in enumerate(value)]
        if isinstance(value, str) and len(value) > LONG:
            found.append((at, value))
            return ""
        return value

    return without(recipe, ()), found


def with_texts(recipe: dict[str, Any], texts: Sequence[tuple[Place, str]]) -> dict[str, Any]:
    """``recipe``, changed in place, with texts where :func:`long_texts` took them from.

    Raises:
        ValueError, KeyError, IndexError, TypeError: a place does not lead to a text that was taken out.
    """
    for path, text in texts:
        inner: Any = recipe
        for step in path[:-1]:
            inner = inner[step]
        if not path or inner[path[-1]] != "":
            raise ValueError("no place for a text")
        inner[path[-1]] = text
    return recipe


def parts_of(recipe: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The parts of a blend or a combination that are well formed; empty for other kinds.

    Each has ``weight`` (a finite number), ``name`` and ``recipe``.
    """
    parts = recipe.get("parts")
    if recipe.get("kind") not in ("blend", "combination") or not isinstance(parts, list):
        return []
    return [
        part
        for part in parts
        if isinstance(part, dict)
        and isinstance(part.get("recipe"), dict)
        and isinstance(part.get("name"), str)
        and type(part.get("weight")) in (int, float)
        and abs(part["weight"]) < 1e300  # finite, and no whole number of hundreds of digits
    ]
