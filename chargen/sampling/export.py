"""Samples as files: .txt .md .html .json .csv, chosen by the suffix.

* ``.txt``: what a reader sees and nothing else (prompt and text; several texts apart by a blank line).
* ``.md``: the provenance as front matter (YAML), then the text in a fence that the text cannot close.
  Above each of several texts stands what it has that the others do not.
* ``.html``: one page that needs nothing else; see :mod:`chargen.sampling.export_html`.
* ``.json``: everything needed to make the same text again; read by :func:`load_export`. Since format 2 the hidden
  state may be changed while a text is written.
* ``.csv``: one row per character: sample, index, character, code_point, probability, surprise.
  Characters that cannot be seen appear by name (``newline``). A spreadsheet takes a cell that begins with
  ``= + - @`` for a formula, so those four (and their wide forms) have an apostrophe before them; the column
  ``code_point`` (``U+003D``) always says the character exactly.

Samples of which each goes on where the one before ended (a text that was continued, branched or edited) are one text,
whole, with the provenance of each of its parts.

Only .json carries hidden states by value; .md and .html name them and give their hashes.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from chargen.corpus.vocabulary import display_name
from chargen.errors import ExportError
from chargen.files import read_json, write_atomic
from chargen.sampling.difference import difference
from chargen.sampling.export_html import page, stretch
from chargen.sampling.provenance import sample_from_json, sample_to_json
from chargen.sampling.sample import Sample, whole_texts
from chargen.sampling.seeds import describe_state, state_fingerprint
from chargen.sampling.settings import RULES
from chargen.settings import option

FORMAT = 2
KIND = "chargen samples"
MAXIMUM_EXPORT_BYTES = 256 * 2**20
MAXIMUM_SAMPLES = 10_000
MOST_STATES_NAMED = 20
EDITED = "changed by hand after it was written: these settings do not write this text again"

_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]")
_MARKS = re.compile(r"[\\`*_\[\]<>#&|~!]")
"""What Markdown takes for more than itself, within a heading."""
_FORMULA = frozenset("=+-@＝＋－＠")


def provenance(sample: Sample) -> dict[str, Any]:
    """The provenance in words and numbers for a reader: name → value, without arrays."""
    settings = sample.settings
    values: dict[str, Any] = {
        "model": sample.model_fingerprint,
        "random_seed": settings.random_seed,
        "temperature": settings.temperature,
    }
    if sample.temperature_changes:
        values["temperature_changes"] = ", ".join(f"{value:g} from {at}" for at, value in sample.temperature_changes)
    for name in RULES[1:]:  # the temperature is there in any case
        if getattr(settings, name) != option(name).default:
            values[name] = getattr(settings, name)
    if settings.stop:
        values["stop"] = list(settings.stop)
    values |= {"prompt": settings.prompt, "unknown": settings.unknown}
    if settings.steer:
        values["steering"] = settings.steer
    if sample.steering_changes:
        values["steering_changes"] = "; ".join(f"{steer or 'none'} from {at}" for at, steer in sample.steering_changes)
    if sample.state_changes:
        values["state_changes"] = _states_in_words(sample)
    if sample.opening:
        values["opening"] = sample.opening
    if sample.after:
        values["continues"] = f"{len(sample.after)} characters"
    values |= {
        "seed_state": describe_state(sample.seed_state),
        "seed_state_sha256": state_fingerprint(sample.seed_state),
        "characters": len(sample.text),
        "bits_per_character": round(sample.bits_per_character, 3),
        "engine": ", ".join(f"{key} {value}" for key, value in sample.engine.items()),
        "versions": ", ".join(f"{key} {value}" for key, value in sample.versions.items()),
    }
    if sample.by_hand:
        values["by_hand"] = f"{sample.by_hand} characters at the beginning"
    if sample.edited:
        values["edited"] = EDITED
    if sample.notices:
        values["notices"] = list(sample.notices)
    return values


def _states_in_words(sample: Sample) -> str:
    """The states that took the place of others, and where; a slider that is moved makes hundreds of them."""
    told = [
        f"{describe_state(state)} (sha256 {state_fingerprint(state)[:12]}) from {at}"
        for at, state in sample.state_changes[:MOST_STATES_NAMED]
    ]
    more = len(sample.state_changes) - len(told)
    return "; ".join(told) + (f"; and {more:,} more, the last from {sample.state_changes[-1][0]}" if more else "")


def json_text(value: Any, **options: Any) -> str:
    """JSON with readable characters.

    Escaped are half characters (lone surrogates), which no file can hold, and what other readers take for
    the end of a line or do not show, so that a JSON string is a YAML string on one line as well.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, **options)
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _to_text(samples: Sequence[Sample]) -> str:
    return "\n\n".join(parts[-1].document for parts in whole_texts(samples))


def _fenced(language: str, text: str) -> str:
    """A Markdown block whose fence is longer than any run of its marks inside."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}\n"


def _to_markdown(samples: Sequence[Sample]) -> str:
    """Front matter exists once, at the top: the first sample's; of the others it is a block below a heading."""
    texts = whole_texts(samples)
    blocks: list[str] = []
    for parts, heading in zip(texts, _headings(texts), strict=True):
        told = ["\n".join(f"{name}: {json_text(value)}" for name, value in provenance(part).items()) for part in parts]
        title = "## " + _MARKS.sub(r"\\\g<0>", heading) + "\n" if heading else ""
        head = f"{title}\n{_fenced('yaml', told[0])}"
        if not blocks:
            head = f"---\n{told[0]}\n---\n" + (f"\n{title}" if title else "")
        further = [
            f"### {stretch(part).capitalize()}\n\n{_fenced('yaml', lines)}"
            for part, lines in zip(parts[1:], told[1:], strict=True)
        ]
        blocks.append("\n".join([head, _fenced("text", parts[-1].document), *further]))
    return "\n".join(blocks)


def _headings(texts: Sequence[Sequence[Sample]]) -> list[str]:
    """What each of several texts has that the others do not, by its first part; nothing above a single one."""
    return difference([parts[0] for parts in texts]).headings() if len(texts) > 1 else [""]


def _to_json(samples: Sequence[Sample]) -> str:
    value = {"kind": KIND, "format": FORMAT, "samples": [sample_to_json(sample) for sample in samples]}
    return json_text(value, separators=(",", ":")) + "\n"


def cell(character: str) -> str:
    """A character for a table: by name where it cannot be seen, and never the beginning of a formula."""
    name = character if character.isprintable() else display_name(character)
    return "'" + name if name[0] in _FORMULA else name


def _to_csv(samples: Sequence[Sample]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(["sample", "index", "character", "code_point", "probability", "surprise"])
    for number, parts in enumerate(whole_texts(samples), 1):
        pairs = (pair for part in parts for pair in zip(part.text, part.surprises.tolist(), strict=True))
        for index, (character, bits) in enumerate(pairs):
            row = [number, index, cell(character), f"U+{ord(character):04X}", f"{2.0**-bits:.6g}", f"{bits:.4f}"]
            writer.writerow(row)
    return file.getvalue()


def _to_html(samples: Sequence[Sample]) -> str:
    texts = whole_texts(samples)
    return page([[(part, provenance(part)) for part in parts] for parts in texts], _headings(texts))


_WRITERS: dict[str, Callable[[Sequence[Sample]], str]] = {
    ".txt": _to_text,
    ".md": _to_markdown,
    ".html": _to_html,
    ".json": _to_json,
    ".csv": _to_csv,
}

SUFFIXES = tuple(_WRITERS)


def render(samples: Sequence[Sample], suffix: str) -> bytes:
    """The content of a file of that kind. Raises ExportError: an unknown suffix, or nothing to export."""
    writer = _WRITERS.get(suffix.lower())
    if writer is None:
        raise ExportError(f"The name must end in one of {', '.join(SUFFIXES)}, not in “{suffix}”.")
    if not samples:
        raise ExportError("There is nothing to export yet; write something first.")
    # A model of a text with half characters can write them; no UTF-8 file can hold them.
    return writer(samples).encode("utf-8", "replace")


def export(samples: Sequence[Sample], path: Path) -> None:
    """Write ``samples`` to ``path``, as its suffix says; the old file or the new one, never a torn one.

    Raises:
        ExportError: an unknown suffix, or nothing to export. FileError: it cannot be written.
    """
    path = Path(path)
    write_atomic(path, render(samples, path.suffix))


def load_export(path: Path) -> list[Sample]:
    """Read a .json export from anyone. Raises a ChargenError, whatever the file holds."""
    what = str(path)
    value = read_json(Path(path), MAXIMUM_EXPORT_BYTES)
    if not isinstance(value, dict) or value.get("kind") != KIND or type(value.get("format")) is not int:
        raise ExportError(f"“{what}” is not a chargen export; only exports to .json can be replayed.")
    if value["format"] > FORMAT:
        raise ExportError(f"“{what}” was made by a newer chargen (format {value['format']}); update to open it.")
    samples = value.get("samples")
    if not isinstance(samples, list) or not 1 <= len(samples) <= MAXIMUM_SAMPLES:
        raise ExportError(f"“{what}” holds no samples, or more than {MAXIMUM_SAMPLES:,}.")
    return [sample_from_json(sample, what) for sample in samples]
