"""Export of what stands on the page: a name, a job, a sentence about how it went."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QWidget

from chargen.gui import words
from chargen.gui.desk import Desk
from chargen.gui.pages.write_document import Document
from chargen.gui.pickers import Pickers
from chargen.gui.widgets.banner import InlineBanner
from chargen.jobs import Done, Failed, Worker
from chargen.sampling.export import SUFFIXES, export

_NAMES = {
    ".txt": "Text",
    ".md": "Markdown, with where it came from",
    ".html": "Web page, tinted by surprise",
    ".json": "JSON, to write it again exactly",
    ".csv": "Table, a row for each character",
}
FILTERS = ";;".join(f"{_NAMES[suffix]} (*{suffix})" for suffix in SUFFIXES)


def suggested_name(document: Document) -> str:
    """``harbour play 20417.txt``"""
    name = re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*]+', "-", document.name).strip(" .-")[:60] or "sample"
    return f"{name} {document.last.settings.random_seed}.txt"


def ask_and_export(
    desk: Desk, files: Pickers, parent: QWidget, banner: InlineBanner, document: Document,
    done: Callable[[], None] = lambda: None,
) -> None:  # fmt: skip
    """Ask for a name without blocking, write the file in a job, and tell in ``banner``."""

    edited = document.draft.edited

    def chosen(path: Path) -> None:
        def work(_worker: Worker) -> Path:
            export(document.samples(path.suffix), path)
            return path

        def on_event(event: Any) -> None:
            if isinstance(event, Done):
                by_hand = " It was changed by hand, so nothing can write it again exactly." if edited else ""
                banner.show_message("good", f"Exported to “{path}”.{by_hand}")
            elif isinstance(event, Failed):
                banner.show_message("bad", words.in_window(event.sentence))
            done()

        desk.run_job("export", work, on_event)

    files.name_file(parent, "Export the text", suggested_name(document), FILTERS, chosen)
