"""The most similar known character in the place of an unknown one, one for one.

The order of the attempts:

1. a typewriter's form: curly quotes → straight ones, dashes → ``-``, ``ø`` → ``o``;
2. the base of the Unicode decomposition: ``é`` → ``e``, ``…`` → ``.``, ``ﬁ`` → ``f``, ``²`` → ``2``;
3. each of these, and the character itself, in the other case;
4. any line ending → newline, any blank → space;
5. the space, or else a known character of the same Unicode category, or else the first one known.
"""

import unicodedata
from collections.abc import Collection, Iterator

_TYPEWRITER = {
    **dict.fromkeys("‘’‚‛′`´", "'"),
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("‹›", "'"),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **dict.fromkeys("•·∙", "*"),
    "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "t", "Þ": "T",
    "ß": "s", "æ": "a", "Æ": "A", "œ": "o", "Œ": "O", "ı": "i", "×": "x",
}
_LINE_ENDINGS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"


def _base(character: str) -> str:
    """The first part of the compatibility decomposition; the character itself where it has none."""
    return unicodedata.normalize("NFKD", character)[0]


def _attempts(character: str) -> Iterator[str]:
    similar = [character]
    if character in _TYPEWRITER:
        similar.append(_TYPEWRITER[character])
    base = _base(character)
    similar += [base, _TYPEWRITER.get(base, base)]
    yield from similar
    for each in similar:
        yield from each.lower()[:1]
        yield from each.upper()[:1]
    if character in _LINE_ENDINGS:
        yield "\n"
    if '"' in similar:
        yield "'"
    yield " "


def substitute(character: str, known: Collection[str]) -> str:
    """The member of ``known`` (not empty, in id order) to put in the place of ``character``."""
    for attempt in _attempts(character):
        if attempt in known:
            return attempt
    category = unicodedata.category(character)
    for length in (2, 1):  # the same category (Ll: small letter), then the same class (L: letter)
        for candidate in known:
            if unicodedata.category(candidate)[:length] == category[:length]:
                return candidate
    return next(iter(known))
