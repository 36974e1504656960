"""The system's file manager and its trash: the only place that reaches for them. Tests inject another one."""

from pathlib import Path

from PySide6.QtCore import QFile, QUrl
from PySide6.QtGui import QDesktopServices


class Places:
    """Both say whether the system did it."""

    def show(self, folder: Path) -> bool:
        """Open a folder in the file manager."""
        return QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

    def trash(self, path: Path) -> bool:
        """Put a file or a folder in the trash, from which it can be taken back."""
        done = QFile.moveToTrash(str(path))
        return bool(done[0] if isinstance(done, tuple) else done)
