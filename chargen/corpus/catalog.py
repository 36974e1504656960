"""Texts at hand: those written for this project, and those that every Python carries."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from chargen.corpus import python_texts
from chargen.corpus.builder import Check, Report, TextBuilder
from chargen.corpus.cleaning import NewlineChoice
from chargen.corpus.corpus import Corpus, name_of
from chargen.corpus.readers.encoding import named_encoding
from chargen.corpus.readers.files import Found, FoundFile, find_files
from chargen.corpus.readers.plain import STANDARD_INPUT
from chargen.errors import CorpusError
from chargen.files import read_json
from chargen.paths import corpora_dir
from chargen.settings import option


@dataclass(frozen=True)
class CatalogEntry:
    """A text at hand.

    Attributes:
        name: what to type. title: what to show. form: what kind of text it is.
        characters: about how many. shows: what it is good for showing.
        default: whether it is learned where no text is given.
        kind: ``bundled`` with this program, or ``python``: made from the running Python.
    """

    name: str
    title: str
    form: str
    characters: int
    shows: str
    default: bool
    kind: Literal["bundled", "python"]


@dataclass(frozen=True)
class _Item:
    """An entry, and how to append its text to a builder."""

    entry: CatalogEntry
    add: Callable[[TextBuilder], None]


def entries() -> list[CatalogEntry]:
    """All texts at hand, the default first. Raises FileError where the installation is incomplete."""
    return [item.entry for item in _items().values()]


def default_entry() -> CatalogEntry:
    """The text that is learned where none is given. Raises CorpusError where it is missing."""
    for entry in entries():
        if entry.default:
            return entry
    raise CorpusError("The bundled texts are missing from this installation; reinstall chargen.")


def load_entry(
    name: str, *, validation: float = 0.1, check: Check = lambda: None, report: Report | None = None
) -> Corpus:
    """The corpus of a catalog entry.

    Raises:
        CorpusError: there is no entry ``name``.
        SettingError: the validation share is out of its range.
    """
    option("validation").check(validation)
    item = _item(name)
    builder = TextBuilder(item.entry.characters, check=check, report=report)
    item.add(builder)
    return Corpus.of(builder, name, validation)


def resolve(
    texts: Sequence[str], *, encoding: str | None = None, as_text: bool = False,
    newlines: NewlineChoice = "normalise", validation: float = 0.1,
    check: Check = lambda: None, report: Report | None = None,
) -> Corpus:
    """The corpus for what a user typed: files, folders, ``-`` or catalog names, joined in this order.

    A file or folder that exists goes before a catalog entry of the same name. No text at all means
    the default entry. The other arguments are those of :func:`chargen.corpus.corpus.read_corpus`;
    ``encoding`` and ``as_text`` concern files only.

    Raises:
        CorpusError: one of them is neither, or cannot be read, or there is too little to learn from.
        SettingError: the validation share is out of its range.
    """
    option("validation").check(validation)
    if not texts:  # not by its name: a file in this folder might be called the same
        return load_entry(default_entry().name, validation=validation, check=check, report=report)
    builder, name = gather(
        texts, encoding=encoding, as_text=as_text, newlines=newlines, check=check, report=report
    )
    return Corpus.of(builder, name, validation)


def gather(
    texts: Sequence[str], *, encoding: str | None = None, as_text: bool = False,
    newlines: NewlineChoice = "normalise", check: Check = lambda: None, report: Report | None = None,
) -> tuple[TextBuilder, str]:
    """What :func:`resolve` makes its corpus of, with its name; for texts that need not be long enough to learn from.

    Raises:
        CorpusError: one of ``texts`` is neither a place nor a name, or cannot be read.
    """
    if encoding is not None:
        named_encoding(encoding)
    items = _items()
    pieces: list[_Item | Found] = []
    for text in texts:
        path = Path(text)
        if text == STANDARD_INPUT or _exists(path):
            pieces.append(find_files([path], check))
        elif text in items:
            pieces.append(items[text])
        else:
            raise CorpusError(
                f"There is no file or folder “{text}”, nor a text of that name in the catalog: {', '.join(items)}."
            )
    sizes = [piece.entry.characters if isinstance(piece, _Item) else piece.size for piece in pieces]
    builder = TextBuilder(sum(sizes), newlines=newlines, check=check, report=report)
    for piece in pieces:
        if isinstance(piece, _Item):
            piece.add(builder)
        else:
            builder.add_files(piece, encoding=encoding, as_text=as_text)
    return builder, name_of([Path(text) for text in texts])


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # it cannot be looked at; opening it says why
        return True


def _item(name: str) -> _Item:
    items = _items()
    if name not in items:
        raise CorpusError(f"There is no text “{name}” in the catalog; it has {', '.join(items)}.")
    return items[name]


def _items() -> dict[str, _Item]:
    """By name, in the order to show. A text whose file is missing is left out."""
    found = [_bundled(record) for record in _records()] + _of_python()
    return {item.entry.name: item for item in found if item is not None}


def _records() -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = read_json(corpora_dir() / "catalog.json")["entries"]
    return sorted(records, key=lambda record: not record["default"])


def _bundled(record: dict[str, Any]) -> _Item | None:
    path = corpora_dir() / record["file"]
    if not path.is_file():
        return None
    size = path.stat().st_size
    entry = CatalogEntry(
        record["name"], record["title"], record["form"], size, record["shows"], record["default"], "bundled"
    )

    def add(builder: TextBuilder) -> None:
        builder.add_file(FoundFile(path, size, False), name=entry.name)

    return _Item(entry, add)


def _of_python() -> list[_Item]:
    """What the running Python carries; nothing where it is installed without its source or its help."""
    items: list[_Item] = []
    source = python_texts.SourceText.of_this_python()
    if source.files:
        entry = CatalogEntry(
            "python-source", f"The source of Python {python_texts.VERSION}", "Program text: the standard library",
            source.size, "Syntax: brackets that close, indentation that holds, names that come back.", False, "python",
        )
        items.append(_Item(entry, source.add_to))
    topics = python_texts.help_topics()
    if topics:
        entry = CatalogEntry(
            "python-help", f"The help of Python {python_texts.VERSION}", "Technical English under headings",
            sum(map(len, topics)), "Plain explaining prose, with examples of code between.", False, "python",
        )
        items.append(_Item(entry, lambda builder: builder.add_text(topics, "python-help")))
    return items
