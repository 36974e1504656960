"""Texts as one page of HTML: needs nothing else, runs nothing, safe whatever the text holds.

Text is escaped and control characters are shown as symbols; a content policy forbids scripts and
everything from elsewhere. The tint by surprise is switched by a check box and CSS alone.
"""

import html
import json
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from chargen.sampling.sample import Sample

_STEPS = (0.5, 1.0, 2.0, 3.0, 4.5, 6.0, 8.0)
"""Bounds in bits between the degrees of tint."""

_STYLE = """
:root { color-scheme: light dark; --paper: #fbfaf7; --ink: #23211e; --faint: #6d6a64; --tint: 201, 92, 34; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #191817; --ink: #e9e5de; --faint: #98938a; --tint: 235, 140, 80; }
}
body { background: var(--paper); color: var(--ink); max-width: 46rem; margin: 3rem auto; padding: 0 1.25rem;
  font: 1.05rem/1.6 Georgia, "Times New Roman", serif; }
article { white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: isolate; margin: 1.5rem 0; }
i { font-style: normal; color: var(--faint); }
h2 { font: 600 1rem/1.5 system-ui, sans-serif; margin: 1.5rem 0 0; }
label, details, footer { font: .85rem/1.5 system-ui, sans-serif; color: var(--faint); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; overflow-wrap: anywhere; }
dd { margin: 0; white-space: pre-wrap; unicode-bidi: isolate; }
section + section { border-top: 1px solid rgba(128, 128, 128, .35); }
"""


def _visible(character: str) -> str:
    """Characters that HTML may not hold, as symbols for them."""
    code = ord(character)
    if character in "\n\t":
        return character
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if 0x80 <= code < 0xA0 or 0xD800 <= code < 0xE000 or code & 0xFFFE == 0xFFFE:
        return "\ufffd"
    return character


def escape(text: str) -> str:
    """``text`` for HTML: markup escaped, control characters made visible."""
    return html.escape("".join(map(_visible, text)))


def _degree(bits: float) -> int:
    return sum(bits >= bound for bound in _STEPS)


def _tinted(sample: Sample) -> str:
    """The text with neighbours of one degree in one span."""
    pairs = zip(sample.text, map(_degree, sample.surprises.tolist()), strict=True)
    pieces = []
    for degree, run in groupby(pairs, key=lambda pair: pair[1]):
        text = escape("".join(character for character, _ in run))
        pieces.append(f'<span class="s{degree}">{text}</span>' if degree else text)
    return "".join(pieces)


def stretch(part: Sample) -> str:
    """Which characters of the written text a part of it is: ``characters 121 to 300``."""
    return f"characters {len(part.after) + 1:,} to {len(part.after) + len(part.text):,}"


def _provenance(values: dict[str, Any], told: str) -> str:
    rows = (
        f"<dt>{escape(name)}</dt><dd>"
        f"{escape(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))}</dd>"
        for name, value in values.items()
    )
    return f"<details><summary>{told}</summary><dl>{''.join(rows)}</dl></details>"


def _heading(words: str) -> str:
    return f"<h2>{escape(words)}</h2>" if words else ""


def _section(parts: Sequence[tuple[Sample, dict[str, Any]]], heading: str) -> str:
    """One text, whole, and how each of its parts was written."""
    samples = [sample for sample, _values in parts]
    text = "".join(map(_tinted, samples))
    whole = len(parts) == 1
    told = "".join(
        _provenance(values, "How this was written" if whole else f"How {stretch(part)} were written")
        for part, values in parts
    )
    before = escape(samples[0].prompt + samples[0].after)
    return f"<section>{_heading(heading)}<article><i>{before}</i>{text}</article>{told}</section>\n"


def page(texts: Sequence[Sequence[tuple[Sample, dict[str, Any]]]], headings: Sequence[str]) -> str:
    """A whole page for texts, each of one part or more with their provenance (name → value).

    Above each stands its heading, unless that is empty.
    """
    tints = "".join(
        f"#tint:checked ~ main .s{degree} {{ background: rgba(var(--tint), {degree / (len(_STEPS) + 2):.2f}); }}\n"
        for degree in range(1, len(_STEPS) + 1)
    )
    sections = "".join(_section(parts, heading) for parts, heading in zip(texts, headings, strict=True))
    return (
        '<!doctype html>\n<html>\n<head>\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>Written with chargen</title>\n'
        f"<style>{_STYLE}{tints}</style>\n</head>\n<body>\n"
        '<input type="checkbox" id="tint" checked> <label for="tint">Tint by surprise</label>\n'
        f"<main>\n{sections}</main>\n</body>\n</html>\n"
    )
