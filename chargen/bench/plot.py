"""A plot as an SVG picture: a value against time on a logarithmic axis, every line named at its end.

Written by hand, since a plotting library would be a large dependency for one picture. The colours are the light
theme's; a style sheet in the file changes them to the dark theme's where the reader prefers that, and what does not
know style sheets shows the light picture.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from xml.sax.saxutils import escape

Ink = Literal["paper", "line", "ink", "ink_2", "accent", "data_1"]

LIGHT: dict[Ink, str] = {
    "paper": "#FBF9F5",
    "line": "#E3DDD1",
    "ink": "#22201C",
    "ink_2": "#655E53",
    "accent": "#B04A2F",
    "data_1": "#0F6E84",
}
DARK: dict[Ink, str] = {
    "paper": "#1B1A18",
    "line": "#3A3731",
    "ink": "#ECE7DD",
    "ink_2": "#B0A899",
    "accent": "#F0906F",
    "data_1": "#62C4D8",
}
"""The window's own; :mod:`chargen.gui.theme` cannot be asked without Qt."""

WIDTH, HEIGHT = 920, 500
_LEFT, _TOP, _BOTTOM = 64, 84, 60
_FONT, _GAP = 13, 18
_CHARACTER = 6.9  # the width of one, on average
_NAME = 44  # characters

_TICKS = (
    *((seconds, f"{seconds:g} s") for seconds in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30)),
    *((60 * minutes, f"{minutes:g} min") for minutes in (1, 2, 5, 10, 20, 30)),
    *((3600 * hours, f"{hours:g} h") for hours in (1, 2, 5, 10, 20, 50, 100, 200, 500)),
)


@dataclass(frozen=True)
class Curve:
    """A line through points.

    Attributes:
        name: what stands at its end. points: (seconds above 0, value) in the order of time; at least one.
        ink: its colour. thin: dashed, without dots.
    """

    name: str
    points: Sequence[tuple[float, float]]
    ink: Ink
    thin: bool = False


@dataclass(frozen=True)
class Mark:
    """A value to compare with: a horizontal line across the plot."""

    name: str
    value: float


def picture(title: str, subtitle: str, axis: str, curves: Sequence[Curve], marks: Sequence[Mark] = ()) -> str:
    """The SVG file's text.

    Args:
        title, subtitle: the two lines above. axis: what the values are, above their axis.
    """
    return _Picture(curves, marks).text(title, subtitle, axis)


def value_ticks(low: float, high: float) -> list[float]:
    """Round values between ``low`` and ``high``: four to nine steps of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / 8
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    return [round(number * step, 10) for number in range(math.ceil(low / step), math.floor(high / step) + 1)]


def spread(places: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """The places moved apart so that neighbours are ``gap`` apart, within ``low`` to ``high`` where they fit, each
    group of neighbours around where its members wanted to be; in the order that they came."""
    order = sorted(range(len(places)), key=lambda index: places[index])
    groups: list[list[int]] = []
    centres: list[float] = []
    for index in order:
        groups.append([index])
        centres.append(places[index])
        while True:  # a group that touches the one before becomes one with it
            half = gap * (len(groups[-1]) - 1) / 2
            centres[-1] = max(low + half, min(centres[-1], high - half))
            if len(groups) < 2:
                break
            needed = gap * (len(groups[-1]) + len(groups[-2])) / 2
            if centres[-1] - centres[-2] >= needed:
                break
            last = groups.pop()
            centres.pop()
            groups[-1] += last
            centres[-1] = sum(places[each] for each in groups[-1]) / len(groups[-1])
    moved = [0.0] * len(places)
    for group, centre in zip(groups, centres, strict=True):
        for number, index in enumerate(group):
            moved[index] = centre + gap * (number - (len(group) - 1) / 2)
    return moved


class _Picture:
    """Where things are, and the lines of the file."""

    def __init__(self, curves: Sequence[Curve], marks: Sequence[Mark]) -> None:
        self.curves, self.marks = curves, marks
        points = [point for curve in curves for point in curve.points]
        values = [value for _, value in points] + [mark.value for mark in marks]
        room = max(0.04 * (max(values) - min(values)), 0.01)
        self.low, self.high = min(values) - room, max(values) + room
        self.first = math.log(min(seconds for seconds, _ in points)) - 0.15
        self.last = math.log(max(seconds for seconds, _ in points))
        names = [_short(name) for name in (*(curve.name for curve in curves), *(mark.name for mark in marks))]
        self.right = WIDTH - 24 - _CHARACTER * max(map(len, names))

    def x(self, seconds: float) -> float:
        return _LEFT + (math.log(seconds) - self.first) / (self.last - self.first) * (self.right - _LEFT)

    def y(self, value: float) -> float:
        return _TOP + (self.high - value) / (self.high - self.low) * (HEIGHT - _BOTTOM - _TOP)

    def text(self, title: str, subtitle: str, axis: str) -> str:
        words = _safe(f"{title}. {subtitle}").replace('"', "&quot;")
        pieces = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
            f'height="{HEIGHT}" role="img" aria-label="{words}" '
            f'font-family="system-ui, Helvetica, Arial, sans-serif" font-size="{_FONT}">',
            f"<style>@media (prefers-color-scheme: dark) {{ {_dark()} }}</style>",
            f'<rect class="fill-paper" width="{WIDTH}" height="{HEIGHT}" fill="{LIGHT["paper"]}"/>',
            _words(24, 32, title, size=18, weight="600"),
            _words(24, 53, subtitle, ink="ink_2"),
            *self._axes(axis),
            *(
                _line((_LEFT, self.y(mark.value), self.right, self.y(mark.value)), "ink_2", "4 4")
                for mark in self.marks
            ),
            *(piece for curve in self.curves for piece in self._curve(curve)),
            *self._names(),
            "</svg>",
        ]
        return "\n".join(pieces) + "\n"

    def _axes(self, axis: str) -> list[str]:
        pieces = []
        ticks = value_ticks(self.low, self.high)
        decimals = max(len(f"{value:g}".partition(".")[2]) for value in ticks)
        for value in ticks:
            pieces.append(_line((_LEFT, self.y(value), self.right, self.y(value)), "line"))
            pieces.append(_words(_LEFT - 10, self.y(value) + 4.5, f"{value:.{decimals}f}", ink="ink_2", anchor="end"))
        bottom = HEIGHT - _BOTTOM
        for seconds, name in self._time_ticks():
            pieces.append(_line((self.x(seconds), bottom, self.x(seconds), bottom + 6), "ink_2"))
            pieces.append(_words(self.x(seconds), bottom + 22, name, ink="ink_2", anchor="middle"))
        pieces.append(_line((_LEFT, bottom, self.right, bottom), "ink_2"))
        pieces.append(_words(24, _TOP - 8, axis, ink="ink_2"))
        pieces.append(
            _words((_LEFT + self.right) / 2, HEIGHT - 16, "time spent learning", ink="ink_2", anchor="middle")
        )
        return pieces

    def _time_ticks(self) -> list[tuple[float, str]]:
        """Those that fall on the axis and leave room for their names."""
        kept: list[tuple[float, str]] = []
        for seconds, name in _TICKS:
            inside = self.first <= math.log(seconds) <= self.last
            if inside and (not kept or self.x(seconds) - self.x(kept[-1][0]) >= 48):
                kept.append((seconds, name))
        return kept

    def _curve(self, curve: Curve) -> list[str]:
        points = [(self.x(seconds), self.y(value)) for seconds, value in curve.points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dashes = ' stroke-dasharray="2 4" stroke-linecap="round"' if curve.thin else ""
        pieces = [
            f'<polyline class="stroke-{curve.ink}" points="{path}" fill="none" stroke="{LIGHT[curve.ink]}" '
            f'stroke-width="{1.5 if curve.thin else 2.5}" stroke-linejoin="round"{dashes}/>'
        ]
        radius = 0 if curve.thin else 3.5
        return pieces + [
            f'<circle class="fill-{curve.ink}" cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{LIGHT[curve.ink]}"/>'
            for x, y in points
            if radius
        ]

    def _names(self) -> list[str]:
        """At the right, beside the ends, none on another."""
        named: list[tuple[str, float, Ink]] = [(c.name, self.y(c.points[-1][1]), c.ink) for c in self.curves if c.name]
        named += [(mark.name, self.y(mark.value), "ink_2") for mark in self.marks]
        places = spread([y for _, y, _ in named], _GAP, _TOP, HEIGHT - _BOTTOM)
        return [
            _words(self.right + 12, place + 4.5, _short(name), ink=ink)
            for (name, _, ink), place in zip(named, places, strict=True)
        ]


def _short(name: str) -> str:
    return name if len(name) <= _NAME else name[: _NAME - 1] + "…"


def _safe(words: str) -> str:
    """Somebody's words inside XML, which knows no control characters and no half ones."""
    return escape("".join(character if character.isprintable() else "\ufffd" for character in words))


def _dark() -> str:
    return " ".join(
        f".fill-{ink} {{ fill: {colour} }} .stroke-{ink} {{ stroke: {colour} }}" for ink, colour in DARK.items()
    )


def _line(ends: tuple[float, float, float, float], ink: Ink, dashes: str = "") -> str:
    x1, y1, x2, y2 = ends
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        f'<line class="stroke-{ink}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
        f'stroke="{LIGHT[ink]}"{dashed}/>'
    )


def _words(
    x: float, y: float, words: str, *, ink: Ink = "ink", anchor: str = "start", size: int = _FONT, weight: str = "400"
) -> str:
    return (
        f'<text class="fill-{ink}" x="{x:.1f}" y="{y:.1f}" fill="{LIGHT[ink]}" text-anchor="{anchor}" '
        f'font-size="{size}" font-weight="{weight}">{_safe(words)}</text>'
    )
