"""``chargen inspect``: what a file or folder is."""

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chargen.cli.output import note, print_event, print_table
from chargen.cli.parser import HelpFormatter, add_options, given
from chargen.errors import ChargenError, FileError, ModelFileError

Finding = tuple[str, str, dict[str, Any], list[tuple[str, str]]]
"""(kind, title, values for scripts, rows for people)"""


def add_parser(commands: Any) -> None:
    parser = commands.add_parser(
        "inspect",
        help="what a model, state, run, export or text is",
        formatter_class=HelpFormatter,
        description="Says what a file or folder is: a model, a seed state, a run, an export, or a text to learn.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="A file or a folder.")
    add_options(parser, "encoding", "as_text", "newlines")
    parser.add_argument("--json", action="store_true", help="Print one JSON object.")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Look and report."""
    reading = given(arguments, "encoding", "as_text", "newlines")
    kind, title, values, rows = examine(arguments.file, reading)
    if arguments.json:
        print_event("inspect", {"kind": kind, "path": str(arguments.file), **values})
    else:
        print_table(f"{title}: {arguments.file}", rows)
    return 0


def examine(path: Path, reading: dict[str, Any]) -> Finding:
    """Find out what ``path`` is. Raises a ChargenError where it is nothing of ours or is damaged."""
    if str(path) == "-":
        return _text(path, reading)
    try:
        if not path.exists():
            raise FileError(f"There is no file or folder “{path}”; check the name.")
    except (OSError, ValueError) as error:
        raise FileError(f"“{str(path)[:80]}” cannot be a file's name.") from error
    if path.is_dir():
        return _run(path) if _is_run(path) else _text(path, reading)
    return _by_content(path)(path, reading)


def is_ours(path: Path) -> bool:
    """Whether it looks like something chargen wrote; cheaply, for a hint."""
    return _is_run(path) or path.suffix.lower() in (".safetensors", ".state", ".json")


def _is_run(path: Path) -> bool:
    return any((path / name).is_file() for name in ("run.json", "model.safetensors", "latest.safetensors"))


def _by_content(path: Path) -> Callable[[Path, dict[str, Any]], Finding]:
    """By the first bytes: names can be wrong. A safetensors file begins with the length of a JSON object."""
    from chargen.files import describe_os_error

    try:
        with path.open("rb") as file:
            start = file.read(9)
    except OSError as error:
        raise FileError(describe_os_error("read", path, error)) from error
    named = path.suffix.lower() in (".safetensors", ".state")
    if named or (len(start) == 9 and start[8:] == b"{" and int.from_bytes(start[:8], "little") < 2**26):
        return _tensors
    return _json if start[:1] == b"{" and path.suffix.lower() == ".json" else _text


# -- models, states, encoded texts ------------------------------------------------------------


def _tensors(path: Path, reading: dict[str, Any]) -> Finding:
    from chargen.files import read_capped
    from chargen.model.model_file import MAXIMUM_MODEL_BYTES, model_from_bytes
    from chargen.safetensors_header import read_metadata

    data = read_capped(path, MAXIMUM_MODEL_BYTES)
    try:
        metadata = read_metadata(data)
    except ValueError:
        metadata = {}
    if "chargen_state" in metadata:
        return _state(path, data)
    if "chargen_corpus" in metadata:
        return _encoded(path)
    model = model_from_bytes(data, str(path))
    return "model", "Model", _model_values(model), _model_rows(model)


def _model_values(model: Any) -> dict[str, Any]:
    return {
        "config": model.config.to_json(),
        "parameters": model.config.parameter_count(),
        "vocabulary_size": len(model.vocabulary),
        "vocabulary": list(model.vocabulary),
        "training": model.training,
        "corpus": model.corpus,
        "fingerprint": model.fingerprint,
    }


def _model_rows(model: Any) -> list[tuple[str, str]]:
    config, training, corpus = model.config, model.training, model.corpus
    rows = [
        (
            "network",
            f"{config.describe()}, embedding {config.embedding}{' (tied)' if config.tied else ''}, "
            f"initial state {config.initial_state}",
        ),
        ("parameters", f"{config.parameter_count():,}"),
        ("vocabulary", f"{len(model.vocabulary):,} characters: {_characters(model.vocabulary)}"),
    ]
    if _is_number(corpus.get("characters")):
        rows.append(("learned from", f"{corpus['characters']:,} characters, SHA-256 {str(corpus.get('sha256'))[:12]}"))
    if _is_number(training.get("step")):
        took = f" in {training['seconds']:,.0f} s" if _is_number(training.get("seconds")) else ""
        rows.append(("trained", f"{training['step']:,} steps{took}"))
    if _is_number(training.get("validation_loss")):
        loss = training["validation_loss"]
        rows.append(("validation loss", f"{loss:.4f} nats, {loss / math.log(2):.4f} bits per character"))
    return [*rows, ("fingerprint", model.fingerprint)]


def _is_number(value: Any) -> bool:
    """A file's summary is a stranger's words: only a finite number is formatted as one."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _characters(vocabulary: tuple[str, ...]) -> str:
    """The characters that can be seen, and how many others there are."""
    shown = "".join(character for character in vocabulary if character.isprintable() and not character.isspace())
    hidden = len(vocabulary) - len(shown)
    words = shown if len(shown) <= 120 else shown[:120] + "…"
    return f"{words} and {hidden} blank or invisible" if hidden else words


def _state(path: Path, data: bytes) -> Finding:
    from chargen.cli.state_result import describe, rows
    from chargen.model.state import HiddenState

    state = HiddenState.from_bytes(data, str(path))
    return "state", "Seed state", describe(state), rows(state)


def _encoded(path: Path) -> Finding:
    from chargen.corpus.corpus import load_encoded

    corpus = load_encoded(path)
    values = {**corpus.summary_json(), "name": corpus.name, "validation": corpus.validation_share}
    return (
        "encoded text",
        "Encoded text of a run",
        values,
        [
            ("name", corpus.name),
            ("characters", f"{corpus.characters:,}"),
            ("vocabulary", f"{corpus.symbols:,} characters: {_characters(corpus.vocabulary.characters)}"),
            ("SHA-256", corpus.sha256),
        ],
    )


# -- runs -------------------------------------------------------------------------------------


def _run(path: Path) -> Finding:
    from chargen.files import read_lines
    from chargen.model.model_file import load_model
    from chargen.model.runs import RunFolder

    folder = RunFolder(path)
    values: dict[str, Any] = {}
    rows: list[tuple[str, str]] = []
    if folder.description.is_file():
        description = folder.describe()
        values = {key: description.get(key) for key in ("created", "text", "corpus", "device", "training")}
        rows += [
            ("text", str(description.get("text"))),
            ("begun", str(description.get("created"))),
            ("device", str(description.get("device"))),
        ]
    validations = [
        event for event in read_lines(folder.events) if isinstance(event, dict) and event.get("event") == "validated"
    ]
    losses = [event["loss"] for event in validations if _is_number(event.get("loss"))]
    values |= {
        "validations": len(validations),
        "best_loss": min(losses, default=None),
        "can_resume": folder.resume.is_file(),
    }
    if losses:
        rows.append(
            (
                "validations",
                f"{len(validations)}, first {losses[0]:.4f}, best {min(losses):.4f}, last {losses[-1]:.4f} nats",
            )
        )
    rows.append(("can go on", "yes" if folder.resume.is_file() else "no, it has no resume point"))
    try:
        model = load_model(path)
    except ModelFileError as error:
        values["model"] = None
        rows.append(("model", str(error)))
    else:
        values["model"] = _model_values(model)
        rows += _model_rows(model)
    return "run", "Run", values, rows


# -- exports and texts ------------------------------------------------------------------------


def _json(path: Path, reading: dict[str, Any]) -> Finding:
    from chargen.files import read_json
    from chargen.sampling.export import KIND, MAXIMUM_EXPORT_BYTES, load_export
    from chargen.sampling.seeds import describe_state

    try:
        value = read_json(path, MAXIMUM_EXPORT_BYTES)
        ours = isinstance(value, dict) and value.get("kind") == KIND
    except ChargenError:
        ours = False
    if not ours:
        return _text(path, reading)
    samples = load_export(path)
    values = {
        "samples": [
            {
                "text": sample.document,
                "seed": sample.settings.random_seed,
                "temperature": sample.settings.temperature,
                "model_fingerprint": sample.model_fingerprint,
            }
            for sample in samples
        ]
    }
    rows = [("samples", f"{len(samples):,}")]
    for number, sample in enumerate(samples[:20], 1):
        opening = " ".join(sample.document.split())[:60]
        rows.append(
            (
                f"{number}",
                f"seed {sample.settings.random_seed}, temperature {sample.settings.temperature:g}, "
                f"{describe_state(sample.seed_state)}, by {sample.model_fingerprint[:12]}: “{opening}…”",
            )
        )
    return "export", "Exported samples", values, rows


def _text(path: Path, reading: dict[str, Any]) -> Finding:
    from chargen.cli.texts import read_text
    from chargen.corpus.corpus import MINIMUM_CHARACTERS

    text = read_text(str(path), **reading)
    for notice in text.notices:
        note(notice)
    characters, symbols = len(text.ids), len(text.vocabulary)
    encodings = sorted({source.encoding.name for source in text.sources if source.encoding is not None})
    steps = [step for source in text.sources for step in source.cleaning]
    enough = characters >= MINIMUM_CHARACTERS and symbols > 1
    values = {
        "characters": characters,
        "vocabulary_size": symbols,
        "vocabulary": list(text.vocabulary.characters),
        "files": len(text.sources),
        "encodings": encodings,
        "sha256": text.sha256,
        "cleaning": [{"name": step.name, "count": step.count} for step in steps],
        "can_be_learned": enough,
    }
    rows = [
        ("characters", f"{characters:,}"),
        ("vocabulary", f"{symbols:,} characters: {_characters(text.vocabulary.characters)}"),
        ("encoding", ", ".join(encodings)),
        *([("files", f"{len(text.sources):,}")] if len(text.sources) > 1 else []),
        *(("cleaning", step.sentence) for step in steps[:10]),
        ("begins", _beginning(text)),
        ("SHA-256", text.sha256),
        ("to learn from", "yes" if enough else f"no: at least {MINIMUM_CHARACTERS} characters of two kinds are needed"),
    ]
    return ("folder", "Folder of texts", values, rows) if path.is_dir() else ("text", "Text", values, rows)


def _beginning(text: Any) -> str:
    return " ".join(text.vocabulary.decode(text.ids[:400]).split())[:80]
