"""Asking for a file's name: the only place that opens a file dialog. Tests inject another one.

No dialog blocks: it is opened, and the function that was given is called if something is chosen.
"""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

TEXTS = "Texts (*.txt *.text *.md *.csv *.json *.xml *.html *.py *.tex *.log);;All files (*)"
MODELS = "Models (*.safetensors);;All files (*)"
EXPORTS = "Exports (*.json);;All files (*)"
STATES = "Seed states (*.state);;All files (*)"


class Pickers:
    """The system's file dialogs. ``folder`` is where the last file was chosen; the next dialog begins there."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder if folder is not None and folder.is_dir() else Path.home()

    def open_files(self, parent: QWidget, title: str, filters: str, on_chosen: Callable[[list[Path]], None]) -> None:
        """Ask for one or more files that exist."""
        dialog = self._dialog(parent, title, filters)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        self._show(dialog, on_chosen)

    def open_file(self, parent: QWidget, title: str, filters: str, on_chosen: Callable[[Path], None]) -> None:
        """Ask for one file that exists."""
        dialog = self._dialog(parent, title, filters)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        self._show(dialog, lambda paths: on_chosen(paths[0]))

    def open_folder(self, parent: QWidget, title: str, on_chosen: Callable[[Path], None]) -> None:
        """Ask for a folder."""
        dialog = self._dialog(parent, title, "")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        self._show(dialog, lambda paths: on_chosen(paths[0]))

    def name_file(
        self, parent: QWidget, title: str, name: str, filters: str, on_chosen: Callable[[Path], None]
    ) -> None:
        """Ask for the name of a file to write; the dialog itself asks before one is replaced.

        A name without a suffix gets that of the chosen filter, ``"Text (*.txt);;Markdown (*.md)"``.
        """
        dialog = self._dialog(parent, title, filters)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.selectFile(name)

        def chosen(paths: list[Path]) -> None:
            path = paths[0]
            if not path.suffix:
                suffix = dialog.selectedNameFilter().partition("*")[2].partition(")")[0].split(" ")[0]
                path = path.with_name(path.name + suffix)
            on_chosen(path)

        self._show(dialog, chosen)

    def _dialog(self, parent: QWidget, title: str, filters: str) -> QFileDialog:
        dialog = QFileDialog(parent, title, str(self.folder), filters)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return dialog

    def _show(self, dialog: QFileDialog, on_chosen: Callable[[list[Path]], None]) -> None:
        def accepted() -> None:
            paths = [Path(name) for name in dialog.selectedFiles()]
            if paths:
                self.folder = paths[0].parent
                on_chosen(paths)

        dialog.accepted.connect(accepted)
        dialog.open()
